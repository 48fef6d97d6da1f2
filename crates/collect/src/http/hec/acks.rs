//! Acknowledgements that were given and not asked for yet.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Mutex;

use khien_base::Id;

/// Channels that are remembered; beyond it the one that was opened first is forgotten.
const CHANNELS: usize = 4_096;
/// Acknowledgements of a channel that wait to be asked for; beyond it the oldest are forgotten, and their events come
/// again.
const WAITING: usize = 10_000;

#[derive(Debug, Default)]
struct Channel {
    next: u64,
    waiting: BTreeSet<u64>,
}

#[derive(Debug, Default)]
struct All {
    channels: HashMap<(Id, String), Channel>,
    /// In the order in which they were opened.
    order: VecDeque<(Id, String)>,
}

/// Acknowledgements by source and channel: one source never learns of another's.
#[derive(Debug, Default)]
pub(in crate::http) struct Acks {
    all: Mutex<All>,
}

impl Acks {
    fn of<T>(&self, source: Id, channel: &str, work: impl FnOnce(&mut Channel) -> T) -> T {
        let mut all = match self.all.lock() {
            Ok(all) => all,
            Err(poisoned) => poisoned.into_inner(),
        };
        let all = &mut *all;
        let key = (source, channel.to_owned());
        if !all.channels.contains_key(&key) {
            all.order.push_back(key.clone());
            if all.order.len() > CHANNELS
                && let Some(oldest) = all.order.pop_front()
            {
                all.channels.remove(&oldest);
            }
        }
        work(all.channels.entry(key).or_default())
    }

    /// The number of a request whose events are durable.
    pub(in crate::http) fn give(&self, source: Id, channel: &str) -> u64 {
        self.of(source, channel, |channel| {
            let id = channel.next;
            channel.next += 1;
            channel.waiting.insert(id);
            if channel.waiting.len() > WAITING {
                channel.waiting.pop_first();
            }
            id
        })
    }

    /// Which of these are durable; each is told once.
    pub(in crate::http) fn ask(&self, source: Id, channel: &str, ids: &[u64]) -> Vec<(u64, bool)> {
        self.of(source, channel, |channel| ids.iter().map(|id| (*id, channel.waiting.remove(id))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_told_once_and_to_its_own_channel_only() {
        let (acks, a, b) = (Acks::default(), Id::from_u128(1), Id::from_u128(2));
        assert_eq!((acks.give(a, "x"), acks.give(a, "x"), acks.give(a, "y"), acks.give(b, "x")), (0, 1, 0, 0));
        assert_eq!(acks.ask(a, "x", &[0, 7]), [(0, true), (7, false)]);
        assert_eq!(acks.ask(a, "x", &[0, 1]), [(0, false), (1, true)]);
        assert_eq!(acks.ask(b, "y", &[0]), [(0, false)]);
        assert_eq!(acks.ask(b, "x", &[0]), [(0, true)]);
    }

    #[test]
    fn nothing_grows_without_bound() {
        let (acks, source) = (Acks::default(), Id::from_u128(1));
        for _ in 0..=WAITING {
            acks.give(source, "x");
        }
        assert_eq!(acks.ask(source, "x", &[0, 1]), [(0, false), (1, true)]);
        for n in 0..2 * CHANNELS {
            acks.give(source, &n.to_string());
        }
        let all = acks.all.lock().unwrap();
        assert_eq!((all.channels.len(), all.order.len()), (CHANNELS, CHANNELS));
    }
}
