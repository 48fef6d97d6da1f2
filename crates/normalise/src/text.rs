//! Parsers of log text, kept as data in `content/parsers/*.yaml`: regular expressions with named groups, what the
//! fields mean, and samples with what is expected of them.
//!
//! A file is a list of parsers. A parser is asked for lines of its `programs`; a `bare` one is also tried on lines
//! that no program claims. The first pattern that matches decides. In names of groups `__` stands for `-`, which a
//! regular expression does not allow (`cs__method` is Sigma's `cs-method`).

use std::collections::HashMap;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use khien_base::LogSource;
use khien_base::event::Hot;
use regex::{Captures, Regex, RegexSet};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::pairs::{from_hex, pairs};
use crate::{hot, logsources, stamp, taxonomy};

/// The files, as they are embedded.
pub(crate) const FILES: [(&str, &str); 9] = [
    ("sshd.yaml", include_str!("../../../content/parsers/sshd.yaml")),
    ("accounts.yaml", include_str!("../../../content/parsers/accounts.yaml")),
    ("network.yaml", include_str!("../../../content/parsers/network.yaml")),
    ("auditd.yaml", include_str!("../../../content/parsers/auditd.yaml")),
    ("web.yaml", include_str!("../../../content/parsers/web.yaml")),
    ("names.yaml", include_str!("../../../content/parsers/names.yaml")),
    ("firewalls.yaml", include_str!("../../../content/parsers/firewalls.yaml")),
    ("routers.yaml", include_str!("../../../content/parsers/routers.yaml")),
    ("applications.yaml", include_str!("../../../content/parsers/applications.yaml")),
];

/// Most arguments of a command line that are put together.
const ARGUMENTS: usize = 256;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parser {
    pub(crate) name: String,
    #[serde(default)]
    programs: Vec<String>,
    #[serde(default)]
    bare: bool,
    log: LogSource,
    #[serde(default)]
    patterns: Vec<Pattern>,
    /// What the parser must make of real lines; read by a test.
    #[serde(default)]
    #[cfg_attr(not(test), expect(dead_code, reason = "only a test reads the samples"))]
    pub(crate) samples: Vec<Sample>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pattern {
    name: String,
    #[serde(deserialize_with = "regex")]
    regex: Regex,
    pairs: Option<Pairs>,
    #[serde(default)]
    set: Map<String, Value>,
    #[serde(default)]
    derive: Vec<Derived>,
    #[serde(default)]
    numbers: Vec<String>,
    /// Whether the group `time` is UTC where it does not say.
    #[serde(default)]
    utc: bool,
    category: Option<String>,
    hot: Columns,
}

/// What the group `pairs` holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Pairs {
    /// `KEY=value`.
    Plain,
    /// The audit system's: values may be hexadecimal, and `msg='…'` holds pairs of its own.
    Audit,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Derived {
    to: String,
    from: String,
    /// The part of an address that is taken.
    part: Option<Part>,
    #[serde(default)]
    values: HashMap<String, String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Part {
    Query,
    Extension,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Columns {
    class: u32,
    severity: u8,
    #[serde(default)]
    columns: HashMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(test), expect(dead_code, reason = "only a test reads the samples"))]
pub(crate) struct Sample {
    pub(crate) line: String,
    pub(crate) pattern: String,
    #[serde(default)]
    pub(crate) fields: Map<String, Value>,
    #[serde(default)]
    pub(crate) hot: Map<String, Value>,
    pub(crate) log: Option<LogSource>,
    pub(crate) time: Option<DateTime<Utc>>,
}

fn regex<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Regex, D::Error> {
    Regex::new(&String::deserialize(from)?).map_err(serde::de::Error::custom)
}

/// The parsers of one file.
pub(crate) fn read(file: &str) -> Result<Vec<Parser>, serde_yaml_ng::Error> {
    serde_yaml_ng::from_str(file)
}

// The files are part of the program, and a test reads each of them.
static PARSERS: LazyLock<Vec<Parser>> =
    LazyLock::new(|| FILES.iter().flat_map(|(_, text)| read(text).unwrap_or_default()).collect());

static BARE: LazyLock<Bare> = LazyLock::new(Bare::new);

/// Patterns for lines that no program claims, looked for all at once.
struct Bare {
    set: RegexSet,
    patterns: Vec<(&'static Parser, &'static Pattern)>,
}

impl Bare {
    fn new() -> Self {
        let bare = PARSERS.iter().filter(|parser| parser.bare);
        let patterns: Vec<_> = bare.flat_map(|p| p.patterns.iter().map(move |pattern| (p, pattern))).collect();
        // Each of them is a regular expression by itself, and a test reads them together.
        let set = RegexSet::new(patterns.iter().map(|(_, pattern)| pattern.regex.as_str())).unwrap_or_default();
        Self { set, patterns }
    }

    /// The first that matches.
    fn first<'m>(&self, message: &'m str) -> Option<(&'static Parser, &'static Pattern, Captures<'m>)> {
        let at = self.set.matches(message).into_iter().next()?;
        let (parser, pattern) = self.patterns.get(at)?;
        Some((parser, pattern, pattern.regex.captures(message)?))
    }
}

/// What a parser made of a line.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    /// Which Sigma rules mean it.
    pub(crate) log: LogSource,
    /// Columns; only those that the parser knows.
    pub(crate) hot: Hot,
    /// The time inside the message, where it has one of its own.
    pub(crate) time: Option<DateTime<Utc>>,
    /// `parser/pattern`, `None` when the program is known and the sentence is not.
    pub(crate) by: Option<(&'static str, &'static str)>,
}

