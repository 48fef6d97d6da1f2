//! The search page and its panel of counts.

use chrono::{DateTime, Utc};
use khien_base::Id;
use khien_web::{Pager, View};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

/// A value in the list.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Cell {
    /// The column or field.
    pub name: String,
    /// Its value.
    pub value: String,
    /// The search with this value as one more condition; empty where none can be made.
    pub add: String,
}

/// An event in the list.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Row {
    /// Identity.
    pub id: Id,
    /// When it happened.
    pub time: DateTime<Utc>,
    /// Values of the chosen columns.
    pub cells: Vec<Cell>,
    /// A sentence, or the beginning of the raw text.
    pub message: String,
    /// The log source.
    pub source_name: String,
}

/// A column of the list.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Heading {
    /// Its name in the bar.
    pub name: String,
    /// The list without it; empty for the only one.
    pub without: String,
}

/// The search page.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Events {
    /// The bar.
    pub q: String,
    /// What is wrong with the bar, in a sentence.
    pub error: String,
    /// `15m`, `1h`, `24h`, `7d`, `30d`; empty for a span of its own.
    pub range: String,
    /// The span's start as the form wants it, Vietnam's time.
    pub from: String,
    /// The span's end as the form wants it, Vietnam's time.
    pub to: String,
    /// The log source, if one was asked for.
    pub source: String,
    /// Its name.
    pub source_name: String,
    /// The information system, if one was asked for.
    pub system: String,
    /// Its name.
    pub system_name: String,
    /// Chosen columns, parted by commas; empty for the usual ones.
    pub cols: String,
    /// The columns.
    pub headings: Vec<Heading>,
    /// The events, newest first.
    pub rows: Vec<Row>,
    /// Where the list stands.
    pub pager: Pager,
    /// Events over time.
    pub chart: Value,
    /// Names that the bar proposes.
    pub proposals: Vec<String>,
    /// Where the counts of a field are fetched, but for its name; empty without events.
    pub counts: String,
    /// Whether personal data are shown plainly.
    pub plain: bool,
    /// The same list with personal data; empty for who may not see them.
    pub unmask: String,
    /// The same list without.
    pub mask: String,
    /// Whether the viewer may ask in SQL.
    pub may_sql: bool,
    /// Whether the viewer may take events away.
    pub may_export: bool,
    /// Whether the viewer may keep searches.
    pub may_save: bool,
}

/// A value and how often it comes.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Counted {
    /// The value, or the name of what it stands for.
    pub shown: String,
    /// Events with it.
    pub count: u64,
    /// Percent of the events that have any value.
    pub share: f64,
    /// The search with it.
    pub add: String,
    /// The search without it.
    pub without: String,
}

/// The values of a column or field that come most often.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Values {
    /// The column or field.
    pub name: String,
    /// Its values.
    pub rows: Vec<Counted>,
    /// Events that have any.
    pub having: u64,
    /// Events of the search.
    pub total: u64,
    /// The list with the column; empty where it is there already.
    pub column: String,
    /// What went wrong, in a sentence.
    pub error: String,
}

fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap_or_default()
}

impl View for Events {
    const PAGE: &'static str = "events/events.html";

    fn samples() -> Vec<Self> {
        let cell =
            |name: &str, value: &str, add: &str| Cell { name: name.into(), value: value.into(), add: add.into() };
        let row = Row {
            id: Id::from_u128(1),
            time: at(),
            cells: vec![cell("host", "may01", "/events?q=host%3Amay01"), cell("EventID", "", "")],
            message: "<script>alert(1)</script> & đăng nhập sai".into(),
            source_name: "Máy chủ \"web\"".into(),
        };
        let full = Self {
            q: "host:may01 \"đăng nhập\"".into(),
            from: "2026-10-01T09:00".into(),
            to: "2026-10-01T10:00".into(),
            source: Id::from_u128(2).to_string(),
            source_name: "Máy chủ web".into(),
            system: Id::from_u128(3).to_string(),
            system_name: "Hồ sơ <sức khỏe>".into(),
            cols: "host,EventID".into(),
            headings: vec![
                Heading { name: "host".into(), without: "/events?cols=EventID".into() },
                Heading { name: "EventID".into(), without: String::new() },
            ],
            rows: vec![row.clone(), Row { source_name: String::new(), ..row }],
            pager: Pager { number: 1, pages: 1, total: 2, from: 1, to: 2, base: "/events?".into() },
            chart: json!({"kind": "bar", "labels": ["09:00"], "series": [{"name": "Sự kiện", "data": [2]}],
                "links": ["/events?from=2026-10-01T09%3A00"], "drag": {"edges": ["a", "b"], "base": "/events?"}}),
            proposals: vec!["host".into(), "Event\"ID".into()],
            counts: "/events/values?q=x&".into(),
            unmask: "/events?personal=1".into(),
            mask: "/events".into(),
            may_sql: true,
            may_export: true,
            may_save: true,
            ..Self::default()
        };
        vec![
            Self { range: "24h".into(), ..Self::default() },
            Self { q: "host:".into(), error: "Thiếu giá trị.".into(), range: "24h".into(), ..Self::default() },
            Self { plain: true, ..full.clone() },
            full,
        ]
    }
}

impl View for Values {
    const PAGE: &'static str = "events/values.html";

    fn samples() -> Vec<Self> {
        let row = Counted {
            shown: "<b>may01".into(),
            count: 7,
            share: 70.0,
            add: "/events?q=a".into(),
            without: "/events?q=-a".into(),
        };
        let masked = Counted { shown: "l•••".into(), count: 3, share: 30.0, ..Counted::default() };
        vec![
            Self::default(),
            Self { name: "host".into(), error: "Quá lâu.".into(), ..Self::default() },
            Self {
                name: "host".into(),
                rows: vec![row, masked],
                having: 10,
                total: 12,
                column: "/events?cols=host".into(),
                error: String::new(),
            },
        ]
    }
}
