//! What rules cost, measured on events of the store.
//!
//! For each rule: it is loaded alone, and the plain matcher is timed over a sample of stored events of the rule's log
//! source; the figure is nanoseconds for one event. The engine that runs in the intake shares work among rules and is
//! faster; the figures compare rules with each other, and tell which one is expensive.

use std::collections::HashMap;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt;
use khien_base::ports::Search;
use khien_base::{Fault, LogSource, Reach, Record, Result};
use khien_detect::{Rule, Ruleset, logsource};
use khien_web::Kit;

use super::loaded;
use super::model::cost;
use super::store::figures;

/// Events of the store that are looked at.
const SAMPLE: usize = 20_000;
/// Events of one log source that are kept of them.
const OF_A_SOURCE: usize = 200;
/// Events that one rule is measured on.
const OF_A_RULE: usize = 400;

/// Measures all rules in force on the newest stored events and keeps the figures; gives how many were measured.
pub async fn measure(kit: &Kit) -> Result<usize> {
    let now = kit.now();
    let sample = sample(kit, now).await?;
    let loaded = loaded::of(kit)?.current();
    let work = move || all(loaded.ruleset.rules(), &sample, now);
    let rows = tokio::task::spawn_blocking(work).await.map_err(Fault::internal)?;
    let measured = rows.len();
    let tx = kit.db.begin().await?;
    figures::keep_costs(tx.conn(), rows).await?;
    tx.commit_machine().await?;
    Ok(measured)
}

/// Some of the newest events of each log source, of the last 30 days.
async fn sample(kit: &Kit, now: DateTime<Utc>) -> Result<HashMap<LogSource, Vec<Record>>> {
    let search = Search {
        from: Some(now - TimeDelta::days(30)),
        to: Some(now + TimeDelta::days(1)),
        ..Search::within(Reach::All)
    };
    let mut by_source: HashMap<LogSource, Vec<Record>> = HashMap::new();
    let mut pages = kit.events()?.newest(search, SAMPLE);
    while let Some(page) = pages.try_next().await? {
        for event in page {
            let kept = by_source.entry(event.record.log.clone()).or_default();
            if kept.len() < OF_A_SOURCE {
                kept.push(event.record);
            }
        }
    }
    Ok(by_source)
}

fn all(rules: &[Rule], sample: &HashMap<LogSource, Vec<Record>>, now: DateTime<Utc>) -> Vec<cost::Model> {
    let one = |rule: &Rule| {
        let sources = sample.iter().filter(|(source, _)| logsource::covers(&rule.logsource, source));
        let records: Vec<&Record> = sources.flat_map(|(_, records)| records).take(OF_A_RULE).collect();
        let nanos = nanos(rule, &records)?;
        let events = i64::try_from(records.len()).unwrap_or(i64::MAX);
        Some(cost::Model { rule: rule.id.clone(), nanos, events, at: now })
    };
    rules.iter().filter_map(one).collect()
}

/// Nanoseconds of the rule alone for one event; `None` where there is no event to measure on. The first pass over some
/// of the events is not timed: regular expressions are compiled in it.
fn nanos(rule: &Rule, records: &[&Record]) -> Option<i64> {
    let (set, _) = Ruleset::load(std::iter::once((rule.source_name.clone(), rule.yaml.clone())));
    for record in records.iter().take(20) {
        std::hint::black_box(set.matches(record).len());
    }
    let start = Instant::now();
    for record in records {
        std::hint::black_box(set.matches(record).len());
    }
    let spent = start.elapsed().as_nanos().checked_div(records.len() as u128)?;
    i64::try_from(spent).ok()
}
