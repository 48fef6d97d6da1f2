//! Reads targets, tasks and reporting duties out of a plan document (.docx, .txt, .md).
//!
//! Pure: bytes in, a [`model::Reading`] out. No files, no clock, no network.
//!
//! The way of a document: bytes → pieces (`docx`, `text`) → joined pieces (`join`) → outline → heading, tasks,
//! targets, obligations → warnings. Rules know the grammar of administrative documents (NĐ 30/2020/NĐ-CP), never a
//! document; whatever is read keeps the sentence that it was read from, and a person reviews it.

pub mod model;

mod agencies;
mod archive;
mod docx;
mod due;
mod heading;
mod join;
mod marker;
mod numbering;
mod numbers;
mod obligations;
mod outline;
mod piece;
mod tables;
mod targets;
mod tasks;
mod text;
mod warnings;
mod words;

use khien_base::{Fault, Result};

use crate::model::{Reading, Warning};
use crate::piece::Piece;

/// The largest file that is read, in bytes (20 MB).
pub const MAX_BYTES: usize = 20 * 1024 * 1024;
/// Characters of the whole text; the longest real plans with their appendices have about 150,000.
pub const MAX_TEXT: usize = 1_000_000;
/// Characters of one paragraph or row; the longest real ones have about 2,000.
pub const MAX_PARAGRAPH: usize = 20_000;

/// Reads a plan. `name` is the file's name: its ending says the format, its content must agree.
///
/// Faults, all `Invalid` on the field `file`: `planread.empty`, `planread.too-large` (limit), `planread.format`
/// (name: neither .docx, .txt nor .md), `planread.not-docx` (called .docx, is no zip), `planread.docx-broken` (part),
/// `planread.docx-not-word` (part), `planread.docx-doctype` (part), `planread.docx-bomb` (part, what, limit),
/// `planread.text-not-utf8` (byte), `planread.text-is-docx` (called .txt, is a zip), `planread.text-too-long`
/// (limit, in characters), `planread.paragraph-too-long` (limit, block), `planread.no-plan` (nothing to reach, to do or to report was found).
pub fn read(bytes: &[u8], name: &str) -> Result<Reading> {
    let invalid = |code: &'static str| Fault::invalid(code).on("file");
    if bytes.len() > MAX_BYTES {
        return Err(invalid("planread.too-large").with("limit", MAX_BYTES));
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(invalid("planread.empty"));
    }
    let zipped = bytes.starts_with(b"PK");
    let ending = name.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase()).unwrap_or_default();
    let pieces = match (ending.as_str(), zipped) {
        ("docx", true) => docx::read(bytes)?,
        ("docx", false) => return Err(invalid("planread.not-docx")),
        ("txt" | "md", false) => text::read(bytes)?,
        ("txt" | "md", true) => return Err(invalid("planread.text-is-docx")),
        _ => return Err(invalid("planread.format").with("name", name)),
    };
    let pieces = join::join(pieces);
    measure(&pieces)?;
    let outline = outline::read(&pieces);
    let mut works = tasks::read(&outline);
    works.extend(tables::read(&outline));
    works.sort_by_key(|w| w.block);
    let mut reading = Reading {
        heading: heading::read(&outline),
        blocks: outline.blocks(&pieces),
        targets: targets::read(&outline, &works),
        obligations: obligations::read(&outline, &works),
        tasks: works.into_iter().map(|w| w.task).collect(),
        warnings: Vec::<Warning>::new(),
    };
    if reading.targets.is_empty() && reading.tasks.is_empty() && reading.obligations.is_empty() {
        return Err(invalid("planread.no-plan"));
    }
    reading.warnings = warnings::read(&reading);
    Ok(reading)
}

/// Holds the text to its limits, so that what follows need not count.
fn measure(pieces: &[Piece]) -> Result<()> {
    let mut total = 0usize;
    for (block, piece) in pieces.iter().enumerate() {
        let length = match piece {
            Piece::Paragraph { text, .. } => text.chars().count(),
            Piece::Row { cells, .. } => cells.iter().map(|c| c.chars().count() + 1).sum(),
        };
        total += length;
        if length > MAX_PARAGRAPH {
            let fault = Fault::invalid("planread.paragraph-too-long").with("limit", MAX_PARAGRAPH).with("block", block);
            return Err(fault.on("file"));
        }
        if total > MAX_TEXT {
            return Err(Fault::invalid("planread.text-too-long").with("limit", MAX_TEXT).on("file"));
        }
    }
    Ok(())
}
