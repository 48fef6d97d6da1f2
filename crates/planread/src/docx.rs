//! Reads a .docx (ECMA-376) into paragraphs and table rows.
//!
//! Read: text, tabs, breaks, automatic numbering, tables with merged cells, tracked changes as accepted. Not read:
//! pictures, notes, headers and footers, comments. A document type declaration is refused (no entities, no
//! references to other files).

use khien_base::{Fault, Result};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::archive::{Archive, bomb, broken};
use crate::numbering::Numbering;
use crate::piece::{Piece, clean};

const PART: &str = "word/document.xml";
/// Deeper than any word processor nests.
const MAX_DEPTH: usize = 256;
/// Paragraphs and rows; the longest real plans have about 300.
const MAX_PIECES: usize = 20_000;
/// Columns of a table.
const MAX_COLUMNS: usize = 64;

/// Reads the document. Faults: `planread.docx-broken`, `planread.docx-bomb`, `planread.docx-doctype`.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<Piece>> {
    let mut archive = Archive::open(bytes)?;
    let Some(xml) = archive.text(PART)? else {
        return Err(Fault::invalid("planread.docx-not-word").with("part", PART).on("file"));
    };
    // Most documents number by hand; the lists are read only where a paragraph asks for one.
    let numbering = match xml.contains("<w:numPr") {
        true => archive.text("word/numbering.xml")?.map(|xml| Numbering::read(&xml)).transpose()?,
        false => None,
    };
    let mut body = Body { numbering: numbering.unwrap_or_default(), ..Body::default() };
    let mut reader = Reader::from_str(&xml);
    loop {
        match reader.read_event().map_err(|e| broken(PART, format!("{e} at byte {}", reader.error_position())))? {
            Event::Start(e) => body.start(&e)?,
            Event::Empty(e) => {
                body.start(&e)?;
                body.end(&local(&e))?;
            }
            Event::End(e) => body.end(&name(e.local_name().as_ref()))?,
            Event::Text(e) => body.text(&e.xml10_content()),
            Event::CData(e) => body.text(&e.xml10_content()),
            Event::GeneralRef(e) => match e.resolve_char_ref().map_err(|e| broken(PART, e))? {
                Some(c) => body.text(c.encode_utf8(&mut [0; 4])),
                None => body.text(predefined(&e.xml10_content())?),
            },
            Event::DocType(_) => return Err(Fault::invalid("planread.docx-doctype").with("part", PART).on("file")),
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
    if body.depth != 0 {
        return Err(broken(PART, "cut off before its end"));
    }
    Ok(body.pieces)
}

/// The element's name without its prefix.
pub(crate) fn local(e: &BytesStart<'_>) -> String {
    name(e.local_name().as_ref())
}

fn name(text: &str) -> String {
    text.to_owned()
}

/// An attribute's value; a broken attribute counts as absent.
pub(crate) fn attribute(e: &BytesStart<'_>, key: &str) -> Option<String> {
    let found = e.try_get_attribute(key).ok().flatten()?;
    Some(found.value.to_string())
}

fn predefined(entity: &str) -> Result<&'static str> {
    match entity {
        "amp" => Ok("&"),
        "lt" => Ok("<"),
        "gt" => Ok(">"),
        "quot" => Ok("\""),
        "apos" => Ok("'"),
        _ => Err(Fault::invalid("planread.docx-doctype").with("part", PART).on("file")),
    }
}

/// What is being read of the document's body.
#[derive(Default)]
struct Body {
    pieces: Vec<Piece>,
    numbering: Numbering,
    depth: usize,
    /// Elements whose content is not shown are skipped whole: the depth where the outermost of them began.
    hidden: Option<usize>,
    /// Whether we are inside `w:t`.
    shown: bool,
    paragraph: Paragraph,
    tables: Vec<Table>,
    table_count: usize,
}

#[derive(Default)]
struct Paragraph {
    text: String,
    list: Option<(String, usize)>,
    heading: Option<u8>,
}

#[derive(Default)]
struct Table {
    rows: Vec<Vec<Cell>>,
}

#[derive(Default, Clone)]
struct Cell {
    lines: Vec<String>,
    span: usize,
    /// Goes on from the cell above.
    continues: bool,
}

