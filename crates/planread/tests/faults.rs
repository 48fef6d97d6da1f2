//! Files that are no plans: each gives its own coded fault that says where; nothing panics.

use khien_planread::MAX_BYTES;
use proptest::prelude::*;

use crate::word::{document, docx};

/// The fault as shown, its cause (for the log only) left out.
fn fault(bytes: &[u8], name: &str) -> String {
    let mut fault = khien_planread::read(bytes, name).unwrap_err();
    assert_eq!((fault.kind, fault.field.as_deref()), (khien_base::Kind::Invalid, Some("file")), "{fault}");
    fault.cause = None;
    fault.to_string()
}

fn part(text: &str) -> Vec<u8> {
    docx(&[("word/document.xml", text)])
}

#[test]
fn what_cannot_be_read_says_so() {
    let cut = {
        let whole = part(&document("<w:p/>"));
        whole[..whole.len() / 2].to_vec()
    };
    let cases: Vec<(&str, Vec<u8>, &str, &str)> = vec![
        ("empty", vec![], "a.txt", "planread.empty"),
        ("blank", b" \r\n\t ".to_vec(), "a.docx", "planread.empty"),
        ("too large", vec![b'x'; MAX_BYTES + 1], "a.txt", "planread.too-large limit=20971520"),
        ("a picture", b"GIF89a".to_vec(), "plan.gif", "planread.format name=plan.gif"),
        ("no ending", b"text".to_vec(), "plan", "planread.format name=plan"),
        ("text called docx", "KẾ HOẠCH".into(), "a.docx", "planread.not-docx"),
        ("docx called text", part("<a/>"), "a.md", "planread.text-is-docx"),
        ("cut off zip", cut, "a.docx", "planread.docx-broken part=zip"),
        (
            "zip without a document",
            docx(&[("mimetype", "x")]),
            "a.docx",
            "planread.docx-not-word part=word/document.xml",
        ),
        ("cut off xml", part("<w:document><w:body><w:p>"), "a.docx", "planread.docx-broken part=word/document.xml"),
        (
            "crossed xml",
            part("<w:document><w:p></w:document></w:p>"),
            "a.docx",
            "planread.docx-broken part=word/document.xml",
        ),
        ("not utf-8", b"K\xe1\xba\xbe HO\xff\xfeCH".to_vec(), "a.txt", "planread.text-not-utf8 byte=7"),
        ("a text without end", "a\n".repeat(2_100_000).into_bytes(), "a.txt", "planread.text-too-long limit=1000000"),
        ("a long text", "Một dòng chữ.\n".repeat(90_000).into_bytes(), "a.txt", "planread.text-too-long limit=1000000"),
        (
            "one long line",
            "chữ ".repeat(6_000).into_bytes(),
            "a.txt",
            "planread.paragraph-too-long limit=20000 block=0",
        ),
        ("no plan", "Kính gửi ông bà, tôi viết thư này.".into(), "a.txt", "planread.no-plan"),
        ("no plan in word", part(&document("<w:p><w:r><w:t>Thư mời</w:t></w:r></w:p>")), "a.docx", "planread.no-plan"),
    ];
    for (what, bytes, name, expected) in cases {
        assert_eq!(fault(&bytes, name), expected, "{what}");
    }
}

#[test]
fn bombs_are_refused() {
    let nested = format!("{}{}", "<w:p>".repeat(300), "</w:p>".repeat(300));
    assert_eq!(
        fault(&part(&document(&nested)), "a.docx"),
        "planread.docx-bomb part=word/document.xml what=depth limit=256"
    );
    let spaces = document(&format!("<w:p>{}</w:p>", " ".repeat(3 * 1024 * 1024)));
    assert_eq!(fault(&part(&spaces), "a.docx"), "planread.docx-bomb part=word/document.xml what=ratio limit=200");
    let names: Vec<String> = (0..2001).map(|i| format!("word/{i}")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|n| (n.as_str(), "")).collect();
    assert_eq!(fault(&docx(&many), "a.docx"), "planread.docx-bomb part=zip what=entries limit=2000");
    // Few enough bytes to pass the others, too many paragraphs.
    let paragraphs: String = (0..20_100).map(|i| format!("<w:p><w:r><w:t>{i}</w:t></w:r></w:p>")).collect();
    let refused = fault(&part(&document(&paragraphs)), "a.docx");
    assert_eq!(refused, "planread.docx-bomb part=word/document.xml what=pieces limit=20000");
}

