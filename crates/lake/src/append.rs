//! Group commit: batches of many callers become one frame of the journal, and each caller gets its own answer.
//!
//! One thread writes. While it waits for the disk, batches gather; the next frame takes all of them. A batch that is
//! answered is durable (in the journal) and found by every search (in the tail). What waits for files of columns is
//! bounded by weight, so that a slow disk slows callers down instead of filling memory; when there is no room on the
//! disk, callers are refused with `lake.full`, before the disk itself is full.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use chrono::{DateTime, Utc};
use khien_base::{Event, Fault, Kind, Result};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use crate::Settings;
use crate::journal::{Journal, encode};
use crate::rows::{Row, batch};
use crate::tail::{Chunk, Tail, with_day};

/// Rows and bytes with which a frame is full.
const ROWS: usize = 16_384;
const BYTES: usize = 16 * 1024 * 1024;
/// Events from which on a batch is made ready on a thread of its own.
const MANY: usize = 200;
/// How often a caller who waits for room looks whether waiting makes sense.
const LOOK: Duration = Duration::from_millis(500);

/// A caller's batch on its way.
struct Job {
    rows: Vec<Row>,
    body: Vec<u8>,
    answer: oneshot::Sender<Result<()>>,
    room: OwnedSemaphorePermit,
}

/// What the journal's thread and the flusher share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) journal: Journal,
    pub(crate) tail: Tail,
    /// The tail is large, or somebody waits for room in it.
    pub(crate) pressed: Notify,
    /// The tail could not be written to files the last time: waiting for room makes no sense.
    pub(crate) stuck: AtomicBool,
    /// Room for events in memory, in KiB.
    room: Arc<Semaphore>,
    limit: usize,
    /// Callers who wait for room.
    waiting: AtomicUsize,
    flush_rows: usize,
    journal_bytes: u64,
    keep_free: u64,
    /// Whether callers are being refused, so that it is said once.
    full: AtomicBool,
    /// The folder stays ours until the last batch is written.
    _lock: Arc<File>,
}

/// Where callers hand in their batches.
#[derive(Debug)]
pub(crate) struct Queue {
    jobs: mpsc::Sender<Job>,
    shared: Arc<Shared>,
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

fn full(what: &str) -> Fault {
    Fault::unavailable("lake.full", what)
}

fn ready(events: Vec<Event>) -> (Vec<Row>, Vec<u8>) {
    let rows: Vec<Row> = events.into_iter().map(Row::new).collect();
    let body = encode(&rows);
    (rows, body)
}

impl Shared {
    pub(crate) fn new(journal: Journal, tail: Tail, settings: &Settings, lock: Arc<File>) -> Self {
        let limit = kib(settings.tail_bytes).clamp(1, Semaphore::MAX_PERMITS);
        Self {
            journal,
            tail,
            pressed: Notify::new(),
            stuck: AtomicBool::new(false),
            room: Arc::new(Semaphore::new(limit)),
            limit,
            waiting: AtomicUsize::new(0),
            flush_rows: settings.flush_rows,
            journal_bytes: settings.journal_bytes,
            keep_free: settings.keep_free,
            full: AtomicBool::new(false),
            _lock: lock,
        }
    }

    /// Whether the tail is to become files at once: it is large, or somebody waits for room in it.
    pub(crate) fn is_pressed(&self) -> bool {
        self.tail.rows() >= self.flush_rows
            || self.room.available_permits() < self.limit / 2
            || self.waiting.load(Ordering::Acquire) > 0
    }

    /// Bytes on the disk that wait for the table.
    pub(crate) fn waiting_bytes(&self) -> u64 {
        self.journal.bytes() + self.tail.staged_bytes()
    }

    /// Free bytes of the journal's disk; none where it does not say.
    pub(crate) fn free_bytes(&self) -> u64 {
        self.journal.free().unwrap_or(0)
    }

    /// Refuses before the disk is full: what is left is needed to write the tail to files, which frees the journal.
    fn room_for(&self, bytes: usize) -> Result<()> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        if self.waiting_bytes().saturating_add(bytes) > self.journal_bytes {
            return Err(full("the journal has reached its limit"));
        }
        if self.journal.free()? < self.keep_free.saturating_add(bytes) {
            return Err(full("the disk is nearly full"));
        }
        Ok(())
    }

