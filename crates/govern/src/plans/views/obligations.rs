//! Reports owed.

use chrono::NaiveDate;
use khien_base::Id;
use khien_web::{Pager, View};
use schemars::JsonSchema;
use serde::Serialize;

use super::Choice;

/// The duties to report.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Obligations {
    /// `late`, `ahead`, `sent`
    pub state: String,
    /// Only of this plan.
    pub plan: String,
    /// Only owed by this unit.
    pub unit: String,
    /// Live plans that are seen.
    pub plans: Vec<Choice>,
    /// Units within reach.
    pub units: Vec<Choice>,
    /// How many stand where: `(state, number)`.
    pub counts: Vec<(String, u64)>,
    /// The reports.
    pub rows: Vec<OwedRow>,
    /// Duties that have no day: on demand, or hours from an event.
    pub on_demand: Vec<OnDemand>,
    /// Where the list stands.
    pub pager: Pager,
    /// The list's address without its state, ending in `?` or `&`.
    pub base: String,
}

/// One report that a unit owes.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct OwedRow {
    /// Identity.
    pub id: Id,
    /// What is reported.
    pub subject: String,
    /// The sentence of the plan.
    pub sentence: String,
    /// The plan's number or title.
    pub plan: String,
    /// Where the plan is.
    pub plan_href: String,
    /// Who owes it.
    pub unit: String,
    /// To whom it goes.
    pub to: String,
    /// The last timely day.
    pub due_on: NaiveDate,
    /// `late`, `ahead`, `sent`
    pub state: String,
    /// Days late: until it was sent, or until today.
    pub days_late: i64,
    /// Number of what was sent.
    pub sent_number: String,
    /// Its day.
    pub sent_on: Option<NaiveDate>,
    /// Whether who looks may write down that it was sent.
    pub may_send: bool,
}

/// A duty without a day.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct OnDemand {
    /// What is reported.
    pub subject: String,
    /// The sentence of the plan.
    pub sentence: String,
    /// The plan's number or title.
    pub plan: String,
    /// Where the plan is.
    pub plan_href: String,
    /// Whether on demand.
    pub on_demand: bool,
    /// Hours from an event.
    pub within_hours: Option<i64>,
}

impl View for Obligations {
    const PAGE: &'static str = "plans/obligations.html";

    fn samples() -> Vec<Self> {
        let row = |state: &str| OwedRow {
            id: Id::from_u128(3),
            subject: "kết quả <thực hiện>".into(),
            sentence: "Câu gốc".into(),
            plan: "12/KH-UBND".into(),
            plan_href: "/plans/7".into(),
            unit: "Sở Y tế".into(),
            to: "UBND tỉnh".into(),
            due_on: super::sample_day(),
            state: state.into(),
            days_late: if state == "late" { 3 } else { 0 },
            sent_number: if state == "sent" { "12/BC-SYT".into() } else { String::new() },
            sent_on: (state == "sent").then(super::sample_day),
            may_send: state == "late",
        };
        let on_demand = |hours: Option<i64>| OnDemand {
            subject: "sự cố".into(),
            sentence: "Câu gốc".into(),
            plan: "12/KH-UBND".into(),
            plan_href: "/plans/7".into(),
            on_demand: hours.is_none(),
            within_hours: hours,
        };
        let full = Self {
            state: "late".into(),
            counts: ["late", "ahead", "sent"].map(|state| (state.to_owned(), 3)).to_vec(),
            rows: ["late", "ahead", "sent"].map(row).to_vec(),
            on_demand: vec![on_demand(None), on_demand(Some(24))],
            base: "/obligations?".into(),
            ..Self::default()
        };
        vec![Self { state: "ahead".into(), base: "/obligations?".into(), ..Self::default() }, full]
    }
}
