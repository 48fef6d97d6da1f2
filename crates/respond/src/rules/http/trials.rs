//! Trying a rule on stored days.

use std::sync::Arc;

use chrono::{NaiveDate, TimeDelta};
use khien_base::clock::{day_in_vietnam, end_of_day};
use khien_base::filter::Name;
use khien_base::{Fault, Id, Result};
use khien_web::{Ctx, Reply};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::list::micros;
use super::show::names;
use super::switch::subject;
use crate::alerts::views::Named;
use crate::rules::loaded::{self, Loaded};
use crate::rules::model::trial::{FAILED, Model, RUNNING};
use crate::rules::store::{trials, versions};
use crate::rules::trial::{self as work, DAYS, LOST};
use crate::rules::views::{Trial, TrialForm, TrialHit, TrialRow};
use crate::rules::{model, page_of};
use crate::search::personal::Personal;
use crate::sources;

/// Trials of one person at a time.
const AT_ONCE: u64 = 2;

/// What is to be tried.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(in crate::rules) struct Asked {
    /// A rule in force or switched off.
    rule: String,
    /// Or a version.
    version: String,
    /// Or the text of a rule.
    yaml: String,
    /// Only this system.
    system: String,
    /// Only this log source.
    source: String,
    /// First day.
    from: String,
    /// Last day.
    to: String,
}

/// What a trial runs: the rule's identity, its version, its title, its text.
struct Tried {
    rule: String,
    version: Option<Id>,
    title: String,
    yaml: String,
}

/// A rule that is only pasted, under its own title; where there is a correlation, under that one's.
fn pasted(yaml: String, loaded: &Loaded) -> Result<Tried> {
    let set = work::read(&work::completed(&yaml, loaded).0)?;
    let correlation = set.correlations().iter().find(|known| !known.quiet).map(|known| &known.rule);
    let title = correlation.or(set.rules().first()).map(|rule| rule.title.clone()).unwrap_or_default();
    Ok(Tried { rule: String::new(), version: None, title, yaml })
}

async fn tried(ctx: &Ctx, rule: &str, version: &str) -> Result<Tried> {
    if let Ok(id) = version.parse::<Id>() {
        let found = versions::get(&ctx.kit.db, id).await?;
        if found.kind == model::FILTER {
            return Err(Fault::invalid("rules.trial-kind"));
        }
        return Ok(Tried { rule: found.rule, version: Some(id), title: found.title, yaml: found.yaml });
    }
    let loaded = loaded::of(&ctx.kit)?.current();
    let found = loaded.rule(rule).ok_or_else(|| Fault::not_found("rules.not-found"))?;
    let title = loaded.title(found, super::vietnamese(ctx)).to_owned();
    Ok(Tried { rule: found.id.clone(), version: None, title, yaml: found.yaml.clone() })
}

/// The rules with the filters of the database that quiet any of these: what is tried is what would alert.
async fn quieted(ctx: &Ctx, yaml: String, rules: &[String]) -> Result<String> {
    let quieted: Vec<&str> = rules.iter().map(String::as_str).chain(["any"]).collect();
    let filters = versions::filters(&ctx.kit.db).await?;
    let in_force = filters.iter().filter(|filter| filter.state == "approved" && names(&filter.yaml, &quieted));
    Ok(in_force.fold(yaml, |text, filter| format!("{text}\n---\n{}", filter.yaml)))
}

/// `GET /hunts`: a rule is pasted; what was hunted before, of whatever rule.
pub(in crate::rules) async fn hunts(ctx: Ctx) -> Result<Reply> {
    form_of(ctx, None).await
}

/// `GET /rules/trials?rule=…` or `?version=…`
pub(in crate::rules) async fn trial_form(ctx: Ctx) -> Result<Reply> {
    let asked: Asked = ctx.query()?;
    let tried = tried(&ctx, &asked.rule, &asked.version).await?;
    form_of(ctx, Some(tried)).await
}

