//! Where the table lies: a folder of this machine, or a bucket.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use deltalake::{DeltaTable, DeltaTableBuilder};
use khien_base::{Fault, Result};
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use url::Url;

use crate::bucket::Bucket;
use crate::part::sync_folder;

/// The folder of the log inside the table.
const LOG: &str = "_delta_log";

/// The place of a table.
#[derive(Debug)]
pub(crate) enum Place {
    /// A folder, with the full path.
    Folder(PathBuf),
    /// A bucket of an S3 store.
    Bucket(Box<Bucket>),
}

fn disk(e: std::io::Error) -> Fault {
    Fault::unavailable("lake.disk", e)
}

impl Place {
    /// The files, with the table at the root.
    pub(crate) fn files(&self) -> Result<Arc<dyn ObjectStore>> {
        match self {
            Self::Folder(folder) => Ok(Arc::new(LocalFileSystem::new_with_prefix(folder).map_err(|e| disk(e.into()))?)),
            Self::Bucket(bucket) => Ok(bucket.files()),
        }
    }

    /// Makes what a log needs; whether there is no entry yet.
    pub(crate) async fn begin(&self) -> Result<bool> {
        match self {
            Self::Folder(folder) => {
                fs::create_dir_all(folder.join(LOG)).map_err(disk)?;
                sync_folder(folder).map_err(disk)?;
                Ok(fs::read_dir(folder.join(LOG)).map_err(disk)?.next().is_none())
            }
            Self::Bucket(bucket) => bucket.is_new().await,
        }
    }

    /// The table as its log says.
    pub(crate) async fn load(&self) -> Result<DeltaTable> {
        match self {
            Self::Folder(folder) => {
                let relative = |()| Fault::internal("the lake's path is relative");
                let url = Url::from_directory_path(folder).map_err(relative)?;
                let builder = DeltaTableBuilder::from_url(url).map_err(Fault::internal)?;
                builder.load().await.map_err(|e| Fault::unavailable("lake.log", e))
            }
            Self::Bucket(bucket) => bucket.load().await,
        }
    }

    /// Writes an entry of the log so that it is whole or absent. A number that is taken is a conflict. Blocks.
    pub(crate) fn enter(&self, name: &str, text: String, draft: &Path) -> Result<()> {
        let folder = match self {
            Self::Folder(folder) => folder.join(LOG),
            Self::Bucket(bucket) => return bucket.enter(name, text),
        };
        let entry = folder.join(name);
        let written = (|| {
            let mut file = File::create_new(draft)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::hard_link(draft, &entry)
        })();
        let _ = fs::remove_file(draft);
        match written {
            Ok(()) => {}
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => return Err(Fault::conflict("lake.changed")),
            Err(e) => return Err(disk(e)),
        }
        // An entry whose name may not survive must not count: it is taken back before anyone is answered.
        sync_folder(&folder).map_err(|e| {
            let _ = fs::remove_file(&entry);
            disk(e)
        })
    }

    /// Puts a durable file of the local disk under a path of the table, durably. The file stays. Blocks.
    pub(crate) fn bring(&self, file: &Path, path: &str, size: u64) -> Result<()> {
        let table = match self {
            Self::Folder(folder) => folder,
            Self::Bucket(bucket) => return bucket.bring(file, path, size),
        };
        let place = table.join(path);
        let folder = place.parent().unwrap_or(table);
        if !folder.is_dir() {
            fs::create_dir_all(folder).map_err(disk)?;
            sync_folder(table).map_err(disk)?;
        }
        match fs::hard_link(file, &place) {
            Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => Err(disk(e)),
            // It was brought before, for a commit that failed.
            _ => sync_folder(folder).map_err(disk),
        }
    }

    /// Takes a file back that no entry of the log can name. A store that is away may have taken an entry without
    /// saying so: there it stays, and is swept up when it turns out to be waste.
    pub(crate) fn discard(&self, path: &str) {
        if let Self::Folder(folder) = self {
            let _ = fs::remove_file(folder.join(path));
        }
    }

    /// Files have left the table: how long ago counts from now on.
    pub(crate) fn leave(&self, paths: impl Iterator<Item = String>, now: DateTime<Utc>) {
        match self {
            Self::Folder(folder) => {
                for path in paths {
                    let file = File::options().append(true).open(folder.join(path));
                    let _ = file.and_then(|file| file.set_modified(SystemTime::from(now)));
                }
            }
            Self::Bucket(bucket) => bucket.leave(paths, now),
        }
    }

    /// Removes data files that `named` does not hold and that have been out of the table for longer than `keep`.
    /// Blocks.
    pub(crate) fn sweep(&self, named: impl Fn() -> HashSet<String>, now: DateTime<Utc>, keep: Duration) -> Result<()> {
        match self {
            Self::Folder(folder) => sweep(folder, named, now, keep).map_err(disk),
            Self::Bucket(bucket) => bucket.sweep(named, now, keep),
        }
    }

    /// Makes a checkpoint that `deltalake` wrote durable.
    pub(crate) fn sync_checkpoint(&self) -> Result<()> {
        let Self::Folder(folder) = self else { return Ok(()) };
        let folder = folder.join(LOG);
        for entry in fs::read_dir(&folder).map_err(disk)?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name == "_last_checkpoint" || name.ends_with(".parquet") {
                File::open(entry.path()).and_then(|file| file.sync_all()).map_err(disk)?;
            }
        }
        sync_folder(&folder).map_err(disk)
    }

    /// Renames the newest checkpoint and its pointer out of the way; false when there is none.
    pub(crate) fn set_checkpoint_aside(&self, aside: &Path) -> Result<bool> {
        let Self::Folder(folder) = self else { return Ok(false) };
        let folder = folder.join(LOG);
        let mut checkpoints: Vec<PathBuf> = fs::read_dir(&folder)
            .map_err(disk)?
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| path.to_string_lossy().ends_with(".parquet"))
            .collect();
        checkpoints.sort();
        let pointer = folder.join("_last_checkpoint");
        let found = pointer.exists() || !checkpoints.is_empty();
        for path in checkpoints.pop().into_iter().chain(pointer.exists().then_some(pointer)) {
            fs::rename(&path, aside.join(path.file_name().unwrap_or_default())).map_err(disk)?;
        }
        Ok(found)
    }
}

fn sweep(table: &Path, named: impl Fn() -> HashSet<String>, now: DateTime<Utc>, keep: Duration) -> std::io::Result<()> {
    // What is on the disk is listed before what is named: a file that is committed meanwhile is named then.
    let mut found = Vec::new();
    for folder in fs::read_dir(table)?.flatten() {
        if !folder.file_name().to_string_lossy().starts_with("day=") {
            continue;
        }
        found.extend(fs::read_dir(folder.path())?.flatten().map(|entry| entry.path()));
    }
    let named: HashSet<PathBuf> = named().iter().map(|path| table.join(path)).collect();
    for path in found.into_iter().filter(|path| !named.contains(path)) {
        let age = fs::metadata(&path)?.modified()?;
        if SystemTime::from(now).duration_since(age).is_ok_and(|age| age > keep) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}
