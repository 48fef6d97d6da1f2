//! One JSON object per line, of any shape that shippers of logs write: what Winlogbeat sends (ECS), the nested
//! `{"Event":{"System":…}}` of EVTX exporters, flat Windows events (NXLog, Fluent Bit, Vector, public data sets),
//! Suricata's EVE, journald and syslog taken apart, and anything else.

use khien_base::event::Hot;
use khien_base::{Fault, LogSource, Record};
use serde_json::{Map, Value};

use crate::flatten::{self, Gathered};
use crate::{eve, hot, logsources, shipped, stamp, syslog, taxonomy};

/// Deepest nesting of objects and lists.
pub const DEPTH: usize = 64;

/// The record of a line of JSON.
///
/// Faults: `logs.json` with `line` and `column`; `logs.json-too-deep` and `logs.json-not-object` with `line`.
pub(crate) fn record(line: &str, line_no: u64) -> Result<Record, Fault> {
    let line = line.trim_start_matches('\u{feff}');
    if too_deep(line.as_bytes()) {
        return Err(Fault::invalid("logs.json-too-deep").with("line", line_no).with("limit", DEPTH));
    }
    let value: Value = serde_json::from_str(line).map_err(|error| {
        let mut fault = Fault::invalid("logs.json").with("line", line_no).with("column", error.column());
        fault.cause = Some(error.to_string());
        fault
    })?;
    match value {
        Value::Object(object) => Ok(of_object(object, line.to_owned())),
        _ => Err(Fault::invalid("logs.json-not-object").with("line", line_no)),
    }
}

/// The record of an object that stands whole in the message of another format; `raw` is the line around it.
pub(crate) fn carried(message: &str, raw: &str) -> Option<Record> {
    let message = message.trim_start_matches("@cee:").trim();
    if !message.starts_with('{') || !message.ends_with('}') || too_deep(message.as_bytes()) {
        return None;
    }
    serde_json::from_str(message).ok().map(|object| of_object(object, raw.to_owned()))
}

/// Whether brackets nest deeper than [`DEPTH`], told before a parser recurses into them.
pub(crate) fn too_deep(line: &[u8]) -> bool {
    if memchr::memchr2_iter(b'{', b'[', line).count() <= DEPTH {
        return false;
    }
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in line {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH {
            return true;
        }
    }
    false
}

/// The record of an object, by its shape; `raw` is how it came. Deeper than [`DEPTH`] is the caller's to refuse.
pub fn of_object(object: Map<String, Value>, raw: String) -> Record {
    if let Some(event) = object.get("Event").and_then(Value::as_object)
        && event.get("System").is_some_and(Value::is_object)
    {
        return flatten::nested(event, raw);
    }
    let object = undotted(object);
    if object.get("System").is_some_and(Value::is_object) && object.contains_key("EventData") {
        return flatten::nested(&object, raw);
    }
    if object.get("winlog").is_some_and(Value::is_object) || object.contains_key("event_data") {
        return winlogbeat(object, raw);
    }
    if eve::is_eve(&object) {
        return eve::record(object, raw);
    }
    if object.contains_key("EventID") && object.keys().any(|name| is_windows(name)) {
        return flat_windows(object, raw);
    }
    if is_container(&object) {
        return container(object, raw);
    }
    match syslog::taken_apart(&object, raw) {
        Ok(record) => record,
        Err(raw) => generic(object, raw),
    }
}

/// Whether a field beside `EventID` says that the event is one of Windows.
pub(crate) fn is_windows(name: &str) -> bool {
    matches!(name, "Channel" | "SourceName" | "Provider_Name" | "ProviderName" | "ProviderGuid")
}

/// Some shippers write `"winlog.event_data.Image"` as one name.
fn undotted(object: Map<String, Value>) -> Map<String, Value> {
    if !object.keys().any(|k| k.starts_with("winlog.")) {
        return object;
    }
    let mut made = Map::new();
    for (name, value) in object {
        let steps: Vec<&str> = if name.starts_with("winlog.") { name.splitn(3, '.').collect() } else { vec![&name] };
        nest(&mut made, &steps, value);
    }
    made
}

