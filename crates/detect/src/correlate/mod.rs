//! Correlations: rules about several events (Sigma correlation rules specification 2.1).
//!
//! A correlation refers to rules, or to other correlations, and asks how many of their events, how many different values
//! or which of them come together within a timespan, for each group of events with the same values of some fields.
//! [`read`] makes a [`Correlation`] of a document, [`link`] binds it to the rules that it names, and a [`Correlator`]
//! keeps what has to be known of past events.
//!
//! What the specification leaves open is decided so:
//! - *Windows slide.* Each event ends a window; the events before it within the timespan (both ends included) count.
//! - *Absence ends a window.* A condition that nothing at all would satisfy (`lt`, `lte`, `eq: 0` of events, values or a
//!   sum; `not` in an expression) is looked at when the timespan after an event has passed, on [`Correlator::tick`].
//! - *No storm.* A group gives one result, and as long as the condition goes on holding another one after each timespan.
//! - *Chains.* A temporal correlation over a correlation knows every moment at which that one held; one that counts
//!   counts its results.
//! - *Groups* are per partition (the unit of the events). Values are compared without case. An event without one of
//!   the fields is in no group, and counted.
//! - *One event counts once* where events or values are counted, even when several of the rules fire on it.

pub(crate) mod amount;
mod correlator;
mod group;
mod key;
pub(crate) mod link;
pub(crate) mod read;
mod replay;
mod tally;

use chrono::TimeDelta;
use serde::Serialize;

use crate::condition::Expr;
use crate::rule::Rule;
use amount::Amount;
pub use correlator::{Bounds, Correlated, Correlator, Seen, Size};
pub use replay::Replay;

/// What a correlation looks for among events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// How many events there are.
    EventCount,
    /// How many different values a field has.
    ValueCount,
    /// The sum of a field.
    ValueSum,
    /// The mean of a field.
    ValueAvg,
    /// A percentile of a field, by nearest rank.
    ValuePercentile,
    /// The median of a field; of an even number of values the mean of the middle two.
    ValueMedian,
    /// Which of the rules came together.
    Temporal,
    /// Which of the rules came together in the order of the list.
    TemporalOrdered,
}

impl Kind {
    /// All kinds, with the names that rules call them by.
    pub const ALL: [(&'static str, Self); 8] = [
        ("event_count", Self::EventCount),
        ("value_count", Self::ValueCount),
        ("value_sum", Self::ValueSum),
        ("value_avg", Self::ValueAvg),
        ("value_percentile", Self::ValuePercentile),
        ("value_median", Self::ValueMedian),
        ("temporal", Self::Temporal),
        ("temporal_ordered", Self::TemporalOrdered),
    ];

    /// The name that rules call it by.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }

    pub(crate) fn is_temporal(self) -> bool {
        matches!(self, Self::Temporal | Self::TemporalOrdered)
    }

    /// Whether numbers are made of the values of a field.
    fn is_numeric(self) -> bool {
        matches!(self, Self::ValueSum | Self::ValueAvg | Self::ValuePercentile | Self::ValueMedian)
    }
}

/// How a count is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Gt,
    Gte,
    Lt,
    Lte,
    Eq,
    Neq,
}

/// When a correlation matches.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ask {
    /// All of these comparisons hold.
    Bounds(Vec<(Op, Amount)>),
    /// An expression over the rules of the list.
    Expr(Expr),
}

/// A rule or another correlation, by position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    Rule(u32),
    Correlation(u32),
}

/// What a correlation does with events, bound to the rules that it names.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    pub(crate) kind: Kind,
    /// Microseconds.
    pub(crate) span: i64,
    pub(crate) ask: Ask,
    /// Percent, for [`Kind::ValuePercentile`].
    pub(crate) percentile: u8,
    pub(crate) sources: Vec<Source>,
    /// For each source the fields to group by, in the order of `group-by`.
    pub(crate) keys: Vec<Vec<String>>,
    /// For each source the fields whose values count.
    pub(crate) fields: Vec<Vec<String>>,
    /// Whether windows are looked at when they have passed.
    pub(crate) at_end: bool,
}

/// A correlation that was read without faults and bound to its rules.
#[derive(Debug, Clone, PartialEq)]
pub struct Correlation {
    /// What it has in common with a rule: identity, title, level, tags. Its log source says nothing.
    pub rule: Rule,
    /// What it looks for.
    pub kind: Kind,
    /// Identities of the rules and correlations that it refers to.
    pub refers: Vec<String>,
    /// `group-by`
    pub group_by: Vec<String>,
    /// `timespan`
    pub timespan: TimeDelta,
    /// `condition` as a sentence part: `gte 10`, `a and not b`.
    pub condition: String,
    /// `condition.field`; empty where nothing but events counts.
    pub fields: Vec<String>,
    /// Whether the rules that it refers to alert by themselves too.
    pub generate: bool,
    /// Whether it is only a step of other correlations and alerts nobody by itself.
    pub quiet: bool,
    pub(crate) plan: Plan,
    /// What it does, and what all its rules look for: the same where state may be kept.
    pub(crate) meaning: u64,
}

impl Op {
    pub(crate) fn holds(self, left: i128, right: i128) -> bool {
        match self {
            Self::Gt => left > right,
            Self::Gte => left >= right,
            Self::Lt => left < right,
            Self::Lte => left <= right,
            Self::Eq => left == right,
            Self::Neq => left != right,
        }
    }
}
