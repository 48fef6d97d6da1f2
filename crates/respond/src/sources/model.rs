//! Log sources and their counts.

use khien_base::ports::Whose;
use sea_orm::entity::prelude::*;
use serde::Serialize;

/// A log source of an information system.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "log_source")]
pub struct Model {
    /// Identity.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Name ("Máy chủ web một cửa").
    pub name: String,
    /// [`khien_base::key::key`] of the name.
    pub search_key: String,
    /// The information system.
    pub system: Uuid,
    /// The unit that owns the system.
    pub unit: Uuid,
    /// One of [`KINDS`].
    pub kind: String,
    /// One of [`STATUSES`].
    pub status: String,
    /// SHA-256 of the token; none for a source that is recognised by its address.
    #[serde(skip)]
    pub token_hash: Option<String>,
    /// The last four characters of the token, to tell tokens apart.
    pub token_end: String,
    /// Addresses that its syslog comes from, as CIDR.
    pub addresses: Json,
    /// Certificates that it is known by: `sha256:…` or `name:…`, as [`super::rules::certificates`] writes them.
    pub certificates: Json,
    /// Events a second that it may send; none sets no limit.
    pub quota: Option<i32>,
    /// Minutes without an event after which it counts as silent.
    pub silent_minutes: i32,
    /// When the last event came.
    pub last_event_at: Option<DateTimeUtc>,
    /// Until when it counts as live without another event: `last_event_at` and `silent_minutes`.
    pub live_until: Option<DateTimeUtc>,
    /// Since when it is silent, once that was noticed.
    pub silent_since: Option<DateTimeUtc>,
    /// Events in all.
    pub events: i64,
    /// Records that could not be read, in all.
    pub failures: i64,
    /// When the last such record came.
    pub failed_at: Option<DateTimeUtc>,
    /// Its fault's code.
    pub failure: Option<String>,
    /// Its first characters.
    pub failed_line: Option<String>,
    /// When the source was added.
    pub created_at: DateTimeUtc,
    /// By whom.
    pub created_by: Option<Uuid>,
    /// When its settings last changed.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Whose records it sends.
    pub fn whose(&self) -> Whose {
        Whose { source: self.id, system: self.system, unit: self.unit }
    }
}

/// How records of a source come in: JSON lines over HTTP, syslog over the network, files that somebody uploads.
pub const KINDS: [&str; 3] = [NDJSON, SYSLOG, FILE];
/// JSON lines over HTTP, with a token.
pub const NDJSON: &str = "ndjson";
/// Syslog over UDP, TCP or TLS, recognised by a token, a certificate or the sender's address.
pub const SYSLOG: &str = "syslog";
/// Files (EVTX, JSON lines, text logs), uploaded by hand or with a token.
pub const FILE: &str = "file";

/// What was decided of a source.
pub const STATUSES: [&str; 3] = [ACTIVE, PAUSED, CLOSED];
/// It may send.
pub const ACTIVE: &str = "active";
/// What it sends is refused for now.
pub const PAUSED: &str = "paused";
/// It sends no more; kept for its events.
pub const CLOSED: &str = "closed";

/// Counts of ten minutes.
pub mod slice {
    use sea_orm::entity::prelude::*;

    /// What came from a source in the ten minutes from `at` on.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "log_source_slice")]
    pub struct Model {
        /// The source.
        #[sea_orm(primary_key, auto_increment = false)]
        pub source: Uuid,
        /// Start of the slice.
        #[sea_orm(primary_key, auto_increment = false)]
        pub at: DateTimeUtc,
        /// Events.
        pub events: i64,
        /// Records that could not be read.
        pub failures: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
