//! Logs: quiet days and four stories, decoded and taken in like any other; with the public corpus beside the program,
//! its attack samples too.

use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use khien_base::ports::Whose;
use khien_base::{Fault, Result};
use khien_normalise::demo::{Line, Story, benign, story};
use khien_normalise::{Format, decode_line, sniff};
use khien_respond::sources;

use super::Stage;
use super::files::{Script, Source};
use crate::config::variable;
use crate::ingest;

/// Lines that a live source sends in a quiet day.
const QUIET: usize = 40;

/// The public rules, where the corpus is.
pub(super) fn public_rules() -> Vec<PathBuf> {
    corpus().map(|corpus| corpus.join("sigma/rules")).filter(|folder| folder.is_dir()).into_iter().collect()
}

fn corpus() -> Option<PathBuf> {
    let folder = variable("KHIEN_CORPUS").map_or_else(|| PathBuf::from("../shared/data"), PathBuf::from);
    folder.is_dir().then_some(folder)
}

/// Takes the logs in.
pub(super) async fn make(stage: &Stage, script: &Script) -> Result<()> {
    let now = stage.kit.now();
    let live: Vec<(&str, &Source)> = script
        .systems
        .iter()
        .flat_map(|system| system.sources.iter().map(move |source| (system.key.as_str(), source)))
        .filter(|(_, source)| source.live)
        .collect();
    for (n, (_, source)) in live.iter().enumerate() {
        let seed = n as u64 + 1;
        let mut lines = benign(seed, &source.host, "cb.vanthu", now - TimeDelta::hours(23), now, QUIET);
        if let Some((told, hours)) = tale(&source.kind, n) {
            lines.extend(story(seed, told, &source.host, "quantri", now - TimeDelta::hours(hours)));
        }
        // Nothing of the quiet day or of a story may lie ahead of the clock.
        lines.retain(|(at, _)| *at <= now);
        lines.sort();
        take(stage, &source.name, lines, now).await?;
    }
    if let Some(samples) = corpus().map(|corpus| corpus.join("evtx/attack-samples")).filter(|folder| folder.is_dir())
        && let Some((_, source)) = live.iter().find(|(_, source)| source.kind == "windows")
    {
        let path = samples.canonicalize().map_err(Fault::internal)?;
        let order = ingest::Order { path, source: source.name.clone(), format: "evtx".into() };
        ingest::run(&stage.kit, &order).await?;
    }
    Ok(())
}

/// Which story a source tells, and how many hours ago it began: one in every few machines of its kind.
fn tale(kind: &str, n: usize) -> Option<(Story, i64)> {
    let hours = i64::try_from(n % 9).unwrap_or(0) * 2 + 2;
    match (kind, n % 3) {
        ("windows", 0) => Some((Story::OfficeMachine, hours)),
        ("nginx", 0) => Some((Story::WebScan, hours)),
        ("linux-syslog", 1) => Some((Story::SshGuessing, hours)),
        ("firewall", 2) => Some((Story::DnsBeacon, hours)),
        _ => None,
    }
}

async fn take(stage: &Stage, source: &str, lines: Vec<Line>, now: DateTime<Utc>) -> Result<()> {
    let found = sources::store::by_name_or_id(&stage.kit.db, source).await?;
    let found = found.ok_or_else(|| Fault::internal(format!("content/demo: no source {source}")))?;
    let mut records = Vec::with_capacity(lines.len());
    for (n, (at, line)) in (1u64..).zip(lines) {
        let format = match sniff(line.as_bytes()) {
            Format::Auto => Format::Syslog,
            known => known,
        };
        let mut record = decode_line(line.as_bytes(), format, now, n)?;
        record.time = record.time.or(Some(at));
        records.push(record);
    }
    let whose = Whose { source: found.id, system: found.system, unit: found.unit };
    stage.kit.intake()?.take(whose, records).await?;
    Ok(())
}
