//! Pages of the store of events.

use chrono::{DateTime, NaiveDate, Utc};
use khien_base::Id;
use khien_web::{Pager, View};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

/// What one system holds.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Row {
    /// The system.
    pub system: Id,
    /// Its name.
    pub system_name: String,
    /// The unit that owns it.
    pub unit_name: String,
    /// Its level.
    pub level: Option<u8>,
    /// Months for which its events are kept.
    pub months: i32,
    /// Events.
    pub events: u64,
    /// Bytes on the disk, by their share of the files.
    pub bytes: u64,
    /// The oldest day.
    pub oldest: NaiveDate,
    /// The newest day.
    pub newest: NaiveDate,
    /// Events past their time.
    pub due: u64,
    /// Days with such events.
    pub due_days: u64,
    /// Whether a hold keeps some of its events.
    pub held: bool,
}

/// A choice of a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is shown.
    pub label: String,
}

/// All numbers of the store; those of the files only for who sees the whole centre.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Whole {
    /// Events within reach.
    pub events: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The oldest day.
    pub oldest: Option<NaiveDate>,
    /// Data files.
    pub files: u64,
    /// Files that wait to be merged.
    pub small: u64,
    /// Events that are kept and found, and not yet in the table.
    pub waiting: u64,
    /// Free bytes of the local disk.
    pub free_bytes: u64,
    /// Whether events are being refused for want of room.
    pub full: bool,
    /// Events past their time.
    pub due: u64,
    /// Holds in force.
    pub holds: u64,
}

/// The first page.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct List {
    /// Words of the filter.
    pub q: String,
    /// The unit of the filter.
    pub unit: String,
    /// Units to choose from.
    pub units: Vec<Choice>,
    /// Rows.
    pub rows: Vec<Row>,
    /// Where the list stands.
    pub pager: Pager,
    /// Sums.
    pub whole: Whole,
    /// Whether the viewer sees all units.
    pub everything: bool,
    /// Events by day.
    pub events_chart: Value,
    /// Bytes by unit.
    pub bytes_chart: Value,
    /// Whether due events are deleted.
    pub deletes: bool,
    /// Whether the viewer may set holds.
    pub may_hold: bool,
}

/// A deletion.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Gone {
    /// The day of the events.
    pub day: NaiveDate,
    /// The system's name.
    pub system_name: String,
    /// The unit's.
    pub unit_name: String,
    /// Events.
    pub events: i64,
    /// Months for which they were kept.
    pub months: i32,
    /// When.
    pub at: Option<DateTime<Utc>>,
}

/// What would go, what went, and the decision.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Retention {
    /// Systems with due events.
    pub rows: Vec<Row>,
    /// Events that are due.
    pub due: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Deletions so far, the newest first.
    pub gone: Vec<Gone>,
    /// Months by level: level and months.
    pub levels: Vec<(Option<u8>, i32)>,
    /// The centre's own minimum, in months.
    pub least_months: i32,
    /// The longest that it may be.
    pub most_months: i32,
    /// Whether due events are deleted.
    pub deletes: bool,
    /// Who decided.
    pub by: String,
    /// When.
    pub at: Option<DateTime<Utc>>,
    /// Whether the viewer may decide.
    pub may_decide: bool,
}

/// A hold.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct HoldRow {
    /// Identity.
    pub id: Id,
    /// The system's name.
    pub system_name: String,
    /// The unit's.
    pub unit_name: String,
    /// The incident that it is for.
    pub incident: Option<Id>,
    /// From when; none is the beginning.
    pub from: Option<DateTime<Utc>>,
    /// Until when; none is the end.
    pub to: Option<DateTime<Utc>>,
    /// Why.
    pub reason: String,
    /// Who set it.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// When it was lifted.
    pub lifted_at: Option<DateTime<Utc>>,
    /// By whom.
    pub lifted_by: String,
    /// Why.
    pub lifted_reason: String,
    /// Whether the viewer may lift it.
    pub may_lift: bool,
}

/// Holds.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Holds {
    /// Rows.
    pub rows: Vec<HoldRow>,
    /// Where the list stands.
    pub pager: Pager,
    /// Systems to choose from.
    pub systems: Vec<Choice>,
    /// The system that was asked for.
    pub system: String,
    /// The incident that was asked for.
    pub incident: String,
    /// From when, as asked for.
    pub from: String,
    /// Whether the viewer may set holds.
    pub may_hold: bool,
}

