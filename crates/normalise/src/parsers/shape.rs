//! The shape of a file of parsers, and what is refused of one.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use khien_base::LogSource;
use khien_base::event::Hot;
use regex::{Regex, RegexBuilder};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::sample::Sample;

/// Largest compiled form of one regular expression, in bytes.
const REGEX_BYTES: usize = 1 << 20;
/// Longest regular expression, in bytes.
const REGEX_TEXT: usize = 4 << 10;
/// Most patterns of one parser.
const PATTERNS: usize = 64;

/// How lines of one kind of text are read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parser {
    pub(crate) name: String,
    /// Programs of syslog whose lines it is asked for, in any case; `postfix` also stands for `postfix/smtpd`.
    #[serde(default)]
    pub(crate) programs: Vec<String>,
    /// Whether it is also asked for lines that no program claims.
    #[serde(default)]
    pub(crate) bare: bool,
    /// A form of lines that is taken apart before patterns are asked.
    pub(crate) form: Option<Form>,
    #[serde(default)]
    pub(crate) log: LogSource,
    #[serde(default, deserialize_with = "patterns")]
    pub(crate) patterns: Vec<Pattern>,
    /// What the parser must make of real lines.
    #[serde(default)]
    pub(crate) samples: Vec<Sample>,
}

/// Forms of lines that need no regular expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Form {
    /// ArcSight Common Event Format.
    Cef,
    /// Log Event Extended Format of QRadar, 1.0 and 2.0.
    Leef,
    /// The whole message is `key=value key="value"…`.
    Pairs,
    /// Rows whose columns a header named: W3C extended logs and Zeek's.
    Table,
}

impl Form {
    pub(crate) const COUNT: usize = 4;

    pub(crate) fn place(self) -> usize {
        match self {
            Self::Cef => 0,
            Self::Leef => 1,
            Self::Pairs => 2,
            Self::Table => 3,
        }
    }
}

/// One kind of line of a parser. What `regex`, `has` and `when` say must all hold.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pattern {
    pub(crate) name: String,
    #[serde(default, deserialize_with = "regex")]
    pub(crate) regex: Option<Expression>,
    /// Fields that must be there.
    #[serde(default)]
    pub(crate) has: Vec<String>,
    /// Fields and their values, of which one must hold, in any case; `*` at an end is anything.
    #[serde(default, deserialize_with = "lower")]
    pub(crate) when: BTreeMap<String, Vec<String>>,
    pub(crate) pairs: Option<Pairs>,
    #[serde(default)]
    pub(crate) set: Map<String, Value>,
    #[serde(default)]
    pub(crate) derive: Vec<Derived>,
    #[serde(default)]
    pub(crate) numbers: Vec<String>,
    /// Where the time stands, the first that can be read; several names in one text are put together with blanks.
    #[serde(default)]
    pub(crate) time_from: Vec<String>,
    /// How the time is written (chrono's strftime), where it is none of the usual ways.
    #[serde(default, deserialize_with = "time_forms")]
    pub(crate) time_form: Vec<String>,
    /// Whether a time that does not say its zone is UTC.
    #[serde(default)]
    pub(crate) utc: bool,
    pub(crate) category: Option<String>,
    pub(crate) hot: Columns,
}

/// A regular expression and the names of its groups, ready to be used.
#[derive(Debug)]
pub(crate) struct Expression {
    pub(crate) regex: Regex,
    /// Place of a group, and the field that it fills.
    pub(crate) groups: Vec<(usize, String)>,
}

/// What the group `pairs` holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Pairs {
    /// `KEY=value`.
    Plain,
    /// The audit system's: values may be hexadecimal, and `msg='…'` holds pairs of its own.
    Audit,
}

/// A field that is added under a further name; one that is there stays.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Derived {
    pub(crate) to: String,
    /// The first of these that is there.
    #[serde(deserialize_with = "one_or_more")]
    pub(crate) from: Vec<String>,
    /// The part of an address that is taken.
    pub(crate) part: Option<Part>,
    /// Exact values and what they are called; with these, any other value adds nothing.
    #[serde(default)]
    pub(crate) values: HashMap<String, String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Part {
    /// What stands after the `?` of an address.
    Query,
    /// The ending of an address' path.
    Extension,
    /// The host of an address.
    Host,
}