async fn form_of(ctx: Ctx, tried: Option<Tried>) -> Result<Reply> {
    let reach = ctx.reach("events:read");
    let systems = ctx.kit.systems()?.within(reach.clone()).await?;
    let mut open = sources::store::open(ctx.kit.db.read()).await?;
    open.retain(|source| reach.covers(source.unit));
    open.sort_by(|a, b| a.search_key.cmp(&b.search_key));
    let today = day_in_vietnam(ctx.now);
    let of = tried.as_ref().map(|tried| tried.rule.as_str());
    let rows = trials::list(&ctx.kit.db, ctx.actor()?.id, of).await?;
    ctx.page(&TrialForm {
        href: of.map(page_of).unwrap_or_default(),
        version: tried.as_ref().and_then(|tried| tried.version).map(|id| id.to_string()).unwrap_or_default(),
        rule: of.unwrap_or_default().to_owned(),
        title: tried.map(|tried| tried.title).unwrap_or_default(),
        systems: systems.into_iter().map(|card| Named { value: card.id.to_string(), label: card.name }).collect(),
        sources: open.into_iter().map(|row| Named { value: row.id.to_string(), label: row.name }).collect(),
        from: (today - TimeDelta::days(6)).to_string(),
        to: today.to_string(),
        days: DAYS,
        rows: rows.iter().map(|row| trial_row(&ctx, row)).collect(),
    })
}

fn trial_row(ctx: &Ctx, row: &Model) -> TrialRow {
    // A trial that gives no sign of life ended with the program that ran it.
    let lost = row.state == RUNNING && ctx.now - row.seen_at > LOST;
    TrialRow {
        id: row.id,
        title: row.title.clone(),
        from: day_in_vietnam(row.from_at),
        to: day_in_vietnam(row.to_at - TimeDelta::seconds(1)),
        state: if lost { FAILED.to_owned() } else { row.state.clone() },
        hits: row.hits,
        looked: row.looked,
        at: row.at,
    }
}

fn day(field: &'static str, given: &str) -> Result<NaiveDate> {
    given.trim().parse().map_err(|_| Fault::invalid("rules.day").on(field))
}

/// `POST /rules/trials`
pub(in crate::rules) async fn begin(mut ctx: Ctx) -> Result<Reply> {
    let form: Asked = ctx.form().await?;
    let tried = match (form.rule.is_empty() && form.version.is_empty(), form.yaml) {
        (true, yaml) if yaml.trim().is_empty() => return Err(Fault::invalid("rules.trial-nothing").on("yaml")),
        (true, yaml) => pasted(yaml, &loaded::of(&ctx.kit)?.current())?,
        (false, _) => tried(&ctx, &form.rule, &form.version).await?,
    };
    let (from, to) = (day("from", &form.from)?, day("to", &form.to)?);
    if to < from || (to - from).num_days() >= DAYS {
        return Err(Fault::invalid("rules.trial-days").on("to").with("limit", DAYS));
    }
    let actor = ctx.actor()?;
    if trials::running(&ctx.kit.db, actor.id, ctx.now - LOST).await? >= AT_ONCE {
        return Err(Fault::new(khien_base::Kind::TooMany, "rules.trials").with("limit", AT_ONCE));
    }
    let before = from.pred_opt().ok_or_else(|| Fault::invalid("rules.day").on("from"))?;
    let (yaml, mut in_force) = work::completed(&tried.yaml, &loaded::of(&ctx.kit)?.current());
    in_force.extend(Some(tried.rule.clone()).filter(|rule| !rule.is_empty()));
    let yaml = if in_force.is_empty() { yaml } else { quieted(&ctx, yaml, &in_force).await? };
    let trial = Model {
        id: ctx.kit.id(),
        yaml,
        rule: tried.rule,
        version: tried.version,
        title: tried.title,
        source: form.source.parse().ok(),
        system: form.system.parse().ok(),
        from_at: end_of_day(before),
        to_at: end_of_day(to),
        state: RUNNING.to_owned(),
        fault: None,
        looked: 0,
        considered: 0,
        hits: 0,
        nanos: 0,
        days_done: 0,
        cut: false,
        by_day: json!([]),
        samples: json!([]),
        by: actor.id,
        by_name: actor.name.clone(),
        at: ctx.now,
        seen_at: ctx.now,
    };
    let detail = json!({"rule": trial.rule, "from": from, "to": to, "system": trial.system, "source": trial.source});
    let tx = ctx.kit.db.begin().await?;
    trials::insert(tx.conn(), trial.clone()).await?;
    tx.commit(ctx.entry("rules.trial", "rule", subject(&trial.rule), None, detail)?).await?;
    let (id, reach) = (trial.id, ctx.reach("events:read"));
    tokio::spawn(work::run(Arc::clone(&ctx.kit), trial, reach));
    Ok(Reply::to(format!("/rules/trials/{id}")))
}

