//! Giving and ending roles.

use khien_base::clock::day_in_vietnam;
use khien_base::{Fault, Result, Role};
use khien_web::{Ctx, Reply};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::WRITE;
use super::http::changeable;
use super::rules::{self, Asked};
use super::store::{self, NewRole};
use crate::forms::day;
use crate::gate;

/// A role to be given.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Given {
    /// `officer`
    role: String,
    /// Where.
    unit: String,
    /// First day (`2026-10-01`); today when empty.
    from: String,
    /// Last day; until further notice when empty.
    to: String,
    /// The decision that gives it.
    document: String,
}

/// `POST /people/{id}/roles`
pub(super) async fn give(mut ctx: Ctx) -> Result<Reply> {
    let form: Given = ctx.form().await?;
    let today = day_in_vietnam(ctx.now);
    let from = day(&form.from, "from", today)?;
    let asked = Asked {
        role: Role::from_name(&form.role).ok_or_else(|| Fault::invalid("people.no-role").on("role"))?,
        unit: form.unit.parse().map_err(|_| Fault::invalid("people.no-unit").on("unit"))?,
        from,
        to: if form.to.trim().is_empty() { None } else { Some(day(&form.to, "to", from)?) },
        document: form.document.split_whitespace().collect::<Vec<_>>().join(" "),
    };
    let tree = gate::of(&ctx.kit)?.tree(ctx.now).await?;
    let tx = ctx.kit.db.begin().await?;
    let (person, roles) = changeable(&ctx, tx.conn()).await?;
    let actor = ctx.actor()?;
    if actor.id == person.id {
        return Err(Fault::forbidden("people.own-roles"));
    }
    rules::may_give(&asked, &tree, &actor.reach(WRITE), &roles, today)?;
    let after = json!({"role": asked.role.name(), "unit": tree.name(asked.unit), "from": asked.from, "to": asked.to,
        "document": asked.document});
    let role = NewRole {
        person: person.id,
        role: asked.role,
        unit: asked.unit,
        from: asked.from,
        to: asked.to,
        document: asked.document,
        by: Some(actor.id),
    };
    store::give(tx.conn(), ctx.kit.id(), role).await?;
    let entry = ctx.entry("people.give-role", "person", person.id, Some(person.unit), json!({"after": after}))?;
    tx.commit(entry).await?;
    Ok(Reply::to(format!("/people/{}", person.id)))
}

/// The end of a role.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct End {
    /// Last day; today when empty.
    last: String,
}

/// `POST /people/{id}/roles/{role}/end`
pub(super) async fn end(mut ctx: Ctx) -> Result<Reply> {
    let form: End = ctx.form().await?;
    let today = day_in_vietnam(ctx.now);
    let last = day(&form.last, "last", today)?;
    let id = ctx.id("role").map_err(|_| Fault::not_found("people.role-not-found"))?;
    let tree = gate::of(&ctx.kit)?.tree(ctx.now).await?;
    let tx = ctx.kit.db.begin().await?;
    let (person, roles) = changeable(&ctx, tx.conn()).await?;
    if ctx.actor()?.id == person.id {
        return Err(Fault::forbidden("people.own-roles"));
    }
    let role = roles.into_iter().find(|role| role.id == id).ok_or_else(|| Fault::not_found("people.role-not-found"))?;
    rules::may_end(&role, last, today)?;
    if let Some(root) = tree.root().filter(|root| rules::administers(&role, Some(*root), today)) {
        let mut others = store::administrators(tx.conn(), root, today).await?;
        others.retain(|other| other.id != role.id);
        rules::someone_stays(&others)?;
    }
    let detail = json!({"role": role.role, "unit": tree.name(role.unit), "before": {"to": role.valid_to},
        "after": {"to": last}});
    store::end_role(tx.conn(), role, last).await?;
    tx.commit(ctx.entry("people.end-role", "person", person.id, Some(person.unit), detail)?).await?;
    Ok(Reply::to(format!("/people/{}", person.id)))
}
