//! Columns of Windows events: one pass over an event's fields finds all that columns are filled from.

use std::sync::LazyLock;

use khien_base::event::Hot;
use rustc_hash::FxHashMap;
use serde_json::{Map, Value};

use super::{Said, said, said_address, said_port};

/// Longest message that is put together from other fields, in characters.
const MESSAGE: usize = 300;

/// Authentication, in OCSF: the account is the one that signs in, not the one that reports it.
const AUTHENTICATION: u32 = 3002;

/// Fields that a column is filled from, by their numbers: the first that says something.
type Names = Vec<usize>;

/// Which fields columns are filled from.
struct Plan {
    /// The numbers of fields. Fixed, whatever senders write.
    numbers: FxHashMap<&'static str, usize>,
    sign_in: Names,
    user: Names,
    host: Names,
    level: Names,
    src_ip: Names,
    src_port: Names,
    dst_ip: Names,
    dst_port: Names,
    process: Names,
    command_line: Names,
    file: Names,
    object_type: Names,
    object: Names,
    hash: Names,
    domain: Names,
    event_code: Names,
    message: Names,
    provider: Names,
    telling: Names,
}

static PLAN: LazyLock<Plan> = LazyLock::new(Plan::new);

impl Plan {
    fn new() -> Self {
        let mut numbers = FxHashMap::default();
        let mut from = |names: &[&'static str]| -> Names {
            let mut number = |name| {
                let next = numbers.len();
                *numbers.entry(name).or_insert(next)
            };
            names.iter().map(|name| number(*name)).collect()
        };
        let user = ["User", "SubjectUserName", "SourceUser", "TargetUserName", "UserName", "AccountName", "UserID"];
        let file = ["TargetFilename", "ImageLoaded", "Filename", "ServiceFileName", "ImagePath", "RelativeTargetName"];
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
        Self {
            sign_in: from(&["TargetUserName", "User", "SubjectUserName", "UserName", "AccountName"]),
            user: from(&user),
            host: from(&["Computer"]),
            level: from(&["Level"]),
            src_ip: from(&["SourceIp", "IpAddress", "SourceAddress", "ClientAddress", "ClientIP"]),
            src_port: from(&["SourcePort", "IpPort", "ClientPort"]),
            dst_ip: from(&["DestinationIp", "DestAddress", "DestinationAddress"]),
            dst_port: from(&["DestinationPort", "DestPort"]),
            process: from(&[
                "Image",
                "NewProcessName",
                "SourceImage",
                "ProcessName",
                "Application",
                "ParentProcessName",
            ]),
            command_line: from(&["CommandLine", "ProcessCommandLine"]),
            file: from(&file),
            object_type: from(&["ObjectType"]),
            object: from(&["ObjectName"]),
            hash: from(&["Hashes", "Hash"]),
            domain: from(&["QueryName", "DestinationHostname", "QNAME"]),
            event_code: from(&["EventID"]),
            message: from(&["Message"]),
            provider: from(&["Provider_Name"]),
            telling: from(&telling),
            numbers,
        }
    }
}

/// How many fields columns are filled from.
pub(crate) fn count() -> usize {
    PLAN.numbers.len()
}

/// The number of a field that columns are filled from.
pub(crate) fn number(name: &str) -> Option<usize> {
    PLAN.numbers.get(name).copied()
}

/// The values of an event by the numbers of their fields.
pub(crate) trait Cells {
    /// The value of a field.
    fn cell(&self, number: usize) -> Option<impl Said>;
}

struct Found<'a>(Vec<Option<&'a Value>>);

impl<'a> Found<'a> {
    fn of(fields: &'a Map<String, Value>) -> Self {
        let mut found = vec![None; count()];
        for (name, value) in fields {
            if let Some(place) = number(name).and_then(|number| found.get_mut(number)) {
                *place = Some(value);
            }
        }
        Self(found)
    }
}

