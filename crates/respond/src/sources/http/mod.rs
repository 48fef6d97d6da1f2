//! Handlers of log sources.

mod change;
mod live;
mod upload;

use chrono::{DateTime, TimeDelta, Utc};
use khien_base::clock::{vietnam, vn_time};
use khien_base::ports::{Sheet, SystemCard};
use khien_base::{Id, Reach, Result};
use khien_db::audit;
use khien_web::list::{self, wants_file};
use khien_web::{Ctx, Pager, Paging, Reply};
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) use change::{Edited, NewSource, Turned};
pub(super) use change::{add, close, edit, pause, resume, rotate};
pub(super) use live::live;
pub(super) use upload::{LIMIT, upload};

use super::desk::{Desk, Lost};
use super::model::{Model, slice};
use super::recipes::{self, Address};
use super::rules::{self, State};
use super::store::{self, Filter};
use super::views::{Choice, List, New, One, Row, Step, Unknown, Uploaded};
use super::{READ, WRITE, overview};

/// What the list is filtered by.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    system: String,
}

/// `GET /sources`
pub(super) async fn list(ctx: Ctx) -> Result<Reply> {
    let asked: Asked = ctx.query()?;
    let reach = ctx.reach(READ);
    let filter =
        Filter { q: asked.q.clone(), state: State::from_name(&asked.state), system: asked.system.parse().ok() };
    if wants_file(&ctx) {
        return as_file(&ctx, &reach, &filter).await;
    }
    let paging = Paging::of(&ctx);
    let (sources, total) = store::list(&ctx.kit.db, &reach, &filter, ctx.now, paging).await?;
    let rows = rows(&ctx, &sources).await?;
    // What strangers send may be anybody's: only who sees all units sees it.
    let all = reach == Reach::All;
    let unknown = if all { strangers(&ctx)? } else { Vec::new() };
    let halt = ctx.kit.part::<Desk>()?.standstill.halt();
    let unread = if all { ctx.kit.part::<Desk>()?.losses.unread() } else { Lost::default() };
    ctx.page(&List {
        rows,
        pager: Pager::new(&ctx, paging, total),
        counts: overview::counts(&ctx.kit, &reach, ctx.now).await?,
        unknown,
        unread: unread.datagrams,
        unread_at: unread.last_at,
        halted: halt.as_ref().map(|halt| ctx.kit.texts.fault(ctx.lang, &halt.fault)).unwrap_or_default(),
        halted_at: halt.map(|halt| halt.since),
        may_add: ctx.actor()?.may(WRITE),
        q: asked.q,
        state: asked.state,
        system: asked.system,
    })
}

fn strangers(ctx: &Ctx) -> Result<Vec<Unknown>> {
    let desk = ctx.kit.part::<Desk>()?;
    let all = desk.strangers.all().into_iter().take(20);
    Ok(all
        .map(|stranger| Unknown {
            address: stranger.address.to_string(),
            certificate: if stranger.name.is_empty() { stranger.fingerprint.clone() } else { stranger.name },
            fingerprint: stranger.fingerprint,
            token: stranger.token,
            records: stranger.records,
            last_at: stranger.last_at,
            line: stranger.line.chars().take(200).collect(),
        })
        .collect())
}

async fn as_file(ctx: &Ctx, reach: &Reach, filter: &Filter) -> Result<Reply> {
    let all = Paging { page: 1, size: list::FILE_ROWS };
    let (sources, _) = store::list(&ctx.kit.db, reach, filter, ctx.now, all).await?;
    let columns = ["name", "system", "unit", "kind", "state", "last", "hour", "day", "failures", "lost"];
    let rows = rows(ctx, &sources).await?.into_iter().map(|row| {
        vec![
            row.name,
            row.system_name,
            row.unit_name,
            ctx.say(&format!("sources.kind.{}", row.kind)),
            ctx.say(&format!("sources.state.{}", row.state.name())),
            row.last_event_at.map(vn_time).unwrap_or_default(),
            row.hour.to_string(),
            row.day.to_string(),
            row.failures.to_string(),
            row.lost.to_string(),
        ]
    });
    let sheet = Sheet {
        title: ctx.say("sources.title"),
        columns: columns.iter().map(|column| ctx.say(&format!("sources.{column}"))).collect(),
        rows: rows.collect(),
    };
    list::file(ctx, "nguon-nhat-ky", &sheet)
}

/// The rows of these sources: one query for the names of systems, two for rates.
async fn rows(ctx: &Ctx, sources: &[Model]) -> Result<Vec<Row>> {
    let ids: Vec<Id> = sources.iter().map(|source| source.id).collect();
    let mut systems: Vec<Id> = sources.iter().map(|source| source.system).collect();
    systems.sort_unstable();
    systems.dedup();
    let cards = ctx.kit.systems()?.some(systems).await?;
    let hour = store::events_since(&ctx.kit.db, &ids, ctx.now - TimeDelta::hours(1)).await?;
    let day = store::events_since(&ctx.kit.db, &ids, ctx.now - TimeDelta::days(1)).await?;
    let tree = khien_directory::gate::of(&ctx.kit)?.tree(ctx.now).await?;
    let desk = ctx.kit.part::<Desk>()?;
    let name = |id: Id| cards.iter().find(|card| card.id == id).map_or("–", |card| card.name.as_str());
    Ok(sources
        .iter()
        .map(|source| Row {
            id: source.id,
            name: source.name.clone(),
            system: source.system,
            system_name: name(source.system).to_owned(),
            unit_name: tree.name(source.unit).to_owned(),
            kind: source.kind.clone(),
            state: rules::state(&source.status, source.live_until, ctx.now),
            last_event_at: source.last_event_at,
            hour: hour.get(&source.id).copied().unwrap_or(0),
            day: day.get(&source.id).copied().unwrap_or(0),
            failures: source.failures,
            lost: desk.losses.of(source.id).datagrams,
        })
        .collect())
}

