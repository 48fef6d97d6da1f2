//! The agencies that a plan names, what they mean here, and where the plan names them.

use sea_orm::entity::prelude::*;

/// A name of a plan and the units that it means.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "plan_agency")]
pub struct Model {
    /// Identity.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The plan.
    pub plan: Uuid,
    /// As written.
    pub name: String,
    /// [`khien_base::key::key`] of the name: once in a plan.
    pub search_key: String,
    /// Whether the name means a group.
    pub collective: bool,
    /// `units`, `group`, `outside`, `none` (looked at, nobody here) or `unknown`.
    pub means: String,
    /// The group of `content/templates/groups.yaml`.
    pub group_key: Option<String>,
    /// The units, where `means` is `units`: a list of identities.
    pub units: Json,
    /// Whether a person looked at it.
    pub confirmed: bool,
    /// Counts up with each change.
    pub version: i32,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The units that a person or the proposal picked.
    pub fn picked(&self) -> Vec<Uuid> {
        serde_json::from_value(self.units.clone()).unwrap_or_default()
    }
}

/// Where names stand.
pub mod party {
    use sea_orm::entity::prelude::*;

    /// An agency named in a target, a task or a duty, in some role.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "plan_party")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The plan.
        pub plan: Uuid,
        /// The target, task or duty.
        pub subject: Uuid,
        /// `lead`, `coordinate`, `from`, `to`, `via`
        pub role: String,
        /// Order in its role.
        pub position: i32,
        /// The agency.
        pub agency: Uuid,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
