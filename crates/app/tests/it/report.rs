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

/// Whether the outside programs are to be left out: `KHIEN_WITHOUT=soffice`, for a machine that cannot have them.
#[expect(clippy::disallowed_methods, reason = "the one setting of this test")]
fn left_out() -> bool {
    std::env::var("KHIEN_WITHOUT").is_ok_and(|tools| tools.split(',').any(|tool| tool == "soffice"))
}

#[test]
fn the_word_document_opens_in_libreoffice_and_becomes_a_pdf() {
    if left_out() {
        println!("skipped: KHIEN_WITHOUT names soffice");
        return;
    }
    for (tool, asks) in [("soffice", "--version"), ("pdftotext", "-v")] {
        let there = Command::new(tool).arg(asks).output().is_ok();
        assert!(
            there,
            "{tool} is missing: run `scripts/setup.sh test`, or set KHIEN_WITHOUT=soffice to leave this out"
        );
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
