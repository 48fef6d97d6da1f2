//! One line, as the machine would write it.

use chrono::{DateTime, SecondsFormat, Utc};
use khien_base::clock::vietnam;
use serde_json::{Map, Value, json};

/// A syslog line after RFC 5424, in Vietnam's time.
pub(super) fn syslog(at: DateTime<Utc>, priority: u8, host: &str, program: &str, pid: u64, message: &str) -> String {
    let time = at.with_timezone(&vietnam()).to_rfc3339_opts(SecondsFormat::Micros, false);
    format!("<{priority}>1 {time} {host} {program} {pid} - - {message}")
}

/// One request to a web server, in the combined format, sent through syslog.
pub(super) fn web(
    at: DateTime<Utc>,
    host: &str,
    from: &str,
    request: &str,
    status: u16,
    bytes: u64,
    agent: &str,
) -> String {
    let time = at.with_timezone(&vietnam()).format("%d/%b/%Y:%H:%M:%S %z");
    let message = format!("{from} - - [{time}] \"{request} HTTP/1.1\" {status} {bytes} \"-\" \"{agent}\"");
    syslog(at, 190, host, "nginx", 811, &message)
}

/// A flat Windows event in JSON, as shippers write it.
pub(super) fn windows(at: DateTime<Utc>, host: &str, provider: &str, channel: &str, id: u32, fields: Value) -> String {
    let mut event = Map::new();
    event.insert("@timestamp".into(), at.to_rfc3339_opts(SecondsFormat::Millis, true).into());
    event.insert("Hostname".into(), host.into());
    event.insert("SourceName".into(), provider.into());
    event.insert("Channel".into(), channel.into());
    event.insert("EventID".into(), id.into());
    event.insert("Level".into(), json!(if channel == "Security" { 0 } else { 4 }));
    if let Value::Object(fields) = fields {
        event.extend(fields);
    }
    Value::Object(event).to_string()
}

/// An event of Sysmon.
pub(super) fn sysmon(at: DateTime<Utc>, host: &str, id: u32, fields: Value) -> String {
    windows(at, host, "Microsoft-Windows-Sysmon", "Microsoft-Windows-Sysmon/Operational", id, fields)
}

/// An event of the Security log.
pub(super) fn security(at: DateTime<Utc>, host: &str, id: u32, fields: Value) -> String {
    windows(at, host, "Microsoft-Windows-Security-Auditing", "Security", id, fields)
}

/// A started program, as Sysmon tells it (event 1).
pub(super) fn started(at: DateTime<Utc>, host: &str, user: &str, image: &str, command: &str, parent: &str) -> String {
    let name = image.rsplit('\\').next().unwrap_or(image);
    sysmon(
        at,
        host,
        1,
        json!({"Image": image, "OriginalFileName": name, "CommandLine": command, "ParentImage": parent,
            "ParentCommandLine": parent, "User": format!("TINH\\{user}"), "IntegrityLevel": "Medium",
            "CurrentDirectory": format!("C:\\Users\\{user}\\")}),
    )
}
