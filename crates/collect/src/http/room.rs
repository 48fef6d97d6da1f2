//! How many bytes of requests may be under way: in all, and of one source, so that one source cannot fill the room of
//! the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use khien_base::{Fault, Id, Kind, Result};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The room.
#[derive(Debug)]
pub(super) struct Room {
    all: Arc<Semaphore>,
    /// KiB in all.
    most: usize,
    /// KiB of one source.
    each: usize,
    /// As many entries as there are sources.
    sources: Mutex<HashMap<Id, Arc<Semaphore>>>,
    patience: Duration,
}

/// Bytes that a request may have in memory; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Hold {
    _own: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

impl Room {
    pub(super) fn new(room: usize, per_source: usize, patience: Duration) -> Self {
        let most = (room >> 10).clamp(1, 1 << 22);
        let each = (per_source >> 10).clamp(1, most);
        Self { all: Arc::new(Semaphore::new(most)), most, each, sources: Mutex::default(), patience }
    }

    /// Waits for room for so many bytes: `collect.busy` (with `seconds`) if there is none in time. Who asks for more
    /// than there ever is gets all that one source may have.
    pub(super) async fn hold(&self, source: Id, bytes: usize) -> Result<Hold> {
        let weight = u32::try_from((bytes >> 10).clamp(1, self.each)).unwrap_or(u32::MAX);
        let own = {
            let mut sources = match self.sources.lock() {
                Ok(sources) => sources,
                Err(poisoned) => poisoned.into_inner(),
            };
            Arc::clone(sources.entry(source).or_insert_with(|| Arc::new(Semaphore::new(self.each))))
        };
        let waiting = async {
            // Its own share first: who waits for itself takes nothing of the others.
            let own = own.acquire_many_owned(weight).await.map_err(Fault::internal)?;
            let all = Arc::clone(&self.all).acquire_many_owned(weight).await.map_err(Fault::internal)?;
            Ok(Hold { _own: own, _all: all })
        };
        let busy = || Fault::new(Kind::TooMany, "collect.busy").with("seconds", self.patience.as_secs().max(1));
        tokio::time::timeout(self.patience, waiting).await.unwrap_or_else(|_| Err(busy()))
    }

    /// Whether hardly anything is free.
    pub(super) fn is_full(&self) -> bool {
        self.all.available_permits() < self.most / 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_source_cannot_take_the_room_of_the_others() {
        let room = Room::new(4 << 20, 2 << 20, Duration::from_millis(50));
        let (noisy, quiet) = (Id::from_u128(1), Id::from_u128(2));
        let first = room.hold(noisy, 2 << 20).await.unwrap();
        let refused = room.hold(noisy, 1).await.unwrap_err();
        assert_eq!((refused.kind, refused.to_string().as_str()), (Kind::TooMany, "collect.busy seconds=1"));
        let second = room.hold(quiet, 100 << 20).await.unwrap();
        assert!(room.is_full());
        drop((first, second));
        assert!(!room.is_full() && room.hold(noisy, 1).await.is_ok());
    }
}
