//! The Word file: the same form, with docx-rs. Sizes of docx-rs are half points, lengths twips (1/20 point).

use std::io::Cursor;

use docx_rs::{
    AlignmentType, BorderType, BreakType, Docx, Header, LineSpacing, LineSpacingType, PageMargin, PageNum, Paragraph,
    ParagraphBorder, ParagraphBorderPosition, ParagraphBorders, Run, RunFonts, SpecialIndentType, Tab, TabLeaderType,
    TabValueType, Table, TableCell, TableCellMargins, TableLayoutType, TableRow, VAlignType, WidthType,
};
use khien_base::{Fault, Result};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use crate::docx_table;
use crate::form::{Annex, Form, Part};
use crate::layout::{Layout, points};

/// The type that the decree names; Word and LibreOffice find it or its twin on the user's machine.
const FONT: &str = "Times New Roman";
/// A heading row before it is marked as repeating, for which docx-rs has no word: a row height that no other
/// row has. `<` of texts is escaped, so no text can look like it.
const UNMARKED: &str = r#"<w:trHeight w:val="1" w:hRule="atLeast" />"#;
const REPEATING: &str = "<w:tblHeader />";

/// Twips in millimetres.
pub(crate) fn mm(value: f64) -> i32 {
    twips(points(value))
}

/// Twips in points.
pub(crate) fn twips(points: f64) -> i32 {
    (points * 20.0).round() as i32
}

/// The same as a width, which is never negative.
pub(crate) fn length(twips: i32) -> usize {
    usize::try_from(twips).unwrap_or(0)
}

/// How a text looks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    pub(crate) size: f64,
    pub(crate) bold: bool,
    pub(crate) italic: bool,
}

impl Look {
    pub(crate) fn plain(size: f64) -> Self {
        Self { size, bold: false, italic: false }
    }

    pub(crate) fn bold(size: f64) -> Self {
        Self { size, bold: true, italic: false }
    }

    pub(crate) fn italic(size: f64) -> Self {
        Self { size, bold: false, italic: true }
    }

    /// A run of text in this look.
    pub(crate) fn run(self, text: &str) -> Run {
        let run = Run::new().add_text(text).size(length((self.size * 2.0) as i32));
        let run = if self.bold { run.bold() } else { run };
        if self.italic { run.italic() } else { run }
    }

    /// A run of lines, one under the other.
    fn lines(self, lines: &[String]) -> Run {
        let mut run = self.run("");
        for (n, line) in lines.iter().enumerate() {
            run = if n > 0 { run.add_break(BreakType::TextWrapping) } else { run };
            run = run.add_text(line);
        }
        run
    }
}

/// Single line spacing with room before and after, in points.
pub(crate) fn spaced(paragraph: Paragraph, before: f64, after: f64) -> Paragraph {
    let room = |points: f64| u32::try_from(twips(points)).unwrap_or(0);
    paragraph.line_spacing(
        LineSpacing::new().line_rule(LineSpacingType::Auto).line(240).before(room(before)).after(room(after)),
    )
}

fn centred(run: Run, before: f64, after: f64) -> Paragraph {
    spaced(Paragraph::new().add_run(run).align(AlignmentType::Center), before, after)
}

/// A line of `length` points in the middle of `room` points: the upper border of an empty small paragraph.
fn rule(length: f64, room: f64, thickness: f64, after: f64) -> Paragraph {
    let side = twips(((room - length) / 2.0).max(0.0));
    let border = ParagraphBorder::new(ParagraphBorderPosition::Top)
        .val(BorderType::Single)
        .size(self::length((thickness * 8.0) as i32))
        .space(1)
        .color("000000");
    let exact = LineSpacing::new().line_rule(LineSpacingType::Exact).line(60).before(40);
    Paragraph::new()
        .add_run(Run::new().size(2))
        .indent(Some(side), None, Some(side), None)
        .line_spacing(exact.after(u32::try_from(twips(after)).unwrap_or(0)))
        .set_borders(ParagraphBorders::with_empty().set(border))
}

