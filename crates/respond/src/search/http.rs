//! Handlers of the search.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use futures::TryStreamExt;
use khien_base::clock::vietnam;
use khien_base::filter::{self, COLUMNS};
use khien_base::ports::{Search, Sheet};
use khien_base::{Event, Fault, Filter, Id, Kind, Result};
use khien_web::ctx::Wants;
use khien_web::list::{self, FILE_ROWS};
use khien_web::router::percent;
use khien_web::{Ctx, Pager, Paging, Reply};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::views::{Events, Field, OneEvent, Row, Sql};
use super::{READ, SQL};
use crate::sources;

/// What is asked for.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    range: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    system: String,
}

/// Spans that a button asks for, in minutes.
const RANGES: [(&str, i64); 5] =
    [("15m", 15), ("1h", 60), ("24h", 24 * 60), ("7d", 7 * 24 * 60), ("30d", 30 * 24 * 60)];
/// Bars of the chart.
const SLICES: usize = 48;
/// Bytes of a file that is taken away: it is made in memory.
const FILE_BYTES: usize = 256 * 1024 * 1024;
/// Rows of an SQL answer.
const SQL_ROWS: usize = 1_000;

struct Span {
    range: &'static str,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

/// The span that is asked for: from and to, or a range that ends now; a day where nothing is said.
///
/// Faults: `search.time` on `from` or `to`; `search.time-order` on `to`.
fn span(asked: &Asked, now: DateTime<Utc>) -> Result<Span> {
    let range = RANGES.into_iter().find(|(name, _)| *name == asked.range);
    if range.is_none() && !(asked.from.is_empty() && asked.to.is_empty()) {
        let to = if asked.to.is_empty() { now } else { moment(&asked.to, "to")? };
        let from = if asked.from.is_empty() { to - TimeDelta::days(1) } else { moment(&asked.from, "from")? };
        return if from < to {
            Ok(Span { range: "", from, to })
        } else {
            Err(Fault::invalid("search.time-order").on("to"))
        };
    }
    let (range, minutes) = range.unwrap_or(("24h", 24 * 60));
    // What carries this very moment belongs to it.
    let to = now + TimeDelta::seconds(1);
    Ok(Span { range, from: to - TimeDelta::minutes(minutes), to })
}

fn moment(text: &str, field: &'static str) -> Result<DateTime<Utc>> {
    let wrong = || Fault::invalid("search.time").on(field);
    let local =
        ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"].iter().find_map(|f| NaiveDateTime::parse_from_str(text, f).ok());
    let at = local.and_then(|local| local.and_local_timezone(vietnam()).single()).ok_or_else(wrong)?;
    let at = at.with_timezone(&Utc);
    // What the store can hold: years that a log may carry.
    if (0..4_102_444_800).contains(&at.timestamp()) { Ok(at) } else { Err(wrong()) }
}

fn local(at: DateTime<Utc>) -> String {
    at.with_timezone(&vietnam()).format("%Y-%m-%dT%H:%M").to_string()
}

fn search(ctx: &Ctx, asked: &Asked, filter: Filter, span: &Span) -> Search {
    Search {
        from: Some(span.from),
        to: Some(span.to),
        filter,
        source: asked.source.parse().ok(),
        system: asked.system.parse().ok(),
        ..Search::within(ctx.reach(READ))
    }
}

/// `GET /events`
pub(super) async fn events(ctx: Ctx) -> Result<Reply> {
    let asked: Asked = ctx.query()?;
    let read = filter::read(&asked.q).and_then(|filter| Ok((filter, span(&asked, ctx.now)?)));
    let may_sql = ctx.actor()?.may(SQL);
    let shown = |range: &str, from: String, to: String| Events {
        q: asked.q.clone(),
        range: range.to_owned(),
        from,
        to,
        source: asked.source.clone(),
        system: asked.system.clone(),
        may_sql,
        ..Events::default()
    };
    let (filter, span) = match read {
        Ok(read) => read,
        // The page shows what was typed with what is wrong with it; a program gets the fault.
        Err(fault) if ctx.wants == Wants::Html => {
            let error = ctx.kit.texts.fault(ctx.lang, &fault);
            return ctx.page(&Events { error, ..shown(&asked.range, asked.from.clone(), asked.to.clone()) });
        }
        Err(fault) => return Err(fault),
    };
    let search = search(&ctx, &asked, filter, &span);
    if list::wants_file(&ctx) || ctx.query_value("format").as_deref() == Some("ndjson") {
        return take_away(&ctx, &asked, search).await;
    }
    let paging = Paging::of(&ctx);
    let store = ctx.kit.events()?;
    let wanted = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
    let page = Search { offset: wanted(paging.offset()), limit: wanted(paging.size), ..search.clone() };
    let outcome = store.search(page).await;
    let (found, buckets) = match outcome {
        Ok(found) => (found, store.histogram(search, SLICES).await?),
        Err(fault) if ctx.wants == Wants::Html && fault.kind == Kind::TooMany => {
            let error = ctx.kit.texts.fault(ctx.lang, &fault);
            return ctx.page(&Events { error, ..shown(span.range, local(span.from), local(span.to)) });
        }
        Err(fault) => return Err(fault),
    };
    let names = source_names(&ctx, &found.events, asked.source.parse().ok()).await?;
    let name = |id: &Id| names.iter().find(|(known, _)| known == id).map(|(_, name)| name.clone()).unwrap_or_default();
    let days = span.to - span.from > TimeDelta::days(1);
    let label =
        |at: DateTime<Utc>| at.with_timezone(&vietnam()).format(if days { "%H:%M %d/%m" } else { "%H:%M" }).to_string();
    let data: Vec<u64> = buckets.iter().map(|bucket| bucket.count).collect();
    let chart = json!({
        "kind": "bar",
        "labels": buckets.iter().map(|bucket| label(bucket.at)).collect::<Vec<_>>(),
        "series": [{"name": ctx.say("search.events"), "data": data}],
    });
    let (from, to) =
        if span.range.is_empty() { (local(span.from), local(span.to)) } else { (String::new(), String::new()) };
    ctx.page(&Events {
        source_name: asked.source.parse().ok().map(|id| name(&id)).unwrap_or_default(),
        system_name: system_name(&ctx, &asked).await?,
        rows: found.events.iter().map(|event| row(event, name(&event.source))).collect(),
        pager: Pager::new(&ctx, paging, found.total),
        chart: if found.total == 0 { Value::Null } else { chart },
        ..shown(span.range, from, to)
    })
}

/// Names of the sources of these events, as far as they are within reach.
async fn source_names(ctx: &Ctx, events: &[Event], asked: Option<Id>) -> Result<Vec<(Id, String)>> {
    let mut ids: Vec<Id> = events.iter().map(|event| event.source).chain(asked).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let known = sources::store::some(&ctx.kit.db, &ctx.reach(READ), ids).await?;
    Ok(known.into_iter().map(|source| (source.id, source.name)).collect())
}

/// The name of the system that was asked for, if it is within reach.
async fn system_name(ctx: &Ctx, asked: &Asked) -> Result<String> {
    let Ok(id) = asked.system.parse() else { return Ok(String::new()) };
    let found = ctx.kit.systems()?.some(vec![id]).await?;
    let seen = found.into_iter().find(|card| ctx.reach(READ).covers(card.unit));
    Ok(seen.map(|card| card.name).unwrap_or_default())
}

fn row(event: &Event, source_name: String) -> Row {
    let hot = &event.record.hot;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let message = hot.message.as_deref().filter(|m| !m.is_empty()).unwrap_or(&event.record.raw);
    Row {
        id: event.id,
        time: event.time,
        host: text(&hot.host),
        event_code: text(&hot.event_code),
        channel: text(&hot.channel),
        user: text(&hot.user),
        src_ip: text(&hot.src_ip),
        message: message.chars().take(200).collect(),
        source_name,
    }
}

/// All found events, up to [`FILE_ROWS`], as a file; written into the audit log.
///
/// Faults: `search.file-too-large` (MiB), and those of the store.
async fn take_away(ctx: &Ctx, asked: &Asked, search: Search) -> Result<Reply> {
    let (from, to) = (search.from, search.to);
    let format = ctx.query_value("format").unwrap_or_default();
    let store = ctx.kit.events()?;
    let mut pages = store.newest(search, usize::try_from(FILE_ROWS).map_err(Fault::internal)?);
    let (mut lines, mut sheet, mut rows, mut room) = (Vec::new(), empty_sheet(ctx), 0_usize, FILE_BYTES);
    // Each page becomes what the file says and is let go before the next is read.
    while let Some(events) = pages.try_next().await? {
        rows += events.len();
        for event in &events {
            let weight = if format == "ndjson" { line(event, &mut lines)? } else { row_of_sheet(event, &mut sheet) };
            room = room.checked_sub(weight).ok_or_else(|| {
                Fault::new(Kind::TooMany, "search.file-too-large").with("limit", FILE_BYTES / 1024 / 1024)
            })?;
        }
    }
    let reply = if format == "ndjson" {
        Reply::File { name: "su-kien.ndjson".into(), mime: "application/x-ndjson", bytes: lines }
    } else {
        list::file(ctx, "su-kien", &sheet)?
    };
    let actor = ctx.actor()?;
    let detail = json!({"q": asked.q, "from": from, "to": to, "rows": rows, "format": format});
    let tx = ctx.kit.db.begin().await?;
    tx.commit(ctx.entry("events.export", "person", actor.id, Some(actor.unit), detail)?).await?;
    Ok(reply)
}

/// Writes an event as a line; gives the bytes that it takes.
fn line(event: &Event, lines: &mut Vec<u8>) -> Result<usize> {
    let before = lines.len();
    serde_json::to_writer(&mut *lines, event).map_err(Fault::internal)?;
    lines.push(b'\n');
    Ok(lines.len() - before)
}

fn empty_sheet(ctx: &Ctx) -> Sheet {
    let names = ["time", "host", "code", "channel", "user", "from-ip", "message", "raw"];
    Sheet {
        title: ctx.say("search.events"),
        columns: names.iter().map(|name| ctx.say(&format!("search.{name}"))).collect(),
        rows: Vec::new(),
    }
}

/// Writes an event as a row; gives the bytes that it takes.
fn row_of_sheet(event: &Event, sheet: &mut Sheet) -> usize {
    let row = row(event, String::new());
    let at = event.time.with_timezone(&vietnam()).to_rfc3339();
    // A spreadsheet's cell holds 32,767 characters.
    let raw = event.record.raw.chars().take(32_000).collect();
    let cells = vec![at, row.host, row.event_code, row.channel, row.user, row.src_ip, row.message, raw];
    let weight = cells.iter().map(String::len).sum();
    sheet.rows.push(cells);
    weight
}

/// `GET /events/{id}`
pub(super) async fn event(ctx: Ctx) -> Result<Reply> {
    let found = ctx.kit.events()?.event(ctx.id("id")?, ctx.reach(READ)).await?;
    let event = found.ok_or_else(|| Fault::not_found("web.not-found"))?;
    let names = source_names(&ctx, std::slice::from_ref(&event), None).await?;
    let systems = ctx.kit.systems()?.some(vec![event.system]).await?;
    let tree = khien_directory::gate::of(&ctx.kit)?.tree(ctx.now).await?;
    let log = &event.record.log;
    let log = [&log.product, &log.service, &log.category].into_iter().flatten().cloned().collect::<Vec<_>>();
    let mut fields = Vec::new();
    for (name, value) in &event.record.fields {
        flatten(name, value, &mut fields);
    }
    ctx.page(&OneEvent {
        id: event.id,
        time: event.time,
        received: event.received,
        source: event.source,
        source_name: names.into_iter().next().map(|(_, name)| name).unwrap_or_default(),
        system: event.system,
        system_name: systems.into_iter().next().map(|card| card.name).unwrap_or_default(),
        unit_name: tree.name(event.unit).to_owned(),
        log: log.join(" / "),
        columns: columns(&event),
        fields,
        raw: event.record.raw,
    })
}

/// Columns under their OCSF names, each with a search for its value around the same time.
fn columns(event: &Event) -> Vec<Field> {
    let around = format!(
        "&from={}&to={}",
        percent(&local(event.time - TimeDelta::hours(1))),
        percent(&local(event.time + TimeDelta::hours(1)))
    );
    let named = COLUMNS.into_iter().filter_map(|column| {
        let value = column.value(event).filter(|value| !value.is_empty())?;
        let name = if column.ocsf.is_empty() { column.name } else { column.ocsf };
        let short = value.len() <= 500;
        let pivot = short.then(|| format!("/events?q={}{around}", percent(&filter::pivot(column.name, &value))));
        Some(Field { name: name.to_owned(), value, pivot: pivot.unwrap_or_default() })
    });
    named.collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Fields of an event that are shown.
const FIELDS: usize = 2_000;

fn flatten(name: &str, value: &Value, fields: &mut Vec<Field>) {
    if fields.len() >= FIELDS {
        return;
    }
    match value {
        Value::Object(inner) if !inner.is_empty() => {
            for (key, value) in inner {
                flatten(&format!("{name}.{key}"), value, fields);
            }
        }
        other => fields.push(Field { name: name.to_owned(), value: text(other), pivot: String::new() }),
    }
}

/// `GET /events/sql`
pub(super) async fn show_sql(ctx: Ctx) -> Result<Reply> {
    ctx.page(&Sql { statement: ctx.query_value("statement").unwrap_or_default(), ..Sql::default() })
}

/// A statement.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Statement {
    /// `SELECT … FROM events …`
    statement: String,
}

/// `POST /events/sql`: runs a statement over the events within reach, and writes it into the audit log.
pub(super) async fn run_sql(mut ctx: Ctx) -> Result<Reply> {
    let form: Statement = ctx.form().await?;
    let actor = ctx.actor()?;
    let tx = ctx.kit.db.begin().await?;
    let said: String = form.statement.chars().take(10_000).collect();
    let detail = json!({"statement": said});
    tx.commit(ctx.entry("events.sql", "person", actor.id, Some(actor.unit), detail)?).await?;
    let outcome = ctx.kit.events()?.sql(form.statement.clone(), ctx.reach(SQL), SQL_ROWS).await;
    let rows = match outcome {
        Ok(rows) => rows,
        Err(fault) if ctx.wants == Wants::Html && fault.kind != Kind::Internal => {
            let error = ctx.kit.texts.fault(ctx.lang, &fault);
            return ctx.page(&Sql { statement: form.statement, error, ran: true, ..Sql::default() });
        }
        Err(fault) => return Err(fault),
    };
    let cell = |row: &Map<String, Value>, column: &String| match row.get(column) {
        None | Some(Value::Null) => String::new(),
        Some(value) => text(value),
    };
    let cells = rows.rows.iter().map(|row| rows.columns.iter().map(|column| cell(row, column)).collect());
    let cells = cells.collect();
    ctx.page(&Sql {
        statement: form.statement,
        rows: cells,
        columns: rows.columns,
        truncated: rows.truncated,
        ran: true,
        ..Sql::default()
    })
}
