//! Binds correlations to the rules that they name, wherever those stand.
//!
//! A name is an identity, or the `name` of a rule; a rule of the same file goes before others. What names a rule that
//! is not there, or itself by way of others, is left out together with all that refer to it.

use std::collections::HashMap;
use std::hash::Hasher as _;

use chrono::TimeDelta;
use rustc_hash::FxHasher;

use super::read::{Alias, Draft};
use super::{Ask, Correlation, Kind, Op, Plan, Source};
use crate::condition::Expr;
use crate::fault::{At, Faults, RuleFault, quoted};
use crate::rule::{Level, Rule};

/// What came of binding.
pub(crate) struct Linked {
    /// Each after those that it refers to.
    pub(crate) correlations: Vec<Correlation>,
    /// For each rule whether it is only a part of correlations and alerts nobody by itself.
    pub(crate) quiet: Vec<bool>,
    /// For each rule whether a correlation refers to it.
    pub(crate) correlated: Vec<bool>,
    pub(crate) faults: Vec<RuleFault>,
}

/// Binds correlations. `meanings` says for each rule what it looks for.
pub(crate) fn link(drafts: Vec<Draft>, rules: &[Rule], meanings: &[u64]) -> Linked {
    let mut linking = Linking {
        states: drafts.iter().map(|_| State::Untouched).collect(),
        names: Names::new(rules, &drafts),
        drafts,
        rules,
        meanings,
        linked: Linked {
            correlations: Vec::new(),
            quiet: vec![false; rules.len()],
            correlated: vec![false; rules.len()],
            faults: Vec::new(),
        },
    };
    for place in 0..linking.drafts.len() {
        linking.one(place);
    }
    let mut linked = linking.linked;
    quiet(&mut linked, rules);
    linked
}

/// A rule alerts by itself unless a correlation refers to it and none of those says `generate: true`. One of level
/// informational, which by the specification is to alert nobody, is only a part of correlations once one refers to it.
fn quiet(linked: &mut Linked, rules: &[Rule]) {
    let mut referred: HashMap<Source, bool> = HashMap::new();
    for correlation in &linked.correlations {
        for source in &correlation.plan.sources {
            *referred.entry(*source).or_default() |= correlation.generate;
        }
    }
    for (source, generates) in referred {
        let alerts = |rule: &Rule| generates && rule.level > Level::Informational;
        match source {
            Source::Rule(place) => {
                let place = place as usize;
                if let (Some(quiet), Some(rule)) = (linked.quiet.get_mut(place), rules.get(place)) {
                    *quiet = !alerts(rule);
                }
                if let Some(correlated) = linked.correlated.get_mut(place) {
                    *correlated = true;
                }
            }
            Source::Correlation(place) => {
                if let Some(correlation) = linked.correlations.get_mut(place as usize) {
                    correlation.quiet = !alerts(&correlation.rule);
                }
            }
        }
    }
}

/// Who bears a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bearer {
    Rule(usize),
    Draft(usize),
}

struct Names {
    ids: HashMap<String, Bearer>,
    names: HashMap<String, Vec<(Bearer, String)>>,
}

impl Names {
    fn new(rules: &[Rule], drafts: &[Draft]) -> Self {
        let mut found = Self { ids: HashMap::new(), names: HashMap::new() };
        let rules = rules.iter().enumerate().map(|(place, rule)| (Bearer::Rule(place), rule));
        let drafts = drafts.iter().enumerate().map(|(place, draft)| (Bearer::Draft(place), &draft.rule));
        for (bearer, rule) in rules.chain(drafts) {
            found.ids.insert(rule.id.clone(), bearer);
            if !rule.name.is_empty() {
                found.names.entry(rule.name.clone()).or_default().push((bearer, rule.source_name.clone()));
            }
        }
        found
    }

    /// Makes aliases name rules as the list does: one may use the identity and the other the name.
    fn same(&self, draft: &mut Draft) {
        let file = &draft.rule.source_name;
        let bearer = |name: &str| self.find(name, file).ok().flatten();
        for (rule, _, _) in draft.aliases.iter_mut().flat_map(|alias| &mut alias.fields) {
            let listed =
                |(name, _): &&(String, At)| name == rule || (bearer(name).is_some() && bearer(name) == bearer(rule));
            if let Some((name, _)) = draft.names.iter().find(listed) {
                rule.clone_from(name);
            }
        }
    }

