//! Group commit: batches of many callers become one commit, and each caller gets its own answer.
//!
//! One task writes. It waits for a first batch, gathers what comes within a short while or until a commit is
//! full, writes one file per day and one entry of the log, and answers everyone. What waits is bounded by
//! weight, so that a slow disk slows callers down instead of filling memory.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use khien_base::{Clock, Event, Fault, Ids, Kind, Result};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::Settings;
use crate::log::Log;
use crate::part::{Part, PartWriter};
use crate::rows::{Row, batch};

/// Rows that become one batch of columns, which bounds what a conversion holds twice.
const SLICE: usize = 8_192;

/// How often a commit is tried anew when somebody outside has taken its number.
const RETRIES: usize = 3;

/// A caller's batch on its way.
struct Job {
    rows: Vec<Row>,
    answer: oneshot::Sender<Result<()>>,
    _room: OwnedSemaphorePermit,
}

/// Where callers hand in their batches.
#[derive(Debug)]
pub(crate) struct Queue {
    jobs: mpsc::Sender<Job>,
    room: Arc<Semaphore>,
    limit: usize,
}

/// Room is counted in KiB, so that the semaphore's numbers stay small.
fn kib(bytes: usize) -> usize {
    bytes.div_ceil(1024)
}

/// Times that a partition can be named after. Whoever reads a clock replaces nonsense by the receiving time
/// before an event is made.
fn storable(time: DateTime<Utc>) -> bool {
    (0..7_258_118_400).contains(&time.timestamp()) // 1970 to 2199
}

impl Queue {
    /// Starts the task that writes; it ends when the queue is dropped and empty.
    pub(crate) fn start(
        log: Arc<Log>,
        tmp: PathBuf,
        clock: Clock,
        settings: &Settings,
        lock: Arc<File>,
    ) -> (Self, JoinHandle<()>) {
        let limit = kib(settings.queue_bytes).max(1);
        let (jobs, inbox) = mpsc::channel(1_024);
        let (gather, rows) = (settings.gather, settings.commit_rows);
        let writer = Writer { log, tmp, clock, ids: Arc::new(Ids::random()), gather, rows, _lock: lock };
        let handle = tokio::spawn(writer.run(inbox));
        (Self { jobs, room: Arc::new(Semaphore::new(limit)), limit }, handle)
    }

    /// Stores a batch durably; waits while the queue is full.
    pub(crate) async fn append(&self, events: Vec<Event>) -> Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        if let Some(at) = events.iter().position(|event| !storable(event.time) || !storable(event.received)) {
            return Err(Fault::invalid("lake.time").with("index", at));
        }
        let rows = events.into_iter().map(Row::new).collect::<Result<Vec<Row>>>()?;
        let weight = kib(rows.iter().map(Row::weight).sum());
        if weight > self.limit {
            let fault = Fault::new(Kind::TooMany, "lake.batch-too-large");
            return Err(fault.with("kib", weight).with("limit_kib", self.limit));
        }
        let closed = || Fault::unavailable("lake.closed", "the writer has ended");
        let permits = u32::try_from(weight).map_err(Fault::internal)?;
        let room = Arc::clone(&self.room).acquire_many_owned(permits).await.map_err(|_| closed())?;
        let (answer, answered) = oneshot::channel();
        self.jobs.send(Job { rows, answer, _room: room }).await.map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }
}

struct Writer {
    log: Arc<Log>,
    tmp: PathBuf,
    clock: Clock,
    ids: Arc<Ids>,
    gather: Duration,
    rows: usize,
    /// The folder stays ours until the last batch is written.
    _lock: Arc<File>,
}

impl Writer {
    async fn run(self, mut inbox: mpsc::Receiver<Job>) {
        let mut checkpoint = None;
        while let Some(first) = inbox.recv().await {
            let jobs = self.gather(first, &mut inbox).await;
            let mut rows = Vec::new();
            let mut answers = Vec::with_capacity(jobs.len());
            for job in jobs {
                rows.extend(job.rows);
                answers.push((job.answer, job._room));
            }
            let result = self.commit(rows).await;
            if let Err(fault) = &result {
                tracing::error!(%fault, "a commit of events failed");
            }
            for (answer, _room) in answers {
                // Whoever has stopped waiting gets no answer; the events are stored all the same.
                let _ = answer.send(result.clone().map(|_| ()));
            }
            if let Ok(version) = result
                && Log::checkpoint_is_due(version)
            {
                let log = Arc::clone(&self.log);
                checkpoint = Some(tokio::spawn(async move {
                    if let Err(fault) = log.checkpoint().await {
                        tracing::warn!(%fault, "no checkpoint of the lake");
                    }
                }));
            }
        }
        if let Some(last) = checkpoint {
            let _ = last.await;
        }
    }

    async fn gather(&self, first: Job, inbox: &mut mpsc::Receiver<Job>) -> Vec<Job> {
        let mut count = first.rows.len();
        let mut jobs = vec![first];
        let end = tokio::time::Instant::now() + self.gather;
        while count < self.rows {
            match tokio::time::timeout_at(end, inbox.recv()).await {
                Ok(Some(job)) => {
                    count += job.rows.len();
                    jobs.push(job);
                }
                Ok(None) | Err(_) => break,
            }
        }
        jobs
    }

    /// All rows or none of them.
    async fn commit(&self, rows: Vec<Row>) -> Result<u64> {
        let (log, tmp, clock, ids) =
            (Arc::clone(&self.log), self.tmp.clone(), self.clock.clone(), Arc::clone(&self.ids));
        let written = tokio::task::spawn_blocking(move || {
            let parts = write_days(&log, &tmp, &clock, &ids, rows)?;
            let committed = log.commit("WRITE", parts.clone(), &[]);
            Ok::<_, Fault>((parts, committed))
        });
        let (parts, mut committed) = written.await.map_err(Fault::internal)??;
        for _ in 0..RETRIES {
            if !matches!(&committed, Err(fault) if fault.kind == Kind::Conflict) {
                break;
            }
            self.log.reload().await?;
            let (log, parts) = (Arc::clone(&self.log), parts.clone());
            committed =
                tokio::task::spawn_blocking(move || log.commit("WRITE", parts, &[])).await.map_err(Fault::internal)?;
        }
        if committed.is_err() {
            discard(&self.log, &parts);
        }
        committed
    }
}

/// Files that no commit names are waste.
fn discard(log: &Log, parts: &[Part]) {
    for part in parts {
        let _ = std::fs::remove_file(log.table().join(&part.path));
    }
}

/// One file for each day, rows newest first.
fn write_days(log: &Log, tmp: &std::path::Path, clock: &Clock, ids: &Ids, rows: Vec<Row>) -> Result<Vec<Part>> {
    let mut days: BTreeMap<NaiveDate, Vec<Row>> = BTreeMap::new();
    for row in rows {
        days.entry(row.event.time.date_naive()).or_default().push(row);
    }
    let mut parts = Vec::with_capacity(days.len());
    for (day, mut rows) in days {
        rows.sort_by(|a, b| {
            let key = |row: &Row| (row.event.time.timestamp_micros(), row.event.id);
            key(b).cmp(&key(a))
        });
        let written = PartWriter::start(tmp, day, ids.next(clock.now())).and_then(|mut writer| {
            for slice in rows.chunks(SLICE) {
                writer.push(&batch(slice)?)?;
            }
            writer.finish(log.table())
        });
        match written {
            Ok(part) => parts.push(part),
            Err(fault) => {
                discard(log, &parts);
                return Err(fault);
            }
        }
    }
    Ok(parts)
}