/// What the form of a new source starts with.
#[derive(Debug, Default, Deserialize)]
struct Start {
    #[serde(default)]
    system: String,
    #[serde(default)]
    address: String,
    #[serde(default)]
    certificate: String,
    #[serde(default)]
    kind: String,
}

/// `GET /sources/new`
pub(super) async fn show_new(ctx: Ctx) -> Result<Reply> {
    let start: Start = ctx.query()?;
    let tree = khien_directory::gate::of(&ctx.kit)?.tree(ctx.now).await?;
    let systems: Vec<SystemCard> = ctx.kit.systems()?.within(ctx.reach(WRITE)).await?;
    let choice = |card: SystemCard| Choice {
        value: card.id.to_string(),
        label: format!("{} · {}", card.name, tree.name(card.unit)),
    };
    let kind = if start.address.is_empty() && start.certificate.is_empty() {
        start.kind
    } else {
        super::model::SYSLOG.to_owned()
    };
    ctx.page(&New {
        systems: systems.into_iter().map(choice).collect(),
        system: start.system,
        addresses: start.address,
        certificates: start.certificate,
        kind,
    })
}

/// `GET /sources/{id}`
pub(super) async fn show(ctx: Ctx) -> Result<Reply> {
    let source = reached(&ctx, READ).await?;
    let view = one(&ctx, source, String::new(), None).await?;
    ctx.page(&view)
}

/// The source in the path, if the permission reaches it.
async fn reached(ctx: &Ctx, permission: &str) -> Result<Model> {
    let source = store::get(ctx.kit.db.read(), ctx.id("id")?).await?;
    ctx.actor()?.over(permission, source.unit)?;
    Ok(source)
}

/// The page of a source. A token is shown only on the answer to its making.
async fn one(ctx: &Ctx, source: Model, new_token: String, uploaded: Option<Uploaded>) -> Result<One> {
    let row = rows(ctx, std::slice::from_ref(&source)).await?.into_iter().next();
    let row = row.ok_or_else(|| khien_base::Fault::not_found("web.not-found"))?;
    let slices = store::slices(&ctx.kit.db, source.id, ctx.now - TimeDelta::days(1)).await?;
    let desk = ctx.kit.part::<Desk>()?;
    let may_write = ctx.reach(WRITE).covers(source.unit) && row.state != State::Closed;
    let host = ctx.headers.get("host").and_then(|host| host.to_str().ok());
    let at = Address::of(host, ctx.kit.settings.secure_cookies);
    // A token that is not shown any more has its place in the texts.
    let token = if new_token.is_empty() && !source.token_end.is_empty() { recipes::PLACE } else { new_token.as_str() };
    let recipes = if may_write { recipes::of(&source.kind, &at, &desk.settings, token) } else { Vec::new() };
    let history = audit::history(ctx.kit.db.read(), source.id, 50).await?;
    let steps = history.into_iter().map(|entry| Step { at: entry.at, who: entry.actor_name, action: entry.action });
    let networks = rules::read_networks(&source.addresses);
    Ok(One {
        addresses: networks.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
        certificates: rules::written_certificates(&source.certificates),
        quota: source.quota,
        live: live::arriving(ctx, &source)?,
        silent_minutes: source.silent_minutes,
        silent_since: (row.state == State::Silent).then_some(source.last_event_at).flatten(),
        token_end: source.token_end.clone(),
        new_token,
        events: source.events,
        failed_at: source.failed_at,
        failure: source
            .failure
            .as_deref()
            .map(|code| ctx.say(&format!("sources.failure.{}", failure(code))))
            .unwrap_or_default(),
        failed_line: source.failed_line.clone().unwrap_or_default(),
        lost_at: desk.losses.of(source.id).last_at,
        chart: chart(ctx, &slices),
        recipes,
        history: steps.collect(),
        may_write,
        may_search: ctx.actor()?.may(crate::search::READ),
        updated_at: source.updated_at,
        uploaded,
        row,
    })
}

/// Why a record could not be read, in a few words: the sentence of the fault itself names a line of a request that
/// nobody has before them any more.
fn failure(code: &str) -> &'static str {
    match code {
        "logs.json" | "logs.json-not-object" | "logs.json-too-deep" => "json",
        "logs.line-too-long" => "too-long",
        "logs.frame" => "frame",
        "logs.evtx-chunk" | "logs.evtx-record" | "logs.evtx-truncated" | "logs.not-evtx" => "evtx",
        _ => "other",
    }
}

/// Events of the last 24 hours by ten minutes, gaps as zero.
fn chart(ctx: &Ctx, slices: &[slice::Model]) -> Value {
    if slices.is_empty() {
        return Value::Null;
    }
    let last = rules::slice(ctx.now);
    let starts: Vec<DateTime<Utc>> = (0..144).rev().map(|back| last - rules::SLICE * back).collect();
    let label = |at: &DateTime<Utc>| at.with_timezone(&vietnam()).format("%H:%M").to_string();
    let count = |at: &DateTime<Utc>| slices.iter().find(|slice| slice.at == *at).map_or(0, |slice| slice.events);
    json!({
        "kind": "bar",
        "labels": starts.iter().map(label).collect::<Vec<_>>(),
        "series": [{"name": ctx.say("sources.events"), "data": starts.iter().map(count).collect::<Vec<_>>()}],
    })
}
