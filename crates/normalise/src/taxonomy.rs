//! Which Sigma log source a Windows event belongs to, read from `content/parsers/windows.yaml`.
//!
//! Source: Sigma specification 2.1, appendix "Taxonomy".

use std::collections::HashMap;
use std::sync::LazyLock;

use khien_base::LogSource;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::tape::Kind;

/// What the table says of one event.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Placing {
    /// Product, service and category.
    pub(crate) log: LogSource,
    /// OCSF class, 0 when the table has none.
    pub(crate) class_uid: u32,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sheet {
    /// Channels of other products than Windows.
    #[serde(default)]
    products: HashMap<String, Vec<String>>,
    services: HashMap<String, Vec<String>>,
    events: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    service: Option<String>,
    channel: Option<String>,
    ids: Vec<u64>,
    pub(crate) category: Option<String>,
    #[serde(default)]
    pub(crate) class: u32,
    #[serde(default)]
    pub(crate) when: HashMap<String, Vec<String>>,
    #[serde(default)]
    pub(crate) copy: Vec<Copying>,
}

/// A field that is added under a further name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Copying {
    pub(crate) to: String,
    pub(crate) from: Vec<String>,
    #[serde(default)]
    pub(crate) join: String,
    #[serde(rename = "as")]
    pub(crate) form: Option<Form>,
    #[serde(default)]
    pub(crate) values: HashMap<String, String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Form {
    /// `0x1f` becomes 31.
    Decimal,
    /// `\REGISTRY\MACHINE\…` becomes `HKLM\…`.
    Registry,
}

/// The table, ready to be asked.
#[derive(Debug, Default)]
struct Table {
    entries: Vec<Entry>,
    /// Channel in lower case -> what it is.
    channels: HashMap<String, Channel>,
    /// A channel that the file does not name.
    unknown: Channel,
}

const WINDOWS: &str = "windows";

fn sheet() -> Result<Sheet, serde_yaml_ng::Error> {
    serde_yaml_ng::from_str(include_str!("../../../content/parsers/windows.yaml"))
}

// The file is part of the program, and a test reads it; a broken one would place no event anywhere.
static TABLE: LazyLock<Table> = LazyLock::new(|| Table::new(sheet().unwrap_or_default()));

impl Table {
    fn new(sheet: Sheet) -> Self {
        let (mut service_of, mut entries_of) = (HashMap::new(), HashMap::<String, Vec<usize>>::new());
        // Two services may name one channel; the one that comes first in the alphabet is its service.
        let mut services: Vec<_> = sheet.services.iter().collect();
        services.sort();
        for (service, channels) in &services {
            for channel in *channels {
                service_of.entry(channel.to_lowercase()).or_insert_with(|| (*service).clone());
            }
        }
        for (at, entry) in sheet.events.iter().enumerate() {
            let named = entry.service.as_ref().and_then(|s| sheet.services.get(s)).into_iter().flatten();
            for channel in named.chain(&entry.channel) {
                entries_of.entry(channel.to_lowercase()).or_default().push(at);
            }
        }
        let product_of: HashMap<String, &String> = sheet
            .products
            .iter()
            .flat_map(|(product, channels)| channels.iter().map(move |channel| (channel.to_lowercase(), product)))
            .collect();
        let unknown = Channel::new(WINDOWS, None, &sheet.events);
        let mut table = Self { entries: sheet.events, channels: HashMap::new(), unknown };
        for name in service_of.keys().chain(entries_of.keys()) {
            let product = product_of.get(name).map_or(WINDOWS, |product| product.as_str());
            let mut channel = Channel::new(product, service_of.get(name).cloned(), &table.entries);
            for at in entries_of.get(name).into_iter().flatten() {
                for id in table.entries.get(*at).into_iter().flat_map(|entry| &entry.ids) {
                    channel.entries.entry(*id).or_default().push(*at);
                }
            }
            table.channels.insert(name.clone(), channel);
        }
        table
    }
}

/// What events of one channel are.
#[derive(Debug, Default)]
pub(crate) struct Channel {
    /// EventID -> entries, in the order of the file.
    entries: HashMap<u64, Vec<usize>>,
    /// Category -> log source.
    logs: Vec<LogSource>,
}

impl Channel {
    fn new(product: &str, service: Option<String>, entries: &[Entry]) -> Self {
        let mut categories: Vec<Option<&String>> = entries.iter().map(|entry| entry.category.as_ref()).collect();
        categories.push(None);
        categories.sort();
        categories.dedup();
        let log = |category: Option<&String>| LogSource {
            product: Some(product.to_owned()),
            service: service.clone(),
            category: category.cloned(),
        };
        Self { entries: HashMap::new(), logs: categories.into_iter().map(log).collect() }
    }

