//! Alert groups, the events kept of each, and what was already counted.

use sea_orm::entity::prelude::*;
use serde::Serialize;

/// An alert: what one rule found on one host of one system, from the first event to the last.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "alert_group")]
pub struct Model {
    /// Identity.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// `sigma`, or the kind of an alert that no rule made (`source-silent`).
    pub kind: String,
    /// Identity of the rule; the kind where no rule made it.
    pub rule: String,
    /// Title as the rule had it.
    pub title: String,
    /// [`khien_base::key::key`] of title, rule and host.
    pub search_key: String,
    /// Weight of the worst level, see [`super::rules::weight`]: 1 informational to 5 critical.
    pub level: i32,
    /// Techniques of MITRE ATT&CK: a list of `T1059.001`.
    pub techniques: Json,
    /// The unit that owns the system: who may see it.
    pub unit: Uuid,
    /// The information system.
    pub system: Option<Uuid>,
    /// The computer, or the log source that fell silent; may be empty.
    pub host: String,
    /// One of [`STATES`].
    pub state: String,
    /// One of [`REASONS`], once closed.
    pub reason: Option<String>,
    /// What was said on closing.
    pub note: String,
    /// The incident that it became part of.
    pub incident: Option<Uuid>,
    /// Events counted, kept or not.
    pub hits: i64,
    /// Events kept on [`Model::kept_day`].
    pub kept: i32,
    /// The last day in Vietnam on which an event was kept.
    pub kept_day: Date,
    /// Time of the first event.
    pub first_at: DateTimeUtc,
    /// Time of the last event.
    pub last_at: DateTimeUtc,
    /// Hours since 1970 of the first event, for charts.
    pub hour: i64,
    /// What an alert without a rule has to say.
    pub detail: Json,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When it last changed.
    pub updated_at: DateTimeUtc,
    /// When it was closed.
    pub closed_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}

/// States: nobody looked yet, somebody looked, done with, part of an incident.
pub const STATES: [&str; 4] = [NEW, SEEN, INCIDENT, CLOSED];
/// Nobody has looked yet.
pub const NEW: &str = "new";
/// Somebody has looked.
pub const SEEN: &str = "seen";
/// Part of an incident.
pub const INCIDENT: &str = "incident";
/// Done with.
pub const CLOSED: &str = "closed";
/// Why an alert is closed: the rule was wrong; it was right but harmless; it was dealt with.
pub const REASONS: [&str; 3] = ["false_positive", "benign", "handled"];
/// The kind of alerts that a Sigma rule made.
pub const SIGMA: &str = "sigma";
/// The kind of alerts about log sources that fell silent.
pub const SILENT: &str = "source-silent";

/// Events that were kept.
pub mod member {
    use sea_orm::entity::prelude::*;

    /// One event of an alert.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "alert_member")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The alert.
        pub alert_group: Uuid,
        /// See [`crate::alerts::rules::fingerprint`].
        pub fingerprint: String,
        /// The event in the store of events.
        pub event: Uuid,
        /// Its time.
        pub at: DateTimeUtc,
        /// The event itself, cut to [`crate::alerts::rules::RECORD_BYTES`].
        pub record: Json,
        /// What made the rule fire: selection, field, value, pattern.
        pub hits: Json,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Events that were counted but not kept.
pub mod counted {
    use sea_orm::entity::prelude::*;

    /// One event.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "alert_counted")]
    pub struct Model {
        /// See [`crate::alerts::rules::fingerprint`].
        #[sea_orm(primary_key, auto_increment = false)]
        pub fingerprint: String,
        /// When it was counted.
        pub at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