/// The Word file of a form.
pub(crate) fn write(form: &Form) -> Result<Vec<u8>> {
    let l = &form.layout;
    let fonts = RunFonts::new().ascii(FONT).hi_ansi(FONT).east_asia(FONT).cs(FONT);
    let number = Paragraph::new().add_page_num(PageNum::new()).align(AlignmentType::Center);
    let header = Header::new().add_paragraph(number.size(length((l.page_number * 2.0) as i32)));
    let mut docx = Docx::new()
        .page_size(length(mm(l.page_width)) as u32, length(mm(l.page_height)) as u32)
        .page_margin(PageMargin {
            top: mm(l.top),
            bottom: mm(l.bottom),
            left: mm(l.left),
            right: mm(l.right),
            header: mm(l.header),
            footer: mm(l.header),
            gutter: 0,
        })
        .default_fonts(fonts)
        .default_size(length((l.body * 2.0) as i32))
        .header(header)
        .first_header(Header::new().add_paragraph(Paragraph::new()));
    if let Some(day) = &form.day {
        let moment = format!("{day}T00:00:00Z");
        docx = docx.created_at(&moment).updated_at(&moment);
    }
    docx = docx.add_table(head(form));
    for paragraph in title(form) {
        docx = docx.add_paragraph(paragraph);
    }
    docx = body(docx, &form.body, l, true);
    docx = docx.add_paragraph(spaced(Paragraph::new().add_run(Run::new().size(8)), 0.0, 0.0).keep_next(true));
    docx = docx.add_table(foot(form));
    for annex in &form.appendixes {
        docx = appendix(docx, annex, l);
    }
    pack(docx, headings(form))
}

/// Marks the heading rows as repeating and packs the file.
fn pack(docx: Docx, tables: usize) -> Result<Vec<u8>> {
    let mut parts = docx.build();
    let document = String::from_utf8(parts.document).map_err(Fault::internal)?;
    if document.matches(UNMARKED).count() != tables {
        return Err(Fault::internal("the heading rows of tables were not found"));
    }
    parts.document = document.replace(UNMARKED, REPEATING).into_bytes();
    let mut file = Cursor::new(Vec::new());
    parts.pack(&mut file).map_err(Fault::internal)?;
    deflated(file)
}

/// The same package, compressed: docx-rs stores its files as they are, and a list of 1,000 rows would be 1 MB.
fn deflated(stored: Cursor<Vec<u8>>) -> Result<Vec<u8>> {
    let mut from = ZipArchive::new(stored).map_err(Fault::internal)?;
    let mut to = ZipWriter::new(Cursor::new(Vec::new()));
    // No time of writing, so that the same document gives the same file.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    for n in 0..from.len() {
        let mut file = from.by_index(n).map_err(Fault::internal)?;
        let name = file.name().map_err(Fault::internal)?.into_owned();
        to.start_file(name, options).map_err(Fault::internal)?;
        std::io::copy(&mut file, &mut to).map_err(Fault::internal)?;
    }
    Ok(to.finish().map_err(Fault::internal)?.into_inner())
}

fn headings(form: &Form) -> usize {
    let all = form.body.iter().chain(form.appendixes.iter().flat_map(|a| &a.body));
    all.filter(|p| matches!(p, Part::Table { .. })).count()
}

/// Two cells without borders side by side, whose widths are millimetres.
fn sides(left: Vec<Paragraph>, right: Vec<Paragraph>, widths: [f64; 2]) -> TableRow {
    let cell = |paragraphs: Vec<Paragraph>, width: f64| {
        let cell = TableCell::new().width(length(mm(width)), WidthType::Dxa).vertical_align(VAlignType::Top);
        // A cell must have a paragraph (ECMA-376 Part 1, 17.4.65).
        let paragraphs = if paragraphs.is_empty() { vec![Paragraph::new()] } else { paragraphs };
        paragraphs.into_iter().fold(cell, TableCell::add_paragraph)
    };
    let [l, r] = widths;
    TableRow::new(vec![cell(left, l), cell(right, r)]).cant_split()
}

