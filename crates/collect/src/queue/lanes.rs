//! Lines of each source and whose turn it is: no sockets, no tasks, no clock of its own.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use khien_base::Id;
use khien_base::ports::Whose;
use tokio::time::Instant;

use crate::Known;

/// Bytes of one turn.
const TURN: usize = 16 * 1024;
/// What a line costs in memory beside its bytes.
const BESIDE: usize = 64;
/// Batches of one source that are on their way to the intake: while one is stored the next is decoded.
const UNDER_WAY: usize = 2;
/// Seconds of its quota that a source may send at once.
const BURST: f64 = 2.0;

/// Lines of one source.
struct Lane {
    whose: Whose,
    lines: VecDeque<Vec<u8>>,
    /// Bytes that it holds: what waits and what is on its way.
    held: usize,
    /// Bytes of its turn that are left.
    credit: usize,
    /// Batches on their way.
    under_way: usize,
    quota: Option<Quota>,
}

/// Events that a source may still send: a bucket that fills by its quota.
struct Quota {
    per_second: u32,
    left: f64,
    at: Instant,
}

impl Quota {
    fn new(per_second: u32, now: Instant) -> Self {
        Self { per_second, left: f64::from(per_second) * BURST, at: now }
    }

    fn fill(&mut self, now: Instant) {
        let came = now.saturating_duration_since(self.at).as_secs_f64() * f64::from(self.per_second);
        self.left = (self.left + came).min(f64::from(self.per_second) * BURST);
        self.at = now;
    }

    /// Lines that it may hold: more would only wait for its quota, and longer each.
    fn lines(&self) -> usize {
        usize::try_from(self.per_second).unwrap_or(usize::MAX).saturating_mul(2).max(100)
    }
}

/// Lines of one source that a batch took.
pub(super) struct Share {
    /// Whose they are.
    pub(super) whose: Whose,
    /// In the order in which they came.
    pub(super) lines: Vec<Vec<u8>>,
    /// Their room.
    pub(super) taken: Taken,
}

/// Room that a share takes.
pub(super) struct Taken {
    source: Id,
    held: usize,
}

/// All lines that wait.
pub(super) struct Lanes {
    lanes: HashMap<Id, Lane>,
    /// Sources with lines, the next one first.
    turns: VecDeque<Id>,
    /// Bytes that may be held.
    all: usize,
    /// Bytes that are held.
    used: usize,
    /// Lines that wait.
    waiting: usize,
    /// Receivers that wait for room.
    pub(super) waiters: usize,
    /// No more lines come.
    pub(super) closed: bool,
}

impl Lanes {
    /// Room for so many bytes.
    pub(super) fn new(all: usize) -> Self {
        Self { lanes: HashMap::new(), turns: VecDeque::new(), all, used: 0, waiting: 0, waiters: 0, closed: false }
    }

    /// Lines that wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Whether nothing waits and nothing is on its way.
    #[cfg(test)]
    pub(super) fn idle(&self) -> bool {
        self.lanes.is_empty()
    }

    /// Puts a line into the lane of its source, or gives it back when there is no room. Tells whether no line waited
    /// before.
    pub(super) fn put(&mut self, known: Known, line: Vec<u8>) -> Result<bool, Vec<u8>> {
        let weight = weight(&line, self.all);
        let free = self.all - self.used;
        let id = known.whose.source;
        let (held, full) = match self.lanes.get(&id) {
            Some(lane) => (lane.held, lane.quota.as_ref().is_some_and(|quota| lane.lines.len() >= quota.lines())),
            None => (0, false),
        };
        // Who holds nothing may take all that is free: a line larger than half of the room comes through at last.
        let fits = if held == 0 { weight <= free } else { held + weight <= free };
        if !fits || full {
            return Err(line);
        }
        let lane = self.lanes.entry(id).or_insert_with(|| Lane {
            whose: known.whose,
            lines: VecDeque::new(),
            held: 0,
            credit: 0,
            under_way: 0,
            quota: None,
        });
        if lane.quota.as_ref().map(|quota| quota.per_second) != known.quota {
            lane.quota = known.quota.map(|per_second| Quota::new(per_second, Instant::now()));
        }
        lane.whose = known.whose;
        if lane.lines.is_empty() {
            self.turns.push_back(id);
        }
        lane.lines.push_back(line);
        lane.held += weight;
        self.used += weight;
        self.waiting += 1;
        Ok(self.waiting == 1)
    }

