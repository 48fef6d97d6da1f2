//! The initial report of an incident as DOCX and PDF, opened by LibreOffice and read by poppler.

use std::process::Command;

use khien_base::ports::{Block, Document, Format, Printer};
use khien_print::NationalForm;

fn document() -> Document {
    Document {
        superior: "CÔNG AN TỈNH BẮC NINH".into(),
        issuer: "TRUNG TÂM AN NINH MẠNG".into(),
        number: "05/BC-TTANM".into(),
        place: "Bắc Ninh".into(),
        date: chrono::NaiveDate::from_ymd_opt(2026, 1, 5),
        kind: "BÁO CÁO".into(),
        subject: "Ban đầu về sự cố an ninh mạng".into(),
        body: vec![
            Block::Heading { level: 1, text: "I. THÔNG TIN CHUNG".into() },
            Block::Field { label: "Hệ thống".into(), value: "Hồ sơ sức khỏe điện tử".into() },
            Block::Field { label: "Người báo cáo".into(), value: String::new() },
        ],
        recipients: vec!["Như trên".into(), "Lưu: VT".into()],
        post: "GIÁM ĐỐC".into(),
        ..Document::default()
    }
}

fn has(tool: &str) -> bool {
    Command::new(tool).arg("--version").output().is_ok() || Command::new(tool).arg("-v").output().is_ok()
}

#[test]
fn the_word_document_opens_in_libreoffice_and_becomes_a_pdf() {
    if !has("soffice") || !has("pdftotext") {
        eprintln!("skipped: soffice and pdftotext are not on this machine");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let docx = folder.path().join("bao-cao.docx");
    std::fs::write(&docx, NationalForm.print(&document(), Format::Docx).unwrap()).unwrap();
    let profile = format!("-env:UserInstallation=file://{}", folder.path().join("profile").display());
    let done = Command::new("soffice")
        .args([&profile, "--headless", "--convert-to", "pdf", "--outdir"])
        .arg(folder.path())
        .arg(&docx)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let text = Command::new("pdftotext").arg(folder.path().join("bao-cao.pdf")).arg("-").output().unwrap();
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    for words in ["CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "05/BC-TTANM", "Hồ sơ sức khỏe điện tử", "GIÁM ĐỐC"]
    {
        assert!(text.contains(words), "no «{words}» in {text}");
    }
}
