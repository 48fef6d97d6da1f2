//! Quieting a rule: a filter out of a small form, with what it would have quieted.

use chrono::TimeDelta;
use khien_base::{Event, Fault, LogSource, Record, Result};
use khien_detect::Rule;
use khien_web::router::percent;
use khien_web::{Ctx, Reply};
use schemars::JsonSchema;
use serde::Deserialize;

use super::edit::keep_new;
use super::{vietnamese, whole_centre};
use crate::rules::quiet::{self, Row};
use crate::rules::store::evidence;
use crate::rules::views::{FilterForm, FilterRow, Foreseen};
use crate::rules::{loaded, page_of, written};

/// Days whose alerts are looked at.
const DAYS: i64 = 30;
/// Rows that an empty form shows.
const SHOWN: usize = 3;
/// Names of fields that are proposed.
const NAMES: usize = 200;

/// A filter as the form sends it. Each list has one entry a row.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(in crate::rules) struct Quiet {
    /// What it is called; proposed where empty.
    title: String,
    /// Why these events are harmless.
    reason: String,
    /// Fields.
    field: Vec<String>,
    /// How each is compared.
    modifier: Vec<String>,
    /// Values, several one a line.
    value: Vec<String>,
}

impl Quiet {
    fn rows(&self) -> Vec<Row> {
        let part = |list: &[String], n: usize| list.get(n).cloned().unwrap_or_default();
        let rows = self.field.len().max(self.value.len()).min(quiet::ROWS + 1);
        let row =
            |n| Row { field: part(&self.field, n), modifier: part(&self.modifier, n), values: part(&self.value, n) };
        (0..rows).map(row).collect()
    }
}

/// The rule in the path, where it is in force or switched off.
fn rule(ctx: &Ctx) -> Result<Rule> {
    let loaded = loaded::of(&ctx.kit)?.current();
    let id = ctx.param("id")?;
    let rule = loaded.rule(id).ok_or_else(|| Fault::not_found("rules.not-found"))?;
    // A correlation has no log source; what it counts is quieted at the rules that it refers to.
    if rule.logsource == LogSource::default() {
        return Err(Fault::conflict("rules.filter-correlation"));
    }
    Ok(rule.clone())
}

/// `GET /rules/rule/{id}/filter`, `?alert=` with the values of an alert.
pub(in crate::rules) async fn filter_page(ctx: Ctx) -> Result<Reply> {
    whole_centre(&ctx, "rules:write")?;
    let rule = rule(&ctx)?;
    let since = ctx.now - TimeDelta::days(DAYS);
    let alert = ctx.query_value("alert").and_then(|id| id.parse().ok());
    let events: Vec<Event> = match alert {
        Some(alert) => {
            let group = crate::alerts::store::get(&ctx.kit.db, alert).await?;
            ctx.actor()?.over("alerts:read", group.unit)?;
            evidence::of_alerts(&ctx.kit.db, &[alert], 20).await?
        }
        None => evidence::of_rule(&ctx.kit.db, &ctx.reach("alerts:read"), &rule.id, since).await?,
    }
    .into_iter()
    .map(|(_, event)| event)
    .collect();
    let mut rows = events.first().filter(|_| alert.is_some()).map(|event| proposed(&event.record)).unwrap_or_default();
    while rows.len() < SHOWN {
        rows.push(FilterRow::default());
    }
    ctx.page(&FilterForm {
        title: ctx.say("rules.filter-of").replace("{title}", title(&ctx, &rule)?.as_str()),
        rule: rule.title.clone(),
        href: page_of(&rule.id),
        address: percent(&rule.id).replace('/', "%2F"),
        fields: names(&events),
        rows,
        days: DAYS,
    })
}

fn title(ctx: &Ctx, rule: &Rule) -> Result<String> {
    let loaded = loaded::of(&ctx.kit)?.current();
    Ok(loaded.title(rule, vietnamese(ctx)).to_owned())
}

