//! Handlers of saved searches.

use khien_base::{Fault, Id, Kind, Reach, Result};
use khien_web::router::percent;
use khien_web::{Ctx, Reply};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::model::Model;
use super::views::{Edit, List, Row};
use super::{SCHEDULE, rules, store};
use crate::alerts::rules::{level_name, weight_of};
use crate::search::READ;
use crate::search::asked::{Asked, RANGES};

/// Searches that one person may keep.
const MOST: u64 = 200;

/// What a search is to be.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Form {
    /// Its name.
    name: String,
    /// What the bar says.
    q: String,
    /// `15m`, `1h`, `24h`, `7d`, `30d`
    range: String,
    /// Only this log source.
    source: String,
    /// Only this information system.
    system: String,
    /// `true`: others of the unit see it.
    shared: String,
    /// Minutes between runs; empty: it never runs by itself.
    every: String,
    /// Events at which it raises an alert.
    threshold: String,
    /// `informational`, `low`, `medium`, `high`, `critical`
    level: String,
    /// When it was last changed, as the page showed it.
    updated_at: String,
}

/// `GET /searches`
pub(super) async fn list(ctx: Ctx) -> Result<Reply> {
    let actor = ctx.actor()?;
    let rows = store::list(&ctx.kit.db, actor.id, &ctx.reach(READ)).await?;
    let tree = khien_directory::gate::of(&ctx.kit)?.tree(ctx.now).await?;
    let row = |search: &Model| Row {
        id: search.id,
        name: search.name.clone(),
        q: search.q.clone(),
        href: href(search),
        unit: tree.name(search.unit).to_owned(),
        by: search.by_name.clone(),
        own: search.by == actor.id,
        shared: search.shared,
        every: search.every_minutes,
        threshold: search.threshold,
        level: level_name(search.level).to_owned(),
        covered_at: search.covered_at,
        last_count: search.last_count,
        fault: sentence(&ctx, search),
    };
    ctx.page(&List { rows: rows.iter().map(row).collect() })
}

fn sentence(ctx: &Ctx, search: &Model) -> String {
    let fault = search.last_fault.clone().map(Fault::invalid);
    fault.map(|fault| ctx.kit.texts.fault(ctx.lang, &fault)).unwrap_or_default()
}

/// The search page with a saved search.
fn href(search: &Model) -> String {
    let mut href = format!("/events?range={}&q={}", search.range, percent(&search.q));
    for (name, id) in [("source", search.source), ("system", search.system)] {
        if let Some(id) = id {
            href.push_str(&format!("&{name}={id}"));
        }
    }
    href
}

/// `GET /searches/new` with what the search page asks.
pub(super) async fn new_page(ctx: Ctx) -> Result<Reply> {
    let asked: Asked = ctx.query()?;
    ctx.page(&Edit {
        q: asked.q,
        range: if asked.range.is_empty() { "24h".to_owned() } else { asked.range },
        source: asked.source,
        system: asked.system,
        threshold: 1,
        level: "medium".to_owned(),
        may_schedule: may_schedule(&ctx),
        may_change: true,
        unit: unit_name(&ctx).await?,
        ..Edit::default()
    })
}

fn may_schedule(ctx: &Ctx) -> bool {
    ctx.reach(SCHEDULE) != Reach::nothing()
}

async fn unit_name(ctx: &Ctx) -> Result<String> {
    let tree = khien_directory::gate::of(&ctx.kit)?.tree(ctx.now).await?;
    Ok(tree.name(unit(ctx).await?).to_owned())
}

/// The unit of a search of the actor: the whole centre for whose right reaches everywhere, else the actor's own unit, or
/// the one whose role was given.
async fn unit(ctx: &Ctx) -> Result<Id> {
    let actor = ctx.actor()?;
    let tree = khien_directory::gate::of(&ctx.kit)?.tree(ctx.now).await?;
    match ctx.reach(READ) {
        Reach::All => Ok(tree.root().unwrap_or(actor.unit)),
        Reach::Units(units) if units.contains(&actor.unit) => Ok(actor.unit),
        // The highest of the units within reach; the smallest identity among several, so that it stays the same.
        Reach::Units(units) => {
            let depth = |id: &Id| tree.walk().iter().find(|(node, _)| node.id == *id).map_or(usize::MAX, |(_, d)| *d);
            let highest = units.iter().min_by_key(|id| (depth(id), **id)).copied();
            highest.ok_or_else(|| Fault::forbidden("web.forbidden").with("permission", READ))
        }
    }
}