fn unruled(rows: Vec<TableRow>, widths: [f64; 2]) -> Table {
    Table::without_borders(rows)
        .set_grid(widths.iter().map(|w| length(mm(*w))).collect())
        .width(length(mm(widths.iter().sum())), WidthType::Dxa)
        .layout(TableLayoutType::Fixed)
        .margins(TableCellMargins::new().margin(0, 0, 0, 0))
}

/// Boxes 1–4 of the layout chart: nation, issuer, number, place and date; box 5b of a letter.
fn head(form: &Form) -> Table {
    let l = &form.layout;
    let widths = [l.issuer_width, l.text_width() - l.issuer_width];
    let [left, right] = widths.map(points);
    let mut issuer = Vec::new();
    if !form.superior.is_empty() {
        issuer.push(centred(Look::plain(l.issuer).lines(&form.superior), 0.0, 0.0));
    }
    if !form.issuer.is_empty() {
        issuer.push(centred(Look::bold(l.issuer).lines(&form.issuer), 0.0, 0.0));
        issuer.push(rule(form.issuer_rule, left, l.rule, 0.0));
    }
    let nation = vec![
        centred(Look::bold(l.nation).run(&form.nation), 0.0, 0.0),
        centred(Look::bold(l.motto).run(&form.motto), 0.0, 0.0),
        rule(form.motto_rule, right, l.rule, 0.0),
    ];
    let mut number = vec![centred(Look::plain(l.number).run(&form.number), 3.0, 0.0)];
    if !form.about.is_empty() {
        number.push(centred(Look::plain(l.about).run(&form.about), 4.0, 0.0));
    }
    let date = vec![centred(Look::italic(l.date).run(&form.place_date), 3.0, 0.0)];
    unruled(vec![sides(issuer, nation, widths), sides(number, date, widths)], widths)
}

/// Kind, trích yếu with its line, addressees, căn cứ.
fn title(form: &Form) -> Vec<Paragraph> {
    let l = &form.layout;
    let mut out = Vec::new();
    let side = Some(mm(10.0));
    if !form.kind.is_empty() {
        out.push(centred(Look::bold(l.title).run(&form.kind), 20.0, 0.0));
    }
    if !form.subject.is_empty() {
        out.push(centred(Look::bold(l.title).run(&form.subject), 0.0, 0.0).indent(side, None, side, None));
        out.push(rule(form.subject_rule, points(l.text_width()), l.rule, 8.0));
    }
    let first = if form.kind.is_empty() { 18.0 } else { l.between };
    if let [only] = form.to.as_slice() {
        out.push(centred(Look::plain(l.body).run(&format!("Kính gửi: {only}")), first, 12.0));
    } else if !form.to.is_empty() {
        let left = mm(25.0);
        let call = Paragraph::new().add_run(Look::plain(l.body).run("Kính gửi:")).indent(Some(left), None, None, None);
        out.push(spaced(call, first, 0.0));
        let dash = mm(2.2);
        for (n, to) in form.to.iter().enumerate() {
            let after = if n + 1 == form.to.len() { 12.0 } else { 0.0 };
            let hanging = Some(SpecialIndentType::Hanging(dash));
            let name = Paragraph::new().add_run(Look::plain(l.body).run(to));
            out.push(spaced(name.indent(Some(left + twips(form.to_colon) + dash), hanging, None, None), 0.0, after));
        }
    }
    out.extend(form.bases.iter().map(|base| paragraph(Look::italic(l.body).run(base), l)));
    out
}

/// A paragraph of the body: justified, first line indented.
fn paragraph(run: Run, l: &Layout) -> Paragraph {
    let first = Some(SpecialIndentType::FirstLine(mm(l.indent)));
    let p = Paragraph::new().add_run(run).align(AlignmentType::Both).indent(None, first, None, None);
    spaced(p, 0.0, l.between)
}

