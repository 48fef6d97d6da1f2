//! Keeps events at rest in a Delta table and searches them.
//!
//! One folder holds one lake:
//!
//! ```text
//! lock         held by the process that has the lake open; the system lets go of it when the process ends
//! tmp/         drafts and spilled queries; emptied at opening
//! set-aside/   checkpoints that could not be read
//! events/      the Delta table: day=YYYY-MM-DD/part-….parquet and _delta_log/
//! ```
//!
//! Any engine that reads Delta tables reads `events/`. What is acknowledged is durable: data files, the log's
//! entry and their folders are synced before the answer. What a crash leaves behind is never half visible:
//! a file that no entry of the log names does not exist for readers, and is removed in time by
//! [`EventStore::tidy`].
//!
//! **Invariants.** One process has a lake open. A reader sees exactly the files of one version. Reach is applied
//! below everything a reader can say. Nothing here deletes events.

mod append;
mod columns;
mod engine;
mod file;
mod filter;
mod functions;
mod log;
mod part;
mod rows;
mod scan;
mod search;
mod statement;
mod tidy;

#[cfg(test)]
mod tests;

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use khien_base::filter::Name;
use khien_base::ports::{Bucket, EventFile, EventStore, Found, Holdings, Rows, Search, Values};
use khien_base::{Clock, Event, Fault, Id, Reach, Result};
use tokio::task::JoinHandle;

use crate::append::Queue;
use crate::engine::Engine;
use crate::log::Log;
use crate::scan::EventsTable;
use crate::tidy::Tidier;

/// Limits of a lake. The defaults suit a machine with 4 GB of memory.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long a first batch waits for others to share its commit.
    pub gather: Duration,
    /// Rows with which a commit is full.
    pub commit_rows: usize,
    /// Bytes of events that may wait for a commit; more callers wait outside. Also the limit of one batch.
    pub queue_bytes: usize,
    /// How long a query may take.
    pub query_time: Duration,
    /// Memory of all queries together, in bytes.
    pub query_bytes: usize,
    /// Disk that queries may use when memory does not suffice, in bytes.
    pub spill_bytes: u64,
    /// Memory for remembered file footers, in bytes.
    pub cache_bytes: usize,
    /// Threads of one query.
    pub query_threads: usize,
    /// A file that has reached this size is merged no more, in bytes.
    pub file_bytes: u64,
    /// How long a file that the table no longer names is kept for readers that still use it.
    pub keep_unnamed: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        const MIB: usize = 1024 * 1024;
        Self {
            gather: Duration::from_millis(250),
            commit_rows: 50_000,
            queue_bytes: 32 * MIB,
            query_time: Duration::from_secs(20),
            query_bytes: 256 * MIB,
            spill_bytes: 2 * 1024 * 1024 * 1024,
            cache_bytes: 16 * MIB,
            query_threads: 2,
            file_bytes: 128 * 1024 * 1024,
            keep_unnamed: Duration::from_secs(3_600),
        }
    }
}

/// The lake of one folder. Cheap to share behind an `Arc`.
#[derive(Debug)]
pub struct Lake {
    queue: Queue,
    writer: JoinHandle<()>,
    log: Arc<Log>,
    engine: Arc<Engine>,
    tidier: Tidier,
    _lock: Arc<File>,
}

fn disk(e: std::io::Error) -> Fault {
    Fault::unavailable("lake.disk", e)
}

/// Takes the lock of a folder, or says that another process has it (`lake.locked`).
fn lock(dir: &Path) -> Result<File> {
    let file =
        File::options().read(true).write(true).create(true).truncate(false).open(dir.join("lock")).map_err(disk)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Fault::conflict("lake.locked").with("dir", dir.display())),
        Err(TryLockError::Error(e)) => Err(disk(e)),
    }
}

impl Lake {
    /// Opens the lake of a folder, or makes it. Needs a running tokio runtime with more than one thread.
    ///
    /// Faults: `lake.locked` (another process has it), `lake.disk`, `lake.log` (the log cannot be read).
    pub async fn open(dir: &Path, clock: Clock) -> Result<Self> {
        Self::open_with(dir, clock, Settings::default()).await
    }

