//! The list of plans, and the form for a new one.

use chrono::{DateTime, NaiveDate, Utc};
use khien_base::Id;
use khien_web::{Pager, View};
use schemars::JsonSchema;
use serde::Serialize;

use super::Choice;

/// The list of plans.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct List {
    /// What was typed.
    pub q: String,
    /// The state that is shown; empty for all.
    pub state: String,
    /// The plans.
    pub rows: Vec<PlanRow>,
    /// Where the list stands.
    pub pager: Pager,
    /// Whether one may take plans in.
    pub may_write: bool,
}

/// One plan.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PlanRow {
    /// Identity.
    pub id: Id,
    /// Title.
    pub title: String,
    /// Number as written.
    pub number: String,
    /// `draft`, `submitted`, `live`, `archived`, `reference`
    pub state: String,
    /// Whose.
    pub unit: String,
    /// The plan that it carries out; empty for none.
    pub parent: String,
    /// Its day.
    pub issued: Option<NaiveDate>,
    /// How many targets.
    pub targets: i64,
    /// How many tasks.
    pub tasks: i64,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
    /// Where it is looked at: the review while it is a draft.
    pub href: String,
}

impl View for List {
    const PAGE: &'static str = "plans/list.html";

    fn samples() -> Vec<Self> {
        let row = |state: &str| PlanRow {
            id: Id::from_u128(7),
            title: "Triển khai Đề án <b>an ninh mạng</b> & \"nhân lực\"".into(),
            number: "/KH-UBND".into(),
            state: state.into(),
            unit: "Tỉnh Bắc Ninh".into(),
            parent: if state == "live" { "Chương trình hành động".into() } else { String::new() },
            issued: Some(super::sample_day()),
            targets: 12,
            tasks: 1_234,
            updated_at: super::sample_time(),
            href: "/plans/7".into(),
        };
        let rows = ["draft", "submitted", "live", "archived", "reference"].map(row).to_vec();
        vec![
            Self::default(),
            Self { may_write: true, ..Self::default() },
            Self { q: "an ninh".into(), state: "live".into(), rows, may_write: true, ..Self::default() },
        ]
    }
}

/// The form for taking a document in.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct New {
    /// Units that one may take plans in for.
    pub units: Vec<Choice>,
    /// Plans that it may carry out.
    pub parents: Vec<Choice>,
    /// Bytes that a file may have.
    pub max_bytes: usize,
}

impl View for New {
    const PAGE: &'static str = "plans/new.html";

    fn samples() -> Vec<Self> {
        let one = Choice { value: "7".into(), label: "Tỉnh Bắc Ninh".into() };
        vec![Self::default(), Self { units: vec![one.clone()], parents: vec![one], max_bytes: 20 << 20 }]
    }
}
