//! Reads the section `correlation` of a document.

use crate::condition::{self, Expr};
use crate::fault::{At, Faults, quoted};
use crate::item::{self, capital};
use crate::rule::{self, Rule};
use crate::yaml::{Kind as NodeKind, Node, Scalar};
use crate::{correlate, limits};
use correlate::amount::Amount;
use correlate::{Ask, Kind, Op};

/// A correlation whose rules are still names.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) rule: Rule,
    pub(crate) kind: Kind,
    /// The rules as they are named, and where.
    pub(crate) names: Vec<(String, At)>,
    pub(crate) group_by: Vec<String>,
    /// Seconds.
    pub(crate) seconds: u64,
    pub(crate) ask: Ask,
    pub(crate) condition: String,
    pub(crate) percentile: u8,
    pub(crate) fields: Vec<String>,
    pub(crate) aliases: Vec<Alias>,
    pub(crate) generate: bool,
}

/// A name for fields that rules call differently.
#[derive(Debug, Clone)]
pub(crate) struct Alias {
    pub(crate) name: String,
    /// Rule, where it is named, field.
    pub(crate) fields: Vec<(String, At, String)>,
}

const KEYS: [&str; 7] = ["type", "rules", "group-by", "timespan", "condition", "aliases", "generate"];
const OPS: [(&str, Op); 6] =
    [("gt", Op::Gt), ("gte", Op::Gte), ("lt", Op::Lt), ("lte", Op::Lte), ("eq", Op::Eq), ("neq", Op::Neq)];
/// Seconds of the units of a timespan; a month and a year are a twelfth and the whole of the mean Gregorian year.
const UNITS: [(char, u64); 7] =
    [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400), ('w', 604_800), ('M', 2_629_746), ('y', 31_556_952)];

/// Whether a document is a correlation.
pub(crate) fn is_correlation(node: &Node) -> bool {
    node.get("correlation").is_some()
}

/// Reads a correlation; `None` when a fault was reported.
pub(crate) fn read(
    node: &Node,
    faults: &mut Faults<'_>,
    source_name: &str,
    fallback_id: &str,
    yaml: &str,
) -> Option<Draft> {
    let rule = rule::head(node, faults, source_name, fallback_id, yaml);
    let section = node.get("correlation")?;
    let draft = faults.within("correlation", |faults| within(section, rule, faults));
    draft.filter(|_| faults.is_empty())
}

fn within(section: &Node, rule: Rule, faults: &mut Faults<'_>) -> Option<Draft> {
    let NodeKind::Map(entries) = &section.kind else {
        let what = format!("`correlation` is {}, not a map.", section.name());
        faults.report("detect.correlation-type", section.at, what, "Write `type:`, `rules:` and `timespan:`.");
        return None;
    };
    for (key, _) in entries.iter().filter(|(key, _)| !KEYS.contains(&key.text.as_str())) {
        let what = format!("{} is no part of a correlation.", quoted(&key.text));
        let args = vec![("key", key.text.clone())];
        faults.report_with("detect.correlation-key", key.at, what, format!("Use: {}.", KEYS.join(", ")), args);
    }
    let kind = kind(section, faults);
    let mut names = names(section, faults);
    let group_by = texts(section, "group-by", faults);
    let seconds = timespan(section, faults);
    let aliases = aliases(section, faults);
    let generate = truth(section, "generate", faults);
    let kind = kind?;
    let written = section.get("condition").filter(|node| !matches!(node.scalar(), Some(Scalar::Null)));
    let expression = written.and_then(Node::text);
    if let (true, Some(text), true) = (names.is_empty(), expression, kind.is_temporal()) {
        let at = written.map_or(section.at, |node| node.at);
        names = words(text).into_iter().map(|name| (name, at)).collect();
    }
    if names.is_empty() && section.get("rules").is_none() {
        let mend = "Write `rules:` with identities or names of rules.";
        faults.report("detect.correlation-rules", section.at, "The correlation refers to no rule.", mend);
    }
    let condition = faults.within("condition", |faults| Condition::read(written, section.at, kind, &names, faults))?;
    Some(Draft {
        rule,
        kind,
        names,
        group_by,
        seconds: seconds?,
        ask: condition.ask,
        condition: condition.text,
        percentile: condition.percentile,
        fields: condition.fields,
        aliases: aliases?,
        generate,
    })
}