fn nest(into: &mut Map<String, Value>, steps: &[&str], value: Value) {
    match steps {
        [] => {}
        [last] => {
            into.insert((*last).to_owned(), value);
        }
        [first, rest @ ..] => {
            let inner = into.entry((*first).to_owned()).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                nest(inner, rest, value);
            }
        }
    }
}

/// Sets fields of System from the first of the names that a shipper uses for each.
fn system_from(object: &mut Map<String, Value>, made: &mut Gathered, names: &[(&str, &[&str])]) {
    for (ours, theirs) in names {
        let found = theirs.iter().find(|name| object.get(**name).is_some_and(|v| !v.is_null() && !v.is_object()));
        let Some(value) = found.and_then(|name| object.remove(*name)) else { continue };
        if *ours == "EventID" {
            made.set_id(Some(&value));
        } else {
            made.set(ours, Some(&value));
        }
    }
}

/// Under which names Winlogbeat has the fields of System.
pub(crate) const WINLOG: [(&str, &[&str]); 13] = [
    ("Provider_Name", &["provider_name", "source_name"]),
    ("Provider_Guid", &["provider_guid"]),
    ("EventID", &["event_id"]),
    ("Version", &["version"]),
    ("Level", &["level"]),
    ("Task", &["task"]),
    ("Opcode", &["opcode"]),
    ("Keywords", &["keywords"]),
    ("Channel", &["channel", "log_name"]),
    ("Computer", &["computer_name"]),
    ("RecordID", &["record_id", "record_number"]),
    ("ActivityID", &["activity_id"]),
    ("Message", &["message"]),
];

/// Winlogbeat 7 and later (`winlog.…`), and 6 (`event_data`, `log_name`, … at the top).
fn winlogbeat(mut object: Map<String, Value>, raw: String) -> Record {
    let mut made = Gathered { time: object.get("@timestamp").and_then(stamp::of_value), ..Gathered::default() };
    let mut log = match object.remove("winlog") {
        Some(Value::Object(log)) => log,
        _ => std::mem::take(&mut object),
    };
    system_from(&mut log, &mut made, &WINLOG);
    if !made.system.contains_key("EventID") {
        made.set_id(object.get("event").and_then(|e| e.get("code")));
    }
    if !made.system.contains_key("Level") {
        made.set("Level", object.get("log").and_then(|l| l.get("level")));
    }
    made.set("ProcessId", log.get("process").and_then(|p| p.get("pid")));
    if let Some(message) = object.remove("message") {
        made.set("Message", Some(&message));
    }
    for part in ["event_data", "user_data"] {
        if let Some(value) = log.remove(part) {
            flatten::payload("EventData", &value, &mut made.payload);
        }
    }
    // Winlogbeat numbers what has no name; rules know it as the list `Data`.
    let unnamed: Vec<Value> = (1..=99).map_while(|n| made.payload.get(&format!("param{n}")).cloned()).collect();
    if !unnamed.is_empty() && !made.payload.contains_key("Data") {
        made.payload.insert("Data".into(), Value::Array(unnamed));
    }
    // What the shipper added stands beside it, under its own names.
    for (name, value) in object.into_iter().chain(log) {
        made.payload.entry(name).or_insert(value);
    }
    made.record(raw)
}

/// Where flat Windows events say when they happened.
pub(crate) const TIMES: [&str; 6] =
    ["@timestamp", "TimeCreated", "SystemTime", "EventTime", "timestamp", "TimeGenerated"];

