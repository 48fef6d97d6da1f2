//! A rule run over stored days (săn tìm): all events of its log source are read from the store day by day and matched by
//! the engine that matches what arrives, so that the same events fire. Nothing is stored but the figures and some
//! identities of events; alerts are not made. Correlations are told the events in the order in which they happened
//! ([`replay`]): where some came late, what they found then may be another thing.

use std::sync::Arc;
use std::time::Instant;

use chrono::TimeDelta;
use futures::TryStreamExt;
use khien_base::clock::{day_in_vietnam, end_of_day};
use khien_base::filter::Name;
use khien_base::ports::Search;
use khien_base::{Event, Fault, Filter, LogSource, Reach, Result};
use khien_detect::{Engine, Hit, Ruleset, Scratch, logsource};
use khien_web::{Kit, Live};
use serde_json::{Value, json};

use super::loaded::Loaded;
use super::model::trial::{DONE, FAILED, Model};
use super::replay::{self, Correlations, Found, Trace};
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
    correlations: Option<Correlations>,
}

/// What a part of the events gave.
#[derive(Debug, Default)]
struct Part {
    looked: i64,
    considered: i64,
    hits: i64,
    nanos: i64,
    samples: Vec<Found>,
    traces: Vec<Trace>,
}

impl Part {
    fn add(&mut self, other: Self) {
        self.looked += other.looked;
        self.considered += other.considered;
        self.hits += other.hits;
        self.nanos += other.nanos;
        self.samples.extend(other.samples);
        self.traces.extend(other.traces);
    }

    /// Adds its figures to those of a trial.
    fn count(&self, trial: &mut Model) {
        trial.looked += self.looked;
        trial.considered += self.considered;
        trial.hits += self.hits;
        trial.nanos += self.nanos;
    }
}

/// The fault of a trial that its asker stopped.
const STOPPED: &str = "rules.trial-stopped";

/// Runs a trial to its end, whatever comes; `reach` is whose events its asker may see.
pub async fn run(kit: Arc<Kit>, trial: Model, reach: Reach) {
    let id = trial.id;
    let mut count = Count { trial, by_day: Vec::new(), samples: Vec::new(), correlations: None };
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
    match keep(&kit, &mut count, &Part::default()).await {
        Err(fault) if fault.code != STOPPED => {
            tracing::error!(trial = %id, %fault, "the end of a trial could not be kept");
        }
        _ => {}
    }
}

async fn days(kit: &Kit, count: &mut Count, reach: &Reach) -> Result<()> {
    let engine = Arc::new(Engine::new(Arc::new(read(&count.trial.yaml)?)));
    count.correlations = Correlations::of(engine.ruleset());
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
        keep(kit, count, &Part::default()).await?;
        from = to;
    }
    Ok(())
}

/// The rules of a document, with the filters that are in it.
///
/// Faults: the first of the document; `rules.trial-kind` where there is no rule.
pub fn read(yaml: &str) -> Result<Ruleset> {
    let (set, mut faults) = Ruleset::load([("trial.yml".to_owned(), yaml.to_owned())].into_iter());
    // A filter may be for other rules too, which are not tried here.
    faults.retain(|fault| fault.code != "detect.filter-rule-unknown");
    if let Some(fault) = faults.into_iter().next() {
        return Err(fault.into());
    }
    if set.rules().is_empty() {
        return Err(Fault::invalid("rules.trial-kind").on("yaml"));
    }
    Ok(set)
}

/// A text with the documents in force that its correlations refer to and that are not in it, and their identities.
pub fn completed(yaml: &str, loaded: &Loaded) -> (String, Vec<String>) {
    let (mut text, mut added): (String, Vec<String>) = (yaml.to_owned(), Vec::new());
    loop {
        let (_, faults) = Ruleset::load(std::iter::once(("trial.yml".to_owned(), text.clone())));
        let missing = faults.iter().filter(|fault| fault.code == "detect.correlation-rule-unknown");
        let names = missing.flat_map(|fault| &fault.args).map(|(_, name)| name);
        let before = added.len();
        for rule in names.filter_map(|name| loaded.named(name)) {
            if !added.contains(&rule.id) {
                text = format!("{text}\n---\n{}", rule.yaml);
                added.push(rule.id.clone());
            }
        }
        if added.len() == before {
            return (text, added);
        }
    }
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
    let (begin, end) = (search.from.unwrap_or_default(), search.to.unwrap_or_default());
    let (looked, hits, mut found) = (count.trial.looked, count.trial.hits, Vec::new());
    let longest = if count.correlations.is_some() { replay::SPAN } else { end - begin };
    let (mut from, mut length) = (begin, longest);
    while from < end {
        let to = (from + length).min(end);
        let most = if length > replay::SHORTEST { replay::MOST } else { usize::MAX };
        let search = Search { from: Some(from), to: Some(to), ..search.clone() };
        let room = SAMPLES.saturating_sub(count.samples.len() + found.len());
        if let Some(samples) = span(kit, count, engine, search, room, most).await? {
            found.extend(samples);
            (from, length) = (to, (length * 2).min(longest));
        } else {
            length = (length / 2).max(replay::SHORTEST);
        }
    }
    // The store gives a day's events in no order.
    found.sort_by_key(|(at, _)| *at);
    count.samples.extend(found.into_iter().map(|(_, sample)| sample));
    count.trial.cut = usize::try_from(count.trial.hits).is_ok_and(|hits| hits > count.samples.len());
    let (looked, hits) = (count.trial.looked - looked, count.trial.hits - hits);
    count.by_day.push(json!({"day": day_in_vietnam(begin), "looked": looked, "hits": hits}));
    Ok(())
}