fn day(n: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 8, n).unwrap_or_default()
}

fn row(name: &str, level: Option<u8>, due: u64) -> Row {
    Row {
        system: Id::from_u128(2),
        system_name: name.to_owned(),
        unit_name: "Sở Khoa học và Công nghệ".into(),
        level,
        months: 12,
        events: 12_345_678,
        bytes: 1_234_567_890,
        oldest: day(1),
        newest: day(31),
        due,
        due_days: u64::from(due > 0),
        held: due > 0,
    }
}

impl View for List {
    const PAGE: &'static str = "depot/list.html";

    fn samples() -> Vec<Self> {
        let chart =
            json!({"kind": "bar", "unit": "MB", "labels": ["01/08"], "series": [{"name": "Sự kiện", "data": [5]}]});
        let full = Self {
            q: "cổng".into(),
            unit: Id::from_u128(1).to_string(),
            units: vec![Choice { value: Id::from_u128(1).to_string(), label: "Sở <Y tế>".into() }],
            rows: vec![row("Cổng <dịch vụ> công", Some(3), 99), row("Không cấp", None, 0)],
            pager: Pager { number: 1, pages: 1, total: 2, from: 1, to: 2, base: "/depot?".into() },
            whole: Whole {
                events: 9,
                bytes: 99,
                oldest: Some(day(1)),
                files: 42,
                small: 7,
                waiting: 12,
                free_bytes: 5_000_000_000,
                full: true,
                due: 99,
                holds: 1,
            },
            everything: true,
            events_chart: chart.clone(),
            bytes_chart: chart,
            deletes: true,
            may_hold: true,
        };
        let own = Self { everything: false, deletes: false, may_hold: false, ..full.clone() };
        vec![Self::default(), full, own]
    }
}

impl View for Retention {
    const PAGE: &'static str = "depot/retention.html";

    fn samples() -> Vec<Self> {
        let at = DateTime::from_timestamp(1_790_000_000, 0);
        let gone = Gone {
            day: day(1),
            system_name: "Cổng <dịch vụ> công".into(),
            unit_name: "Sở Y tế".into(),
            events: 1_234,
            months: 3,
            at,
        };
        let asked = Self {
            rows: vec![row("Cổng <dịch vụ> công", Some(2), 99)],
            due: 99,
            bytes: 12_000_000,
            levels: vec![(None, 12), (Some(1), 12), (Some(2), 1)],
            least_months: 12,
            most_months: 120,
            may_decide: true,
            ..Self::default()
        };
        let on = Self { deletes: true, by: "Trần Thị Bình".into(), at, gone: vec![gone], ..asked.clone() };
        vec![Self::default(), asked, Self { may_decide: false, ..on.clone() }, on]
    }
}

impl View for Holds {
    const PAGE: &'static str = "depot/holds.html";

    fn samples() -> Vec<Self> {
        let at = DateTime::from_timestamp(1_790_000_000, 0).unwrap_or_default();
        let held = HoldRow {
            id: Id::from_u128(5),
            system_name: "Cổng <dịch vụ> công".into(),
            unit_name: "Sở Y tế".into(),
            incident: Some(Id::from_u128(6)),
            from: Some(at),
            to: None,
            reason: "Điều tra <sự cố>".into(),
            by: "Trần Thị Bình".into(),
            at,
            lifted_at: None,
            lifted_by: String::new(),
            lifted_reason: String::new(),
            may_lift: true,
        };
        let lifted = HoldRow {
            incident: None,
            lifted_at: Some(at),
            lifted_by: "Nguyễn An".into(),
            lifted_reason: "Đã xong".into(),
            may_lift: false,
            ..held.clone()
        };
        let full = Self {
            rows: vec![held, lifted],
            pager: Pager { number: 1, pages: 1, total: 2, from: 1, to: 2, base: "/depot/holds?".into() },
            systems: vec![Choice { value: Id::from_u128(2).to_string(), label: "Cổng dịch vụ công".into() }],
            system: Id::from_u128(2).to_string(),
            incident: Id::from_u128(6).to_string(),
            from: "2026-08-01T09:00".into(),
            may_hold: true,
        };
        vec![Self::default(), Self { may_hold: true, ..Self::default() }, full]
    }
}
