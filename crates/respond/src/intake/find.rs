//! What the rules in force find in a batch of events.

use khien_base::{Event, Record};
use khien_detect::Scratch;
use khien_normalise::Lean;

use super::correlations::Fired;
use crate::finding::Finding;
use crate::rules::loaded::{Loaded, Rules};

/// Memory of matching that is good to use again: shapes of events, values that came before.
#[derive(Debug, Default)]
pub(crate) struct Tools {
    scratch: Scratch,
    lean: Lean,
    fired: Vec<u32>,
}

/// What the rules in force find: of single events first, and how many those are, then of several together.
pub(super) fn find(rules: &Rules, events: Vec<Event>) -> (Vec<Event>, Vec<Finding>, usize) {
    let loaded = rules.current();
    let (mut findings, together) = loaded.tools.with(|tools| alone(&loaded, &events, tools));
    let single = findings.len();
    findings.extend(rules.correlations().see(&loaded, &events, &together));
    (events, findings, single)
}

/// Findings of single events, and events that correlations count.
fn alone(loaded: &Loaded, events: &[Event], tools: &mut Tools) -> (Vec<Finding>, Vec<Fired>) {
    let (mut findings, mut together) = (Vec::new(), Vec::new());
    for (place, event) in events.iter().enumerate() {
        let fired = tools.fired(loaded, &event.record);
        if fired.is_empty() {
            continue;
        }
        let some =
            |wanted: &dyn Fn(u32) -> bool| fired.iter().copied().filter(|rule| wanted(*rule)).collect::<Vec<u32>>();
        let correlated = some(&|rule| loaded.ruleset.is_correlated(rule));
        if !correlated.is_empty() {
            together.push((place, correlated));
        }
        let loud = some(&|rule| !loaded.ruleset.is_quiet(rule));
        for found in loaded.ruleset.told(&event.record, &loud) {
            findings.push(Finding {
                rule_id: found.rule.id.clone(),
                rule_title: found.rule.title.clone(),
                level: found.rule.level,
                techniques: found.rule.tags.techniques.clone(),
                event: event.clone(),
                hits: found.hits,
                together: None,
            });
        }
    }
    (findings, together)
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
