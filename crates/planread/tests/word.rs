//! Word documents made here: automatic numbering, merged cells, a head of two rows, tracked changes, text boxes.

use std::io::{Cursor, Write};

use khien_planread::model::{Due, Reading};
use zip::write::SimpleFileOptions;

/// A .docx with these parts.
pub(crate) fn docx(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A `word/document.xml` with this body.
pub(crate) fn document(body: &str) -> String {
    format!(r#"<?xml version="1.0"?><w:document xmlns:w="w" xmlns:mc="m"><w:body>{body}</w:body></w:document>"#)
}

fn p(text: &str) -> String {
    format!(r#"<w:p><w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>"#)
}

/// A paragraph of list 1 at a level.
fn item(level: u8, text: &str) -> String {
    let list = format!(r#"<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="1"/></w:numPr>"#);
    format!("<w:p><w:pPr>{list}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>")
}

fn cell(properties: &str, text: &str) -> String {
    format!("<w:tc><w:tcPr>{properties}</w:tcPr>{}</w:tc>", p(text))
}

fn row(cells: &[(&str, &str)]) -> String {
    let cells: String = cells.iter().map(|(properties, text)| cell(properties, text)).collect();
    format!("<w:tr>{cells}</w:tr>")
}

const LISTS: &str = r#"<w:numbering xmlns:w="w"><w:abstractNum w:abstractNumId="0">
  <w:lvl w:ilvl="0"><w:numFmt w:val="upperRoman"/><w:lvlText w:val="%1."/></w:lvl>
  <w:lvl w:ilvl="1"><w:numFmt w:val="decimal"/><w:lvlText w:val="%2."/></w:lvl>
  <w:lvl w:ilvl="2"><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%3)"/></w:lvl>
</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>"#;

fn read(body: &str) -> Reading {
    let document = document(body);
    let bytes = docx(&[("word/document.xml", &document), ("word/numbering.xml", LISTS)]);
    khien_planread::read(&bytes, "Kế hoạch.DOCX").unwrap()
}

#[test]
fn a_plan_numbered_by_word_has_its_numbers() {
    let body = [
        p("KẾ HOẠCH"),
        p("Bảo đảm an ninh mạng"),
        item(0, "MỤC TIÊU"),
        item(1, "Đến hết quý II/2027"),
        item(2, "100% hệ thống thông tin được giám sát."),
        item(2, "Mở 04 lớp tập huấn mỗi quý."),
        item(0, "NHIỆM VỤ"),
        item(1, "Về con người"),
        item(2, "Sở Nội vụ chủ trì rà soát vị trí việc làm &amp; biên chế."),
    ]
    .concat();
    let reading = read(&body);
    let measures: Vec<&str> = reading.targets.iter().map(|t| t.measure.as_str()).collect();
    assert_eq!(measures, ["100% hệ thống thông tin được giám sát", "Mở 04 lớp tập huấn mỗi quý"]);
    assert_eq!(reading.targets[1].origin.headings, ["I. MỤC TIÊU", "1. Đến hết quý II/2027", "b)"]);
    assert_eq!(reading.targets[0].due, Some(Due::By { date: "2027-06-30".parse().unwrap() }));
    let task = &reading.tasks[0];
    assert_eq!((task.group.as_str(), task.number.as_str()), ("1. Về con người", "a"));
    assert_eq!(task.text, "Sở Nội vụ chủ trì rà soát vị trí việc làm & biên chế");
    assert_eq!(task.lead[0].name, "Sở Nội vụ");
}

#[test]
fn merged_cells_and_a_head_of_two_rows_are_read() {
    let (start, down) = (r#"<w:vMerge w:val="restart"/>"#, "<w:vMerge/>");
    let table = [
        row(&[
            (start, "STT"),
            (start, "Nội dung"),
            (r#"<w:gridSpan w:val="2"/>"#, "Đơn vị thực hiện"),
            (start, "Thời gian"),
        ]),
        row(&[(down, ""), (down, ""), ("", "Chủ trì"), ("", "Phối hợp"), (down, "")]),
        row(&[(r#"<w:gridSpan w:val="5"/>"#, "A. Hạ tầng")]),
        row(&[
            ("", "1"),
            ("", "Dựng trung tâm giám sát"),
            (start, "Công an tỉnh"),
            ("", "Sở Tài chính"),
            ("", "2026-2027"),
        ]),
        row(&[("", "2"), ("", "Thuê đường truyền"), (down, ""), ("", ""), ("", "Quý III/2026")]),
    ]
    .concat();
    let reading = read(&format!("{}<w:tbl>{table}</w:tbl>", p("KẾ HOẠCH")));
    let seen: Vec<String> = reading
        .tasks
        .iter()
        .map(|t| {
            let names = |l: &[khien_planread::model::Agency]| l.iter().map(|a| a.name.clone()).collect::<String>();
            format!("{} {} {} {} {} {}", t.group, t.number, t.text, names(&t.lead), names(&t.coordinate), t.due_text)
        })
        .collect();
    assert_eq!(
        seen,
        [
            "A. Hạ tầng 1 Dựng trung tâm giám sát Công an tỉnh Sở Tài chính 2026-2027",
            "A. Hạ tầng 2 Thuê đường truyền Công an tỉnh  Quý III/2026",
        ]
    );
}

#[test]
fn deleted_text_and_second_copies_are_not_read() {
    let tracked = r#"<w:p><w:r><w:t>1. Rà soát </w:t></w:r><w:del><w:r><w:delText>cũ</w:delText><w:t>cũ</w:t></w:r></w:del>
        <w:ins><w:r><w:t>mọi hệ thống</w:t></w:r></w:ins><w:r><w:tab/><w:t>thông tin.</w:t></w:r>
        <mc:AlternateContent><mc:Fallback><w:p><w:r><w:t>lần hai</w:t></w:r></w:p></mc:Fallback></mc:AlternateContent></w:p>"#;
    let reading = read(&format!("{}{}{tracked}", p("KẾ HOẠCH"), p("I. NHIỆM VỤ")));
    let texts: Vec<&str> = reading.tasks.iter().map(|t| t.text.as_str()).collect();
    assert_eq!(texts, ["Rà soát mọi hệ thống thông tin"]);
}
