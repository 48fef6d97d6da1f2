//! What a clerk gets: the files are opened again by other programs, and read.

use std::io::{Cursor, Read};
use std::path::Path;
use std::process::Command;

use chrono::NaiveDate;
use khien_base::ports::{Appendix, Block, Column, Document, Format, Printer};
use quick_xml::events::Event;

use crate::NationalForm;

fn column(title: &str, width: u16, number: bool) -> Column {
    Column { title: title.to_owned(), width, number }
}

fn texts(items: &[&str]) -> Vec<String> {
    items.iter().map(|s| (*s).to_owned()).collect()
}

fn heading(level: u8, text: &str) -> Block {
    Block::Heading { level, text: text.to_owned() }
}

fn paragraph(text: &str) -> Block {
    Block::Paragraph { text: text.to_owned() }
}

fn field(label: &str, value: &str) -> Block {
    Block::Field { label: label.to_owned(), value: value.to_owned() }
}

fn impact() -> Block {
    Block::Table {
        columns: vec![
            column("STT", 8, false),
            column("Hệ thống", 40, false),
            column("Cấp độ", 14, false),
            column("Số máy", 14, true),
        ],
        rows: vec![
            texts(&["A. Hệ thống của tỉnh"]),
            texts(&["1", "Cổng thông tin điện tử tỉnh", "3", "12"]),
            texts(&["2", "Hệ thống thông tin giải quyết thủ tục hành chính tỉnh", "3", "1.204"]),
            texts(&["B. Hệ thống của xã, phường"]),
            texts(&["3", "Trang thông tin điện tử phường Kinh Bắc", "2", "3"]),
        ],
    }
}

/// The initial report of an incident, as the centre sends it.
pub(crate) fn report() -> Document {
    Document {
        superior: "ỦY BAN NHÂN DÂN TỈNH BẮC NINH".to_owned(),
        issuer: "CÔNG AN TỈNH".to_owned(),
        number: "5/BC-CAT".to_owned(),
        place: "Bắc Ninh".to_owned(),
        date: NaiveDate::from_ymd_opt(2026, 1, 5),
        kind: "Báo cáo".to_owned(),
        subject: "Ban đầu về sự cố an ninh mạng tại Cổng thông tin điện tử tỉnh".to_owned(),
        to: texts(&[
            "Cục An ninh mạng và phòng, chống tội phạm sử dụng công nghệ cao",
            "Ủy ban nhân dân tỉnh Bắc Ninh",
        ]),
        bases: texts(&[
            "Căn cứ Luật An ninh mạng số 116/2025/QH15",
            "Căn cứ Nghị định số 331/2026/NĐ-CP ngày 19 tháng 8 năm 2026 của Chính phủ",
        ]),
        body: vec![
            heading(1, "I. Thông tin chung"),
            paragraph(
                "Hồi 08 giờ 15 phút ngày 05/01/2026, hệ thống giám sát của Trung tâm An ninh mạng phát hiện dấu hiệu thay đổi nội dung trái phép trên Cổng thông tin điện tử tỉnh. Sự cố được xác định thuộc mức nghiêm trọng, thời hạn báo cáo ban đầu là 24 giờ kể từ khi phát hiện.",
            ),
            heading(2, "1. Đơn vị vận hành"),
            field("Tên đơn vị", "Trung tâm Chuyển đổi số tỉnh Bắc Ninh"),
            field("Người liên hệ", ""),
            field("Mã băm của mã độc", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
            heading(2, "2. Hệ thống bị ảnh hưởng"),
            impact(),
            heading(1, "II. Đề nghị"),
            heading(3, "a) Đối với đơn vị vận hành"),
            paragraph(
                "Cô lập máy chủ, giữ nguyên hiện trạng, sao lưu nhật ký và phối hợp với Công an tỉnh trong quá trình điều tra.",
            ),
            paragraph("Công an tỉnh báo cáo để Cục An ninh mạng và Ủy ban nhân dân tỉnh theo dõi, chỉ đạo."),
        ],
        recipients: texts(&[
            "Như trên",
            "Đồng chí Giám đốc (để báo cáo)",
            "Trung tâm Chuyển đổi số tỉnh",
            "Lưu: VT, PA05",
        ]),
        authority: "KT. GIÁM ĐỐC".to_owned(),
        post: "Phó Giám đốc".to_owned(),
        signer: "Đại tá Nguyễn Văn An".to_owned(),
        appendixes: vec![appendix("Danh sách địa chỉ tấn công", 4), appendix("Diễn biến sự cố", 3)],
    }
}

fn appendix(title: &str, rows: usize) -> Appendix {
    let row = |n: usize| vec![n.to_string(), format!("203.0.113.{n}"), format!("Dòng thứ {n} của phụ lục")];
    Appendix {
        title: title.to_owned(),
        attached_to: "Kèm theo Báo cáo số 05/BC-CAT ngày 05 tháng 01 năm 2026 của Công an tỉnh".to_owned(),
        body: vec![Block::Table {
            columns: vec![column("STT", 8, false), column("Địa chỉ IP", 25, false), column("Ghi chú", 60, false)],
            rows: (1..=rows).map(row).collect(),
        }],
    }
}

fn letter() -> Document {
    Document {
        kind: String::new(),
        subject: "phối hợp rà soát lỗ hổng bảo mật trên các hệ thống thông tin".to_owned(),
        to: texts(&["Các sở, ban, ngành thuộc tỉnh"]),
        date: None,
        number: "/CAT-PA05".to_owned(),
        bases: Vec::new(),
        appendixes: Vec::new(),
        ..report()
    }
}

fn print(document: &Document, format: Format) -> Vec<u8> {
    NationalForm.print(document, format).unwrap()
}

/// A file of the DOCX package.
fn packed(docx: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(docx)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// The texts of `word/document.xml`, paragraph after paragraph; fails where the XML is not well formed.
fn words(xml: &str) -> String {
    let mut reader = quick_xml::Reader::from_str(xml);
    reader.config_mut().check_end_names = true;
    let mut out = String::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Text(text) => out.push_str(&text),
            Event::GeneralRef(name) => {
                out.push_str(quick_xml::escape::resolve_predefined_entity(&name).unwrap_or("?"));
            }
            Event::End(end) if end.name().as_ref() == "w:p" => out.push('\n'),
            Event::Eof => return out,
            _ => {}
        }
    }
}

