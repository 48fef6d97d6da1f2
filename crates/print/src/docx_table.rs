//! Tables of the Word file: real Word tables, the heading row on each page, group rows over all columns.

use docx_rs::{
    AlignmentType, BorderType, HeightRule, Paragraph, Table, TableBorder, TableBorderPosition, TableBorders, TableCell,
    TableCellMargins, TableLayoutType, TableRow, VAlignType, WidthType,
};

use crate::docx::{Look, length, mm, spaced};
use crate::form::{Align, Head, Row};
use crate::layout::Layout;

/// A table with lines.
pub(crate) fn ruled(size: f64, columns: &[Head], rows: &[Row], l: &Layout) -> Table {
    let total = mm(l.text_width());
    let widths: Vec<usize> = columns.iter().map(|c| length((c.share * f64::from(total)) as i32)).collect();
    let mut out = Vec::with_capacity(rows.len() + 1);
    out.push(heading(size, columns, &widths));
    out.extend(rows.iter().map(|row| self::row(row, size, columns, &widths)));
    let border = |position| TableBorder::new(position).border_type(BorderType::Single).size(4).color("000000");
    let borders = [
        TableBorderPosition::Top,
        TableBorderPosition::Bottom,
        TableBorderPosition::Left,
        TableBorderPosition::Right,
        TableBorderPosition::InsideH,
        TableBorderPosition::InsideV,
    ]
    .into_iter()
    .fold(TableBorders::with_empty(), |all, position| all.set(border(position)));
    Table::new(out)
        .width(widths.iter().sum(), WidthType::Dxa)
        .set_grid(widths)
        .layout(TableLayoutType::Fixed)
        .set_borders(borders)
        .margins(TableCellMargins::new().margin(20, 80, 20, 80))
}

/// The heading row. Its height is the mark by which it becomes a repeating one, see `docx::write`.
fn heading(size: f64, columns: &[Head], widths: &[usize]) -> TableRow {
    let cells = columns.iter().zip(widths).map(|(c, w)| {
        let p = Paragraph::new().add_run(Look::bold(size).run(&c.title)).align(AlignmentType::Center);
        cell(*w).vertical_align(VAlignType::Center).add_paragraph(spaced(p, 0.0, 0.0))
    });
    TableRow::new(cells.collect()).cant_split().row_height(1.0).height_rule(HeightRule::AtLeast)
}

fn row(row: &Row, size: f64, columns: &[Head], widths: &[usize]) -> TableRow {
    match row {
        Row::Group { text } => {
            let p = Paragraph::new().add_run(Look::bold(size).run(text)).align(AlignmentType::Left).keep_next(true);
            let cell = cell(widths.iter().sum()).grid_span(columns.len()).add_paragraph(spaced(p, 0.0, 0.0));
            TableRow::new(vec![cell])
        }
        Row::Cells { cells } => TableRow::new(
            cells.iter().zip(columns).zip(widths).map(|((lines, c), w)| filled(lines, size, c.align, *w)).collect(),
        ),
    }
}

fn cell(width: usize) -> TableCell {
    TableCell::new().width(width, WidthType::Dxa)
}

fn filled(lines: &[String], size: f64, align: Align, width: usize) -> TableCell {
    let align = match align {
        Align::Left => AlignmentType::Left,
        Align::Center => AlignmentType::Center,
        Align::Right => AlignmentType::Right,
    };
    let paragraph = |text: &str| spaced(Paragraph::new().add_run(Look::plain(size).run(text)).align(align), 0.0, 0.0);
    let cell = cell(width);
    if lines.is_empty() {
        return cell.add_paragraph(paragraph(""));
    }
    lines.iter().fold(cell, |cell, line| cell.add_paragraph(paragraph(line)))
}