impl Body {
    fn start(&mut self, e: &BytesStart<'_>) -> Result<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(bomb(PART, "depth", MAX_DEPTH));
        }
        if self.hidden.is_some() {
            return Ok(());
        }
        match local(e).as_str() {
            // What tracked changes moved or deleted; the older copy of a drawing; drawings themselves.
            "del" | "moveFrom" | "Fallback" | "pict" | "sectPr" => self.hidden = Some(self.depth),
            "p" => self.paragraph = Paragraph::default(),
            "t" => self.shown = true,
            "tab" | "ptab" => self.push(" "),
            "br" | "cr" => self.push("\n"),
            "noBreakHyphen" => self.push("-"),
            "ilvl" => {
                let level = attribute(e, "w:val").and_then(|v| v.parse().ok()).unwrap_or(0);
                self.paragraph.list.get_or_insert_default().1 = level;
            }
            "numId" => self.paragraph.list.get_or_insert_default().0 = attribute(e, "w:val").unwrap_or_default(),
            "outlineLvl" => {
                let level = attribute(e, "w:val").and_then(|v| v.parse::<u8>().ok());
                self.paragraph.heading = level.filter(|l| *l < 9).map(|l| l + 1);
            }
            "pStyle" => {
                let style = attribute(e, "w:val").unwrap_or_default();
                let level = style.strip_prefix("Heading").and_then(|n| n.trim().parse::<u8>().ok());
                self.paragraph.heading = self.paragraph.heading.or(level.filter(|l| (1..=9).contains(l)));
            }
            "tbl" => self.tables.push(Table::default()),
            "tr" => self.table(|t| t.rows.push(Vec::new())),
            "tc" => self.row(|r| r.push(Cell { span: 1, ..Cell::default() })),
            "gridSpan" => {
                let span = attribute(e, "w:val").and_then(|v| v.parse::<usize>().ok()).unwrap_or(1);
                self.cell(|c| c.span = span.clamp(1, MAX_COLUMNS));
            }
            "vMerge" => {
                let continues = attribute(e, "w:val").is_none_or(|v| v == "continue");
                self.cell(|c| c.continues = continues);
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, name: &str) -> Result<()> {
        if self.hidden == Some(self.depth) {
            self.hidden = None;
            self.depth = self.depth.saturating_sub(1);
            return Ok(());
        }
        self.depth = self.depth.saturating_sub(1);
        if self.hidden.is_some() {
            return Ok(());
        }
        match name {
            "t" => self.shown = false,
            "p" => self.end_paragraph(),
            "tbl" => self.end_table(),
            _ => {}
        }
        if self.pieces.len() > MAX_PIECES {
            return Err(bomb(PART, "pieces", MAX_PIECES));
        }
        Ok(())
    }

    fn text(&mut self, text: &str) {
        if self.shown && self.hidden.is_none() {
            self.paragraph.text.push_str(text);
        }
    }

    fn push(&mut self, text: &str) {
        self.paragraph.text.push_str(text);
    }

    fn table(&mut self, change: impl FnOnce(&mut Table)) {
        if let Some(table) = self.tables.last_mut() {
            change(table);
        }
    }

    fn row(&mut self, change: impl FnOnce(&mut Vec<Cell>)) {
        self.table(|t| {
            if let Some(row) = t.rows.last_mut()
                && row.len() < MAX_COLUMNS
            {
                change(row);
            }
        });
    }

    fn cell(&mut self, change: impl FnOnce(&mut Cell)) {
        self.table(|t| {
            if let Some(cell) = t.rows.last_mut().and_then(|r| r.last_mut()) {
                change(cell);
            }
        });
    }

    fn end_paragraph(&mut self) {
        let Paragraph { text, list, heading } = std::mem::take(&mut self.paragraph);
        let number = match list {
            Some((list, level)) if list != "0" && !text.trim().is_empty() => self.numbering.next(&list, level),
            _ => String::new(),
        };
        let lines: Vec<String> =
            format!("{number}{text}").split('\n').map(clean).filter(|line| !line.is_empty()).collect();
        if self.tables.is_empty() {
            self.pieces.extend(lines.into_iter().map(|text| Piece::Paragraph { text, heading }));
        } else {
            self.cell(|c| c.lines.extend(lines));
        }
    }

    fn end_table(&mut self) {
        let Some(table) = self.tables.pop() else { return };
        if !self.tables.is_empty() {
            // A table within a cell is read as lines of that cell.
            let lines: Vec<String> = table.rows.into_iter().flatten().flat_map(|c| c.lines).collect();
            self.cell(|c| c.lines.extend(lines));
            return;
        }
        let columns = table.rows.iter().map(|r| r.iter().map(|c| c.span).sum::<usize>()).max().unwrap_or(0);
        if columns <= 2 {
            // Two columns lay out a letterhead, or the recipients beside the signature: nothing to read across.
            let lines = table.rows.into_iter().flatten().flat_map(|c| c.lines);
            self.pieces.extend(lines.map(Piece::paragraph));
            return;
        }
        let number = self.table_count;
        self.table_count += 1;
        let mut above: Vec<String> = Vec::new();
        for row in table.rows {
            let cells = spread(&row, &above);
            if cells.iter().any(|c| !c.is_empty()) {
                above.clone_from(&cells);
                self.pieces.push(Piece::Row { cells, table: number });
            }
        }
    }
}

/// The row's cells by column: a cell over several columns leaves the others empty, one that goes on from above
/// repeats what stands there.
fn spread(row: &[Cell], above: &[String]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for cell in row {
        let text = match cell.continues {
            true => above.get(out.len()).cloned().unwrap_or_default(),
            false => cell.lines.join(" "),
        };
        out.push(text);
        let spare = cell.span.saturating_sub(1).min(MAX_COLUMNS.saturating_sub(out.len()));
        out.extend(std::iter::repeat_n(String::new(), spare));
    }
    out
}