    /// Who bears a name for a document of this file; `Err` when several do.
    fn find(&self, name: &str, file: &str) -> Result<Option<Bearer>, ()> {
        if let Some(bearer) = self.ids.get(name) {
            return Ok(Some(*bearer));
        }
        let bearers = self.names.get(name).map_or(&[][..], Vec::as_slice);
        let here: Vec<&Bearer> = bearers.iter().filter(|(_, source)| source == file).map(|(b, _)| b).collect();
        match (here.as_slice(), bearers) {
            ([one], _) => Ok(Some(**one)),
            ([], [(one, _)]) => Ok(Some(*one)),
            ([], []) => Ok(None),
            _ => Err(()),
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum State {
    Untouched,
    /// Being bound: who comes here again has gone in a circle.
    Open,
    Done(u32),
    Faulty,
}

struct Linking<'m> {
    drafts: Vec<Draft>,
    states: Vec<State>,
    names: Names,
    rules: &'m [Rule],
    meanings: &'m [u64],
    linked: Linked,
}

impl Linking<'_> {
    /// Binds one correlation, after those that it refers to. As deep as a chain is long, which the faults of
    /// [`Linking::chained`] bound.
    fn one(&mut self, place: usize) -> Option<u32> {
        match self.states.get(place).copied()? {
            State::Done(at) => return Some(at),
            State::Faulty | State::Open => return None,
            State::Untouched => {}
        }
        self.set(place, State::Open);
        let mut draft = self.drafts.get(place)?.clone();
        self.names.same(&mut draft);
        let file = draft.rule.source_name.clone();
        let mut faults = Faults::new(&file);
        let bound = faults.within("correlation", |faults| {
            let sources = faults.within("rules", |faults| self.sources(&draft, faults));
            let named = aliases(&draft, faults);
            sources.filter(|_| named)
        });
        let at = u32::try_from(self.linked.correlations.len()).ok();
        let (state, at) = match (bound, at, faults.is_empty()) {
            (Some(sources), Some(at), true) => {
                let correlation = self.correlation(draft, sources);
                self.linked.correlations.push(correlation);
                (State::Done(at), Some(at))
            }
            _ => (State::Faulty, None),
        };
        self.set(place, state);
        self.linked.faults.extend(faults.into_vec());
        at
    }

    fn set(&mut self, place: usize, to: State) {
        if let Some(state) = self.states.get_mut(place) {
            *state = to;
        }
    }

    fn sources(&mut self, draft: &Draft, faults: &mut Faults<'_>) -> Option<Vec<Source>> {
        let mut sources = Vec::new();
        for (name, at) in &draft.names {
            let source = match self.names.find(name, &draft.rule.source_name) {
                Ok(Some(Bearer::Rule(place))) => u32::try_from(place).ok().map(Source::Rule),
                Ok(Some(Bearer::Draft(place))) => self.chained(place, name, *at, faults),
                Ok(None) => {
                    let mend = "Load the rule too, mend its faults, or correct the name.";
                    told(faults, "detect.correlation-rule-unknown", name, *at, "There is no rule", mend);
                    None
                }
                Err(()) => {
                    let mend = "Refer to the rule by its id.";
                    told(faults, "detect.correlation-rule-twice", name, *at, "Several rules are called", mend);
                    None
                }
            };
            if let Some(source) = source {
                if sources.contains(&source) {
                    let mend = "Name each rule once, by its id or by its name.";
                    told(faults, "detect.correlation-rule-twice", name, *at, "The list has already the rule", mend);
                }
                sources.push(source);
            }
        }
        (sources.len() == draft.names.len()).then_some(sources)
    }

    /// Another correlation that is referred to.
    fn chained(&mut self, place: usize, name: &str, at: At, faults: &mut Faults<'_>) -> Option<Source> {
        let open = self.states.iter().filter(|state| matches!(state, State::Open)).count();
        if matches!(self.states.get(place), Some(State::Open)) || open > crate::limits::CONDITION_DEPTH {
            let mend = "Let a chain have an end.";
            told(
                faults,
                "detect.correlation-cycle",
                name,
                at,
                "The correlation refers to itself, or too deep, by way of",
                mend,
            );
            return None;
        }
        let found = self.one(place);
        if found.is_none() {
            let mend = "Mend that one first.";
            told(faults, "detect.correlation-rule-unknown", name, at, "There are faults in the correlation", mend);
        }
        found.map(Source::Correlation)
    }

    fn correlation(&self, draft: Draft, sources: Vec<Source>) -> Correlation {
        let fields_of = |wanted: &[String]| -> Vec<Vec<String>> {
            let of =
                |(name, _): &(String, At)| wanted.iter().map(|field| field_of(&draft.aliases, field, name)).collect();
            draft.names.iter().map(of).collect()
        };
        let plan = Plan {
            kind: draft.kind,
            span: i64::try_from(draft.seconds).unwrap_or(i64::MAX / 2).saturating_mul(1_000_000),
            keys: fields_of(&draft.group_by),
            fields: fields_of(&draft.fields),
            at_end: at_end(draft.kind, &draft.ask),
            ask: draft.ask,
            percentile: draft.percentile,
            sources,
        };
        let mut hash = FxHasher::default();
        // Positions of rules change with the rule set and mean nothing; their meanings do not.
        let meaning = Plan { sources: Vec::new(), ..plan.clone() };
        hash.write(format!("{meaning:?} {:?}", draft.group_by).as_bytes());
        let refers =
            plan.sources.iter().zip(&draft.names).map(|(source, (name, _))| self.refers(*source, name, &mut hash));
        let refers = refers.collect();
        Correlation {
            refers,
            kind: draft.kind,
            group_by: draft.group_by,
            timespan: TimeDelta::seconds(i64::try_from(draft.seconds).unwrap_or(i64::MAX / 2_000)),
            condition: draft.condition,
            fields: draft.fields,
            generate: draft.generate,
            quiet: false,
            rule: draft.rule,
            plan,
            meaning: hash.finish(),
        }
    }

    /// The identity of what is referred to; its meaning goes into the hash.
    fn refers(&self, source: Source, name: &str, hash: &mut FxHasher) -> String {
        match source {
            Source::Rule(place) => {
                hash.write_u64(self.meanings.get(place as usize).copied().unwrap_or_default());
                self.rules.get(place as usize).map_or_else(|| name.to_owned(), |rule| rule.id.clone())
            }
            Source::Correlation(place) => match self.linked.correlations.get(place as usize) {
                Some(inner) => {
                    hash.write_u64(inner.meaning);
                    inner.rule.id.clone()
                }
                None => name.to_owned(),
            },
        }
    }
}

fn told(faults: &mut Faults<'_>, code: &'static str, name: &str, at: At, what: &str, mend: &str) {
    let args = vec![("rule", name.to_owned())];
    faults.report_with(code, at, format!("{what} {}.", quoted(name)), mend, args);
}

/// Whether all aliases name rules of the list; else a fault was reported.
fn aliases(draft: &Draft, faults: &mut Faults<'_>) -> bool {
    let mut fine = true;
    for alias in &draft.aliases {
        for (rule, at, _) in &alias.fields {
            if !draft.names.iter().any(|(name, _)| name == rule) {
                let mend = "Name the rule as it stands in `rules:`.";
                let what = "The list of rules does not have";
                let report = |f: &mut Faults<'_>| told(f, "detect.correlation-alias", rule, *at, what, mend);
                faults.within("aliases", |faults| faults.within(&alias.name, report));
                fine = false;
            }
        }
    }
    fine
}

/// What a rule calls a field; an alias that does not speak of the rule is a field of that name.
fn field_of(aliases: &[Alias], field: &str, rule: &str) -> String {
    let alias = aliases.iter().find(|alias| alias.name == field);
    let own = alias.and_then(|alias| alias.fields.iter().find(|(name, _, _)| name == rule));
    own.map_or_else(|| field.to_owned(), |(_, _, own)| own.clone())
}

/// Whether windows are looked at when they have passed: what is asked for is that something did not come.
fn at_end(kind: Kind, ask: &Ask) -> bool {
    match ask {
        Ask::Expr(expr) => negates(expr),
        Ask::Bounds(bounds) => {
            let adds_up = !matches!(kind, Kind::ValueAvg | Kind::ValuePercentile | Kind::ValueMedian);
            let upper = bounds.iter().any(|(op, _)| matches!(op, Op::Lt | Op::Lte | Op::Eq));
            adds_up && upper && bounds.iter().all(|(op, amount)| op.holds(0, amount.0))
        }
    }
}

fn negates(expr: &Expr) -> bool {
    match expr {
        Expr::Not(_) => true,
        Expr::And(parts) | Expr::Or(parts) => parts.iter().any(negates),
        Expr::Selection(_) | Expr::Of(_, _) => false,
    }
}