/// Counts the events of a span, and gives so many of its matches at most. `None` where more than `most` events have to be
/// put in order: nothing was counted then.
async fn span(
    kit: &Kit,
    count: &mut Count,
    engine: &Arc<Engine>,
    search: Search,
    room: usize,
    most: usize,
) -> Result<Option<Vec<Found>>> {
    let (mut whole, mut batches) = (Part::default(), 0);
    let end = search.to.unwrap_or_default().min(kit.now());
    let mut pages = kit.events()?.each(search);
    while let Some(events) = pages.try_next().await? {
        let (engine, room) = (Arc::clone(engine), room.saturating_sub(whole.samples.len()));
        let work = move || part(&engine, &events, room);
        whole.add(tokio::task::spawn_blocking(work).await.map_err(Fault::internal)?);
        if whole.traces.len() > most {
            return Ok(None);
        }
        batches += 1;
        if batches % SIGN == 0 {
            keep(kit, count, &whole).await?;
        }
    }
    if let Some(mut correlations) = count.correlations.take() {
        let traces = std::mem::take(&mut whole.traces);
        let work = move || {
            let start = Instant::now();
            let found = correlations.see(traces, end);
            (found, i64::try_from(start.elapsed().as_nanos()).unwrap_or(0), correlations)
        };
        let (found, nanos, correlations) = tokio::task::spawn_blocking(work).await.map_err(Fault::internal)?;
        whole.nanos += nanos;
        whole.hits += i64::try_from(found.len()).unwrap_or(0);
        whole.samples.extend(found);
        whole.samples.truncate(room);
        count.correlations = Some(correlations);
    }
    whole.count(&mut count.trial);
    Ok(Some(whole.samples))
}

fn part(engine: &Engine, events: &[Event], room: usize) -> Part {
    let set = engine.ruleset();
    let meant = |event: &&Event| set.rules().iter().any(|rule| logsource::covers(&rule.logsource, &event.record.log));
    let mut found = Part { looked: i64::try_from(events.len()).unwrap_or(0), ..Part::default() };
    let mut scratch = Scratch::default();
    for event in events.iter().filter(meant) {
        let start = Instant::now();
        let fired = engine.fired(&event.record, &mut scratch);
        let loud: Vec<u32> = fired.iter().copied().filter(|rule| !set.is_quiet(*rule)).collect();
        let correlated: Vec<u32> = fired.iter().copied().filter(|rule| set.is_correlated(*rule)).collect();
        if !correlated.is_empty() {
            found.traces.push(Trace::new(event, correlated));
        }
        found.nanos += i64::try_from(start.elapsed().as_nanos()).unwrap_or(0);
        found.considered += 1;
        if loud.is_empty() {
            continue;
        }
        found.hits += 1;
        if found.samples.len() < room {
            let host = event.record.hot.host.clone().unwrap_or_default();
            let value = |hit: &Hit| {
                let value: String = hit.value.chars().take(200).collect();
                json!({"field": hit.field, "value": value})
            };
            let told = set.told(&event.record, &loud);
            let values: Vec<Value> =
                told.first().into_iter().flat_map(|first| first.hits.iter().take(5)).map(value).collect();
            found.samples.push((event.time, json!({"id": event.id, "at": event.time, "host": host, "values": values})));
        }
    }
    found
}

/// Keeps how far a trial has come, with what the span under way has given so far.
async fn keep(kit: &Kit, count: &mut Count, under_way: &Part) -> Result<()> {
    count.trial.by_day = Value::Array(count.by_day.clone());
    count.trial.samples = Value::Array(count.samples.clone());
    count.trial.seen_at = kit.now();
    let mut told = count.trial.clone();
    under_way.count(&mut told);
    if !trials::save(&kit.db, &told).await? {
        return Err(Fault::conflict(STOPPED));
    }
    kit.bus.tell(Live { topic: "rule-trials", permission: "rules:read", unit: None });
    Ok(())
}
