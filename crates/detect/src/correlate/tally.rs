//! What is known of the events of one window, kept as events enter and leave it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::amount::Amount;
use super::read::holds;
use super::{Ask, Kind, Plan};
use crate::condition::Expr;

/// One event of a group.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// When it happened, in microseconds since 1970.
    pub(crate) at: i64,
    /// When it came.
    pub(crate) arrived: i64,
    /// Its place in the order in which events came: of two at the same time the one that came first goes first.
    pub(crate) seq: u64,
    /// The event.
    pub(crate) id: u128,
    /// Which rules of the list fired on it: a bit for each.
    pub(crate) sources: u64,
    /// Whether the condition held in the window that it ends.
    pub(crate) held: bool,
    pub(crate) value: Worth,
}

/// What an event brings to what is counted.
#[derive(Debug, Clone)]
pub(crate) enum Worth {
    Nothing,
    Text(Arc<str>),
    Number(Amount),
}

/// What is known of a window.
#[derive(Debug)]
pub(crate) enum Tally {
    Events(u64),
    Values(HashMap<Arc<str>, u32>),
    Sum {
        sum: i128,
        count: u32,
    },
    /// In order.
    Numbers(Vec<i128>),
    /// Events of each rule.
    Rules(Vec<u32>),
    /// Times and places of the events of each rule.
    Ordered(Vec<VecDeque<(i64, u64)>>),
}

impl Tally {
    /// Of no event.
    pub(crate) fn new(plan: &Plan) -> Self {
        match plan.kind {
            Kind::EventCount => Self::Events(0),
            Kind::ValueCount => Self::Values(HashMap::new()),
            Kind::ValueSum | Kind::ValueAvg => Self::Sum { sum: 0, count: 0 },
            Kind::ValuePercentile | Kind::ValueMedian => Self::Numbers(Vec::new()),
            Kind::Temporal => Self::Rules(vec![0; plan.sources.len()]),
            Kind::TemporalOrdered => Self::Ordered(vec![VecDeque::new(); plan.sources.len()]),
        }
    }

    pub(crate) fn add(&mut self, entry: &Entry) {
        match (self, &entry.value) {
            (Self::Events(count), _) => *count += 1,
            (Self::Values(values), Worth::Text(value)) => *values.entry(Arc::clone(value)).or_default() += 1,
            (Self::Sum { sum, count }, Worth::Number(Amount(n))) => {
                *sum += n;
                *count += 1;
            }
            (Self::Numbers(numbers), Worth::Number(Amount(n))) => {
                numbers.insert(numbers.partition_point(|known| known < n), *n);
            }
            (Self::Rules(counts), _) => each(entry.sources, counts, |count| *count += 1),
            (Self::Ordered(places), _) => each(entry.sources, places, |places| {
                let place = (entry.at, entry.seq);
                places.insert(places.partition_point(|known| *known < place), place);
            }),
            _ => {}
        }
    }

    pub(crate) fn remove(&mut self, entry: &Entry) {
        match (self, &entry.value) {
            (Self::Events(count), _) => *count = count.saturating_sub(1),
            (Self::Values(values), Worth::Text(value)) => {
                if let Some(count) = values.get_mut(value) {
                    *count -= 1;
                    if *count == 0 {
                        values.remove(value);
                    }
                }
            }
            (Self::Sum { sum, count }, Worth::Number(Amount(n))) => {
                *sum -= n;
                *count = count.saturating_sub(1);
            }
            (Self::Numbers(numbers), Worth::Number(Amount(n))) => {
                let place = numbers.partition_point(|known| known < n);
                if numbers.get(place) == Some(n) {
                    numbers.remove(place);
                }
            }
            (Self::Rules(counts), _) => each(entry.sources, counts, |count| *count = count.saturating_sub(1)),
            (Self::Ordered(places), _) => each(entry.sources, places, |places| {
                let place = places.partition_point(|known| *known < (entry.at, entry.seq));
                if places.get(place) == Some(&(entry.at, entry.seq)) {
                    places.remove(place);
                }
            }),
            _ => {}
        }
    }

