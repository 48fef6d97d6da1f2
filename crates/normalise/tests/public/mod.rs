//! Where the public data of tests lies. The tests of `detect` read the same data through this file.

use std::path::{Path, PathBuf};

/// A part of the public data (`KHIEN_CORPUS`, else beside the clone); none, and said so, where it is absent.
pub(crate) fn corpus(part: &str) -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "the one setting of tests on public data")]
    let root = std::env::var("KHIEN_CORPUS")
        .map_or_else(|_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let folder = root.join(part);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: {} is absent (set KHIEN_CORPUS)", folder.display());
    None
}

/// All files below a folder with this ending, in order.
pub(crate) fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|e| e == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}
