//! The events of one group of one correlation, in the order in which they happened.

use std::collections::{HashSet, VecDeque};

use super::tally::{Entry, Tally};
use super::{Ask, Kind, Op, Plan};
use crate::limits;

/// How long and how much is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keep {
    /// How much earlier than the newest of its group an event may have happened, in microseconds.
    pub(crate) late: i64,
    /// Events of a group.
    pub(crate) entries: usize,
}

/// The events of a group that still count.
#[derive(Debug)]
pub(crate) struct Group {
    entries: VecDeque<Entry>,
    /// Where windows are looked at when an event ends them: the first of the newest window, all from it being in the
    /// tally. Where they are looked at when they have passed: the first that is not in the tally, all before it being.
    edge: usize,
    tally: Tally,
    /// When the last result was told.
    told: Option<i64>,
    /// When the last event came.
    arrived: i64,
    /// From when to when events were given up early because enough came after them: no gap in it is longer than the
    /// timespan.
    settled: Vec<(i64, i64)>,
}

/// A window in which the condition held.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Moment {
    /// Its end.
    pub(crate) at: i64,
    /// Its first event.
    pub(crate) first: i64,
    /// Its last event.
    pub(crate) last: i64,
    /// Events in it, the newest [`limits::CORRELATED_NAMED`] of them, oldest first.
    pub(crate) events: Vec<u128>,
    /// How many there are.
    pub(crate) count: usize,
    /// What was measured.
    pub(crate) value: f64,
    /// Whether it is to be told, or the group has told of itself within the timespan.
    pub(crate) told: bool,
}

/// What came of an event.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) moments: Vec<Moment>,
    /// It happened too long before the newest event of its group and was left out.
    pub(crate) too_late: bool,
    /// Events that were given up for want of room.
    pub(crate) dropped: usize,
}

