//! Keeps what correlations have to know of past events, and says when they match.
//!
//! An event costs what the correlations of the rules that fired on it cost, and no more. Groups are forgotten when
//! nothing came for the timespan; how many groups and events are kept is bounded, what was least recently added to goes
//! first, and all that is given up is counted.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use khien_base::Record;
use serde::Serialize;

use super::group::{Group, Keep, Moment};
use super::key::{self, Key, Origin};
use super::tally::{Entry, Worth};
use super::{Correlation, Plan, Source};
use crate::limits;
use crate::ruleset::Ruleset;

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Groups of one correlation.
    pub groups: usize,
    /// Events of one group.
    pub entries_of_group: usize,
    /// Events of all groups of all correlations, about 100 bytes each.
    pub entries: usize,
    /// How much earlier than the newest of its group an event may have happened and still count.
    pub late: TimeDelta,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { groups: 50_000, entries_of_group: 20_000, entries: 500_000, late: TimeDelta::minutes(15) }
    }
}

/// An event on which rules fired.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'e> {
    /// What it says.
    pub record: &'e Record,
    /// When it happened; a time after it came counts as when it came.
    pub time: DateTime<Utc>,
    /// When it came.
    pub arrived: DateTime<Utc>,
    /// Its identity.
    pub id: u128,
    /// What is never put together with others: the unit that it belongs to.
    pub partition: u128,
    /// Positions in [`Ruleset::rules`] of the rules that fired on it.
    pub fired: &'e [u32],
}

/// A correlation matched.
#[derive(Debug, Clone, PartialEq)]
pub struct Correlated {
    /// Position in [`Ruleset::correlations`].
    pub correlation: usize,
    /// The partition of its events.
    pub partition: u128,
    /// The fields that were grouped by, and their values.
    pub group: Vec<(String, String)>,
    /// The newest [`CORRELATED_NAMED`](crate::limits::CORRELATED_NAMED) events of the window, oldest first. Where the
    /// window was looked at after it had passed, the first is the event after which something did not come.
    pub events: Vec<u128>,
    /// How many events there are.
    pub count: usize,
    /// What was measured: events, values, a sum, rules that came.
    pub value: f64,
    /// When the first event happened.
    pub first: DateTime<Utc>,
    /// When the last event happened.
    pub last: DateTime<Utc>,
    /// The end of the window.
    pub at: DateTime<Utc>,
    /// Whether something did not come in time: it was found on [`Correlator::tick`].
    pub absent: bool,
}

/// What is kept for one correlation, and what was given up since the beginning.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Size {
    /// Identity of the correlation.
    pub id: String,
    /// Groups.
    pub groups: usize,
    /// Events.
    pub entries: usize,
    /// Groups that were given up for want of room.
    pub evicted: u64,
    /// Events that were given up for want of room in their group, or because chains made too much of one event.
    pub dropped: u64,
    /// Events that came too late.
    pub too_late: u64,
    /// Events that lack a field to group by.
    pub ungrouped: u64,
    /// Events that lack the value to count, or in which it is no number.
    pub worthless: u64,
}

/// What is kept of one correlation.
#[derive(Debug, Default)]
struct State {
    groups: HashMap<Key, Kept>,
    /// When groups are to be looked at, perhaps earlier than it has become necessary.
    due: BinaryHeap<Reverse<(i64, Key)>>,
    size: Size,
}

#[derive(Debug)]
struct Kept {
    /// The values as they were written first.
    values: Vec<String>,
    group: Group,
    /// The time with which it stands in the queue; a place there with another time is void.
    queued: i64,
}

/// Keeps the state of all correlations of a rule set.
#[derive(Debug)]
pub struct Correlator {
    set: Arc<Ruleset>,
    bounds: Bounds,
    states: Vec<State>,
    /// For each rule and each correlation who refers to it, and as which of its list.
    users: HashMap<Source, Vec<(usize, u16)>>,
    entries: usize,
    seq: u64,
}

