//! Setting and lifting holds.

use chrono::{DateTime, Utc};
use khien_base::clock::typed_in_vietnam;
use khien_base::ports::SystemCard;
use khien_base::{Fault, Id, Result};
use khien_web::{Ctx, Live, Pager, Paging, Reply};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::depot::jobs::TURN;
use crate::depot::model::hold::Model;
use crate::depot::views::{Choice, HoldRow, Holds};
use crate::depot::{HOLD, READ, rows, rules};

/// What the form of a new hold starts with.
#[derive(Debug, Default, Deserialize)]
struct Start {
    #[serde(default)]
    system: String,
    #[serde(default)]
    incident: String,
    #[serde(default)]
    from: String,
}

/// `GET /depot/holds`
pub(in crate::depot) async fn holds(ctx: Ctx) -> Result<Reply> {
    let start: Start = ctx.query()?;
    let (paging, reach) = (Paging::of(&ctx), ctx.reach(READ));
    let (found, total) = rows::holds(&ctx.kit.db, &reach, paging).await?;
    let cards = ctx.kit.systems()?.some(found.iter().map(|hold| hold.system).collect()).await?;
    let tree = khien_directory::gate::of(&ctx.kit)?.tree(ctx.now).await?;
    let name = |id: Id| cards.iter().find(|card| card.id == id).map_or("–", |card| card.name.as_str());
    let may = ctx.reach(HOLD);
    let may_hold = ctx.actor()?.may(HOLD);
    let systems = if may_hold { ctx.kit.systems()?.within(may.clone()).await? } else { Vec::new() };
    let choice = |card: SystemCard| Choice {
        value: card.id.to_string(),
        label: format!("{} · {}", card.name, tree.name(card.unit)),
    };
    ctx.page(&Holds {
        rows: found
            .into_iter()
            .map(|hold| HoldRow {
                id: hold.id,
                system_name: name(hold.system).to_owned(),
                unit_name: tree.name(hold.unit).to_owned(),
                incident: hold.incident,
                from: hold.from_at,
                to: hold.to_at,
                reason: hold.reason,
                by: hold.set_by_name,
                at: hold.set_at,
                may_lift: hold.lifted_at.is_none() && may.covers(hold.unit),
                lifted_at: hold.lifted_at,
                lifted_by: hold.lifted_by_name,
                lifted_reason: hold.lifted_reason,
            })
            .collect(),
        pager: Pager::new(&ctx, paging, total),
        systems: systems.into_iter().map(choice).collect(),
        system: start.system,
        incident: start.incident,
        from: start.from,
        may_hold,
    })
}

/// A new hold.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::depot) struct NewHold {
    /// The information system.
    system: String,
    /// The incident that it is for; may be empty.
    #[serde(default)]
    incident: String,
    /// From when, in Vietnam's time (`2026-08-01T09:00`); empty is the beginning.
    #[serde(default)]
    from: String,
    /// Until when; empty is the end.
    #[serde(default)]
    to: String,
    /// Why.
    reason: String,
}

/// A moment as a form types it; empty is none. Fault: `depot.moment`.
fn moment(text: &str, field: &'static str) -> Result<Option<DateTime<Utc>>> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let at = typed_in_vietnam(text, &["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]);
    at.map(Some).ok_or_else(|| Fault::invalid("depot.moment").on(field))
}

/// `POST /depot/holds`
pub(in crate::depot) async fn hold(mut ctx: Ctx) -> Result<Reply> {
    let form: NewHold = ctx.form().await?;
    let unknown = || Fault::invalid("depot.system").on("system");
    let system: Id = form.system.trim().parse().map_err(|_| unknown())?;
    let card = ctx.kit.systems()?.some(vec![system]).await?.into_iter().next().ok_or_else(unknown)?;
    ctx.actor()?.over(HOLD, card.unit).map_err(|_| unknown())?;
    let incident = match form.incident.trim() {
        "" => None,
        text => Some(text.parse::<Id>().map_err(|_| Fault::invalid("depot.incident").on("incident"))?),
    };
    let (from_at, to_at) = (moment(&form.from, "from")?, moment(&form.to, "to")?);
    rules::span(from_at, to_at)?;
    let reason = rules::reason(&form.reason)?;
    let (set_by, set_by_name) = ctx.actor().map(|actor| (actor.id, actor.name.clone()))?;
    let held = Model {
        id: ctx.kit.id(),
        system,
        unit: card.unit,
        incident,
        from_at,
        to_at,
        reason,
        set_by,
        set_by_name,
        set_at: ctx.now,
        lifted_at: None,
        lifted_by_name: String::new(),
        lifted_reason: String::new(),
    };
    let detail = json!({ "system": system, "incident": incident, "from": from_at, "to": to_at, "reason": held.reason });
    let entry = ctx.entry("depot.hold", "hold", held.id, Some(card.unit), detail)?;
    // A deletion under way ends first; the next one sees the hold.
    let turn = TURN.lock().await;
    let tx = ctx.kit.db.begin().await?;
    rows::set_hold(tx.conn(), held).await?;
    tx.commit(entry).await?;
    drop(turn);
    ctx.kit.bus.tell(Live { topic: "depot", permission: READ, unit: Some(card.unit) });
    Ok(Reply::to("/depot/holds"))
}

/// The end of a hold.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::depot) struct Lifted {
    /// Why.
    reason: String,
}

/// `POST /depot/holds/{id}/lift`
pub(in crate::depot) async fn lift(mut ctx: Ctx) -> Result<Reply> {
    let form: Lifted = ctx.form().await?;
    let held = rows::one_hold(ctx.kit.db.read(), ctx.id("id")?).await?;
    ctx.actor()?.over(HOLD, held.unit)?;
    let reason = rules::reason(&form.reason)?;
    let by = ctx.actor()?.name.clone();
    let tx = ctx.kit.db.begin().await?;
    rows::lift(tx.conn(), held.id, &by, &reason, ctx.now).await?;
    let detail = json!({ "system": held.system, "reason": reason });
    tx.commit(ctx.entry("depot.lift", "hold", held.id, Some(held.unit), detail)?).await?;
    ctx.kit.bus.tell(Live { topic: "depot", permission: READ, unit: Some(held.unit) });
    Ok(Reply::to("/depot/holds"))
}
