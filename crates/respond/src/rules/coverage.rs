//! For which tactics there are rules, and how often they fired.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use khien_detect::Rule;

use super::attack::{Attack, ORDER};
use super::store::figures::Figures;
use super::views::{Cell, MatrixTactic, TacticRow};

/// One row for each tactic, in the order of an attack; tactics of older versions of ATT&CK that rules still name follow.
pub(super) fn by_tactic(rules: &[&Rule], hits: &HashMap<String, Figures>, vietnamese: bool) -> Vec<TacticRow> {
    let known: BTreeSet<&str> = ORDER.into_iter().collect();
    let others: BTreeSet<&str> = rules
        .iter()
        .flat_map(|rule| rule.tags.tactics.iter().map(String::as_str))
        .filter(|name| !known.contains(name))
        .collect();
    ORDER.into_iter().chain(others).map(|name| row(name, rules, hits, vietnamese)).collect()
}

fn row(name: &str, rules: &[&Rule], hits: &HashMap<String, Figures>, vietnamese: bool) -> TacticRow {
    let of: Vec<&Rule> =
        rules.iter().copied().filter(|rule| rule.tags.tactics.iter().any(|tactic| tactic == name)).collect();
    let techniques: BTreeSet<&String> = of.iter().flat_map(|rule| &rule.tags.techniques).collect();
    TacticRow {
        name: name.to_owned(),
        label: label(name, vietnamese),
        rules: of.len(),
        techniques: techniques.len(),
        hits: of.iter().filter_map(|rule| hits.get(&rule.id)).map(|figures| figures.week).sum(),
    }
}

fn label(name: &str, vietnamese: bool) -> String {
    Attack::shipped()
        .tactic(name)
        .map_or_else(|| name.to_owned(), |tactic| if vietnamese { tactic.name_vi.clone() } else { tactic.name.clone() })
}

/// For each tactic the techniques that rules of this tactic name, by identity. A rule that names several of both counts
/// for each pair: which technique serves which tactic is not in its tags.
pub(super) fn matrix(rules: &[&Rule], hits: &HashMap<String, Figures>, vietnamese: bool) -> Vec<MatrixTactic> {
    let mut cells: HashMap<&str, BTreeMap<&str, (usize, i64)>> = HashMap::new();
    for rule in rules {
        let month = hits.get(&rule.id).map_or(0, |figures| figures.month);
        for tactic in &rule.tags.tactics {
            for technique in &rule.tags.techniques {
                let cell = cells.entry(tactic).or_default().entry(technique).or_default();
                *cell = (cell.0 + 1, cell.1 + month);
            }
        }
    }
    let attack = Attack::shipped();
    let cell = |(id, (rules, hits)): (&str, (usize, i64))| Cell {
        id: id.to_owned(),
        label: attack.technique(id).unwrap_or_default().to_owned(),
        rules,
        hits,
        depth: match rules {
            1 => 1,
            2..=4 => 2,
            5..=9 => 3,
            _ => 4,
        },
    };
    let known: BTreeSet<&str> = ORDER.into_iter().collect();
    let mut others: Vec<&str> = cells.keys().copied().filter(|name| !known.contains(name)).collect();
    others.sort_unstable();
    let tactic = |name: &str| MatrixTactic {
        name: name.to_owned(),
        label: label(name, vietnamese),
        cells: cells.get(name).map(|found| found.clone().into_iter().map(cell).collect()).unwrap_or_default(),
    };
    ORDER.into_iter().chain(others).map(tactic).collect()
}
