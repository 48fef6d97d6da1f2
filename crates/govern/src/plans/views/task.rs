//! One task.

use chrono::{DateTime, NaiveDate, Utc};
use khien_base::Id;
use khien_web::View;
use schemars::JsonSchema;
use serde::Serialize;

use super::{DueView, Past};

/// One task: what the plan says, who owes it, how far it is.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct TaskPage {
    /// Identity.
    pub id: Id,
    /// What is to be done.
    pub text: String,
    /// Section.
    pub group: String,
    /// Number as written.
    pub number: String,
    /// When.
    pub due: DueView,
    /// When, as written.
    pub due_text: String,
    /// The sentence of the plan.
    pub sentence: String,
    /// The headings above it.
    pub headings: Vec<String>,
    /// The plan.
    pub plan: String,
    /// Where the plan is.
    pub plan_href: String,
    /// Who owes it: own work first.
    pub doing: Vec<Doing>,
    /// What was said, newest first.
    pub said: Vec<Said>,
    /// What happened.
    pub history: Vec<Past>,
}

/// One unit's part.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Doing {
    /// Identity.
    pub id: Id,
    /// Version, for the forms.
    pub version: i32,
    /// Who owes it.
    pub unit: String,
    /// `lead` or `coordinate`.
    pub role: String,
    /// Period; empty where it is owed once.
    pub period: String,
    /// Last timely day.
    pub due_on: Option<NaiveDate>,
    /// Whether who looks may see how far it is.
    pub open: bool,
    /// Column of the board; empty where it is not shown.
    pub bucket: String,
    /// Days late.
    pub days_late: i64,
    /// `open`, `done`, `accepted`; empty where it is not shown.
    pub state: String,
    /// How far.
    pub percent: i32,
    /// When it was done.
    pub done_on: Option<NaiveDate>,
    /// Whether who looks reports on it.
    pub may_report: bool,
    /// Whether who looks accepts it or gives it back.
    pub may_judge: bool,
}

/// A report of progress.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Said {
    /// When.
    pub at: DateTime<Utc>,
    /// The unit.
    pub unit: String,
    /// Who.
    pub who: String,
    /// `doing`, `stuck`, `done`, `accepted`, `returned`
    pub state: String,
    /// How far.
    pub percent: i32,
    /// In words.
    pub note: String,
}

impl View for TaskPage {
    const PAGE: &'static str = "plans/task.html";

    fn samples() -> Vec<Self> {
        let doing = |state: &str, role: &str| Doing {
            id: Id::from_u128(3),
            version: 2,
            unit: "Sở Y tế".into(),
            role: role.into(),
            period: "2026-Q4".into(),
            due_on: Some(super::sample_day()),
            open: !state.is_empty(),
            bucket: if state.is_empty() { String::new() } else { "late".into() },
            days_late: 3,
            state: state.into(),
            percent: 40,
            done_on: (state == "done").then(super::sample_day),
            may_report: state == "open",
            may_judge: state == "done",
        };
        let said = |state: &str| Said {
            at: super::sample_time(),
            unit: "Sở Y tế".into(),
            who: "Trần Thị Bình".into(),
            state: state.into(),
            percent: 40,
            note: "Đã rà soát <23> văn bản.".into(),
        };
        let full = Self {
            id: Id::from_u128(7),
            text: "Rà soát \"hệ thống\"".into(),
            group: "II".into(),
            number: "1".into(),
            due: DueView::sample(),
            due_text: "Quý II/2026".into(),
            sentence: "Câu gốc".into(),
            headings: vec!["II. NHIỆM VỤ".into()],
            plan: "12/KH-UBND".into(),
            plan_href: "/plans/7".into(),
            doing: vec![
                doing("open", "lead"),
                doing("open", "coordinate"),
                doing("done", "lead"),
                doing("accepted", "lead"),
                doing("", "coordinate"),
            ],
            said: ["doing", "stuck", "done", "accepted", "returned"].map(said).to_vec(),
            history: Vec::new(),
        };
        vec![Self::default(), full]
    }
}
