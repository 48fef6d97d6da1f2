//! Logs and rules inside archives.

use std::io::{Cursor, Write};
use std::path::Path;

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{Case, RULE, event, outcome, tree};

fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

#[test]
fn logs_in_gzip_and_zip_are_read_where_they_lie() {
    let case = Case::new();
    let one = event(1, "a", "x -enc y");
    case.log("a.ndjson.gz", gzipped(one.as_bytes()));
    // Two members, as log rotation appends them.
    case.log("b.ndjson.gz", [gzipped(format!("{one}\n").as_bytes()), gzipped(one.as_bytes())].concat());
    case.log("c.zip", zipped(&[("x/y.ndjson", one.as_bytes()), ("picture.png", b"\x89PNG\0")]));
    assert_eq!(outcome(&case), (4, 0, String::new()));
    let rows = case.rows();
    assert!(rows.iter().any(|row| row["log_file"].as_str().unwrap().ends_with("c.zip!x/y.ndjson")), "{rows:#?}");
}

#[test]
fn names_that_climb_out_of_an_archive_are_only_names() {
    let case = Case::new();
    let one = event(1, "a", "x -enc y");
    case.log("c.zip", zipped(&[("../../../climbed.ndjson", one.as_bytes()), ("\x1b[2Jd.ndjson", one.as_bytes())]));
    let before = tree(case.folder.path()).len();
    assert_eq!(outcome(&case), (2, 0, String::new()));
    assert_eq!(tree(case.folder.path()).len(), before + 1, "the timeline and nothing else");
    assert!(!Path::new(&case.at("climbed.ndjson")).exists());
    let files: Vec<_> = case.rows().iter().map(|row| row["log_file"].as_str().unwrap().to_owned()).collect();
    assert!(files[0].ends_with("c.zip!../../../climbed.ndjson"), "{files:?}");
    assert!(files.iter().all(|file| !file.contains('\x1b')), "{files:?}");
}

#[test]
fn a_bomb_is_told_and_ends_where_the_limit_is() {
    let case = Case::new();
    // 40 MiB of blanks in 40 KiB, behind one event.
    let mut blank = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    blank.write_all(&vec![b' '; 1 << 20]).unwrap();
    let mut bomb = gzipped(format!("{}\n", event(1, "a", "x -enc y")).as_bytes());
    bomb.extend(blank.finish().unwrap().repeat(40));
    assert!(bomb.len() < 1 << 17, "{}", bomb.len());
    case.log("bomb.gz", bomb).log("a.ndjson", event(2, "b", "x -enc y"));
    let (matches, troubles, told) = outcome(&case);
    assert_eq!((matches, troubles), (2, 2), "{told}");
    assert!(told.contains("[logs.line-too-long]") && told.contains("[hunt.archive-too-large]"), "{told}");
}

#[test]
fn archives_in_archives_passwords_and_damage_are_told_by_entry() {
    let case = Case::new();
    let inner = zipped(&[("a.ndjson", event(1, "a", "x -enc y").as_bytes())]);
    case.log("nested.zip", zipped(&[("inner.zip", &inner), ("inner.gz", &gzipped(b"{}"))]));
    let mut damaged = zipped(&[("b.ndjson", event(1, "b", "x -enc y").repeat(50).as_bytes())]);
    let middle = damaged.len() / 3;
    damaged[middle] ^= 0x55;
    case.log("damaged.zip", damaged).log("cut.zip", &inner[..inner.len() / 2]);
    let (.., told) = outcome(&case);
    for expected in [
        "nested.zip!inner.zip: an archive inside an archive",
        "nested.zip!inner.gz: an archive inside an archive",
        "damaged.zip!b.ndjson: ",
        "cut.zip: the archive is broken",
    ] {
        assert!(told.contains(expected), "{expected} is missing in {told}");
    }
}

#[test]
fn rules_come_out_of_an_archive_too() {
    let mut case = Case::new();
    case.log("a.ndjson", event(1, "a", "x -enc y"));
    std::fs::write(case.at("rules.zip"), zipped(&[("sigma/one.yml", RULE.as_bytes()), ("README.md", b"#")])).unwrap();
    case.order.rules = vec![case.at("rules.zip")];
    assert_eq!(outcome(&case), (1, 0, String::new()));
    assert!(case.rows()[0]["rule_file"].as_str().unwrap().ends_with("rules.zip!sigma/one.yml"));
}
