//! Keeps events at rest in a Delta table and searches them.
//!
//! One folder holds one lake:
//!
//! ```text
//! lock         held by the process that has the lake open; the system lets go of it when the process ends
//! tmp/         drafts and spilled queries; emptied at opening
//! set-aside/   checkpoints, parts of the journal and lists that could not be read
//! journal/     what was acknowledged and is in no file of columns yet
//! staged/      files of columns that wait for the table
//! events/      the Delta table: day=YYYY-MM-DD/part-….parquet and _delta_log/; or in a bucket, see [`S3`]
//! ```
//!
//! Any engine that reads Delta tables reads `events/`. What is acknowledged is durable: it is in the journal, synced,
//! before the answer, and found by every search from then on. Some seconds later it is part of the table. What a
//! crash leaves behind is never half visible: a file that no entry of the log names does not exist for readers, and
//! is removed in time by [`EventStore::tidy`].
//!
//! **Invariants.** One process has a lake open. A reader sees exactly the files of one version and the events that
//! came after it, each once. Reach is applied below everything a reader can say. Nothing deletes events but [`EventStore::forget`].

mod append;
mod bucket;
mod columns;
mod engine;
mod fields;
mod file;
mod filter;
mod flush;
mod forget;
mod functions;
mod journal;
mod log;
mod part;
mod place;
mod rows;
mod scan;
mod search;
mod shares;
mod skip;
mod stage;
mod statement;
mod tail;
mod tidy;
mod times;
mod values;

#[cfg(test)]
mod tests;

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use khien_base::filter::Name;
use khien_base::ports::{Bucket, DayFiles, EventFile, EventStore, Found, Held, Holdings, Rows, Search, Share, Values};
use khien_base::{Clock, Event, Fault, Id, Ids, Reach, Result};
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use crate::bucket::S3;

use crate::append::{Queue, Shared};
use crate::engine::Engine;
use crate::flush::Flusher;
use crate::journal::{Journal, Opened};
use crate::log::Log;
use crate::place::Place;
use crate::rows::batch;
use crate::scan::EventsTable;
use crate::shares::Shares;
use crate::stage::Stage;
use crate::tail::{Chunk, Tail, with_day};
use crate::tidy::Tidier;

/// Limits of a lake. The defaults suit a machine with 4 GB of memory.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The bucket in which the table lies; the folder `events/` when missing.
    pub s3: Option<S3>,
    /// How long events stay in the journal before they are written to files of the table.
    pub flush_after: Duration,
    /// Rows that are written to files at once, however new they are.
    pub flush_rows: usize,
    /// Bytes of events in memory that are in no file yet; more callers wait outside. A batch may have half of it.
    pub tail_bytes: usize,
    /// Bytes on the local disk that may wait for the table; beyond it callers are refused.
    pub journal_bytes: u64,
    /// Bytes of the local disk that are left free: what writes the journal to files needs room. Callers are refused
    /// before the disk is fuller than this.
    pub keep_free: u64,
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
            s3: None,
            flush_after: Duration::from_secs(10),
            flush_rows: 50_000,
            tail_bytes: 192 * MIB,
            journal_bytes: 2 * 1024 * 1024 * 1024,
            keep_free: 256 * 1024 * 1024,
            query_time: Duration::from_secs(20),
            query_bytes: 256 * MIB,
            spill_bytes: 2 * 1024 * 1024 * 1024,
            cache_bytes: 64 * MIB,
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
    writer: thread::JoinHandle<()>,
    shared: Arc<Shared>,
    flusher: Arc<Flusher>,
    /// Dropped, it ends the two tasks.
    open: watch::Sender<()>,
    tasks: [JoinHandle<()>; 2],
    log: Arc<Log>,
    engine: Arc<Engine>,
    tidier: Tidier,
    shares: Shares,
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
        for folder in [&table, &spill, &dir.join("set-aside"), &dir.join("staged")] {
            fs::create_dir_all(folder).map_err(disk)?;
        }
        part::sync_folder(&dir).map_err(disk)?;
        let ids = Arc::new(Ids::random());
        let name = journal::name(&dir.join("journal"), ids.next(clock.now()))?;
        let place = match &settings.s3 {
            Some(s3) => Place::Bucket(Box::new(bucket::Bucket::new(s3)?)),
            None => Place::Folder(table),
        };
        let log = Log::open(place, tmp.clone(), clock.clone(), name, Arc::clone(&held)).await?;
        let engine = Arc::new(Engine::new(log.files()?, &dir.join("staged"), &spill, &settings)?);
        let tidier = Tidier::new(Arc::clone(&log), Arc::clone(&engine), tmp.clone(), clock.clone(), &settings);
        let stage = Stage::new(dir.join("staged"), tmp, clock, ids);
        let (place, from, settled) = (dir.clone(), stage.clone(), log.standing().1);
        let recovered = tokio::task::spawn_blocking(move || recover(&place, &from, settled));
        let (tail, journal) = recovered.await.map_err(Fault::internal)??;
        tail.fresh().staged.iter().for_each(|it| log.expect(&it.parts));
        let shared = Arc::new(Shared::new(journal, tail, &settings, held));
        let (queue, writer) = Queue::start(Arc::clone(&shared))?;
        let flusher = Arc::new(Flusher::new(Arc::clone(&shared), Arc::clone(&log), stage, settings.flush_after));
        let (open, closed) = watch::channel(());
        let tasks = flusher.start(&closed);
        let shares = Shares::default();
        Ok(Self { queue, writer, shared, flusher, open, tasks, log, engine, tidier, shares })
    }

    /// Writes all that was acknowledged into the table, now.
    ///
    /// Faults: `lake.disk`. What could not be written stays where it is, and is tried again later.
    pub async fn flush(&self) -> Result<()> {
        self.flusher.flush().await
    }

    /// Waits until what was handed in is written to the table, and lets go of the folder. What the table cannot take
    /// now stays in the journal and beside the table, and is taken in after the next opening.
    pub async fn close(self) -> Result<()> {
        let Self { queue, writer, shared, flusher, open, tasks, .. } = self;
        drop(queue);
        tokio::task::spawn_blocking(move || writer.join()).await.map_err(Fault::internal)?.map_err(|_| broken())?;
        drop(open);
        for task in tasks {
            task.await.map_err(Fault::internal)?;
        }
        if let Err(fault) = flusher.flush().await {
            tracing::warn!(%fault, bytes = shared.waiting_bytes(), "events wait in the journal for the next start");
        }
        Ok(())
    }

    fn table(&self, reach: Reach) -> Arc<EventsTable> {
        // In this order: what leaves the tail is in the table before.
        let fresh = self.shared.tail.fresh();
        let (parts, settled) = self.log.standing();
        let table = EventsTable::new(parts, reach, self.engine.store());
        Arc::new(table.with(fresh.after(settled), self.engine.staged()))
    }
}

