//! A rule run over stored days (săn tìm): all events of its log source are read from the store day by day and matched by
//! the engine that matches what arrives, so that the same events fire. Nothing is stored but the figures and some
//! identities of events; alerts are not made. Correlations are not run: what they find depends on when events came.

use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt;
use khien_base::clock::{day_in_vietnam, end_of_day};
use khien_base::filter::Name;
use khien_base::ports::Search;
use khien_base::{Event, Fault, Filter, LogSource, Reach, Result};
use khien_detect::{Engine, Hit, Ruleset, Scratch, logsource};
use khien_web::{Kit, Live};
use serde_json::{Value, json};

use super::model::trial::{DONE, FAILED, Model};
use super::store::trials;

/// Days of one trial.
pub const DAYS: i64 = 366;
/// Matching events whose identities are kept.
pub const SAMPLES: usize = 500;
/// Batches of events between two signs of life.
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
    samples: Vec<(DateTime<Utc>, Value)>,
}

/// The fault of a trial that its asker stopped.
const STOPPED: &str = "rules.trial-stopped";

/// Runs a trial to its end, whatever comes; `reach` is whose events its asker may see.
pub async fn run(kit: Arc<Kit>, trial: Model, reach: Reach) {
    let id = trial.id;
    let mut count = Count { trial, by_day: Vec::new(), samples: Vec::new() };
    let outcome = days(&kit, &mut count, &reach).await;
    count.trial.state = match &outcome {
        Ok(()) => DONE,
        // Its row says so already.
        Err(fault) if fault.code == STOPPED => return,
        Err(_) => FAILED,
    }
    .to_owned();
    if let Err(fault) = outcome {
        tracing::warn!(trial = %id, %fault, "a trial of a rule ended early");
        count.trial.fault = Some(fault.code.into_owned());
    }
    match keep(&kit, &mut count).await {
        Err(fault) if fault.code != STOPPED => {
            tracing::error!(trial = %id, %fault, "the end of a trial could not be kept");
        }
        _ => {}
    }
}

async fn days(kit: &Kit, count: &mut Count, reach: &Reach) -> Result<()> {
    let engine = Arc::new(Engine::new(Arc::new(read(&count.trial.yaml)?)));
    let narrow = narrowed(engine.ruleset());
    let mut from = count.trial.from_at;
    while from < count.trial.to_at {
        let to = end_of_day(day_in_vietnam(from)).min(count.trial.to_at);
        let search = Search {
            from: Some(from),
            to: Some(to),
            filter: narrow.clone(),
            source: count.trial.source,
            system: count.trial.system,
            ..Search::within(reach.clone())
        };
        day(kit, count, &engine, search).await?;
        count.trial.days_done += 1;
        keep(kit, count).await?;
        from = to;
    }
    Ok(())
}

/// The rules of a document, with the filters that are in it.
///
/// Faults: the first of the document; `rules.trial-kind` where there is no rule, or a correlation.
pub fn read(yaml: &str) -> Result<Ruleset> {
    let (set, mut faults) = Ruleset::load([("trial.yml".to_owned(), yaml.to_owned())].into_iter());
    // A filter may be for other rules too, which are not tried here.
    faults.retain(|fault| fault.code != "detect.filter-rule-unknown");
    if let Some(fault) = faults.into_iter().next() {
        return Err(fault.into());
    }
    if set.rules().is_empty() || !set.correlations().is_empty() {
        return Err(Fault::invalid("rules.trial-kind").on("yaml"));
    }
    Ok(set)
}

/// What the store can say beforehand of the events that the rules are for: product and category, in any case. What it lets
/// through is looked at with [`logsource::covers`].
fn narrowed(set: &Ruleset) -> Filter {
    let is = |name: &str, value: &Option<String>| Some(Filter::equals(Name::of(name), value.as_deref()?));
    let one = |log: &LogSource| {
        // Categories that cover others are left to the rule itself.
        let plain = log.category.as_deref().is_some_and(|category| !logsource::is_wide(category));
        let category = is("category", &log.category).filter(|_| plain);
        Filter::of_all(is("product", &log.product).into_iter().chain(category).collect())
    };
    let mut all: Vec<Filter> = set.rules().iter().map(|rule| one(&rule.logsource)).collect();
    all.dedup();
    Filter::of_any(all)
}

async fn day(kit: &Kit, count: &mut Count, engine: &Arc<Engine>, search: Search) -> Result<()> {
    let from = search.from.unwrap_or_default();
    let (mut looked, mut hits, mut batches) = (0i64, 0, 0);
    let mut found = Vec::new();
    let mut pages = kit.events()?.each(search);
    while let Some(events) = pages.try_next().await? {
        let read = i64::try_from(events.len()).unwrap_or(0);
        let (engine, room) = (Arc::clone(engine), SAMPLES.saturating_sub(count.samples.len() + found.len()));
        let page = tokio::task::spawn_blocking(move || page(&engine, &events, room)).await.map_err(Fault::internal)?;
        looked += read;
        hits += page.hits;
        let trial = &mut count.trial;
        trial.looked += read;
        trial.considered += page.considered;
        trial.hits += page.hits;
        trial.nanos += page.nanos;
        found.extend(page.samples);
        batches += 1;
        if batches % SIGN == 0 {
            keep(kit, count).await?;
        }
    }
    // The store gives a day's events in no order.
    found.sort_by_key(|(at, _)| *at);
    count.samples.extend(found.into_iter().map(|(_, sample)| sample));
    count.trial.cut = usize::try_from(count.trial.hits).is_ok_and(|hits| hits > count.samples.len());
    count.by_day.push(json!({"day": day_in_vietnam(from), "looked": looked, "hits": hits}));
    Ok(())
}

fn page(engine: &Engine, events: &[Event], room: usize) -> Page {
    let rules = engine.ruleset().rules();
    let meant = |event: &&Event| rules.iter().any(|rule| logsource::covers(&rule.logsource, &event.record.log));
    let mut found = Page { considered: 0, hits: 0, nanos: 0, samples: Vec::new() };
    let mut scratch = Scratch::default();
    for event in events.iter().filter(meant) {
        let start = Instant::now();
        let matches = engine.matches(&event.record, &mut scratch);
        found.nanos += i64::try_from(start.elapsed().as_nanos()).unwrap_or(0);
        found.considered += 1;
        let Some(first) = matches.first() else { continue };
        found.hits += 1;
        if found.samples.len() < room {
            let host = event.record.hot.host.clone().unwrap_or_default();
            let value = |hit: &Hit| {
                let value: String = hit.value.chars().take(200).collect();
                json!({"field": hit.field, "value": value})
            };
            let values: Vec<Value> = first.hits.iter().take(5).map(value).collect();
            found.samples.push((event.time, json!({"id": event.id, "at": event.time, "host": host, "values": values})));
        }
    }
    found
}

async fn keep(kit: &Kit, count: &mut Count) -> Result<()> {
    count.trial.by_day = Value::Array(count.by_day.clone());
    count.trial.samples = Value::Array(count.samples.clone());
    count.trial.seen_at = kit.now();
    if !trials::save(&kit.db, &count.trial).await? {
        return Err(Fault::conflict(STOPPED));
    }
    kit.bus.tell(Live { topic: "rule-trials", permission: "rules:read", unit: None });
    Ok(())
}
