//! Targets of plans, and their figures day by day.

use sea_orm::entity::prelude::*;

/// A number that a plan wants to reach.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "plan_target")]
pub struct Model {
    /// Identity.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The plan.
    pub plan: Uuid,
    /// Order in the plan.
    pub position: i32,
    /// Counts up with each change, so that two reviewers notice each other.
    pub version: i32,
    /// What is measured.
    pub measure: String,
    /// One of [`super::COMPARATORS`].
    pub comparator: String,
    /// The value, or the lower one of two.
    pub low: Option<f64>,
    /// The upper value of "between".
    pub high: Option<f64>,
    /// "%", "chuyên gia", "cuộc"…
    pub unit: String,
    /// Per what period the value counts: one of [`super::EVERY`].
    pub per: Option<String>,
    /// One of [`super::DUES`].
    pub due_kind: Option<String>,
    /// First day of a window.
    pub due_from: Option<Date>,
    /// Last day for reaching it.
    pub due_to: Option<Date>,
    /// One of [`super::EVERY`].
    pub due_every: Option<String>,
    /// The measure of the program that gives its live figure.
    pub binding: Option<String>,
    /// Whether a person looked at the binding.
    pub binding_confirmed: bool,
    /// Index of the paragraph that it was read from; -1 for none.
    pub block: i32,
    /// The sentence that it was read from.
    pub sentence: String,
    /// The headings above it, outermost first.
    pub headings: Json,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// When it is due.
    pub fn due(&self) -> Option<khien_planread::model::Due> {
        super::due_of(self.due_kind.as_deref(), self.due_from, self.due_to, self.due_every.as_deref())
    }
}

/// Figures, one a day.
pub mod figure {
    use sea_orm::entity::prelude::*;

    /// The figure of a target on a day.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "target_figure")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The target.
        pub target: Uuid,
        /// The day in Vietnam.
        pub day: Date,
        /// When it was computed.
        pub at: DateTimeUtc,
        /// Rows that count.
        pub numerator: i64,
        /// Rows that could count; none for a plain count.
        pub denominator: Option<i64>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
