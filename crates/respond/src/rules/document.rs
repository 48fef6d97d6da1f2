//! One YAML document of Sigma, read by itself: what it is, whose it is, what is wrong with it.

use khien_base::LogSource;
use khien_detect::{Level, RuleFault, Ruleset, Status};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::model::{CORRELATION, FILTER, RULE};
use crate::alerts::rules::weight;

/// A document and what it says of itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Document {
    /// Name of its file.
    pub path: String,
    /// One of [`super::model::KINDS`].
    pub kind: &'static str,
    /// `id`; empty where it has none.
    pub id: String,
    /// `title`
    pub title: String,
    /// Weight of its level, 1 to 5; 0 for filters.
    pub level: i32,
    /// See [`maturity`].
    pub maturity: i32,
    /// Which logs it is for.
    pub log: LogSource,
    /// The document as it was written, without the line `---` before it.
    pub yaml: String,
    /// What is wrong with it. Lines are those of the file.
    pub faults: Vec<RuleFault>,
}

/// Faults that say that another document is missing: they are told when all documents stand together.
const TOGETHER: [&str; 2] = ["detect.filter-rule-unknown", "detect.correlation-rule-unknown"];

/// How far a rule has been tried: 0 unsupported, 1 deprecated, 2 experimental or unsaid, 3 test, 4 stable.
pub fn maturity(status: Option<Status>) -> i32 {
    match status {
        Some(Status::Unsupported) => 0,
        Some(Status::Deprecated) => 1,
        Some(Status::Experimental) | None => 2,
        Some(Status::Test) => 3,
        Some(Status::Stable) => 4,
    }
}

/// The name of a maturity.
pub fn maturity_name(maturity: i32) -> &'static str {
    match maturity {
        0 => "unsupported",
        1 => "deprecated",
        3 => "test",
        4 => "stable",
        _ => "experimental",
    }
}

/// SHA-256 of a document in hex. Ends of lines and of the text say nothing.
pub fn digest(yaml: &str) -> String {
    let mut hash = Sha256::new();
    for line in yaml.trim().lines() {
        hash.update(line.trim_end().as_bytes());
        hash.update(b"\n");
    }
    hex::encode(hash.finalize())
}

/// The documents of a file, each read by itself. What is no rule, correlation or filter at all is left out.
pub fn read(path: &str, text: &str) -> Vec<Document> {
    parts(text).into_iter().filter_map(|(lines, part)| one(path, lines, part)).collect()
}

/// The documents of a text with the number of lines before each (YAML 1.2.2 §9.1.2).
fn parts(text: &str) -> Vec<(usize, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (mut found, mut start, mut first, mut offset) = (Vec::new(), 0, 0, 0);
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let marker =
            line.strip_prefix("---").is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace));
        if marker {
            found.push((first, text.get(start..offset).unwrap_or_default()));
            // The mark itself belongs to no document: the one after begins on the next line.
            (start, first) = (offset + line.len(), number + 1);
        }
        offset += line.len();
    }
    found.push((first, text.get(start..).unwrap_or_default()));
    found.retain(|(_, part)| part.lines().any(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#')));
    found
}

/// The head of a document, as far as it can be told without reading all of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Head {
    title: serde_yaml_ng::Value,
    id: serde_yaml_ng::Value,
    status: serde_yaml_ng::Value,
    level: serde_yaml_ng::Value,
    logsource: serde_yaml_ng::Value,
    detection: Option<serde_yaml_ng::Value>,
    correlation: Option<serde_yaml_ng::Value>,
    filter: Option<serde_yaml_ng::Value>,
}

