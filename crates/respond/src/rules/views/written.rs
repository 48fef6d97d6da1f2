//! Pages of rules that people write: the editor, versions, decisions, filters.

use chrono::{DateTime, Utc};
use khien_base::Id;
use khien_web::{Pager, View};
use schemars::JsonSchema;
use serde::Serialize;

use super::{FaultRow, Sample};
use crate::rules::diff::{Became, Line};

/// The switch of a rule.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct SwitchRow {
    /// Whether it is on.
    pub on: bool,
    /// Why.
    pub reason: String,
    /// Who turned it.
    pub who: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// A filter that quiets a rule.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Quieter {
    /// What it is called.
    pub title: String,
    /// Why.
    pub description: String,
    /// Where it stands.
    pub state: String,
    /// Where it comes from.
    pub source: String,
    /// Its page; empty where it is a file.
    pub href: String,
    /// Whether it is for every rule of its log source.
    pub all: bool,
}

impl Sample for Quieter {
    fn all() -> Vec<Self> {
        let one = Self {
            title: "Loại trừ".into(),
            description: "Sao lưu".into(),
            state: "approved".into(),
            href: "/x".into(),
            ..Self::default()
        };
        vec![one.clone(), Self { state: "review".into(), href: String::new(), all: true, ..one }]
    }
}

/// A version of a rule.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct VersionRow {
    /// Identity.
    pub id: Id,
    /// The rule.
    pub rule: String,
    /// From 1.
    pub number: i32,
    /// `rule`, `correlation`, `filter`
    pub kind: String,
    /// Title.
    pub title: String,
    /// `draft`, `review`, `approved`, `rejected`, `retired`
    pub state: String,
    /// Level; empty for filters.
    pub level: &'static str,
    /// Which logs it is for.
    pub logsource: String,
    /// Where it comes from.
    pub source: String,
    /// Who wrote it.
    pub author: String,
    /// When.
    pub written_at: DateTime<Utc>,
    /// Who decided.
    pub reviewer: String,
    /// When.
    pub reviewed_at: Option<DateTime<Utc>>,
    /// What was said.
    pub note: String,
}

impl Sample for VersionRow {
    fn all() -> Vec<Self> {
        let row = |state: &str, number| Self {
            number,
            state: state.into(),
            kind: "rule".into(),
            title: "Luật <b>".into(),
            level: "high",
            author: "Bình".into(),
            ..Self::default()
        };
        let decided = Self {
            reviewer: "An".into(),
            reviewed_at: DateTime::from_timestamp(1_790_000_000, 0),
            note: "Được".into(),
            ..row("approved", 2)
        };
        vec![
            decided,
            row("draft", 3),
            row("review", 4),
            Self { level: "", kind: "filter".into(), ..row("rejected", 1) },
        ]
    }
}

/// What people wrote.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Versions {
    /// This page of it.
    pub rows: Vec<VersionRow>,
    /// Where the page stands.
    pub pager: Pager,
    /// How many stand in each state.
    pub counts: Vec<(&'static str, i64)>,
    /// The state that is shown; empty for all.
    pub state: &'static str,
    /// Whether the reader may write one.
    pub may_write: bool,
}

impl View for Versions {
    const PAGE: &'static str = "rules/versions.html";

    fn samples() -> Vec<Self> {
        let counts = vec![("draft", 1), ("review", 2)];
        vec![
            Self::default(),
            Self { rows: VersionRow::all(), counts, state: "review", may_write: true, ..Self::default() },
        ]
    }
}

/// One version.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Version {
    /// What a list shows of it.
    pub version: VersionRow,
    /// When it was handed in.
    pub submitted_at: Option<DateTime<Utc>>,
    /// The document.
    pub yaml: String,
    /// What is wrong with it.
    pub faults: Vec<FaultRow>,
    /// What it changes in the version that is in force.
    pub lines: Vec<Line>,
    /// The number of that version.
    pub before: Option<i32>,
    /// All versions of the rule.
    pub others: Vec<VersionRow>,
    /// The page of the rule.
    pub page: String,
    /// Whether the reader may change it.
    pub may_edit: bool,
    /// Whether the reader may hand it in.
    pub may_submit: bool,
    /// Whether the reader may take it back.
    pub may_withdraw: bool,
    /// Whether the reader may approve or reject it.
    pub may_decide: bool,
    /// Whether it waits for somebody else than the reader, who wrote it.
    pub own_words: bool,
    /// Whether the reader may take it out of force.
    pub may_retire: bool,
    /// Whether the reader may make a new version of it.
    pub may_revise: bool,
}

fn lines() -> Vec<Line> {
    let line = |became, text: &str| Line { became, before: Some(1), after: None, text: text.into() };
    vec![
        line(Became::Skipped, ""),
        line(Became::Same, "a: 1"),
        line(Became::Removed, "b: <b>"),
        line(Became::Added, "b: 3"),
    ]
}

impl View for Version {
    const PAGE: &'static str = "rules/version.html";