/// The names of the fields that the rule's events have, most telling first.
fn names(events: &[Event]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for event in events.iter().take(20) {
        for (name, value) in &event.record.fields {
            let scalar = value.is_string() || value.is_number() || value.is_boolean();
            if scalar && name != "_cut" && !names.contains(name) && names.len() < NAMES {
                names.push(name.clone());
            }
        }
    }
    names.sort();
    names
}

/// Rows out of an event: what tells one computer, account and program from another, as far as the event has it.
fn proposed(record: &Record) -> Vec<FilterRow> {
    const TELLING: [&str; 14] = [
        "Computer",
        "host",
        "hostname",
        "SubjectUserName",
        "TargetUserName",
        "User",
        "user",
        "IpAddress",
        "src_ip",
        "SourceIp",
        "Image",
        "ParentImage",
        "CommandLine",
        "program",
    ];
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let row = |name: &&str| {
        let value = text(record.fields.get(*name)?)?;
        let fits = !value.trim().is_empty() && value.len() <= 500 && !value.chars().any(char::is_control);
        fits.then(|| FilterRow {
            field: (*name).to_owned(),
            modifier: String::new(),
            value: quiet::literal(value.trim()),
        })
    };
    TELLING.iter().filter_map(row).take(6).collect()
}

/// `POST /rules/rule/{id}/filter/preview`: the filter as YAML, and what it would have quieted.
pub(in crate::rules) async fn filter_preview(mut ctx: Ctx) -> Result<Reply> {
    whole_centre(&ctx, "rules:write")?;
    let form: Quiet = ctx.form().await?;
    let rule = rule(&ctx)?;
    let yaml = yaml(&ctx, &form, &rule)?;
    let since = ctx.now - TimeDelta::days(DAYS);
    let kept = evidence::of_rule(&ctx.kit.db, &ctx.reach("alerts:read"), &rule.id, since).await?;
    let (alerts, records): (Vec<_>, Vec<Record>) = kept.into_iter().map(|(alert, event)| (alert, event.record)).unzip();
    let of_rule = rule.clone();
    let text = yaml.clone();
    let work = move || quiet::quieted(&of_rule, &text, &records);
    let quieted = tokio::task::spawn_blocking(work).await.map_err(Fault::internal)??;
    let mut by_alert: std::collections::HashMap<khien_base::Id, bool> = std::collections::HashMap::new();
    for (alert, quiet) in alerts.iter().zip(&quieted) {
        by_alert.entry(*alert).and_modify(|all| *all &= quiet).or_insert(*quiet);
    }
    ctx.page(&Foreseen {
        yaml,
        days: DAYS,
        events: quieted.len(),
        quiet_events: quieted.iter().filter(|quiet| **quiet).count(),
        alerts: by_alert.len(),
        quiet_alerts: by_alert.values().filter(|quiet| **quiet).count(),
    })
}

fn yaml(ctx: &Ctx, form: &Quiet, rule: &Rule) -> Result<String> {
    let reason: String = form.reason.trim().chars().take(2000).collect();
    if reason.is_empty() {
        return Err(Fault::invalid("rules.reason-missing").on("reason"));
    }
    let mut name: String = form.title.trim().chars().take(300).collect();
    if name.is_empty() {
        name = ctx.say("rules.filter-of").replace("{title}", &title(ctx, rule)?);
    }
    quiet::yaml(&ctx.kit.id().to_string(), &name, &reason, rule, &form.rows())
}

/// `POST /rules/rule/{id}/filter`: keeps the filter as a draft, to be handed in for review.
pub(in crate::rules) async fn filter_save(mut ctx: Ctx) -> Result<Reply> {
    whole_centre(&ctx, "rules:write")?;
    let form: Quiet = ctx.form().await?;
    let rule = rule(&ctx)?;
    let yaml = yaml(&ctx, &form, &rule)?;
    quiet::quieted(&rule, &yaml, &[])?;
    let document = written::one(&yaml, ctx.kit.id())?;
    let id = keep_new(&ctx, document, "rules.filter").await?;
    Ok(Reply::to(format!("/rules/versions/{id}")))
}
