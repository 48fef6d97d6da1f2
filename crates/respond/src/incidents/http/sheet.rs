//! Opening an incident, and correcting what is written of it.

use std::collections::BTreeMap;

use khien_base::{Fault, Id, Reach, Result};
use khien_directory::people::store as people;
use khien_web::texts::Lang;
use khien_web::{Ctx, Kit, Reply};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::super::model::{Model, Texts, Written};
use super::super::regime::Regime;
use super::super::views::{Choice, Flag, Sheet};
use super::super::{WRITE, rules, store, verbs};
use super::{act, alert_line, id_of, label, lost, pick, tell, to_write, tree, units};
use crate::alerts::model::Model as Alert;
use crate::alerts::store as alerts;

/// What is typed of an incident. A correction gives every field: one left out is emptied.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct Typed {
    /// Title; taken from the alerts where it is empty.
    title: String,
    /// Group N1–N9.
    category: String,
    /// Level M1–M4; the one that the regime proposes where it is empty.
    level: String,
    /// Flags set.
    flags: Vec<String>,
    /// The unit; the owner of the system where it is empty. Of a correction: left alone.
    unit: String,
    /// The information system.
    system: String,
    /// Whether the system is critical to national security.
    system_critical: bool,
    /// T0, as `2026-10-01T09:17` in Vietnam or RFC 3339; the earliest alert's where it is empty.
    detected_at: String,
    /// When it happened.
    occurred_at: String,
    /// When a violation of personal data was detected.
    violation_at: String,
    /// What is told in sentences.
    #[serde(flatten)]
    texts: Texts,
    /// The unit that leads the response, where it is another one.
    assigned_unit: String,
    /// The officer answerable.
    officer: String,
    /// Alerts that it is opened from.
    alert: Vec<Id>,
    /// Of a correction: the state of the record that was seen.
    stamp: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    alert: Vec<Id>,
    system: String,
}

/// `GET /incidents/new`: also with `?alert=…` for each alert that it is opened from, or `?system=…`.
pub(crate) async fn show_new(ctx: Ctx) -> Result<Reply> {
    let asked: Asked = ctx.query()?;
    let found = of_alerts(&ctx, &asked.alert).await?;
    let mut typed = Typed { system: asked.system, ..Typed::default() };
    typed.detected_at = rules::typed(ctx.now);
    from_alerts(&ctx.kit, &mut typed, &found)?;
    if let Some(first) = found.iter().map(|alert| alert.created_at).min() {
        typed.detected_at = rules::typed(first);
    }
    let mut view = blank(&ctx, &ctx.reach(WRITE)).await?;
    view.action = "/incidents".into();
    view.alerts = found.iter().map(|alert| Choice::new(alert.id, alert_line(&ctx.kit, ctx.lang, alert))).collect();
    if view.units.len() == 1 {
        typed.unit = view.units.first().map(|unit| unit.value.clone()).unwrap_or_default();
    }
    view.values = [
        ("title", typed.title),
        ("detected_at", typed.detected_at),
        ("unit", typed.unit),
        ("system", typed.system),
        ("reported_by", String::new()),
    ]
    .map(|(field, value)| (field.to_owned(), value))
    .into();
    ctx.page(&view)
}

/// `POST /incidents`
pub(crate) async fn open(mut ctx: Ctx) -> Result<Reply> {
    let mut typed: Typed = ctx.form().await?;
    let found = of_alerts(&ctx, &std::mem::take(&mut typed.alert)).await?;
    from_alerts(&ctx.kit, &mut typed, &found)?;
    let reach = ctx.reach(WRITE);
    let system = system_of(&ctx, &typed, &reach).await?;
    let unit = match id_of("unit", &typed.unit)? {
        Some(unit) => unit,
        None => system.as_ref().map(|card| card.unit).ok_or_else(|| Fault::invalid("incidents.no-unit").on("unit"))?,
    };
    if !reach.covers(unit) || tree(&ctx).await?.get(unit).is_none() {
        return Err(Fault::invalid("incidents.no-such-choice").on("unit"));
    }
    let regime = Regime::get()?;
    if typed.level.is_empty() {
        let level = system.as_ref().and_then(|card| card.level);
        typed.level = regime.classes.suggest(&typed.flags, level).unwrap_or_default().to_owned();
    }
    let mut written = written(&ctx, typed, &reach, None).await?;
    if let Some(first) = found.iter().map(|alert| alert.created_at).min() {
        // The centre knew from the first alert on, whatever was typed later.
        written.detected_at = written.detected_at.min(rules::to_the_minute(first));
    }
    let act = act(&ctx)?;
    let tx = ctx.kit.db.begin().await?;
    let incident = verbs::open(tx.conn(), &act, unit, written).await?;
    let ids: Vec<Id> = found.iter().map(|alert| alert.id).collect();
    join(tx.conn(), &act, &incident, &found, &ctx.kit).await?;
    let detail =
        json!({"number": incident.number, "level": incident.level, "detected_at": incident.detected_at, "alerts": ids});
    tx.commit(ctx.entry("incidents.open", "incident", incident.id, Some(unit), detail)?).await?;
    tell(&ctx, unit);
    Ok(Reply::to(format!("/incidents/{}", incident.id)))
}

