//! The task that makes batches of lines, decodes them and hands them to the intake.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use khien_base::ports::{Intake, Whose};
use khien_base::{Clock, Fault, Id, Kind, Record};
use khien_normalise::{Format, read_line};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::lanes::{Lanes, Share};
use super::{Open, Queue, Room, Shared};
use crate::{Senders, SyslogListen};

/// How long the intake is tried again after the end was asked for.
const LAST_TRIES: Duration = Duration::from_secs(10);

/// Starts the task; it ends when every [`Queue`] is dropped and all lines are handed on.
pub(crate) fn start(
    listen: &SyslogListen,
    senders: &Senders,
    intake: &Arc<dyn Intake>,
    clock: &Clock,
    shutdown: &CancellationToken,
) -> (Queue, JoinHandle<()>) {
    let shared = Arc::new(Shared {
        lanes: Lanes::new(listen.waiting_bytes.max(1)).into(),
        news: Notify::new(),
        freed: Notify::new(),
    });
    let batches = Batches {
        shared: Arc::clone(&shared),
        size: listen.batch.max(1),
        gather: listen.gather,
        senders: senders.clone(),
        clock: clock.clone(),
        way: Arc::new(Way { intake: Arc::clone(intake), shutdown: shutdown.clone() }),
        last: HashMap::new(),
    };
    (Queue(Arc::new(Open(shared))), tokio::spawn(batches.run()))
}

struct Batches {
    shared: Arc<Shared>,
    size: usize,
    gather: Duration,
    senders: Senders,
    clock: Clock,
    way: Arc<Way>,
    /// The last share of each source that was sent on its way: the next follows it.
    last: HashMap<Id, JoinHandle<()>>,
}

impl Batches {
    async fn run(mut self) {
        while self.lines().await {
            let (shares, soon) = self.shared.lanes().take(self.size, Instant::now());
            if shares.is_empty() {
                // Quotas, or sources whose earlier lines the intake has not taken yet.
                let news = self.shared.news.notified();
                tokio::time::timeout(soon.unwrap_or(Duration::from_secs(1)), news).await.ok();
                continue;
            }
            self.last.retain(|_, task| !task.is_finished());
            for (batch, room) in self.decode(shares).await {
                let source = batch.whose.source;
                let (way, before) = (Arc::clone(&self.way), self.last.remove(&source));
                let task = tokio::spawn(async move {
                    if let Some(before) = before {
                        before.await.ok();
                    }
                    if !batch.records.is_empty() {
                        way.hand_on(batch).await;
                    }
                    drop(room);
                });
                self.last.insert(source, task);
            }
        }
        for (_, task) in self.last {
            task.await.ok();
        }
    }

    /// Waits until a batch is worth making: enough lines, or the first has waited for long enough, or somebody waits
    /// for room. False when nothing waits and nothing will come.
    async fn lines(&self) -> bool {
        let mut end: Option<Instant> = None;
        loop {
            {
                let lanes = self.shared.lanes();
                let waiting = lanes.waiting();
                if waiting == 0 && lanes.closed {
                    return false;
                }
                let urgent = lanes.closed || lanes.waiters > 0 || waiting >= self.size;
                let late = end.is_some_and(|end| Instant::now() >= end);
                if waiting > 0 && (urgent || late) {
                    return true;
                }
                if waiting > 0 {
                    end = end.or_else(|| Some(Instant::now() + self.gather));
                }
            }
            let news = self.shared.news.notified();
            match end {
                // More lines tell nothing: only who waits for room and the end do, or the size of a batch.
                Some(end) => {
                    let pause = (Instant::now() + Duration::from_millis(20)).min(end);
                    tokio::time::timeout_at(pause, news).await.ok();
                }
                None => news.await,
            }
        }
    }

    /// Records of each source, in the order in which they came.
    async fn decode(&self, shares: Vec<Share>) -> Vec<(Batch, Room)> {
        let now = self.clock.now();
        let unreadable = Arc::clone(&self.senders.unreadable);
        // Given back however the work ends.
        let room = |Share { whose, lines, taken }| (whose, lines, Room { shared: Arc::clone(&self.shared), taken });
        let shares: Vec<(Whose, Vec<Vec<u8>>, Room)> = shares.into_iter().map(room).collect();
        let work = move || {
            let one = |(whose, lines, room)| {
                let mut batch = Batch { whose, lines, now, records: Vec::new() };
                batch.decode(|fault, line| unreadable(whose, &fault, line));
                (batch, room)
            };
            shares.into_iter().map(one).collect()
        };
        // Thousands of lines would hold up the other tasks of this thread.
        tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
            tracing::error!(%error, "a batch of syslog lines could not be decoded");
            Vec::new()
        })
    }
}

/// Lines of a source and what they say.
struct Batch {
    whose: Whose,
    lines: Vec<Vec<u8>>,
    /// When they came.
    now: DateTime<Utc>,
    records: Vec<Record>,
}

impl Batch {
    fn decode(&mut self, mut unreadable: impl FnMut(Fault, &[u8])) {
        self.records = Vec::with_capacity(self.lines.len());
        for line in &self.lines {
            match read_line(line, Format::Auto, self.now, 1) {
                Ok(record) => self.records.push(record),
                Err(fault) => unreadable(fault, line),
            }
        }
    }

    /// The records once more; which lines cannot be read was told before.
    async fn again(mut self) -> Option<Self> {
        let work = move || {
            self.decode(|_, _| {});
            self
        };
        tokio::task::spawn_blocking(work).await.ok()
    }
}

/// The way to the intake.
struct Way {
    intake: Arc<dyn Intake>,
    shutdown: CancellationToken,
}

impl Way {
    /// Hands records to the intake, again and again while it is unavailable: meanwhile the lane fills, and nothing more
    /// is read from the sender. Records are given away; when they have to be handed on again, which is rare, they are
    /// read from their lines again.
    async fn hand_on(&self, mut batch: Batch) {
        let mut wait = Duration::from_millis(200);
        let mut end: Option<Instant> = None;
        let (source, count) = (batch.whose.source, batch.records.len());
        loop {
            let fault = match self.intake.take(batch.whose, std::mem::take(&mut batch.records)).await {
                Ok(_) => return,
                Err(fault) => fault,
            };
            if self.shutdown.is_cancelled() {
                end = end.or_else(|| Some(Instant::now() + LAST_TRIES));
            }
            if !worth_another_try(&fault) || end.is_some_and(|end| Instant::now() >= end) {
                tracing::error!(%fault, %source, count, "syslog records were lost");
                return;
            }
            tracing::warn!(%fault, %source, "the intake is unavailable; trying again");
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(Duration::from_secs(10));
            let Some(again) = batch.again().await else {
                tracing::error!(%source, count, "syslog records could not be read again, and were lost");
                return;
            };
            batch = again;
        }
    }
}

/// What will not be different the next time is not tried again.
pub(crate) fn worth_another_try(fault: &Fault) -> bool {
    matches!(fault.kind, Kind::Unavailable | Kind::Internal | Kind::Conflict | Kind::TooMany)
}
