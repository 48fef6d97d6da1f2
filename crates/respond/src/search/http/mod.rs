//! Handlers of the search.

mod event;
mod list;
mod pivot;
mod sql;
mod values;

pub(super) use event::event;
pub(super) use list::events;
pub(super) use pivot::pivot;
pub(super) use sql::{Statement, run_sql, show_sql, stop_sql};
pub(super) use values::values;

use khien_base::filter::Name;
use khien_base::{Event, Filter, Id, Result};
use khien_web::Ctx;
use khien_web::router::percent;

use super::READ;
use crate::sources;

/// Values longer than this lead nowhere: no bar takes them.
const LONG: usize = 500;

/// Names of sources, as far as they are within reach.
async fn source_names(ctx: &Ctx, mut ids: Vec<Id>) -> Result<Vec<(Id, String)>> {
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let known = sources::store::some(&ctx.kit.db, &ctx.reach(READ), ids).await?;
    Ok(known.into_iter().map(|source| (source.id, source.name)).collect())
}

/// Names of systems, as far as they are within reach.
async fn system_names(ctx: &Ctx, mut ids: Vec<Id>) -> Result<Vec<(Id, String)>> {
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let reach = ctx.reach(READ);
    let known = ctx.kit.systems()?.some(ids).await?;
    Ok(known.into_iter().filter(|card| reach.covers(card.unit)).map(|card| (card.id, card.name)).collect())
}

fn named(names: &[(Id, String)], id: Id) -> String {
    names.iter().find(|(known, _)| *known == id).map(|(_, name)| name.clone()).unwrap_or_default()
}

/// What an event has under a name, as text: the values of a list with commas.
fn value_of(event: &Event, name: &Name) -> String {
    match name {
        Name::Column(column) => column.value(event).unwrap_or_default(),
        Name::Field(field) => khien_base::filter::values(&event.record.fields, field).join(", "),
    }
}

/// The search with one more condition: that a name has this value, or has not. Empty where no bar would take it.
fn narrowed(filter: &Filter, name: &Name, value: &str, without: bool) -> String {
    if value.is_empty() || value.chars().count() > LONG {
        return String::new();
    }
    let is = Filter::equals(name.clone(), value);
    let one = if without { Filter::Not(Box::new(is)) } else { is };
    let text = filter.clone().and(one).to_string();
    let taken = khien_base::filter::read(&text).is_ok();
    if taken { text } else { String::new() }
}

/// A link to a search.
fn link(base: &str, q: &str) -> String {
    if q.is_empty() { String::new() } else { format!("{base}q={}", percent(q)) }
}
