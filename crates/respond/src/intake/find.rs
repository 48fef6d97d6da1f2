//! What the rules in force find in a batch of events.

use std::sync::Arc;

use khien_base::{Event, Record};
use khien_detect::Scratch;
use khien_normalise::Lean;

use super::correlations::Fired;
use crate::finding::{Finding, Hits, Seen};
use crate::rules::loaded::{Loaded, Rules};

/// Memory of matching that is good to use again: shapes of events, values that came before.
#[derive(Debug, Default)]
pub(crate) struct Tools {
    scratch: Scratch,
    lean: Lean,
    fired: Vec<u32>,
}

/// What the rules in force find: of single events first, and how many those are, then of several together.
pub(super) fn find(rules: &Rules, events: &Arc<Vec<Event>>) -> (Vec<Finding>, usize) {
    let loaded = rules.current();
    let (mut findings, together) = loaded.tools.with(|tools| alone(&loaded, events, tools));
    let single = findings.len();
    findings.extend(rules.correlations().see(&loaded, events, &together));
    (findings, single)
}

/// Findings of single events, and events that correlations count.
fn alone(loaded: &Loaded, events: &Arc<Vec<Event>>, tools: &mut Tools) -> (Vec<Finding>, Vec<Fired>) {
    let (mut findings, mut together) = (Vec::new(), Vec::<Fired>::new());
    for (place, event) in events.iter().enumerate() {
        let fired = tools.fired(loaded, &event.record);
        if fired.is_empty() {
            continue;
        }
        let correlated: Vec<u32> = fired.iter().copied().filter(|rule| loaded.ruleset.is_correlated(*rule)).collect();
        if !correlated.is_empty() {
            together.push((place, correlated));
        }
        let loud = fired.iter().filter(|rule| !loaded.ruleset.is_quiet(**rule));
        findings.extend(loud.filter_map(|rule| finding(loaded, events, place, *rule)));
    }
    (findings, together)
}

fn finding(loaded: &Loaded, events: &Arc<Vec<Event>>, place: usize, rule: u32) -> Option<Finding> {
    let found = loaded.ruleset.rules().get(rule as usize)?;
    Some(Finding {
        rule_id: found.id.clone(),
        rule_title: found.title.clone(),
        level: found.level,
        techniques: found.tags.techniques.clone(),
        event: Seen::at(events, place)?,
        hits: Hits::Of(Arc::clone(&loaded.ruleset), rule),
        together: None,
    })
}

impl Tools {
    /// The rules that fire on an event. One whose fields were told by its raw text is read from there once more, which
    /// costs less than making a map of them.
    fn fired(&mut self, loaded: &Loaded, record: &Record) -> &[u32] {
        let Self { scratch, lean, fired } = self;
        fired.clear();
        let lean = if record.fields.is_lean() { lean.read(&record.raw) } else { None };
        let quick = lean.filter(|lean| *lean.log() == record.log);
        match quick.and_then(|lean| loaded.engine.fired_on(lean.log(), &lean, scratch)) {
            Some(quick) => fired.extend(quick),
            None => fired.extend(loaded.engine.fired(record, scratch)),
        }
        fired
    }
}