/// What a program says on its standard output; nothing when the program is not installed.
fn run(program: &str, arguments: &[&str]) -> Option<String> {
    match Command::new(program).args(arguments).output() {
        Ok(out) if out.status.success() => Some(String::from_utf8_lossy(&out.stdout).into_owned()),
        Ok(out) => panic!("{program} failed: {}", String::from_utf8_lossy(&out.stderr)),
        Err(_) => {
            println!("skipped: {program} is not installed");
            None
        }
    }
}

/// The text of a PDF, page by page, white space folded.
fn pages(pdf: &[u8]) -> Option<Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pdf");
    std::fs::write(&path, pdf).unwrap();
    let text = run("pdftotext", &["-layout", "-enc", "UTF-8", path.to_str().unwrap(), "-"])?;
    Some(text.trim_end_matches('\u{c}').split('\u{c}').map(folded).collect())
}

/// The PDF that LibreOffice makes of a Word file.
fn by_office(docx: &[u8]) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let (path, profile) = (folder.path().join("a.docx"), folder.path().join("profile"));
    std::fs::write(&path, docx).unwrap();
    let profile = format!("-env:UserInstallation=file://{}", profile.to_str().unwrap());
    let out = folder.path().to_str().unwrap();
    run("soffice", &[&profile, "--headless", "--convert-to", "pdf", "--outdir", out, path.to_str().unwrap()])?;
    Some(std::fs::read(folder.path().join("a.pdf")).unwrap())
}

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Texts of the report that stand on one line of the page.
const PRINTED: [&str; 22] = [
    "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
    "Độc lập - Tự do - Hạnh phúc",
    "ỦY BAN NHÂN DÂN",
    "TỈNH BẮC NINH",
    "CÔNG AN TỈNH",
    "Số: 05/BC-CAT",
    "Bắc Ninh, ngày 05 tháng 01 năm 2026",
    "BÁO CÁO",
    "Ban đầu về sự cố an ninh mạng tại Cổng thông tin điện tử tỉnh",
    "Kính gửi:",
    "- Ủy ban nhân dân tỉnh Bắc Ninh.",
    "Căn cứ Luật An ninh mạng số 116/2025/QH15;",
    "I. THÔNG TIN CHUNG",
    "Tên đơn vị: Trung tâm Chuyển đổi số tỉnh Bắc Ninh",
    "A. Hệ thống của tỉnh",
    "1.204",
    "Nơi nhận:",
    "- Lưu: VT, PA05.",
    "KT. GIÁM ĐỐC",
    "PHÓ GIÁM ĐỐC",
    "Đại tá Nguyễn Văn An",
    "DANH SÁCH ĐỊA CHỈ TẤN CÔNG",
];