    /// What the file says of events with this number.
    pub(crate) fn entries(&self, event_id: Option<u64>) -> impl Iterator<Item = &'static Entry> {
        let places = event_id.and_then(|id| self.entries.get(&id)).into_iter().flatten();
        places.filter_map(|at| TABLE.entries.get(*at))
    }

    /// The log source of its events of a category of the file.
    pub(crate) fn log(&self, category: Option<&str>) -> &LogSource {
        static NOTHING: LogSource = LogSource { product: None, service: None, category: None };
        let at = self.logs.binary_search_by(|log| log.category.as_deref().cmp(&category));
        at.ok().and_then(|at| self.logs.get(at)).unwrap_or(&NOTHING)
    }
}

/// What events of a channel are.
pub(crate) fn channel(channel: &str) -> &'static Channel {
    TABLE.channels.get(&channel.to_lowercase()).unwrap_or(&TABLE.unknown)
}

/// Places a Windows event by its channel and number, and adds to `fields` the names that Sigma rules expect.
pub(crate) fn place(channel: &str, event_id: Option<u64>, fields: &mut Map<String, Value>) -> Placing {
    let channel = self::channel(channel);
    let mut placing = Placing { log: channel.log(None).clone(), class_uid: 0 };
    for entry in channel.entries(event_id) {
        if placing.log.category.is_some() && entry.category.is_some() || !holds(&entry.when, fields) {
            continue;
        }
        if entry.category.is_some() {
            placing.log.category.clone_from(&entry.category);
        }
        if placing.class_uid == 0 {
            placing.class_uid = entry.class;
        }
        for copying in &entry.copy {
            copy(copying, fields);
        }
    }
    placing
}

fn holds(when: &HashMap<String, Vec<String>>, fields: &Map<String, Value>) -> bool {
    when.iter().all(|(name, wanted)| {
        let have = fields.get(name).map(text).unwrap_or_default();
        wanted.iter().any(|w| w.eq_ignore_ascii_case(&have))
    })
}

fn copy(copying: &Copying, fields: &mut Map<String, Value>) {
    if fields.contains_key(&copying.to) {
        return;
    }
    let parts: Vec<&Value> = copying.from.iter().filter_map(|name| fields.get(name)).filter(|v| !is_blank(v)).collect();
    let value = match parts.as_slice() {
        [] => return,
        [one] => (*one).clone(),
        many => Value::from(many.iter().map(|v| text(v)).collect::<Vec<_>>().join(&copying.join)),
    };
    let value = match copying.form {
        None => value,
        Some(Form::Decimal) => decimal(&value).map_or(value, Value::from),
        Some(Form::Registry) => Value::from(registry(&text(&value))),
    };
    let value = match copying.values.get(&text(&value)) {
        Some(known) => Value::from(known.as_str()),
        None => value,
    };
    fields.insert(copying.to.clone(), value);
}

/// Windows writes `-` where it has nothing to say.
fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(s) => s.is_empty() || s == "-",
        _ => false,
    }
}

/// A value as the text that a person would read.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(s) => s.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// [`decimal`] of a value that stands in a line.
pub(crate) fn decimal_of(kind: Kind, text: &str) -> Option<u64> {
    match kind {
        Kind::Number => {
            text.parse().ok().or_else(|| text.parse().ok().filter(|f: &f64| f.fract() == 0.0).and_then(whole))
        }
        Kind::Text => decimal_text(text.trim()),
        _ => None,
    }
}

/// A whole number written as a number, in decimal or as `0x…`.
pub(crate) fn decimal(value: &Value) -> Option<u64> {
    match value {
        Value::Number(n) => n.as_u64().or_else(|| n.as_f64().filter(|f| f.fract() == 0.0).and_then(whole)),
        Value::String(text) => decimal_text(text.trim()),
        _ => None,
    }
}

fn decimal_text(text: &str) -> Option<u64> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

/// Some shippers write 4688 as 4688.0.
fn whole(f: f64) -> Option<u64> {
    format!("{f:.0}").parse().ok()
}

