//! Holds, deletions and the decision on retention.

/// Events that stay.
pub mod hold {
    use khien_base::ports::Held;
    use sea_orm::entity::prelude::*;

    /// Events of a system in a span of time that stay whatever their age.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "event_hold")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The information system.
        pub system: Uuid,
        /// The unit that owns it.
        pub unit: Uuid,
        /// The incident that it is for.
        pub incident: Option<Uuid>,
        /// From this moment on; none is the beginning.
        pub from_at: Option<DateTimeUtc>,
        /// Before this moment; none is the end.
        pub to_at: Option<DateTimeUtc>,
        /// Why.
        #[sea_orm(column_type = "Text")]
        pub reason: String,
        /// Who set it.
        pub set_by: Uuid,
        /// Their name then.
        #[sea_orm(column_type = "Text")]
        pub set_by_name: String,
        /// When.
        pub set_at: DateTimeUtc,
        /// When it was lifted.
        pub lifted_at: Option<DateTimeUtc>,
        /// Who lifted it; empty while it holds.
        #[sea_orm(column_type = "Text")]
        pub lifted_by_name: String,
        /// Why it was lifted; empty while it holds.
        #[sea_orm(column_type = "Text")]
        pub lifted_reason: String,
    }

    impl ActiveModelBehavior for ActiveModel {}

    impl Model {
        /// What it keeps.
        pub fn held(&self) -> Held {
            Held { system: Some(self.system), from: self.from_at, to: self.to_at }
        }
    }
}

/// What was deleted.
pub mod gone {
    use sea_orm::entity::prelude::*;

    /// Events of a system on a day that were deleted because their time was over.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "event_deletion")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The day of the events, UTC.
        pub day: Date,
        /// The information system.
        pub system: Uuid,
        /// The unit that owned it.
        pub unit: Uuid,
        /// Events.
        pub events: i64,
        /// Months for which they had to be kept.
        pub months: i32,
        /// When the deletion was announced.
        pub planned_at: DateTimeUtc,
        /// When it was done.
        pub done_at: Option<DateTimeUtc>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The decision on retention: one row once somebody has decided.
pub mod decision {
    use sea_orm::entity::prelude::*;

    /// Whether old events are deleted, and the centre's own minimum.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "retention_decision")]
    pub struct Model {
        /// 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        /// Whether due events are deleted.
        pub deletes: bool,
        /// Months that events are kept at least, whatever the level of their system.
        pub least_months: i32,
        /// Who decided.
        pub by: Uuid,
        /// Their name then.
        #[sea_orm(column_type = "Text")]
        pub by_name: String,
        /// When.
        pub at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
