//! One plan.

use chrono::{DateTime, NaiveDate, Utc};
use khien_base::Id;
use khien_web::View;
use schemars::JsonSchema;
use serde::Serialize;

use super::BucketCount;

/// One plan: what it is, where it stands, what may be done with it.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Show {
    /// Identity.
    pub id: Id,
    /// Title.
    pub title: String,
    /// Number as written.
    pub number: String,
    /// "Kế hoạch", "Chương trình hành động"…
    pub kind: String,
    /// Who issued it.
    pub issuer: String,
    /// Who signed it.
    pub signer: String,
    /// Its day.
    pub issued: Option<NaiveDate>,
    /// `draft`, `submitted`, `live`, `archived`, `reference`
    pub state: String,
    /// Whose.
    pub unit: String,
    /// The plan that it carries out.
    pub parent: Option<Linked>,
    /// Plans that carry it out.
    pub children: Vec<Linked>,
    /// Name of the file.
    pub file_name: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Bytes of the file.
    pub size: i64,
    /// Who handed it in.
    pub author: String,
    /// When it was handed in.
    pub submitted_at: Option<DateTime<Utc>>,
    /// Who approved it.
    pub approver: String,
    /// First day in force.
    pub live_from: Option<NaiveDate>,
    /// Why it was given back.
    pub note: String,
    /// How many targets, tasks, duties.
    pub targets: usize,
    /// How many tasks.
    pub tasks: usize,
    /// How many duties to report.
    pub duties: usize,
    /// Agencies that nobody here is known for.
    pub unmapped: u64,
    /// Where its tasks stand.
    pub buckets: Vec<BucketCount>,
    /// Whether the document may be reviewed by who looks.
    pub may_write: bool,
    /// Whether it waits for who looks.
    pub may_approve: bool,
    /// Whether who looks is its author, who may not approve it.
    pub own: bool,
    /// What happened to it.
    pub history: Vec<Past>,
}

/// A plan that is spoken of.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Linked {
    /// Where it is.
    pub href: String,
    /// Its title.
    pub title: String,
    /// Whose.
    pub unit: String,
}

/// Something that happened.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Past {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub who: String,
    /// The audit action: the text `plans.did.<action>`.
    pub action: String,
    /// What was changed, in short.
    pub detail: String,
}

impl View for Show {
    const PAGE: &'static str = "plans/plan.html";

    fn samples() -> Vec<Self> {
        let linked =
            Linked {
                href: "/plans/8".into(), title: "Kế hoạch <của> phường".into(), unit: "Phường Nhân Hòa".into()
            };
        let past = |action: &str| Past {
            at: super::sample_time(),
            who: "Trần Thị Bình".into(),
            action: action.into(),
            detail: "kế hoạch.docx".into(),
        };
        let full = Self {
            id: Id::from_u128(7),
            title: "Triển khai Đề án \"nhân lực\"".into(),
            number: "12/KH-UBND".into(),
            kind: "Kế hoạch".into(),
            issued: Some(super::sample_day()),
            state: "live".into(),
            unit: "Tỉnh Bắc Ninh".into(),
            parent: Some(linked.clone()),
            children: vec![linked],
            file_name: "kế hoạch.docx".into(),
            sha256: "ab".repeat(32),
            size: 123_456,
            author: "Trần Thị Bình".into(),
            submitted_at: Some(super::sample_time()),
            approver: "Lê Văn Ba".into(),
            live_from: Some(super::sample_day()),
            targets: 12,
            tasks: 30,
            duties: 3,
            unmapped: 2,
            buckets: BucketCount::sample(),
            may_write: true,
            history: super::super::DID.iter().map(|action| past(action)).collect(),
            ..Self::default()
        };
        vec![
            Self { state: "draft".into(), note: "Thiếu ngày ban hành.".into(), may_write: true, ..Self::default() },
            Self { state: "submitted".into(), may_approve: true, may_write: true, ..full.clone() },
            Self { state: "submitted".into(), own: true, may_write: true, ..full.clone() },
            Self { state: "reference".into(), may_write: true, ..full.clone() },
            Self { state: "archived".into(), may_write: false, ..full.clone() },
            full,
        ]
    }
}

impl Linked {
    /// A link to a plan.
    pub fn to(id: Id, title: &str, unit: &str) -> Self {
        Self { href: format!("/plans/{id}"), title: title.to_owned(), unit: unit.to_owned() }
    }
}
