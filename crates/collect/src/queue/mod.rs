//! Lines that wait for the intake, apart by source, so that who sends much never starves who sends little.
//!
//! Room is shared by what networks call dynamic thresholds (Choudhury and Hahne, 1998): a source may hold as much as
//! is still free. One alone holds half of the room, two a third each; there is always something left for who comes
//! next. Batches are put together by deficit round robin (Shreedhar and Varghese, 1995): each source with lines has
//! its turn for so many bytes. Lines of one source stay in the order in which they came.

mod batches;
mod lanes;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::Known;
use lanes::{Lanes, Taken};

pub(crate) use batches::{start, worth_another_try};

/// What receivers and the task that makes batches share.
struct Shared {
    lanes: Mutex<Lanes>,
    /// Lines came, a batch of a source is through, or the end was asked for.
    news: Notify,
    /// Room was given back.
    freed: Notify,
}

impl Shared {
    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes the queue when the last receiver lets go of it.
struct Open(Arc<Shared>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.lanes().closed = true;
        self.0.news.notify_one();
    }
}

/// The way to the intake: whoever adds a line waits while too much of its source is waiting already, or is told so.
#[derive(Clone)]
pub(crate) struct Queue(Arc<Open>);

impl Queue {
    /// Adds a line; waits for room.
    pub(crate) async fn add(&self, known: Known, line: Vec<u8>) {
        let shared = &self.0.0;
        let mut line = line;
        let mut waiting: Option<Waiter<'_>> = None;
        loop {
            let freed = shared.freed.notified();
            tokio::pin!(freed);
            // From here on no news of room is missed.
            freed.as_mut().enable();
            match shared.lanes().put(known, line) {
                Ok(first) => {
                    if first {
                        shared.news.notify_one();
                    }
                    return;
                }
                Err(back) => line = back,
            }
            if waiting.is_none() {
                waiting = Some(Waiter::new(shared));
            }
            freed.await;
        }
    }

    /// Adds a line if there is room for it; whether there was.
    pub(crate) fn offer(&self, known: Known, line: Vec<u8>) -> bool {
        let shared = &self.0.0;
        let put = shared.lanes().put(known, line);
        match put {
            Ok(first) => {
                if first {
                    shared.news.notify_one();
                }
                true
            }
            Err(_) => false,
        }
    }
}

/// Somebody who waits for room: batches are made without waiting for more lines meanwhile.
struct Waiter<'a>(&'a Shared);

impl<'a> Waiter<'a> {
    fn new(shared: &'a Shared) -> Self {
        shared.lanes().waiters += 1;
        shared.news.notify_one();
        Self(shared)
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.lanes().waiters -= 1;
    }
}

/// The room that lines of one source take while they are on their way to the intake. Given back when dropped.
struct Room {
    shared: Arc<Shared>,
    taken: Taken,
}

impl Drop for Room {
    fn drop(&mut self) {
        self.shared.lanes().give_back(&self.taken);
        self.shared.freed.notify_waiters();
        self.shared.news.notify_one();
    }
}