    fn samples() -> Vec<Self> {
        let all = |version| Self {
            version,
            yaml: "title: x".into(),
            faults: vec![FaultRow { line: 2, column: 3, sentence: "Sai".into(), ..FaultRow::default() }],
            lines: lines(),
            before: Some(1),
            others: VersionRow::all(),
            submitted_at: DateTime::from_timestamp(1_790_000_000, 0),
            page: "/rules/rule/x".into(),
            may_edit: true,
            may_submit: true,
            may_withdraw: true,
            may_decide: true,
            own_words: true,
            may_retire: true,
            may_revise: true,
        };
        VersionRow::all()
            .into_iter()
            .flat_map(|row| [all(row.clone()), Self { version: row, ..Self::default() }])
            .collect()
    }
}

/// Two versions beside each other.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Compared {
    /// The earlier one.
    pub before: VersionRow,
    /// The later one.
    pub after: VersionRow,
    /// What changed.
    pub lines: Vec<Line>,
    /// The page of the rule.
    pub page: String,
}

impl View for Compared {
    const PAGE: &'static str = "rules/compare.html";

    fn samples() -> Vec<Self> {
        let mut rows = VersionRow::all().into_iter();
        let (before, after) = (rows.next().unwrap_or_default(), rows.next().unwrap_or_default());
        vec![Self { before, after, lines: lines(), page: "/rules".into() }]
    }
}

/// The editor.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Edit {
    /// The draft that is changed; empty for a new one.
    pub version: String,
    /// Its rule.
    pub rule: String,
    /// The document.
    pub yaml: String,
    /// Whether it begins with nothing: then the browser keeps what is typed.
    pub fresh: bool,
}

impl View for Edit {
    const PAGE: &'static str = "rules/edit.html";

    fn samples() -> Vec<Self> {
        let draft =
            Self { version: Id::nil().to_string(), rule: "x".into(), yaml: "title: </textarea>".into(), fresh: false };
        vec![Self { fresh: true, ..Self::default() }, draft]
    }
}

/// What is wrong with a text, and whether it fires.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Checked {
    /// `rule`, `correlation`, `filter`; empty where it is none.
    pub kind: &'static str,
    /// What is wrong.
    pub faults: Vec<FaultRow>,
    /// What is wrong with the event.
    pub event_fault: String,
    /// Whether an event was tried.
    pub tried: bool,
    /// Whether the rule is for the event's log source.
    pub meant: bool,
    /// Whether it fires on the event.
    pub fired: bool,
    /// The event's log source.
    pub logsource: String,
}

impl View for Checked {
    const PAGE: &'static str = "rules/checked.html";

    fn samples() -> Vec<Self> {
        let good = Self { kind: "rule", ..Self::default() };
        vec![
            Self { faults: vec![FaultRow { line: 1, column: 2, ..FaultRow::default() }], ..Self::default() },
            good.clone(),
            Self { event_fault: "JSON sai".into(), ..good.clone() },
            Self { tried: true, meant: true, fired: true, logsource: "linux".into(), ..good.clone() },
            Self { tried: true, meant: true, ..good.clone() },
            Self { tried: true, ..good },
        ]
    }
}

/// One row of the form of a filter.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct FilterRow {
    /// Field.
    pub field: String,
    /// How it is compared.
    pub modifier: String,
    /// Values, one a line.
    pub value: String,
}

/// The form of a filter.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct FilterForm {
    /// A title that is proposed.
    pub title: String,
    /// The rule.
    pub rule: String,
    /// Its page.
    pub href: String,
    /// Its identity as addresses have it.
    pub address: String,
    /// Names of fields to choose from.
    pub fields: Vec<String>,
    /// Rows to begin with.
    pub rows: Vec<FilterRow>,
    /// Days whose alerts are looked at.
    pub days: i64,
}

impl View for FilterForm {
    const PAGE: &'static str = "rules/filter.html";

    fn samples() -> Vec<Self> {
        let row = FilterRow { field: "User".into(), modifier: "contains".into(), value: "bk_\nsvc".into() };
        let full = Self {
            title: "Loại trừ".into(),
            rule: "Luật".into(),
            fields: vec!["User".into()],
            rows: vec![row, FilterRow::default()],
            ..Self::default()
        };
        vec![Self::default(), full]
    }
}

/// What a filter would have done.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Foreseen {
    /// The filter.
    pub yaml: String,
    /// Days that were looked at.
    pub days: i64,
    /// Events that alerts of the rule keep.
    pub events: usize,
    /// Those of them that would have been passed over.
    pub quiet_events: usize,
    /// Alerts that they belong to.
    pub alerts: usize,
    /// Alerts of which nothing would have been left.
    pub quiet_alerts: usize,
}

impl View for Foreseen {
    const PAGE: &'static str = "rules/foreseen.html";

    fn samples() -> Vec<Self> {
        let some = Self { yaml: "title: x".into(), days: 30, events: 9, quiet_events: 4, alerts: 3, quiet_alerts: 1 };
        vec![Self { events: 0, alerts: 0, ..some.clone() }, Self { quiet_events: 9, ..some.clone() }, some]
    }
}
