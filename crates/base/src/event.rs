//! What a log line becomes.
//!
//! A decoder makes a [`Record`] out of bytes; the receiver stamps it with whose it is and when it came, and it
//! is an [`Event`]. Detection reads `fields` (the source's own names, as Sigma rules name them); search also
//! offers the [`Hot`] columns under their OCSF names, and `raw`.

mod fields;
mod given;
pub mod shape;

use chrono::{DateTime, Utc};
pub use fields::{Fields, Kept};
pub use given::{GiveFields, Layout, Scalar, TakeFields, escape, unescape};
use serde::{Deserialize, Serialize};

use crate::Id;

/// The Sigma log source of an event (Sigma specification 2.1, "Log source"): which rules mean it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LogSource {
    /// `windows`, `linux`, …
    pub product: Option<String>,
    /// `security`, `sshd`, …
    pub service: Option<String>,
    /// `process_creation`, `webserver`, …
    pub category: Option<String>,
}

/// Columns that searches ask for most, under OCSF names (schema 1.x attribute in parentheses).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hot {
    /// OCSF class (`class_uid`): 1007 process activity, 3002 authentication, 4001 network activity… 0 when unknown.
    pub class_uid: u32,
    /// OCSF severity (`severity_id`): 0 unknown, 1 informational … 5 critical, 6 fatal.
    pub severity_id: u8,
    /// The computer that the event is about (`device.hostname`).
    pub host: Option<String>,
    /// The account that acted or was acted on (`actor.user.name`).
    pub user: Option<String>,
    /// Where a connection or sign-in came from (`src_endpoint.ip`).
    pub src_ip: Option<String>,
    /// `src_endpoint.port`
    pub src_port: Option<u16>,
    /// Where it went (`dst_endpoint.ip`).
    pub dst_ip: Option<String>,
    /// `dst_endpoint.port`
    pub dst_port: Option<u16>,
    /// Path of the process's image (`process.file.path`).
    pub process: Option<String>,
    /// `process.cmd_line`
    pub command_line: Option<String>,
    /// Path of a file that was touched (`file.path`).
    pub file: Option<String>,
    /// Hashes as the source wrote them (`file.hashes`).
    pub hash: Option<String>,
    /// A name that was looked up or visited (`query.hostname`).
    pub domain: Option<String>,
    /// The source's own number or name of the kind of event (`metadata.event_code`): Windows' EventID.
    pub event_code: Option<String>,
    /// The source's own channel or program (`metadata.log_name`).
    pub channel: Option<String>,
    /// A sentence for people (`message`).
    pub message: Option<String>,
}

/// One decoded log record, not yet anybody's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// When it happened, by the source's clock; `None` when the source does not say or says nonsense.
    pub time: Option<DateTime<Utc>>,
    /// Which Sigma rules mean it.
    pub log: LogSource,
    /// Columns for search.
    pub hot: Hot,
    /// All fields, by the source's own names; values may be nested.
    pub fields: Fields,
    /// The text as it came (a JSON rendering where the source is binary).
    pub raw: String,
    /// What its client calls it, where the protocol gives a name, as a number of 62 bits: it becomes part of the event's
    /// identity ([`crate::ids::keyed`]), so that the same record is known again when it comes again.
    #[serde(skip)]
    pub key: Option<u64>,
}

/// One log record of a registered source, as it is stored and matched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Identity, made when it was received.
    pub id: Id,
    /// When it happened (the receiving time where the source does not say).
    pub time: DateTime<Utc>,
    /// When we received it.
    pub received: DateTime<Utc>,
    /// The log source that sent it.
    pub source: Id,
    /// The information system that it belongs to.
    pub system: Id,
    /// The unit that owns the system: who may see it.
    pub unit: Id,
    /// What it says.
    #[serde(flatten)]
    pub record: Record,
}