impl Cells for Found<'_> {
    fn cell(&self, number: usize) -> Option<impl Said> {
        self.0.get(number).copied().flatten()
    }
}

fn values<C: Cells>(cells: &C, from: &Names) -> impl Iterator<Item = impl Said> {
    from.iter().filter_map(|number| cells.cell(*number))
}

/// Columns of a Windows event.
pub(crate) fn columns(fields: &Map<String, Value>, channel: &str, class_uid: u32) -> Hot {
    columns_of(&Found::of(fields), channel, class_uid)
}

/// Columns of a Windows event whose fields are told by their numbers.
pub(crate) fn columns_of(cells: &impl Cells, channel: &str, class_uid: u32) -> Hot {
    let plan = &*PLAN;
    let first = |from: &Names| said(values(cells, from));
    let address = |from: &Names| said_address(values(cells, from));
    let port = |from: &Names| said_port(values(cells, from)).filter(|port| *port != 0);
    let mut hot = Hot {
        class_uid,
        severity_id: severity(values(cells, &plan.level).next()),
        host: first(&plan.host),
        user: first(if class_uid == AUTHENTICATION { &plan.sign_in } else { &plan.user }),
        src_ip: address(&plan.src_ip),
        src_port: port(&plan.src_port),
        dst_ip: address(&plan.dst_ip),
        dst_port: port(&plan.dst_port),
        process: first(&plan.process),
        command_line: first(&plan.command_line),
        file: first(&plan.file),
        hash: first(&plan.hash),
        domain: first(&plan.domain),
        event_code: first(&plan.event_code),
        channel: Some(channel.to_owned()).filter(|c| !c.is_empty()),
        message: first(&plan.message),
    };
    if hot.file.is_none() && first(&plan.object_type).as_deref() == Some("File") {
        hot.file = first(&plan.object);
    }
    if hot.message.is_none() {
        let code = hot.event_code.as_deref().unwrap_or("?");
        hot.message = first(&plan.provider).map(|provider| told(&provider, code, first(&plan.telling)));
    }
    hot
}

/// Windows keeps the sentences in the machine's own files, so an event that comes without one is told by what it is
/// and by its most telling field.
fn told(provider: &str, code: &str, detail: Option<String>) -> String {
    let mut said = match detail {
        Some(detail) => format!("{provider} {code}: {detail}"),
        None => format!("{provider} {code}"),
    };
    if said.len() > MESSAGE
        && let Some((end, _)) = said.char_indices().nth(MESSAGE)
    {
        said.truncate(end);
    }
    said
}

/// Windows' level as OCSF's severity: critical 5, error 3, warning 2, the rest informational.
fn severity(level: Option<impl Said>) -> u8 {
    let Some(level) = level else { return 0 };
    match level.text().map(|text| text.to_ascii_lowercase()).as_deref() {
        Some("1" | "critical") => 5,
        Some("2" | "error") => 3,
        Some("3" | "warning") => 2,
        Some("") => 0,
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
        let hot = columns(fields.as_object().unwrap(), "Security", 3002);
        assert_eq!(hot.user.as_deref(), Some("ketoan"));
        assert_eq!((hot.src_ip.as_deref(), hot.src_port), (Some("10.1.2.3"), Some(50311)));
        assert_eq!(hot.event_code.as_deref(), Some("4625"));
        assert_eq!(hot.message.as_deref(), Some("Microsoft-Windows-Security-Auditing 4625: ketoan"));
    }

    #[test]
    fn what_is_no_address_is_left_out() {
        let fields = json!({"IpAddress": "-", "DestinationIp": "LOCAL", "IpPort": "-", "DestinationPort": 70000});
        let hot = columns(fields.as_object().unwrap(), "", 0);
        assert_eq!((hot.src_ip, hot.dst_ip, hot.src_port, hot.dst_port), (None, None, None, None));
        assert_eq!((hot.channel, hot.message, hot.severity_id), (None, None, 0));
    }
}
