//! From the tail into the table: chunks become files beside the table, and those become the table's.
//!
//! The two steps go on apart from each other. While the table cannot be written (a full disk, a store that is away),
//! chunks go on becoming files on the local disk, so memory and journal stay small; the second step is tried again
//! and again. All searches find them wherever they are.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use khien_base::{Fault, Kind, Result};
use tokio::sync::{Mutex, Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::append::Shared;
use crate::log::Log;
use crate::part::Part;
use crate::stage::Stage;
use crate::tail::Staged;

/// How often a commit is tried anew when somebody outside has taken its number.
const RETRIES: usize = 3;
/// The first and the longest pause before the table is tried again.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// Sets of files that become one commit.
const SETS: usize = 64;

/// Who empties the tail.
#[derive(Debug)]
pub(crate) struct Flusher {
    shared: Arc<Shared>,
    log: Arc<Log>,
    stage: Stage,
    /// How long events may be in memory only.
    after: Duration,
    staging: Mutex<()>,
    committing: Mutex<()>,
    /// There is something for the table.
    ready: Notify,
    /// The table could not be written the last time.
    away: AtomicBool,
    checkpoint: Mutex<Option<JoinHandle<()>>>,
    /// Files that are the table's now, and that somebody may still read beside it.
    read: Mutex<Vec<Arc<Staged>>>,
}

impl Flusher {
    pub(crate) fn new(shared: Arc<Shared>, log: Arc<Log>, stage: Stage, after: Duration) -> Self {
        let (staging, committing) = (Mutex::new(()), Mutex::new(()));
        Self {
            shared,
            log,
            stage,
            after,
            staging,
            committing,
            ready: Notify::new(),
            away: AtomicBool::new(false),
            checkpoint: Mutex::new(None),
            read: Mutex::default(),
        }
    }

    /// Starts the two steps; they end when the other side of `open` is dropped.
    pub(crate) fn start(self: &Arc<Self>, open: &watch::Receiver<()>) -> [JoinHandle<()>; 2] {
        let (stager, committer) = (Arc::clone(self), Arc::clone(self));
        let (mut one, mut two) = (open.clone(), open.clone());
        let mut every = interval_at(Instant::now() + self.after, self.after);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let staging = async move {
            loop {
                tokio::select! {
                    _ = one.changed() => break,
                    () = stager.shared.pressed.notified() => {
                        // Told while the last files were being written, and relieved by them.
                        if !stager.shared.is_pressed() {
                            continue;
                        }
                    }
                    _ = every.tick() => {
                        // While the table is away, only what presses becomes files: fewer and larger ones.
                        if stager.away.load(Ordering::Acquire) {
                            continue;
                        }
                    }
                }
                if stager.stage().await.is_err() {
                    // The fault is told; a disk that is full now is not asked again at once.
                    tokio::time::sleep(PAUSES.0).await;
                }
            }
        };
        let committing = async move {
            let mut pause = PAUSES.0;
            loop {
                tokio::select! {
                    _ = two.changed() => break,
                    () = committer.ready.notified() => {}
                }
                while committer.commit().await.is_err() {
                    tokio::select! {
                        _ = two.changed() => return,
                        () = tokio::time::sleep(pause) => {}
                    }
                    pause = (pause * 2).min(PAUSES.1);
                }
                pause = PAUSES.0;
            }
        };
        [tokio::spawn(staging), tokio::spawn(committing)]
    }

    /// Both steps, now.
    pub(crate) async fn flush(&self) -> Result<()> {
        self.stage().await?;
        self.commit().await?;
        if let Some(last) = self.checkpoint.lock().await.take() {
            let _ = last.await;
        }
        Ok(())
    }

    /// Writes what is in memory to files beside the table, and lets go of it in memory and journal.
    pub(crate) async fn stage(&self) -> Result<()> {
        let _turn = self.staging.lock().await;
        let chunks = self.shared.tail.seal();
        if chunks.is_empty() {
            return Ok(());
        }
        let (stage, shared, log) = (self.stage.clone(), Arc::clone(&self.shared), Arc::clone(&self.log));
        let written = tokio::task::spawn_blocking(move || {
            let Some(staged) = stage.write(&chunks)? else { return Ok(()) };
            let last = staged.last;
            log.expect(&staged.parts);
            shared.tail.stage(staged);
            shared.journal.retire(last);
            Ok::<_, Fault>(())
        });
        let written = written.await.map_err(Fault::internal)?;
        let before = self.shared.stuck.swap(written.is_err(), Ordering::AcqRel);
        if let Err(fault) = &written
            && !before
        {
            tracing::error!(%fault, "events could not be written to files; they are kept in the journal");
        }
        self.ready.notify_one();
        written
    }

    /// Puts the files that wait into the table.
    async fn commit(&self) -> Result<()> {
        let _turn = self.committing.lock().await;
        loop {
            let waiting: Vec<Arc<Staged>> = self.shared.tail.fresh().staged.into_iter().take(SETS).collect();
            let Some(settled) = waiting.last().map(|it| it.last) else { return Ok(()) };
            let committed = self.put(&waiting, settled).await;
            let before = self.away.swap(committed.is_err(), Ordering::AcqRel);
            if let Err(fault) = &committed
                && !before
            {
                tracing::error!(%fault, "the table of events cannot be written; they are kept beside it");
            }
            let version = committed?;
            self.shared.tail.settle(settled);
            self.clear(waiting).await?;
            if Log::checkpoint_is_due(version) {
                self.checkpoint().await;
            }
        }
    }

    /// All files or none of them.
    async fn put(&self, waiting: &[Arc<Staged>], settled: u64) -> Result<u64> {
        let parts: Vec<Part> = waiting.iter().flat_map(|it| &it.parts).map(|part| Part::clone(part)).collect();
        let mut tries = 0;
        loop {
            let (log, stage, parts) = (Arc::clone(&self.log), self.stage.clone(), parts.clone());
            let put = move || {
                // What is brought stays there when the commit fails: an answer that was lost may have been a good one.
                parts.iter().try_for_each(|part| log.bring(&stage.file(part), part))?;
                log.settle(parts, settled)
            };
            match tokio::task::spawn_blocking(put).await.map_err(Fault::internal)? {
                Err(fault) if fault.kind == Kind::Conflict && tries < RETRIES => {
                    tries += 1;
                    self.log.reload().await?;
                    // The entry that took our number may be our own, of a try whose answer was lost.
                    if self.log.standing().1 >= settled {
                        return Ok(self.log.version());
                    }
                }
                result => return result,
            }
        }
    }

    /// Removes what the table holds now from beside it, once nobody reads it there any more.
    async fn clear(&self, waiting: Vec<Arc<Staged>>) -> Result<()> {
        let mut read = self.read.lock().await;
        read.extend(waiting);
        let all = std::mem::take(&mut *read);
        let (free, still): (Vec<_>, Vec<_>) = all.into_iter().partition(|it| Arc::strong_count(it) == 1);
        *read = still;
        let stage = self.stage.clone();
        let removed = tokio::task::spawn_blocking(move || free.iter().for_each(|it| stage.remove(it)));
        removed.await.map_err(Fault::internal)
    }

    async fn checkpoint(&self) {
        let log = Arc::clone(&self.log);
        let written = tokio::spawn(async move {
            if let Err(fault) = log.checkpoint().await {
                tracing::warn!(%fault, "no checkpoint of the lake");
            }
        });
        self.checkpoint.lock().await.replace(written);
    }
}
