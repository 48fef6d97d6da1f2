//! The box in which an event is tried against the rules in force.

use khien_base::{Fault, LogSource, Record, Result};
use khien_normalise::{Format, decode_line};
use khien_web::{Ctx, Reply};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::list::row;
use super::vietnamese;
use crate::alerts::marks;
use crate::rules::catalog::{Known, logsource, of_rule};
use crate::rules::loaded;
use crate::rules::views::{Fired, Tried};

/// An event to try the rules on.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(in crate::rules) struct Attempt {
    /// A JSON object, or a line of a log.
    pub(super) event: String,
    /// The log source's product, where the event does not tell.
    pub(super) product: String,
    /// Its category.
    pub(super) category: String,
    /// Its service.
    pub(super) service: String,
}

/// `GET /rules/try`
pub(in crate::rules) async fn show_try(ctx: Ctx) -> Result<Reply> {
    ctx.page(&Tried::default())
}

/// `POST /rules/try`: which rules fire on an event.
pub(in crate::rules) async fn attempt(mut ctx: Ctx) -> Result<Reply> {
    let form: Attempt = ctx.form().await?;
    let record = read(&ctx, &form)?;
    let loaded = loaded::of(&ctx.kit)?.current();
    let found = loaded.ruleset.matches(&record);
    let none = Known::default();
    let hits: Vec<_> = found.iter().flat_map(|found| &found.hits).collect();
    let shown = marks::member(ctx.kit.id(), record.time.unwrap_or(ctx.now), &json!(record), &json!(hits));
    let fired = |rule| Fired { rule: row(&ctx, &of_rule(&loaded, rule, true, &none, vietnamese(&ctx))) };
    ctx.page(&Tried {
        done: true,
        logsource: logsource(&record.log),
        considered: loaded.ruleset.rules_for(&record.log).count(),
        fired: found.iter().map(|found| fired(found.rule)).collect(),
        read: shown,
        event: form.event,
        product: form.product,
        category: form.category,
        service: form.service,
    })
}

/// The event as the intake would read it. JSON may stand on several lines, as people copy it.
pub(super) fn read(ctx: &Ctx, form: &Attempt) -> Result<Record> {
    let text = form.event.trim();
    if text.is_empty() {
        return Err(Fault::invalid("rules.event-empty").on("event"));
    }
    let mut record = if text.starts_with('{') {
        let value: Value = serde_json::from_str(text).map_err(|error| {
            Fault::invalid("rules.event-json").on("event").with("line", error.line()).with("column", error.column())
        })?;
        decode_line(value.to_string().as_bytes(), Format::Ndjson, ctx.now, 1)
    } else {
        let line = text.lines().next().unwrap_or_default();
        decode_line(line.as_bytes(), Format::Auto, ctx.now, 1)
    }
    .map_err(|fault| fault.on("event"))?;
    let given = |text: &str| Some(text.trim().to_lowercase()).filter(|text| !text.is_empty());
    let by_hand =
        LogSource { product: given(&form.product), service: given(&form.service), category: given(&form.category) };
    if by_hand != LogSource::default() {
        record.log = by_hand;
    }
    Ok(record)
}
