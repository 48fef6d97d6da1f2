//! Pages of the search.

use chrono::{DateTime, Utc};
use khien_base::Id;
use khien_web::{Pager, View};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

/// An event in the list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Row {
    /// Identity.
    pub id: Id,
    /// When it happened.
    pub time: DateTime<Utc>,
    /// The computer.
    pub host: String,
    /// The source's own number of the kind of event.
    pub event_code: String,
    /// The source's own channel or program.
    pub channel: String,
    /// The account.
    pub user: String,
    /// Where it came from.
    pub src_ip: String,
    /// A sentence, or the beginning of the raw text.
    pub message: String,
    /// The log source.
    pub source_name: String,
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
    /// The events, newest first.
    pub rows: Vec<Row>,
    /// Where the list stands.
    pub pager: Pager,
    /// Events over time.
    pub chart: Value,
    /// Whether the viewer may ask in SQL.
    pub may_sql: bool,
}

/// A value of an event.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Field {
    /// Its name, nested ones with dots.
    pub name: String,
    /// Its value.
    pub value: String,
    /// A search for the same value around the same time; empty where the store does not search it.
    pub pivot: String,
}

/// One event.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct OneEvent {
    /// Identity.
    pub id: Id,
    /// When it happened.
    pub time: DateTime<Utc>,
    /// When it came.
    pub received: DateTime<Utc>,
    /// The log source.
    pub source: Id,
    /// Its name.
    pub source_name: String,
    /// The information system.
    pub system: Id,
    /// Its name.
    pub system_name: String,
    /// The unit that owns it.
    pub unit_name: String,
    /// The Sigma log source: product / service / category.
    pub log: String,
    /// Columns under their OCSF names.
    pub columns: Vec<Field>,
    /// The source's own fields.
    pub fields: Vec<Field>,
    /// The text as it came.
    pub raw: String,
}

/// The SQL page.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Sql {
    /// The statement.
    pub statement: String,
    /// What is wrong with it, in the engine's words.
    pub error: String,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Cells, as text.
    pub rows: Vec<Vec<String>>,
    /// Whether the limit cut rows off.
    pub truncated: bool,
    /// Whether a statement was run.
    pub ran: bool,
}

fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap_or_default()
}

impl View for Events {
    const PAGE: &'static str = "events/events.html";

    fn samples() -> Vec<Self> {
        let row = Row {
            id: Id::from_u128(1),
            time: at(),
            host: "may01".into(),
            event_code: "4625".into(),
            channel: "Security".into(),
            user: "SO\\lan".into(),
            src_ip: "192.0.2.7".into(),
            message: "<script>alert(1)</script> & đăng nhập sai".into(),
            source_name: "Máy chủ \"web\"".into(),
        };
        let bare = Row {
            host: String::new(),
            event_code: String::new(),
            channel: String::new(),
            user: String::new(),
            src_ip: String::new(),
            ..row.clone()
        };
        vec![
            Self { range: "24h".into(), ..Self::default() },
            Self { q: "host:".into(), error: "Thiếu giá trị.".into(), range: "24h".into(), ..Self::default() },
            Self {
                q: "host:may01 \"đăng nhập\"".into(),
                from: "2026-10-01T09:00".into(),
                to: "2026-10-01T10:00".into(),
                source: Id::from_u128(2).to_string(),
                source_name: "Máy chủ web".into(),
                system: Id::from_u128(3).to_string(),
                system_name: "Hồ sơ <sức khỏe>".into(),
                rows: vec![row, bare],
                pager: Pager { number: 1, pages: 1, total: 2, from: 1, to: 2, base: "/events?".into() },
                chart: json!({"kind": "bar", "labels": ["09:00"], "series": [{"name": "Sự kiện", "data": [2]}]}),
                may_sql: true,
                ..Self::default()
            },
        ]
    }
}

impl View for OneEvent {
    const PAGE: &'static str = "events/event.html";

    fn samples() -> Vec<Self> {
        let field = |name: &str, value: &str, pivot: &str| Field {
            name: name.into(),
            value: value.into(),
            pivot: pivot.into(),
        };
        let full = Self {
            id: Id::from_u128(1),
            time: at(),
            received: at(),
            source: Id::from_u128(2),
            source_name: "Máy chủ web".into(),
            system: Id::from_u128(3),
            system_name: "Cổng dịch vụ công".into(),
            unit_name: "Sở Khoa học và Công nghệ".into(),
            log: "windows / security".into(),
            columns: vec![field("device.hostname", "may01", "/events?q=host%3Amay01")],
            fields: vec![field("EventID", "4625", ""), field("a.b", "<i>", "")],
            raw: "{\"EventID\":4625}".into(),
        };
        vec![Self { columns: vec![], fields: vec![], log: String::new(), raw: String::new(), ..full.clone() }, full]
    }
}

impl View for Sql {
    const PAGE: &'static str = "events/sql.html";

    fn samples() -> Vec<Self> {
        vec![
            Self::default(),
            Self { statement: "SELEC".into(), error: "Câu lệnh SQL sai: …".into(), ran: true, ..Self::default() },
            Self { statement: "SELECT 1".into(), ran: true, ..Self::default() },
            Self {
                statement: "SELECT host, count(*) n FROM events GROUP BY host".into(),
                columns: vec!["host".into(), "n".into()],
                rows: vec![vec!["<b>".into(), "2".into()], vec![String::new(), "1".into()]],
                truncated: true,
                ran: true,
                ..Self::default()
            },
        ]
    }
}
