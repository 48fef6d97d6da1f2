//! `GET /events`

use chrono::{DateTime, TimeDelta, Utc};
use khien_base::clock::vietnam;
use khien_base::filter::{self, Name};
use khien_base::ports::{Bucket, Search};
use khien_base::{Event, Filter, Id, Kind, Result};
use khien_web::ctx::Wants;
use khien_web::router::percent;
use khien_web::{Ctx, Pager, Paging, Reply, list};
use serde_json::{Value, json};

use super::{link, named, narrowed, source_names, system_names, value_of};
use crate::search::asked::{Asked, Span, local};
use crate::search::personal::MASK;
use crate::search::sight::{Sight, may_unmask, write_down};
use crate::search::views::{Cell, Events, Heading, Row};
use crate::search::{EXPORT, READ, SAVE, SQL};

/// Bars of the chart.
const SLICES: usize = 48;
/// Names of fields that the bar proposes.
const PROPOSED: usize = 300;

/// `GET /events`
pub(in crate::search) async fn events(ctx: Ctx) -> Result<Reply> {
    let asked: Asked = ctx.query()?;
    let read = filter::read(&asked.q).and_then(|filter| Ok((filter, asked.span(ctx.now)?)));
    let (filter, span) = match read {
        Ok(read) => read,
        // The page shows what was typed with what is wrong with it; a program gets the fault.
        Err(fault) if ctx.wants == Wants::Html => {
            let error = ctx.kit.texts.fault(ctx.lang, &fault);
            let (range, from, to) = (asked.range.clone(), asked.from.clone(), asked.to.clone());
            return ctx.page(&Events { error, range, from, to, ..base(&ctx, &asked)? });
        }
        Err(fault) => return Err(fault),
    };
    let search = asked.search(filter.clone(), &span, ctx.reach(READ));
    let paging = Paging::of(&ctx);
    let store = ctx.kit.events()?;
    let wanted = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
    let page = Search { offset: wanted(paging.offset()), limit: wanted(paging.size), ..search.clone() };
    let outcome = match store.search(page).await {
        Ok(found) => store.histogram(search, SLICES).await.map(|buckets| (found, buckets)),
        Err(fault) => Err(fault),
    };
    let (from, to) =
        if span.range.is_empty() { (local(span.from), local(span.to)) } else { (String::new(), String::new()) };
    let shown = Events { range: span.range.to_owned(), from, to, ..base(&ctx, &asked)? };
    let (found, buckets) = match outcome {
        Ok(outcome) => outcome,
        Err(fault) if ctx.wants == Wants::Html && fault.kind == Kind::TooMany => {
            let error = ctx.kit.texts.fault(ctx.lang, &fault);
            return ctx.page(&Events { error, ..shown });
        }
        Err(fault) => return Err(fault),
    };
    let sight = Sight::of(&ctx, asked.personal());
    write_down(&ctx, &sight, json!({"q": asked.q, "from": span.from, "to": span.to})).await?;
    let (source, system) = (asked.source.parse::<Id>().ok(), asked.system.parse::<Id>().ok());
    let sources = source_names(&ctx, found.events.iter().map(|event| event.source).chain(source).collect()).await?;
    let systems = system_names(&ctx, system.into_iter().collect()).await?;
    let events: Vec<Event> = found.events.into_iter().map(|event| sight.show(event)).collect();
    let names = asked.columns();
    let adds = Adds { base: list::base(&ctx, &["q", "page", "format"]), filter: &filter };
    let rows = events.iter().map(|event| row(event, &names, &adds, named(&sources, event.source)));
    ctx.page(&Events {
        source_name: source.map(|id| named(&sources, id)).unwrap_or_default(),
        system_name: system.map(|id| named(&systems, id)).unwrap_or_default(),
        rows: rows.collect(),
        headings: headings(&ctx, &names),
        proposals: proposals(&events),
        pager: Pager::new(&ctx, paging, found.total),
        chart: if found.total == 0 { Value::Null } else { chart(&ctx, &span, &buckets) },
        counts: if found.total == 0 { String::new() } else { counts(&ctx) },
        plain: sight.is_plain(),
        ..shown
    })
}

