//! Tasks of an appendix: the table "STT · Nhiệm vụ · Chủ trì · Phối hợp · Thời gian", with rows that name a group.

use crate::agencies;
use crate::due;
use crate::model::{Origin, Task};
use crate::outline::{Outline, Row};
use crate::tasks::{Work, finish};
use crate::words::Words;

/// Which column holds what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Columns {
    number: Option<usize>,
    text: Option<usize>,
    lead: Option<usize>,
    coordinate: Option<usize>,
    time: Option<usize>,
}

/// Finds the tasks that stand in tables.
pub(crate) fn read(outline: &Outline) -> Vec<Work> {
    let mut out = Vec::new();
    let mut columns = Columns::default();
    let mut table = None;
    let mut group = String::new();
    let mut in_head = false;
    for row in &outline.rows {
        if table != Some(row.table) {
            let continued = Columns::of(&row.cells);
            // A table that goes on over a page without its head keeps the columns of the one before.
            let same_width = columns.width() <= row.cells.len() && continued.width() == 0;
            if !(same_width && table.is_some()) {
                columns = continued;
                group.clear();
            }
            table = Some(row.table);
            in_head = true;
        }
        let here = Columns::of(&row.cells);
        if in_head && here.width() > 0 {
            // A head of two rows: the second says which of "Đơn vị thực hiện" leads and which helps.
            columns = columns.or(here);
            continue;
        }
        in_head = false;
        if !columns.is_task_table() || ordinal_row(&row.cells) {
            continue;
        }
        match named_group(&row.cells, &columns) {
            Some(name) => group = name,
            None => out.extend(task(outline, row, &columns, &group)),
        }
    }
    out
}

impl Columns {
    fn of(cells: &[String]) -> Self {
        let mut out = Self::default();
        for (i, cell) in cells.iter().enumerate() {
            let words = Words::new(cell);
            let has = |list: &[&str]| words.len() <= 9 && words.find(0, list).is_some();
            let slot = if has(&["phối hợp"]) {
                &mut out.coordinate
            } else if has(&["chủ trì", "đơn vị thực hiện", "cơ quan thực hiện", "đầu mối"]) {
                &mut out.lead
            } else if has(&["thời gian", "tiến độ", "thời hạn", "hoàn thành", "lộ trình"]) {
                &mut out.time
            } else if has(&["stt", "tt", "số tt"]) && words.len() <= 3 {
                &mut out.number
            } else if has(&["nhiệm vụ", "nội dung", "công việc", "hoạt động", "tên nhiệm vụ"]) {
                &mut out.text
            } else {
                continue;
            };
            slot.get_or_insert(i);
        }
        // One such word may stand in any row; a head has at least two.
        if out.width() >= 2 && out.count() >= 2 { out } else { Self::default() }
    }

    fn all(&self) -> [Option<usize>; 5] {
        [self.number, self.text, self.lead, self.coordinate, self.time]
    }

    fn count(&self) -> usize {
        self.all().iter().flatten().count()
    }

    /// Columns that a row must have to be read.
    fn width(&self) -> usize {
        self.all().iter().flatten().max().map_or(0, |m| m + 1)
    }

    fn or(self, later: Self) -> Self {
        Self {
            number: later.number.or(self.number),
            text: later.text.or(self.text),
            lead: later.lead.or(self.lead),
            coordinate: later.coordinate.or(self.coordinate),
            time: later.time.or(self.time),
        }
    }

    fn is_task_table(&self) -> bool {
        self.text.is_some() && (self.lead.is_some() || self.time.is_some())
    }
}

fn cell(cells: &[String], at: Option<usize>) -> &str {
    at.and_then(|i| cells.get(i)).map_or("", |c| c.trim())
}

/// "(1) (2) (3)": the row that numbers the columns.
fn ordinal_row(cells: &[String]) -> bool {
    let short = |c: &String| c.trim_matches(['(', ')', ' ']).parse::<u8>().is_ok();
    cells.len() > 2 && cells.iter().all(short)
}

/// The group that a row opens: one text over all columns, or "I" beside a text and nothing else.
fn named_group(cells: &[String], columns: &Columns) -> Option<String> {
    let filled: Vec<&str> = cells.iter().map(|c| c.trim()).filter(|c| !c.is_empty()).collect();
    let number = cell(cells, columns.number).trim_end_matches('.');
    let roman = !number.is_empty() && number.chars().all(|c| matches!(c, 'I' | 'V' | 'X' | 'A'..='H'));
    match filled.as_slice() {
        [only] if only.chars().any(char::is_alphabetic) => Some((*only).to_owned()),
        [first, second] if roman && *first == cell(cells, columns.number) => Some(format!("{number}. {second}")),
        // Word repeats a merged cell's text in some exports.
        [first, rest @ ..] if rest.len() > 1 && rest.iter().all(|c| c == first) => Some((*first).to_owned()),
        _ => None,
    }
}

fn task(outline: &Outline, row: &Row, columns: &Columns, group: &str) -> Option<Work> {
    let text = cell(&row.cells, columns.text);
    if text.is_empty() {
        return None;
    }
    let time = cell(&row.cells, columns.time);
    let mut headings = outline.headings(&row.above);
    if !group.is_empty() {
        headings.push(group.to_owned());
    }
    let sentence = row.cells.join("\t").trim_end().to_owned();
    Some(Work {
        block: row.block,
        line: None,
        written: text.to_owned(),
        task: Task {
            origin: Origin { block: row.block, sentence, headings },
            group: group.to_owned(),
            number: cell(&row.cells, columns.number).trim_end_matches(['.', ')']).to_owned(),
            text: finish(text),
            lead: agencies::list(cell(&row.cells, columns.lead)),
            coordinate: agencies::list(cell(&row.cells, columns.coordinate)),
            due: due::read(time),
            due_text: finish(time),
        },
    })
}
