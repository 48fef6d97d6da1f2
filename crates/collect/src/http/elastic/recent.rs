//! Items that came before, told by the `_id` that their client gave them.
//!
//! What is promised: of each source the last [`EACH`] ids are known (fewer when many sources send ids), from the moment
//! that an item is handed to the intake. A client that repeats a request because the answer got lost stores nothing twice,
//! also when the server itself was killed meanwhile: an item's number is part of the stored event's identity, and when a
//! source sends ids for the first time after a start, the numbers of its last hour are read from the store.

use std::collections::hash_map::{Entry, RandomState};
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher;
use std::sync::{Mutex, MutexGuard};

use khien_base::Id;
use sha2::{Digest, Sha256};

/// Ids of one source that are known.
pub(super) const EACH: usize = 200_000;
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
    /// Of contents, with a secret of this process.
    hasher: RandomState,
    seen: Mutex<HashMap<Id, Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    /// By the number of index and id.
    items: HashMap<u64, State>,
    order: VecDeque<u64>,
    /// What is stored was looked up.
    whole: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// On its way to the store, with its content's hash.
    UnderWay(u64),
    /// Stored.
    Taken(u64),
    /// Stored before this server started; of its content nothing is known.
    Before,
}

/// Ids of one source that are known while so many sources send some.
fn share(seen: &HashMap<Id, Seen>) -> usize {
    (ALL / seen.len().max(1)).min(EACH)
}

impl Recent {
    fn seen(&self) -> MutexGuard<'_, HashMap<Id, Seen>> {
        match self.seen.lock() {
            Ok(seen) => seen,
            Err(poisoned) => poisoned.into_inner(),
        }
    }

    /// The number under which an item is known, of 62 bits: the same in each process. Whoever makes ids collide leaves out
    /// events of their own source only.
    pub(super) fn number(index: &str, id: &str) -> u64 {
        let mut hash = Sha256::new();
        hash.update(index.len().to_le_bytes());
        hash.update(index);
        hash.update(id);
        let digest: [u8; 32] = hash.finalize().into();
        digest.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte)) >> 2
    }

    /// Whether what this source stored before is yet to be looked up, and [`Recent::before`] to be told of it.
    pub(super) fn is_new(&self, source: Id) -> bool {
        self.seen().get(&source).is_none_or(|own| !own.whole)
    }

    /// Notes the numbers that a source stored before, oldest first; the newest, as many as there is room for.
    pub(super) fn before(&self, source: Id, numbers: Vec<u64>) {
        let mut seen = self.seen();
        let each = share(&seen);
        let own = seen.entry(source).or_default();
        if std::mem::replace(&mut own.whole, true) {
            return;
        }
        for number in numbers.into_iter().rev() {
            if own.order.len() >= each {
                break;
            }
            if let Entry::Vacant(free) = own.items.entry(number) {
                free.insert(State::Before);
                own.order.push_front(number);
            }
        }
    }

    /// Looks an item up, and notes a fresh one as under way.
    pub(super) fn claim(&self, source: Id, number: u64, content: &[u8]) -> Known {
        let content = self.hasher.hash_one(content);
        let mut seen = self.seen();
        let each = share(&seen);
        let own = seen.entry(source).or_default();
        match own.items.entry(number) {
            Entry::Occupied(found) => match *found.get() {
                State::Before => Known::Same,
                State::Taken(same) if same == content => Known::Same,
                State::UnderWay(same) if same == content => Known::UnderWay,
                _ => Known::Other,
            },
            Entry::Vacant(free) => {
                free.insert(State::UnderWay(content));
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
                if let Some(item) = own.items.get_mut(number)
                    && let State::UnderWay(content) = *item
                {
                    *item = State::Taken(content);
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
        let number = Recent::number("logs", "1");
        assert_ne!(number, Recent::number("log", "s1"));
        assert!(number < 1 << 62);
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
    fn what_was_stored_before_the_start_is_known_whatever_its_content() {
        let (recent, source) = (Recent::default(), Id::from_u128(1));
        assert!(recent.is_new(source));
        assert_eq!(recent.claim(source, 3, b"a"), Known::Fresh, "brought while the store was being asked");
        recent.before(source, vec![1, 2, 3]);
        assert!(!recent.is_new(source) && recent.is_new(Id::from_u128(2)));
        assert_eq!((recent.claim(source, 1, b"a"), recent.claim(source, 2, b"b")), (Known::Same, Known::Same));
        assert_eq!(recent.claim(source, 3, b"a"), Known::UnderWay);
        // The oldest go first: those of before the start.
        assert_eq!(recent.seen()[&source].order, [1, 2, 3]);
        recent.before(source, vec![9]);
        assert_eq!(recent.claim(source, 9, b"a"), Known::Fresh, "it is asked once");
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

    #[test]
    fn of_what_was_stored_before_the_newest_are_known_within_the_same_bound() {
        let (recent, source) = (Recent::default(), Id::from_u128(1));
        for other in 2..=20 {
            recent.before(Id::from_u128(other), vec![7]);
        }
        recent.before(source, (0..EACH as u64).collect());
        let each = ALL / 19;
        assert_eq!(recent.seen()[&source].order.len(), each);
        assert_eq!(recent.claim(source, EACH as u64 - 1, b"a"), Known::Same);
        assert_eq!(recent.claim(source, (EACH - each) as u64, b"a"), Known::Same);
        assert_eq!(recent.claim(source, (EACH - each) as u64 - 1, b"a"), Known::Fresh);
    }
}
