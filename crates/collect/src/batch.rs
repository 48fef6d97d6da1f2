//! Lines that wait for the intake, and the batches that they become.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use khien_base::ports::{Intake, Whose};
use khien_base::{Clock, Fault, Id, Kind, Record};
use khien_normalise::{Format, decode_line};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{Senders, SyslogListen};

/// Lines that wait at most. Each counts as a KiB at least, so that [`SyslogListen::waiting_bytes`] is the limit that is
/// reached first unless it is set very high.
const LINES: usize = 1 << 16;
/// Bytes of a batch, about.
const BATCH_BYTES: usize = 8 << 20;
/// How long the intake is tried again after the end was asked for.
const LAST_TRIES: Duration = Duration::from_secs(10);

struct Waiting {
    whose: Whose,
    line: Vec<u8>,
    _room: OwnedSemaphorePermit,
}

/// The way to the intake: whoever adds a line waits while too much is waiting already, or is told so.
#[derive(Clone)]
pub(crate) struct Queue {
    lines: mpsc::Sender<Waiting>,
    /// KiB that may wait.
    room: Arc<Semaphore>,
    all: usize,
}

impl Queue {
    /// Adds a line; waits for room. Lines after the end are lost, as the sender's connection is.
    pub(crate) async fn add(&self, whose: Whose, line: Vec<u8>) {
        let weight = self.weight(&line);
        let Ok(room) = Arc::clone(&self.room).acquire_many_owned(weight).await else { return };
        self.lines.send(Waiting { whose, line, _room: room }).await.ok();
    }

    /// Adds a line if there is room for it; whether there was.
    pub(crate) fn offer(&self, whose: Whose, line: Vec<u8>) -> bool {
        let weight = self.weight(&line);
        let Ok(room) = Arc::clone(&self.room).try_acquire_many_owned(weight) else { return false };
        self.lines.try_send(Waiting { whose, line, _room: room }).is_ok()
    }

    /// KiB that a line counts as.
    fn weight(&self, line: &[u8]) -> u32 {
        u32::try_from((line.len() / 1024 + 1).min(self.all)).unwrap_or(u32::MAX)
    }
}

/// Starts the task that makes batches; it ends when every [`Queue`] is dropped and all lines are handed on.
pub(crate) fn start(
    name: &'static str,
    listen: &SyslogListen,
    senders: &Senders,
    intake: &Arc<dyn Intake>,
    clock: &Clock,
    shutdown: &CancellationToken,
) -> (Queue, JoinHandle<()>) {
    let (lines, waiting) = mpsc::channel(LINES);
    let all = (listen.waiting_bytes / 1024).clamp(1, 1 << 22);
    let room = Arc::new(Semaphore::new(all));
    let queue = Queue { lines, room: Arc::clone(&room), all };
    let batches = Batches {
        name,
        room,
        all,
        size: listen.batch.max(1),
        gather: listen.gather,
        senders: senders.clone(),
        intake: Arc::clone(intake),
        clock: clock.clone(),
        shutdown: shutdown.clone(),
    };
    (queue, tokio::spawn(batches.run(waiting)))
}

struct Batches {
    name: &'static str,
    room: Arc<Semaphore>,
    all: usize,
    size: usize,
    gather: Duration,
    senders: Senders,
    intake: Arc<dyn Intake>,
    clock: Clock,
    shutdown: CancellationToken,
}

impl Batches {
    async fn run(self, mut waiting: mpsc::Receiver<Waiting>) {
        while let Some(first) = waiting.recv().await {
            let batch = self.gather(first, &mut waiting).await;
            for (whose, records) in self.decode(batch).await {
                self.hand_on(whose, records).await;
            }
        }
    }

    /// The first line and those that come soon after it. Their room stays taken until the intake has them, so that no
    /// more is read than can be handed on.
    async fn gather(&self, first: Waiting, waiting: &mut mpsc::Receiver<Waiting>) -> Vec<Waiting> {
        let end = Instant::now() + self.gather;
        let mut bytes = first.line.len();
        let mut batch = vec![first];
        while batch.len() < self.size && bytes < BATCH_BYTES {
            let next = match waiting.try_recv() {
                Ok(next) => Some(next),
                // Who waits for room waits for this batch: then it waits for nobody.
                Err(_) if self.room.available_permits() < self.all / 4 => None,
                Err(_) => tokio::time::timeout_at(end, waiting.recv()).await.ok().flatten(),
            };
            let Some(next) = next else { break };
            bytes += next.line.len();
            batch.push(next);
        }
        batch
    }

    /// Records of each source, in the order in which they came.
    async fn decode(&self, batch: Vec<Waiting>) -> Vec<(Whose, Vec<Record>)> {
        let now = self.clock.now();
        let unreadable = Arc::clone(&self.senders.unreadable);
        let work = move || {
            let mut places: HashMap<Id, usize> = HashMap::new();
            let mut sources: Vec<(Whose, Vec<Record>)> = Vec::new();
            for one in &batch {
                match decode_line(&one.line, Format::Auto, now, 1) {
                    Ok(record) => {
                        let place = *places.entry(one.whose.source).or_insert_with(|| {
                            sources.push((one.whose, Vec::new()));
                            sources.len() - 1
                        });
                        if let Some((_, records)) = sources.get_mut(place) {
                            records.push(record);
                        }
                    }
                    Err(fault) => unreadable(one.whose, &fault, &one.line),
                }
            }
            (sources, batch)
        };
        // Thousands of lines would hold up the other tasks of this thread.
        let done = tokio::task::spawn_blocking(work).await;
        match done {
            // The room of the lines is given back only now; records weigh as much for a moment longer.
            Ok((sources, _batch)) => sources,
            Err(error) => {
                tracing::error!(%error, listener = self.name, "a batch of syslog lines could not be decoded");
                Vec::new()
            }
        }
    }

    /// Hands records to the intake, again and again while it is unavailable: meanwhile the queue fills, and nothing more
    /// is read from the senders.
    async fn hand_on(&self, whose: Whose, records: Vec<Record>) {
        let mut wait = Duration::from_millis(200);
        let mut end: Option<Instant> = None;
        loop {
            let fault = match self.intake.take(whose, records.clone()).await {
                Ok(_) => return,
                Err(fault) => fault,
            };
            if self.shutdown.is_cancelled() {
                end = end.or_else(|| Some(Instant::now() + LAST_TRIES));
            }
            if !worth_another_try(&fault) || end.is_some_and(|end| Instant::now() >= end) {
                let count = records.len();
                tracing::error!(%fault, source = %whose.source, count, listener = self.name, "syslog records were lost");
                return;
            }
            tracing::warn!(%fault, listener = self.name, "the intake is unavailable; trying again");
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(Duration::from_secs(10));
        }
    }
}

/// What will not be different the next time is not tried again.
fn worth_another_try(fault: &Fault) -> bool {
    matches!(fault.kind, Kind::Unavailable | Kind::Internal | Kind::Conflict)
}
