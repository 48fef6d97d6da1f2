//! Lists as files: CSV that Excel opens in Vietnamese and that runs no formula, and XLSX whose cells are numbers, days
//! or text and never formulas.

use khien_base::ports::{Sheet, Sheets};
use khien_base::{Fault, Result};
use rust_xlsxwriter::{Format, FormatAlign, FormatBorder, Workbook, Worksheet};

use crate::column::{self, Kind};

/// Rows of a worksheet, heading included (ECMA-376; Excel's specifications and limits).
const XLSX_ROWS: usize = 1_048_576;
/// Characters of a cell that Excel holds.
const XLSX_CELL: usize = 32_767;
/// Columns of a worksheet.
const XLSX_COLUMNS: usize = 16_384;
/// A column is never set wider than this many characters.
const WIDEST: usize = 60;

/// Whether a spreadsheet would read the cell as a formula (OWASP, CSV injection).
fn formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// A list as CSV (RFC 4180: commas, CRLF), in UTF-8 with a byte order mark, without which Excel garbles
/// Vietnamese. Cells that start with `=`, `+`, `-`, `@`, tab or CR get an apostrophe before them.
pub fn csv(columns: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Vec<u8> {
    let safe = |cell: &str| if formula(cell) { format!("'{cell}") } else { cell.to_owned() };
    let mut writer = csv::WriterBuilder::new()
        .flexible(true)
        .terminator(csv::Terminator::CRLF)
        .from_writer("\u{feff}".as_bytes().to_vec());
    // Writing to memory cannot fail.
    let _ = writer.write_record(columns.iter().map(|c| safe(c)));
    for row in rows {
        let _ = writer.write_record(row.iter().map(|c| safe(c)));
    }
    writer.into_inner().unwrap_or_default()
}

/// A list as an XLSX workbook with one sheet: bold heading row that stays in view, filter. A column whose filled
/// cells are all whole numbers, days or minutes holds those, every other column text. A cell of text that looks like a
/// formula is stored with the quote prefix, so that editing it runs nothing either.
///
/// # Errors
/// `print.too-many-rows` and `print.too-many-columns` (`limit`, `found`), `print.long-cell` (`row`, `column`,
/// `limit`): more than a worksheet holds.
pub fn xlsx(title: &str, columns: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Result<Vec<u8>> {
    if columns.len() > XLSX_COLUMNS {
        return Err(too_many("print.too-many-columns", XLSX_COLUMNS, columns.len()));
    }
    let rows: Vec<Vec<String>> = rows.take(XLSX_ROWS).collect();
    if rows.len() >= XLSX_ROWS {
        return Err(too_many("print.too-many-rows", XLSX_ROWS - 1, rows.len()));
    }
    let wide = rows.iter().map(Vec::len).max().unwrap_or(0);
    if wide > XLSX_COLUMNS {
        return Err(too_many("print.too-many-columns", XLSX_COLUMNS, wide));
    }
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name(sheet_name(title)).map_err(Fault::internal)?;
    let plain = Format::new().set_align(FormatAlign::Top).set_text_wrap();
    let quoted = plain.clone().set_num_format("@").set_quote_prefix();
    let head = Format::new().set_bold().set_border_bottom(FormatBorder::Thin).set_text_wrap();
    let mut widths: Vec<usize> = columns.iter().map(|c| c.chars().count()).collect();
    for (c, name) in columns.iter().enumerate() {
        write(sheet, 0, c, name, &head)?;
    }
    for c in 0..wide {
        let cells = || rows.iter().enumerate().filter_map(|(r, row)| row.get(c).map(|cell| (r + 1, cell.as_str())));
        let kind = Kind::of(cells().map(|(_, cell)| cell));
        let format = plain.clone().set_num_format(kind.format());
        for (r, cell) in cells() {
            match kind {
                Kind::Text => write(sheet, r, c, cell, if formula(cell) { &quoted } else { &format })?,
                _ => write_value(sheet, r, c, cell, kind, &format)?,
            }
            if let Some(width) = widths.get_mut(c) {
                *width = (*width).max(cell.lines().map(|l| l.chars().count()).max().unwrap_or(0));
            }
        }
    }
    finish(sheet, &widths, rows.len())?;
    book.save_to_buffer().map_err(Fault::internal)
}

fn too_many(code: &'static str, limit: usize, found: usize) -> Fault {
    Fault::invalid(code).with("limit", limit).with("found", found)
}

fn write(sheet: &mut Worksheet, row: usize, column: usize, cell: &str, format: &Format) -> Result<()> {
    if cell.encode_utf16().count() > XLSX_CELL {
        return Err(Fault::invalid("print.long-cell")
            .with("row", row)
            .with("column", column + 1)
            .with("limit", XLSX_CELL));
    }
    let (row, column) = place(row, column)?;
    // XML 1.0 §2.2 forbids control characters; a cell keeps its lines and tabs.
    let cell: String = cell.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    sheet.write_string_with_format(row, column, cell, format).map_err(Fault::internal)?;
    Ok(())
}

fn place(row: usize, column: usize) -> Result<(u32, u16)> {
    Ok((u32::try_from(row).map_err(Fault::internal)?, u16::try_from(column).map_err(Fault::internal)?))
}

/// A number, day or minute; an empty cell keeps the column's format.
fn write_value(
    sheet: &mut Worksheet,
    row: usize,
    column: usize,
    cell: &str,
    kind: Kind,
    format: &Format,
) -> Result<()> {
    let (row, column) = place(row, column)?;
    let at = match kind {
        Kind::Day => column::day(cell),
        Kind::Minute => column::minute(cell),
        Kind::Whole | Kind::Text => None,
    };
    match (at, column::whole(cell)) {
        (Some(at), _) => sheet.write_datetime_with_format(row, column, &at, format),
        (None, Some(number)) => sheet.write_number_with_format(row, column, number, format),
        (None, None) => sheet.write_blank(row, column, format),
    }
    .map_err(Fault::internal)?;
    Ok(())
}

fn finish(sheet: &mut Worksheet, widths: &[usize], last: usize) -> Result<()> {
    for (c, width) in widths.iter().enumerate() {
        let column = u16::try_from(c).map_err(Fault::internal)?;
        sheet.set_column_width(column, ((*width).min(WIDEST) + 3) as f64).map_err(Fault::internal)?;
    }
    sheet.set_freeze_panes(1, 0).map_err(Fault::internal)?;
    sheet.set_repeat_rows(0, 0).map_err(Fault::internal)?;
    if let Some(right) = widths.len().checked_sub(1) {
        let (last, right) =
            (u32::try_from(last).map_err(Fault::internal)?, u16::try_from(right).map_err(Fault::internal)?);
        sheet.autofilter(0, 0, last, right).map_err(Fault::internal)?;
    }
    Ok(())
}

/// A name that a worksheet may have: at most 31 characters, none of `[]:*?/\`, no apostrophe at its ends.
fn sheet_name(title: &str) -> String {
    let name: String =
        title.chars().map(|c| if "[]:*?/\\".contains(c) || c.is_control() { ' ' } else { c }).take(31).collect();
    let name = name.trim_matches(['\'', ' ']);
    if name.is_empty() { "Danh sách".to_owned() } else { name.to_owned() }
}

/// Writes lists as files.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lists;

impl Sheets for Lists {
    fn csv(&self, sheet: &Sheet) -> Result<Vec<u8>> {
        let columns: Vec<&str> = sheet.columns.iter().map(String::as_str).collect();
        Ok(csv(&columns, sheet.rows.iter().cloned()))
    }

    fn xlsx(&self, sheet: &Sheet) -> Result<Vec<u8>> {
        let columns: Vec<&str> = sheet.columns.iter().map(String::as_str).collect();
        xlsx(&sheet.title, &columns, sheet.rows.iter().cloned())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read};

    use super::*;

    fn hostile() -> Vec<Vec<String>> {
        let cells = ["=1+1", "+84", "-2", "@SUM(A1)", "\tx", "\rx", "Bắc Ninh, \"phường\"", "<c>&amp;</c>", "007"];
        cells.iter().map(|c| vec![(*c).to_owned(), "=cmd|' /C calc'!A0".to_owned()]).collect()
    }

    fn part(xlsx: &[u8], name: &str) -> String {
        let mut text = String::new();
        let mut archive = zip::ZipArchive::new(Cursor::new(xlsx)).unwrap();
        archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn csv_has_a_mark_and_disarms_formulas() {
        let file = csv(&["Tên", "=x"], hostile().into_iter());
        let text = String::from_utf8(file).unwrap().strip_prefix('\u{feff}').unwrap().to_owned();
        let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        let read: Vec<Vec<String>> = reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect();
        assert_eq!(read[0], ["Tên", "'=x"]);
        let first: Vec<&str> = read[1..].iter().map(|r| r[0].as_str()).collect();
        let safe = ["'=1+1", "'+84", "'-2", "'@SUM(A1)", "'\tx", "'\rx", "Bắc Ninh, \"phường\"", "<c>&amp;</c>", "007"];
        assert_eq!(first, safe);
        assert!(read[1..].iter().all(|r| r[1] == "'=cmd|' /C calc'!A0"));
    }

    #[test]
    fn xlsx_cells_are_text_and_never_formulas() {
        let file = xlsx("Danh sách [1]/2", &["Tên", "=x"], hostile().into_iter()).unwrap();
        let sheet = part(&file, "xl/worksheets/sheet1.xml");
        assert!(!sheet.contains("<f>") && !sheet.contains("<f "), "{sheet}");
        assert_eq!(sheet.matches(r#" t="s""#).count(), 20, "every cell is a shared string: {sheet}");
        let strings = part(&file, "xl/sharedStrings.xml");
        assert!(strings.contains("=1+1") && strings.contains("&lt;c&gt;&amp;amp;&lt;/c&gt;"), "{strings}");
        assert!(part(&file, "xl/styles.xml").contains(r#"quotePrefix="1""#));
        assert!(part(&file, "xl/workbook.xml").contains("Danh sách  1  2"));
    }

    #[test]
    fn numbers_can_be_summed_and_days_sorted() {
        let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
        let rows = vec![row(["40", "01/07/2025", "10:50 22/11/2026", "007"]), row(["", "", "", "8"])];
        let sheet =
            part(&xlsx("", &["Số", "Ngày", "Lúc", "Mã"], rows.into_iter()).unwrap(), "xl/worksheets/sheet1.xml");
        assert!(sheet.contains("<v>40</v>"), "{sheet}");
        assert!(sheet.contains("<v>45839</v>"), "01/07/2025 is day 45839: {sheet}");
        assert!(sheet.contains("<v>46348.451388"), "{sheet}");
        assert_eq!(sheet.matches(r#" t="s""#).count(), 6, "four headings and two codes: {sheet}");
    }

    #[test]
    fn a_cell_that_excel_cannot_hold_is_refused_with_its_place() {
        let rows = vec![vec!["a".to_owned()], vec!["b".to_owned(), "x".repeat(32_768)]];
        let fault = xlsx("", &["A", "B"], rows.into_iter()).unwrap_err();
        assert_eq!(fault.to_string(), "print.long-cell row=2 column=2 limit=32767");
    }

    #[test]
    fn lists_go_through_the_port() {
        let list = Sheet { title: String::new(), columns: vec!["A".to_owned()], rows: vec![vec!["b".to_owned()]] };
        assert_eq!(Lists.csv(&list).unwrap(), "\u{feff}A\r\nb\r\n".as_bytes());
        assert!(part(&Lists.xlsx(&list).unwrap(), "xl/workbook.xml").contains("Danh sách"));
    }
}
