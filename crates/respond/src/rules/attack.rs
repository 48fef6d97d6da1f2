//! Names of MITRE ATT&CK's tactics and techniques, from `content/frameworks/attack.yaml`.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

const SOURCE: &str = include_str!("../../../../content/frameworks/attack.yaml");

/// A tactic: what an attacker is after.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Tactic {
    /// `TA0001`
    pub id: String,
    /// "Initial Access"
    pub name: String,
    /// The name in Vietnamese.
    pub name_vi: String,
}

/// Tactics and techniques that have a name here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Attack {
    tactics: BTreeMap<String, Tactic>,
    techniques: BTreeMap<String, String>,
}

/// The order of an attack, in which lists of tactics are shown.
pub const ORDER: [&str; 15] = [
    "reconnaissance",
    "resource-development",
    "initial-access",
    "execution",
    "persistence",
    "privilege-escalation",
    "stealth",
    "defense-impairment",
    "credential-access",
    "discovery",
    "lateral-movement",
    "collection",
    "command-and-control",
    "exfiltration",
    "impact",
];

impl Attack {
    /// The names that are shipped. A broken file gives no names; a test holds it whole.
    pub fn shipped() -> &'static Self {
        static SHIPPED: OnceLock<Attack> = OnceLock::new();
        SHIPPED.get_or_init(|| serde_yaml_ng::from_str(SOURCE).unwrap_or_default())
    }

    /// The name of a technique.
    pub fn technique(&self, id: &str) -> Option<&str> {
        self.techniques.get(id).map(String::as_str)
    }

    /// A tactic by its short name (`initial-access`).
    pub fn tactic(&self, name: &str) -> Option<&Tactic> {
        self.tactics.get(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::loaded;

    #[test]
    fn every_tactic_and_technique_of_our_rules_has_a_name() {
        let attack = Attack::shipped();
        assert_eq!(attack.tactics.len(), ORDER.len());
        let loaded = loaded::load(&[], chrono::DateTime::from_timestamp(0, 0).unwrap());
        for rule in loaded.ruleset.heads() {
            for id in &rule.tags.techniques {
                assert!(attack.technique(id).is_some(), "{id} of {}", rule.source_name);
            }
            for name in &rule.tags.tactics {
                assert!(attack.tactic(name).is_some() && ORDER.contains(&name.as_str()), "{name}");
            }
        }
    }
}
