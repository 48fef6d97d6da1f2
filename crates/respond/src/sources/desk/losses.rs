//! Datagrams of syslog that were lost on the way in, since this server started: UDP senders cannot be held up, and
//! nobody sends again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use chrono::{DateTime, Utc};
use khien_base::Id;

/// What was lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lost {
    /// How many datagrams.
    pub datagrams: u64,
    /// When the last of them was.
    pub last_at: Option<DateTime<Utc>>,
}

/// Losses by source, none for what the system threw away before anybody knew whose it was: as many entries as there
/// are registered sources, and one.
#[derive(Debug, Default)]
pub struct Losses {
    seen: Mutex<HashMap<Option<Id>, Lost>>,
}

impl Losses {
    fn seen(&self) -> MutexGuard<'_, HashMap<Option<Id>, Lost>> {
        match self.seen.lock() {
            Ok(seen) => seen,
            Err(poisoned) => poisoned.into_inner(),
        }
    }

    /// Notes datagrams of a source, or of nobody.
    pub fn note(&self, source: Option<Id>, datagrams: u64, now: DateTime<Utc>) {
        let mut seen = self.seen();
        let lost = seen.entry(source).or_default();
        lost.datagrams = lost.datagrams.saturating_add(datagrams);
        lost.last_at = lost.last_at.max(Some(now));
    }

    /// What was lost of a source: it came faster than the intake took it.
    pub fn of(&self, source: Id) -> Lost {
        self.seen().get(&Some(source)).copied().unwrap_or_default()
    }

    /// What the system threw away because it was not read in time.
    pub fn unread(&self) -> Lost {
        self.seen().get(&None).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_add_up_by_source_and_those_of_nobody_apart() {
        let losses = Losses::default();
        let (source, now) = (Id::from_u128(1), DateTime::from_timestamp(1_790_000_000, 0).unwrap());
        losses.note(Some(source), 1, now);
        losses.note(Some(source), 2, now - chrono::TimeDelta::seconds(1));
        losses.note(None, 7, now);
        assert_eq!(losses.of(source), Lost { datagrams: 3, last_at: Some(now) });
        assert_eq!(losses.unread().datagrams, 7);
        assert_eq!(losses.of(Id::from_u128(2)), Lost::default());
    }
}