fn kind(section: &Node, faults: &mut Faults<'_>) -> Option<Kind> {
    let known: Vec<&str> = Kind::ALL.iter().map(|(name, _)| *name).collect();
    let mend = format!("Write `type:` with one of: {}.", known.join(", "));
    let Some(node) = section.get("type") else {
        faults.report("detect.correlation-type", section.at, "The correlation does not say its type.", mend);
        return None;
    };
    let written = node.text().unwrap_or_default();
    let found = Kind::ALL.iter().find(|(name, _)| written.eq_ignore_ascii_case(name)).map(|(_, kind)| *kind);
    if found.is_none() {
        let what = format!("{} is no type of correlation.", quoted(written));
        let args = vec![("type", written.chars().take(60).collect())];
        faults.within("type", |f| f.report_with("detect.correlation-type", node.at, what, mend, args));
    }
    found
}

/// The rules that are referred to, with their places.
fn names(section: &Node, faults: &mut Faults<'_>) -> Vec<(String, At)> {
    let Some(node) = section.get("rules") else { return Vec::new() };
    let one = |node: &Node| Some((node.text()?.trim().to_owned(), node.at)).filter(|(name, _)| !name.is_empty());
    let found: Option<Vec<(String, At)>> = match &node.kind {
        NodeKind::List(nodes) if !nodes.is_empty() => nodes.iter().map(one).collect(),
        NodeKind::Scalar { .. } => one(node).map(|one| vec![one]),
        _ => None,
    };
    let mend = "Write identities or names of rules, each once.";
    let Some(found) = found else {
        let what = "The list of rules is empty or holds more than names.";
        faults.within("rules", |faults| faults.report("detect.correlation-rules", node.at, what, mend));
        return Vec::new();
    };
    for (place, (name, at)) in found.iter().enumerate() {
        if found.iter().take(place).any(|(before, _)| before == name) {
            let what = format!("{} stands twice in the list.", quoted(name));
            faults.within("rules", |faults| faults.report("detect.correlation-rules", *at, what, mend));
        }
    }
    if found.len() > limits::CORRELATED_RULES {
        let what = format!("The correlation refers to more than {} rules.", limits::CORRELATED_RULES);
        faults.report("detect.too-large", node.at, what, "Split it into several, and chain them.");
    }
    found
}

/// The names in an expression.
fn words(text: &str) -> Vec<String> {
    let keyword = |word: &str| ["and", "or", "not"].iter().any(|k| word.eq_ignore_ascii_case(k));
    let mut found: Vec<String> = Vec::new();
    for word in text.split(|c: char| c.is_whitespace() || c == '(' || c == ')') {
        if !word.is_empty() && !keyword(word) && !found.iter().any(|known| known == word) {
            found.push(word.to_owned());
        }
    }
    found.truncate(limits::CORRELATED_RULES);
    found
}

/// Names of fields, each once.
fn texts(section: &Node, key: &str, faults: &mut Faults<'_>) -> Vec<String> {
    let mut found = rule::list(section, key, faults);
    found.iter_mut().for_each(|name| *name = name.trim().to_owned());
    let twice = found.iter().enumerate().any(|(place, name)| found.iter().take(place).any(|before| before == name));
    if let Some(node) = section.get(key)
        && (twice || found.iter().any(String::is_empty) || found.len() > limits::CORRELATED_FIELDS)
    {
        let what = format!("{} names a field twice, or none, or more than {}.", key, limits::CORRELATED_FIELDS);
        let mend = "Write each field once.";
        faults.within(key, |f| f.report("detect.correlation-field", node.at, capital(&what), mend));
    }
    found
}

fn timespan(section: &Node, faults: &mut Faults<'_>) -> Option<u64> {
    let mend = "Write `timespan:` with a whole number and s, m, h, d, w, M or y, such as 10m.";
    let Some(node) = section.get("timespan") else {
        faults.report("detect.correlation-timespan", section.at, "The correlation has no timespan.", mend);
        return None;
    };
    let text = node.text().unwrap_or_default().trim();
    let seconds = text.char_indices().next_back().and_then(|(at, unit)| {
        let digits = text.get(..at).filter(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()))?;
        let (_, seconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
        digits.parse::<u64>().ok()?.checked_mul(*seconds)
    });
    let found = seconds.filter(|seconds| (1..=limits::TIMESPAN_SECONDS).contains(seconds));
    if found.is_none() {
        let what = format!("{} is no timespan from one second to ten years.", quoted(text));
        let args = vec![("timespan", text.chars().take(60).collect())];
        faults.within("timespan", |f| f.report_with("detect.correlation-timespan", node.at, what, mend, args));
    }
    found
}

