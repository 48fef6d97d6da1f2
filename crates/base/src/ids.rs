//! Identities of records: UUID version 7 (RFC 9562), so that they sort by the time they were made and two
//! centres never give the same one.

use std::sync::Mutex;

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// The identity of a record.
pub type Id = Uuid;

/// Bits of a key within an identity: what RFC 9562 leaves of the lower half.
const KEY: u64 = (1 << 62) - 1;

/// The identity of something that happens at `now` and that somebody else already has a name for: the lower 62 bits of
/// `key` are in it, so that it is known again by [`key`].
pub fn keyed(now: DateTime<Utc>, key: u64) -> Id {
    let mut tail = [0u8; 10];
    for (to, from) in tail.iter_mut().skip(2).zip((key & KEY).to_be_bytes()) {
        *to = from;
    }
    uuid::Builder::from_unix_timestamp_millis(millis(now), &tail).into_uuid()
}

/// The lower 62 bits of an identity: the key that [`keyed`] was given.
pub fn key(id: Id) -> u64 {
    id.as_u64_pair().1 & KEY
}

fn millis(now: DateTime<Utc>) -> u64 {
    u64::try_from(now.timestamp_millis()).unwrap_or(0)
}

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
        let millis = millis(now);
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
                keyed(now, *n)
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

    #[test]
    fn a_key_is_known_again_in_its_identity() {
        let now = DateTime::from_timestamp(1_780_000_000, 0).unwrap();
        for given in [0, 1, KEY, u64::MAX, 0x1234_5678_9abc_def0] {
            let id = keyed(now, given);
            assert_eq!((id.get_version_num(), key(id)), (7, given & KEY));
            assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
        }
        assert_eq!(&keyed(now, 7).to_string()[..13], &Ids::random().next(now).to_string()[..13], "they sort by time");
    }
}
