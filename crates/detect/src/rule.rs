//! A rule as people see it: title, level, tags, log source (Sigma rules specification 2.1, "Components").

use khien_base::LogSource;
use serde::Serialize;

use crate::fault::{Faults, quoted};
use crate::item::capital;
use crate::yaml::{Kind, Node, Scalar};

/// A Sigma rule that was read without faults.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rule {
    /// `id`; a rule without one is known by its source's name and, in a file of several, its place (`x.yml#2`).
    pub id: String,
    /// `title`
    pub title: String,
    /// `name`, by which filters and correlations may mean it; may be empty.
    pub name: String,
    /// `status`, where the rule says it.
    pub status: Option<Status>,
    /// `level`; medium where the rule does not say.
    pub level: Level,
    /// `description`; may be empty.
    pub description: String,
    /// `author`; may be empty.
    pub author: String,
    /// `tags`
    pub tags: Tags,
    /// `references`: addresses that the rule was derived from.
    pub references: Vec<String>,
    /// `falsepositives`: what else may look like this.
    pub falsepositives: Vec<String>,
    /// Which records it is for.
    pub logsource: LogSource,
    /// The name under which its file was given.
    pub source_name: String,
    /// The document as it was written, without the line `---` before it.
    pub yaml: String,
}

/// How far a rule has been tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// May be used in production.
    Stable,
    /// Mostly stable.
    Test,
    /// May be noisy.
    Experimental,
    /// Replaced by another rule.
    Deprecated,
    /// Cannot be used as it is.
    Unsupported,
}

/// How bad it is when a rule fires; ordered, mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Enriches events, alerts nobody.
    Informational,
    /// Notable, rarely an incident.
    Low,
    /// To be looked at.
    Medium,
    /// Prompt review.
    High,
    /// An incident.
    Critical,
}

/// Tags, with those of MITRE ATT&CK taken apart (Sigma tags appendix 2.1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tags {
    /// All tags as written.
    pub all: Vec<String>,
    /// Techniques and sub-techniques: `T1059.001`.
    pub techniques: Vec<String>,
    /// Tactics by their short names with hyphens: `privilege-escalation`.
    pub tactics: Vec<String>,
}

impl Tags {
    /// Takes tags apart.
    pub fn new(all: Vec<String>) -> Self {
        let mut tags = Self::default();
        for name in all.iter().filter_map(|t| t.strip_prefix("attack.")) {
            match kind(name) {
                Attack::Technique => tags.techniques.push(name.to_ascii_uppercase()),
                Attack::Tactic => tags.tactics.push(name.replace('_', "-")),
                Attack::Other => {}
            }
        }
        tags.all = all;
        tags
    }
}

enum Attack {
    Technique,
    Tactic,
    /// Groups (`g0016`), software (`s0002`), data sources (`ds0029`).
    Other,
}

fn kind(name: &str) -> Attack {
    let letters = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    match letters.to_ascii_lowercase().as_str() {
        "t" => Attack::Technique,
        "g" | "s" | "ds" | "m" | "" => Attack::Other,
        _ if letters.len() == name.len() => Attack::Tactic,
        _ => Attack::Other,
    }
}

/// Reads everything but the detection; what is faulty is reported and left empty.
pub(crate) fn read(node: &Node, faults: &mut Faults<'_>, source_name: &str, fallback_id: &str, yaml: &str) -> Rule {
    let mut rule = head(node, faults, source_name, fallback_id, yaml);
    rule.logsource = logsource(node, faults);
    rule
}

/// Reads what rules and correlations have in common: no log source, no detection.
pub(crate) fn head(node: &Node, faults: &mut Faults<'_>, source_name: &str, fallback_id: &str, yaml: &str) -> Rule {
    let title = text(node, "title", faults);
    if title.trim().is_empty() && node.get("title").is_none_or(|n| n.text().is_some()) {
        faults.report("detect.title-missing", node.at, "The rule has no title.", "Write `title:` with a short name.");
    }
    let id = text(node, "id", faults);
    Rule {
        id: if id.trim().is_empty() { fallback_id.to_owned() } else { id.trim().to_owned() },
        title,
        name: text(node, "name", faults).trim().to_owned(),
        status: choice(node, "status", &STATUSES, faults),
        level: choice(node, "level", &LEVELS, faults).unwrap_or(Level::Medium),
        description: text(node, "description", faults),
        author: list(node, "author", faults).join(", "),
        tags: Tags::new(list(node, "tags", faults)),
        references: list(node, "references", faults),
        falsepositives: list(node, "falsepositives", faults),
        logsource: LogSource::default(),
        source_name: source_name.to_owned(),
        yaml: yaml.strip_prefix("---").unwrap_or(yaml).trim().to_owned(),
    }
}

