//! What a clerk gets: the files are opened again by other programs, and read.

use std::io::{Cursor, Read};
use std::path::Path;
use std::process::Command;

use chrono::NaiveDate;
use khien_base::ports::{Appendix, Block, Column, Document, Format, Printer};

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

/// Writes the sample into `KHIEN_PRINT_OUT`, for eyes.
#[test]
fn sample_files() {
    #[expect(clippy::disallowed_methods, reason = "a developer's own request to look at the pages")]
    let Ok(out) = std::env::var("KHIEN_PRINT_OUT") else { return println!("skipped: KHIEN_PRINT_OUT is not set") };
    let letter = Document {
        kind: String::new(),
        subject: "phối hợp rà soát lỗ hổng bảo mật trên các hệ thống thông tin".to_owned(),
        to: texts(&["Các sở, ban, ngành thuộc tỉnh"]),
        date: None,
        number: "/CAT-PA05".to_owned(),
        bases: Vec::new(),
        appendixes: Vec::new(),
        ..report()
    };
    for (name, document) in [("report", report()), ("letter", letter)] {
        for (format, end) in [(Format::Docx, "docx"), (Format::Pdf, "pdf")] {
            let file = NationalForm.print(&document, format).unwrap();
            std::fs::write(Path::new(&out).join(format!("{name}.{end}")), file).unwrap();
        }
    }
}
