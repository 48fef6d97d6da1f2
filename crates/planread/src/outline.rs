//! The outline of a document: which line stands under which heading, and what each section is about.

use khien_base::key::key;

use crate::heading;
use crate::marker::{self, DASH, Marker};
use crate::model::{Block, Origin};
use crate::piece::Piece;
use crate::words::Words;

/// What a section is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    /// Letterhead, title, grounds.
    Opening,
    /// Purposes, requirements, viewpoints, funding: nothing to track.
    Other,
    /// "Mục tiêu tổng quát": an aim without a measure.
    GeneralAims,
    /// "Mục tiêu", "Chỉ tiêu".
    Aims,
    /// "Nhiệm vụ, giải pháp".
    Tasks,
    /// "Tổ chức thực hiện", "Phân công nhiệm vụ": duties by agency.
    Organisation,
    /// "Nơi nhận", signature.
    Closing,
    /// "Phụ lục".
    Appendix,
}

/// A paragraph in its place.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// Its index among the blocks.
    pub(crate) block: usize,
    /// Its mark ("1.", "a)", "-").
    pub(crate) marker: Option<Marker>,
    /// All of its text.
    pub(crate) text: String,
    /// Its text without the mark.
    pub(crate) body: String,
    /// Whether it is a heading and not something to do or reach.
    pub(crate) heading: bool,
    /// What its section is about.
    pub(crate) section: Section,
    /// The lines above it, outermost first, as indexes among the lines.
    pub(crate) above: Vec<usize>,
}

/// A row in its place.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// Its index among the blocks.
    pub(crate) block: usize,
    /// Its cells.
    pub(crate) cells: Vec<String>,
    /// Its table.
    pub(crate) table: usize,
    /// The lines above the table.
    pub(crate) above: Vec<usize>,
}

/// A document, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outline {
    /// Paragraphs.
    pub(crate) lines: Vec<Line>,
    /// Table rows.
    pub(crate) rows: Vec<Row>,
}

/// Longest heading in words; the longest in real plans has 38.
const LONGEST_HEADING: usize = 60;

/// Puts the pieces in order.
pub(crate) fn read(pieces: &[Piece]) -> Outline {
    let mut out = Outline::default();
    // What is open: rank and line.
    let mut open: Vec<(u8, usize)> = Vec::new();
    let mut closed = false;
    let mut title = false;
    for (block, piece) in pieces.iter().enumerate() {
        let Piece::Paragraph { text, heading: called } = piece else {
            if let Piece::Row { cells, table } = piece {
                let above = open.iter().map(|o| o.1).collect();
                out.rows.push(Row { block, cells: cells.clone(), table: *table, above });
            }
            continue;
        };
        let appendix = is_appendix(text);
        closed = (closed || opens_foot(text)) && !appendix;
        // The title follows the kind of the document, often in capitals too; it is no heading.
        title =
            heading::kind(text).is_some() || title && marker::read(text).is_none() && !text.ends_with([':', ';', '.']);
        let marker = (!closed).then(|| marker::read(text)).flatten();
        let rank = match &marker {
            Some(marker) => Some(marker.rank),
            None if appendix => Some(0),
            None if !closed && !title && (called.is_some() || loud(text)) => Some(1),
            None => None,
        };
        // A paragraph without a mark ends the dashes above it.
        let ends = if closed || appendix { 0 } else { rank.unwrap_or(DASH) };
        open.retain(|(r, _)| *r < ends);
        let line = out.lines.len();
        let above: Vec<usize> = open.iter().map(|o| o.1).collect();
        let body = marker.as_ref().and_then(|m| text.get(m.body..)).unwrap_or(text).to_owned();
        let section = if closed { Section::Closing } else { Section::Opening };
        out.lines.push(Line { block, marker, text: text.clone(), body, heading: appendix, section, above });
        if let Some(rank) = rank {
            open.push((rank, line));
        }
    }
    out.find_headings();
    out.find_sections();
    out
}

/// "Nơi nhận:"
fn opens_foot(text: &str) -> bool {
    let start: String = text.chars().take(12).collect();
    key(&start).starts_with("noi nhan")
}

fn is_appendix(text: &str) -> bool {
    let words = Words::new(text);
    words.at(0, "phụ lục").is_some() && words.len() <= 4 && words.capital(1)
}

/// "MỤC TIÊU" without a number: a heading by its capitals, if it opens a section that we know.
fn loud(text: &str) -> bool {
    let shouted = text.chars().any(char::is_alphabetic) && !text.chars().any(char::is_lowercase);
    shouted && kind_of(text).is_some()
}

impl Outline {
    /// Line `i`.
    pub(crate) fn line(&self, i: usize) -> Option<&Line> {
        self.lines.get(i)
    }

    /// Where a sentence of line `i` was read.
    pub(crate) fn origin(&self, i: usize, sentence: &str) -> Origin {
        let Some(line) = self.line(i) else { return Origin::default() };
        let mut headings = self.headings(&line.above);
        // An item under a letter is named by it ("c)").
        if let Some(marker) = &line.marker
            && marker.rank < DASH
            && !line.heading
        {
            headings.push(line.text.get(..marker.body).unwrap_or("").trim().to_owned());
        }
        Origin { block: line.block, sentence: sentence.to_owned(), headings }
    }