#[test]
fn declared_entities_are_refused() {
    let laughs = r#"<!DOCTYPE w [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><w:document>&b;</w:document>"#;
    assert_eq!(fault(&part(laughs), "a.docx"), "planread.docx-doctype part=word/document.xml");
    let undeclared = document("<w:p><w:r><w:t>&secret;</w:t></w:r></w:p>");
    assert_eq!(fault(&part(&undeclared), "a.docx"), "planread.docx-doctype part=word/document.xml");
}

/// Pieces of grammar in any order, which reach deeper than noise does.
fn grammar() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "I. MỤC TIÊU",
        "II. NHIỆM VỤ",
        "III. TỔ CHỨC THỰC HIỆN",
        "PHỤ LỤC",
        "Nơi nhận:",
        "KẾ HOẠCH",
        "\n",
        "\n\n",
        "1. ",
        "a) ",
        "- ",
        "+ ",
        "\t",
        "Công an tỉnh",
        "các sở, ban, ngành",
        "UBND các xã, phường",
        "Văn phòng HĐND và",
        "chủ trì",
        "phối hợp với",
        "báo cáo",
        "định kỳ",
        "hằng năm",
        "6 tháng",
        "trước ngày 10/6",
        "ngày 31/02/2026",
        "Quý I/2026",
        "2026 - 2027",
        "đến năm",
        "(",
        ")",
        ";",
        ". ",
        ":",
        ",",
        "100%",
        "ít nhất 01 cuộc",
        "50 - ",
        "1.500",
        "99,5",
        "/năm",
        "nếu có khó khăn",
        "qua",
        "STT\tNhiệm vụ\tChủ trì\tThời gian",
        "| a | b | c |",
        "24 giờ",
        "Trong quá trình",
        "ẞ",
        "İ",
        "đ",
        "\u{0301}",
        "999999999999",
        "- Thời gian: ",
        "- Cơ quan chủ trì: ",
        "**",
        "#",
    ]);
    prop::collection::vec(words, 0..60).prop_map(|w| w.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..2048)) {
        for name in ["a.txt", "a.md", "a.docx"] {
            let _ = khien_planread::read(&bytes, name);
        }
        let zipped = [b"PK\x03\x04".as_slice(), &bytes].concat();
        prop_assert!(khien_planread::read(&zipped, "a.docx").is_err());
    }

    #[test]
    fn any_order_of_the_grammar_is_read_or_refused(text in grammar()) {
        if let Ok(reading) = khien_planread::read(text.as_bytes(), "a.txt") {
            let origins = reading.tasks.iter().map(|t| &t.origin).chain(reading.targets.iter().map(|t| &t.origin));
            for origin in origins.chain(reading.obligations.iter().map(|o| &o.origin)) {
                prop_assert!(origin.block < reading.blocks.len());
            }
        }
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
        let paragraphs: String = escaped.lines().map(|l| format!("<w:p><w:r><w:t>{l}</w:t></w:r></w:p>")).collect();
        let _ = khien_planread::read(&part(&document(&paragraphs)), "a.docx");
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,400}") {
        let _ = khien_planread::read(text.as_bytes(), "a.md");
        let _ = khien_planread::read(&part(&text), "a.docx");
        let _ = khien_planread::read(&part(&document(&text)), "a.docx");
    }
}
