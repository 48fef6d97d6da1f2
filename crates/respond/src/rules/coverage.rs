//! For which tactics there are rules, and how often they fired.

use std::collections::{BTreeSet, HashMap};

use khien_detect::Rule;

use super::attack::{Attack, ORDER};
use super::views::TacticRow;

/// One row for each tactic, in the order of an attack; tactics of older versions of ATT&CK that rules still name follow.
pub(super) fn by_tactic(rules: &[Rule], hits: &HashMap<String, i64>, vietnamese: bool) -> Vec<TacticRow> {
    let known: BTreeSet<&str> = ORDER.into_iter().collect();
    let others: BTreeSet<&str> = rules
        .iter()
        .flat_map(|rule| rule.tags.tactics.iter().map(String::as_str))
        .filter(|name| !known.contains(name))
        .collect();
    ORDER.into_iter().chain(others).map(|name| row(name, rules, hits, vietnamese)).collect()
}

fn row(name: &str, rules: &[Rule], hits: &HashMap<String, i64>, vietnamese: bool) -> TacticRow {
    let of: Vec<&Rule> = rules.iter().filter(|rule| rule.tags.tactics.iter().any(|tactic| tactic == name)).collect();
    let techniques: BTreeSet<&String> = of.iter().flat_map(|rule| &rule.tags.techniques).collect();
    let label = Attack::shipped().tactic(name).map_or_else(
        || name.to_owned(),
        |tactic| if vietnamese { tactic.name_vi.clone() } else { tactic.name.clone() },
    );
    TacticRow {
        name: name.to_owned(),
        label,
        rules: of.len(),
        techniques: techniques.len(),
        hits: of.iter().filter_map(|rule| hits.get(&rule.id)).sum(),
    }
}