    /// The headings among these lines; an item that others stand under gives its mark alone.
    pub(crate) fn headings(&self, above: &[usize]) -> Vec<String> {
        let lines = above.iter().filter_map(|i| self.line(*i));
        lines
            .filter_map(|line| match &line.marker {
                _ if line.heading => Some(line.text.clone()),
                Some(m) if m.rank < DASH => Some(line.text.get(..m.body).unwrap_or("").trim().to_owned()),
                _ => None,
            })
            .collect()
    }

    /// The blocks for the reviewer, headings with their depth.
    pub(crate) fn blocks(&self, pieces: &[Piece]) -> Vec<Block> {
        let mut blocks: Vec<Block> = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Paragraph { text, .. } => Block { text: text.clone(), row: false, level: 0 },
                Piece::Row { cells, .. } => Block { text: cells.join("\t"), row: true, level: 0 },
            })
            .collect();
        for line in self.lines.iter().filter(|l| l.section != Section::Closing) {
            let level = match line.marker.as_ref().map(|m| m.rank) {
                Some(0 | 1) => 1,
                Some(2) => 2,
                Some(3..=6) => 3,
                None if line.heading => 1,
                _ => 0,
            };
            if let Some(block) = blocks.get_mut(line.block) {
                block.level = level;
            }
        }
        blocks
    }

    fn find_headings(&mut self) {
        let headings: Vec<bool> = (0..self.lines.len()).map(|i| self.is_heading(i)).collect();
        for (line, heading) in self.lines.iter_mut().zip(headings) {
            line.heading |= heading;
        }
    }

    /// A heading has something under it and is no sentence.
    fn is_heading(&self, i: usize) -> bool {
        let Some(line) = self.line(i) else { return false };
        let has_more = self.lines.get(i + 1).is_some_and(|next| next.above.contains(&i));
        let words = Words::new(&line.body).len();
        let ends_open = !line.body.ends_with(['.', ';', ',']);
        let intro = line.body.ends_with(':');
        match &line.marker {
            Some(m) if m.rank <= 1 => ends_open && words <= LONGEST_HEADING && (has_more || words <= 12),
            Some(m) if m.rank < DASH => has_more && ends_open && words <= if intro { 14 } else { LONGEST_HEADING },
            // "- Mục tiêu phấn đấu đến năm 2030:" stands over its "+".
            Some(_) => has_more && intro && words <= 14,
            None => has_more && words <= 20,
        }
    }

    fn find_sections(&mut self) {
        for i in 0..self.lines.len() {
            let Some(line) = self.line(i) else { continue };
            if line.section == Section::Closing {
                continue;
            }
            let parent = line.above.last().and_then(|p| self.line(*p)).map_or(Section::Opening, |p| p.section);
            let own = (line.heading).then(|| kind_of(&line.body)).flatten();
            let top = line.above.is_empty();
            let rank = line.marker.as_ref().map_or(u8::MAX, |m| m.rank);
            let section = match (own, parent) {
                // Below the top only aims and requirements part a section; "Nhiệm vụ" within "Phân công" does not.
                (Some(own), _) if top || rank <= 1 => own,
                (
                    Some(own @ (Section::Aims | Section::GeneralAims | Section::Other)),
                    Section::Aims | Section::GeneralAims | Section::Other | Section::Opening,
                ) => own,
                (Some(own @ (Section::Tasks | Section::Organisation)), Section::Opening | Section::Appendix) => own,
                (_, Section::Opening) if line.heading && line.marker.is_some() => Section::Other,
                (_, parent) => parent,
            };
            if let Some(line) = self.lines.get_mut(i) {
                line.section = section;
            }
        }
    }
}

/// What a heading says its section is about.
fn kind_of(heading: &str) -> Option<Section> {
    let low = heading.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|w| low.contains(w));
    if is_appendix(heading) {
        return Some(Section::Appendix);
    }
    let aims = has(&["mục tiêu", "chỉ tiêu"]);
    if aims && has(&["tổng quát", "chung"]) {
        return Some(Section::GeneralAims);
    }
    let organisation = ["tổ chức thực hiện", "phân công", "trách nhiệm", "tổ chức triển khai", "triển khai thực hiện"];
    if low.starts_with("nhiệm vụ") || low.starts_with("nội dung") || low.starts_with("giải pháp") {
        return Some(Section::Tasks);
    }
    if has(&organisation) {
        return Some(Section::Organisation);
    }
    if aims {
        return Some(Section::Aims);
    }
    if has(&["nhiệm vụ", "giải pháp", "nội dung thực hiện", "nội dung triển khai", "nội dung, "]) {
        return Some(Section::Tasks);
    }
    let other = [
        "mục đích",
        "yêu cầu",
        "quan điểm",
        "kinh phí",
        "căn cứ",
        "phạm vi",
        "đối tượng",
        "thực trạng",
        "sự cần thiết",
        "tình hình",
    ];
    has(&other).then_some(Section::Other)
}
