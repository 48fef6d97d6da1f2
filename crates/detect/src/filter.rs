//! Filters: rules that quiet other rules (Sigma filters specification 2.1).
//!
//! A filter has a log source, the rules that it is for, search identifiers and a condition. Its condition has to hold
//! besides the condition of each of these rules; so what is to be passed over is written `not selection`. Filters are
//! how a centre tunes rules of others without changing them: a newer version of the rules keeps its filters.

use khien_base::LogSource;
use serde::Serialize;

use crate::condition::Expr;
use crate::detection::{self, Detection};
use crate::fault::{At, Faults, quoted};
use crate::item::Reading;
use crate::rule::{self, Rule};
use crate::yaml::{Kind, Node};

/// A filter that was read without faults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Filter {
    /// `id`; a filter without one is known by its source's name.
    pub id: String,
    /// `title`
    pub title: String,
    /// `description`; may be empty.
    pub description: String,
    /// Only rules for this log source are quieted.
    pub logsource: LogSource,
    /// Identities and names of the rules that it is for; empty for any rule of the log source.
    pub rules: Vec<String>,
    /// The name under which its file was given.
    pub source_name: String,
}

/// A filter with what it looks for, until all rules are there.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) filter: Filter,
    detection: Detection,
    /// Where each of the rules is named.
    places: Vec<At>,
    /// The document as it was written.
    pub(crate) yaml: String,
}

/// Whether a document is a filter.
pub(crate) fn is_filter(node: &Node) -> bool {
    node.get("filter").is_some()
}

/// Reads a filter; `None` when a fault was reported.
pub(crate) fn read(
    node: &Node,
    reading: &mut Reading<'_, '_>,
    source_name: &str,
    fallback_id: &str,
    yaml: &str,
) -> Option<Waiting> {
    let about: Rule = rule::read(node, reading.faults, source_name, fallback_id, "");
    let section = node.get("filter")?;
    let names = rules(section, reading.faults);
    let Reading { faults, fields, placeholders, values } = reading;
    let (fields, placeholders, values) = (&mut **fields, *placeholders, *values);
    let detection = faults.within("filter", |faults| {
        detection::read(section, &["rules"], &mut Reading { faults, fields, placeholders, values })
    });
    if !reading.faults.is_empty() {
        return None;
    }
    let (rules, places) = names?.into_iter().unzip();
    let Rule { id, title, description, logsource, source_name, .. } = about;
    let filter = Filter { id, title, description, logsource, rules, source_name };
    Some(Waiting { filter, detection, places, yaml: yaml.to_owned() })
}

/// The rules that a filter is for, with their places; none for `any`.
fn rules(section: &Node, faults: &mut Faults<'_>) -> Option<Vec<(String, At)>> {
    let mend = "Write `rules:` with the identities or names of rules, or `any`.";
    let Some(node) = section.get("rules") else {
        faults.report("detect.filter-rules", section.at, "The filter does not say which rules it is for.", mend);
        return None;
    };
    let one = |node: &Node| Some((node.text()?.trim().to_owned(), node.at)).filter(|(name, _)| !name.is_empty());
    let found: Option<Vec<(String, At)>> = match &node.kind {
        Kind::List(nodes) if !nodes.is_empty() => nodes.iter().map(one).collect(),
        Kind::Scalar { .. } => one(node).map(|one| vec![one]),
        _ => None,
    };
    if found.is_none() {
        faults.report("detect.filter-rules", node.at, "The list of rules is empty or holds more than names.", mend);
    }
    found.map(|names| if matches!(names.as_slice(), [(name, _)] if name == "any") { Vec::new() } else { names })
}

impl Waiting {
    /// Adds the filter to the rules that it is for and gives their positions; names that no rule bears are reported.
    pub(crate) fn apply(&self, rules: &[Rule], detections: &mut [Detection], faults: &mut Faults<'_>) -> Vec<usize> {
        let meant = |rule: &Rule, name: &String| *name == rule.id || *name == rule.name;
        for (name, at) in self.filter.rules.iter().zip(&self.places) {
            if !rules.iter().any(|rule| meant(rule, name)) {
                let what = format!("There is no rule {}.", quoted(name));
                let mend = "Take it out of the list, or load the rule too; the filter works for its other rules.";
                faults.report_with("detect.filter-rule-unknown", *at, what, mend, vec![("rule", name.clone())]);
            }
        }
        let mut quieted = Vec::new();
        for (place, (rule, detection)) in rules.iter().zip(detections).enumerate() {
            let named = self.filter.rules.is_empty() || self.filter.rules.iter().any(|name| meant(rule, name));
            if named && within(&self.filter.logsource, &rule.logsource) {
                self.quiet(detection);
                quieted.push(place);
            }
        }
        quieted
    }

    fn quiet(&self, detection: &mut Detection) {
        let from = detection.selections.len();
        detection.selections.extend(self.detection.selections.iter().cloned());
        let own: Vec<Expr> = self.detection.conditions.iter().map(|condition| shifted(condition, from)).collect();
        let own = if let [one] = own.as_slice() { one.clone() } else { Expr::Or(own) };
        for condition in &mut detection.conditions {
            let before = std::mem::replace(condition, Expr::Or(Vec::new()));
            *condition = Expr::And(vec![before, own.clone()]);
        }
    }
}

/// Whether a rule's log source has all that the filter's says.
fn within(filter: &LogSource, rule: &LogSource) -> bool {
    let part = |filter: &Option<String>, rule: &Option<String>| filter.is_none() || filter == rule;
    part(&filter.product, &rule.product)
        && part(&filter.service, &rule.service)
        && part(&filter.category, &rule.category)
}

/// The condition over search identifiers that stand so much further back.
fn shifted(condition: &Expr, by: usize) -> Expr {
    let all = |parts: &[Expr]| parts.iter().map(|part| shifted(part, by)).collect();
    match condition {
        Expr::Selection(index) => Expr::Selection(index + by),
        Expr::Not(inner) => Expr::Not(Box::new(shifted(inner, by))),
        Expr::And(parts) => Expr::And(all(parts)),
        Expr::Or(parts) => Expr::Or(all(parts)),
        Expr::Of(least, members) => Expr::Of(*least, members.iter().map(|index| index + by).collect()),
    }
}
