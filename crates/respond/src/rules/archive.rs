//! Rule files out of what was uploaded: a .yml file, a .zip, a .tar.gz.
//!
//! Nothing is written to a disk; names are only names. Sizes are counted while reading, so that what an archive claims
//! of itself is never trusted.

use std::io::{Cursor, Read};

use flate2::read::MultiGzDecoder;
use khien_base::{Fault, Result};
use khien_detect::{is_rule_file, limits::FILE_BYTES};
use zip::ZipArchive;

/// Bytes that may be uploaded.
pub const UPLOAD: usize = 64 << 20;
/// Entries of an archive, folders and files of other kinds included.
pub const ENTRIES: usize = 40_000;
/// Bytes of all rule files together. SigmaHQ's whole release of 2026 has 12 MB.
pub const TOTAL: u64 = 128 << 20;
/// How many times smaller a rule file may have been; YAML rarely passes 20.
const RATIO: u64 = 200;
/// Below this size the ratio says nothing.
const RATIO_FROM: u64 = 64 << 10;

/// A rule file: its name and its text.
pub type File = (String, String);

/// The rule files of an upload, by name. Files of other kinds are passed over.
///
/// Faults: `rules.archive-kind`, `rules.archive-broken`, `rules.archive-large` (`what`, `limit`), `rules.archive-empty`.
pub fn files(name: &str, bytes: &[u8]) -> Result<Vec<File>> {
    let lower = name.to_lowercase();
    let mut found = if lower.ends_with(".yml") || lower.ends_with(".yaml") {
        vec![(name.to_owned(), String::from_utf8_lossy(bytes).into_owned())]
    } else if bytes.starts_with(b"PK") {
        zipped(bytes)?
    } else if bytes.starts_with(&[0x1f, 0x8b]) {
        packed(bytes)?
    } else {
        return Err(Fault::invalid("rules.archive-kind").on("file"));
    };
    if found.is_empty() {
        return Err(Fault::invalid("rules.archive-empty").on("file"));
    }
    found.sort();
    Ok(found)
}

fn zipped(bytes: &[u8]) -> Result<Vec<File>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
    if archive.len() > ENTRIES {
        return Err(large("entries", ENTRIES));
    }
    let (mut found, mut total) = (Vec::new(), 0);
    for place in 0..archive.len() {
        let file = archive.by_index(place).map_err(|error| broken(&error))?;
        let name = file.name().map_err(|error| broken(&error))?.into_owned();
        let Some(name) = wanted(&name).filter(|_| file.is_file()) else { continue };
        let packed = file.compressed_size().max(1);
        let text = text(file, &mut total)?;
        if text.len() as u64 > RATIO_FROM && text.len() as u64 / packed > RATIO {
            return Err(large("ratio", RATIO));
        }
        found.push((name, text));
    }
    Ok(found)
}

