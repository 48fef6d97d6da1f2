//! Names of groups of bodies, from `content/templates/groups.yaml`, and the units that they become.

use std::sync::OnceLock;

use khien_base::{Fault, Id, Result};
use serde::Deserialize;

use super::units::Bodies;

const SHIPPED: &str = include_str!("../../../../../content/templates/groups.yaml");

/// All groups, and bodies outside.
#[derive(Debug, Clone, Deserialize)]
pub struct Groups {
    short_forms: Vec<ShortForm>,
    groups: Vec<Group>,
    outside: Vec<Outside>,
}

#[derive(Debug, Clone, Deserialize)]
struct ShortForm {
    from: String,
    to: String,
}

/// A group of bodies.
#[derive(Debug, Clone, Deserialize)]
pub struct Group {
    /// Stable name.
    pub key: String,
    /// Name in Vietnamese.
    pub name: String,
    /// Name in English.
    pub name_en: String,
    /// Whether the words leave it open which bodies are meant: the lead names them.
    #[serde(default)]
    pub open: bool,
    /// `commune` for words that only a commune's plan uses.
    #[serde(default)]
    of: Option<String>,
    patterns: Vec<String>,
    means: Vec<Selector>,
}

#[derive(Debug, Clone, Deserialize)]
struct Selector {
    level: Level,
    #[serde(default)]
    kinds: Vec<String>,
    #[serde(default)]
    keys: Vec<String>,
    #[serde(default)]
    under: Option<String>,
    #[serde(default)]
    direct: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Level {
    Province,
    Commune,
}

#[derive(Debug, Clone, Deserialize)]
struct Outside {
    key: String,
    name: String,
    name_en: String,
    patterns: Vec<String>,
}

impl Groups {
    /// The groups that are shipped, read once.
    pub fn shipped() -> Result<&'static Self> {
        static READ: OnceLock<std::result::Result<Groups, String>> = OnceLock::new();
        let read = READ.get_or_init(|| {
            let mut groups: Self = serde_yaml_ng::from_str(SHIPPED).map_err(|error| error.to_string())?;
            // Longest first: "mat tran to quoc viet nam" before "mat tran to quoc".
            groups.short_forms.sort_by_key(|form| std::cmp::Reverse(form.from.len()));
            Ok(groups)
        });
        read.as_ref().map_err(|error| Fault::internal(format!("content/templates/groups.yaml: {error}")))
    }

    /// A search key with the usual abbreviations put in, word by word.
    pub fn shorten(&self, key: &str) -> String {
        let mut out = format!(" {key} ");
        for form in &self.short_forms {
            out = out.replace(&format!(" {} ", form.from), &format!(" {} ", form.to));
        }
        out.trim().to_owned()
    }

    /// The body outside that a shortened key names.
    pub fn outside(&self, key: &str) -> Option<&str> {
        self.outside.iter().find(|body| body.patterns.iter().any(|p| p == key)).map(|body| body.key.as_str())
    }

    /// The group that a shortened key names; words of communes only in a commune's plan.
    pub fn group_of(&self, key: &str, commune: bool) -> Option<&Group> {
        self.groups.iter().find(|group| {
            (commune || group.of.as_deref() != Some("commune")) && group.patterns.iter().any(|pattern| pattern == key)
        })
    }

    /// A group by its key.
    pub fn get(&self, key: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.key == key)
    }

    /// All groups, for the reviewer's choice.
    pub fn all(&self) -> &[Group] {
        &self.groups
    }

    /// The name of a group or of a body outside.
    pub fn name_of(&self, key: &str, english: bool) -> Option<&str> {
        self.get(key).map(|group| if english { group.name_en.as_str() } else { group.name.as_str() }).or_else(|| {
            let body = self.outside.iter().find(|body| body.key == key)?;
            Some(if english { body.name_en.as_str() } else { body.name.as_str() })
        })
    }

    /// The units that a group means in a plan of `issuer`, as the units are in `bodies`.
    pub fn expand(&self, key: &str, issuer: Id, bodies: &Bodies) -> Vec<Id> {
        let Some(group) = self.get(key) else { return Vec::new() };
        let commune = bodies.is_commune(issuer);
        let mut out: Vec<Id> = Vec::new();
        for selector in &group.means {
            // A commune's plan that says "các cơ quan, đơn vị" speaks of its own bodies: the issuer's own level.
            let own = selector.level == Level::Province || commune;
            let tops = if own { vec![issuer] } else { bodies.communes(issuer) };
            for top in tops {
                for unit in selector.units(top, own, bodies) {
                    if unit != issuer && !out.contains(&unit) {
                        out.push(unit);
                    }
                }
            }
        }
        out
    }
}

impl Selector {
    /// Units under `top` that fit. A commune that keeps no bodies here answers itself for its committee.
    fn units(&self, top: Id, own: bool, bodies: &Bodies) -> Vec<Id> {
        let level = bodies.own_bodies(top);
        if level.is_empty() && !own {
            return if self.kinds.iter().any(|kind| kind == "committee") { vec![top] } else { Vec::new() };
        }
        level
            .into_iter()
            .filter(|body| self.kinds.contains(&body.kind) || self.keys.iter().any(|key| key == body.template_key()))
            .filter(|body| !self.direct || body.parent == Some(top))
            .filter(|body| self.under.as_ref().is_none_or(|under| bodies.stands_under(body, under)))
            .map(|body| body.id)
            .collect()
    }
}
