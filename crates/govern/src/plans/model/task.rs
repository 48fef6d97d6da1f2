//! Tasks of plans.

use sea_orm::entity::prelude::*;

/// A piece of work that a plan orders.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "plan_task")]
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
    /// The section that it stands under.
    pub group_name: String,
    /// Its number or letter as written.
    pub number: String,
    /// What is to be done.
    pub text: String,
    /// [`khien_base::key::key`] of the text.
    pub search_key: String,
    /// One of [`super::DUES`].
    pub due_kind: Option<String>,
    /// First day of a window.
    pub due_from: Option<Date>,
    /// Last day on which it is in time.
    pub due_to: Option<Date>,
    /// One of [`super::EVERY`].
    pub due_every: Option<String>,
    /// The time as written.
    pub due_text: String,
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