    /// Opens a lake with limits of one's own.
    pub async fn open_with(dir: &Path, clock: Clock, settings: Settings) -> Result<Self> {
        fs::create_dir_all(dir).map_err(disk)?;
        let dir = fs::canonicalize(dir).map_err(disk)?;
        let held = Arc::new(lock(&dir)?);
        let (table, tmp) = (dir.join("events"), dir.join("tmp"));
        // Whatever is in here is of a process that has ended: only the holder of the lock writes.
        if tmp.exists() {
            fs::remove_dir_all(&tmp).map_err(disk)?;
        }
        let spill: PathBuf = tmp.join("spill");
        for folder in [&table, &spill, &dir.join("set-aside")] {
            fs::create_dir_all(folder).map_err(disk)?;
        }
        part::sync_folder(&dir).map_err(disk)?;
        let engine = Arc::new(Engine::new(&table, &spill, &settings)?);
        let log = Arc::new(Log::open(table, tmp.clone(), clock.clone()).await?);
        let tidier = Tidier::new(Arc::clone(&log), Arc::clone(&engine), tmp.clone(), clock.clone(), &settings);
        let (queue, writer) = Queue::start(Arc::clone(&log), tmp, clock, &settings, Arc::clone(&held));
        Ok(Self { queue, writer, log, engine, tidier, _lock: held })
    }

    /// Waits until what was handed in is written, and lets go of the folder.
    pub async fn close(self) -> Result<()> {
        let Self { queue, writer, .. } = self;
        drop(queue);
        writer.await.map_err(Fault::internal)
    }

    fn table(&self, reach: Reach) -> Arc<EventsTable> {
        Arc::new(EventsTable::new(self.log.parts(), reach, self.engine.store()))
    }
}

impl EventStore for Lake {
    fn append(&self, batch: Vec<Event>) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.queue.append(batch))
    }

    fn search(&self, query: Search) -> BoxFuture<'_, Result<Found>> {
        let table = self.table(query.reach.clone());
        Box::pin(self.engine.run(search::search(self.engine.session(), table, query)))
    }

    fn newest(&self, query: Search, rows: usize) -> BoxStream<'_, Result<Vec<Event>>> {
        let table = self.table(query.reach.clone());
        let keys = self.engine.run(search::newest(self.engine.session(), Arc::clone(&table), query, rows));
        let pages = stream::once(keys).map_ok(move |keys| {
            let table = Arc::clone(&table);
            stream::iter(search::pages(&keys))
                .then(move |page| self.engine.run(search::rows(self.engine.session(), Arc::clone(&table), page)))
        });
        Box::pin(pages.try_flatten())
    }

    fn each(&self, query: Search) -> BoxStream<'_, Result<Vec<Event>>> {
        let table = self.table(query.reach.clone());
        let session = self.engine.session();
        self.engine.feed(|to| search::each(session, table, query, to))
    }

    fn values(&self, query: Search, of: Name, most: usize) -> BoxFuture<'_, Result<Values>> {
        let table = self.table(query.reach.clone());
        Box::pin(self.engine.run(search::values(self.engine.session(), table, query, of, most)))
    }

    fn parquet(&self, to: File) -> Result<Box<dyn EventFile>> {
        Ok(Box::new(file::ParquetFile::begin(to)?))
    }

    fn event(&self, id: Id, reach: Reach) -> BoxFuture<'_, Result<Option<Event>>> {
        let table = self.table(reach);
        Box::pin(self.engine.run(search::event(self.engine.session(), table, id)))
    }

    fn histogram(&self, query: Search, slices: usize) -> BoxFuture<'_, Result<Vec<Bucket>>> {
        let table = self.table(query.reach.clone());
        Box::pin(self.engine.run(search::histogram(self.engine.session(), table, query, slices)))
    }

    fn sql(&self, statement: String, reach: Reach, limit: usize) -> BoxFuture<'_, Result<Rows>> {
        let table = self.table(reach);
        Box::pin(self.engine.run(statement::run(self.engine.session(), table, statement, limit)))
    }

    fn holdings(&self) -> BoxFuture<'_, Result<Holdings>> {
        let parts = self.log.parts();
        let holdings = Holdings {
            events: parts.iter().map(|part| part.rows).sum(),
            bytes: parts.iter().map(|part| part.size).sum(),
            files: u64::try_from(parts.len()).unwrap_or(u64::MAX),
            oldest: parts.iter().map(|part| part.day).min(),
        };
        Box::pin(async move { Ok(holdings) })
    }

    fn tidy(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.tidier.tidy())
    }
}