/// All fields at the top level, as NXLog, Fluent Bit and public data sets write Windows events.
fn flat_windows(mut object: Map<String, Value>, raw: String) -> Record {
    let mut made = Gathered::default();
    let said = TIMES.iter().filter_map(|name| object.get(*name)).find_map(stamp::of_value);
    made.time = object.get("UtcTime").and_then(stamp::of_utc).or(said);
    system_from(
        &mut object,
        &mut made,
        &[
            ("Provider_Name", &["Provider_Name", "ProviderName", "SourceName", "Provider"]),
            ("Provider_Guid", &["Provider_Guid", "ProviderGuid"]),
            ("EventID", &["EventID"]),
            ("Channel", &["Channel"]),
            ("Computer", &["Computer", "Hostname", "ComputerName", "MachineName", "host"]),
            ("RecordID", &["RecordID", "EventRecordID", "RecordNumber"]),
            ("Level", &["Level", "Severity"]),
        ],
    );
    if let Some(Value::Array(inserts)) = object.remove("StringInserts") {
        object.entry("Data").or_insert(Value::Array(inserts));
    }
    object.retain(|_, value| !value.is_null());
    if object.keys().any(|name| name.contains(char::is_whitespace)) {
        object = object.into_iter().map(|(name, value)| (flatten::unspaced(&name), value)).collect();
    }
    made.payload = object;
    made.record(raw)
}

/// Whether an object is a line of a container, as Docker's and containerd's log files and their shippers have it.
fn is_container(object: &Map<String, Value>) -> bool {
    object.get("log").is_some_and(Value::is_string)
        && matches!(object.get("stream").and_then(Value::as_str), Some("stdout" | "stderr"))
}

/// A line of a container: what the program inside wrote, in JSON or as text, and beside it what the engine says.
fn container(mut object: Map<String, Value>, raw: String) -> Record {
    let said = object.remove("log").map(|log| taxonomy::text(&log)).unwrap_or_default();
    let said = said.trim_end_matches(['\n', '\r']);
    let time = object.get("time").or_else(|| object.get("@timestamp")).and_then(stamp::of_value);
    let names = ["attrs.tag", "kubernetes.container_name", "container_name", "kubernetes.labels.app"];
    let program = names.iter().find_map(|path| at(&object, path)).map(taxonomy::text);
    let program = program.map(|name| name.trim_start_matches('/').to_owned()).filter(|name| !name.is_empty());
    if let Some(mut record) = carried(said, &raw) {
        for (name, value) in object {
            record.fields.entry(name).or_insert(value);
        }
        record.time = record.time.or(time);
        return record;
    }
    object.insert("message".into(), Value::from(said));
    if let Some(program) = program {
        object.insert("program".into(), Value::from(program));
    }
    syslog::finish(time, None, raw, object)
}

/// The plain value at a path of names parted by dots, or under the whole path as one name.
fn at<'a>(object: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    logsources::at(object, path).filter(|value| !value.is_object() && !value.is_array())
}

/// Which names mean which column; ECS first, then what people write.
const COLUMNS: [(&str, &[&str]); 12] = [
    ("host", &["host.name", "host.hostname", "hostname", "host", "computer", "device.hostname"]),
    ("user", &["user.name", "username", "user", "account", "actor.user.name"]),
    (
        "src_ip",
        &["source.ip", "client.ip", "src_ip", "srcip", "source_ip", "client_ip", "remote_addr", "src_endpoint.ip"],
    ),
    ("src_port", &["source.port", "client.port", "src_port", "srcport", "remote_port", "src_endpoint.port"]),
    ("dst_ip", &["destination.ip", "server.ip", "dst_ip", "dest_ip", "dstip", "dst_endpoint.ip"]),
    ("dst_port", &["destination.port", "server.port", "dst_port", "dest_port", "dstport", "dst_endpoint.port"]),
    ("process", &["process.executable", "process.name", "process", "exe"]),
    ("command_line", &["process.command_line", "command_line", "cmdline", "process.cmd_line"]),
    ("file", &["file.path", "filename", "path"]),
    ("domain", &["dns.question.name", "url.domain", "destination.domain", "query", "domain"]),
    ("event_code", &["event.code", "event_code", "event_id", "metadata.event_code"]),
    ("message", &["message", "msg", "log", "MESSAGE"]),
];

