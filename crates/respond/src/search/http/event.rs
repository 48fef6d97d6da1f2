//! `GET /events/{id}`

use chrono::TimeDelta;
use khien_base::filter::{self, COLUMNS, Name};
use khien_base::{Event, Fault, Result};
use khien_web::router::percent;
use khien_web::{Ctx, Reply};
use serde_json::{Value, json};

use super::{LONG, named, source_names, system_names};
use crate::search::READ;
use crate::search::asked::local;
use crate::search::personal::MASK;
use crate::search::sight::{Sight, may_unmask, write_down};
use crate::search::views::{Field, OneEvent};

/// Fields of an event that are shown.
const FIELDS: usize = 2_000;

/// `GET /events/{id}`
pub(in crate::search) async fn event(ctx: Ctx) -> Result<Reply> {
    let found = ctx.kit.events()?.event(ctx.id("id")?, ctx.reach(READ)).await?;
    let event = found.ok_or_else(|| Fault::not_found("web.not-found"))?;
    let sight = Sight::of(&ctx, ctx.query_value("personal").as_deref() == Some("1"));
    if sight.is_plain() {
        write_down(&ctx, &sight, json!({"event": event.id})).await?;
    }
    let event = sight.show(event);
    let sources = source_names(&ctx, vec![event.source]).await?;
    let systems = system_names(&ctx, vec![event.system]).await?;
    let tree = khien_directory::gate::of(&ctx.kit)?.tree(ctx.now).await?;
    let log = &event.record.log;
    let log = [&log.product, &log.service, &log.category].into_iter().flatten().cloned().collect::<Vec<_>>();
    let mut fields = Vec::new();
    for (name, value) in &event.record.fields {
        flatten(&event, name, value, &mut fields);
    }
    let path = ctx.uri.path().to_owned();
    ctx.page(&OneEvent {
        id: event.id,
        time: event.time,
        received: event.received,
        source: event.source,
        source_name: named(&sources, event.source),
        system: event.system,
        system_name: named(&systems, event.system),
        unit_name: tree.name(event.unit).to_owned(),
        log: log.join(" / "),
        columns: columns(&event),
        fields,
        around_host: event.record.hot.host.as_deref().map(|host| around(&event, "host", host)).unwrap_or_default(),
        around_source: around(&event, "source", &event.source.to_string()),
        plain: sight.is_plain(),
        unmask: if may_unmask(&ctx) { format!("{path}?personal=1") } else { String::new() },
        mask: path,
        raw: event.record.raw,
    })
}

/// Events with the same value within five minutes before and after.
fn around(event: &Event, name: &str, value: &str) -> String {
    if value.contains(MASK) {
        return String::new();
    }
    search(event, name, value, TimeDelta::minutes(5))
}

fn search(event: &Event, name: &str, value: &str, apart: TimeDelta) -> String {
    format!(
        "/events?q={}&from={}&to={}",
        percent(&filter::pivot(name, value)),
        percent(&local(event.time - apart)),
        percent(&local(event.time + apart + TimeDelta::seconds(1)))
    )
}

/// A value under a name, with where it leads; nowhere where it is masked, empty, or too long for a bar.
fn field(event: &Event, shown: &str, name: &str, value: String) -> Field {
    let leads = !value.is_empty() && !value.contains(MASK) && value.chars().count() <= LONG;
    let pivot = if leads { search(event, name, &value, TimeDelta::hours(1)) } else { String::new() };
    let seen =
        if leads { format!("/events/pivot?name={}&value={}", percent(name), percent(&value)) } else { String::new() };
    let ask = if Name::column(name).is_some() || shown == name { name.to_owned() } else { String::new() };
    Field { name: shown.to_owned(), ask, value, pivot, seen }
}

/// Columns under their OCSF names.
fn columns(event: &Event) -> Vec<Field> {
    let named = COLUMNS.into_iter().filter(|column| !matches!(column.name, "source" | "system")).filter_map(|column| {
        let value = column.value(event).filter(|value| !value.is_empty())?;
        let shown = if column.ocsf.is_empty() { column.name } else { column.ocsf };
        Some(field(event, shown, column.name, value))
    });
    named.collect()
}

fn flatten(event: &Event, name: &str, value: &Value, fields: &mut Vec<Field>) {
    if fields.len() >= FIELDS {
        return;
    }
    match value {
        Value::Object(inner) if !inner.is_empty() => {
            for (key, value) in inner {
                flatten(event, &format!("{name}.{key}"), value, fields);
            }
        }
        Value::String(text) => fields.push(field(event, name, name, text.clone())),
        Value::Number(_) | Value::Bool(_) => fields.push(field(event, name, name, value.to_string())),
        other => fields.push(Field {
            name: name.to_owned(),
            value: if other.is_null() { String::new() } else { other.to_string() },
            ..Field::default()
        }),
    }
}
