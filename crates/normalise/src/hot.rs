//! The columns that searches ask for most, filled from a record's own fields under OCSF's meaning of them.

pub(crate) mod windows;

use std::borrow::Cow;
use std::net::IpAddr;

use khien_base::event::Hot;
use serde_json::{Map, Value};

use crate::{logsources, taxonomy};

/// A value that a column may be filled from.
pub(crate) trait Said {
    /// Its text as a person would read it, empty for nothing; `None` for a list or map.
    fn text(&self) -> Option<Cow<'_, str>>;
    /// Whether it is text.
    fn is_text(&self) -> bool;
    /// A whole number written as a number, in decimal or as `0x…`.
    fn decimal(&self) -> Option<u64>;
}

impl Said for &Value {
    fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Value::Object(_) | Value::Array(_) => None,
            Value::Null => Some(Cow::Borrowed("")),
            Value::String(text) => Some(Cow::Borrowed(text)),
            other => Some(Cow::Owned(other.to_string())),
        }
    }

    fn is_text(&self) -> bool {
        self.is_string()
    }

    fn decimal(&self) -> Option<u64> {
        taxonomy::decimal(self)
    }
}

/// The first of these values that says something.
fn said(mut values: impl Iterator<Item = impl Said>) -> Option<String> {
    values.find_map(|value| Some(value.text().filter(|text| !text.is_empty() && text != "-")?.into_owned()))
}

/// The first of these values that is an IP address; IPv4 written inside IPv6 is told as IPv4.
fn said_address(values: impl Iterator<Item = impl Said>) -> Option<String> {
    let mut values = values.filter(Said::is_text);
    values.find_map(|value| {
        let said = value.text()?;
        let bare = said.trim().trim_start_matches('[').trim_end_matches(']');
        bare.parse::<IpAddr>().ok().map(|ip| ip.to_canonical().to_string())
    })
}

/// The first of these values that is a port.
fn said_port(mut values: impl Iterator<Item = impl Said>) -> Option<u16> {
    values.find_map(|value| value.decimal().and_then(|n| u16::try_from(n).ok()))
}

fn among<'a>(fields: &'a Map<String, Value>, names: &[&str]) -> impl Iterator<Item = &'a Value> {
    names.iter().filter_map(|name| logsources::at(fields, name))
}

/// The first of these fields that says something.
pub(crate) fn first(fields: &Map<String, Value>, names: &[&str]) -> Option<String> {
    said(among(fields, names))
}

/// The first of these fields that is an IP address.
pub(crate) fn address(fields: &Map<String, Value>, names: &[&str]) -> Option<String> {
    said_address(among(fields, names))
}

/// The first of these fields that is a port.
pub(crate) fn port(fields: &Map<String, Value>, names: &[&str]) -> Option<u16> {
    said_port(among(fields, names))
}

/// Columns that a parser may fill.
pub(crate) const COLUMNS: [&str; 13] = [
    "host",
    "user",
    "src_ip",
    "src_port",
    "dst_ip",
    "dst_port",
    "process",
    "command_line",
    "file",
    "hash",
    "domain",
    "event_code",
    "message",
];

/// Fills the column of this name from the first of these fields that says something that the column can hold.
pub(crate) fn fill_first(hot: &mut Hot, column: &str, fields: &Map<String, Value>, from: &[String]) {
    for name in from {
        fill(hot, column, fields, name);
        if is_filled(hot, column) {
            return;
        }
    }
}

fn is_filled(hot: &Hot, column: &str) -> bool {
    match column {
        "host" => hot.host.is_some(),
        "user" => hot.user.is_some(),
        "src_ip" => hot.src_ip.is_some(),
        "src_port" => hot.src_port.is_some(),
        "dst_ip" => hot.dst_ip.is_some(),
        "dst_port" => hot.dst_port.is_some(),
        "process" => hot.process.is_some(),
        "command_line" => hot.command_line.is_some(),
        "file" => hot.file.is_some(),
        "hash" => hot.hash.is_some(),
        "domain" => hot.domain.is_some(),
        "event_code" => hot.event_code.is_some(),
        "message" => hot.message.is_some(),
        _ => true,
    }
}

/// Fills the column of this name from a field, if the field says something that the column can hold.
pub(crate) fn fill(hot: &mut Hot, column: &str, fields: &Map<String, Value>, from: &str) {
    let said = || first(fields, &[from]);
    match column {
        "host" => hot.host = said(),
        "user" => hot.user = said(),
        "src_ip" => hot.src_ip = address(fields, &[from]),
        "src_port" => hot.src_port = port(fields, &[from]),
        "dst_ip" => hot.dst_ip = address(fields, &[from]),
        "dst_port" => hot.dst_port = port(fields, &[from]),
        "process" => hot.process = said(),
        "command_line" => hot.command_line = said(),
        "file" => hot.file = said(),
        "hash" => hot.hash = said(),
        "domain" => hot.domain = said(),
        "event_code" => hot.event_code = said(),
        "message" => hot.message = said(),
        _ => {}
    }
}
