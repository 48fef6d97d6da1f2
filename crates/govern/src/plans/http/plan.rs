//! One plan.

use khien_base::Result;
use khien_base::clock::day_in_vietnam;
use khien_db::audit;
use khien_web::{Ctx, Reply};

use super::{sight, state, tree};
use crate::plans::model::State;
use crate::plans::store::{agencies, items, plans, work};
use crate::plans::views::{BucketCount, Linked, Past, Show};

/// `GET /plans/{id}`
pub(in crate::plans) async fn show(ctx: Ctx) -> Result<Reply> {
    let db = &ctx.kit.db;
    let plan = plans::seen(db, &sight(&ctx), ctx.id("id")?).await?;
    let tree = tree(&ctx).await?;
    let actor = ctx.actor()?;
    let may_write = actor.reach("plans:write").covers(plan.unit);
    let submitted = state(&plan) == State::Submitted;
    let own = plan.author == Some(actor.id);
    let parent = match plan.parent {
        Some(id) => plans::some(db, [id]).await?.pop(),
        None => None,
    };
    let children = plans::children(db, &sight(&ctx), plan.id).await?;
    let linked = |line: plans::Line| Linked::to(line.id, &super::long(&line), tree.name(line.unit));
    let buckets = buckets(&ctx, plan.id).await?;
    let history = if may_write { past(&ctx, plan.id).await? } else { Vec::new() };
    ctx.page(&Show {
        id: plan.id,
        unit: tree.name(plan.unit).to_owned(),
        parent: parent.map(linked),
        children: children.into_iter().map(linked).collect(),
        targets: items::targets(db.read(), plan.id).await?.len(),
        tasks: items::tasks(db.read(), plan.id).await?.len(),
        duties: items::duties(db.read(), plan.id).await?.len(),
        unmapped: agencies::unmapped(db.read(), plan.id).await?,
        buckets,
        may_write,
        may_approve: submitted && !own && actor.reach("plans:approve").covers(plan.unit),
        own: submitted && own,
        history,
        title: plan.title,
        number: plan.number,
        kind: plan.kind,
        issuer: plan.issuer,
        signer: plan.signer,
        issued: plan.issued,
        state: plan.state,
        file_name: plan.file_name,
        sha256: plan.file_sha256,
        size: plan.file_size,
        author: plan.author_name,
        submitted_at: plan.submitted_at,
        approver: plan.approver_name,
        live_from: plan.live_from,
        note: plan.note,
    })
}

async fn buckets(ctx: &Ctx, plan: khien_base::Id) -> Result<Vec<BucketCount>> {
    let filter = work::Filter { plan: Some(plan), role: Some(crate::plans::model::LEAD), ..work::Filter::default() };
    let day = day_in_vietnam(ctx.now);
    let alike = work::alike(&ctx.kit.db, &ctx.reach("plans:read"), &filter, day).await?;
    Ok(super::board::columns(&alike, day).into_iter().map(|(bucket, n)| BucketCount::of(bucket, n)).collect())
}

/// What happened to a record, newest first.
pub(super) async fn past(ctx: &Ctx, subject: khien_base::Id) -> Result<Vec<Past>> {
    let rows = audit::history(ctx.kit.db.read(), subject, 200).await?;
    Ok(rows
        .into_iter()
        .map(|row| Past { at: row.at, who: row.actor_name, detail: brief(&row.detail), action: row.action })
        .collect())
}

/// A change in short: what it was about, or which fields changed.
fn brief(detail: &serde_json::Value) -> String {
    let text = |name: &str| detail.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
    let said =
        text("what").or_else(|| text("file")).or_else(|| text("note")).or_else(|| text("title")).unwrap_or_default();
    said.chars().take(160).collect()
}