/// Any other object: its own fields, the log source that `content/logsources` tells by them, and the columns that its
/// names tell.
fn generic(mut fields: Map<String, Value>, raw: String) -> Record {
    let times = ["@timestamp", "timestamp", "time", "ts", "datetime", "date", "eventTime", "published", "CreationTime"];
    let time = times.iter().filter_map(|name| fields.get(*name)).find_map(stamp::of_value);
    let placing = logsources::place(&mut fields);
    if placing.is_none()
        && let Some(record) = shipped::line(&fields, time, &raw)
    {
        return record;
    }
    let mut columns = Hot::default();
    let (mut named, class_uid, log) = match placing {
        Some(placing) => (placing.columns, placing.class_uid, placing.log),
        None => (Map::new(), 0, LogSource::default()),
    };
    for (column, paths) in COLUMNS {
        if !named.contains_key(column)
            && let Some(value) = paths.iter().find_map(|path| at(&fields, path))
        {
            named.insert(column.to_owned(), value.clone());
        }
        hot::fill(&mut columns, column, &named, column);
    }
    let level = ["log.level", "level", "severity"].iter().find_map(|path| at(&fields, path));
    columns.severity_id = level.map_or(0, |v| severity(&taxonomy::text(v)));
    columns.class_uid = class_uid;
    columns.channel = log.service.clone().or_else(|| log.product.clone());
    Record { time, log, hot: columns, fields: fields.into(), raw, key: None }
}