fn one(path: &str, lines: usize, part: &str) -> Option<Document> {
    let head = serde_yaml_ng::from_str::<Head>(part);
    let kind = match &head {
        Ok(head) if head.filter.is_some() => FILTER,
        Ok(head) if head.correlation.is_some() => CORRELATION,
        Ok(head) if head.detection.is_some() || head.logsource.is_mapping() => RULE,
        // A document of something else: settings of tests, lists of fields.
        Ok(_) => return None,
        // It cannot be read: told as a faulty rule, lest one be lost silently.
        Err(_) => RULE,
    };
    let (set, mut faults) = Ruleset::load(std::iter::once((path.to_owned(), part.to_owned())));
    faults.retain(|fault| !TOGETHER.contains(&fault.code));
    for fault in &mut faults {
        fault.line += lines;
    }
    let head = head.unwrap_or_default();
    let mut document = Document {
        path: path.to_owned(),
        kind,
        id: text(&head.id),
        title: text(&head.title),
        level: if kind == FILTER { 0 } else { level(&text(&head.level)) },
        maturity: maturity(status(&text(&head.status))),
        log: logsource(&head.logsource),
        yaml: part.trim().to_owned(),
        faults,
    };
    if let Some(rule) = set.rules().first() {
        document.level = weight(rule.level);
        document.log = rule.logsource.clone();
    }
    Some(document)
}

fn text(value: &serde_yaml_ng::Value) -> String {
    let text = match value {
        serde_yaml_ng::Value::String(text) => text.clone(),
        serde_yaml_ng::Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    text.trim().to_owned()
}

fn level(name: &str) -> i32 {
    crate::alerts::rules::weight_of(&name.to_ascii_lowercase()).unwrap_or_else(|| weight(Level::Medium))
}

fn status(name: &str) -> Option<Status> {
    match name.to_ascii_lowercase().as_str() {
        "stable" => Some(Status::Stable),
        "test" => Some(Status::Test),
        "deprecated" => Some(Status::Deprecated),
        "unsupported" => Some(Status::Unsupported),
        _ => None,
    }
}

fn logsource(value: &serde_yaml_ng::Value) -> LogSource {
    let part = |name: &str| {
        let text = value.get(name).map(text).unwrap_or_default().to_ascii_lowercase();
        Some(text).filter(|text| !text.is_empty())
    };
    LogSource { product: part("product"), service: part("service"), category: part("category") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE_TEXT: &str = "title: One\nid: a\nstatus: test\nlevel: high\nlogsource:\n    product: Linux\n\
        detection:\n    sel:\n        message: x\n    condition: sel\n";

    #[test]
    fn documents_of_a_file_are_read_one_by_one() {
        let filter = "title: Quiet\nid: f\nlogsource:\n    product: linux\nfilter:\n    rules:\n        - a\n    \
            sel:\n        message: y\n    condition: not sel\n";
        let text = format!("# head\n---\n{RULE_TEXT}---\n{filter}---\nname: nothing of ours\n");
        let found = read("x.yml", &text);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].kind, found[0].id.as_str(), found[0].level, found[0].maturity), (RULE, "a", 4, 3));
        assert_eq!(found[0].log.product.as_deref(), Some("linux"));
        assert!(found.iter().all(|one| one.faults.is_empty()), "{found:?}");
        assert_eq!((found[1].kind, found[1].level), (FILTER, 0));
        assert_eq!(found[1].yaml, filter.trim());
    }

    #[test]
    fn faults_stand_in_the_lines_of_the_file() {
        let text = format!(
            "{RULE_TEXT}---\ntitle: Two\nlogsource:\n    product: x\ndetection:\n    \
             s:\n        a: b\n    condition: gone\n"
        );
        let found = read("x.yml", &text);
        let fault = found[1].faults.iter().find(|fault| fault.code == "detect.condition-unknown");
        assert_eq!(fault.map(|fault| fault.line), Some(18), "{:?}", found[1].faults);
        assert_eq!(read("x.yml", "title: [")[0].faults[0].code, "detect.yaml");
    }

    #[test]
    fn ends_of_lines_change_nothing() {
        assert_eq!(digest("a: 1\r\nb: 2 \r\n"), digest("a: 1\nb: 2"));
        assert_ne!(digest("a: 1\nb: 2"), digest("a: 1\nb: 3"));
        for name in ["unsupported", "deprecated", "experimental", "test", "stable"] {
            assert_eq!(maturity_name(maturity(status(name))), name);
        }
    }
}
