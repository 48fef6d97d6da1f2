//! What a document may be at most, so that a print stays blocking work of a bounded time.

use khien_base::ports::{Block, Document};
use khien_base::{Fault, Result};

/// Characters of a document in all.
pub const MAX_CHARACTERS: usize = 600_000;
/// Paragraphs, lines and cells of a document in all.
pub const MAX_PARTS: usize = 40_000;
/// Columns of a table: more cannot be read on an A4 page.
pub const MAX_COLUMNS: usize = 20;

#[derive(Default)]
struct Size {
    characters: usize,
    parts: usize,
}

impl Size {
    fn add(&mut self, text: &str) {
        self.characters += text.chars().count();
        self.parts += 1 + text.matches('\n').count();
    }
}

/// Holds a document to the limits and to its own shape.
pub(crate) fn check(document: &Document) -> Result<()> {
    let mut size = Size::default();
    let d = document;
    for text in [&d.superior, &d.issuer, &d.number, &d.place, &d.kind, &d.subject, &d.authority, &d.post, &d.signer]
        .into_iter()
        .chain(&d.to)
        .chain(&d.bases)
        .chain(&d.recipients)
    {
        size.add(text);
    }
    blocks(&d.body, "body", &mut size)?;
    for (n, appendix) in d.appendixes.iter().enumerate() {
        size.add(&appendix.title);
        size.add(&appendix.attached_to);
        blocks(&appendix.body, &format!("appendixes/{}/body", n + 1), &mut size)?;
    }
    if size.characters > MAX_CHARACTERS {
        return Err(Fault::invalid("print.too-long").with("limit", MAX_CHARACTERS).with("found", size.characters));
    }
    if size.parts > MAX_PARTS {
        return Err(Fault::invalid("print.too-many-parts").with("limit", MAX_PARTS).with("found", size.parts));
    }
    Ok(())
}

fn blocks(body: &[Block], under: &str, size: &mut Size) -> Result<()> {
    for (n, block) in body.iter().enumerate() {
        let place = || format!("{under}/{}", n + 1);
        match block {
            Block::Heading { level, text } => {
                if !(1..=3).contains(level) {
                    return Err(Fault::invalid("print.heading-level").with("place", place()).with("level", level));
                }
                size.add(text);
            }
            Block::Paragraph { text } => size.add(text),
            Block::Field { label, value } => {
                size.add(label);
                size.add(value);
            }
            Block::Table { columns, rows } => {
                if columns.is_empty() {
                    return Err(Fault::invalid("print.no-columns").with("place", place()));
                }
                if columns.len() > MAX_COLUMNS {
                    return Err(Fault::invalid("print.too-many-columns")
                        .with("place", place())
                        .with("limit", MAX_COLUMNS)
                        .with("found", columns.len()));
                }
                columns.iter().for_each(|c| size.add(&c.title));
                for (r, cells) in rows.iter().enumerate() {
                    if cells.len() != 1 && cells.len() != columns.len() {
                        return Err(Fault::invalid("print.row-width")
                            .with("place", format!("{}/rows/{}", place(), r + 1))
                            .with("columns", columns.len())
                            .with("cells", cells.len()));
                    }
                    cells.iter().for_each(|c| size.add(c));
                }
            }
        }
    }
    Ok(())
}