/// Something for a correlation to add.
struct Feed<'r> {
    correlation: usize,
    /// Which of its rules: a bit for each.
    sources: u64,
    at: i64,
    arrived: i64,
    id: u128,
    partition: u128,
    record: Option<&'r Record>,
    inner: Vec<(String, String)>,
}

impl Correlator {
    /// Of a rule set, with nothing seen yet.
    pub fn new(set: Arc<Ruleset>, bounds: Bounds) -> Self {
        let mut new =
            Self { set: Arc::default(), bounds, states: Vec::new(), users: HashMap::new(), entries: 0, seq: 0 };
        new.swap(set);
        new
    }

    /// Puts another rule set in force. Correlations that mean what they meant, with all that they refer to, keep what
    /// they know; the others begin anew.
    pub fn swap(&mut self, set: Arc<Ruleset>) {
        let old = std::mem::take(&mut self.states).into_iter();
        let before = self.set.correlations().iter().map(|c| (c.rule.id.clone(), c.meaning));
        let mut kept: HashMap<(String, u64), State> = before.zip(old).collect();
        let fresh = |id: &str| State { size: Size { id: id.to_owned(), ..Size::default() }, ..State::default() };
        let state = |c: &Correlation| kept.remove(&(c.rule.id.clone(), c.meaning)).unwrap_or_else(|| fresh(&c.rule.id));
        self.states = set.correlations().iter().map(state).collect();
        self.entries = self.states.iter().map(|state| state.size.entries).sum();
        self.users.clear();
        for (correlation, known) in set.correlations().iter().enumerate() {
            for (source, place) in known.plan.sources.iter().zip(0..) {
                self.users.entry(*source).or_default().push((correlation, place));
            }
        }
        self.set = set;
    }

    /// The rule set in force.
    pub fn ruleset(&self) -> &Arc<Ruleset> {
        &self.set
    }

    /// Whether a correlation refers to one of these rules.
    pub fn wants(&self, fired: &[u32]) -> bool {
        !self.users.is_empty() && fired.iter().any(|rule| self.users.contains_key(&Source::Rule(*rule)))
    }

    /// Adds an event and gives what matched with it.
    pub fn see(&mut self, seen: Seen<'_>) -> Vec<Correlated> {
        if !self.wants(seen.fired) {
            return Vec::new();
        }
        self.seq += 1;
        let mut feeds: VecDeque<Feed<'_>> = VecDeque::new();
        let set = Arc::clone(&self.set);
        for rule in seen.fired {
            for (correlation, source) in self.users.get(&Source::Rule(*rule)).map_or(&[][..], Vec::as_slice) {
                let temporal = set.correlations().get(*correlation).is_some_and(|c| c.kind.is_temporal());
                match feeds.iter_mut().find(|feed| feed.correlation == *correlation) {
                    Some(feed) if temporal => feed.sources |= bit(*source),
                    // One event counts once, whatever fired on it.
                    Some(_) => {}
                    None => feeds.push_back(Feed {
                        correlation: *correlation,
                        sources: bit(*source),
                        // A clock that is ahead must not make what comes after it late.
                        at: seen.time.min(seen.arrived).timestamp_micros(),
                        arrived: seen.arrived.timestamp_micros(),
                        id: seen.id,
                        partition: seen.partition,
                        record: Some(seen.record),
                        inner: Vec::new(),
                    }),
                }
            }
        }
        let found = self.work(&set, feeds);
        self.make_room();
        found
    }

    /// Looks at what has passed by now, and forgets what can no longer matter. To be called about once a minute.
    pub fn tick(&mut self, now: DateTime<Utc>) -> Vec<Correlated> {
        let set = Arc::clone(&self.set);
        let (now, keep) = (now.timestamp_micros(), self.keep());
        let mut found = Vec::new();
        for (place, known) in set.correlations().iter().enumerate() {
            let mut passed = Vec::new();
            if let Some(state) = self.states.get_mut(place) {
                let before = state.size.entries;
                state.pass(now, &known.plan, keep, &mut passed);
                self.entries -= before - state.size.entries;
            }
            for (key, values, moment) in passed {
                let feed = Feed {
                    correlation: place,
                    sources: 0,
                    at: moment.at,
                    arrived: now,
                    id: moment.events.last().copied().unwrap_or_default(),
                    partition: key.0,
                    record: None,
                    inner: Vec::new(),
                };
                let mut feeds = VecDeque::new();
                self.matched(&set, &feed, &values, moment, true, &mut found, &mut feeds);
                found.extend(self.work(&set, feeds));
            }
        }
        self.make_room();
        found
    }

