//! Correlations over all that comes into this centre: one correlator, fed batch by batch.
//!
//! Invariants: a record that a client sends again is counted once; a result that could not be recorded is recorded with
//! the next batch; other rules keep the state of correlations that mean what they meant. Units are never put together.
//! What is known of past events is in memory: [`rebuild`] makes it anew from the stored events when the program starts.

use std::collections::hash_map::DefaultHasher;
use std::collections::{HashSet, VecDeque};
use std::hash::{Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, MutexGuard};

use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt as _;
use futures::future::BoxFuture;
use khien_base::ports::Search;
use khien_base::{Event, Fault, Id, Reach, Result};
use khien_detect::{Bounds, Correlated, Correlator, Scratch, Seen, Size};
use khien_web::Kit;
use serde_json::Value;

use crate::alerts;
use crate::finding::{Finding, Hits, Together};
use crate::rules::loaded::{Loaded, Rules};

/// Records that are remembered, to know those that are sent again.
const REMEMBERED: usize = 200_000;
/// Stored events that are looked at when the program starts.
const REBUILT: usize = 100_000;
/// How far back they may lie.
const REBUILT_SPAN: TimeDelta = TimeDelta::days(1);

/// An event, by its place in a batch, and the rules that fired on it and that a correlation refers to.
pub type Fired = (usize, Vec<u32>);

/// The state of all correlations.
#[derive(Debug)]
pub struct Correlations {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    rules: Arc<Loaded>,
    correlator: Correlator,
    known: Known,
    /// What was found and could not be recorded.
    owed: Vec<Finding>,
    /// What did not come, and could not be recorded.
    absent: Vec<(Arc<Loaded>, Correlated)>,
    /// Groups and events that were given up, and events that came too late, as the log last told of them.
    lost: u64,
}

impl Correlations {
    /// Of rules, with nothing seen yet.
    pub fn new(rules: Arc<Loaded>) -> Self {
        Self { state: Mutex::new(State::new(rules)) }
    }

    /// What is kept for each correlation, and what was given up.
    pub fn sizes(&self) -> Vec<Size> {
        self.state().correlator.sizes()
    }

    /// Adds the events of a batch on which rules of `loaded` fired, and gives what matched.
    pub(super) fn see(&self, loaded: &Arc<Loaded>, events: &[Event], fired: &[Fired]) -> Vec<Finding> {
        let mut state = self.state();
        let mut found = std::mem::take(&mut state.owed);
        if fired.is_empty() {
            return found;
        }
        state.follow(loaded);
        for (place, rules) in fired {
            let Some(event) = events.get(*place) else { continue };
            if !state.known.is_new(mark(event)) {
                continue;
            }
            let rules = state.translated(loaded, rules);
            let State { correlator, rules: known, .. } = &mut *state;
            let seen = Seen {
                record: &event.record,
                time: event.time,
                arrived: event.received,
                id: event.id.as_u128(),
                partition: event.unit.as_u128(),
                fired: &rules,
            };
            found.extend(correlator.see(seen).into_iter().filter_map(|one| finding(known, one, event.clone())));
        }
        found
    }

    /// Keeps what could not be recorded for the next batch.
    pub(super) fn owe(&self, findings: Vec<Finding>) {
        let alone = |finding: Finding| Finding { event: finding.event.alone(), ..finding };
        self.state().owed.extend(findings.into_iter().map(alone));
    }

    /// Forgets all, as a restart does.
    #[cfg(test)]
    pub(super) fn forget(&self) {
        let mut state = self.state();
        let rules = Arc::clone(&state.rules);
        *state = State::new(rules);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        match self.state.lock() {
            Ok(state) => state,
            Err(poisoned) => poisoned.into_inner(),
        }
    }

    /// What did not come in time, with the rules that say so.
    fn pass(&self, now: DateTime<Utc>) -> Vec<(Arc<Loaded>, Correlated)> {
        let mut state = self.state();
        let mut absent = std::mem::take(&mut state.absent);
        let rules = Arc::clone(&state.rules);
        absent.extend(state.correlator.tick(now).into_iter().map(|one| (Arc::clone(&rules), one)));
        state.tell_losses();
        absent
    }
}

impl State {
    fn new(rules: Arc<Loaded>) -> Self {
        let correlator = Correlator::new(Arc::clone(&rules.ruleset), Bounds::default());
        Self { rules, correlator, known: Known::default(), owed: Vec::new(), absent: Vec::new(), lost: 0 }
    }

    /// Tells the log of what was given up since it last did.
    fn tell_losses(&mut self) {
        let sizes = self.correlator.sizes();
        let lost = sizes.iter().map(|size| size.evicted + size.dropped + size.too_late).sum();
        if lost > self.lost {
            for size in sizes.iter().filter(|size| size.evicted + size.dropped + size.too_late > 0) {
                tracing::warn!(
                    correlation = size.id,
                    size.groups,
                    size.entries,
                    size.evicted,
                    size.dropped,
                    size.too_late,
                    "a correlation gave up groups or events"
                );
            }
        }
        self.lost = lost;
    }

    /// Puts the rules of a batch in force, unless newer ones are already: a batch ends with the rules that it began with.
    fn follow(&mut self, loaded: &Arc<Loaded>) {
        if !Arc::ptr_eq(&self.rules, loaded) && loaded.loaded_at >= self.rules.loaded_at {
            self.correlator.swap(Arc::clone(&loaded.ruleset));
            self.rules = Arc::clone(loaded);
        }
    }