const STATUSES: [(&str, Status); 5] = [
    ("stable", Status::Stable),
    ("test", Status::Test),
    ("experimental", Status::Experimental),
    ("deprecated", Status::Deprecated),
    ("unsupported", Status::Unsupported),
];

const LEVELS: [(&str, Level); 5] = [
    ("informational", Level::Informational),
    ("low", Level::Low),
    ("medium", Level::Medium),
    ("high", Level::High),
    ("critical", Level::Critical),
];

/// The text of a key, empty where it is absent or null.
fn text(node: &Node, key: &str, faults: &mut Faults<'_>) -> String {
    let Some(value) = node.get(key) else { return String::new() };
    match (value.scalar(), value.text()) {
        (Some(Scalar::Null), _) => String::new(),
        (_, Some(text)) => text.to_owned(),
        _ => {
            wrong(key, value, "text", faults);
            String::new()
        }
    }
}

pub(crate) fn wrong(key: &str, value: &Node, expected: &str, faults: &mut Faults<'_>) {
    faults.within(key, |faults| {
        let what = format!("{} stands here, not {expected}.", capital(value.name()));
        faults.report("detect.type", value.at, what, format!("Write {expected}."));
    });
}

/// A list of texts; a single text is a list of one.
pub(crate) fn list(node: &Node, key: &str, faults: &mut Faults<'_>) -> Vec<String> {
    let Some(value) = node.get(key) else { return Vec::new() };
    match &value.kind {
        Kind::Scalar { .. } if matches!(value.scalar(), Some(Scalar::Null)) => Vec::new(),
        Kind::Scalar { text, .. } => vec![text.clone()],
        Kind::List(items) => {
            for (position, item) in items.iter().enumerate().filter(|(_, i)| i.text().is_none()) {
                wrong(&format!("{key}[{position}]"), item, "text", faults);
            }
            items.iter().filter_map(Node::text).map(str::to_owned).collect()
        }
        Kind::Map(_) => {
            wrong(key, value, "a list of texts", faults);
            Vec::new()
        }
    }
}

fn choice<T: Copy>(node: &Node, key: &str, choices: &[(&str, T)], faults: &mut Faults<'_>) -> Option<T> {
    let written = text(node, key, faults);
    if written.is_empty() {
        return None;
    }
    let found = choices.iter().find(|(name, _)| written.eq_ignore_ascii_case(name)).map(|(_, value)| *value);
    if let (None, Some(value)) = (found, node.get(key)) {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        faults.within(key, |faults| {
            let what = format!("{} is no {key}.", quoted(&written));
            faults.report("detect.choice", value.at, what, format!("Use one of: {}.", names.join(", ")));
        });
    }
    found
}

/// The log source; one of its three parts must be given.
fn logsource(node: &Node, faults: &mut Faults<'_>) -> LogSource {
    let mend = "Write `logsource:` with `product`, `category` or `service`.";
    let Some(section) = node.get("logsource") else {
        faults.report("detect.logsource-missing", node.at, "The rule has no log source.", mend);
        return LogSource::default();
    };
    faults.within("logsource", |faults| {
        if !matches!(section.kind, Kind::Map(_)) {
            let what = format!("`logsource` is {}, not a map.", section.name());
            faults.report("detect.logsource-missing", section.at, what, mend);
            return LogSource::default();
        }
        let mut part = |key| Some(text(section, key, faults).trim().to_ascii_lowercase()).filter(|t| !t.is_empty());
        let found = LogSource { product: part("product"), service: part("service"), category: part("category") };
        if found == LogSource::default() && section.get("product").is_none_or(|n| n.text().is_some()) {
            faults.report("detect.logsource-missing", section.at, "The log source says nothing.", mend);
        }
        found
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_tags_are_taken_apart() {
        let all = ["attack.t1059.001", "attack.privilege_escalation", "attack.g0016", "attack.s0002", "cve.2021-44228"];
        let tags = Tags::new(all.map(str::to_owned).to_vec());
        assert_eq!(tags.techniques, ["T1059.001"]);
        assert_eq!(tags.tactics, ["privilege-escalation"]);
        assert_eq!(tags.all.len(), 5);
    }

    #[test]
    fn levels_are_ordered_by_weight() {
        assert!(Level::Critical > Level::High && Level::Low > Level::Informational);
    }
}