/// Not justified, where a long word would stretch the line before it.
fn set(p: Paragraph, ragged: bool) -> Paragraph {
    if ragged { p.align(AlignmentType::Left) } else { p }
}

fn body(mut docx: Docx, parts: &[Part], l: &Layout, signed: bool) -> Docx {
    for (n, part) in parts.iter().enumerate() {
        // The last paragraph goes along with the signature.
        let last = signed && n + 1 == parts.len();
        docx = match part {
            Part::Heading { level, centred: middle, text } => {
                let look = if *level < 3 { Look::bold(l.body) } else { Look::plain(l.body) };
                let p = if *middle { centred(look.run(text), 0.0, l.between) } else { paragraph(look.run(text), l) };
                docx.add_paragraph(p.keep_next(true).outline_lvl(usize::from(level.saturating_sub(1))))
            }
            Part::Paragraph { ragged, text } => {
                docx.add_paragraph(set(paragraph(Look::plain(l.body).run(text), l), *ragged).keep_next(last))
            }
            Part::Field { ragged, label, value } => {
                docx.add_paragraph(set(field(label, value, l), *ragged).keep_next(last))
            }
            Part::Table { size, columns, rows } => docx
                .add_table(docx_table::ruled(*size, columns, rows, l))
                .add_paragraph(spaced(Paragraph::new().add_run(Run::new().size(8)), 0.0, 0.0)),
        };
    }
    docx
}

/// "label: value", or a dotted line to the margin.
fn field(label: &str, value: &str, l: &Layout) -> Paragraph {
    let look = Look::plain(l.body);
    if !value.is_empty() {
        return paragraph(look.run(&format!("{label} {value}")), l);
    }
    let end = Tab::new().val(TabValueType::Right).leader(TabLeaderType::Dot).pos(length(mm(l.text_width())));
    paragraph(look.run(&format!("{label} ")).add_tab(), l).add_tab(end)
}

/// Boxes 7 and 9 of the layout chart: authority, post and name of the signer, and the recipients.
fn foot(form: &Form) -> Table {
    let l = &form.layout;
    let widths = [l.recipients_width, l.text_width() - l.recipients_width];
    let mut left = Vec::new();
    if !form.recipients.is_empty() {
        let look = Look { size: l.recipients_head, bold: true, italic: true };
        left.push(spaced(Paragraph::new().add_run(look.run("Nơi nhận:")), 0.0, 0.0));
    }
    let dash = mm(1.8);
    for name in &form.recipients {
        let p = Paragraph::new().add_run(Look::plain(l.recipients).run(name));
        left.push(spaced(p.indent(Some(dash), Some(SpecialIndentType::Hanging(dash)), None, None), 0.0, 0.0));
    }
    let bold = Look::bold(l.body);
    let mut right: Vec<Paragraph> = form.authority.iter().map(|a| centred(bold.run(a), 0.0, 0.0)).collect();
    if !form.post.is_empty() {
        right.push(centred(bold.run(&form.post), 0.0, 0.0));
    }
    right.push(centred(bold.run(&form.signer), points(l.signature), 0.0));
    unruled(vec![sides(left, right, widths)], widths)
}

fn appendix(docx: Docx, annex: &Annex, l: &Layout) -> Docx {
    let side = Some(mm(10.0));
    let mut docx = docx.add_paragraph(centred(Look::bold(14.0).run(&annex.head), 0.0, 0.0).page_break_before(true));
    if !annex.title.is_empty() {
        docx =
            docx.add_paragraph(centred(Look::bold(l.title).run(&annex.title), 0.0, 0.0).indent(side, None, side, None));
    }
    if !annex.attached_to.is_empty() {
        let p = centred(Look::italic(l.body).run(&annex.attached_to), 0.0, 8.0);
        docx = docx.add_paragraph(p.indent(side, None, side, None));
    }
    body(docx, &annex.body, l, false)
}
