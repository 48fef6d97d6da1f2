//! The columns that searches ask for most, filled from a record's own fields under OCSF's meaning of them.

use std::net::IpAddr;

use khien_base::event::Hot;
use serde_json::{Map, Value};

use crate::logsources;
use crate::taxonomy::{decimal, text};

/// Longest message that is put together from other fields, in characters.
const MESSAGE: usize = 300;

/// The first of these fields that says something.
pub(crate) fn first(fields: &Map<String, Value>, names: &[&str]) -> Option<String> {
    let found = names.iter().filter_map(|name| logsources::at(fields, name));
    found.filter(|v| !v.is_object() && !v.is_array()).map(text).find(|s| !s.is_empty() && s != "-")
}

/// The first of these fields that is an IP address; IPv4 written inside IPv6 is told as IPv4.
pub(crate) fn address(fields: &Map<String, Value>, names: &[&str]) -> Option<String> {
    names.iter().filter_map(|name| logsources::at(fields, name)).find_map(|v| {
        let said = text(v);
        let bare = said.trim().trim_start_matches('[').trim_end_matches(']');
        bare.parse::<IpAddr>().ok().map(|ip| ip.to_canonical().to_string())
    })
}

/// The first of these fields that is a port.
pub(crate) fn port(fields: &Map<String, Value>, names: &[&str]) -> Option<u16> {
    let found = names.iter().filter_map(|name| logsources::at(fields, name));
    found.into_iter().find_map(|v| decimal(v).and_then(|n| u16::try_from(n).ok()))
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

/// Authentication, in OCSF: the account is the one that signs in, not the one that reports it.
const AUTHENTICATION: u32 = 3002;

/// Columns of a Windows event.
pub(crate) fn windows(fields: &Map<String, Value>, channel: &str, class_uid: u32) -> Hot {
    let user: &[&str] = if class_uid == AUTHENTICATION {
        &["TargetUserName", "User", "SubjectUserName", "UserName", "AccountName"]
    } else {
        &["User", "SubjectUserName", "SourceUser", "TargetUserName", "UserName", "AccountName", "UserID"]
    };
    let process = ["Image", "NewProcessName", "SourceImage", "ProcessName", "Application", "ParentProcessName"];
    let file = ["TargetFilename", "ImageLoaded", "Filename", "ServiceFileName", "ImagePath", "RelativeTargetName"];
    let mut hot = Hot {
        class_uid,
        severity_id: severity(fields.get("Level")),
        host: first(fields, &["Computer"]),
        user: first(fields, user),
        src_ip: address(fields, &["SourceIp", "IpAddress", "SourceAddress", "ClientAddress", "ClientIP"]),
        src_port: port(fields, &["SourcePort", "IpPort", "ClientPort"]).filter(|p| *p != 0),
        dst_ip: address(fields, &["DestinationIp", "DestAddress", "DestinationAddress"]),
        dst_port: port(fields, &["DestinationPort", "DestPort"]).filter(|p| *p != 0),
        process: first(fields, &process),
        command_line: first(fields, &["CommandLine", "ProcessCommandLine"]),
        file: first(fields, &file),
        hash: first(fields, &["Hashes", "Hash"]),
        domain: first(fields, &["QueryName", "DestinationHostname", "QNAME"]),
        event_code: first(fields, &["EventID"]),
        channel: Some(channel.to_owned()).filter(|c| !c.is_empty()),
        message: first(fields, &["Message"]),
    };
    if hot.file.is_none() && first(fields, &["ObjectType"]).as_deref() == Some("File") {
        hot.file = first(fields, &["ObjectName"]);
    }
    if hot.message.is_none() {
        hot.message = told(fields, &hot);
    }
    hot
}

/// Windows keeps the sentences in the machine's own files, so an event that comes without one is told by what it is
/// and by its most telling field.
fn told(fields: &Map<String, Value>, hot: &Hot) -> Option<String> {
    let telling = [
        "CommandLine",
        "ScriptBlockText",
        "TargetObject",
        "TargetFilename",
        "ImageLoaded",
        "QueryName",
        "PipeName",
        "ThreatName",
        "ServiceName",
        "TaskName",
        "TargetUserName",
        "ObjectName",
        "Image",
        "NewProcessName",
        "Payload",
        "Data",
        "param1",
        "Query",
        "Operation",
    ];
    let provider = first(fields, &["Provider_Name"])?;
    let code = hot.event_code.as_deref().unwrap_or("?");
    let detail = first(fields, &telling);
    let said = match detail {
        Some(detail) => format!("{provider} {code}: {detail}"),
        None => format!("{provider} {code}"),
    };
    Some(said.chars().take(MESSAGE).collect())
}

/// Windows' level as OCSF's severity: critical 5, error 3, warning 2, the rest informational.
fn severity(level: Option<&Value>) -> u8 {
    match level.map(text).unwrap_or_default().to_ascii_lowercase().as_str() {
        "1" | "critical" => 5,
        "2" | "error" => 3,
        "3" | "warning" => 2,
        "" => 0,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_sign_in_is_about_who_signs_in_and_from_where() {
        let fields = json!({"EventID": 4625, "Level": 0, "Computer": "DC1", "SubjectUserName": "DC1$",
            "TargetUserName": "ketoan", "IpAddress": "::ffff:10.1.2.3", "IpPort": "50311",
            "Provider_Name": "Microsoft-Windows-Security-Auditing"});
        let hot = windows(fields.as_object().unwrap(), "Security", 3002);
        assert_eq!(hot.user.as_deref(), Some("ketoan"));
        assert_eq!((hot.src_ip.as_deref(), hot.src_port), (Some("10.1.2.3"), Some(50311)));
        assert_eq!(hot.event_code.as_deref(), Some("4625"));
        assert_eq!(hot.message.as_deref(), Some("Microsoft-Windows-Security-Auditing 4625: ketoan"));
    }

    #[test]
    fn what_is_no_address_is_left_out() {
        let fields = json!({"IpAddress": "-", "DestinationIp": "LOCAL", "IpPort": "-", "DestinationPort": 70000});
        let hot = windows(fields.as_object().unwrap(), "", 0);
        assert_eq!((hot.src_ip, hot.dst_ip, hot.src_port, hot.dst_port), (None, None, None, None));
        assert_eq!((hot.channel, hot.message, hot.severity_id), (None, None, 0));
    }
}