/// Reads the message of a program (or a whole line that names none) and adds its fields to `fields`. `None` when
/// nothing is known of the program, and no parser of bare lines knows the text.
pub(crate) fn parse(program: Option<&str>, message: &str, fields: &mut Map<String, Value>) -> Option<Parsed> {
    let claims = |p: &&Parser| program.is_some_and(|name| p.programs.iter().any(|own| own.eq_ignore_ascii_case(name)));
    let own = PARSERS.iter().find(claims);
    let patterns = own.into_iter().flat_map(|parser| parser.patterns.iter().map(move |pattern| (parser, pattern)));
    let mut found = patterns.filter_map(|(parser, pattern)| Some((parser, pattern, pattern.regex.captures(message)?)));
    if let Some((parser, pattern, captures)) = found.next().or_else(|| BARE.first(message)) {
        return Some(pattern.apply(parser, &captures, fields));
    }
    own.map(|parser| Parsed { log: parser.log.clone(), ..Parsed::default() })
}

impl Pattern {
    fn apply(
        &'static self,
        parser: &'static Parser,
        captures: &Captures<'_>,
        fields: &mut Map<String, Value>,
    ) -> Parsed {
        let mut parsed = Parsed { log: parser.log.clone(), by: Some((&parser.name, &self.name)), ..Parsed::default() };
        if self.category.is_some() {
            parsed.log.category.clone_from(&self.category);
        }
        for group in self.regex.capture_names().flatten() {
            let Some(value) = captures.name(group).map(|m| m.as_str()) else { continue };
            match (group, self.pairs) {
                ("time", _) if self.utc => parsed.time = stamp::of_utc(&Value::from(value)),
                ("time", _) => parsed.time = stamp::of_text(value),
                ("pairs", Some(Pairs::Plain)) => plain(value, fields),
                ("pairs", Some(Pairs::Audit)) => audit(value, fields),
                _ => {
                    fields.insert(group.replace("__", "-"), Value::from(value));
                }
            }
        }
        fields.extend(self.set.clone());
        for name in &self.numbers {
            if let Some(number) = fields.get(name).and_then(taxonomy::decimal) {
                fields.insert(name.clone(), Value::from(number));
            }
        }
        for derived in &self.derive {
            derived.apply(fields);
        }
        parsed.hot.class_uid = self.hot.class;
        parsed.hot.severity_id = self.hot.severity;
        for (column, from) in &self.hot.columns {
            hot::fill(&mut parsed.hot, column, fields, from);
        }
        parsed
    }
}