    /// What is kept, for each correlation in the order of [`Ruleset::correlations`].
    pub fn sizes(&self) -> Vec<Size> {
        self.states.iter().map(|state| state.size.clone()).collect()
    }

    fn keep(&self) -> Keep {
        let late = self.bounds.late.num_microseconds().unwrap_or(i64::MAX).max(0);
        Keep { late, entries: self.bounds.entries_of_group.max(1) }
    }

    /// Adds to correlations, and what matches to those that refer to them.
    fn work<'r>(&mut self, set: &Ruleset, mut feeds: VecDeque<Feed<'r>>) -> Vec<Correlated> {
        let mut found = Vec::new();
        let keep = self.keep();
        let mut left = limits::CORRELATED_STEPS;
        while let Some(feed) = feeds.pop_front() {
            let seq = self.seq;
            let Some(known) = set.correlations().get(feed.correlation) else { continue };
            let Some(state) = self.states.get_mut(feed.correlation) else { continue };
            let Some(fewer) = left.checked_sub(1) else {
                state.size.dropped += 1;
                continue;
            };
            left = fewer;
            let before = state.size.entries;
            let moments = state.add(&feed, seq, &known.plan, keep, self.bounds.groups);
            self.entries = self.entries + state.size.entries - before;
            for (values, moment) in moments {
                self.matched(set, &feed, &values, moment, false, &mut found, &mut feeds);
            }
        }
        found
    }

    /// A condition held: tells it, and hands it on.
    #[expect(clippy::too_many_arguments, reason = "what was fed, what came of it, and where both go")]
    fn matched<'r>(
        &self,
        set: &Ruleset,
        feed: &Feed<'r>,
        values: &[String],
        moment: Moment,
        absent: bool,
        found: &mut Vec<Correlated>,
        feeds: &mut VecDeque<Feed<'r>>,
    ) {
        let Some(known) = set.correlations().get(feed.correlation) else { return };
        let group: Vec<(String, String)> = known.group_by.iter().cloned().zip(values.iter().cloned()).collect();
        let place = u32::try_from(feed.correlation).unwrap_or(u32::MAX);
        for (user, source) in self.users.get(&Source::Correlation(place)).map_or(&[][..], Vec::as_slice) {
            let temporal = set.correlations().get(*user).is_some_and(|c| c.kind.is_temporal());
            if temporal || moment.told {
                feeds.push_back(Feed {
                    correlation: *user,
                    sources: bit(*source),
                    at: moment.at,
                    arrived: feed.arrived,
                    id: feed.id,
                    partition: feed.partition,
                    record: feed.record,
                    inner: group.clone(),
                });
            }
        }
        if moment.told && !known.quiet {
            found.push(Correlated {
                correlation: feed.correlation,
                partition: feed.partition,
                group,
                events: moment.events,
                count: moment.count,
                value: moment.value,
                first: time(moment.first),
                last: time(moment.last),
                at: time(moment.at),
                absent,
            });
        }
    }

    /// Gives up groups until all that is kept is within the bound: those of the correlation that keeps most.
    fn make_room(&mut self) {
        let (set, keep) = (Arc::clone(&self.set), self.keep());
        while self.entries > self.bounds.entries {
            let most = self.states.iter_mut().zip(set.correlations()).max_by_key(|(state, _)| state.size.entries);
            let Some((state, known)) = most else { return };
            let before = state.size.entries;
            state.evict(&known.plan, keep);
            if state.size.entries == before {
                return;
            }
            self.entries -= before - state.size.entries;
        }
    }
}