    /// All rows or none of them.
    fn keep(&self, rows: &[Row], body: &[u8], room: Option<OwnedSemaphorePermit>) -> Result<()> {
        self.room_for(body.len())?;
        let columns = with_day(&batch(rows)?)?;
        let sequence = self.journal.write(rows.len(), body)?;
        self.tail.push(Chunk::new(sequence, columns), room);
        if self.is_pressed() {
            self.pressed.notify_one();
        }
        Ok(())
    }

    fn tell(&self, result: &Result<()>) {
        let now = matches!(result, Err(fault) if fault.code == "lake.full");
        let before = self.full.swap(now, Ordering::AcqRel);
        match result {
            Err(fault) if now && !before => tracing::error!(%fault, "events are refused: make room on the disk"),
            Err(fault) if !now => tracing::error!(%fault, "a batch of events could not be stored"),
            Ok(()) if before => tracing::warn!("events are taken in again"),
            _ => {}
        }
    }

    /// Whether callers are being refused for want of room.
    pub(crate) fn is_full(&self) -> bool {
        self.full.load(Ordering::Acquire)
    }
}

impl Queue {
    /// Starts the thread that writes; it ends when the queue is dropped and empty.
    pub(crate) fn start(shared: Arc<Shared>) -> Result<(Self, JoinHandle<()>)> {
        let (jobs, inbox) = mpsc::channel(1_024);
        let writer = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("lake-journal".into())
            .spawn(move || write(&writer, inbox))
            .map_err(|e| Fault::unavailable("lake.threads", e))?;
        Ok((Self { jobs, shared }, thread))
    }

    /// Stores a batch durably; waits while there is too much in memory.
    pub(crate) async fn append(&self, events: Vec<Event>) -> Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        if let Some(at) = events.iter().position(|event| !storable(event.time) || !storable(event.received)) {
            return Err(Fault::invalid("lake.time").with("index", at));
        }
        let (rows, body) = if events.len() < MANY {
            ready(events)
        } else {
            tokio::task::spawn_blocking(move || ready(events)).await.map_err(Fault::internal)?
        };
        let weight = kib(rows.iter().map(Row::weight).sum());
        // Half of the room, so that one caller never waits for all of it.
        let most = self.shared.limit.div_ceil(2);
        if weight > most {
            let fault = Fault::new(Kind::TooMany, "lake.batch-too-large");
            return Err(fault.with("kib", weight).with("limit_kib", most));
        }
        let room = self.room(weight).await?;
        let closed = || Fault::unavailable("lake.closed", "the writer has ended");
        let (answer, answered) = oneshot::channel();
        self.jobs.send(Job { rows, body, answer, room }).await.map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }

    async fn room(&self, weight: usize) -> Result<OwnedSemaphorePermit> {
        let closed = |e| Fault::unavailable("lake.closed", e);
        let permits = u32::try_from(weight).map_err(Fault::internal)?;
        let room = Arc::clone(&self.shared.room);
        if let Ok(room) = Arc::clone(&room).try_acquire_many_owned(permits) {
            return Ok(room);
        }
        let _waiting = Waiting::new(&self.shared);
        let mut turn = std::pin::pin!(room.acquire_many_owned(permits));
        loop {
            self.shared.pressed.notify_one();
            match tokio::time::timeout(LOOK, &mut turn).await {
                Ok(room) => return room.map_err(closed),
                Err(_) if self.shared.stuck.load(Ordering::Acquire) => {
                    return Err(full("the tail cannot be written to files"));
                }
                Err(_) => {}
            }
        }
    }
}

/// One who waits for room, until dropped.
struct Waiting<'a>(&'a Shared);

impl<'a> Waiting<'a> {
    fn new(shared: &'a Shared) -> Self {
        shared.waiting.fetch_add(1, Ordering::AcqRel);
        Self(shared)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The thread's work.
fn write(shared: &Shared, mut inbox: mpsc::Receiver<Job>) {
    while let Some(first) = inbox.blocking_recv() {
        let Job { mut rows, mut body, answer, mut room } = first;
        let mut answers = vec![answer];
        while rows.len() < ROWS && body.len() < BYTES {
            let Ok(next) = inbox.try_recv() else { break };
            rows.extend(next.rows);
            body.extend(next.body);
            answers.push(next.answer);
            room.merge(next.room);
        }
        let result = shared.keep(&rows, &body, Some(room));
        shared.tell(&result);
        for answer in answers {
            // Whoever has stopped waiting gets no answer; the events are stored all the same.
            let _ = answer.send(result.clone());
        }
    }
}
