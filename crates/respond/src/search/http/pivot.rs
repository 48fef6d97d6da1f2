//! `GET /events/pivot`: who else has seen a value — sources, systems, alerts — in the last 30 days.

use khien_base::filter::Name;
use khien_base::ports::Search;
use khien_base::{Fault, Filter, Id, Result};
use khien_web::router::percent;
use khien_web::{Ctx, Reply};
use serde_json::json;

use super::{LONG, named, source_names, system_names};
use crate::alerts;
use crate::search::READ;
use crate::search::asked::Span;
use crate::search::sight::{Sight, write_down};
use crate::search::views::{Pivot, Seen, SeenAlert};

/// Days that are looked back.
const DAYS: i64 = 30;
/// Sources and systems that are listed.
const MOST: usize = 20;
/// Events whose alerts are looked for, the newest.
const EVENTS: usize = 1_000;

/// `GET /events/pivot?name=src_ip&value=203.0.113.5`
pub(in crate::search) async fn pivot(ctx: Ctx) -> Result<Reply> {
    let name = ctx.query_value("name").unwrap_or_default();
    let value = ctx.query_value("value").unwrap_or_default();
    if name.trim().is_empty() || name.len() > 200 || value.trim().is_empty() || value.chars().count() > LONG {
        return Err(Fault::invalid("search.of").on("value"));
    }
    let name = Name::of(&name);
    let reach = ctx.reach(READ);
    let span = Span::last("30d", DAYS * 24 * 60, ctx.now);
    let filter = Filter::equals(name.clone(), value.clone());
    let search =
        Search { from: Some(span.from), to: Some(span.to), filter: filter.clone(), ..Search::within(reach.clone()) };
    // Whoever brings a personal value has seen it plainly; that somebody looks for the person is written down.
    let sight = Sight::plain(reach.clone());
    if Sight::veiled().hides(&name, &reach) {
        write_down(&ctx, &sight, json!({"name": name.said(), "value": value})).await?;
    }
    let store = ctx.kit.events()?;
    let sources = store.values(search.clone(), Name::of("source"), MOST).await?;
    let systems = store.values(search.clone(), Name::of("system"), MOST).await?;
    let newest = store.search(Search { limit: EVENTS, ..search }).await?;
    let ids: Vec<Id> = newest.events.iter().map(|event| event.id).collect();
    let open = alerts::store::of_events(&ctx.kit.db, &ctx.reach("alerts:read"), &ids).await?;
    let listed = |rows: &[(String, u64)]| rows.iter().filter_map(|(id, _)| id.parse().ok()).collect::<Vec<Id>>();
    let source_of = source_names(&ctx, listed(&sources.rows)).await?;
    let system_of = system_names(&ctx, listed(&systems.rows)).await?;
    let q = filter.to_string();
    let seen = |rows: &[(String, u64)], names: &[(Id, String)], column: &str| {
        let one = |(id, count): &(String, u64)| Seen {
            name: id.parse().map(|id| named(names, id)).unwrap_or_default(),
            id: id.clone(),
            count: *count,
            href: format!("/events?range=30d&{column}={id}&q={}", percent(&q)),
        };
        rows.iter().map(one).collect()
    };
    ctx.page(&Pivot {
        name: name.said().to_owned(),
        value,
        total: newest.total,
        days: DAYS,
        first: newest.events.last().map(|event| event.time),
        last: newest.events.first().map(|event| event.time),
        whole: newest.total <= EVENTS as u64,
        sources: seen(&sources.rows, &source_of, "source"),
        systems: seen(&systems.rows, &system_of, "system"),
        alerts: open
            .into_iter()
            .map(|alert| SeenAlert {
                id: alert.id,
                title: alert.title,
                level: alerts::rules::level_name(alert.level).to_owned(),
                state: alert.state,
                last_at: alert.last_at,
            })
            .collect(),
        search: format!("/events?range=30d&q={}", percent(&q)),
    })
}