/// Makes alerts part of an incident.
pub(super) async fn join<C: sea_orm::ConnectionTrait>(
    conn: &C,
    act: &super::super::model::Act<'_>,
    incident: &Model,
    found: &[Alert],
    kit: &Kit,
) -> Result<()> {
    if found.is_empty() {
        return Ok(());
    }
    let ids: Vec<Id> = found.iter().map(|alert| alert.id).collect();
    let joined = alerts::join(conn, &ids, incident.id).await?;
    if usize::try_from(joined).ok() != Some(ids.len()) {
        return Err(Fault::conflict("incidents.alert-taken"));
    }
    let said = |lang, alert| crate::alerts::title(kit, lang, alert);
    let titles: Vec<_> =
        found.iter().map(|alert| json!({"vi": said(Lang::Vi, alert), "en": said(Lang::En, alert)})).collect();
    let args = json!({"count": found.len().to_string(), "titles": titles});
    store::log(conn, act, incident.id, store::Line { kind: "alerts", args, ..store::Line::default() }).await
}

/// Alerts within the actor's reach; one that is not there, or belongs to an incident already, is a fault.
pub(super) async fn of_alerts(ctx: &Ctx, ids: &[Id]) -> Result<Vec<Alert>> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    if ids.len() > 500 {
        return Err(Fault::invalid("incidents.too-many-alerts").on("alert").with("limit", 500));
    }
    let found = alerts::some(&ctx.kit.db, &ctx.reach(WRITE), &ids).await?;
    if found.len() != ids.len() {
        return Err(lost());
    }
    if found.iter().any(|alert| alert.incident.is_some()) {
        return Err(Fault::conflict("incidents.alert-taken"));
    }
    Ok(found)
}

/// What the alerts say where nothing was typed: title, system, unit, T0, group.
fn from_alerts(kit: &Kit, typed: &mut Typed, found: &[Alert]) -> Result<()> {
    let Some(first) = found.first() else { return Ok(()) };
    if found.iter().any(|alert| alert.unit != first.unit) {
        return Err(Fault::invalid("incidents.several-units").on("alert"));
    }
    let set = |field: &mut String, value: String| {
        if field.trim().is_empty() {
            *field = value;
        }
    };
    // The title is kept and printed: it is written in Vietnamese, whoever opens the incident.
    set(&mut typed.title, alert_line(kit, Lang::Vi, first).chars().take(rules::TITLE).collect());
    set(&mut typed.unit, first.unit.to_string());
    set(&mut typed.system, first.system.map(|id| id.to_string()).unwrap_or_default());
    let earliest = found.iter().map(|alert| alert.created_at).min().unwrap_or(first.created_at);
    set(&mut typed.detected_at, rules::typed(earliest));
    // The last group of the regime is the one for what nobody has looked into yet.
    let other = Regime::get()?.classes.groups.last().map(|group| group.id.clone()).unwrap_or_default();
    set(&mut typed.category, other);
    Ok(())
}

async fn system_of(ctx: &Ctx, typed: &Typed, reach: &Reach) -> Result<Option<khien_base::ports::SystemCard>> {
    let Some(id) = id_of("system", &typed.system)? else { return Ok(None) };
    let card = ctx.kit.systems()?.some(vec![id]).await?.into_iter().next();
    card.filter(|card| reach.covers(card.unit))
        .map(Some)
        .ok_or_else(|| Fault::invalid("incidents.no-such-choice").on("system"))
}

/// What was typed, read and held to the actor's reach. What an incident has already may stay.
async fn written(ctx: &Ctx, typed: Typed, reach: &Reach, before: Option<&Model>) -> Result<Written> {
    let system = id_of("system", &typed.system)?;
    if before.is_none_or(|before| before.system != system) {
        system_of(ctx, &typed, reach).await?;
    }
    let assigned_unit = id_of("assigned_unit", &typed.assigned_unit)?;
    let kept = before.is_some_and(|before| before.assigned_unit == assigned_unit);
    if !kept && assigned_unit.is_some_and(|unit| !reach.covers(unit)) {
        return Err(Fault::invalid("incidents.no-such-choice").on("assigned_unit"));
    }
    let officer = id_of("officer", &typed.officer)?;
    if let Some(officer) = officer.filter(|id| before.is_none_or(|before| before.officer != Some(*id))) {
        let found = people::get(&ctx.kit.db, officer).await;
        if !found.is_ok_and(|person| reach.covers(person.unit)) {
            return Err(Fault::invalid("incidents.no-such-choice").on("officer"));
        }
    }
    let detected_at = rules::moment("detected_at", &typed.detected_at)?
        .ok_or_else(|| Fault::invalid("incidents.no-detected").on("detected_at"))?;
    Ok(Written {
        title: typed.title,
        category: typed.category,
        level: typed.level,
        flags: typed.flags.into_iter().filter(|flag| !flag.is_empty()).collect(),
        system,
        system_critical: typed.system_critical,
        detected_at,
        occurred_at: rules::moment("occurred_at", &typed.occurred_at)?,
        violation_at: rules::moment("violation_at", &typed.violation_at)?,
        texts: typed.texts,
        assigned_unit,
        officer,
    })
}

