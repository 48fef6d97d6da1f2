//! The page of the health of sources.

use chrono::{DateTime, Utc};
use khien_base::Id;
use khien_web::{Pager, View};
use schemars::JsonSchema;
use serde::Serialize;

use super::rules::Trouble;
use crate::sources::rules::State;

/// A source.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Row {
    /// Identity.
    pub id: Id,
    /// Name.
    pub name: String,
    /// Its system's name.
    pub system_name: String,
    /// The unit that owns the system.
    pub unit_name: String,
    /// How it stands.
    pub state: State,
    /// Its last event.
    pub last_event_at: Option<DateTime<Utc>>,
    /// Events of the last full hour.
    pub hour: u64,
    /// The median of the same hour on earlier days.
    pub normal: Option<u64>,
    /// Seconds from the newest record's time to its receipt.
    pub lag: Option<i64>,
    /// Records of the last hour that could not be read.
    pub failures: u64,
    /// Those of all time.
    pub failures_all: i64,
    /// What is out of the ordinary.
    pub troubles: Vec<Trouble>,
}

/// How many sources have a trouble.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Count {
    /// The trouble.
    pub trouble: Trouble,
    /// Sources.
    pub count: usize,
}

/// The page.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct List {
    /// Words of the filter.
    pub q: String,
    /// The trouble of the filter.
    pub trouble: String,
    /// Rows, those with troubles first.
    pub rows: Vec<Row>,
    /// Where the list stands.
    pub pager: Pager,
    /// How many have which trouble.
    pub counts: Vec<Count>,
}

impl View for List {
    const PAGE: &'static str = "health/list.html";

    fn samples() -> Vec<Self> {
        let row = |name: &str, state, troubles: &[Trouble]| Row {
            id: Id::from_u128(1),
            name: name.to_owned(),
            system_name: "Cổng <dịch vụ> công".into(),
            unit_name: "Sở Khoa học và Công nghệ".into(),
            state,
            last_event_at: DateTime::from_timestamp(1_790_000_000, 0),
            hour: 1_234,
            normal: (!troubles.is_empty()).then_some(9_876),
            lag: troubles.first().map(|_| -90),
            failures: 3,
            failures_all: 33,
            troubles: troubles.to_vec(),
        };
        let rows = vec![row("Máy <chủ>", State::Silent, &Trouble::ALL), row("Tường lửa", State::Live, &[])];
        let counts = Trouble::ALL.into_iter().map(|trouble| Count { trouble, count: 1 }).collect();
        let pager = Pager { number: 1, pages: 1, total: 2, from: 1, to: 2, base: "/source-health?".into() };
        let full = Self { rows, counts, pager, q: "máy".into(), trouble: "low".into() };
        vec![Self::default(), Self { rows: vec![], ..full.clone() }, full]
    }
}
