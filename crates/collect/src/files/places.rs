//! How far each file was read, kept in a small file that is replaced whole.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use khien_base::{Fault, Result};
use serde::{Deserialize, Serialize};

/// A file's number in the file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct FileId {
    /// Of the device.
    pub(super) device: u64,
    /// Of the file on it.
    pub(super) number: u64,
}

/// The first bytes of a file: numbers are given again to other files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Print {
    /// How many bytes.
    pub(super) bytes: u64,
    /// Their SHA-256.
    pub(super) sha256: String,
}

/// How far a file was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) id: FileId,
    pub(super) print: Print,
    /// The name that it was last seen under.
    pub(super) path: PathBuf,
    /// Bytes that the intake has.
    pub(super) offset: u64,
    /// Counts up with each change, to forget the one that was left alone longest.
    #[serde(default)]
    pub(super) turn: u64,
}

/// Files that are remembered.
const PLACES: usize = 5_000;
/// Truncated files that are remembered.
const ENDED: usize = 100;
/// Bytes of the file.
const LIMIT: u64 = 16 << 20;

/// How far all files were read.
#[derive(Debug)]
pub(super) struct Places {
    file: PathBuf,
    all: HashMap<FileId, Place>,
    turn: u64,
    /// What files held before they were truncated: rotation may have made copies of it.
    ended: VecDeque<Place>,
}

fn wrong(file: &Path, what: impl std::fmt::Display) -> Fault {
    Fault::invalid("collect.places").with("file", file.display()).with("what", what)
}

impl Places {
    /// Reads what was kept; a file that is not there is empty.
    pub(super) fn open(file: PathBuf) -> Result<Self> {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).map_err(|error| wrong(folder, error))?;
        }
        let all: Vec<Place> = match std::fs::metadata(&file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(wrong(&file, error)),
            Ok(about) if about.len() > LIMIT => return Err(wrong(&file, format!("> {LIMIT} bytes"))),
            Ok(_) => {
                let text = std::fs::read(&file).map_err(|error| wrong(&file, error))?;
                serde_json::from_slice(&text).map_err(|error| wrong(&file, error))?
            }
        };
        let turn = all.iter().map(|place| place.turn).max().unwrap_or_default();
        Ok(Self { file, all: all.into_iter().map(|place| (place.id, place)).collect(), turn, ended: VecDeque::new() })
    }

    /// How far a file was read.
    pub(super) fn of(&self, id: FileId) -> Option<&Place> {
        self.all.get(&id)
    }

    /// Places of files that were last seen under this name.
    pub(super) fn named<'a>(&'a self, path: &'a Path) -> impl Iterator<Item = &'a Place> {
        self.all.values().filter(move |place| place.path == path)
    }

    /// Places of files beside this one whose name it has with something after it: `app.log` for `app.log.1`.
    pub(super) fn copied<'a>(&'a self, path: &'a Path) -> impl Iterator<Item = &'a Place> {
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        self.all.values().chain(&self.ended).filter(move |place| {
            let own = place.path.file_name().unwrap_or_default().as_encoded_bytes();
            let after = name.strip_prefix(own).is_some_and(|after| matches!(after.first(), Some(b'.' | b'-' | b'_')));
            after && place.path.parent() == path.parent()
        })
    }

    /// A file was truncated: what it held until then.
    pub(super) fn end(&mut self, place: Place) {
        self.ended.push_back(place);
        while self.ended.len() > ENDED {
            self.ended.pop_front();
        }
    }

    /// Notes a file before anything of it is read, so that it is found again should it be renamed meanwhile; written by
    /// [`Places::settle`].
    pub(super) fn note(&mut self, mut place: Place) {
        self.turn += 1;
        place.turn = self.turn;
        self.all.insert(place.id, place);
    }

    /// Keeps a place for good: see [`Places::settle`].
    pub(super) fn keep(&mut self, place: Place) {
        self.note(place);
        self.settle();
    }

    /// Writes all places. What cannot be written is told and tried again with the next one: until then a crash
    /// would read more than one batch again.
    pub(super) fn settle(&mut self) {
        while self.all.len() > PLACES {
            let Some(oldest) = self.all.values().min_by_key(|place| place.turn).map(|place| place.id) else { break };
            self.all.remove(&oldest);
        }
        if let Err(error) = self.write() {
            tracing::error!(%error, file = %self.file.display(), "how far files were read cannot be written");
        }
    }

    fn write(&self) -> std::io::Result<()> {
        let mut all: Vec<&Place> = self.all.values().collect();
        all.sort_by_key(|place| place.turn);
        let beside = self.file.with_extension("new");
        let mut file = File::create(&beside)?;
        file.write_all(&serde_json::to_vec(&all)?)?;
        file.sync_all()?;
        std::fs::rename(&beside, &self.file)?;
        // The name itself is durable once its folder is.
        if let Some(folder) = self.file.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }
}