impl Group {
    pub(crate) fn new(plan: &Plan) -> Self {
        Self {
            entries: VecDeque::new(),
            edge: 0,
            tally: Tally::new(plan),
            told: None,
            arrived: i64::MIN,
            settled: Vec::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// When it is to be looked at: its oldest window has passed, or nothing came for so long that it can be forgotten.
    pub(crate) fn due(&self, plan: &Plan, keep: Keep) -> i64 {
        let from = if plan.at_end { self.entries.front().map_or(self.arrived, |e| e.arrived) } else { self.arrived };
        from.saturating_add(plan.span).saturating_add(keep.late)
    }

    /// Adds an event.
    pub(crate) fn take(&mut self, entry: Entry, plan: &Plan, keep: Keep) -> Taken {
        let mut taken = Taken::default();
        let newest = self.entries.back().map_or(i64::MIN, |newest| newest.at);
        if entry.at < newest.saturating_sub(keep.late) {
            taken.too_late = true;
            return taken;
        }
        self.arrived = self.arrived.max(entry.arrived);
        let at = entry.at;
        let place = self.entries.partition_point(|known| (known.at, known.seq) <= (at, entry.seq));
        if plan.at_end {
            self.take_at_end(entry, place, plan, keep);
        } else {
            self.take_at_once(entry, place, plan, &mut taken);
            self.forget(newest.max(at).saturating_sub(plan.span).saturating_sub(keep.late));
        }
        while self.entries.len() > keep.entries {
            self.drop_front(plan);
            taken.dropped += 1;
        }
        taken
    }

    fn take_at_once(&mut self, entry: Entry, place: usize, plan: &Plan, taken: &mut Taken) {
        let at = entry.at;
        if place == self.entries.len() {
            self.tally.add(&entry);
            self.entries.push_back(entry);
            while let Some(gone) = self.entries.get(self.edge).filter(|gone| gone.at < at.saturating_sub(plan.span)) {
                self.tally.remove(gone);
                self.edge += 1;
            }
            if let Some(value) = self.tally.holds(plan) {
                taken.moments.extend(self.moment(self.edge, place, value, plan));
            }
            return;
        }
        let newest = self.entries.back().map_or(at, |newest| newest.at);
        if at >= newest.saturating_sub(plan.span) {
            self.tally.add(&entry);
        } else {
            self.edge += 1;
        }
        self.entries.insert(place, entry);
        self.sweep(place, plan, taken);
    }

    /// Looks at every window that an event which came late is in: those that it ends or that end within the timespan
    /// after it. One in which the condition held before is not told again.
    fn sweep(&mut self, place: usize, plan: &Plan, taken: &mut Taken) {
        let Some(at) = self.entries.get(place).map(|entry| entry.at) else { return };
        let mut from = self.entries.partition_point(|entry| entry.at < at.saturating_sub(plan.span));
        let mut tally = Tally::new(plan);
        self.entries.range(from..place).for_each(|entry| tally.add(entry));
        let mut end = place;
        while let Some(entry) = self.entries.get(end).filter(|entry| entry.at <= at.saturating_add(plan.span)) {
            tally.add(entry);
            let (start, held) = (entry.at.saturating_sub(plan.span), entry.held);
            while let Some(gone) = self.entries.get(from).filter(|gone| gone.at < start) {
                tally.remove(gone);
                from += 1;
            }
            if let (false, Some(value)) = (held, tally.holds(plan)) {
                taken.moments.extend(self.moment(from, end, value, plan));
            }
            end += 1;
        }
    }

    /// The condition held in the window from one place to another.
    fn moment(&mut self, from: usize, to: usize, value: f64, plan: &Plan) -> Option<Moment> {
        let entry = self.entries.get_mut(to)?;
        entry.held = true;
        let at = entry.at;
        self.window(at, from, to + 1, value, plan)
    }

    /// The window that ends at a time and has the events from one place up to another, not included.
    fn window(&mut self, at: i64, from: usize, to: usize, value: f64, plan: &Plan) -> Option<Moment> {
        let told = self.told.is_none_or(|told| told.abs_diff(at) >= plan.span.unsigned_abs());
        if told {
            self.told = Some(self.told.map_or(at, |known| known.max(at)));
        }
        let (mut events, mut seen) = (Vec::new(), HashSet::new());
        if told {
            for entry in self.entries.range(from..to).rev() {
                if events.len() < limits::CORRELATED_NAMED && seen.insert(entry.id) {
                    events.push(entry.id);
                }
            }
            events.reverse();
        }
        let (first, last) = (self.entries.get(from)?.at, self.entries.get(to.checked_sub(1)?)?.at);
        Some(Moment { at, first, last, events, count: to - from, value, told })
    }

    /// Forgets events that no window can need any more.
    fn forget(&mut self, before: i64) {
        while self.edge > 0 && self.entries.front().is_some_and(|entry| entry.at < before) {
            self.entries.pop_front();
            self.edge -= 1;
        }
    }

    fn drop_front(&mut self, plan: &Plan) {
        let Some(gone) = self.entries.pop_front() else { return };
        let in_tally = if plan.at_end { self.edge > 0 } else { self.edge == 0 };
        if in_tally {
            self.tally.remove(&gone);
        }
        self.edge = self.edge.saturating_sub(1);
    }

    fn take_at_end(&mut self, entry: Entry, place: usize, plan: &Plan, keep: Keep) {
        // An event in its window was given up because enough came: it has nothing to tell either.
        let within = |(from, to): &(i64, i64)| from.saturating_sub(plan.span) <= entry.at && entry.at < *to;
        if place == 0 && self.settled.iter().any(within) {
            self.settle(entry.at, plan);
            return;
        }
        if place < self.edge {
            self.tally.add(&entry);
            self.edge += 1;
        }
        self.entries.insert(place, entry);
        self.shed(plan);
        let oldest = self.entries.back().map_or(i64::MIN, |newest| newest.at).saturating_sub(keep.late);
        self.settled.retain(|(_, to)| *to >= oldest);
    }

    /// Of a count it is known early that a window has too many: what is kept is what may still hold.
    fn shed(&mut self, plan: &Plan) {
        let Some(most) = most(plan) else { return };
        while let (Some(front), Some(one)) = (self.entries.front(), self.entries.get(most)) {
            let at = front.at;
            if one.at > at.saturating_add(plan.span) {
                break;
            }
            self.settle(at, plan);
            self.drop_front(plan);
        }
    }

    /// Remembers that an event was given up because enough came after it.
    fn settle(&mut self, at: i64, plan: &Plan) {
        let near =
            |(from, to): &&mut (i64, i64)| from.saturating_sub(plan.span) <= at && at <= to.saturating_add(plan.span);
        match self.settled.iter_mut().find(near) {
            Some((from, to)) => (*from, *to) = (at.min(*from), at.max(*to)),
            None => self.settled.push((at, at)),
        }
    }

    /// Looks at the windows that have passed by now: each begins with an event, and what came after it counts.
    pub(crate) fn judge(&mut self, now: i64, plan: &Plan, keep: Keep) -> Vec<Moment> {
        let mut moments = Vec::new();
        let inclusive = matches!(plan.ask, Ask::Expr(_));
        while self.entries.front().is_some() && self.due(plan, keep) <= now {
            let Some(end) = self.entries.front().map(|front| front.at.saturating_add(plan.span)) else { break };
            while let Some(next) = self.entries.get(self.edge).filter(|next| next.at <= end) {
                self.tally.add(next);
                self.edge += 1;
            }
            if !inclusive && let Some(front) = self.entries.front() {
                self.tally.remove(front);
            }
            if let Some(value) = self.tally.holds(plan) {
                moments.extend(self.window(end, 0, self.edge, value, plan));
            }
            if inclusive && let Some(front) = self.entries.front() {
                self.tally.remove(front);
            }
            self.entries.pop_front();
            self.edge = self.edge.saturating_sub(1);
            self.shed(plan);
        }
        moments
    }
}

/// From how many events on the condition of a count cannot hold any more.
fn most(plan: &Plan) -> Option<usize> {
    let Ask::Bounds(bounds) = &plan.ask else { return None };
    if plan.kind != Kind::EventCount {
        return None;
    }
    let upper = bounds.iter().filter_map(|(op, amount)| match op {
        Op::Lt => amount.count(),
        Op::Lte | Op::Eq => amount.count().map(|n| n + 1),
        _ => None,
    });
    upper.min()
}
