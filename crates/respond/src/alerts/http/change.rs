//! `POST /alerts/seen`, `POST /alerts/close`

use std::collections::HashSet;

use khien_base::{Fault, Id, Result};
use khien_web::{Ctx, Reply};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::alerts::model::{self, Model};
use crate::alerts::rules;
use crate::alerts::store::{self, Closing};

/// Alerts that may be picked at once.
const MOST: usize = 500;
/// Characters that a note may have.
const NOTE: usize = 2000;

/// Alerts that were picked.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::alerts) struct Picked {
    /// Their identities.
    #[serde(default)]
    alert: Vec<Id>,
    /// Where to go afterwards.
    #[serde(default)]
    next: String,
}

/// Alerts to be closed.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::alerts) struct Bulk {
    /// Their identities.
    #[serde(default)]
    alert: Vec<Id>,
    /// `false_positive`, `benign`, `handled`
    #[serde(default)]
    reason: String,
    /// What is to be said of it.
    #[serde(default)]
    note: String,
    /// Where to go afterwards.
    #[serde(default)]
    next: String,
}

/// Notes that somebody has looked.
pub(in crate::alerts) async fn seen(mut ctx: Ctx) -> Result<Reply> {
    let form: Picked = ctx.form().await?;
    let groups = picked(&ctx, &form.alert).await?;
    let new: Vec<&Model> = groups.iter().filter(|group| group.state == model::NEW).collect();
    if !new.is_empty() {
        let ids: Vec<Id> = new.iter().map(|group| group.id).collect();
        let tx = ctx.kit.db.begin().await?;
        store::mark_seen(tx.conn(), &ids, ctx.now).await?;
        let detail = json!({"state": [model::NEW, model::SEEN]});
        let entry = |group: &&Model| ctx.entry("alerts.seen", "alert", group.id, Some(group.unit), detail.clone());
        tx.commit_all(new.iter().map(entry).collect::<Result<_>>()?).await?;
        store::tell(&ctx.kit.bus, new.iter().map(|group| group.unit));
    }
    Ok(Reply::to(back(&form.next)))
}

/// Closes alerts with a reason. Those of an incident are closed with the incident, and closed ones stay as they are.
pub(in crate::alerts) async fn close(mut ctx: Ctx) -> Result<Reply> {
    let form: Bulk = ctx.form().await?;
    let reason = rules::reason(&form.reason)?;
    let note = form.note.trim();
    if note.chars().count() > NOTE {
        return Err(Fault::invalid("alerts.note-too-long").on("note").with("limit", NOTE));
    }
    let groups = picked(&ctx, &form.alert).await?;
    let open: Vec<&Model> =
        groups.iter().filter(|group| [model::NEW, model::SEEN].contains(&group.state.as_str())).collect();
    if open.is_empty() {
        return Err(Fault::conflict("alerts.nothing-open"));
    }
    let ids: Vec<Id> = open.iter().map(|group| group.id).collect();
    let tx = ctx.kit.db.begin().await?;
    store::close(tx.conn(), &ids, Closing { reason, note, at: ctx.now }).await?;
    let entry = |group: &&Model| {
        let detail = json!({"state": [group.state, model::CLOSED], "reason": reason, "note": note});
        ctx.entry("alerts.close", "alert", group.id, Some(group.unit), detail)
    };
    tx.commit_all(open.iter().map(entry).collect::<Result<_>>()?).await?;
    store::tell(&ctx.kit.bus, open.iter().map(|group| group.unit));
    Ok(Reply::to(back(&form.next)))
}

/// The picked alerts; one out of reach is as good as none at all.
async fn picked(ctx: &Ctx, ids: &[Id]) -> Result<Vec<Model>> {
    let distinct: HashSet<Id> = ids.iter().copied().collect();
    if distinct.is_empty() {
        return Err(Fault::invalid("alerts.none-picked").on("alert"));
    }
    if distinct.len() > MOST {
        return Err(Fault::invalid("alerts.too-many-picked").on("alert").with("limit", MOST));
    }
    let ids: Vec<Id> = distinct.into_iter().collect();
    let groups = store::some(&ctx.kit.db, &ctx.reach("alerts:write"), &ids).await?;
    if groups.len() == ids.len() { Ok(groups) } else { Err(Fault::not_found("alerts.not-found")) }
}

fn back(next: &str) -> String {
    if next.starts_with("/alerts") { next.to_owned() } else { "/alerts".to_owned() }
}