fn broken() -> Fault {
    Fault::internal("the journal's thread broke off")
}

/// What waits from before for the table: files that lie beside it, and the journal after them.
fn recover(dir: &Path, stage: &Stage, settled: u64) -> Result<(Tail, Journal)> {
    let aside = dir.join("set-aside");
    let tail = Tail::default();
    let mut done = settled;
    for staged in stage.load(settled, &aside)? {
        done = done.max(staged.last);
        tail.stage(staged);
    }
    let (journal, opened) = Journal::open(&dir.join("journal"), &aside, done, &mut |sequence, rows| {
        tail.push(Chunk::new(sequence, with_day(&batch(&rows)?)?), None);
        Ok(())
    })?;
    if opened != Opened::default() {
        let Opened { frames, torn, damaged } = opened;
        tracing::info!(frames, torn, damaged, rows = tail.rows(), "the journal of the lake was taken in again");
    }
    Ok((tail, journal))
}

impl EventStore for Lake {
    fn append(&self, batch: Vec<Event>) -> BoxFuture<'_, Result<()>> {
        self.tidier.traffic().tell();
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
        Box::pin(self.engine.run(values::values(self.engine.session(), table, query, of, most)))
    }

    fn parquet(&self, to: File) -> Result<Box<dyn EventFile>> {
        Ok(Box::new(file::ParquetFile::begin(to)?))
    }

    fn received(&self, source: Id, since: DateTime<Utc>, most: usize) -> BoxFuture<'_, Result<Vec<Id>>> {
        let table = self.table(Reach::All);
        Box::pin(self.engine.run(search::received(self.engine.session(), table, source, since, most)))
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
        let fresh = self.shared.tail.fresh();
        let (parts, settled) = self.log.standing();
        let fresh = fresh.after(settled);
        let files = || parts.iter().chain(fresh.parts());
        let holdings = Holdings {
            events: parts.iter().map(|part| part.rows).sum::<u64>() + fresh.rows(),
            bytes: files().map(|part| part.size).sum(),
            files: u64::try_from(files().count()).unwrap_or(u64::MAX),
            oldest: files().map(|part| part.day).chain(fresh.oldest()).min(),
            waiting: fresh.rows(),
            waiting_bytes: self.shared.waiting_bytes(),
            free_bytes: self.shared.free_bytes(),
            full: self.shared.is_full(),
        };
        Box::pin(async move { Ok(holdings) })
    }

    fn days(&self) -> BoxFuture<'_, Result<Vec<DayFiles>>> {
        Box::pin(async move { Ok(self.tidier.days()) })
    }

    fn shares(&self) -> BoxFuture<'_, Result<Vec<Share>>> {
        Box::pin(self.shares.of(&self.engine, self.log.parts()))
    }

    fn forget(&self, day: NaiveDate, systems: Vec<Id>, holds: Vec<Held>) -> BoxFuture<'_, Result<Vec<(Id, u64)>>> {
        Box::pin(async move {
            // What is on its way into the table goes too.
            self.flusher.flush().await?;
            self.tidier.forget(day, &systems, &holds).await
        })
    }

    fn forgettable(&self, day: NaiveDate, systems: Vec<Id>, holds: Vec<Held>) -> BoxFuture<'_, Result<Vec<(Id, u64)>>> {
        Box::pin(async move { self.tidier.forgettable(day, &systems, &holds).await })
    }

    fn tidy(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.tidier.tidy())
    }
}