/// `GET /rules/trials/{id}`: who asked for it sees it, since it tells of events within that person's reach.
pub(in crate::rules) async fn trial(ctx: Ctx) -> Result<Reply> {
    let row = trials::get(&ctx.kit.db, ctx.id("id")?).await?;
    if row.by != ctx.actor()?.id {
        return Err(Fault::not_found("rules.no-trial"));
    }
    let days = (row.to_at - row.from_at).num_days().max(1);
    let empty = Vec::new();
    let by_day = row.by_day.as_array().unwrap_or(&empty);
    let label = |day: &Value| {
        let day: Option<NaiveDate> = day.get("day").and_then(Value::as_str).and_then(|day| day.parse().ok());
        day.map(khien_base::clock::vn_date).unwrap_or_default()
    };
    let chart = json!({
        "kind": "bar",
        "labels": by_day.iter().map(label).collect::<Vec<_>>(),
        "series": [{"name": ctx.say("rules.trial-hits"), "data": by_day.iter().map(|day| day["hits"].clone()).collect::<Vec<_>>()}],
    });
    let samples = row.samples.as_array().unwrap_or(&empty);
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let personal = Personal::shipped();
    let hit = |sample: &Value| TrialHit {
        id: text(sample, "id"),
        at: text(sample, "at"),
        host: text(sample, "host"),
        values: sample
            .get("values")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(|pair| {
                let (field, value) = (text(pair, "field"), text(pair, "value"));
                let value = if personal.is(&Name::of(&field)) { personal.masked(&value) } else { value };
                Named { value, label: field }
            })
            .collect(),
    };
    ctx.page(&Trial {
        row: trial_row(&ctx, &row),
        href: if row.rule.is_empty() { String::new() } else { page_of(&row.rule) },
        days,
        days_done: row.days_done,
        considered: row.considered,
        micros: row.nanos.checked_div(row.considered).map(micros),
        cut: row.cut,
        may_stop: row.state == RUNNING,
        fault: row.fault.clone().map(|code| ctx.kit.texts.fault(ctx.lang, &Fault::invalid(code))).unwrap_or_default(),
        chart: if row.hits > 0 && row.state != RUNNING { chart } else { Value::Null },
        samples: samples.iter().map(hit).collect(),
    })
}

/// `POST /rules/trials/{id}/stop`
pub(in crate::rules) async fn stop(ctx: Ctx) -> Result<Reply> {
    let row = trials::get(&ctx.kit.db, ctx.id("id")?).await?;
    if row.by != ctx.actor()?.id {
        return Err(Fault::not_found("rules.no-trial"));
    }
    let tx = ctx.kit.db.begin().await?;
    if trials::stop(tx.conn(), row.id).await? {
        let detail = json!({"rule": row.rule, "days_done": row.days_done});
        tx.commit(ctx.entry("rules.trial-stopped", "rule", subject(&row.rule), None, detail)?).await?;
    } else {
        tx.abandon().await?;
    }
    Ok(Reply::to(format!("/rules/trials/{}", row.id)))
}