fn truth(section: &Node, key: &str, faults: &mut Faults<'_>) -> bool {
    let Some(node) = section.get(key) else { return false };
    if let Some(Scalar::Bool(truth)) = node.scalar() {
        return truth;
    }
    rule::wrong(key, node, "true or false", faults);
    false
}

fn aliases(section: &Node, faults: &mut Faults<'_>) -> Option<Vec<Alias>> {
    let Some(node) = section.get("aliases") else { return Some(Vec::new()) };
    let field = |(key, node): &(crate::yaml::Key, Node)| {
        Some((key.text.clone(), key.at, node.text()?.trim().to_owned())).filter(|(_, _, field)| !field.is_empty())
    };
    let alias = |(key, node): &(crate::yaml::Key, Node)| match &node.kind {
        NodeKind::Map(fields) if !fields.is_empty() => {
            let fields = fields.iter().map(field).collect::<Option<Vec<_>>>()?;
            Some(Alias { name: key.text.clone(), fields })
        }
        _ => None,
    };
    let found = match &node.kind {
        NodeKind::Map(entries) => entries.iter().map(alias).collect(),
        _ => None,
    };
    if found.is_none() {
        let what = "Aliases are names, each with a map of rules and the fields that they call so.";
        let mend = "Write `alias: {rule: field, other_rule: its_field}`.";
        faults.within("aliases", |faults| faults.report("detect.correlation-alias", node.at, what, mend));
    }
    found
}

/// What the condition says.
struct Condition {
    ask: Ask,
    text: String,
    percentile: u8,
    fields: Vec<String>,
}

const CONDITION: &str = "detect.correlation-condition";

impl Condition {
    fn read(node: Option<&Node>, at: At, kind: Kind, names: &[(String, At)], faults: &mut Faults<'_>) -> Option<Self> {
        match node {
            None if kind.is_temporal() => {
                // All of the rules, where nothing is said.
                let all = u64::try_from(names.len()).unwrap_or(u64::MAX);
                let ask = Ask::Bounds(vec![(Op::Gte, Amount::whole(all))]);
                Some(Self { ask, text: format!("gte {all}"), percentile: 0, fields: Vec::new() })
            }
            None => {
                faults.report(CONDITION, at, "The correlation has no condition.", "Write one, such as `gte: 10`.");
                None
            }
            Some(node) => match &node.kind {
                NodeKind::Map(_) => Self::map(node, kind, names.len(), faults),
                NodeKind::Scalar { text, .. } if kind.is_temporal() => Self::expression(node, text, names, faults),
                _ => {
                    let what = format!("The condition is {}; {} compares a number.", node.name(), kind.name());
                    faults.report(CONDITION, node.at, what, "Write a map, such as `gte: 10`.");
                    None
                }
            },
        }
    }

    fn expression(node: &Node, text: &str, names: &[(String, At)], faults: &mut Faults<'_>) -> Option<Self> {
        let known: Vec<&str> = names.iter().map(|(name, _)| name.as_str()).collect();
        let expr = match condition::parse(text, &known) {
            Ok(expr) => expr,
            Err(fault) => {
                faults.report(fault.code, item::inside(node, fault.offset), fault.what, fault.mend);
                return None;
            }
        };
        let mut used = vec![false; known.len()];
        mark(&expr, &mut used);
        if let Some((name, _)) = known.iter().zip(&used).find(|(_, used)| !**used) {
            let what = format!("The rule {} is not in the condition.", quoted(name));
            faults.report(CONDITION, node.at, what, "Name it there, or take it out of `rules:`.");
        }
        if holds(&expr, &|_| false) {
            let what = "The condition holds without any event.";
            faults.report(CONDITION, node.at, what, "Name a rule that has to fire, besides those that must not.");
        }
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        Some(Self { ask: Ask::Expr(expr), text, percentile: 0, fields: Vec::new() })
    }

