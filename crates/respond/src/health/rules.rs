//! What is out of the ordinary about a source: pure.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::sources::rules::State;

/// Days back that the present hour is compared with.
pub const DAYS_BACK: [i64; 10] = [1, 2, 3, 4, 5, 6, 7, 14, 21, 28];
/// Days that make a habit.
const ENOUGH: usize = 3;
/// A rate below this is too small to be judged: a few events more or less say nothing.
const LEAST: u64 = 20;
/// How many times less or more than normal is out of the ordinary.
const TIMES: u64 = 4;
/// A lag that somebody should look at, in seconds; and how far ahead a clock may be.
const LATE: i64 = 300;
const AHEAD: i64 = 60;

/// What is out of the ordinary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Trouble {
    /// Nothing for longer than its limit.
    Silent,
    /// Less than a quarter of normal.
    Low,
    /// More than four times normal.
    High,
    /// Its records come long after they were written, or its clock is behind.
    Late,
    /// Its clock is ahead.
    Ahead,
    /// Records of the last hour could not be read.
    Unreadable,
}

impl Trouble {
    /// All of them, the worst first.
    pub const ALL: [Self; 6] = [Self::Silent, Self::Unreadable, Self::Low, Self::High, Self::Late, Self::Ahead];

    /// The name that addresses and texts use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::Low => "low",
            Self::High => "high",
            Self::Late => "late",
            Self::Ahead => "ahead",
            Self::Unreadable => "unreadable",
        }
    }

    /// The trouble of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trouble| trouble.name() == name)
    }
}

/// What is known of a source at a moment.
#[derive(Debug, Clone, Default)]
pub struct Signs {
    /// Events of the last full hour.
    pub hour: u64,
    /// Events of the same hour on earlier days on which the source was there.
    pub before: Vec<u64>,
    /// Records of the last hour that could not be read.
    pub failures: u64,
    /// Seconds between the newest record of the last batch and its receipt.
    pub lag: Option<i64>,
}

/// The median of the same hour on earlier days; none before there are three.
pub fn normal(before: &[u64]) -> Option<u64> {
    let mut sorted = before.to_vec();
    sorted.sort_unstable();
    (sorted.len() >= ENOUGH).then(|| sorted.get(sorted.len() / 2).copied()).flatten()
}

/// What is out of the ordinary about a source.
pub fn troubles(state: State, signs: &Signs) -> Vec<Trouble> {
    if matches!(state, State::Paused | State::Closed | State::Never) {
        return Vec::new();
    }
    let silent = state == State::Silent;
    let usual = normal(&signs.before);
    let low = usual.is_some_and(|usual| usual >= LEAST && signs.hour.saturating_mul(TIMES) < usual);
    let high = usual.is_some_and(|usual| signs.hour >= LEAST && signs.hour > usual.saturating_mul(TIMES));
    let is = |trouble: Trouble| match trouble {
        Trouble::Silent => silent,
        Trouble::Low => low && !silent,
        Trouble::High => high,
        Trouble::Late => signs.lag.is_some_and(|lag| lag > LATE),
        Trouble::Ahead => signs.lag.is_some_and(|lag| lag < -AHEAD),
        Trouble::Unreadable => signs.failures > 0,
    };
    Trouble::ALL.into_iter().filter(|trouble| is(*trouble)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signs(hour: u64, before: &[u64]) -> Signs {
        Signs { hour, before: before.to_vec(), ..Signs::default() }
    }

    #[test]
    fn a_source_is_judged_by_its_own_past() {
        assert_eq!(normal(&[5, 9]), None);
        assert_eq!(normal(&[500, 100, 90, 110, 0]), Some(100));
        let of = |hour, before: &[u64]| troubles(State::Live, &signs(hour, before));
        assert_eq!(of(24, &[100, 100, 100]), [Trouble::Low]);
        assert!(of(25, &[100, 100, 100]).is_empty());
        assert_eq!(of(401, &[100, 100, 100]), [Trouble::High]);
        assert!(of(0, &[19, 19, 19]).is_empty(), "too few to be judged");
        assert!(of(19, &[0, 0, 0]).is_empty());
        assert_eq!(of(20, &[0, 0, 0]), [Trouble::High], "it was quiet until now");
        assert!(of(1_000_000, &[1, 1]).is_empty(), "no habit yet");
    }

    #[test]
    fn clocks_and_lines_that_cannot_be_read() {
        let lag = |lag| troubles(State::Live, &Signs { lag: Some(lag), failures: 1, ..Signs::default() });
        assert_eq!(lag(301), [Trouble::Unreadable, Trouble::Late]);
        assert_eq!(lag(-61), [Trouble::Unreadable, Trouble::Ahead]);
        assert_eq!(lag(0), [Trouble::Unreadable]);
        assert_eq!(troubles(State::Silent, &signs(0, &[100; 3])), [Trouble::Silent]);
        assert!(troubles(State::Paused, &signs(0, &[100; 3])).is_empty());
    }
}