/// What the page shows whatever comes of the search.
fn base(ctx: &Ctx, asked: &Asked) -> Result<Events> {
    let actor = ctx.actor()?;
    let asks = list::base(ctx, &["page", "format", "personal"]);
    Ok(Events {
        q: asked.q.clone(),
        source: asked.source.clone(),
        system: asked.system.clone(),
        cols: asked.cols.clone(),
        unmask: if may_unmask(ctx) { format!("{asks}personal=1") } else { String::new() },
        mask: asks.trim_end_matches(['?', '&']).to_owned(),
        may_sql: actor.may(SQL),
        may_export: actor.may(EXPORT),
        may_save: actor.may(SAVE),
        ..Events::default()
    })
}

/// Where the panel of counts is fetched, but for the name.
fn counts(ctx: &Ctx) -> String {
    list::base(ctx, &["page", "format", "of"]).replacen("/events?", "/events/values?", 1)
}

/// Searches that add a condition to this one.
struct Adds<'a> {
    base: String,
    filter: &'a Filter,
}

fn row(event: &Event, names: &[Name], adds: &Adds<'_>, source_name: String) -> Row {
    let hot = &event.record.hot;
    let message = hot.message.as_deref().filter(|m| !m.is_empty()).unwrap_or(&event.record.raw);
    let cell = |name: &Name| {
        let value = value_of(event, name);
        // A masked value finds nothing, and several values are none.
        let odd = value.contains(MASK) || (matches!(name, Name::Field(_)) && value.contains(", "));
        let add = if odd { String::new() } else { link(&adds.base, &narrowed(adds.filter, name, &value, false)) };
        Cell { name: name.said().to_owned(), value: value.chars().take(300).collect(), add }
    };
    Row {
        id: event.id,
        time: event.time,
        cells: names.iter().map(cell).collect(),
        message: message.chars().take(200).collect(),
        source_name,
    }
}

/// Headings of the chosen columns, each with the list without it.
fn headings(ctx: &Ctx, names: &[Name]) -> Vec<Heading> {
    let base = list::base(ctx, &["cols", "page", "format"]);
    let one = |name: &Name| {
        let rest: Vec<&str> = names.iter().filter(|other| *other != name).map(Name::said).collect();
        let without = if rest.is_empty() { String::new() } else { format!("{base}cols={}", percent(&rest.join(","))) };
        Heading { name: name.said().to_owned(), without }
    };
    names.iter().map(one).collect()
}

/// Names for the bar: the columns, and the fields of what was found.
fn proposals(events: &[Event]) -> Vec<String> {
    let mut all: Vec<String> = filter::COLUMNS.iter().map(|column| column.name.to_owned()).collect();
    for event in events {
        for field in event.record.fields.keys() {
            if all.len() < PROPOSED && !all.contains(field) {
                all.push(field.clone());
            }
        }
    }
    all
}

fn chart(ctx: &Ctx, span: &Span, buckets: &[Bucket]) -> Value {
    let days = span.to - span.from > TimeDelta::days(1);
    let label =
        |at: DateTime<Utc>| at.with_timezone(&vietnam()).format(if days { "%H:%M %d/%m" } else { "%H:%M" }).to_string();
    let base = list::base(ctx, &["from", "to", "range", "page", "format"]);
    let starts: Vec<DateTime<Utc>> = buckets.iter().map(|bucket| bucket.at).collect();
    let ends = starts.iter().skip(1).copied().chain([span.to]);
    let spans = starts.iter().zip(ends);
    let links: Vec<String> = spans
        .map(|(from, to)| {
            // The form knows seconds: the slice is widened to them.
            let to = if to.timestamp_subsec_nanos() > 0 { to + TimeDelta::seconds(1) } else { to };
            format!("{base}from={}&to={}", percent(&local(*from)), percent(&local(to)))
        })
        .collect();
    let edges: Vec<String> = starts.iter().map(|at| local(*at)).chain([local(span.to)]).collect();
    let data: Vec<u64> = buckets.iter().map(|bucket| bucket.count).collect();
    json!({
        "kind": "bar",
        "labels": starts.iter().map(|at| label(*at)).collect::<Vec<_>>(),
        "series": [{"name": ctx.say("search.events"), "data": data}],
        "links": links,
        "drag": {"edges": edges, "base": base},
    })
}
