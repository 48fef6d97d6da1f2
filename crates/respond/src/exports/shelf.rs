//! Where files of events lie until they are fetched.

use std::fs::{self, File};
use std::path::PathBuf;

use khien_base::{Fault, Id, Result};

/// Bytes of one file.
pub const FILE_BYTES: u64 = 1 << 30;
/// Bytes of all files together.
pub const ALL_BYTES: u64 = 4 << 30;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values with a heading, UTF-8 with a byte order mark.
    Csv,
    /// One JSON object a line.
    Ndjson,
    /// Apache Parquet, zstd.
    Parquet,
}

impl Format {
    /// All, as a form lists them.
    pub const ALL: [Self; 3] = [Self::Csv, Self::Ndjson, Self::Parquet];

    /// The name that is stored, and the file's ending.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
        }
    }

    /// The media type.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Ndjson => "application/x-ndjson",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }

    /// The format of a name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// The folder of files.
#[derive(Debug, Clone)]
pub struct Shelf {
    folder: PathBuf,
}

fn disk(error: std::io::Error) -> Fault {
    Fault::unavailable("exports.disk", error)
}

impl Shelf {
    /// A shelf in this folder, which is made when the first file is.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The place of a file. Nothing that a person types has a part in it.
    pub fn path(&self, id: Id, format: Format) -> PathBuf {
        self.folder.join(format!("{id}.{}", format.name()))
    }

    /// Begins a file, for its maker alone to read.
    pub fn create(&self, id: Id, format: Format) -> Result<File> {
        fs::create_dir_all(&self.folder).map_err(disk)?;
        let mut options = File::options();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(self.path(id, format)).map_err(disk)
    }

    /// Takes a file away; one that is not there is no fault.
    pub fn remove(&self, id: Id, format: Format) -> Result<()> {
        match fs::remove_file(self.path(id, format)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(disk(error)),
            _ => Ok(()),
        }
    }

    /// Bytes of all files.
    pub fn used(&self) -> u64 {
        let Ok(entries) = fs::read_dir(&self.folder) else { return 0 };
        entries.flatten().filter_map(|entry| entry.metadata().ok()).map(|known| known.len()).sum()
    }

    /// The files that are there.
    pub fn found(&self) -> Vec<(Id, Format)> {
        let Ok(entries) = fs::read_dir(&self.folder) else { return Vec::new() };
        let file = |path: PathBuf| {
            let id = path.file_stem()?.to_str()?.parse().ok()?;
            Some((id, Format::of(path.extension()?.to_str()?)?))
        };
        entries.flatten().filter_map(|entry| file(entry.path())).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn files_are_made_once_counted_and_swept() {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(dir.path().join("deep/exports"));
        assert_eq!((shelf.used(), shelf.found()), (0, vec![]));
        let (one, two) = (Id::from_u128(1), Id::from_u128(2));
        shelf.create(one, Format::Csv).unwrap().write_all(b"12345").unwrap();
        shelf.create(two, Format::Parquet).unwrap().write_all(b"123").unwrap();
        assert_eq!(shelf.create(one, Format::Csv).unwrap_err().code, "exports.disk");
        assert_eq!(shelf.used(), 8);
        let mut found = shelf.found();
        found.sort_by_key(|(id, _)| *id);
        assert_eq!(found, [(one, Format::Csv), (two, Format::Parquet)]);
        shelf.remove(two, Format::Parquet).unwrap();
        assert_eq!(shelf.used(), 5);
        shelf.remove(one, Format::Csv).unwrap();
        shelf.remove(one, Format::Csv).unwrap();
        assert_eq!(shelf.used(), 0);
    }
}
