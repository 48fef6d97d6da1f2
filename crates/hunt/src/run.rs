//! One run: rules and logs in, timeline out.

use std::collections::VecDeque;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use khien_base::{Fault, Result};

use crate::correlation::{self, Trace};
use crate::feed::{Feed, Own};
use crate::found::Found;
use crate::limits;
use crate::order::{Order, Outcome};
use crate::out::{self, Report};
use crate::progress::Progress;
use crate::rules::{self, Rules};
use crate::sources;
use crate::tally::Tally;
use crate::timeline::Timeline;
use crate::trouble::Troubles;
use crate::worker::{self, Events, Worker};

/// How long the parts of a run took.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Times {
    /// Reading and compiling rules.
    pub(crate) rules: Duration,
    /// Reading logs and matching them; a part of it lies beside the loading of the rules.
    pub(crate) logs: Duration,
    /// Sorting and writing.
    pub(crate) writing: Duration,
    /// Everything.
    pub(crate) all: Duration,
}

/// Does what an order says. The timeline goes to its file or to `stdout`, everything else to `stderr`; `terminal` says
/// that `stderr` is one and progress may be drawn.
///
/// Faults are those that end the run before anything is found: `hunt.…` of inputs and rules, `hunt.unwritable`.
pub fn run(order: &Order, stdout: &mut dyn Write, stderr: &mut (dyn Write + Send), terminal: bool) -> Result<Outcome> {
    let start = Instant::now();
    let troubles = Troubles::default();
    let shape = out::shape(order)?;
    let sources = sources::find(&order.inputs, &troubles)?;
    if sources.is_empty() && troubles.is_empty() {
        return Err(Fault::invalid("hunt.nothing-to-read"));
    }
    out::spare_inputs(order, &sources)?;
    let places = rules::places(order, &troubles)?;
    let feed = Feed::new(&sources, order.format, &troubles);
    let total = sources.iter().map(|source| source.bytes).sum();
    let progress = Progress::new((terminal && !order.quiet).then_some(&mut *stderr), total);
    let gate = Gate::default();
    let shared = Shared {
        order,
        feed: &feed,
        troubles: &troubles,
        gate: &gate,
        progress: &progress,
        timeline: Mutex::new(Timeline::new(limits::TIMELINE, spill_folder(order))),
        traces: Mutex::new(Timeline::new(limits::TRACES, spill_folder(order))),
        tally: Mutex::new(Tally::default()),
        events: AtomicU64::new(0),
        matches: AtomicU64::new(0),
        failed: Mutex::new(None),
    };
    let mut times = Times::default();
    std::thread::scope(|scope| {
        let helpers: Vec<_> = (1..order.threads.max(1)).map(|_| scope.spawn(|| shared.work())).collect();
        gate.open(Rules::new(&places, order.threads, &order.choice, &troubles));
        times.rules = start.elapsed();
        shared.work();
        if helpers.into_iter().any(|helper| helper.join().is_err()) {
            shared.fail(worker::ended());
        }
    });
    times.logs = start.elapsed() - times.rules;
    let Shared { timeline, traces, tally, failed, .. } = shared;
    if let Some(fault) = into(failed) {
        return Err(fault);
    }
    let rules = gate.into_rules()?;
    progress.end();
    let others = feed.others.load(Ordering::Relaxed);
    drop(feed);
    let (mut tally, mut timeline) = (into(tally), into(timeline));
    let correlated = correlation::correlated(&rules, into(traces).sorted()?)?;
    for row in &correlated {
        rules.rule(row.rule).iter().for_each(|rule| tally.add(row, rule.level));
    }
    timeline.add(correlated)?;
    let told = troubles.told();
    let report = Report { order, rules: &rules, sources: &sources, tally: &tally, troubles: &told, others };
    out::timeline(&report, shape, timeline.sorted()?, stdout)?;
    times.writing = start.elapsed() - times.rules - times.logs;
    times.all = start.elapsed();
    out::notes(&report, &times, stderr)?;
    let outcome = Outcome { matches: tally.matches, troubles: told.all, worst: tally.worst() };
    // The process ends with the run: to give back the million small pieces of a large rule set one by one would take as
    // long as reading the logs.
    std::mem::forget(rules);
    Ok(outcome)
}

