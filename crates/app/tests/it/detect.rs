//! `khien detect` as a script runs it: exit codes, files, what stands where.

use std::path::Path;
use std::process::{Command, Output};

const RULE: &str = "title: Encoded command\nid: 11111111-2222-3333-4444-555555555555\nlevel: high\n\
    tags: [attack.t1059.001]\nlogsource: {product: windows, category: process_creation}\n\
    detection: {s: {CommandLine|contains: ' -enc '}, condition: s}\n";

const EVENT: &str = r#"{"EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","Computer":"may-01","EventTime":"2026-06-10T07:00:01Z","Image":"C:\\p.exe","CommandLine":"p -enc x"}"#;

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rule.yml"), RULE).unwrap();
    std::fs::create_dir(folder.path().join("logs")).unwrap();
    std::fs::write(folder.path().join("logs/a.ndjson"), format!("{EVENT}\n")).unwrap();
    folder
}

fn khien(folder: &Path, arguments: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_khien"))
        .current_dir(folder)
        .env("LANG", "vi_VN.UTF-8")
        .arg("detect")
        .args(arguments.split_whitespace())
        .output()
        .unwrap()
}

fn told(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn exit_codes_say_how_it_ended() {
    let folder = folder();
    let (code, out, err) = told(&khien(folder.path(), "--rules rule.yml --input logs"));
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("10/06/2026 14:00:01  Cao") && out.contains("may-01"), "{out}");
    assert!(err.contains("1 lần khớp của 1 luật"), "{err}");

    let (code, ..) = told(&khien(folder.path(), "--rules rule.yml --input logs --fail-on high"));
    assert_eq!(code, 3);
    let (code, ..) = told(&khien(folder.path(), "--rules rule.yml --input logs --fail-on critical"));
    assert_eq!(code, 0);

    std::fs::write(folder.path().join("logs/b.ndjson"), format!("{EVENT}\n{{\"broken\":\n")).unwrap();
    let (code, out, err) = told(&khien(folder.path(), "--rules rule.yml --input logs --lang en"));
    assert_eq!((code, out.lines().count()), (2, 2), "{err}");
    assert!(err.contains("logs/b.ndjson: line 2 is not JSON"), "{err}");
}

#[test]
fn what_cannot_be_run_is_one_and_says_why_in_the_readers_language() {
    let folder = folder();
    for (arguments, code) in [
        ("--rules rule.yml --input nowhere", "hunt.no-input"),
        ("--rules nowhere --input logs", "hunt.no-rule-folder"),
        ("--input logs --rule no-such-rule", "hunt.no-rules"),
        ("--input logs --from 31/02/2026", "hunt.moment"),
        ("--input logs --output a.docx", "hunt.output-kind"),
        ("--input logs --output logs/a.ndjson", "hunt.output-is-input"),
    ] {
        let (exit, out, err) = told(&khien(folder.path(), arguments));
        assert_eq!((exit, out.as_str()), (1, ""), "{arguments}: {err}");
        assert!(err.contains(&format!("[{code}]")) && !err.contains('{'), "{arguments}: {err}");
    }
    for arguments in ["", "--input logs --threads 0", "--input logs --min-level bad"] {
        assert_eq!(told(&khien(folder.path(), arguments)).0, 1, "{arguments}");
    }
    assert_eq!(std::fs::read_to_string(folder.path().join("logs/a.ndjson")).unwrap(), format!("{EVENT}\n"));
}

#[test]
fn timelines_go_to_their_files_and_our_own_rules_are_there_without_any() {
    let folder = folder();
    let (code, out, err) =
        told(&khien(folder.path(), "--rules rule.yml --input logs -o t.html --navigator layer.json --stats --quiet"));
    assert_eq!((code, out.as_str()), (0, ""), "{err}");
    assert!(err.contains("Sự kiện đã đọc") && !err.contains("lần khớp của"), "{err}");
    let page = std::fs::read_to_string(folder.path().join("t.html")).unwrap();
    assert!(page.contains("Dòng thời gian phát hiện") && page.contains("Encoded command"));
    let layer = std::fs::read_to_string(folder.path().join("layer.json")).unwrap();
    assert!(layer.contains("\"T1059.001\""));

    let cleared = r#"{"Channel":"Security","EventID":1102,"Computer":"may-vp-01","SubjectUserName":"admin01"}"#;
    std::fs::write(folder.path().join("logs/a.ndjson"), cleared).unwrap();
    let (code, out, _) = told(&khien(folder.path(), "--input logs --output-format ndjson --quiet"));
    assert_eq!(code, 0);
    assert!(out.lines().count() == 1 && out.contains("\"may-vp-01\""), "{out}");
}
