//! Who owes which task, and how far it is.

use sea_orm::entity::prelude::*;

/// Work goes on.
pub const OPEN: &str = "open";
/// The lead unit says that it is done.
pub const DONE: &str = "done";
/// An officer agrees.
pub const ACCEPTED: &str = "accepted";

/// A task owed by a unit, for one period where the task comes again.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "plan_assignment")]
pub struct Model {
    /// Identity.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The plan.
    pub plan: Uuid,
    /// The task.
    pub task: Uuid,
    /// Who owes it.
    pub unit: Uuid,
    /// `lead` or `coordinate`.
    pub role: String,
    /// "2026", "2026-H1", "2026-Q3", "2026-07"; empty where it is owed once.
    pub period: String,
    /// The first day of the period or window.
    pub starts_on: Option<Date>,
    /// The last day on which it is in time; none for standing work.
    pub due_on: Option<Date>,
    /// `once`, `recurring` or `standing`.
    pub rhythm: String,
    /// [`OPEN`], [`DONE`] or [`ACCEPTED`].
    pub state: String,
    /// How far it is, 0–100, as the unit says.
    pub percent: i32,
    /// The day on which it was done.
    pub done_on: Option<Date>,
    /// Counts up with each change.
    pub version: i32,
    /// When it changed last.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

/// Reports of progress.
pub mod progress {
    use sea_orm::entity::prelude::*;

    /// What a unit said of a task.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "plan_progress")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The task.
        pub task: Uuid,
        /// The assignment.
        pub assignment: Uuid,
        /// The unit.
        pub unit: Uuid,
        /// When.
        pub at: DateTimeUtc,
        /// Who; none for the program itself.
        pub by: Option<Uuid>,
        /// The name of who, as it was then.
        pub by_name: String,
        /// `doing`, `stuck`, `done`, `accepted`, `returned`
        pub state: String,
        /// How far, 0–100.
        pub percent: i32,
        /// In words.
        pub note: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