/// Parts of a long timeline wait beside its file; without one in the system's folder for temporary files.
fn spill_folder(order: &Order) -> PathBuf {
    let beside = order.output.as_deref().and_then(|path| path.parent()).filter(|folder| folder.is_dir());
    beside.map_or_else(std::env::temp_dir, PathBuf::from)
}

/// The rules, as soon as they are loaded. Threads decode ahead meanwhile.
#[derive(Default)]
struct Gate {
    rules: OnceLock<Result<Rules>>,
    lock: Mutex<()>,
    opened: Condvar,
}

impl Gate {
    fn open(&self, rules: Result<Rules>) {
        let _guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.rules.set(rules).ok();
        self.opened.notify_all();
    }

    fn is_open(&self) -> bool {
        self.rules.get().is_some()
    }

    /// Waits for the rules; none when there are none.
    fn wait(&self) -> Option<&Rules> {
        let mut guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match self.rules.get() {
                Some(rules) => return rules.as_ref().ok(),
                None => guard = self.opened.wait(guard).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    fn into_rules(self) -> Result<Rules> {
        self.rules.into_inner().unwrap_or_else(|| Err(worker::ended()))
    }
}

struct Shared<'s, 'f> {
    order: &'s Order,
    feed: &'s Feed<'f>,
    troubles: &'s Troubles,
    gate: &'s Gate,
    progress: &'s Progress<'f>,
    timeline: Mutex<Timeline<Found>>,
    traces: Mutex<Timeline<Trace>>,
    tally: Mutex<Tally>,
    events: AtomicU64,
    matches: AtomicU64,
    failed: Mutex<Option<Fault>>,
}

/// Matches that a thread gathers before it hands them over.
const HAND_OVER: usize = 2_048;

impl Shared<'_, '_> {
    fn work(&self) {
        let mut own = Own::None;
        let mut ahead: VecDeque<Events> = VecDeque::new();
        let mut weight = 0;
        while !self.gate.is_open() && weight < limits::AHEAD {
            let Some(block) = self.feed.next(&mut own) else { break };
            let events = worker::decode(block, self.feed, self.troubles);
            weight += events.weight;
            ahead.push_back(events);
        }
        let Some(rules) = self.gate.wait() else { return };
        let mut worker = Worker::new(self.order, rules, self.troubles);
        while !self.has_failed() {
            let events = match ahead.pop_front() {
                Some(events) => events,
                None => match self.feed.next(&mut own) {
                    Some(block) => worker::decode(block, self.feed, self.troubles),
                    None => break,
                },
            };
            let before = (worker.tally.events, worker.tally.matches);
            worker.matched(events, self.feed);
            let events = worker.tally.events - before.0;
            let matches = worker.tally.matches - before.1;
            let events = self.events.fetch_add(events, Ordering::Relaxed) + events;
            let matches = self.matches.fetch_add(matches, Ordering::Relaxed) + matches;
            self.progress.tell(self.feed.done.load(Ordering::Relaxed), events, matches);
            if worker.found.len() >= HAND_OVER || worker.traces.len() >= HAND_OVER {
                self.hand_over(std::mem::take(&mut worker.found), std::mem::take(&mut worker.traces));
            }
        }
        self.hand_over(worker.found, worker.traces);
        self.tally.lock().unwrap_or_else(PoisonError::into_inner).join(worker.tally);
    }

    fn hand_over(&self, found: Vec<Found>, traces: Vec<Trace>) {
        let added = self.timeline.lock().unwrap_or_else(PoisonError::into_inner).add(found);
        let traced = self.traces.lock().unwrap_or_else(PoisonError::into_inner).add(traces);
        if let Err(fault) = added.and(traced) {
            self.fail(fault);
        }
    }

    fn fail(&self, fault: Fault) {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(fault);
    }

    fn has_failed(&self) -> bool {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }
}

fn into<T>(of: Mutex<T>) -> T {
    of.into_inner().unwrap_or_else(PoisonError::into_inner)
}
