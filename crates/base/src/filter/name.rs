//! What a condition is about: a column, or a field by the source's own name.

use crate::Event;

/// A column that a search may ask for by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Column {
    /// `src_ip`
    pub name: &'static str,
    /// Its attribute in OCSF: `src_endpoint.ip`; empty where OCSF has none.
    pub ocsf: &'static str,
    /// What it holds.
    pub held: Held,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Held {
    /// Text.
    Text,
    /// An IP address as text, in its canonical form (RFC 5952; IPv4 plain).
    Address,
    /// A whole number.
    Number,
}

const fn column(name: &'static str, ocsf: &'static str, held: Held) -> Column {
    Column { name, ocsf, held }
}

/// The columns: [`crate::event::Hot`], the parts of [`crate::LogSource`], and the identities of log source and system.
pub const COLUMNS: [Column; 21] = [
    column("host", "device.hostname", Held::Text),
    column("user", "actor.user.name", Held::Text),
    column("src_ip", "src_endpoint.ip", Held::Address),
    column("src_port", "src_endpoint.port", Held::Number),
    column("dst_ip", "dst_endpoint.ip", Held::Address),
    column("dst_port", "dst_endpoint.port", Held::Number),
    column("process", "process.file.path", Held::Text),
    column("command_line", "process.cmd_line", Held::Text),
    column("file", "file.path", Held::Text),
    column("hash", "file.hashes", Held::Text),
    column("domain", "query.hostname", Held::Text),
    column("event_code", "metadata.event_code", Held::Text),
    column("channel", "metadata.log_name", Held::Text),
    column("message", "message", Held::Text),
    column("class_uid", "class_uid", Held::Number),
    column("severity_id", "severity_id", Held::Number),
    column("product", "", Held::Text),
    column("service", "", Held::Text),
    column("category", "", Held::Text),
    column("source", "", Held::Text),
    column("system", "", Held::Text),
];

/// A column or a field.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Name {
    /// A column.
    Column(Column),
    /// A field by the source's own name, letters of ASCII in any case; a dot leads into a map that a field holds.
    Field(String),
}

impl Name {
    /// The column of a name or of an OCSF attribute, in any case; any other name is a field's.
    pub fn of(name: &str) -> Self {
        Self::column(name).map_or_else(|| Self::Field(name.to_owned()), Self::Column)
    }

    /// The column of a name or of an OCSF attribute, in any case.
    pub fn column(name: &str) -> Option<Column> {
        let is = |known: &str| !known.is_empty() && known.eq_ignore_ascii_case(name);
        COLUMNS.into_iter().find(|column| is(column.name) || is(column.ocsf))
    }

    /// As it is written.
    pub fn said(&self) -> &str {
        match self {
            Self::Column(column) => column.name,
            Self::Field(name) => name,
        }
    }
}

impl Column {
    /// The value of an event as text.
    pub fn value(self, event: &Event) -> Option<String> {
        let (hot, log) = (&event.record.hot, &event.record.log);
        match self.name {
            "host" => hot.host.clone(),
            "user" => hot.user.clone(),
            "src_ip" => hot.src_ip.clone(),
            "src_port" => hot.src_port.map(|port| port.to_string()),
            "dst_ip" => hot.dst_ip.clone(),
            "dst_port" => hot.dst_port.map(|port| port.to_string()),
            "process" => hot.process.clone(),
            "command_line" => hot.command_line.clone(),
            "file" => hot.file.clone(),
            "hash" => hot.hash.clone(),
            "domain" => hot.domain.clone(),
            "event_code" => hot.event_code.clone(),
            "channel" => hot.channel.clone(),
            "message" => hot.message.clone(),
            "class_uid" => Some(hot.class_uid.to_string()),
            "severity_id" => Some(hot.severity_id.to_string()),
            "product" => log.product.clone(),
            "service" => log.service.clone(),
            "category" => log.category.clone(),
            "source" => Some(event.source.to_string()),
            "system" => Some(event.system.to_string()),
            _ => None,
        }
    }
}