impl Derived {
    fn apply(&self, fields: &mut Map<String, Value>) {
        let Some(from) = fields.get(&self.from) else { return };
        let said = taxonomy::text(from);
        let part = match self.part {
            None => None,
            Some(Part::Query) => Some(logsources::query(&said)),
            Some(Part::Extension) => Some(logsources::extension(&said)),
        };
        let value = match (part, self.values.get(&said)) {
            (Some(None), _) => return,
            (Some(Some(part)), _) => Value::from(part),
            (None, Some(known)) => Value::from(known.as_str()),
            (None, None) if self.values.is_empty() => from.clone(),
            (None, None) => return,
        };
        fields.entry(self.to.clone()).or_insert(value);
    }
}

fn plain(text: &str, fields: &mut Map<String, Value>) {
    for pair in pairs(text) {
        if !pair.value.is_empty() {
            fields.insert(pair.key.to_owned(), Value::from(pair.value));
        }
    }
}

/// Pairs of the audit system. Hexadecimal is read back only where the system writes text: anywhere else `a1=10` is a
/// number. The arguments of EXECVE are put together as `CommandLine`, as rules on processes name it.
fn audit(text: &str, fields: &mut Map<String, Value>) {
    const TEXTS: [&str; 10] = ["proctitle", "cmd", "name", "exe", "comm", "cwd", "acct", "data", "path", "key"];
    let execve = fields.get("type").is_some_and(|t| t == "EXECVE");
    for pair in pairs(text) {
        if pair.key == "msg" && pair.quoted {
            audit(pair.value, fields);
            continue;
        }
        let is_text = TEXTS.contains(&pair.key) || execve && is_argument(pair.key);
        let value = if is_text && !pair.quoted { from_hex(pair.value) } else { None };
        let value = value.unwrap_or_else(|| pair.value.to_owned());
        if !value.is_empty() && value != "?" && value != "(null)" {
            fields.insert(pair.key.to_owned(), Value::from(value));
        }
    }
    if execve {
        let arguments: Vec<String> =
            (0..ARGUMENTS).map_while(|n| fields.get(&format!("a{n}")).map(taxonomy::text)).collect();
        if let Some(image) = arguments.first().filter(|a| a.starts_with('/')) {
            fields.insert("Image".into(), Value::from(image.as_str()));
        }
        if !arguments.is_empty() {
            fields.insert("CommandLine".into(), Value::from(arguments.join(" ")));
        }
    }
}

fn is_argument(key: &str) -> bool {
    key.strip_prefix('a').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Format, decode_line};

    #[test]
    fn each_parser_makes_of_its_samples_what_it_says() {
        let received = DateTime::from_timestamp(1_781_200_000, 0).unwrap();
        let mut seen = 0;
        for (file, text) in FILES {
            for parser in read(text).unwrap_or_else(|e| panic!("{file}: {e}")) {
                assert!(parser.bare || !parser.programs.is_empty(), "{file}: {} is asked for nothing", parser.name);
                for sample in &parser.samples {
                    let at = format!("{file}: {}: {}", parser.name, sample.line);
                    let got = decode_line(sample.line.as_bytes(), Format::Auto, received, 1).expect(&at);
                    for (name, value) in &sample.fields {
                        assert_eq!(got.fields.get(name), Some(value), "{at}: field {name} of {:#?}", got.fields);
                    }
                    let hot = serde_json::to_value(&got.hot).unwrap();
                    for (name, value) in &sample.hot {
                        assert_eq!(&hot[name], value, "{at}: column {name}");
                    }
                    if let Some(log) = &sample.log {
                        assert_eq!(&got.log, log, "{at}");
                    }
                    if sample.time.is_some() {
                        assert_eq!(got.time, sample.time, "{at}");
                    }
                    let by = got.fields.get("_parser").and_then(Value::as_str).unwrap_or_default();
                    assert!(by.ends_with(&format!("/{}", sample.pattern)), "{at}: read by {by:?}");
                    seen += 1;
                }
            }
        }
        assert!(seen >= 65, "{seen}");
        assert!(BARE.set.len() == BARE.patterns.len() && BARE.set.len() >= 25, "{}", BARE.set.len());
    }
}