/// The kernel's name of a registry key, as Sysmon and rules write it.
pub(crate) fn registry(path: &str) -> String {
    const ROOTS: [(&str, &str); 2] = [("\\REGISTRY\\MACHINE", "HKLM"), ("\\REGISTRY\\USER", "HKU")];
    for (kernel, short) in ROOTS {
        if let (Some(head), Some(tail)) = (path.get(..kernel.len()), path.get(kernel.len()..))
            && head.eq_ignore_ascii_case(kernel)
        {
            return format!("{short}{tail}");
        }
    }
    path.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::public::{corpus, files};
    use serde_json::json;

    fn source(product: &str, service: &str, category: &str) -> LogSource {
        let some = |s: &str| (!s.is_empty()).then(|| s.to_owned());
        LogSource { product: some(product), service: some(service), category: some(category) }
    }

    #[test]
    fn the_table_reads_and_names_only_known_services() {
        let sheet = sheet().unwrap();
        assert!(sheet.services.len() > 45);
        for entry in &sheet.events {
            assert!(entry.channel.is_some() != entry.service.is_some(), "{entry:?}");
            assert!(entry.service.as_ref().is_none_or(|s| sheet.services.contains_key(s)), "{entry:?}");
        }
    }

    #[test]
    fn sysmon_for_linux_is_about_linux() {
        let placing = place("Linux-Sysmon/Operational", Some(1), &mut Map::new());
        assert_eq!(placing.log, source("linux", "sysmon", "process_creation"));
        assert_eq!(
            channel("linux-sysmon/operational").log(Some("file_event")),
            &source("linux", "sysmon", "file_event")
        );
    }

    #[test]
    fn a_4688_is_also_told_in_sysmons_names() {
        let mut fields = json!({
            "NewProcessName": "C:\\Windows\\System32\\cmd.exe", "NewProcessId": "0x1f", "ProcessId": "0x2c4",
            "ParentProcessName": "C:\\Windows\\explorer.exe", "SubjectDomainName": "SO", "SubjectUserName": "lan",
            "MandatoryLabel": "S-1-16-12288"
        });
        let fields = fields.as_object_mut().unwrap();
        let placing = place("Security", Some(4688), fields);
        assert_eq!(placing.log, source("windows", "security", "process_creation"));
        assert_eq!(fields["Image"], "C:\\Windows\\System32\\cmd.exe");
        assert_eq!(fields["ParentImage"], "C:\\Windows\\explorer.exe");
        assert_eq!((&fields["ParentProcessId"], &fields["ProcessId"]), (&json!(708), &json!("0x2c4")));
        assert_eq!((&fields["User"], &fields["IntegrityLevel"]), (&json!("SO\\lan"), &json!("High")));
    }

    #[test]
    fn an_audited_registry_change_is_told_in_sysmons_names() {
        let mut fields = json!({
            "ObjectName": "\\REGISTRY\\MACHINE\\SOFTWARE\\Run", "ObjectValueName": "x", "OperationType": "%%1904",
            "NewValue": "evil.exe", "ProcessName": "C:\\reg.exe"
        });
        let fields = fields.as_object_mut().unwrap();
        let placing = place("Security", Some(4657), fields);
        assert_eq!(placing.log.category.as_deref(), Some("registry_set"));
        assert_eq!(fields["TargetObject"], "HKLM\\SOFTWARE\\Run\\x");
        assert_eq!((&fields["Details"], &fields["EventType"]), (&json!("evil.exe"), &json!("SetValue")));
    }

    #[test]
    fn numbers_are_read_in_each_way_that_shippers_write_them() {
        assert_eq!(decimal(&json!(4688)), Some(4688));
        assert_eq!(decimal(&json!(4688.0)), Some(4688));
        assert_eq!(decimal(&json!("4688")), Some(4688));
        assert_eq!(decimal(&json!("0x10")), Some(16));
        assert_eq!(decimal(&json!("x")), None);
    }

    /// Each log source that a public Windows rule names must be one that some event can have.
    #[test]
    fn the_table_reaches_every_log_source_of_the_public_windows_rules() {
        let Some(root) = corpus("sigma") else { return };
        let sheet = sheet().unwrap();
        let mut categories: Vec<_> = sheet.events.iter().filter_map(|e| e.category.as_deref()).collect();
        // Of no event by itself: a rule that names it means the four kinds below it.
        categories.push("registry_event");
        let folders = ["rules", "rules-emerging-threats", "rules-threat-hunting"];
        let (mut rules, mut missing) = (0, std::collections::BTreeSet::new());
        for file in folders.iter().flat_map(|folder| files(&root.join(folder), "yml")) {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            let Ok(Value::Object(rule)) = serde_yaml_ng::from_str::<Value>(&text) else { continue };
            let Some(Ok(log)) = rule.get("logsource").map(|l| serde_json::from_value::<LogSource>(l.clone())) else {
                continue;
            };
            if log.product.as_deref() != Some("windows") {
                continue;
            }
            rules += 1;
            missing.extend(log.service.filter(|s| !sheet.services.contains_key(s)));
            missing.extend(log.category.filter(|c| !categories.contains(&c.as_str())));
        }
        assert!(rules > 2_500, "{rules}");
        assert_eq!(missing, std::collections::BTreeSet::new());
    }
}
