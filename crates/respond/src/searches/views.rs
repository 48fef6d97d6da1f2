//! Pages of saved searches.

use chrono::{DateTime, Utc};
use khien_base::Id;
use khien_web::View;
use schemars::JsonSchema;
use serde::Serialize;

/// A search in the list.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Row {
    /// Identity.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// What the bar says.
    pub q: String,
    /// The search page with it.
    pub href: String,
    /// Its unit.
    pub unit: String,
    /// Who made it.
    pub by: String,
    /// Whether the reader made it.
    pub own: bool,
    /// Whether others of the unit see it.
    pub shared: bool,
    /// Minutes between runs.
    pub every: Option<i32>,
    /// Events at which it raises an alert.
    pub threshold: i64,
    /// Level of the alert.
    pub level: String,
    /// Up to when its runs have looked.
    pub covered_at: Option<DateTime<Utc>>,
    /// What the last run found.
    pub last_count: Option<i64>,
    /// What went wrong in the last run.
    pub fault: String,
}

/// The searches that the reader sees.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct List {
    /// By name.
    pub rows: Vec<Row>,
}

/// The form of a search.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Edit {
    /// Identity of one that is there already.
    pub id: Option<Id>,
    /// Its name.
    pub name: String,
    /// What the bar says.
    pub q: String,
    /// The span that it opens with.
    pub range: String,
    /// Only this log source.
    pub source: String,
    /// Only this information system.
    pub system: String,
    /// Its unit.
    pub unit: String,
    /// The search page with it.
    pub href: String,
    /// Whether others of the unit see it.
    pub shared: bool,
    /// Minutes between runs; empty: never.
    pub every: String,
    /// Events at which it raises an alert.
    pub threshold: i64,
    /// Level of the alert.
    pub level: String,
    /// When it was last changed.
    pub updated_at: String,
    /// What went wrong in the last run.
    pub fault: String,
    /// Whether the reader may let it run by itself.
    pub may_schedule: bool,
    /// Whether the reader may change it.
    pub may_change: bool,
}

impl View for List {
    const PAGE: &'static str = "searches/list.html";

    fn samples() -> Vec<Self> {
        let plain = Row {
            name: "Đăng nhập <sai>".into(),
            q: "event_code:4625".into(),
            href: "/events?q=event_code%3A4625".into(),
            unit: "Sở Y tế".into(),
            by: "Nguyễn Thị Lan".into(),
            own: true,
            threshold: 1,
            level: "medium".into(),
            ..Row::default()
        };
        let scheduled = Row {
            every: Some(15),
            threshold: 20,
            shared: true,
            own: false,
            q: String::new(),
            covered_at: Some(DateTime::UNIX_EPOCH),
            last_count: Some(1_234),
            ..plain.clone()
        };
        let failed = Row { fault: "Kho sự kiện đang đóng.".into(), every: Some(1_440), ..plain.clone() };
        vec![Self::default(), Self { rows: vec![plain, scheduled, failed] }]
    }
}

impl View for Edit {
    const PAGE: &'static str = "searches/edit.html";

    fn samples() -> Vec<Self> {
        let new =
            Self { range: "24h".into(), level: "medium".into(), threshold: 1, may_change: true, ..Self::default() };
        let full = Self {
            id: Some(Id::from_u128(1)),
            name: "Đăng nhập \"sai\"".into(),
            q: "event_code:4625 -user:\"x\"".into(),
            unit: "Sở Y tế".into(),
            href: "/events?q=x".into(),
            shared: true,
            every: "60".into(),
            fault: "Kho sự kiện đang đóng.".into(),
            may_schedule: true,
            ..new.clone()
        };
        vec![new, Self { may_change: false, fault: String::new(), ..full.clone() }, full]
    }
}
