//! The task that makes batches of lines, decodes them and hands them to the intake.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use khien_base::ports::{Intake, Whose};
use khien_base::{Clock, Fault, Id, Kind, Record};
use khien_normalise::{Format, decode_line};
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
    let all = (listen.waiting_bytes / 1024).clamp(1, 1 << 22);
    let shared = Arc::new(Shared { lanes: Lanes::new(all).into(), news: Notify::new(), freed: Notify::new() });
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
            for (whose, records, room) in self.decode(shares).await {
                let (way, before) = (Arc::clone(&self.way), self.last.remove(&whose.source));
                let task = tokio::spawn(async move {
                    if let Some(before) = before {
                        before.await.ok();
                    }
                    if !records.is_empty() {
                        way.hand_on(whose, records).await;
                    }
                    drop(room);
                });
                self.last.insert(whose.source, task);
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
    async fn decode(&self, shares: Vec<Share>) -> Vec<(Whose, Vec<Record>, Room)> {
        let now = self.clock.now();
        let unreadable = Arc::clone(&self.senders.unreadable);
        // Given back however the work ends.
        let room = |Share { whose, lines, taken }| (whose, lines, Room { shared: Arc::clone(&self.shared), taken });
        let shares: Vec<(Whose, Vec<Vec<u8>>, Room)> = shares.into_iter().map(room).collect();
        let work = move || {
            let one = |(whose, lines, room): (Whose, Vec<Vec<u8>>, Room)| {
                let mut records = Vec::with_capacity(lines.len());
                for line in &lines {
                    match decode_line(line, Format::Auto, now, 1) {
                        Ok(record) => records.push(record),
                        Err(fault) => unreadable(whose, &fault, line),
                    }
                }
                (whose, records, room)
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

/// The way to the intake.
struct Way {
    intake: Arc<dyn Intake>,
    shutdown: CancellationToken,
}

impl Way {
    /// Hands records to the intake, again and again while it is unavailable: meanwhile the lane fills, and nothing more
    /// is read from the sender.
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
                tracing::error!(%fault, source = %whose.source, count = records.len(), "syslog records were lost");
                return;
            }
            tracing::warn!(%fault, source = %whose.source, "the intake is unavailable; trying again");
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(Duration::from_secs(10));
        }
    }
}

/// What will not be different the next time is not tried again.
pub(crate) fn worth_another_try(fault: &Fault) -> bool {
    matches!(fault.kind, Kind::Unavailable | Kind::Internal | Kind::Conflict | Kind::TooMany)
}
