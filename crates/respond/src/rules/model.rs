//! Rules that the centre keeps: versions, switches, imports, trials, costs.

use sea_orm::entity::prelude::*;
use serde::Serialize;

/// A version of a rule, a correlation or a filter: one YAML document.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "rule_version")]
pub struct Model {
    /// Identity.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// `id` of the document.
    pub rule: String,
    /// From 1, in the order in which the versions of a rule were made.
    pub number: i32,
    /// One of [`KINDS`].
    pub kind: String,
    /// [`OWN`], or the name of the import that brought it.
    pub origin: String,
    /// Where it stood in the archive; empty for our own.
    pub path: String,
    /// A [`super::flow::State`].
    pub state: String,
    /// `title` of the document.
    pub title: String,
    /// Weight of the level, 1 informational to 5 critical; 0 for filters.
    pub level: i32,
    /// How far it has been tried, see [`super::document::maturity`].
    pub maturity: i32,
    /// `product` of its log source; may be empty, like the two that follow.
    pub product: String,
    /// `category`
    pub category: String,
    /// `service`
    pub service: String,
    /// The document.
    pub yaml: String,
    /// SHA-256 of the document, in hex.
    pub sha256: String,
    /// Who wrote it, or confirmed the import.
    pub author: Option<Uuid>,
    /// The name of who, as it was then.
    pub author_name: String,
    /// When it was last written.
    pub written_at: DateTimeUtc,
    /// When it was handed in for review.
    pub submitted_at: Option<DateTimeUtc>,
    /// Who approved, rejected or retired it.
    pub reviewer: Option<Uuid>,
    /// The name of who, as it was then.
    pub reviewer_name: String,
    /// When.
    pub reviewed_at: Option<DateTimeUtc>,
    /// What was said of it.
    pub note: String,
    /// The import that brought it.
    pub import: Option<Uuid>,
}

impl ActiveModelBehavior for ActiveModel {}

/// The origin of rules that the centre wrote itself.
pub const OWN: &str = "own";
/// Kinds of documents (Sigma specification 2.1).
pub const KINDS: [&str; 3] = [RULE, CORRELATION, FILTER];
/// A detection rule.
pub const RULE: &str = "rule";
/// A correlation of rules.
pub const CORRELATION: &str = "correlation";
/// A filter that quiets rules.
pub const FILTER: &str = "filter";

/// Rules that were switched off, or on again.
pub mod setting {
    use sea_orm::entity::prelude::*;

    /// The switch of one rule. A rule without one is on.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "rule_setting")]
    pub struct Model {
        /// The rule.
        #[sea_orm(primary_key, auto_increment = false)]
        pub rule: String,
        /// Whether it is in force.
        pub enabled: bool,
        /// Why.
        pub reason: String,
        /// Who switched it.
        pub by: Option<Uuid>,
        /// The name of who, as it was then.
        pub by_name: String,
        /// When.
        pub at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// What rules cost, as it was measured.
pub mod cost {
    use sea_orm::entity::prelude::*;

    /// The cost of one rule.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "rule_cost")]
    pub struct Model {
        /// The rule.
        #[sea_orm(primary_key, auto_increment = false)]
        pub rule: String,
        /// Nanoseconds that the plain matcher takes for one event of its log source, the rule alone.
        pub nanos: i64,
        /// Events that were measured.
        pub events: i64,
        /// When.
        pub at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Archives and folders of rules that were looked at or put in force.
pub mod import {
    use sea_orm::entity::prelude::*;

    /// One import.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "rule_import")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The name under which its rules are known: `sigmahq`.
        pub name: String,
        /// The file or folder.
        pub file: String,
        /// SHA-256 of the file, in hex; of names and contents for a folder.
        pub sha256: String,
        /// Bytes of the file.
        pub bytes: i64,
        /// One of [`PREVIEW`], [`APPLIED`], [`CANCELLED`].
        pub state: String,
        /// How many were new, changed, …
        pub counts: Json,
        /// What was chosen.
        pub choices: Json,
        /// Who.
        pub by: Option<Uuid>,
        /// The name of who, as it was then.
        pub by_name: String,
        /// When it was read.
        pub at: DateTimeUtc,
        /// When it was put in force.
        pub applied_at: Option<DateTimeUtc>,
    }

    impl ActiveModelBehavior for ActiveModel {}

    /// Looked at; nothing is in force yet.
    pub const PREVIEW: &str = "preview";
    /// Put in force.
    pub const APPLIED: &str = "applied";
    /// Given up.
    pub const CANCELLED: &str = "cancelled";
}

/// Documents of an import, until it is decided.
pub mod item {
    use sea_orm::entity::prelude::*;

    /// One document.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "rule_import_item")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The import.
        pub import: Uuid,
        /// Place in the archive, from 1.
        pub position: i32,
        /// Name of the file.
        pub path: String,
        /// `id` of the document; empty where it has none.
        pub rule: String,
        /// One of [`super::KINDS`].
        pub kind: String,
        /// One of [`super::super::take_in::OUTCOMES`].
        pub outcome: String,
        /// `title`
        pub title: String,
        /// Weight of the level.
        pub level: i32,
        /// How far it has been tried.
        pub maturity: i32,
        /// `product` of its log source.
        pub product: String,
        /// `category`
        pub category: String,
        /// `service`
        pub service: String,
        /// The document; empty where nothing changed.
        pub yaml: String,
        /// SHA-256 of the document.
        pub sha256: String,
        /// What is wrong with it.
        pub faults: Json,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Rules that were tried on stored days.
pub mod trial {
    use sea_orm::entity::prelude::*;

    /// One trial.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "rule_trial")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The rule; empty for one that was only pasted.
        pub rule: String,
        /// The version, where it is one of the database.
        pub version: Option<Uuid>,
        /// Title of the rule.
        pub title: String,
        /// The documents that were tried: the rule with its filters.
        pub yaml: String,
        /// Only events of this log source.
        pub source: Option<Uuid>,
        /// Only events of this system.
        pub system: Option<Uuid>,
        /// From this moment.
        pub from_at: DateTimeUtc,
        /// To this moment.
        pub to_at: DateTimeUtc,
        /// One of [`RUNNING`], [`DONE`], [`FAILED`], [`CANCELLED`].
        pub state: String,
        /// Code of what went wrong.
        pub fault: Option<String>,
        /// Events that were read.
        pub looked: i64,
        /// Events of the rule's log source among them.
        pub considered: i64,
        /// Events that the rule fired on.
        pub hits: i64,
        /// Nanoseconds spent in matching.
        pub nanos: i64,
        /// Days that are done.
        pub days_done: i32,
        /// Whether more events match than are kept in [`Model::samples`].
        pub cut: bool,
        /// `[{day, looked, hits}]`
        pub by_day: Json,
        /// Some of the events: `[{id, at, host, values}]`
        pub samples: Json,
        /// Who asked.
        pub by: Uuid,
        /// The name of who, as it was then.
        pub by_name: String,
        /// When.
        pub at: DateTimeUtc,
        /// The last sign of life.
        pub seen_at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}

    /// Under way.
    pub const RUNNING: &str = "running";
    /// Done.
    pub const DONE: &str = "done";
    /// Given up.
    pub const FAILED: &str = "failed";
    /// Stopped by who asked for it.
    pub const CANCELLED: &str = "cancelled";
}
