//! Which files an order means.

use std::path::{Path, PathBuf};

use khien_base::{Fault, Result};

use crate::archive::{self, Packed};
use crate::limits;
use crate::trouble::Troubles;

/// A log file, on the disk or inside an archive.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// The name under which it is told: the path as it was given and found; `archive.zip!inner/name` inside an archive.
    pub(crate) name: String,
    /// The file on the disk.
    pub(crate) path: PathBuf,
    /// Where it lies in the archive at `path`.
    pub(crate) packed: Option<Packed>,
    /// Bytes that are read from the disk.
    pub(crate) bytes: u64,
    /// Whether it was named itself and not found in a folder or archive: then it is a log whatever it looks like.
    pub(crate) named: bool,
}

/// All files under the inputs, in the order of inputs and names. Links are followed where they are named and not within
/// folders, so there is no circle and no way out of a folder.
///
/// Faults that end the run: `hunt.no-input` (`file`) for an input that is not there, `hunt.too-many-files` (`limit`).
pub(crate) fn find(inputs: &[PathBuf], troubles: &Troubles) -> Result<Vec<Source>> {
    let mut found = Vec::new();
    for input in inputs {
        let meta = std::fs::metadata(input)
            .map_err(|error| Fault::invalid("hunt.no-input").with("file", input.display()).with("what", error))?;
        if meta.is_dir() {
            let mut files = Vec::new();
            walk(input, &mut files, troubles)?;
            for path in files {
                let bytes = std::fs::metadata(&path).map_or(0, |meta| meta.len());
                add(&path, bytes, false, &mut found, troubles)?;
            }
        } else {
            add(input, meta.len(), true, &mut found, troubles)?;
        }
    }
    Ok(found)
}

/// The files of a folder and of those below it, by name.
pub(crate) fn walk(root: &Path, files: &mut Vec<PathBuf>, troubles: &Troubles) -> Result<()> {
    let before = files.len();
    let mut next = vec![(root.to_owned(), 0)];
    while let Some((folder, depth)) = next.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                troubles.add(&shown(&folder), unreadable(&error));
                continue;
            }
        };
        for entry in entries {
            let known = entry.and_then(|entry| Ok((entry.file_type()?, entry)));
            let (kind, entry) = match known {
                Ok(known) => known,
                Err(error) => {
                    troubles.add(&shown(&folder), unreadable(&error));
                    continue;
                }
            };
            if kind.is_dir() {
                if depth < limits::DEPTH {
                    next.push((entry.path(), depth + 1));
                } else {
                    troubles.add(&shown(&entry.path()), Fault::invalid("hunt.too-deep").with("limit", limits::DEPTH));
                }
            } else if kind.is_file() {
                if files.len() >= limits::FILES {
                    return Err(Fault::invalid("hunt.too-many-files").with("limit", limits::FILES));
                }
                files.push(entry.path());
            }
        }
    }
    if let Some(new) = files.get_mut(before..) {
        new.sort();
    }
    Ok(())
}

fn add(path: &Path, bytes: u64, named: bool, found: &mut Vec<Source>, troubles: &Troubles) -> Result<()> {
    let name = shown(path);
    if archive::is_zip(path) {
        match archive::entries(path) {
            Err(fault) => troubles.add(&name, fault),
            Ok(entries) => {
                for entry in entries {
                    let name = format!("{name}!{}", entry.name);
                    match entry.packed {
                        Err(fault) => troubles.add(&name, fault),
                        Ok(packed) => {
                            let bytes = packed.bytes;
                            found.push(Source { name, path: path.into(), packed: Some(packed), bytes, named: false });
                        }
                    }
                }
            }
        }
    } else {
        found.push(Source { name, path: path.into(), packed: None, bytes, named });
    }
    if found.len() > limits::FILES {
        return Err(Fault::invalid("hunt.too-many-files").with("limit", limits::FILES));
    }
    Ok(())
}

/// A path as it is told: without what could speak to the terminal.
pub(crate) fn shown(path: &Path) -> String {
    clean(&path.display().to_string())
}

/// Text without control characters.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

pub(crate) fn unreadable(error: &std::io::Error) -> Fault {
    let mut fault = Fault::invalid("hunt.unreadable").with("what", error);
    fault.cause = Some(error.to_string());
    fault
}