/// What the form says, upon a search that is there already or new.
fn read(ctx: &Ctx, form: &Form, before: Model) -> Result<Model> {
    let every = rules::every(&form.every)?;
    if every.is_some() && !ctx.reach(SCHEDULE).covers(before.unit) {
        return Err(Fault::forbidden("web.forbidden").with("permission", SCHEDULE));
    }
    let q = rules::bar(&form.q)?;
    let level = if form.level.is_empty() { "medium" } else { form.level.as_str() };
    let range = RANGES.into_iter().map(|(name, _)| name).find(|name| *name == form.range).unwrap_or("24h");
    let (source, system) = (form.source.parse().ok(), form.system.parse().ok());
    // Another question begins anew.
    let same = before.q == q && before.source == source && before.system == system && before.every_minutes.is_some();
    Ok(Model {
        name: rules::name(&form.name)?,
        q,
        range: range.to_owned(),
        source,
        system,
        shared: form.shared == "true",
        every_minutes: every,
        threshold: rules::threshold(&form.threshold)?,
        level: weight_of(level).ok_or_else(|| Fault::invalid("searches.level").on("level"))?,
        covered_at: before.covered_at.filter(|_| same && every.is_some()),
        updated_at: ctx.now,
        ..before
    })
}

/// `POST /searches`
pub(super) async fn create(mut ctx: Ctx) -> Result<Reply> {
    let form: Form = ctx.form().await?;
    let unit = unit(&ctx).await?;
    let actor = ctx.actor()?;
    if store::count(&ctx.kit.db, actor.id).await? >= MOST {
        return Err(Fault::new(Kind::TooMany, "searches.too-many").with("limit", MOST));
    }
    let blank = Model {
        id: ctx.kit.id(),
        unit,
        by: actor.id,
        by_name: actor.name.clone(),
        name: String::new(),
        q: String::new(),
        range: String::new(),
        source: None,
        system: None,
        shared: false,
        every_minutes: None,
        threshold: 1,
        level: 3,
        covered_at: None,
        last_count: None,
        last_fault: None,
        created_at: ctx.now,
        updated_at: ctx.now,
    };
    let search = read(&ctx, &form, blank)?;
    let entry = ctx.entry("searches.create", "saved_search", search.id, Some(unit), detail(&search))?;
    let tx = ctx.kit.db.begin().await?;
    store::insert(tx.conn(), search).await?;
    tx.commit(entry).await?;
    Ok(Reply::to("/searches"))
}

fn detail(search: &Model) -> serde_json::Value {
    json!({
        "name": search.name, "q": search.q, "range": search.range, "source": search.source, "system": search.system,
        "shared": search.shared, "every_minutes": search.every_minutes, "threshold": search.threshold,
        "level": search.level,
    })
}

/// `GET /searches/{id}`
pub(super) async fn edit_page(ctx: Ctx) -> Result<Reply> {
    let actor = ctx.actor()?;
    let search = store::get(&ctx.kit.db, ctx.id("id")?, actor.id, &ctx.reach(READ)).await?;
    let tree = khien_directory::gate::of(&ctx.kit)?.tree(ctx.now).await?;
    ctx.page(&Edit {
        id: Some(search.id),
        unit: tree.name(search.unit).to_owned(),
        href: href(&search),
        fault: sentence(&ctx, &search),
        may_schedule: ctx.reach(SCHEDULE).covers(search.unit),
        may_change: search.by == actor.id,
        source: search.source.map(|id| id.to_string()).unwrap_or_default(),
        system: search.system.map(|id| id.to_string()).unwrap_or_default(),
        every: search.every_minutes.map(|minutes| minutes.to_string()).unwrap_or_default(),
        level: level_name(search.level).to_owned(),
        updated_at: search.updated_at.to_rfc3339(),
        name: search.name,
        q: search.q,
        range: search.range,
        shared: search.shared,
        threshold: search.threshold,
    })
}

/// A search of the actor; others see a shared one and change none.
async fn own(ctx: &Ctx) -> Result<Model> {
    let actor = ctx.actor()?;
    let search = store::get(&ctx.kit.db, ctx.id("id")?, actor.id, &ctx.reach(READ)).await?;
    if search.by == actor.id { Ok(search) } else { Err(Fault::forbidden("searches.of-another")) }
}

/// `POST /searches/{id}`
pub(super) async fn change(mut ctx: Ctx) -> Result<Reply> {
    let form: Form = ctx.form().await?;
    let before = own(&ctx).await?;
    let seen = form.updated_at.parse().map_err(|_| Fault::conflict("searches.changed"))?;
    let search = read(&ctx, &form, before)?;
    let entry = ctx.entry("searches.change", "saved_search", search.id, Some(search.unit), detail(&search))?;
    let tx = ctx.kit.db.begin().await?;
    store::change(tx.conn(), &search, seen).await?;
    tx.commit(entry).await?;
    Ok(Reply::to("/searches"))
}

/// `POST /searches/{id}/remove`
pub(super) async fn remove(ctx: Ctx) -> Result<Reply> {
    let search = own(&ctx).await?;
    let entry = ctx.entry("searches.remove", "saved_search", search.id, Some(search.unit), detail(&search))?;
    let tx = ctx.kit.db.begin().await?;
    store::remove(tx.conn(), search.id).await?;
    tx.commit(entry).await?;
    Ok(Reply::to("/searches"))
}
