//! Writes DOCX and PDF documents in the form of NĐ 30/2020/NĐ-CP, Phụ lục I, and lists as CSV and XLSX.
//!
//! A [`Document`] says what is written; [`form`] turns it once into the exact texts of the form (number, date,
//! closing signs, lengths of lines), and two writers lay the same [`form::Form`] out: [`docx`] for Word,
//! [`pdf`] through typst. The numbers of the form stand in [`layout`] and nowhere else.
//!
//! What comes from users is data all the way: it is never read as typst markup, as XML or as a spreadsheet formula.

mod clean;
mod column;
mod docx;
mod docx_table;
mod form;
mod layout;
mod limits;
mod pdf;
mod rows;
#[cfg(test)]
mod tests;
mod width;

use khien_base::Result;
use khien_base::ports::{Document, Format, Printer};

pub use limits::{MAX_CHARACTERS, MAX_COLUMNS, MAX_PARTS};
pub use rows::{Lists, csv, xlsx};

/// Prints documents in the national form (NĐ 30/2020/NĐ-CP, Phụ lục I). Holds nothing; needs no file outside the
/// program.
#[derive(Debug, Clone, Copy, Default)]
pub struct NationalForm;

impl Printer for NationalForm {
    /// The file of a document.
    ///
    /// # Errors
    /// - `print.too-long` (`limit`, `found`): more than [`MAX_CHARACTERS`] characters in all;
    /// - `print.too-many-parts` (`limit`, `found`): more than [`MAX_PARTS`] paragraphs, lines and cells;
    /// - `print.too-many-columns` (`place`, `limit`, `found`) and `print.no-columns` (`place`): a table;
    /// - `print.row-width` (`place`, `columns`, `cells`): a row with another number of cells than its table has;
    /// - `print.heading-level` (`place`, `level`): a heading that is not of level 1 to 3.
    ///
    /// `place` is a path such as `body/3/rows/12` or `appendixes/1/body/1`, counted from 1.
    fn print(&self, document: &Document, format: Format) -> Result<Vec<u8>> {
        limits::check(document)?;
        let form = form::Form::of(document)?;
        match format {
            Format::Docx => docx::write(&form),
            Format::Pdf => pdf::write(&form),
        }
    }
}