    /// Positions of rules of a batch, as the rules in force have them.
    fn translated(&self, loaded: &Arc<Loaded>, rules: &[u32]) -> Vec<u32> {
        if Arc::ptr_eq(&self.rules, loaded) {
            return rules.to_vec();
        }
        let known = self.rules.ruleset.rules();
        let one = |place: &u32| {
            let id = &loaded.ruleset.rules().get(*place as usize)?.id;
            u32::try_from(known.iter().position(|rule| rule.id == *id)?).ok()
        };
        rules.iter().filter_map(one).collect()
    }
}

/// What a record that a client sends again has in common with itself: its source, time and text. `None` for one without
/// a time of its own: two of these that say the same may well be two.
pub(crate) fn mark(event: &Event) -> Option<u64> {
    let time = event.record.time?;
    let mut hash = DefaultHasher::new();
    (event.source.as_bytes(), time.timestamp_micros(), &event.record.raw).hash(&mut hash);
    Some(hash.finish())
}

/// Marks of records that came.
#[derive(Debug, Default)]
pub(crate) struct Known {
    marks: HashSet<u64>,
    order: VecDeque<u64>,
}

impl Known {
    /// Whether a record did not come before.
    pub(crate) fn is_new(&mut self, mark: Option<u64>) -> bool {
        let Some(mark) = mark else { return true };
        if !self.marks.insert(mark) {
            return false;
        }
        self.order.push_back(mark);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.marks.remove(&oldest);
        }
        true
    }
}

/// What a correlation found, with the event that it is shown by.
fn finding(rules: &Loaded, found: Correlated, event: Event) -> Option<Finding> {
    let correlation = rules.ruleset.correlations().get(found.correlation)?;
    let rule = &correlation.rule;
    Some(Finding {
        rule_id: rule.id.clone(),
        rule_title: rule.title.clone(),
        level: rule.level,
        techniques: rule.tags.techniques.clone(),
        event: event.into(),
        hits: Hits::Known(Vec::new()),
        together: Some(Together {
            group: found.group,
            events: found.events.into_iter().map(Id::from_u128).collect(),
            count: found.count,
            value: found.value,
            from: found.first,
            until: if found.absent { found.at } else { found.last },
        }),
    })
}

/// `intake.correlations`: what did not come in time becomes alerts, and what can no longer matter is forgotten.
pub(super) fn tick<'a>(kit: &'a Kit, _: &'a Value) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        // A process that matches nothing has nothing to look at.
        let Ok(rules) = kit.part::<Rules>() else { return Ok(()) };
        let correlations = rules.correlations();
        let absent = correlations.pass(kit.now());
        if let Err(fault) = record_absent(kit, &absent).await {
            correlations.state().absent.extend(absent);
            return Err(fault);
        }
        Ok(())
    })
}

async fn record_absent(kit: &Kit, absent: &[(Arc<Loaded>, Correlated)]) -> Result<()> {
    let mut findings = Vec::new();
    for (rules, found) in absent {
        let last = found.events.last().copied().map(Id::from_u128).unwrap_or_default();
        match kit.events()?.event(last, Reach::All).await? {
            Some(event) => findings.extend(finding(rules, found.clone(), event)),
            None => tracing::warn!(event = %last, group = ?found.group, "something did not come; its event is gone"),
        }
    }
    record(kit, &findings).await
}

async fn record(kit: &Kit, findings: &[Finding]) -> Result<()> {
    if alerts::store::record(&kit.db, &kit.ids, kit.now(), findings).await? > 0 {
        alerts::store::tell(&kit.bus, findings.iter().map(|finding| finding.event.unit));
    }
    Ok(())
}

/// Makes what correlations know anew from the newest stored events, as far as their timespans reach, a day and
/// 100,000 events at most. What matches is recorded unless it was before: a crash may have come between. To be called
/// before events are taken in. Gives how many events counted.
///
/// Events count as having come now: while the program stood still nothing could come, and that nothing came is no news.
pub async fn rebuild(kit: &Kit) -> Result<usize> {
    let rules = kit.part::<Rules>()?;
    let (loaded, now) = (rules.current(), kit.now());
    let Some(span) = loaded.ruleset.correlations().iter().map(|one| one.timespan).max() else { return Ok(0) };
    let query = Search { from: Some(now - span.min(REBUILT_SPAN)), ..Search::within(Reach::All) };
    let mut events: Vec<Event> = Vec::new();
    let mut pages = kit.events()?.newest(query, REBUILT);
    while let Some(page) = pages.next().await {
        let (page, loaded) = (page?, Arc::clone(&loaded));
        let meant = move || {
            let mut scratch = Scratch::default();
            let mut meant = |event: &Event| !correlated(&loaded, event, &mut scratch).is_empty();
            page.into_iter().filter(|event| meant(event)).collect::<Vec<Event>>()
        };
        events.extend(tokio::task::spawn_blocking(meant).await.map_err(Fault::internal)?);
    }
    events.reverse();
    events.iter_mut().for_each(|event| event.received = now);
    let count = events.len();
    let work = move || {
        let mut scratch = Scratch::default();
        let fired: Vec<Fired> =
            events.iter().enumerate().map(|(place, event)| (place, correlated(&loaded, event, &mut scratch))).collect();
        rules.correlations().see(&loaded, &events, &fired)
    };
    let found = tokio::task::spawn_blocking(work).await.map_err(Fault::internal)?;
    record(kit, &found).await?;
    Ok(count)
}

/// The rules that fire on an event and that a correlation refers to.
fn correlated(loaded: &Loaded, event: &Event, scratch: &mut Scratch) -> Vec<u32> {
    let fired = loaded.engine.fired(&event.record, scratch);
    fired.iter().copied().filter(|rule| loaded.ruleset.is_correlated(*rule)).collect()
}