    /// The next batch, of `lines` lines at most: turns of the sources one after another. Without lines that may go now
    /// it is empty; then the second value tells when the first quota allows more, if it is a quota that holds them up.
    pub(super) fn take(&mut self, lines: usize, now: Instant) -> (Vec<Share>, Option<Duration>) {
        let mut shares: HashMap<Id, Share> = HashMap::new();
        let mut order: Vec<Id> = Vec::new();
        let (mut taken, mut passed, mut soon) = (0, 0, None::<Duration>);
        while taken < lines && passed < self.turns.len() {
            let Some(id) = self.turns.pop_front() else { break };
            let Some(lane) = self.lanes.get_mut(&id) else { continue };
            if lane.under_way >= UNDER_WAY && !shares.contains_key(&id) {
                self.turns.push_back(id);
                passed += 1;
                continue;
            }
            let mut allowed = lines - taken;
            if let Some(quota) = &mut lane.quota {
                quota.fill(now);
                if quota.left < 1.0 && !self.closed {
                    let wait = Duration::from_secs_f64((1.0 - quota.left) / f64::from(quota.per_second.max(1)));
                    // Not one by one: a small quota is waited for, a large one is taken by twentieths of a second.
                    let wait = wait.max(Duration::from_millis(50));
                    soon = Some(soon.map_or(wait, |soon| soon.min(wait)));
                    self.turns.push_back(id);
                    passed += 1;
                    continue;
                }
                if !self.closed {
                    allowed = allowed.min(whole(quota.left));
                }
            }
            passed = 0;
            lane.credit += TURN;
            let share = shares.entry(id).or_insert_with(|| {
                order.push(id);
                lane.under_way += 1;
                Share { whose: lane.whose, lines: Vec::new(), taken: Taken { source: id, held: 0 } }
            });
            let before = share.lines.len();
            while share.lines.len() - before < allowed
                && let Some(line) = lane.lines.pop_front()
            {
                let weight = weight(&line, self.all);
                // A line larger than a turn saves up its turns.
                if weight > lane.credit {
                    lane.lines.push_front(line);
                    break;
                }
                lane.credit -= weight;
                share.taken.held += weight;
                share.lines.push(line);
            }
            let got = share.lines.len() - before;
            taken += got;
            self.waiting -= got;
            if let Some(quota) = &mut lane.quota {
                quota.left -= f64::from(u32::try_from(got).unwrap_or(u32::MAX));
            }
            if lane.lines.is_empty() {
                lane.credit = 0;
            } else {
                self.turns.push_back(id);
            }
        }
        let batch = order.into_iter().filter_map(|id| shares.remove(&id)).collect();
        (batch, soon)
    }

    /// A share is with the intake, or was given up.
    pub(super) fn give_back(&mut self, taken: &Taken) {
        self.used = self.used.saturating_sub(taken.held);
        let Some(lane) = self.lanes.get_mut(&taken.source) else { return };
        lane.held = lane.held.saturating_sub(taken.held);
        lane.under_way = lane.under_way.saturating_sub(1);
        // A quota is remembered until its bucket would be full anyway.
        let full = lane.quota.as_mut().is_none_or(|quota| {
            quota.fill(Instant::now());
            quota.left >= f64::from(quota.per_second) * BURST
        });
        if lane.under_way == 0 && lane.lines.is_empty() && (full || self.closed) {
            self.lanes.remove(&taken.source);
        }
    }
}

