//! The tree of a day as the page shows it: only what is within reach, with the way down to it.

use std::collections::{HashMap, HashSet};

use khien_base::key::key;
use khien_base::{Id, Reach};

use super::model::Model;
use super::views::Branch;
use crate::tree::Tree;

/// What is wanted of the tree.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    /// Whose units.
    pub reach: &'a Reach,
    /// A part of a name, short form, code or other name.
    pub text: &'a str,
    /// A kind.
    pub kind: &'a str,
}

impl Wanted<'_> {
    /// Whether anything is left out on purpose.
    pub(super) fn narrowed(&self) -> bool {
        !self.text.is_empty() || !self.kind.is_empty()
    }

    /// Whether a unit is one of those asked for.
    pub(super) fn holds(&self, unit: &Model) -> bool {
        let text = key(self.text);
        let named = || {
            let other = unit.aliases.as_array().map(Vec::as_slice).unwrap_or_default();
            unit.search_key.contains(&text)
                || key(&unit.short).contains(&text)
                || unit.code.as_deref() == Some(self.text)
                || other.iter().filter_map(serde_json::Value::as_str).any(|alias| alias.contains(&text))
        };
        self.reach.covers(unit.id)
            && (self.kind.is_empty() || unit.kind == self.kind)
            && (self.text.is_empty() || named())
    }
}

/// The branches from the top that lead to a unit asked for.
pub(super) fn outline(tree: &Tree, units: &[Model], wanted: &Wanted<'_>, people: &HashMap<Id, u64>) -> Vec<Branch> {
    let known: HashMap<Id, &Model> = units.iter().map(|unit| (unit.id, unit)).collect();
    let mut seen = HashSet::new();
    tree.root().and_then(|root| branch(tree, &known, wanted, people, root, 0, &mut seen)).into_iter().collect()
}

fn branch(
    tree: &Tree,
    known: &HashMap<Id, &Model>,
    wanted: &Wanted<'_>,
    people: &HashMap<Id, u64>,
    id: Id,
    depth: usize,
    seen: &mut HashSet<Id>,
) -> Option<Branch> {
    let unit = known.get(&id)?;
    if !seen.insert(id) {
        return None;
    }
    let below = tree.children(id).iter();
    let children: Vec<Branch> =
        below.filter_map(|child| branch(tree, known, wanted, people, *child, depth + 1, seen)).collect();
    let found = wanted.holds(unit);
    if !found && children.is_empty() {
        return None;
    }
    Some(Branch {
        id,
        name: unit.name.clone(),
        short: unit.short.clone(),
        kind: unit.kind.clone(),
        within: wanted.reach.covers(id),
        found: found && wanted.narrowed(),
        open: depth == 0 || wanted.narrowed() || !wanted.reach.covers(id),
        units: children.iter().map(|child| child.units + 1).sum(),
        people: people.get(&id).copied().unwrap_or(0),
        children,
    })
}