/// Columns of searches.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Columns {
    /// OCSF class.
    #[serde(deserialize_with = "class")]
    pub(crate) class: u32,
    /// OCSF severity, 0 to 6.
    #[serde(deserialize_with = "severity")]
    pub(crate) severity: u8,
    /// A field that says how grave it is.
    pub(crate) severity_from: Option<Severity>,
    /// Column -> the first of these fields that says something.
    #[serde(default, deserialize_with = "columns")]
    pub(crate) columns: BTreeMap<String, Vec<String>>,
}

/// How grave an event is by one of its fields.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Severity {
    #[serde(deserialize_with = "one_or_more")]
    pub(crate) from: Vec<String>,
    /// Value in any case -> OCSF severity.
    pub(crate) values: HashMap<String, u8>,
}

fn patterns<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Pattern>, D::Error> {
    let patterns = Vec::deserialize(from)?;
    if patterns.len() > PATTERNS {
        return Err(D::Error::custom(format!("more than {PATTERNS} patterns")));
    }
    Ok(patterns)
}

fn regex<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Expression>, D::Error> {
    let text = String::deserialize(from)?;
    if text.len() > REGEX_TEXT {
        return Err(D::Error::custom(format!("the regular expression is longer than {REGEX_TEXT} bytes")));
    }
    let mut builder = RegexBuilder::new(&text);
    let regex = builder.size_limit(REGEX_BYTES).nest_limit(64).build().map_err(D::Error::custom)?;
    let named = regex.capture_names().enumerate();
    let groups = named.filter_map(|(at, name)| Some((at, name?.replace("__", "-")))).collect();
    Ok(Some(Expression { regex, groups }))
}

fn lower<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, Vec<String>>, D::Error> {
    let mut when: BTreeMap<String, Vec<String>> = BTreeMap::deserialize(from)?;
    for pattern in when.values_mut().flatten() {
        *pattern = pattern.to_lowercase();
    }
    Ok(when)
}

fn time_forms<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let forms: Vec<String> = one_or_more(from)?;
    for form in &forms {
        if chrono::format::StrftimeItems::new(form).any(|item| item == chrono::format::Item::Error) {
            return Err(D::Error::custom(format!("{form:?} is no form of a time")));
        }
    }
    Ok(forms)
}

/// One text, or a list of them.
fn one_or_more<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        One(String),
        More(Vec<String>),
    }
    Ok(match Either::deserialize(from).map_err(|_| D::Error::custom("expected a text or a list of texts"))? {
        Either::One(one) => vec![one],
        Either::More(more) => more,
    })
}

fn class<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    // OCSF numbers classes by category: 1001 to 8999, extensions of the schema above.
    let class = u32::deserialize(from)?;
    let known = class == 0 || (1001..=8999).contains(&class) || (100_000..1_000_000).contains(&class);
    if known { Ok(class) } else { Err(D::Error::custom(format!("{class} is no class of OCSF; 0 says that none fits"))) }
}

fn severity<'de, D: Deserializer<'de>>(from: D) -> Result<u8, D::Error> {
    let severity = u8::deserialize(from)?;
    if severity <= 6 { Ok(severity) } else { Err(D::Error::custom("severity is 0 (unknown) to 6 (fatal)")) }
}

fn columns<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, Vec<String>>, D::Error> {
    #[derive(Deserialize)]
    struct Fields(#[serde(deserialize_with = "one_or_more")] Vec<String>);
    let read: BTreeMap<String, Fields> = BTreeMap::deserialize(from)?;
    let known = crate::hot::COLUMNS;
    match read.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(D::Error::custom(format!("{name} is no column; columns are {}", known.join(", ")))),
        None => Ok(read.into_iter().map(|(column, Fields(fields))| (column, fields)).collect()),
    }
}

/// What a parser made of a line.
#[derive(Debug, Default)]
pub(crate) struct Parsed<'p> {
    /// Which Sigma rules mean it.
    pub(crate) log: LogSource,
    /// Columns; only those that the parser knows.
    pub(crate) hot: Hot,
    /// The time inside the message, where it has one of its own.
    pub(crate) time: Option<DateTime<Utc>>,
    /// Parser and pattern, `None` when the program is known and the sentence is not.
    pub(crate) by: Option<(&'p str, &'p str)>,
}
