//! Pages of rules.

use chrono::{DateTime, Utc};
use khien_web::{Pager, View};
use schemars::JsonSchema;
use serde::Serialize;

use crate::alerts::views::Named;

/// One rule in a list.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Row {
    /// Identity.
    pub id: String,
    /// Where its page is.
    pub href: String,
    /// Title in the reader's language, where it has one.
    pub title: String,
    /// `informational` … `critical`
    pub level: &'static str,
    /// `stable`, `test`, `experimental`, `deprecated`, `unsupported`; empty where the rule does not say.
    pub status: String,
    /// Which logs it is for: "windows / security".
    pub logsource: String,
    /// Techniques of MITRE ATT&CK.
    pub techniques: Vec<String>,
    /// Events that it fired on in the last 7 days.
    pub hits: i64,
    /// Whether it is shipped with the program.
    pub own: bool,
}

/// What rules there are for a tactic.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TacticRow {
    /// `initial-access`
    pub name: String,
    /// Its name in the reader's language.
    pub label: String,
    /// Rules.
    pub rules: usize,
    /// Techniques that they name.
    pub techniques: usize,
    /// Events that they fired on in the last 7 days.
    pub hits: i64,
}

/// What the list is narrowed by.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Filters {
    /// Words.
    pub q: String,
    /// Level.
    pub level: String,
    /// Status.
    pub status: String,
    /// Log source.
    pub logsource: String,
    /// Tactic.
    pub tactic: String,
    /// Technique.
    pub technique: String,
    /// Whether anything narrows the list.
    pub any: bool,
}

/// The list of rules.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct List {
    /// This page of it.
    pub rows: Vec<Row>,
    /// Where the page stands.
    pub pager: Pager,
    /// Filters.
    pub filter: Filters,
    /// Log sources to choose from.
    pub logsources: Vec<Named>,
    /// Coverage by tactic, in the order of an attack.
    pub coverage: Vec<TacticRow>,
    /// Rules in force.
    pub total: usize,
    /// Rules that are shipped with the program.
    pub own: usize,
    /// Rules that fired in the last 7 days.
    pub fired: usize,
    /// What was wrong with rule files.
    pub faults: usize,
    /// When the rules were loaded.
    pub loaded_at: DateTime<Utc>,
    /// Whether the reader may load them again.
    pub may_write: bool,
}

/// One rule.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Detail {
    /// What the list shows of it.
    pub rule: Row,
    /// What it means.
    pub description: String,
    /// What to do first.
    pub advice: String,
    /// The group of incidents that its alerts start with.
    pub incident_group: String,
    /// Who wrote it.
    pub author: String,
    /// The name of its file.
    pub source_name: String,
    /// Tactics with their names.
    pub tactics: Vec<Named>,
    /// Techniques with their names.
    pub techniques: Vec<Named>,
    /// Where it was derived from.
    pub references: Vec<String>,
    /// What else may look like this.
    pub falsepositives: Vec<String>,
    /// The rule as it was written.
    pub yaml: String,
}

/// One thing that is wrong with a rule file.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct FaultRow {
    /// The file.
    pub source: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// Path of keys.
    pub path: String,
    /// Stable code.
    pub code: &'static str,
    /// What is wrong and how to mend it, in the reader's language.
    pub sentence: String,
    /// What is wrong with the values that it speaks of, in English.
    pub what: String,
    /// How to mend it, in English.
    pub mend: String,
}

/// What was wrong with rule files.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Faults {
    /// This page of it.
    pub rows: Vec<FaultRow>,
    /// Where the page stands.
    pub pager: Pager,
    /// When the rules were loaded.
    pub loaded_at: DateTime<Utc>,
    /// From where, beside our own.
    pub folders: Vec<String>,
    /// Whether the reader may load them again.
    pub may_write: bool,
}

/// A rule that fired in the box.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Fired {
    /// The rule.
    pub rule: Row,
}

/// The box to try rules in, with what came of it.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Tried {
    /// What was typed.
    pub event: String,
    /// `product` given by hand.
    pub product: String,
    /// `category` given by hand.
    pub category: String,
    /// `service` given by hand.
    pub service: String,
    /// Whether something was tried.
    pub done: bool,
    /// The log source that was matched.
    pub logsource: String,
    /// Rules that are for this log source.
    pub considered: usize,
    /// Rules that fired.
    pub fired: Vec<Fired>,
    /// The event as it was read, marked where rules matched.
    pub read: crate::alerts::views::Member,
}

fn sample_row() -> Row {
    Row {
        id: "1e7440f6".into(),
        href: "/rules/rule/1e7440f6".into(),
        title: "Tạo tài khoản có quyền root <b>".into(),
        level: "critical",
        status: "test".into(),
        logsource: "linux / auth".into(),
        techniques: vec!["T1136.001".into()],
        hits: 1234,
        own: true,
    }
}

impl View for List {
    const PAGE: &'static str = "rules/list.html";

    fn samples() -> Vec<Self> {
        let full = Self {
            rows: vec![sample_row(), Row { status: String::new(), own: false, level: "low", ..sample_row() }],
            logsources: vec![Named { value: "linux / auth".into(), label: "linux / auth".into() }],
            coverage: vec![TacticRow {
                name: "persistence".into(),
                label: "Duy trì hiện diện".into(),
                rules: 13,
                techniques: 8,
                hits: 5,
            }],
            total: 2,
            own: 1,
            fired: 1,
            faults: 3,
            may_write: true,
            ..Self::default()
        };
        let filtered =
            Self { filter: Filters { any: true, technique: "T1".into(), ..Filters::default() }, ..Self::default() };
        vec![Self::default(), filtered, full]
    }
}

impl View for Detail {
    const PAGE: &'static str = "rules/rule.html";

    fn samples() -> Vec<Self> {
        let named = |value: &str| vec![Named { value: value.into(), label: "Tên".into() }];
        let full = Self {
            rule: sample_row(),
            description: "Tài khoản mới có UID 0".into(),
            advice: "Khóa tài khoản".into(),
            incident_group: "N2".into(),
            author: "Khiên".into(),
            source_name: "khien/x.yml".into(),
            tactics: named("persistence"),
            techniques: named("T1136.001"),
            references: vec!["https://attack.mitre.org/".into(), "javascript:alert(1)".into()],
            falsepositives: vec!["Không".into()],
            yaml: "title: x".into(),
        };
        vec![full, Self { rule: sample_row(), ..Self::default() }]
    }
}

impl View for Faults {
    const PAGE: &'static str = "rules/faults.html";

    fn samples() -> Vec<Self> {
        let row = FaultRow {
            source: "x.yml".into(),
            line: 3,
            column: 5,
            path: "detection.condition".into(),
            code: "detect.condition-syntax",
            sentence: "Điều kiện viết sai".into(),
            what: "A word is missing.".into(),
            mend: "Write it.".into(),
        };
        vec![
            Self::default(),
            Self { rows: vec![row], folders: vec!["rules".into()], may_write: true, ..Self::default() },
        ]
    }
}

impl View for Tried {
    const PAGE: &'static str = "rules/try.html";

    fn samples() -> Vec<Self> {
        let none = Self { event: "{}".into(), done: true, logsource: "windows".into(), ..Self::default() };
        let some = Self {
            fired: vec![Fired { rule: sample_row() }],
            considered: 7,
            read: <crate::alerts::views::Detail as View>::samples()
                .into_iter()
                .flat_map(|detail| detail.members)
                .next()
                .unwrap_or_default(),
            ..none.clone()
        };
        vec![Self::default(), none, some]
    }
}
