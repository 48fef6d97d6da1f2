//! The list of incidents.

use chrono::{DateTime, TimeDelta, Utc};
use khien_base::Id;
use khien_web::{Pager, View};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Choice, sample_time};

/// How a list is sorted, for its headings.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Sort {
    /// By which column.
    pub key: String,
    /// Largest first.
    pub desc: bool,
    /// The list's address without its order.
    pub base: String,
}

/// The list.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct List {
    /// Incidents of this page.
    pub rows: Vec<Row>,
    /// Where the list stands.
    pub pager: Pager,
    /// How it is sorted.
    pub sort: Sort,
    /// Words searched for.
    pub q: String,
    /// Filter: state, or `open`.
    pub state: String,
    /// Filter: level.
    pub level: String,
    /// Filter: unit.
    pub unit: String,
    /// Filter: only with an overdue clock.
    pub overdue: bool,
    /// Whether anything is filtered.
    pub filtered: bool,
    /// States to choose from.
    pub states: Vec<Choice>,
    /// Levels to choose from.
    pub levels: Vec<Choice>,
    /// Units to choose from; empty where there is only one.
    pub units: Vec<Choice>,
    /// Whether the reader may open an incident.
    pub may_open: bool,
    /// Not closed, within reach.
    pub open: u64,
    /// Not closed and serious.
    pub serious: u64,
    /// With an overdue clock.
    pub late: u64,
}

/// An incident in a list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Row {
    /// Identity.
    pub id: Id,
    /// `SC-2026-0001`
    pub number: String,
    /// Title.
    pub title: String,
    /// `M1`–`M4`
    pub level: String,
    /// Its name.
    pub level_name: String,
    /// Whether the regime calls the level serious.
    pub serious: bool,
    /// `new` … `closed`
    pub state: String,
    /// Name of the unit.
    pub unit: String,
    /// T0.
    pub detected_at: DateTime<Utc>,
    /// Name of the clock that ends first.
    pub clock: String,
    /// When it ends.
    pub due_at: Option<DateTime<Utc>>,
    /// Whether that time is over.
    pub overdue: bool,
}

fn sample_row(at: DateTime<Utc>) -> Row {
    Row {
        id: Id::nil(),
        number: "SC-2026-0007".into(),
        title: "Mã độc tống tiền trên máy chủ hồ sơ".into(),
        level: "M2".into(),
        level_name: "Nghiêm trọng".into(),
        serious: true,
        state: "contained".into(),
        unit: "Sở Y tế".into(),
        detected_at: at,
        clock: "Thông báo ban đầu về sự cố nghiêm trọng".into(),
        due_at: Some(at + TimeDelta::hours(24)),
        overdue: false,
    }
}

impl View for List {
    const PAGE: &'static str = "incidents/list.html";

    fn samples() -> Vec<Self> {
        let row = sample_row(sample_time());
        let odd = Row { due_at: None, clock: String::new(), state: "closed".into(), serious: false, ..row.clone() };
        vec![
            Self { may_open: true, ..Self::default() },
            Self { filtered: true, q: "<b>".into(), ..Self::default() },
            Self {
                rows: vec![row.clone(), Row { overdue: true, ..row }, odd],
                states: vec![Choice::new("new", "Mới")],
                levels: vec![Choice::new("M1", "M1")],
                units: vec![Choice::new(Id::nil(), "Sở Y tế")],
                open: 3,
                serious: 2,
                late: 1,
                ..Self::default()
            },
        ]
    }
}