#[test]
fn the_word_file_holds_every_text_and_the_margins_of_the_decree() {
    let docx = print(&report(), Format::Docx);
    let xml = packed(&docx, "word/document.xml");
    let text = words(&xml);
    for printed in PRINTED {
        assert!(text.contains(printed), "{printed} is missing in {text}");
    }
    assert!(text.contains("theo dõi, chỉ đạo./.") && text.contains("Phụ lục II\nDIỄN BIẾN SỰ CỐ"));
    // 210 × 297 mm; 20, 15, 20 and 30 mm, in twips.
    assert!(xml.contains(r#"<w:pgSz w:w="11906" w:h="16838""#), "{xml}");
    assert!(xml.contains(r#"w:top="1134" w:right="850" w:bottom="1134" w:left="1701" w:header="567""#), "{xml}");
    assert!(xml.contains("<w:titlePg") && packed(&docx, "word/styles.xml").contains("Times New Roman"));
    let headers = [packed(&docx, "word/header1.xml"), packed(&docx, "word/header2.xml")];
    assert_eq!(headers.iter().filter(|h| h.contains("PAGE")).count(), 1, "no number on the first page");
    assert_eq!(xml.matches("<w:tblHeader />").count(), 3, "a repeating heading row in each of three tables");
    assert!(xml.contains(r#"<w:gridSpan w:val="4" />"#), "group rows span the table");
}

#[test]
fn office_opens_the_word_file_and_prints_it() {
    let Some(pdf) = by_office(&print(&report(), Format::Docx)) else { return };
    let Some(pages) = pages(&pdf) else { return };
    printed_pages(&pages);
}

#[test]
fn the_pdf_holds_every_text_and_numbers_its_pages_from_the_second() {
    let Some(pages) = pages(&print(&report(), Format::Pdf)) else { return };
    printed_pages(&pages);
}

fn printed_pages(pages: &[String]) {
    let all = pages.join(" ");
    for printed in PRINTED {
        assert!(all.contains(printed), "{printed} is missing in {all}");
    }
    assert!(
        all.contains("Người liên hệ: ....") || all.contains("Người liên hệ: . . ."),
        "a blank field is dotted: {all}"
    );
    assert_eq!(pages.len(), 4, "two pages and two appendixes: {pages:#?}");
    assert!(!pages[0].starts_with('1'), "{}", pages[0]);
    assert!(pages[1].starts_with("2 ") && pages[2].starts_with("3 Phụ lục I DANH SÁCH"), "{pages:#?}");
    assert!(pages[3].starts_with("4 Phụ lục II DIỄN BIẾN SỰ CỐ (Kèm theo Báo cáo số 05/BC-CAT"), "{}", pages[3]);
}

#[test]
fn a_letter_without_a_date_leaves_blanks_and_says_what_it_is_about() {
    let text = words(&packed(&print(&letter(), Format::Docx), "word/document.xml"));
    let flat = folded(&text);
    for printed in [
        "V/v phối hợp rà soát lỗ hổng bảo mật",
        "Bắc Ninh, ngày … tháng … năm …",
        "Số: /CAT-PA05",
        "Kính gửi: Các sở, ban, ngành thuộc tỉnh",
    ] {
        assert!(flat.contains(printed), "{printed} is missing in {text}");
    }
    let Some(pages) = pages(&print(&letter(), Format::Pdf)) else { return };
    assert!(pages[0].contains("ngày … tháng … năm …") && pages[0].contains("V/v phối hợp"), "{}", pages[0]);
}

#[test]
fn markup_of_any_language_prints_as_it_was_written() {
    let hostile = [
        r#"#eval("1+1")"#,
        "#panic()",
        "$x^2$",
        "*b* _i_ `c`",
        "= H",
        "@ref <label>",
        r"\u{41} \",
        "<w:p>&amp;</w:p>",
        "]]>",
        "-- --- ...",
        "\"q\" 'a'",
        "// c /* d */",
        r#"<w:trHeight w:val="1" w:hRule="atLeast" />"#,
    ];
    let mut document = report();
    document.body = hostile.iter().map(|h| paragraph(&format!("[{h}] hết:"))).collect();
    document.body.push(field("#label", hostile[7]));
    document.signer = "#set text(red)".to_owned();
    document.subject = "<w:b/> #strong[x]".to_owned();
    document.body.push(Block::Table { columns: vec![column("#c", 1, false)], rows: vec![texts(&["#cell $y$"])] });
    let extra = ["#label: <w:p>&amp;</w:p>", "#set text(red)", "<w:b/> #strong[x]", "#cell $y$"];
    let check = |name: &str, text: &str| {
        for h in hostile.iter().map(|h| format!("[{h}] hết:")).chain(extra.map(str::to_owned)) {
            assert!(text.contains(&h), "{h} is not in the {name}: {text}");
        }
    };
    let docx = print(&document, Format::Docx);
    check("docx", &words(&packed(&docx, "word/document.xml")));
    if let Some(pages) = pages(&print(&document, Format::Pdf)) {
        check("pdf", &pages.join(" "));
    }
    if let Some(pages) = by_office(&docx).and_then(|pdf| pages(&pdf)) {
        check("pdf of office", &pages.join(" "));
    }
}

#[test]
fn control_characters_are_left_out() {
    let mut document = report();
    document.body = vec![paragraph("mã\u{0}\u{1}\u{8}\u{1b} độc\u{b}\u{fffe}\u{202e} là:")];
    let text = words(&packed(&print(&document, Format::Docx), "word/document.xml"));
    assert!(text.contains("mã độc là:"), "{text}");
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()));
    let Some(pages) = pages(&print(&document, Format::Pdf)) else { return };
    assert!(pages[0].contains("mã độc là:"), "{}", pages[0]);
}

#[test]
fn a_long_table_repeats_its_heading_on_each_page() {
    let mut document = report();
    document.appendixes = vec![appendix("Danh sách dài", 200)];
    let check = |pages: &[String]| {
        let with_rows: Vec<_> = pages.iter().filter(|p| p.contains("203.0.113.")).collect();
        assert!(with_rows.len() >= 4, "{} pages", with_rows.len());
        assert!(with_rows.iter().all(|p| p.contains("STT Địa chỉ IP Ghi chú")), "{pages:#?}");
        let all = pages.join(" ");
        assert!((1..=200).all(|n| all.contains(&format!("Dòng thứ {n} của phụ lục"))));
    };
    if let Some(pages) = pages(&print(&document, Format::Pdf)) {
        check(&pages);
    }
    if let Some(pages) = by_office(&print(&document, Format::Docx)).and_then(|pdf| pages(&pdf)) {
        check(&pages);
    }
}

#[test]
fn a_hash_breaks_within_a_narrow_cell() {
    let hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let mut document = report();
    let columns = vec![column("Mã băm", 1, false), column("Ghi chú", 5, false)];
    document.body = vec![Block::Table { columns, rows: vec![texts(&[hash, "MỐC"])] }];
    let Some(pages) = pages(&print(&document, Format::Pdf)) else { return };
    assert!(!pages[0].contains(hash), "the hash runs over its cell");
    assert!(pages[0].contains(&hash[..8]) && pages[0].contains("MỐC"), "{}", pages[0]);
}

#[test]
fn an_empty_document_still_prints_the_form() {
    for format in [Format::Docx, Format::Pdf] {
        assert!(print(&Document::default(), format).len() > 1_000);
    }
}

#[test]
fn the_same_document_gives_the_same_file() {
    for format in [Format::Docx, Format::Pdf] {
        assert!(print(&report(), format) == print(&report(), format), "{format:?}");
    }
}

#[test]
fn what_is_past_the_limits_or_out_of_shape_is_refused_with_its_place() {
    let refused = |body: Vec<Block>| {
        let document = Document { appendixes: vec![Appendix { body, ..Appendix::default() }], ..report() };
        NationalForm.print(&document, Format::Docx).unwrap_err().to_string()
    };
    let table = |columns: usize, rows: Vec<Vec<String>>| Block::Table {
        columns: (0..columns).map(|n| column(&n.to_string(), 1, false)).collect(),
        rows,
    };
    assert!(refused(vec![paragraph(&"a".repeat(600_001))]).starts_with("print.too-long limit=600000 found=60"));
    let many = refused(vec![paragraph(&"\n".repeat(40_001))]);
    assert!(many.starts_with("print.too-many-parts limit=40000 found=4"), "{many}");
    assert_eq!(refused(vec![heading(4, "x")]), "print.heading-level place=appendixes/1/body/1 level=4");
    assert_eq!(refused(vec![table(0, Vec::new())]), "print.no-columns place=appendixes/1/body/1");
    assert_eq!(
        refused(vec![table(21, Vec::new())]),
        "print.too-many-columns place=appendixes/1/body/1 limit=20 found=21"
    );
    assert_eq!(
        refused(vec![paragraph("x"), table(3, vec![texts(&["nhóm"]), texts(&["a", "b"])])]),
        "print.row-width place=appendixes/1/body/2/rows/2 columns=3 cells=2"
    );
}

/// Writes the samples into the folder `KHIEN_PRINT_OUT`, for eyes, and says how long each took.
#[test]
fn sample_files() {
    #[expect(clippy::disallowed_methods, reason = "a developer's own request to look at the pages")]
    let Ok(out) = std::env::var("KHIEN_PRINT_OUT") else { return println!("skipped: KHIEN_PRINT_OUT is not set") };
    let mut long = report();
    long.appendixes = vec![appendix("Danh sách dài", 1_000)];
    for (name, document) in [("report", report()), ("letter", letter()), ("long", long), ("again", report())] {
        for (format, end) in [(Format::Docx, "docx"), (Format::Pdf, "pdf")] {
            let start = std::time::Instant::now();
            let file = print(&document, format);
            println!("{name}.{end}: {} bytes in {:?}", file.len(), start.elapsed());
            std::fs::write(Path::new(&out).join(format!("{name}.{end}")), file).unwrap();
        }
    }
}
