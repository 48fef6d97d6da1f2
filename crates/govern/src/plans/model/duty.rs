//! Duties to report, and each report that is owed.

use khien_planread::model::DayOfYear;
use sea_orm::entity::prelude::*;

/// A duty to report.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "plan_duty")]
pub struct Model {
    /// Identity.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The plan.
    pub plan: Uuid,
    /// Order in the plan.
    pub position: i32,
    /// Counts up with each change.
    pub version: i32,
    /// What is reported.
    pub subject: String,
    /// How often: one of [`super::EVERY`].
    pub every: Option<String>,
    /// The days of each year before which it is owed: a list of [`DayOfYear`].
    pub days: Json,
    /// Whether it is also owed on demand.
    pub on_demand: bool,
    /// Hours from an event.
    pub within_hours: Option<i64>,
    /// Index of the paragraph that it was read from; -1 for none.
    pub block: i32,
    /// The sentence that it was read from.
    pub sentence: String,
    /// The headings above it, outermost first.
    pub headings: Json,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The days of each year before which it is owed.
    pub fn days(&self) -> Vec<DayOfYear> {
        serde_json::from_value(self.days.clone()).unwrap_or_default()
    }
}

/// Reports owed.
pub mod owed {
    use sea_orm::entity::prelude::*;

    /// One report that a unit owes by a day.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "plan_owed")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The plan.
        pub plan: Uuid,
        /// The duty.
        pub duty: Uuid,
        /// Who owes it.
        pub unit: Uuid,
        /// The last day on which it is in time.
        pub due_on: Date,
        /// Number of the report that was sent.
        pub sent_number: Option<String>,
        /// Its day.
        pub sent_on: Option<Date>,
        /// Who wrote down that it was sent.
        pub sent_by: Option<Uuid>,
        /// When that was written down.
        pub sent_at: Option<DateTimeUtc>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
