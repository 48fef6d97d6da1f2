//! Items that came before, told by the `_id` that their client gave them.
//!
//! What is promised: of each source the last [`EACH`] ids are known (fewer when many sources send ids), from the moment
//! that an item is handed to the intake, until this server stops. A client that repeats a request because the answer got
//! lost stores nothing twice; one that repeats it after the server itself was restarted may.

use std::collections::hash_map::{Entry, RandomState};
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher;
use std::sync::{Mutex, MutexGuard};

use khien_base::Id;

/// Ids of one source that are known.
const EACH: usize = 200_000;
/// Ids that are known in all.
const ALL: usize = 1_000_000;

/// What is known of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// Nothing: it is this caller's to bring in, and to [`Recent::settle`].
    Fresh,
    /// Another request is bringing it in at this moment.
    UnderWay,
    /// It is here, with the same content.
    Same,
    /// There is one of this id with another content.
    Other,
}

/// Items that came before.
#[derive(Debug, Default)]
pub(in crate::http) struct Recent {
    /// With a secret of this process, so that nobody can choose ids that collide.
    hasher: RandomState,
    seen: Mutex<HashMap<Id, Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    /// By the hash of index and id: the content's hash, and whether it is taken.
    items: HashMap<u64, (u64, bool)>,
    order: VecDeque<u64>,
}

impl Recent {
    fn seen(&self) -> MutexGuard<'_, HashMap<Id, Seen>> {
        match self.seen.lock() {
            Ok(seen) => seen,
            Err(poisoned) => poisoned.into_inner(),
        }
    }

    /// The number under which an item is known.
    pub(super) fn number(&self, index: &str, id: &str) -> u64 {
        self.hasher.hash_one((index, id))
    }

    /// Looks an item up, and notes a fresh one as under way.
    pub(super) fn claim(&self, source: Id, number: u64, content: &[u8]) -> Known {
        let content = self.hasher.hash_one(content);
        let mut seen = self.seen();
        let each = (ALL / seen.len().max(1)).min(EACH);
        let own = seen.entry(source).or_default();
        match own.items.entry(number) {
            Entry::Occupied(found) => match *found.get() {
                (same, true) if same == content => Known::Same,
                (same, false) if same == content => Known::UnderWay,
                _ => Known::Other,
            },
            Entry::Vacant(free) => {
                free.insert((content, false));
                own.order.push_back(number);
                while own.order.len() > each {
                    let oldest = own.order.pop_front();
                    oldest.and_then(|number| own.items.remove(&number));
                }
                Known::Fresh
            }
        }
    }

    /// What became of items that were under way: taken, or free to come again.
    pub(super) fn settle(&self, source: Id, numbers: &[u64], taken: bool) {
        let mut seen = self.seen();
        let Some(own) = seen.get_mut(&source) else { return };
        for number in numbers {
            if taken {
                if let Some(item) = own.items.get_mut(number) {
                    item.1 = true;
                }
            } else {
                own.items.remove(number);
            }
        }
        if !taken {
            let items = &own.items;
            own.order.retain(|number| items.contains_key(number));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_fresh_then_under_way_then_known() {
        let (recent, source) = (Recent::default(), Id::from_u128(1));
        let number = recent.number("logs", "1");
        assert_ne!(number, recent.number("log", "s1"));
        assert_eq!(recent.claim(source, number, b"a"), Known::Fresh);
        assert_eq!(recent.claim(source, number, b"a"), Known::UnderWay);
        assert_eq!(recent.claim(Id::from_u128(2), number, b"a"), Known::Fresh, "another source's");
        recent.settle(source, &[number], false);
        assert_eq!(recent.claim(source, number, b"a"), Known::Fresh, "it was not taken");
        recent.settle(source, &[number], true);
        assert_eq!(recent.claim(source, number, b"a"), Known::Same);
        assert_eq!(recent.claim(source, number, b"b"), Known::Other);
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let (recent, source) = (Recent::default(), Id::from_u128(1));
        for n in 0..=EACH as u64 {
            assert_eq!(recent.claim(source, n, b"a"), Known::Fresh);
        }
        let seen = recent.seen();
        assert_eq!((seen[&source].items.len(), seen[&source].order.len()), (EACH, EACH));
        drop(seen);
        assert_eq!(recent.claim(source, 0, b"a"), Known::Fresh);
        assert_eq!(recent.claim(source, EACH as u64, b"a"), Known::UnderWay);
    }
}
