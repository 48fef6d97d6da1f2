//! The centre takes nothing in for now: its disk is nearly full, or its store cannot be written. Senders wait and send
//! again; people are told until it goes on.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use khien_base::{Fault, Kind};

/// Why nothing is taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Halt {
    /// The fault of the store.
    pub fault: Fault,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// Whether the centre takes records in.
#[derive(Debug, Default)]
pub struct Standstill(Mutex<Option<Halt>>);

impl Standstill {
    /// Notes what became of a batch; true when that changed whether records are taken in.
    pub fn note<T>(&self, outcome: &Result<T, Fault>, now: DateTime<Utc>) -> bool {
        let mut halt = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Ok(_) => halt.take().is_some(),
            Err(fault) if fault.kind == Kind::Unavailable && halt.is_none() => {
                *halt = Some(Halt { fault: fault.clone(), since: now });
                true
            }
            Err(_) => false,
        }
    }

    /// Why nothing is taken in; none while all is well.
    pub fn halt(&self) -> Option<Halt> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_lasts_from_the_first_refusal_to_the_first_batch_that_is_stored() {
        let standstill = Standstill::default();
        let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let later = now + chrono::TimeDelta::minutes(5);
        let full = || Err::<(), _>(Fault::unavailable("lake.full", "1 MiB left"));
        assert!(!standstill.note(&Err::<(), _>(Fault::internal("x")), now), "a defect is none");
        assert!(standstill.note(&full(), now) && !standstill.note(&full(), later));
        assert_eq!(standstill.halt().map(|halt| halt.since), Some(now));
        assert!(standstill.note(&Ok(()), later) && standstill.halt().is_none());
    }
}
