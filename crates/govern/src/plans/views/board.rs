//! The board of tasks.

use chrono::NaiveDate;
use khien_base::Id;
use khien_web::{Pager, View};
use schemars::JsonSchema;
use serde::Serialize;

use crate::plans::rules::due::Bucket;

/// A choice of a select field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub label: String,
}

/// The tasks of live plans, by deadline or by agency.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Board {
    /// `deadline` or `agency`.
    pub by: String,
    /// What was typed.
    pub q: String,
    /// Only of this plan.
    pub plan: String,
    /// Only owed by this unit.
    pub unit: String,
    /// Only in this section.
    pub group: String,
    /// `lead`, `coordinate` or `any`.
    pub role: String,
    /// Column of the board; empty for all.
    pub bucket: String,
    /// Live plans that are seen.
    pub plans: Vec<Choice>,
    /// Units within reach.
    pub units: Vec<Choice>,
    /// Sections.
    pub groups: Vec<Choice>,
    /// How many stand where.
    pub buckets: Vec<BucketCount>,
    /// By deadline: the tasks.
    pub rows: Vec<BoardRow>,
    /// By agency: the agencies, most late first.
    pub agencies: Vec<AgencyRow>,
    /// Where the list stands.
    pub pager: Pager,
    /// The board's address with its filters but without the column, ending in `?` or `&`.
    pub base: String,
    /// Whether there is any live plan to be seen.
    pub any_plan: bool,
}

/// How many tasks stand somewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BucketCount {
    /// `late`, `soon`, `year`, `later`, `standing`, `done`
    pub bucket: String,
    /// How many.
    pub n: i64,
    /// The tone of its number: bad where something is late.
    pub tone: String,
}

impl BucketCount {
    /// A column of the board with its number.
    pub fn of(bucket: Bucket, n: i64) -> Self {
        let tone = match bucket {
            Bucket::Late if n > 0 => "bad",
            Bucket::Soon if n > 0 => "soon",
            Bucket::Done if n > 0 => "ok",
            _ => "idle",
        };
        Self { bucket: bucket.name().to_owned(), n, tone: tone.to_owned() }
    }

    pub(super) fn sample() -> Vec<Self> {
        Bucket::ALL.into_iter().enumerate().map(|(n, bucket)| Self::of(bucket, i64::try_from(n).unwrap_or(0))).collect()
    }
}

/// One task of one unit.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct BoardRow {
    /// Where it is.
    pub href: String,
    /// What is to be done.
    pub text: String,
    /// Section.
    pub group: String,
    /// Number as written.
    pub number: String,
    /// The plan's number or title.
    pub plan: String,
    /// Who owes it.
    pub unit: String,
    /// Its identity.
    pub unit_id: Id,
    /// `lead` or `coordinate`.
    pub role: String,
    /// Period; empty where it is owed once.
    pub period: String,
    /// Last timely day.
    pub due_on: Option<NaiveDate>,
    /// Column of the board.
    pub bucket: String,
    /// Days late.
    pub days_late: i64,
    /// `open`, `done`, `accepted`
    pub state: String,
    /// How far.
    pub percent: i32,
}

/// One agency.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct AgencyRow {
    /// Identity.
    pub id: Id,
    /// Name.
    pub unit: String,
    /// Late.
    pub late: i64,
    /// Due within thirty days.
    pub soon: i64,
    /// All others that are open.
    pub open: i64,
    /// Done.
    pub done: i64,
    /// All.
    pub total: i64,
    /// Of those whose day has passed, the share that was done in time, in percent.
    pub in_time: Option<f64>,
}

impl View for Board {
    const PAGE: &'static str = "plans/board.html";

    fn samples() -> Vec<Self> {
        let row = |bucket: Bucket| BoardRow {
            href: "/tasks/7".into(),
            text: "Rà soát <hệ thống> & \"nhân lực\"".into(),
            group: "II. Tổ chức".into(),
            number: "1".into(),
            plan: "12/KH-UBND".into(),
            unit: "Sở Y tế".into(),
            unit_id: Id::from_u128(4),
            role: if bucket == Bucket::Soon { "coordinate".into() } else { "lead".into() },
            period: if bucket == Bucket::Standing { "2026-H2".into() } else { String::new() },
            due_on: (bucket != Bucket::Standing).then(super::sample_day),
            bucket: bucket.name().into(),
            days_late: if bucket == Bucket::Late { 12 } else { 0 },
            state: if bucket == Bucket::Done { "accepted".into() } else { "open".into() },
            percent: 40,
        };
        let agency =
            AgencyRow { unit: "Sở Y tế".into(), late: 2, total: 9, in_time: Some(66.7), ..AgencyRow::default() };
        let choice = vec![Choice { value: "7".into(), label: "Kế hoạch".into() }];
        let full = Self {
            by: "deadline".into(),
            role: "lead".into(),
            plans: choice.clone(),
            units: choice.clone(),
            groups: choice,
            buckets: BucketCount::sample(),
            rows: Bucket::ALL.map(row).to_vec(),
            base: "/tasks?".into(),
            any_plan: true,
            ..Self::default()
        };
        let agencies = vec![agency, AgencyRow::default()];
        vec![
            Self::default(),
            Self { rows: Vec::new(), bucket: "late".into(), ..full.clone() },
            Self { by: "agency".into(), agencies, ..full.clone() },
            full,
        ]
    }
}