/// `GET /incidents/{id}/edit`
pub(crate) async fn show_edit(ctx: Ctx) -> Result<Reply> {
    let incident = to_write(&ctx).await?;
    let mut view = blank(&ctx, &ctx.reach(WRITE)).await?;
    view.id = Some(incident.id);
    view.number.clone_from(&incident.number);
    view.stamp = stamp(&incident);
    view.action = format!("/incidents/{}", incident.id);
    tree(&ctx).await?.name(incident.unit).clone_into(&mut view.unit);
    view.system_critical = incident.system_critical;
    let written = Written::of(&incident);
    for flag in &mut view.flags {
        flag.set = written.flags.contains(&flag.id);
    }
    view.values = values(&written);
    ctx.page(&view)
}

fn values(written: &Written) -> BTreeMap<String, String> {
    let time = |at: Option<_>| at.map(rules::typed).unwrap_or_default();
    let id = |id: Option<Id>| id.map(|id| id.to_string()).unwrap_or_default();
    let mut values: BTreeMap<String, String> = [
        ("title", written.title.clone()),
        ("category", written.category.clone()),
        ("level", written.level.clone()),
        ("system", id(written.system)),
        ("detected_at", time(Some(written.detected_at))),
        ("occurred_at", time(written.occurred_at)),
        ("violation_at", time(written.violation_at)),
        ("assigned_unit", id(written.assigned_unit)),
        ("officer", id(written.officer)),
    ]
    .map(|(field, value)| (field.to_owned(), value))
    .into();
    values.extend(written.texts.each().map(|(field, value)| (field.to_owned(), value.to_owned())));
    values
}

fn stamp(incident: &Model) -> String {
    incident.updated_at.timestamp_micros().to_string()
}

/// `POST /incidents/{id}`
pub(crate) async fn change(mut ctx: Ctx) -> Result<Reply> {
    let typed: Typed = ctx.form().await?;
    let id = to_write(&ctx).await?.id;
    let tx = ctx.kit.db.begin().await?;
    let incident = store::get(tx.conn(), id).await?;
    if typed.stamp != stamp(&incident) {
        return Err(Fault::conflict("incidents.changed-meanwhile"));
    }
    let written = written(&ctx, typed, &ctx.reach(WRITE), Some(&incident)).await?;
    let (incident, changes) = verbs::change(tx.conn(), &act(&ctx)?, incident, written).await?;
    if changes.as_object().is_some_and(serde_json::Map::is_empty) {
        tx.abandon().await?;
        return Ok(Reply::to(format!("/incidents/{id}")));
    }
    let detail = json!({"changes": changes});
    tx.commit(ctx.entry("incidents.change", "incident", id, Some(incident.unit), detail)?).await?;
    tell(&ctx, incident.unit);
    Ok(Reply::to(format!("/incidents/{id}")))
}

/// The form without values.
async fn blank(ctx: &Ctx, reach: &Reach) -> Result<Sheet> {
    let regime = Regime::get()?;
    let tree = tree(ctx).await?;
    let systems = ctx.kit.systems()?.within(reach.clone()).await?;
    let officers = people::of_units(&ctx.kit.db, reach).await?;
    let all = units(&tree, reach);
    Ok(Sheet {
        units: all.clone(),
        leads: all,
        systems: systems
            .into_iter()
            .map(|card| Choice::new(card.id, format!("{} · {}", card.name, tree.name(card.unit))))
            .collect(),
        groups: regime.classes.groups.iter().map(|group| Choice::new(&group.id, label(ctx.lang, group))).collect(),
        levels: regime
            .classes
            .levels
            .iter()
            .map(|level| Choice::new(&level.named.id, label(ctx.lang, &level.named)))
            .collect(),
        flags: regime
            .classes
            .flags
            .iter()
            .map(|flag| Flag {
                id: flag.id.clone(),
                name: pick(ctx.lang, &flag.name_vi, &flag.name_en).to_owned(),
                set: false,
            })
            .collect(),
        officers: officers
            .into_iter()
            .map(|person| Choice::new(person.id, format!("{} · {}", person.name, tree.name(person.unit))))
            .collect(),
        ..Sheet::default()
    })
}
