//! One event, who else has seen a value, and SQL.

use chrono::{DateTime, Utc};
use khien_base::Id;
use khien_web::View;
use schemars::JsonSchema;
use serde::Serialize;

/// A value of an event.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Field {
    /// Its name, nested ones with dots.
    pub name: String,
    /// Its name in the bar.
    pub ask: String,
    /// Its value.
    pub value: String,
    /// A search for the same value around the same time; empty where there is none.
    pub pivot: String,
    /// Who else has seen it.
    pub seen: String,
}

/// One event.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
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
    /// Events of the same host around it; empty without a host.
    pub around_host: String,
    /// Events of the same log source around it.
    pub around_source: String,
    /// Whether personal data are shown plainly.
    pub plain: bool,
    /// This page with personal data; empty for who may not see them.
    pub unmask: String,
    /// This page without.
    pub mask: String,
    /// The text as it came.
    pub raw: String,
}

/// A log source or system that has seen a value.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Seen {
    /// Identity.
    pub id: String,
    /// Name; empty for one that the reader may not know.
    pub name: String,
    /// Events.
    pub count: u64,
    /// Its events with the value.
    pub href: String,
}

/// An alert that carries a value.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct SeenAlert {
    /// Identity.
    pub id: Id,
    /// Title.
    pub title: String,
    /// Level.
    pub level: String,
    /// State.
    pub state: String,
    /// Last event.
    pub last_at: DateTime<Utc>,
}

/// Who else has seen a value.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Pivot {
    /// The column or field.
    pub name: String,
    /// The value.
    pub value: String,
    /// Events with it.
    pub total: u64,
    /// Days that were looked back.
    pub days: i64,
    /// The earliest of the events that were looked at.
    pub first: Option<DateTime<Utc>>,
    /// The latest.
    pub last: Option<DateTime<Utc>>,
    /// Whether all of the events were looked at.
    pub whole: bool,
    /// Log sources.
    pub sources: Vec<Seen>,
    /// Information systems.
    pub systems: Vec<Seen>,
    /// Alerts.
    pub alerts: Vec<SeenAlert>,
    /// The search for the value.
    pub search: String,
}

/// A column that statements may name.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct SqlColumn {
    /// Its name.
    pub name: String,
    /// Its attribute in OCSF.
    pub ocsf: String,
    /// `text`, `number`, `timestamp`, `date`
    pub held: String,
}

/// A statement that is being run.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct UnderWay {
    /// Identity.
    pub id: Id,
    /// The statement.
    pub statement: String,
    /// Since when.
    pub began: DateTime<Utc>,
}

/// The SQL page.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Sql {
    /// The identity that the next statement runs under.
    pub run: Id,
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
    /// Columns of the table.
    pub known: Vec<SqlColumn>,
    /// Statements to begin with: name of the text, statement.
    pub examples: Vec<(String, String)>,
    /// Statements of the reader that are being run.
    pub under_way: Vec<UnderWay>,
}

fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap_or_default()
}

impl View for OneEvent {
    const PAGE: &'static str = "events/event.html";

    fn samples() -> Vec<Self> {
        let field = |name: &str, ask: &str, value: &str, pivot: &str| Field {
            name: name.into(),
            ask: ask.into(),
            value: value.into(),
            pivot: pivot.into(),
            seen: if pivot.is_empty() { String::new() } else { "/events/pivot?name=host&value=may01".into() },
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
            columns: vec![field("device.hostname", "host", "may01", "/events?q=host%3Amay01")],
            fields: vec![field("EventID", "EventID", "4625", "/events?q=x"), field("a.b", "a.b", "<i>", "")],
            around_host: "/events?q=host%3Amay01".into(),
            around_source: "/events?q=source%3A1".into(),
            unmask: "/events/1?personal=1".into(),
            mask: "/events/1".into(),
            plain: false,
            raw: "{\"EventID\":4625}".into(),
        };
        let bare = Self { columns: vec![], fields: vec![], log: String::new(), raw: String::new(), ..full.clone() };
        vec![bare, Self { plain: true, ..full.clone() }, full]
    }
}

impl View for Pivot {
    const PAGE: &'static str = "events/pivot.html";

    fn samples() -> Vec<Self> {
        let seen = |name: &str| Seen { id: "1".into(), name: name.into(), count: 3, href: "/events?q=x".into() };
        let full = Self {
            name: "src_ip".into(),
            value: "203.0.113.5".into(),
            total: 1_200,
            days: 30,
            first: Some(at()),
            last: Some(at()),
            sources: vec![seen("Tường lửa"), seen("")],
            systems: vec![seen("Cổng <dịch vụ>")],
            alerts: vec![SeenAlert {
                title: "Dò quét".into(),
                level: "high".into(),
                state: "new".into(),
                last_at: at(),
                ..SeenAlert::default()
            }],
            search: "/events?q=x".into(),
            whole: false,
        };
        vec![Self { name: "user".into(), value: "x".into(), days: 30, whole: true, ..Self::default() }, full]
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
                known: vec![SqlColumn { name: "host".into(), ocsf: "device.hostname".into(), held: "text".into() }],
                examples: vec![("hosts".into(), "SELECT 1".into())],
                under_way: vec![UnderWay { statement: "SELECT <2>".into(), began: at(), ..UnderWay::default() }],
                ..Self::default()
            },
        ]
    }
}
