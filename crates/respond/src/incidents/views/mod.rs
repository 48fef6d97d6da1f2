//! Pages of incidents: one struct for each.

mod list;
mod record;
mod report;
mod sheet;

pub use list::{List, Row, Sort};
pub use record::{Alert, Clock, Fact, FormLink, Line, Record, Step, Task};
pub use report::{Report, ReportField, ReportSection};
pub use sheet::{Flag, Sheet};

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

/// A choice of a form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is shown.
    pub label: String,
}

impl Choice {
    /// A choice.
    pub fn new(value: impl ToString, label: impl Into<String>) -> Self {
        Self { value: value.to_string(), label: label.into() }
    }
}

/// The present of the samples.
fn sample_time() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_820_000, 0).unwrap_or_default()
}
