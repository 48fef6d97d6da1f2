//! The `detection` section: search identifiers and conditions.

use crate::condition::{self, Expr};
use crate::fault::quoted;
use crate::item::{self, Item, Reading, at_step, capital, step};
use crate::limits;
use crate::yaml::{Key, Kind, Node, Scalar};

/// A search identifier.
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    pub(crate) name: String,
    /// Any of these must hold; each holds when all of its items do.
    pub(crate) alternatives: Vec<Vec<Item>>,
}

/// All that a rule looks for.
#[derive(Debug, Clone)]
pub(crate) struct Detection {
    pub(crate) selections: Vec<Selection>,
    /// Any of these must hold.
    pub(crate) conditions: Vec<Expr>,
}

/// Keys of `detection` that are no search identifiers; `timeframe` is of Sigma 1 and says nothing by itself.
const RESERVED: [&str; 2] = ["condition", "timeframe"];

/// Reads the section; faults are reported and what could be read comes back. `besides` are further keys that are no
/// search identifiers.
pub(crate) fn read(node: &Node, besides: &[&str], reading: &mut Reading<'_, '_>) -> Detection {
    let mut detection = Detection { selections: Vec::new(), conditions: Vec::new() };
    let Kind::Map(entries) = &node.kind else {
        let what = format!("`detection` is {}, not a map.", node.name());
        reading.faults.report("detect.detection-missing", node.at, what, "Write search identifiers and a condition.");
        return detection;
    };
    let reserved = |name: &str| RESERVED.contains(&name) || besides.contains(&name);
    let identifiers: Vec<&(Key, Node)> = entries.iter().filter(|(k, _)| !reserved(&k.text)).collect();
    if identifiers.is_empty() {
        let what = "There is no search identifier.";
        reading.faults.report("detect.selection-missing", node.at, what, "Write one, for example `selection:`.");
        return detection;
    }
    if identifiers.len() > limits::SELECTIONS {
        let what = format!("There are more than {} search identifiers.", limits::SELECTIONS);
        reading.faults.report("detect.too-large", node.at, what, "Split the rule.");
        return detection;
    }
    for (key, node) in &identifiers {
        let alternatives = step(&key.text, reading, |r| selection(key, node, r));
        detection.selections.push(Selection { name: key.text.clone(), alternatives });
    }
    let names: Vec<&str> = identifiers.iter().map(|(k, _)| k.text.as_str()).collect();
    match node.get("condition") {
        Some(condition) => detection.conditions = step("condition", reading, |r| conditions(condition, &names, r)),
        None => reading.faults.report(
            "detect.condition-missing",
            node.at,
            "The detection has no condition.",
            "Write one, for example `condition: selection`.",
        ),
    }
    detection
}

fn selection(key: &Key, node: &Node, reading: &mut Reading<'_, '_>) -> Vec<Vec<Item>> {
    match &node.kind {
        Kind::Map(entries) if !entries.is_empty() => vec![items(entries, reading)],
        Kind::List(nodes) if !nodes.is_empty() => alternatives(nodes, reading),
        Kind::Scalar { .. } if !matches!(node.scalar(), Some(Scalar::Null)) => {
            item::keywords(&[(0, node)], reading).map(|item| vec![item]).into_iter().collect()
        }
        _ => {
            let what = format!("The search identifier {} is empty.", quoted(&key.text));
            reading.faults.report(
                "detect.selection-empty",
                key.at,
                what,
                "Write a map of fields or a list of keywords.",
            );
            Vec::new()
        }
    }
}

/// Items of a map: all of them must hold.
fn items(entries: &[(Key, Node)], reading: &mut Reading<'_, '_>) -> Vec<Item> {
    let read = entries.iter().filter_map(|(key, node)| step(&key.text, reading, |r| item::read(key, node, r)));
    read.collect()
}

/// A list of keywords, of maps, or of both: any of them must hold.
fn alternatives(nodes: &[Node], reading: &mut Reading<'_, '_>) -> Vec<Vec<Item>> {
    let mut found = Vec::new();
    let keywords: Vec<(usize, &Node)> = nodes.iter().enumerate().filter(|(_, n)| n.scalar().is_some()).collect();
    if !keywords.is_empty() {
        found.extend(item::keywords(&keywords, reading).map(|item| vec![item]));
    }
    for (position, node) in nodes.iter().enumerate() {
        match &node.kind {
            Kind::Map(entries) if !entries.is_empty() => {
                found.push(at_step(position, reading, |r| items(entries, r)));
            }
            Kind::Scalar { .. } => {}
            Kind::Map(_) | Kind::List(_) => at_step(position, reading, |r| {
                let what = format!("{} stands where a keyword or a map of fields is expected.", capital(node.name()));
                r.faults.report("detect.selection-empty", node.at, what, "Take one level of the list away.");
            }),
        }
    }
    found
}

/// One condition, or a list of which any must hold.
fn conditions(node: &Node, names: &[&str], reading: &mut Reading<'_, '_>) -> Vec<Expr> {
    match &node.kind {
        Kind::List(nodes) if !nodes.is_empty() => {
            let read = nodes.iter().enumerate().filter_map(|(i, n)| at_step(i, reading, |r| one(n, names, r)));
            read.collect()
        }
        _ => one(node, names, reading).into_iter().collect(),
    }
}

fn one(node: &Node, names: &[&str], reading: &mut Reading<'_, '_>) -> Option<Expr> {
    let Some(text) = node.text().filter(|t| !t.trim().is_empty()) else {
        let what = format!("The condition is {}.", node.name());
        reading.faults.report(
            "detect.condition-missing",
            node.at,
            what,
            "Write one, for example `condition: selection`.",
        );
        return None;
    };
    match condition::parse(text, names) {
        Ok(expr) => Some(expr),
        Err(fault) => {
            let at = item::inside(node, fault.offset);
            let args = vec![("condition", text.chars().take(200).collect())];
            reading.faults.report_with(fault.code, at, fault.what, fault.mend, args);
            None
        }
    }
}
