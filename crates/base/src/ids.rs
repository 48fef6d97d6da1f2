//! Identities of records: UUID version 7 (RFC 9562), so that they sort by the time they were made and two
//! centres never give the same one.

use std::sync::Mutex;

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// The identity of a record.
pub type Id = Uuid;

/// Where new identities come from. Tests seed it, so that they see the same ones in each run.
#[derive(Debug)]
pub struct Ids {
    seeded: Option<Mutex<u64>>,
}

impl Ids {
    /// Identities from the operating system's randomness.
    pub fn random() -> Self {
        Self { seeded: None }
    }

    /// Identities that count up from `seed`: the same in each run of a test.
    pub fn seeded(seed: u64) -> Self {
        Self { seeded: Some(Mutex::new(seed)) }
    }

    /// A new identity for something that happens at `now`.
    pub fn next(&self, now: DateTime<Utc>) -> Id {
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
        match &self.seeded {
            None => {
                let ts = uuid::Timestamp::from_unix(
                    uuid::NoContext,
                    millis / 1000,
                    u32::try_from(millis % 1000).unwrap_or(0) * 1_000_000,
                );
                Uuid::new_v7(ts)
            }
            Some(counter) => {
                let mut n = match counter.lock() {
                    Ok(n) => n,
                    Err(poisoned) => poisoned.into_inner(),
                };
                *n += 1;
                let mut tail = [0u8; 10];
                for (to, from) in tail.iter_mut().skip(2).zip(n.to_be_bytes()) {
                    *to = from;
                }
                uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeded_identities_repeat_and_differ() {
        let now = DateTime::from_timestamp(1_780_000_000, 0).unwrap();
        let (a, b) = (Ids::seeded(1), Ids::seeded(1));
        let first = a.next(now);
        assert_eq!(first, b.next(now));
        assert_ne!(first, a.next(now));
        assert_eq!(first.get_version_num(), 7);
    }
}