/// Bytes that a line counts as, within all the room that there is.
fn weight(line: &[u8], all: usize) -> usize {
    (line.len() + BESIDE).min(all)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between one and twice a u32")]
fn whole(left: f64) -> usize {
    left.max(1.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn known(source: u128, quota: Option<u32>) -> Known {
        Known { whose: Whose { source: Id::from_u128(source), system: Id::nil(), unit: Id::nil() }, quota }
    }

    fn line(number: usize) -> Vec<u8> {
        number.to_string().into_bytes()
    }

    #[tokio::test]
    async fn a_flood_leaves_room_and_turns_to_others() {
        let one = weight(b"000", usize::MAX);
        let mut lanes = Lanes::new(1000 * one);
        let mut flood = 0;
        while lanes.put(known(1, None), format!("{flood:03}").into_bytes()).is_ok() {
            flood += 1;
        }
        assert_eq!(flood, 500, "one alone holds half");
        assert!(lanes.put(known(2, None), line(0)).is_ok(), "who comes next finds room");
        let (batch, _) = lanes.take(400, Instant::now());
        let of = |source: u128| batch.iter().find(|share| share.whose.source == Id::from_u128(source));
        assert_eq!(of(2).map(|share| share.lines.len()), Some(1), "and is in the first batch");
        assert_eq!(of(1).map(|share| share.lines.len()), Some(399));
        for share in &batch {
            lanes.give_back(&share.taken);
        }
        assert_eq!(lanes.waiting(), 101);
    }

    #[tokio::test]
    async fn a_quota_holds_only_its_own_source_up() {
        let mut lanes = Lanes::new(1 << 20);
        let start = Instant::now();
        for number in 0..150 {
            assert!(lanes.put(known(1, Some(10)), line(number)).is_ok() == (number < 100), "holds 100 lines at most");
            lanes.put(known(2, None), line(number)).unwrap();
        }
        let (batch, _) = lanes.take(1000, start);
        let count = |batch: &[Share], source: u128| {
            batch
                .iter()
                .filter(|share| share.whose.source == Id::from_u128(source))
                .map(|s| s.lines.len())
                .sum::<usize>()
        };
        assert_eq!((count(&batch, 1), count(&batch, 2)), (20, 150), "two seconds of its quota at once");
        batch.iter().for_each(|share| lanes.give_back(&share.taken));
        let (batch, soon) = lanes.take(1000, start);
        assert!(batch.is_empty() && soon.is_some_and(|wait| wait <= Duration::from_millis(100)), "{soon:?}");
        let (batch, _) = lanes.take(1000, start + Duration::from_secs(1));
        assert_eq!(count(&batch, 1), 10);
    }

    #[tokio::test]
    async fn a_line_larger_than_a_turn_and_than_half_of_the_room_comes_through() {
        let mut lanes = Lanes::new(128 << 10);
        lanes.put(known(1, None), vec![b'x'; 100 << 10]).unwrap();
        lanes.put(known(2, None), line(0)).unwrap();
        let (batch, _) = lanes.take(10, Instant::now());
        assert_eq!(batch.iter().map(|share| share.lines.len()).sum::<usize>(), 2);
    }

    proptest! {
        #[test]
        fn each_line_comes_out_once_and_in_order(
            sent in prop::collection::vec((0_u128..5, 0_usize..3000), 0..300),
            size in 1_usize..40,
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            let _in = runtime.enter();
            let mut lanes = Lanes::new(10 << 20);
            for (number, (source, length)) in sent.iter().enumerate() {
                let mut text = line(number);
                text.resize(text.len() + length, b' ');
                lanes.put(known(*source, None), text).unwrap();
            }
            let mut out: HashMap<Id, Vec<usize>> = HashMap::new();
            loop {
                let (batch, _) = lanes.take(size, Instant::now());
                if batch.is_empty() { break }
                for share in batch {
                    for text in &share.lines {
                        let number = std::str::from_utf8(text).unwrap().trim().parse().unwrap();
                        out.entry(share.whose.source).or_default().push(number);
                    }
                    lanes.give_back(&share.taken);
                }
            }
            prop_assert!(lanes.idle());
            prop_assert_eq!(out.values().map(Vec::len).sum::<usize>(), sent.len());
            prop_assert!(out.values().all(|numbers| numbers.is_sorted()));
        }
    }
}
