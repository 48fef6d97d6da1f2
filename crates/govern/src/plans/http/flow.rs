//! Handing in, approving, giving back, putting out of force.

use khien_base::Result;
use khien_base::clock::day_in_vietnam;
use khien_web::{Ctx, Live, Reply};
use schemars::JsonSchema;
use sea_orm::ActiveValue;
use serde::Deserialize;
use serde_json::json;

use super::{own, state, tree};
use crate::plans::model::State;
use crate::plans::owe;
use crate::plans::rules::flow;
use crate::plans::store::{agencies, items, plans};

/// A reason.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::plans) struct Reason {
    /// In words.
    #[serde(default)]
    note: String,
}

/// `POST /plans/{id}/submit`
pub(in crate::plans) async fn submit(ctx: Ctx) -> Result<Reply> {
    let plan = own(&ctx, "plans:write").await?;
    let count = items::count(ctx.kit.db.read(), plan.id).await?;
    let after = flow::submit(state(&plan), count)?;
    let unmapped = agencies::unmapped(ctx.kit.db.read(), plan.id).await?;
    let (id, unit) = (plan.id, plan.unit);
    let actor = ctx.actor()?;
    let (author, name, now) = (actor.id, actor.name.clone(), ctx.now);
    let tx = ctx.kit.db.begin().await?;
    plans::update(tx.conn(), plan, now, |row| {
        row.state = ActiveValue::Set(after.name().to_owned());
        row.author = ActiveValue::Set(Some(author));
        row.author_name = ActiveValue::Set(name);
        row.submitted_at = ActiveValue::Set(Some(now));
        row.note = ActiveValue::Set(String::new());
    })
    .await?;
    let detail = json!({"items": count, "unmapped": unmapped});
    tx.commit(ctx.entry("plans.submit", "plan", id, Some(unit), detail)?).await?;
    tell(&ctx, unit);
    Ok(Reply::to(format!("/plans/{id}")))
}

/// `POST /plans/{id}/approve`: from now on its tasks are owed.
pub(in crate::plans) async fn approve(ctx: Ctx) -> Result<Reply> {
    let plan = own(&ctx, "plans:approve").await?;
    let actor = ctx.actor()?;
    let after = flow::approve(state(&plan), plan.author, actor.id)?;
    let (id, unit) = (plan.id, plan.unit);
    let day = day_in_vietnam(ctx.now);
    let bodies = agencies::bodies(&ctx.kit.db, tree(&ctx).await?.as_ref(), day).await?;
    let (approver, name) = (actor.id, actor.name.clone());
    let tx = ctx.kit.db.begin().await?;
    let plan = plans::update(tx.conn(), plan, ctx.now, |row| {
        row.state = ActiveValue::Set(after.name().to_owned());
        row.approver = ActiveValue::Set(Some(approver));
        row.approver_name = ActiveValue::Set(name);
        row.live_from = ActiveValue::Set(Some(day));
    })
    .await?;
    let (assigned, reports) = owe::put_in_force(tx.conn(), &ctx.kit.ids, ctx.now, &plan, &bodies).await?;
    let detail = json!({"assignments": assigned, "reports": reports, "author": plan.author});
    tx.commit(ctx.entry("plans.approve", "plan", id, Some(unit), detail)?).await?;
    tell(&ctx, unit);
    Ok(Reply::to(format!("/plans/{id}")))
}

/// `POST /plans/{id}/return`: back to its author, with a reason.
pub(in crate::plans) async fn give_back(mut ctx: Ctx) -> Result<Reply> {
    let reason: Reason = ctx.form().await?;
    let plan = own(&ctx, "plans:approve").await?;
    let after = flow::give_back(state(&plan), &reason.note)?;
    set(&ctx, plan, after, "plans.return", reason.note).await
}

/// `POST /plans/{id}/archive`
pub(in crate::plans) async fn archive(mut ctx: Ctx) -> Result<Reply> {
    let reason: Reason = ctx.form().await?;
    let plan = own(&ctx, "plans:approve").await?;
    let after = flow::archive(state(&plan))?;
    set(&ctx, plan, after, "plans.archive", reason.note).await
}

/// `POST /plans/{id}/reference`: kept to be read, or a draft again.
pub(in crate::plans) async fn reference(ctx: Ctx) -> Result<Reply> {
    let plan = own(&ctx, "plans:write").await?;
    let after = flow::reference(state(&plan))?;
    set(&ctx, plan, after, "plans.reference", String::new()).await
}

async fn set(
    ctx: &Ctx,
    plan: crate::plans::model::plan::Model,
    after: State,
    action: &'static str,
    note: String,
) -> Result<Reply> {
    let (id, unit, before) = (plan.id, plan.unit, plan.state.clone());
    let note: String = note.trim().chars().take(2000).collect();
    let tx = ctx.kit.db.begin().await?;
    let kept = note.clone();
    plans::update(tx.conn(), plan, ctx.now, |row| {
        row.state = ActiveValue::Set(after.name().to_owned());
        row.note = ActiveValue::Set(kept);
    })
    .await?;
    let detail = json!({"before": before, "after": after.name(), "note": note});
    tx.commit(ctx.entry(action, "plan", id, Some(unit), detail)?).await?;
    tell(ctx, unit);
    Ok(Reply::to(format!("/plans/{id}")))
}

fn tell(ctx: &Ctx, unit: khien_base::Id) {
    ctx.kit.bus.tell(Live { topic: "plans", permission: "plans:read", unit: Some(unit) });
}