fn severity(level: &str) -> u8 {
    match level.to_ascii_lowercase().as_str() {
        "fatal" | "emerg" | "emergency" => 6,
        "critical" | "crit" | "alert" => 5,
        "high" => 4,
        "error" | "err" | "medium" => 3,
        "warning" | "warn" | "low" => 2,
        "info" | "informational" | "notice" | "debug" | "trace" => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: &Value) -> Record {
        record(&value.to_string(), 1).unwrap()
    }

    fn service(record: &Record) -> (Option<&str>, Option<&str>, Option<&str>) {
        (record.log.product.as_deref(), record.log.service.as_deref(), record.log.category.as_deref())
    }

    #[test]
    fn one_event_in_the_shapes_of_four_shippers_is_one_event() {
        const SYSMON: &str = "Microsoft-Windows-Sysmon/Operational";
        let shapes = [
            json!({"Event": {"System": {"Provider_attributes": {"Name": "Microsoft-Windows-Sysmon"}, "EventID": 1,
                "Channel": SYSMON, "Computer": "m1", "TimeCreated_attributes": {"SystemTime": "2026-05-29T08:56:42Z"}},
                "EventData": {"Image": "C:\\x.exe", "CommandLine": "x -y", "User": "SO\\lan"}}}),
            json!({"@timestamp": "2026-05-29T08:56:42Z", "agent": {"type": "winlogbeat"}, "message": "Process Create",
                "winlog": {"channel": SYSMON, "event_id": "1", "provider_name": "Microsoft-Windows-Sysmon",
                "computer_name": "m1", "event_data": {"Image": "C:\\x.exe", "CommandLine": "x -y", "User": "SO\\lan"}}}),
            json!({"@timestamp": "2026-05-29T08:56:42Z", "winlog.channel": SYSMON, "winlog.event_id": 1,
                "winlog.provider_name": "Microsoft-Windows-Sysmon", "winlog.computer_name": "m1",
                "winlog.event_data.Image": "C:\\x.exe", "winlog.event_data.CommandLine": "x -y",
                "winlog.event_data.User": "SO\\lan"}),
            json!({"EventID": 1, "Channel": SYSMON, "SourceName": "Microsoft-Windows-Sysmon", "Hostname": "m1",
                "UtcTime": "2026-05-29 08:56:42.000", "Image": "C:\\x.exe", "CommandLine": "x -y", "User": "SO\\lan"}),
        ];
        for shape in &shapes {
            let record = read(shape);
            assert_eq!(service(&record), (Some("windows"), Some("sysmon"), Some("process_creation")), "{shape}");
            assert_eq!(record.fields["EventID"], 1, "{shape}");
            assert_eq!(record.fields["Provider_Name"], "Microsoft-Windows-Sysmon", "{shape}");
            assert_eq!(record.fields["Computer"], "m1", "{shape}");
            assert_eq!(record.fields["Image"], "C:\\x.exe", "{shape}");
            assert_eq!(record.hot.command_line.as_deref(), Some("x -y"), "{shape}");
            assert_eq!(record.time.unwrap().to_rfc3339(), "2026-05-29T08:56:42+00:00", "{shape}");
        }
    }

    #[test]
    fn data_that_winlogbeat_numbered_is_also_the_list_that_rules_know() {
        let record = read(&json!({"winlog": {"channel": "Windows PowerShell", "event_id": 400,
            "event_data": {"param1": "Available", "param2": "None", "param3": "HostApplication=powershell.exe"}}}));
        assert_eq!(record.fields["Data"], json!(["Available", "None", "HostApplication=powershell.exe"]));
        assert_eq!(service(&record).2, Some("ps_classic_start"));
    }

    #[test]
    fn an_object_of_nobodys_shape_keeps_its_fields_and_fills_columns_by_ecs_names() {
        let record =
            read(&json!({"ts": 1_780_045_002, "source": {"ip": "203.0.113.5", "port": 5}, "log.level": "warn",
            "user.name": "lan", "deep": {"a": [1, {"b": 2}]}}));
        assert_eq!(record.hot.src_ip.as_deref(), Some("203.0.113.5"));
        assert_eq!((record.hot.src_port, record.hot.severity_id), (Some(5), 2));
        assert_eq!(record.hot.user.as_deref(), Some("lan"));
        assert_eq!(record.fields["deep"]["a"][1]["b"], 2);
        assert_eq!(record.time.unwrap().timestamp(), 1_780_045_002);
        assert_eq!(service(&record), (None, None, None));
    }

    #[test]
    fn a_line_of_a_container_is_what_its_program_wrote() {
        let line = "203.0.113.20 - - [10/Jun/2026:15:00:00 +0700] \"GET /a HTTP/1.1\" 200 15 \"-\" \"curl/8\"\n";
        let web = json!({"log": line, "stream": "stdout", "attrs": {"tag": "nginx"}, "time": "2026-06-10T08:00:00.123456789Z"});
        let record = read(&web);
        assert_eq!(record.fields["_parser"], "nginx/combined");
        assert_eq!((record.hot.src_ip.as_deref(), service(&record).2), (Some("203.0.113.20"), Some("webserver")));
        assert_eq!(record.fields["stream"], "stdout");
        let inner = read(
            &json!({"log": "{\"level\":\"error\",\"user\":\"lan\"}\n", "stream": "stderr", "time": "2026-06-10T08:00:00Z"}),
        );
        assert_eq!((inner.hot.user.as_deref(), inner.hot.severity_id), (Some("lan"), 3));
        assert_eq!(inner.time.unwrap().to_rfc3339(), "2026-06-10T08:00:00+00:00");
    }

    #[test]
    fn faults_say_where() {
        let fault = record("{\"a\": tru}", 7).unwrap_err();
        assert_eq!(fault.to_string(), "logs.json line=7 column=10: expected ident at line 1 column 10");
        assert_eq!(record("[1]", 3).unwrap_err().to_string(), "logs.json-not-object line=3");
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(64), "]".repeat(64));
        assert_eq!(record(&deep, 4).unwrap_err().code, "logs.json-too-deep");
        let text = format!("{{\"a\":\"{}\"}}", "[{\\\"".repeat(100));
        assert!(record(&text, 5).is_ok());
    }
}
