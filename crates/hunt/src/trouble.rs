//! What could not be read, told in the end with its file.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use khien_base::Fault;

use crate::limits;

/// Faults of one run.
#[derive(Debug, Default)]
pub(crate) struct Troubles(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    told: Vec<(String, Fault)>,
    by_file: HashMap<String, u64>,
    all: u64,
}

/// What there is to tell.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// The first faults, by file.
    pub(crate) faults: Vec<(String, Fault)>,
    /// How many there were.
    pub(crate) all: u64,
    /// In how many files.
    pub(crate) files: u64,
}

impl Troubles {
    /// Notes a fault of a file.
    pub(crate) fn add(&self, file: &str, fault: Fault) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.all += 1;
        let of_file = match inner.by_file.get_mut(file) {
            Some(count) => {
                *count += 1;
                *count
            }
            None => {
                inner.by_file.insert(file.to_owned(), 1);
                1
            }
        };
        if of_file <= limits::TOLD as u64 && inner.told.len() < limits::TOLD_IN_ALL {
            inner.told.push((file.to_owned(), fault));
        }
    }

    /// Whether nothing went wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).all == 0
    }

    /// What there is to tell, in the order of files.
    pub(crate) fn told(self) -> Told {
        let Inner { told: mut faults, by_file, all } = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        // Threads note faults as they meet them; within a file the sort keeps that order only for one thread.
        faults.sort_by_cached_key(|(file, fault)| (file.clone(), numbered(fault)));
        Told { faults, all, files: by_file.len() as u64 }
    }
}

/// Faults of one file by their numbers (chunk 9 before chunk 10), then by their text.
fn numbered(fault: &Fault) -> (Vec<u64>, String) {
    (fault.args.iter().filter_map(|(_, value)| value.parse().ok()).collect(), fault.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_nothing_but_faults_does_not_drown_the_others() {
        let troubles = Troubles::default();
        for line in (1..=100).rev() {
            troubles.add("b.ndjson", Fault::invalid("logs.json").with("line", line));
        }
        troubles.add("a.evtx", Fault::invalid("logs.not-evtx"));
        let told = troubles.told();
        assert_eq!((told.all, told.files, told.faults.len()), (101, 2, limits::TOLD + 1));
        assert_eq!(told.faults[0].0, "a.evtx");
        assert_eq!(told.faults[1].1.to_string(), "logs.json line=81");
    }
}
