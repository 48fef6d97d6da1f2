//! Counts of what was found: by rule, level, host, technique and hour.

use std::collections::{BTreeMap, HashMap};

use khien_detect::{Level, Rule};

use crate::found::Found;
use crate::limits;
use crate::rules::Rules;

/// Levels, worst first.
pub(crate) const LEVELS: [Level; 5] = [Level::Critical, Level::High, Level::Medium, Level::Low, Level::Informational];

/// The place of a level in [`LEVELS`].
pub(crate) fn rank(level: Level) -> usize {
    LEVELS.iter().position(|known| *known == level).unwrap_or_default()
}

/// The name of a level as rules write it.
pub(crate) fn name(level: Level) -> &'static str {
    match level {
        Level::Critical => "critical",
        Level::High => "high",
        Level::Medium => "medium",
        Level::Low => "low",
        Level::Informational => "informational",
    }
}

/// Counts by level, in the order of [`LEVELS`].
pub(crate) type ByLevel = [u64; 5];

/// What one thread, or all together, found and read.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Events read.
    pub(crate) events: u64,
    /// Bytes of events, unpacked.
    pub(crate) bytes: u64,
    /// Matches.
    pub(crate) matches: u64,
    /// Matches of each rule, by its position.
    pub(crate) rules: BTreeMap<u32, u64>,
    /// Matches by level.
    pub(crate) levels: ByLevel,
    /// Matches of each host, by level; the empty name stands for events that name none.
    pub(crate) hosts: HashMap<Box<str>, ByLevel>,
    /// Matches of hosts beyond [`limits::HOSTS`].
    pub(crate) more_hosts: ByLevel,
    /// Matches in each hour since 1970, by level.
    pub(crate) hours: BTreeMap<i64, ByLevel>,
    /// The first and last moment of a match, in microseconds.
    pub(crate) span: Option<(i64, i64)>,
}

impl Tally {
    /// Counts a match.
    pub(crate) fn add(&mut self, found: &Found, level: Level) {
        let rank = rank(level);
        self.matches += 1;
        *self.rules.entry(found.rule).or_default() += 1;
        more(&mut self.levels, rank, 1);
        let host = found.column("host");
        if let Some(counts) = self.hosts.get_mut(host) {
            more(counts, rank, 1);
        } else if self.hosts.len() < limits::HOSTS {
            more(self.hosts.entry(host.into()).or_default(), rank, 1);
        } else {
            more(&mut self.more_hosts, rank, 1);
        }
        if let Some(time) = found.time {
            more(self.hours.entry(time.div_euclid(3_600_000_000)).or_default(), rank, 1);
            self.span = Some(self.span.map_or((time, time), |(first, last)| (first.min(time), last.max(time))));
        }
    }

    /// Puts the counts of another thread to these.
    pub(crate) fn join(&mut self, other: Self) {
        self.events += other.events;
        self.bytes += other.bytes;
        self.matches += other.matches;
        for (rule, count) in other.rules {
            *self.rules.entry(rule).or_default() += count;
        }
        both(&mut self.levels, &other.levels);
        both(&mut self.more_hosts, &other.more_hosts);
        let mut hosts: Vec<_> = other.hosts.into_iter().collect();
        hosts.sort_unstable();
        for (host, counts) in hosts {
            if self.hosts.len() < limits::HOSTS || self.hosts.contains_key(&host) {
                both(self.hosts.entry(host).or_default(), &counts);
            } else {
                both(&mut self.more_hosts, &counts);
            }
        }
        for (hour, counts) in other.hours {
            both(self.hours.entry(hour).or_default(), &counts);
        }
        self.span = match (self.span, other.span) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (one, other) => one.or(other),
        };
    }

    /// The worst level that was found.
    pub(crate) fn worst(&self) -> Option<Level> {
        LEVELS.iter().zip(self.levels).find(|(_, count)| *count > 0).map(|(level, _)| *level)
    }

    /// Hosts with most matches of the worst levels first.
    pub(crate) fn worst_hosts(&self) -> Vec<(&str, ByLevel)> {
        let mut hosts: Vec<(&str, ByLevel)> = self.hosts.iter().map(|(host, counts)| (&**host, *counts)).collect();
        hosts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        hosts
    }

    /// Rules that fired, the worst and most frequent first.
    pub(crate) fn worst_rules<'r>(&self, rules: &'r Rules) -> Vec<(u32, &'r Rule, u64)> {
        let known = |(at, count): (&u32, &u64)| Some((*at, rules.rule(*at)?, *count));
        let mut fired: Vec<_> = self.rules.iter().filter_map(known).collect();
        fired.sort_by(|a, b| b.1.level.cmp(&a.1.level).then(b.2.cmp(&a.2)).then(a.1.id.cmp(&b.1.id)));
        fired
    }

    /// Matches of each technique, most first. A match of a rule with two techniques counts for both.
    pub(crate) fn techniques(&self, rules: &Rules) -> Vec<(String, u64)> {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for (at, count) in &self.rules {
            for technique in rules.rule(*at).into_iter().flat_map(|rule| &rule.tags.techniques) {
                *counts.entry(technique).or_default() += count;
            }
        }
        let mut sorted: Vec<(String, u64)> = counts.into_iter().map(|(id, count)| (id.to_owned(), count)).collect();
        sorted.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        sorted
    }
}

fn more(counts: &mut ByLevel, rank: usize, by: u64) {
    if let Some(count) = counts.get_mut(rank) {
        *count += by;
    }
}

fn both(counts: &mut ByLevel, other: &ByLevel) {
    for (count, other) in counts.iter_mut().zip(other) {
        *count += other;
    }
}