    /// What was measured, when the condition holds.
    pub(crate) fn holds(&self, plan: &Plan) -> Option<f64> {
        match &plan.ask {
            Ask::Bounds(bounds) => {
                let (number, of) = self.measure(plan)?;
                let meets = bounds.iter().all(|(op, amount)| op.holds(number, amount.0.saturating_mul(of)));
                meets.then(|| Amount(number).float() / float(of))
            }
            Ask::Expr(expr) => {
                let holds = match self {
                    Self::Rules(counts) => holds(expr, &|rule| counts.get(rule).is_some_and(|count| *count > 0)),
                    Self::Ordered(places) => end(expr, (i64::MIN, 0), places).is_some(),
                    _ => false,
                };
                holds.then(|| self.rules().float())
            }
        }
    }

    /// What is compared, as a fraction; `None` where there is nothing to measure.
    fn measure(&self, plan: &Plan) -> Option<(i128, i128)> {
        let whole = |n: usize| Some((Amount::whole(u64::try_from(n).unwrap_or(u64::MAX)).0, 1));
        match self {
            Self::Events(count) => Some((Amount::whole(*count).0, 1)),
            Self::Values(values) => whole(values.len()),
            Self::Sum { sum, .. } if plan.kind == Kind::ValueSum => Some((*sum, 1)),
            Self::Sum { count: 0, .. } => None,
            Self::Sum { sum, count } => Some((*sum, i128::from(*count))),
            Self::Numbers(numbers) if plan.kind == Kind::ValueMedian => {
                let half = numbers.len() / 2;
                let upper = *numbers.get(half)?;
                let lower = if numbers.len() % 2 == 1 { upper } else { *numbers.get(half.checked_sub(1)?)? };
                Some((lower + upper, 2))
            }
            Self::Numbers(numbers) => {
                let rank = (usize::from(plan.percentile) * numbers.len()).div_ceil(100).max(1);
                Some((*numbers.get(rank - 1)?, 1))
            }
            Self::Rules(_) | Self::Ordered(_) => Some((self.rules().0, 1)),
        }
    }

    /// How many rules came; of those in order the longest chain.
    fn rules(&self) -> Amount {
        let count = match self {
            Self::Rules(counts) => counts.iter().filter(|count| **count > 0).count(),
            Self::Ordered(places) => chain(places),
            _ => 0,
        };
        Amount::whole(u64::try_from(count).unwrap_or(u64::MAX))
    }
}

/// Does something with each rule that fired.
fn each<T>(sources: u64, rules: &mut [T], mut act: impl FnMut(&mut T)) {
    let fired = rules.iter_mut().enumerate().filter(|(place, _)| sources >> place & 1 == 1);
    fired.for_each(|(_, rule)| act(rule));
}

#[expect(clippy::cast_precision_loss, reason = "a number of values, shown to people")]
fn float(n: i128) -> f64 {
    n as f64
}

type Place = (i64, u64);

/// The first event of a rule after a place.
fn next(places: &[VecDeque<Place>], rule: usize, after: Place) -> Option<Place> {
    let places = places.get(rule)?;
    places.get(places.partition_point(|place| *place <= after)).copied()
}

/// How many rules there are, at most, of which each came after the one before it in the list.
fn chain(places: &[VecDeque<Place>]) -> usize {
    // For each length the place at which a chain of that length can end first.
    let mut ends: Vec<Place> = vec![(i64::MIN, 0)];
    for rule in 0..places.len() {
        for length in (1..=ends.len()).rev() {
            let Some(end) = ends.get(length - 1).and_then(|after| next(places, rule, *after)) else { continue };
            match ends.get_mut(length) {
                Some(known) => *known = end.min(*known),
                None => ends.push(end),
            }
        }
    }
    ends.len() - 1
}

/// Where an expression whose parts come one after another is fulfilled first, after a place.
fn end(expr: &Expr, after: Place, places: &[VecDeque<Place>]) -> Option<Place> {
    match expr {
        Expr::Selection(rule) => next(places, *rule, after),
        Expr::And(parts) => parts.iter().try_fold(after, |after, part| end(part, after, places)),
        Expr::Or(parts) => parts.iter().filter_map(|part| end(part, after, places)).min(),
        // What must not come must not come at all.
        Expr::Not(inner) => {
            let came = |rule: usize| places.get(rule).is_some_and(|places| !places.is_empty());
            (!holds(inner, &came)).then_some(after)
        }
        Expr::Of(least, members) => {
            let mut ends: Vec<Place> = members.iter().filter_map(|rule| next(places, *rule, after)).collect();
            ends.sort_unstable();
            ends.get(least.checked_sub(1)?).copied()
        }
    }
}