impl State {
    /// Adds an event to the group of its values: to several, where its rules call the fields differently.
    fn add(&mut self, feed: &Feed<'_>, seq: u64, plan: &Plan, keep: Keep, groups: usize) -> Vec<(Vec<String>, Moment)> {
        let mut moments = Vec::new();
        for (values, value, sources) in self.places(feed, plan) {
            let key = key::key(feed.partition, &values);
            let entry = Entry { at: feed.at, arrived: feed.arrived, seq, id: feed.id, sources, held: false, value };
            if self.groups.len() >= groups.max(1) && !self.groups.contains_key(&key) {
                self.evict(plan, keep);
            }
            let new = || Kept { values, group: Group::new(plan), queued: i64::MAX };
            let kept = self.groups.entry(Arc::clone(&key)).or_insert_with(new);
            let before = kept.group.len();
            let taken = kept.group.take(entry, plan, keep);
            let due = kept.group.due(plan, keep);
            if due < kept.queued {
                kept.queued = due;
                self.due.push(Reverse((due, key)));
            }
            self.size.entries = self.size.entries + kept.group.len() - before;
            self.size.too_late += u64::from(taken.too_late);
            self.size.dropped += u64::try_from(taken.dropped).unwrap_or(0);
            moments.extend(taken.moments.into_iter().map(|moment| (kept.values.clone(), moment)));
        }
        self.size.groups = self.groups.len();
        moments
    }

    /// The groups that an event belongs to, what it brings to each, and by which rules.
    fn places(&mut self, feed: &Feed<'_>, plan: &Plan) -> Vec<(Vec<String>, Worth, u64)> {
        let origin = Origin { record: feed.record, inner: &feed.inner };
        let mut places: Vec<(Vec<String>, Worth, u64)> = Vec::new();
        let fields = plan.keys.iter().zip(&plan.fields).zip(0..).filter(|(_, place)| feed.sources & bit(*place) != 0);
        for ((keys, fields), place) in fields {
            let Some(values) = origin.group(keys) else {
                self.size.ungrouped += 1;
                continue;
            };
            let Some(worth) = origin.worth(plan, fields) else {
                self.size.worthless += 1;
                continue;
            };
            match places.iter_mut().find(|(known, _, _)| *known == values) {
                Some((_, _, sources)) => *sources |= bit(place),
                None => places.push((values, worth, bit(place))),
            }
        }
        places
    }

    /// Gives up the group that was least recently added to.
    fn evict(&mut self, plan: &Plan, keep: Keep) {
        while let Some(Reverse((due, key))) = self.due.pop() {
            let Some(kept) = self.groups.get_mut(&key).filter(|kept| kept.queued == due) else { continue };
            let now_due = kept.group.due(plan, keep);
            if now_due > due {
                kept.queued = now_due;
                self.due.push(Reverse((now_due, key)));
                continue;
            }
            self.size.entries -= kept.group.len();
            self.size.evicted += 1;
            self.groups.remove(&key);
            break;
        }
        self.size.groups = self.groups.len();
    }

    /// Looks at the groups that are due.
    fn pass(&mut self, now: i64, plan: &Plan, keep: Keep, passed: &mut Vec<(Key, Vec<String>, Moment)>) {
        while self.due.peek().is_some_and(|Reverse((due, _))| *due <= now) {
            let Some(Reverse((due, key))) = self.due.pop() else { break };
            let Some(kept) = self.groups.get_mut(&key).filter(|kept| kept.queued == due) else { continue };
            let before = kept.group.len();
            if plan.at_end {
                for moment in kept.group.judge(now, plan, keep) {
                    passed.push((Arc::clone(&key), kept.values.clone(), moment));
                }
                self.size.entries -= before - kept.group.len();
            }
            let due = kept.group.due(plan, keep);
            let over = due <= now || (plan.at_end && kept.group.len() == 0);
            if over {
                self.size.entries -= kept.group.len();
                self.groups.remove(&key);
            } else {
                kept.queued = due;
                self.due.push(Reverse((due, key)));
            }
        }
        self.size.groups = self.groups.len();
    }
}

/// The bit of a rule of the list.
fn bit(place: u16) -> u64 {
    1_u64.checked_shl(u32::from(place)).unwrap_or(0)
}

fn time(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}
