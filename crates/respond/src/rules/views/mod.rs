//! Pages of rules.

use chrono::{DateTime, Utc};
use khien_web::{Pager, View};
use schemars::JsonSchema;
use serde::Serialize;

use crate::alerts::views::{Named, Sorted};

mod imports;
mod trials;
mod written;

pub use imports::{Import, ImportRow, Imports, ItemDiff, ItemRow, Tab, Tally};
pub use trials::{Trial, TrialForm, TrialHit, TrialRow};
pub use written::{
    Checked, Compared, Edit, FilterForm, FilterRow, Foreseen, Quieter, SwitchRow, Version, VersionRow, Versions,
};

/// One rule in a list.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Row {
    /// Identity.
    pub id: String,
    /// Where its page is.
    pub href: String,
    /// `rule`, `correlation`, `filter`
    pub kind: &'static str,
    /// Title in the reader's language, where it has one.
    pub title: String,
    /// `informational` … `critical`; empty for filters.
    pub level: &'static str,
    /// `stable`, `test`, `experimental`, `deprecated`, `unsupported`; empty where the rule does not say.
    pub status: String,
    /// Which logs it is for: "windows / security".
    pub logsource: String,
    /// Techniques of MITRE ATT&CK.
    pub techniques: Vec<String>,
    /// Events that it fired on in the last 7 days.
    pub hits: i64,
    /// Events of the last 30 days.
    pub month: i64,
    /// Alerts of the last 7 days.
    pub alerts: i64,
    /// Alerts of the last 30 days that were closed.
    pub closed: i64,
    /// Those of them that were false positives.
    pub wrong: i64,
    /// Whether it costs more attention than it gives.
    pub noisy: bool,
    /// Microseconds for one event, the rule alone, where it was measured.
    pub micros: Option<f64>,
    /// Whether it is shipped with the program.
    pub own: bool,
    /// Where it comes from.
    pub source: String,
    /// Whether it is in force.
    pub on: bool,
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
    /// Product.
    pub product: String,
    /// Where rules come from.
    pub source: String,
    /// Kind of document.
    pub kind: String,
    /// `on`, `off`
    pub state: String,
    /// `fired`, `silent`, `noisy`
    pub hits: String,
    /// Whether anything narrows the list.
    pub any: bool,
    /// Whether one of the rarer filters does.
    pub more: bool,
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
    /// Order.
    pub sort: Sorted,
    /// What stands behind the `?` of this list.
    pub query: String,
    /// Products to choose from.
    pub products: Vec<Named>,
    /// Origins to choose from.
    pub sources: Vec<Named>,
    /// Log sources to choose from.
    pub logsources: Vec<Named>,
    /// Rules that cost more attention than they give.
    pub noisy: Vec<Row>,
    /// Coverage by tactic, in the order of an attack.
    pub coverage: Vec<TacticRow>,
    /// Rules in force.
    pub total: usize,
    /// Rules that are shipped with the program.
    pub own: usize,
    /// Rules that fired in the last 7 days.
    pub fired: usize,
    /// Rules that are switched off.
    pub off: usize,
    /// What was wrong with rule files.
    pub faults: usize,
    /// Versions that wait for a second person.
    pub waiting: i64,
    /// When the rules were loaded.
    pub loaded_at: DateTime<Utc>,
    /// Whether the reader may switch, write and load again.
    pub may_write: bool,
    /// Whether the reader may approve.
    pub may_review: bool,
    /// Whether the reader may import.
    pub may_import: bool,
}

/// One technique in the matrix of coverage.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Cell {
    /// `T1059.001`
    pub id: String,
    /// Its name, where it has one here.
    pub label: String,
    /// Rules.
    pub rules: usize,
    /// Events that they fired on in the last 30 days.
    pub hits: i64,
    /// How dark it is drawn: 1 one rule, 2 up to four, 3 up to nine, 4 more.
    pub depth: u8,
}

/// One tactic in the matrix of coverage.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MatrixTactic {
    /// `initial-access`
    pub name: String,
    /// Its name in the reader's language.
    pub label: String,
    /// Techniques that rules of it name.
    pub cells: Vec<Cell>,
}

/// Tactics against techniques.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Matrix {
    /// In the order of an attack.
    pub tactics: Vec<MatrixTactic>,
    /// Techniques in all.
    pub techniques: usize,
    /// Rules in force.
    pub rules: usize,
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
    /// Its switch, if it was ever turned.
    pub setting: Option<SwitchRow>,
    /// Filters that quiet it.
    pub filters: Vec<Quieter>,
    /// For a correlation: pages (value) and titles (label) of the rules that it refers to.
    pub refers: Vec<Named>,
    /// Pages and titles of the correlations that refer to it.
    pub used_by: Vec<Named>,
    /// Its versions in the database.
    pub versions: Vec<VersionRow>,
    /// Whether it was written here.
    pub is_own: bool,
    /// Its identity as addresses have it.
    pub address: String,
    /// Whether the reader may switch it and write filters.
    pub may_write: bool,
    /// Whether the reader may try it on stored days.
    pub may_trial: bool,
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
    pub code: String,
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
        kind: "rule",
        source: "Khiên".into(),
        on: true,
        micros: Some(12.5),
        ..Row::default()
    }
}

impl View for List {
    const PAGE: &'static str = "rules/list.html";

    fn samples() -> Vec<Self> {
        let full = Self {
            rows: vec![
                sample_row(),
                Row { status: String::new(), own: false, level: "low", on: false, noisy: true, ..sample_row() },
                Row { kind: "filter", level: "", micros: None, ..sample_row() },
            ],
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
            off: 1,
            waiting: 2,
            products: vec![Named { value: "linux".into(), label: "linux (2)".into() }],
            noisy: vec![Row { noisy: true, closed: 9, wrong: 8, alerts: 70, ..sample_row() }],
            may_write: true,
            may_review: true,
            may_import: true,
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
            setting: Some(SwitchRow { reason: "Nhiễu".into(), who: "Bình".into(), ..SwitchRow::default() }),
            filters: <Quieter as Sample>::all(),
            refers: named("/rules/rule/x"),
            used_by: named("/rules/rule/y"),
            versions: <VersionRow as Sample>::all(),
            is_own: true,
            address: "x".into(),
            may_write: true,
            may_trial: true,
        };
        let quiet = Row { on: false, noisy: true, micros: None, ..sample_row() };
        vec![
            full,
            Self { rule: sample_row(), ..Self::default() },
            Self { rule: quiet, may_write: true, ..Self::default() },
        ]
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
            code: "detect.condition-syntax".into(),
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

impl View for Matrix {
    const PAGE: &'static str = "rules/matrix.html";

    fn samples() -> Vec<Self> {
        let cell = |depth| Cell { id: "T1136.001".into(), label: "Local Account".into(), rules: 3, hits: 5, depth };
        let tactic = MatrixTactic {
            name: "persistence".into(),
            label: "Duy trì hiện diện".into(),
            cells: vec![cell(1), cell(2), cell(3), Cell { label: String::new(), hits: 0, ..cell(4) }],
        };
        vec![Self::default(), Self { tactics: vec![tactic, MatrixTactic::default()], techniques: 1, rules: 3 }]
    }
}

/// Examples of parts of pages.
trait Sample: Sized {
    /// One of each sort.
    fn all() -> Vec<Self>;
}
