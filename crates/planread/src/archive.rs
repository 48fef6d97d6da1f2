//! The parts of a .docx, read out of its zip under limits.
//!
//! A .docx is a zip (ECMA-376 part 2). Nothing is unpacked to disk; only the named parts are read, each up to a
//! limit that is counted while reading, so that what the archive claims of itself is never trusted.

use std::io::{Cursor, Read};

use khien_base::{Fault, Result};
use zip::ZipArchive;

/// More entries than any office writes into a document.
const MAX_ENTRIES: usize = 2_000;
/// Bytes of one part after decompression; the largest real plans stay under 1 MB.
const MAX_PART: u64 = 32 * 1024 * 1024;
/// How many times smaller a part may have been; text rarely passes 40.
const MAX_RATIO: u64 = 200;
/// Below this size the ratio says nothing (a page of spaces is harmless).
const RATIO_FROM: u64 = 1024 * 1024;

/// An opened .docx.
pub(crate) struct Archive<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
}

impl<'a> Archive<'a> {
    /// Opens it. Faults: `planread.docx-broken`, `planread.docx-bomb`.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self> {
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|e| broken("zip", e))?;
        if zip.len() > MAX_ENTRIES {
            return Err(bomb("zip", "entries", MAX_ENTRIES));
        }
        Ok(Self { zip })
    }

    /// Reads a part as text; `None` when there is no such part.
    pub(crate) fn text(&mut self, part: &str) -> Result<Option<String>> {
        let Some(index) = self.zip.index_for_name(part) else { return Ok(None) };
        let file = self.zip.by_index(index).map_err(|e| broken(part, e))?;
        let packed = file.compressed_size().max(1);
        let mut bytes = Vec::new();
        file.take(MAX_PART + 1).read_to_end(&mut bytes).map_err(|e| broken(part, e))?;
        let size = bytes.len() as u64;
        if size > MAX_PART {
            return Err(bomb(part, "bytes", MAX_PART));
        }
        if size > RATIO_FROM && size / packed > MAX_RATIO {
            return Err(bomb(part, "ratio", MAX_RATIO));
        }
        String::from_utf8(bytes).map(Some).map_err(|e| broken(part, e))
    }
}

/// The document cannot be read; `part` says where in it.
pub(crate) fn broken(part: &str, cause: impl std::fmt::Display) -> Fault {
    let mut fault = Fault::invalid("planread.docx-broken").with("part", part).on("file");
    fault.cause = Some(cause.to_string());
    fault
}

/// The document would grow past a limit.
pub(crate) fn bomb(part: &str, what: &'static str, limit: impl std::fmt::Display) -> Fault {
    Fault::invalid("planread.docx-bomb").with("part", part).with("what", what).with("limit", limit).on("file")
}
