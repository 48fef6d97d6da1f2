//! Logs inside archives, read where they lie: nothing is unpacked to the disk, and no name inside an archive is ever a
//! path of this machine.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::Crc;
use flate2::read::{DeflateDecoder, MultiGzDecoder};
use khien_base::{Fault, Result};
use zip::{CompressionMethod, ZipArchive};

use crate::limits;
use crate::sources::{clean, unreadable};

/// Where a file lies in a ZIP archive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packed {
    start: u64,
    /// Bytes in the archive.
    pub(crate) bytes: u64,
    deflated: bool,
    crc: u32,
}

/// A file in a ZIP archive.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Its name, without control characters.
    pub(crate) name: String,
    /// Where it lies, or why it is not read.
    pub(crate) packed: Result<Packed>,
}

/// Whether a file is a ZIP archive, by its first bytes.
pub(crate) fn is_zip(path: &Path) -> bool {
    let mut head = [0; 4];
    File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok() && starts_zip(&head)
}

/// Whether bytes begin a ZIP archive, an empty one included.
pub(crate) fn starts_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

/// Whether bytes begin a gzip file (RFC 1952).
pub(crate) fn starts_gzip(head: &[u8]) -> bool {
    head.starts_with(&[0x1f, 0x8b, 8])
}

/// The files of a ZIP archive, in its order.
///
/// Faults: `hunt.archive-broken`, `hunt.archive-too-many` (`limit`); of a single entry `hunt.archive-encrypted`,
/// `hunt.archive-method` (`method`), `hunt.archive-broken`.
pub(crate) fn entries(path: &Path) -> Result<Vec<Entry>> {
    let mut file = BufReader::new(File::open(path).map_err(|error| unreadable(&error))?);
    let mut archive = ZipArchive::new(&mut file).map_err(|error| broken(&error))?;
    if archive.len() > limits::ENTRIES {
        return Err(Fault::invalid("hunt.archive-too-many").with("limit", limits::ENTRIES));
    }
    let mut found = Vec::new();
    for at in 0..archive.len() {
        let entry = match archive.by_index_raw(at) {
            Ok(entry) => entry,
            Err(error) => {
                found.push(Entry { name: format!("#{at}"), packed: Err(broken(&error)) });
                continue;
            }
        };
        if entry.is_dir() || entry.is_symlink() {
            continue;
        }
        let name = clean(&String::from_utf8_lossy(entry.name_raw()));
        let packed = if entry.encrypted() {
            Err(Fault::invalid("hunt.archive-encrypted"))
        } else {
            match (entry.compression(), entry.data_start()) {
                (CompressionMethod::Stored | CompressionMethod::Deflated, Some(start)) => Ok(Packed {
                    start,
                    bytes: entry.compressed_size(),
                    deflated: entry.compression() == CompressionMethod::Deflated,
                    crc: entry.crc32(),
                }),
                (method, _) => Err(Fault::invalid("hunt.archive-method").with("method", method)),
            }
        };
        found.push(Entry { name, packed });
    }
    Ok(found)
}

/// The bytes of a file in a ZIP archive. Reading fails where they are not those that were packed, and beyond the limits.
pub(crate) fn open(path: &Path, packed: &Packed) -> std::io::Result<Box<dyn Read + Send>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(packed.start))?;
    let raw = BufReader::new(file.take(packed.bytes));
    let plain: Box<dyn Read + Send> = if packed.deflated { Box::new(DeflateDecoder::new(raw)) } else { Box::new(raw) };
    Ok(Box::new(Guarded { inner: plain, packed: packed.bytes, out: 0, crc: Some((Crc::new(), packed.crc)) }))
}

/// The bytes of a gzip file, also one of several members.
pub(crate) fn gunzip(file: impl Read + Send + 'static, packed: u64) -> Box<dyn Read + Send> {
    Box::new(Guarded { inner: Box::new(MultiGzDecoder::new(BufReader::new(file))), packed, out: 0, crc: None })
}

/// Unpacks no more than the limits allow and checks what it unpacked.
struct Guarded {
    inner: Box<dyn Read + Send>,
    packed: u64,
    out: u64,
    crc: Option<(Crc, u32)>,
}

impl Read for Guarded {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(into)?;
        self.out += read as u64;
        let most = limits::FREE.max(self.packed.saturating_mul(limits::RATIO)).min(limits::UNPACKED);
        if self.out > most {
            return Err(std::io::Error::other(TooMuch(most)));
        }
        if let Some((crc, expected)) = &mut self.crc {
            crc.update(into.get(..read).unwrap_or_default());
            if read == 0 && !into.is_empty() && crc.sum() != *expected {
                return Err(std::io::Error::other(Damaged));
            }
        }
        Ok(read)
    }
}

/// More came out of an archive than the limits allow.
#[derive(Debug)]
struct TooMuch(u64);

/// The checksum of an archive's entry is not that of its bytes.
#[derive(Debug)]
struct Damaged;

impl std::fmt::Display for TooMuch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "more than {} bytes come out of it", self.0)
    }
}

impl std::fmt::Display for Damaged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the checksum does not fit")
    }
}

impl std::error::Error for TooMuch {}
impl std::error::Error for Damaged {}

/// The fault of an error while reading, packed or not.
pub(crate) fn fault(error: &std::io::Error) -> Fault {
    let inner = error.get_ref();
    if let Some(TooMuch(most)) = inner.and_then(|inner| inner.downcast_ref()) {
        return Fault::invalid("hunt.archive-too-large").with("limit", most);
    }
    if inner.is_some_and(|inner| inner.is::<Damaged>()) {
        return Fault::invalid("hunt.archive-damaged");
    }
    unreadable(error)
}

fn broken(error: &zip::result::ZipError) -> Fault {
    Fault::invalid("hunt.archive-broken").with("what", error)
}
