//! For which tactics there are rules, and how often they fired.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use khien_detect::{Rule, Tags};

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

/// Which technique serves which tactic, as the order of a rule's tags tells: authors write a technique behind the tactics
/// that it serves. A technique before all tactics serves them all.
fn pairs(tags: &Tags) -> BTreeSet<(String, String)> {
    let (mut serving, mut before_was_tactic) = (Vec::new(), false);
    let mut found = BTreeSet::new();
    for name in tags.all.iter().filter_map(|tag| tag.strip_prefix("attack.")) {
        let (tactic, technique) = (name.replace('_', "-"), name.to_ascii_uppercase());
        if tags.tactics.contains(&tactic) {
            if !before_was_tactic {
                serving.clear();
            }
            serving.push(tactic);
            before_was_tactic = true;
        } else if tags.techniques.contains(&technique) {
            let tactics = if serving.is_empty() { &tags.tactics } else { &serving };
            found.extend(tactics.iter().map(|tactic| (tactic.clone(), technique.clone())));
            before_was_tactic = false;
        }
    }
    found
}

/// For each tactic the techniques that serve it in rules, by identity.
pub(super) fn matrix(rules: &[&Rule], hits: &HashMap<String, Figures>, vietnamese: bool) -> Vec<MatrixTactic> {
    let mut cells: HashMap<String, BTreeMap<String, (usize, i64)>> = HashMap::new();
    for rule in rules {
        let month = hits.get(&rule.id).map_or(0, |figures| figures.month);
        for (tactic, technique) in pairs(&rule.tags) {
            let cell = cells.entry(tactic).or_default().entry(technique).or_default();
            *cell = (cell.0 + 1, cell.1 + month);
        }
    }
    let attack = Attack::shipped();
    let cell = |(id, (rules, hits)): (String, (usize, i64))| Cell {
        label: attack.technique(&id).unwrap_or_default().to_owned(),
        id,
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
    let mut others: Vec<&str> = cells.keys().map(String::as_str).filter(|name| !known.contains(name)).collect();
    others.sort_unstable();
    let tactic = |name: &str| MatrixTactic {
        name: name.to_owned(),
        label: label(name, vietnamese),
        cells: cells.get(name).map(|found| found.clone().into_iter().map(cell).collect()).unwrap_or_default(),
    };
    ORDER.into_iter().chain(others).map(tactic).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(tags: &[&str]) -> Vec<String> {
        let tags = Tags::new(tags.iter().map(|tag| format!("attack.{tag}")).collect());
        pairs(&tags).into_iter().map(|(tactic, technique)| format!("{tactic} {technique}")).collect()
    }

    #[test]
    fn a_technique_serves_the_tactics_before_it() {
        let each = told(&["credential-access", "t1110.001", "initial-access", "t1078"]);
        assert_eq!(each, ["credential-access T1110.001", "initial-access T1078"]);
        let both = told(&["persistence", "privilege_escalation", "t1053.005", "t1078", "g0016"]);
        assert_eq!(
            both,
            [
                "persistence T1053.005",
                "persistence T1078",
                "privilege-escalation T1053.005",
                "privilege-escalation T1078"
            ]
        );
        assert_eq!(told(&["t1078", "execution"]), ["execution T1078"]);
    }
}