    fn map(node: &Node, kind: Kind, rules: usize, faults: &mut Faults<'_>) -> Option<Self> {
        let NodeKind::Map(entries) = &node.kind else { return None };
        let (mut bounds, mut text) = (Vec::new(), Vec::new());
        for (key, value) in entries {
            let name = key.text.as_str();
            if let Some((_, op)) = OPS.iter().find(|(known, _)| *known == name) {
                let amount = number(name, value, kind, faults)?;
                bounds.push((*op, amount));
                text.push(format!("{name} {}", value.text().unwrap_or_default()));
            } else if !["field", "percentile"].contains(&name) {
                let what = format!("{} is no part of a condition.", quoted(name));
                let mend = "Use: gt, gte, lt, lte, eq, neq, field, percentile.";
                faults.report_with("detect.correlation-key", key.at, what, mend, vec![("key", key.text.clone())]);
            }
        }
        if bounds.is_empty() {
            faults.report(CONDITION, node.at, "The condition compares nothing.", "Write one, such as `gte: 10`.");
        }
        let fields = fields(node, kind, faults);
        let percentile = percentile(node, kind, faults);
        let reachable = |n: usize| {
            let n = Amount::whole(u64::try_from(n).unwrap_or(u64::MAX));
            bounds.iter().all(|(op, amount)| op.holds(n.0, amount.0))
        };
        if kind.is_temporal() && !(0..=rules).any(reachable) {
            let what = format!("No number of {rules} rules meets the condition.");
            faults.report(CONDITION, node.at, what, "Count the rules of the list.");
        }
        Some(Self { ask: Ask::Bounds(bounds), text: text.join(", "), percentile: percentile?, fields })
    }
}

/// A number to compare with; counts are whole and not too large to be kept.
fn number(name: &str, node: &Node, kind: Kind, faults: &mut Faults<'_>) -> Option<Amount> {
    let found = node.text().and_then(|text| Amount::of_text(text.trim()));
    let largest = Amount::whole(limits::CORRELATED_EVENTS);
    let fits = |n: &Amount| kind.is_numeric() || (n.is_whole() && n.0 >= 0 && *n <= largest);
    let found = found.filter(fits);
    if found.is_none() {
        let expected = if kind.is_numeric() {
            "a number".to_owned()
        } else {
            format!("a whole number from 0 to {}", limits::CORRELATED_EVENTS)
        };
        let what = format!("{} is not {expected}.", quoted(node.text().unwrap_or_default()));
        faults.within(name, |faults| faults.report(CONDITION, node.at, what, format!("Write {expected}.")));
    }
    found
}

fn fields(node: &Node, kind: Kind, faults: &mut Faults<'_>) -> Vec<String> {
    let found = texts(node, "field", faults);
    let at = node.get("field").map_or(node.at, |field| field.at);
    let counts = kind == Kind::ValueCount || kind.is_numeric();
    let mut wrong = |what: String, mend: &str| faults.report("detect.correlation-field", at, what, mend);
    match found.len() {
        0 if counts => wrong(format!("{} does not say of which field.", kind.name()), "Write `field:` with its name."),
        n if n > 0 && !counts => wrong(format!("{} looks at no field.", kind.name()), "Take `field:` out."),
        n if n > 1 && kind.is_numeric() => wrong(format!("{} takes one field.", kind.name()), "Name one field."),
        _ => {}
    }
    found
}

fn percentile(node: &Node, kind: Kind, faults: &mut Faults<'_>) -> Option<u8> {
    let given = node.get("percentile");
    if kind != Kind::ValuePercentile {
        if let Some(given) = given {
            let what = format!("{} takes no percentile.", kind.name());
            faults.report("detect.correlation-percentile", given.at, what, "Take it out, or use value_percentile.");
        }
        return Some(0);
    }
    let found = given.and_then(Node::text).and_then(|text| text.trim().parse::<u8>().ok()).filter(|p| *p <= 100);
    if found.is_none() {
        let at = given.map_or(node.at, |given| given.at);
        let what = "A percentile is a whole number from 0 to 100.";
        faults.report("detect.correlation-percentile", at, what, "Write `percentile:`, such as 95.");
    }
    found
}

/// Marks the rules that an expression names.
fn mark(expr: &Expr, used: &mut [bool]) {
    let mut one = |index: &usize| {
        if let Some(used) = used.get_mut(*index) {
            *used = true;
        }
    };
    match expr {
        Expr::Selection(index) => one(index),
        Expr::Not(inner) => mark(inner, used),
        Expr::And(parts) | Expr::Or(parts) => parts.iter().for_each(|part| mark(part, used)),
        Expr::Of(_, members) => members.iter().for_each(one),
    }
}

/// Whether an expression holds where these rules came.
pub(crate) fn holds(expr: &Expr, came: &impl Fn(usize) -> bool) -> bool {
    match expr {
        Expr::Selection(index) => came(*index),
        Expr::Not(inner) => !holds(inner, came),
        Expr::And(parts) => parts.iter().all(|part| holds(part, came)),
        Expr::Or(parts) => parts.iter().any(|part| holds(part, came)),
        Expr::Of(least, members) => members.iter().filter(|member| came(**member)).count() >= *least,
    }
}
