//! Which Sigma log source a JSON event belongs to that no decoder knows by its shape, and the names that rules expect
//! of it: read from `content/logsources/*.yaml`.
//!
//! An entry is found by a field that tells its family apart (`key`), and by its value where `is` gives one; entries
//! that no field of the event names are not looked at. Of those that are, the first in the order of the files decides.

mod fields;
mod index;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use khien_base::LogSource;
use serde::Deserialize;
use serde_json::{Map, Value};

use fields::Copying;
use index::Index;

pub(crate) use fields::{at, extension, host, query};
pub(crate) use index::fits;

/// The files, as they are embedded; the first entry that holds decides, so what is told apart more exactly comes first.
pub(crate) const FILES: [(&str, &str); 11] = [
    ("kubernetes.yaml", include_str!("../../../../content/logsources/kubernetes.yaml")),
    ("aws.yaml", include_str!("../../../../content/logsources/aws.yaml")),
    ("azure.yaml", include_str!("../../../../content/logsources/azure.yaml")),
    ("google.yaml", include_str!("../../../../content/logsources/google.yaml")),
    ("m365.yaml", include_str!("../../../../content/logsources/m365.yaml")),
    ("services.yaml", include_str!("../../../../content/logsources/services.yaml")),
    ("zeek.yaml", include_str!("../../../../content/logsources/zeek.yaml")),
    ("web.yaml", include_str!("../../../../content/logsources/web.yaml")),
    ("machines.yaml", include_str!("../../../../content/logsources/machines.yaml")),
    ("ecs.yaml", include_str!("../../../../content/logsources/ecs.yaml")),
    ("applications.yaml", include_str!("../../../../content/logsources/applications.yaml")),
];

/// A kind of event.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// Told in records as `_mapping`.
    pub(crate) name: String,
    /// A field (name, or path of names parted by dots) that events of the family have.
    key: String,
    /// Its values, in any case; any where the list is empty.
    #[serde(default)]
    is: Vec<String>,
    /// Further fields that must be there.
    #[serde(default)]
    has: Vec<String>,
    /// Further fields and their values, of which one must hold, in any case; `*` at an end is anything.
    #[serde(default)]
    when: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    log: LogSource,
    /// The service is what this field says, in lower case.
    service_from: Option<String>,
    /// The category is told by where a request went.
    request_to: Option<String>,
    /// Objects whose members are also fields of the event itself.
    #[serde(default)]
    lift: Vec<String>,
    #[serde(default)]
    spread: Vec<Spread>,
    #[serde(default)]
    copy: Vec<Copying>,
    /// OCSF class.
    #[serde(default)]
    class: u32,
    /// Column of searches -> fields, of which the first that says something fills it.
    #[serde(default)]
    columns: BTreeMap<String, Vec<String>>,
    /// What the entry must make of real events; read by tests.
    #[serde(default)]
    #[cfg_attr(not(test), expect(dead_code, reason = "only tests read the samples"))]
    pub(crate) samples: Vec<Sample>,
}

/// A list of objects with a name and a value each, which become fields of the event, named in lower case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Spread {
    from: String,
    name: String,
    value: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(test), expect(dead_code, reason = "only tests read the samples"))]
pub(crate) struct Sample {
    pub(crate) event: Map<String, Value>,
    pub(crate) log: LogSource,
    #[serde(default)]
    pub(crate) fields: Map<String, Value>,
    #[serde(default)]
    pub(crate) hot: Map<String, Value>,
}

/// The entries of one file.
pub(crate) fn read(file: &str) -> Result<Vec<Entry>, serde_yaml_ng::Error> {
    serde_yaml_ng::from_str(file)
}

// The files are part of the program, and a test reads each of them.
static INDEX: LazyLock<Index> =
    LazyLock::new(|| Index::new(FILES.iter().flat_map(|(_, text)| read(text).unwrap_or_default()).collect()));

/// What is known of an event's kind.
#[derive(Debug)]
pub(crate) struct Placing {
    /// Which Sigma rules mean it.
    pub(crate) log: LogSource,
    /// OCSF class, 0 when the entry has none.
    pub(crate) class_uid: u32,
    /// Columns of searches, by name.
    pub(crate) columns: Map<String, Value>,
}

/// Places an event by its fields, and adds to them the names that rules expect and `_mapping`, the entry's name.
/// `None` when no entry knows it.
pub(crate) fn place(fields: &mut Map<String, Value>) -> Option<Placing> {
    let entry = INDEX.find(fields)?;
    let mut log = entry.log.clone();
    if let Some(said) = entry.service_from.as_deref().and_then(|path| fields::first(fields, path)) {
        log.service = Some(said.to_lowercase());
    }
    if let Some(path) = &entry.request_to {
        log.category = Some(fields::category_of_request(fields::first(fields, path).as_deref()).to_owned());
    }
    let columns = entry.columns.iter().filter_map(|(column, paths)| {
        let said = paths.iter().find_map(|path| fields::first(fields, path))?;
        Some((column.clone(), Value::from(said)))
    });
    let columns = columns.collect();
    for path in &entry.lift {
        fields::lift(fields, path);
    }
    for spread in &entry.spread {
        fields::spread(fields, &spread.from, &spread.name, &spread.value);
    }
    for copying in &entry.copy {
        copying.apply(fields);
    }
    fields.insert("_mapping".into(), Value::from(entry.name.as_str()));
    Some(Placing { log, class_uid: entry.class, columns })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Format, decode_line};
    use chrono::DateTime;

    #[test]
    fn each_entry_makes_of_its_samples_what_it_says() {
        let (mut names, mut seen) = (Vec::new(), 0);
        for (file, text) in FILES {
            for entry in read(text).unwrap_or_else(|e| panic!("{file}: {e}")) {
                assert!(!entry.samples.is_empty(), "{file}: {} has no sample", entry.name);
                for sample in &entry.samples {
                    let line = Value::Object(sample.event.clone()).to_string();
                    let at = format!("{file}: {}: {line}", entry.name);
                    let got = decode_line(line.as_bytes(), Format::Auto, DateTime::UNIX_EPOCH, 1).expect(&at);
                    assert_eq!(got.fields.get("_mapping"), Some(&Value::from(entry.name.as_str())), "{at}");
                    assert_eq!(got.log, sample.log, "{at}");
                    for (name, value) in &sample.fields {
                        assert_eq!(at_path(&got.fields, name), Some(value), "{at}: {name} of {:#?}", got.fields);
                    }
                    let hot = serde_json::to_value(&got.hot).unwrap();
                    for (name, value) in &sample.hot {
                        assert_eq!(&hot[name], value, "{at}: column {name}");
                    }
                    seen += 1;
                }
                names.push(entry.name);
            }
        }
        assert!(seen >= 60, "{seen}");
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all, "a name is given twice");
    }

    fn at_path<'a>(fields: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
        fields.get(path).or_else(|| {
            let (first, rest) = path.split_once('.')?;
            at_path(fields.get(first)?.as_object()?, rest)
        })
    }

    #[test]
    fn an_event_of_nobody_stays_as_it_is() {
        let mut fields: Map<String, Value> =
            serde_json::from_str(r#"{"a":1,"event":{"kind":"x"},"kind":"Event"}"#).unwrap();
        let before = fields.clone();
        assert!(place(&mut fields).is_none());
        assert_eq!(fields, before);
    }
}
