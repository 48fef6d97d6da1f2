//! `content/demo/` in types.

use chrono::NaiveDate;
use khien_base::{Fault, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Everything.
pub(super) struct Script {
    pub(super) centre: Centre,
    pub(super) people: Vec<Person>,
    pub(super) systems: Vec<System>,
    pub(super) progress: Vec<Progress>,
    pub(super) incidents: Vec<Incident>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Centre {
    pub(super) province: String,
    pub(super) optional_units: Vec<String>,
    pub(super) communes_with_bodies: Vec<String>,
    pub(super) admin: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Person {
    pub(super) key: String,
    pub(super) name: String,
    pub(super) post: String,
    pub(super) unit: String,
    pub(super) roles: Vec<String>,
    pub(super) email: String,
    pub(super) phone: String,
}

#[derive(Debug, Deserialize)]
struct People {
    people: Vec<Person>,
}

#[derive(Debug, Deserialize)]
pub(super) struct System {
    pub(super) key: String,
    pub(super) name: String,
    pub(super) owner: String,
    pub(super) operator: String,
    pub(super) level: Option<i16>,
    pub(super) state: String,
    pub(super) hosting: String,
    pub(super) purpose: String,
    #[serde(default)]
    pub(super) network: String,
    #[serde(default)]
    pub(super) addresses: Vec<String>,
    #[serde(default)]
    pub(super) domains: Vec<String>,
    pub(super) decision: Option<Decision>,
    #[serde(default)]
    pub(super) sources: Vec<Source>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Decision {
    pub(super) number: String,
    pub(super) day: NaiveDate,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Source {
    pub(super) name: String,
    pub(super) host: String,
    pub(super) address: String,
    pub(super) kind: String,
    pub(super) live: bool,
}

#[derive(Debug, Deserialize)]
struct Systems {
    systems: Vec<System>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Progress {
    pub(super) task_begins: String,
    pub(super) state: String,
    pub(super) percent: i32,
    pub(super) by: String,
    pub(super) days_ago: i64,
    pub(super) note: String,
}

#[derive(Debug, Deserialize)]
struct AllProgress {
    progress: Vec<Progress>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Incident {
    pub(super) title: String,
    pub(super) group: String,
    pub(super) level: String,
    #[serde(default)]
    pub(super) flags: Vec<String>,
    pub(super) unit: String,
    pub(super) system: String,
    pub(super) detected_hours_ago: f64,
    pub(super) violation_detected_hours_ago: Option<f64>,
    pub(super) occurred_hours_ago: Option<f64>,
    pub(super) state: String,
    #[serde(default)]
    pub(super) source: Option<String>,
    #[serde(default)]
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) assessment: Option<String>,
    #[serde(default)]
    pub(super) scope: Option<String>,
    #[serde(default)]
    pub(super) impact: Option<String>,
    #[serde(default)]
    pub(super) measures: Option<String>,
    #[serde(default)]
    pub(super) help: Option<String>,
    #[serde(default)]
    pub(super) cause: Option<String>,
    #[serde(default)]
    pub(super) lessons: Option<String>,
    #[serde(default)]
    pub(super) personal_data: Option<String>,
    #[serde(default)]
    pub(super) tasks: Vec<Task>,
    #[serde(default)]
    pub(super) timeline: Vec<Moment>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Task {
    pub(super) title: String,
    pub(super) unit: String,
    pub(super) by: String,
    pub(super) state: String,
    pub(super) due_hours_after: f64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Moment {
    pub(super) hours_after: f64,
    pub(super) text: String,
}

#[derive(Debug, Deserialize)]
struct Incidents {
    incidents: Vec<Incident>,
}

/// Reads all of it.
pub(super) fn script() -> Result<Script> {
    Ok(Script {
        centre: read("centre.yaml", include_str!("../../../../content/demo/centre.yaml"))?,
        people: read::<People>("people.yaml", include_str!("../../../../content/demo/people.yaml"))?.people,
        systems: read::<Systems>("systems.yaml", include_str!("../../../../content/demo/systems.yaml"))?.systems,
        progress: read::<AllProgress>("progress.yaml", include_str!("../../../../content/demo/progress.yaml"))?
            .progress,
        incidents: read::<Incidents>("incidents.yaml", include_str!("../../../../content/demo/incidents.yaml"))?
            .incidents,
    })
}

fn read<T: DeserializeOwned>(name: &str, text: &str) -> Result<T> {
    serde_yaml_ng::from_str(text).map_err(|error| Fault::internal(format!("content/demo/{name}: {error}")))
}
