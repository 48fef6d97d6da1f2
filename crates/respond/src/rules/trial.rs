//! A rule tried on stored days: events are read from the store day by day and matched in memory. Nothing is stored but
//! the figures and some identities of events; alerts are not made.

use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt;
use khien_base::clock::{day_in_vietnam, end_of_day};
use khien_base::ports::Search;
use khien_base::{Event, Fault, Reach, Result};
use khien_detect::{Ruleset, logsource};
use khien_web::{Kit, Live};
use serde_json::{Value, json};

use super::model::trial::{DONE, FAILED, Model};
use super::store::trials;

/// Days of one trial.
pub const DAYS: i64 = 31;
/// Events that are read of one day, the newest first.
pub const OF_A_DAY: usize = 100_000;
/// Events that are read in all.
const ALL: i64 = 1_000_000;
/// Events that are kept as examples.
const SAMPLES: usize = 100;
/// Pages of events between two signs of life.
const SIGN: usize = 10;
/// A trial without a sign of life for so long has ended with its program.
pub const LOST: TimeDelta = TimeDelta::minutes(5);

/// What is being counted.
struct Count {
    trial: Model,
    by_day: Vec<Value>,
    samples: Vec<Value>,
}

/// What one page of events gave.
struct Page {
    considered: i64,
    hits: i64,
    nanos: i64,
    samples: Vec<Value>,
}

/// Runs a trial to its end, whatever comes; `reach` is whose events its asker may see.
pub async fn run(kit: Arc<Kit>, trial: Model, reach: Reach) {
    let id = trial.id;
    let mut count = Count { trial, by_day: Vec::new(), samples: Vec::new() };
    let outcome = days(&kit, &mut count, &reach).await;
    count.trial.state = if outcome.is_ok() { DONE } else { FAILED }.to_owned();
    if let Err(fault) = outcome {
        tracing::warn!(trial = %id, %fault, "a trial of a rule ended early");
        count.trial.fault = Some(fault.code.into_owned());
    }
    if let Err(fault) = keep(&kit, &mut count).await {
        tracing::error!(trial = %id, %fault, "the end of a trial could not be kept");
    }
}

async fn days(kit: &Kit, count: &mut Count, reach: &Reach) -> Result<()> {
    let sources = [("trial.yml".to_owned(), count.trial.yaml.clone())];
    let (set, mut faults) = Ruleset::load(sources.into_iter());
    // A filter may be for other rules too, which are not tried here.
    faults.retain(|fault| fault.code != "detect.filter-rule-unknown");
    if let Some(fault) = faults.into_iter().next() {
        return Err(fault.into());
    }
    let set = Arc::new(set);
    let mut from = count.trial.from_at;
    while from < count.trial.to_at {
        let to = end_of_day(day_in_vietnam(from)).min(count.trial.to_at);
        if count.trial.looked >= ALL {
            count.trial.cut = true;
            return Ok(());
        }
        day(kit, count, &set, reach, from, to).await?;
        count.trial.days_done += 1;
        keep(kit, count).await?;
        from = to;
    }
    Ok(())
}

async fn day(
    kit: &Kit,
    count: &mut Count,
    set: &Arc<Ruleset>,
    reach: &Reach,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<()> {
    let search = Search {
        from: Some(from),
        to: Some(to),
        source: count.trial.source,
        system: count.trial.system,
        ..Search::within(reach.clone())
    };
    let (mut looked, mut hits, mut pages_read) = (0i64, 0, 0);
    let mut pages = kit.events()?.newest(search, OF_A_DAY);
    while let Some(events) = pages.try_next().await? {
        let read = i64::try_from(events.len()).unwrap_or(0);
        let (set, room) = (Arc::clone(set), SAMPLES.saturating_sub(count.samples.len()));
        let page = tokio::task::spawn_blocking(move || page(&set, &events, room)).await.map_err(Fault::internal)?;
        looked += read;
        hits += page.hits;
        let trial = &mut count.trial;
        trial.looked += read;
        trial.considered += page.considered;
        trial.hits += page.hits;
        trial.nanos += page.nanos;
        count.samples.extend(page.samples);
        pages_read += 1;
        if pages_read % SIGN == 0 {
            keep(kit, count).await?;
        }
    }
    count.trial.cut |= usize::try_from(looked).is_ok_and(|looked| looked >= OF_A_DAY);
    count.by_day.push(json!({"day": day_in_vietnam(from), "looked": looked, "hits": hits}));
    Ok(())
}

fn page(set: &Ruleset, events: &[Event], room: usize) -> Page {
    let meant = |event: &&Event| set.rules().iter().any(|rule| logsource::covers(&rule.logsource, &event.record.log));
    let mut found = Page { considered: 0, hits: 0, nanos: 0, samples: Vec::new() };
    for event in events.iter().filter(meant) {
        let start = Instant::now();
        let matches = set.matches(&event.record);
        found.nanos += i64::try_from(start.elapsed().as_nanos()).unwrap_or(0);
        found.considered += 1;
        let Some(first) = matches.first() else { continue };
        found.hits += 1;
        if found.samples.len() < room {
            let short = |text: &str| text.chars().take(200).collect::<String>();
            let values: Vec<Value> =
                first.hits.iter().take(4).map(|hit| json!({"field": hit.field, "value": short(&hit.value)})).collect();
            let host = event.record.hot.host.clone().unwrap_or_default();
            found.samples.push(json!({"id": event.id, "at": event.time, "host": host, "values": values}));
        }
    }
    found
}

async fn keep(kit: &Kit, count: &mut Count) -> Result<()> {
    count.trial.by_day = Value::Array(count.by_day.clone());
    count.trial.samples = Value::Array(count.samples.clone());
    count.trial.seen_at = kit.now();
    trials::save(&kit.db, &count.trial).await?;
    kit.bus.tell(Live { topic: "rule-trials", permission: "rules:read", unit: None });
    Ok(())
}