fn packed(bytes: &[u8]) -> Result<Vec<File>> {
    // What is passed over is unpacked too: the whole stream has a limit of its own.
    let most = TOTAL * 2;
    let mut archive = tar::Archive::new(MultiGzDecoder::new(bytes).take(most + 1));
    let (mut found, mut total, mut entries, mut seen) = (Vec::new(), 0, 0, 0u64);
    for entry in archive.entries().map_err(|error| broken(&error))? {
        let entry = entry.map_err(|error| if seen > most { large("bytes", most) } else { broken(&error) })?;
        entries += 1;
        seen = seen.saturating_add(entry.size());
        if entries > ENTRIES {
            return Err(large("entries", ENTRIES));
        }
        if seen > most {
            return Err(large("bytes", most));
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let Some(name) = wanted(&name).filter(|_| entry.header().entry_type().is_file()) else { continue };
        found.push((name, text(entry, &mut total)?));
    }
    Ok(found)
}

/// The text of one file, counted while it is read.
fn text(file: impl Read, total: &mut u64) -> Result<String> {
    let mut bytes = Vec::new();
    file.take(FILE_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(|error| broken(&error))?;
    *total += bytes.len() as u64;
    if bytes.len() > FILE_BYTES {
        return Err(large("file", FILE_BYTES));
    }
    if *total > TOTAL {
        return Err(large("bytes", TOTAL));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The name of a rule file, if it is one and its name stays inside the archive.
fn wanted(name: &str) -> Option<String> {
    const LONGEST: usize = 400;
    let name = name.trim_start_matches("./");
    let inside = !name.starts_with('/')
        && !name.contains(['\\', ':'])
        && !name.chars().any(char::is_control)
        && name.split('/').all(|part| !part.is_empty() && part != ".." && !part.starts_with('.'));
    (is_rule_file(name) && inside && name.len() <= LONGEST).then(|| name.to_owned())
}

fn broken(error: &dyn std::fmt::Display) -> Fault {
    let mut fault = Fault::invalid("rules.archive-broken").on("file");
    fault.cause = Some(error.to_string());
    fault
}

fn large(what: &'static str, limit: impl std::fmt::Display) -> Fault {
    Fault::invalid("rules.archive-large").on("file").with("what", what).with("limit", limit)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Write;

    use super::*;

    /// A .zip of these files.
    pub(crate) fn zip_of(files: &[(&str, &str)]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in files {
            writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(text.as_bytes()).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn tar_of(files: &[(&str, &str)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default()));
        for (name, text) in files {
            let mut header = tar::Header::new_ustar();
            // Set by hand: the builder refuses names that lead out, attackers do not.
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            builder.append(&header, text.as_bytes()).unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap()
    }

    const FILES: [(&str, &str); 6] = [
        ("rules/b.yml", "title: b"),
        ("rules/a.yaml", "title: a"),
        ("../out.yml", "title: out"),
        ("/etc/rule.yml", "title: root"),
        ("rules/.hidden/x.yml", "title: hidden"),
        ("README.md", "text"),
    ];

    #[test]
    fn both_kinds_of_archives_give_the_same_files_and_none_from_outside() {
        let names = |found: Vec<File>| found.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names(files("r.zip", &zip_of(&FILES)).unwrap()), ["rules/a.yaml", "rules/b.yml"]);
        assert_eq!(names(files("r.tar.gz", &tar_of(&FILES)).unwrap()), ["rules/a.yaml", "rules/b.yml"]);
        assert_eq!(names(files("one.yml", b"title: x").unwrap()), ["one.yml"]);
    }

    #[test]
    fn what_cannot_be_used_is_told() {
        let code = |name: &str, bytes: &[u8]| files(name, bytes).unwrap_err().code;
        assert_eq!(code("r.zip", b"PKnothing"), "rules.archive-broken");
        assert_eq!(code("r.tar.gz", &[0x1f, 0x8b, 1, 2]), "rules.archive-broken");
        assert_eq!(code("r.rar", b"Rar!"), "rules.archive-kind");
        assert_eq!(code("r.zip", &zip_of(&[("README.md", "x")])), "rules.archive-empty");
        let mut cut = zip_of(&FILES);
        cut.truncate(cut.len() / 2);
        assert_eq!(code("r.zip", &cut), "rules.archive-broken");
    }

    #[test]
    fn a_small_archive_never_becomes_a_large_text() {
        let spaces = " ".repeat(900 * 1024);
        let fault = files("r.zip", &zip_of(&[("a.yml", &spaces)])).unwrap_err();
        assert_eq!((fault.code.as_ref(), fault.args[0].1.as_str()), ("rules.archive-large", "ratio"));
        let fault = files("r.zip", &zip_of(&[("a.yml", &"x".repeat(FILE_BYTES + 1))])).unwrap_err();
        assert_eq!(fault.args[0].1, "file");
        let long = "y".repeat(FILE_BYTES);
        let many: Vec<(String, &str)> = (0..130).map(|n| (format!("{n}.yml"), long.as_str())).collect();
        let many: Vec<(&str, &str)> = many.iter().map(|(name, text)| (name.as_str(), *text)).collect();
        let fault = files("r.tar.gz", &tar_of(&many)).unwrap_err();
        assert_eq!((fault.code.as_ref(), fault.args[0].1.as_str()), ("rules.archive-large", "bytes"));
    }
}
