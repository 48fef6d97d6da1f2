//! What pages of plans show: one struct per page.

mod board;
mod list;
mod obligations;
mod plan;
mod review;
mod targets;
mod task;

pub use board::{AgencyRow, Board, BoardRow, BucketCount, Choice};
pub use list::{List, New, PlanRow};
pub use obligations::{Obligations, OnDemand, OwedRow};
pub use plan::{Linked, Past, Show};
pub use review::{AgencyLine, BlockLine, DutyLine, Review, TargetLine, TaskLine, WarningLine};
pub use targets::{Chart, Series, TargetRow, Targets};
pub use task::{Doing, Said, TaskPage};

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;

use super::model::{DueColumns, target, task as task_model};

/// When something is due, for the `due` macro.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DueView {
    /// `standing`, `recurring`, `window`, `by`, `reach_then_maintain`; empty for none.
    pub kind: String,
    /// First day of a window.
    pub from: Option<NaiveDate>,
    /// Last day on which it is in time.
    pub to: Option<NaiveDate>,
    /// `month`, `quarter`, `half_year`, `year`; empty for none.
    pub every: String,
}

impl DueView {
    /// The deadline of a target.
    pub fn of_target(row: &target::Model) -> Self {
        Self::of(row.due_kind.as_deref(), row.due_from, row.due_to, row.due_every.as_deref())
    }

    /// The deadline of a task.
    pub fn of_task(row: &task_model::Model) -> Self {
        Self::of(row.due_kind.as_deref(), row.due_from, row.due_to, row.due_every.as_deref())
    }

    fn of(kind: Option<&str>, from: Option<NaiveDate>, to: Option<NaiveDate>, every: Option<&str>) -> Self {
        Self { kind: kind.unwrap_or_default().to_owned(), from, to, every: every.unwrap_or_default().to_owned() }
    }

    /// As columns of a table.
    pub fn columns(&self) -> DueColumns {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        DueColumns { kind: some(&self.kind), from: self.from, to: self.to, every: some(&self.every) }
    }

    fn sample() -> Self {
        Self { kind: "by".into(), to: NaiveDate::from_ymd_opt(2026, 6, 9), ..Self::default() }
    }
}

fn sample_time() -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp(1_790_820_000, 0).unwrap_or_default()
}

fn sample_day() -> NaiveDate {
    khien_base::clock::day_in_vietnam(sample_time())
}
