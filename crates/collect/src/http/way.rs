//! From bytes that came to the intake: decoded off the threads that answer, taken to the end whoever waits.

use std::sync::Arc;

use khien_base::ports::{Intake, Whose};
use khien_base::{Fault, Id, Record, Result};
use tokio_util::task::TaskTracker;

/// Records of one batch at most.
pub(super) const BATCH: usize = 5_000;
/// Bytes of one batch, about.
pub(super) const BATCH_BYTES: usize = 4 << 20;
/// Lines that are decoded on the thread that answers.
const FEW: usize = 50;

/// The way to the intake.
pub(super) struct Way {
    intake: Arc<dyn Intake>,
    tasks: TaskTracker,
}

/// A line that was decoded: what it became, or the fault with its bytes.
pub(super) type Decoded = std::result::Result<Record, Box<(Fault, Vec<u8>)>>;

impl Way {
    pub(super) fn new(intake: Arc<dyn Intake>) -> Self {
        Self { intake, tasks: TaskTracker::new() }
    }

    /// Hands records on, and then says to `then` what became of them. It is done to its end even when the sender goes
    /// away meanwhile: what it sends again is then known for what it is.
    pub(super) async fn take<T, F>(&self, whose: Whose, records: Vec<Record>, then: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(Result<usize>) -> T + Send + 'static,
    {
        let intake = Arc::clone(&self.intake);
        let work = async move {
            if records.is_empty() {
                return then(Ok(0));
            }
            let taken = intake.take(whose, records).await;
            if let Err(fault) = &taken {
                tracing::warn!(%fault, source = %whose.source, "records over HTTP were not taken; the sender is told");
            }
            then(taken)
        };
        self.tasks.spawn(work).await.map_err(Fault::internal)
    }

    /// Keys of what a source brought of late, oldest first.
    pub(super) async fn keys(&self, source: Id, most: usize) -> Result<Vec<u64>> {
        self.intake.keys(source, most).await
    }

    /// Waits for what was handed on.
    pub(super) async fn end(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// Decodes lines: a few at once, many on a thread of their own.
pub(super) async fn decode<F>(lines: Vec<Vec<u8>>, one: F) -> Result<Vec<Decoded>>
where
    F: Fn(&[u8]) -> Result<Record> + Send + 'static,
{
    let few = lines.len() <= FEW;
    let work = move || {
        let one = |line: Vec<u8>| one(&line).map_err(|fault| Box::new((fault, line)));
        lines.into_iter().map(one).collect::<Vec<_>>()
    };
    if few { Ok(work()) } else { off_thread(work).await }
}

/// Runs what may take milliseconds on a thread of its own.
pub(super) async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Fault::internal)
}
