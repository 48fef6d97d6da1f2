//! Routes of the own account: password, sessions, API tokens.

use chrono::TimeDelta;
use khien_base::clock::day_in_vietnam;
use khien_base::{Fault, Result};
use khien_web::{Ctx, Owed, Reply};
use schemars::JsonSchema;
use sea_orm::ActiveValue;
use serde::Deserialize;
use serde_json::json;

use super::enter::{new_session, policy};
use super::views::{Account, RoleHeld, SessionRow};
use crate::gate;
use crate::people::store;
use crate::secret;

/// `GET /account`
pub(super) async fn account(ctx: Ctx) -> Result<Reply> {
    let view = account_view(&ctx, String::new()).await?;
    ctx.page(&view)
}

async fn account_view(ctx: &Ctx, new_token: String) -> Result<Account> {
    let actor = ctx.actor()?;
    let person = store::get(&ctx.kit.db, actor.id).await?;
    let policy = policy(ctx).await?;
    let tree = gate::of(&ctx.kit)?.tree(ctx.now).await?;
    let roles = store::roles(&ctx.kit.db, actor.id, day_in_vietnam(ctx.now)).await?;
    let sessions = store::sessions(&ctx.kit.db, actor.id, ctx.now).await?;
    Ok(Account {
        name: person.name,
        post: person.post,
        unit: actor.unit_name.clone(),
        username: person.username.unwrap_or_default(),
        roles: roles
            .into_iter()
            .map(|held| RoleHeld { unit: tree.name(held.unit).to_owned(), role: held.role })
            .collect(),
        must_change: actor.owed == Some(Owed::Password),
        too_old: actor.owed == Some(Owed::Password) && !person.must_change,
        max_age_days: policy.max_age_days,
        min_length: policy.min_length,
        second_factor: person.totp_secret.is_some(),
        second_factor_wanted: policy.second_factor,
        sessions: sessions
            .into_iter()
            .map(|row| SessionRow {
                this: row.token_hash == actor.session,
                hash: row.token_hash,
                address: row.address,
                agent: row.agent,
                created_at: row.created_at,
                seen_at: row.seen_at,
                expires_at: row.expires_at,
                api: row.api,
                label: row.label,
            })
            .collect(),
        new_token,
    })
}

/// A new password.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct NewPassword {
    /// The one until now.
    current: String,
    /// The new one.
    password: String,
    /// The new one again.
    again: String,
}

/// `POST /account/password`
pub(super) async fn change_password(mut ctx: Ctx) -> Result<Reply> {
    let form: NewPassword = ctx.form().await?;
    let actor = ctx.actor()?;
    let person = store::get(&ctx.kit.db, actor.id).await?;
    if !secret::verify(form.current.clone(), person.password_hash.clone()).await? {
        return Err(Fault::invalid("sign_in.wrong-current").on("current"));
    }
    if form.password != form.again {
        return Err(Fault::invalid("sign_in.not-the-same").on("again"));
    }
    if form.password == form.current {
        return Err(Fault::invalid("sign_in.old-again").on("password"));
    }
    let username = person.username.clone().unwrap_or_default();
    secret::check(&form.password, policy(&ctx).await?, &[&username, &person.name])?;
    let hash = secret::hash(form.password).await?;
    let tx = ctx.kit.db.begin().await?;
    store::update(tx.conn(), person, |row| {
        row.password_hash = ActiveValue::Set(Some(hash));
        row.password_at = ActiveValue::Set(Some(ctx.now));
        row.must_change = ActiveValue::Set(false);
    })
    .await?;
    store::end_sessions(tx.conn(), actor.id, &actor.session).await?;
    tx.commit(ctx.entry("people.password", "person", actor.id, Some(actor.unit), json!({}))?).await?;
    Ok(Reply::to("/account"))
}

/// A token for a program.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct NewToken {
    /// What it is for.
    label: String,
}

/// `POST /account/tokens`: the token is shown this once.
pub(super) async fn make_token(mut ctx: Ctx) -> Result<Reply> {
    let form: NewToken = ctx.form().await?;
    let label: String = form.label.trim().chars().take(100).collect();
    if label.is_empty() {
        return Err(Fault::invalid("sign_in.no-label").on("label"));
    }
    let actor = ctx.actor()?;
    let person = store::get(&ctx.kit.db, actor.id).await?;
    let token = secret::token();
    let tx = ctx.kit.db.begin().await?;
    store::begin_session(tx.conn(), new_session(&ctx, &person, &token, true, label.clone())).await?;
    let detail = json!({"label": label, "until": ctx.now + TimeDelta::days(365)});
    tx.commit(ctx.entry("sign_in.token", "person", actor.id, Some(actor.unit), detail)?).await?;
    let view = account_view(&ctx, token).await?;
    ctx.page(&view)
}

/// A session or token to end.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Ended {
    /// Its hash.
    hash: String,
}

/// `POST /account/sessions/end`
pub(super) async fn end_session(mut ctx: Ctx) -> Result<Reply> {
    let form: Ended = ctx.form().await?;
    let actor = ctx.actor()?;
    let tx = ctx.kit.db.begin().await?;
    store::end_session(tx.conn(), actor.id, &form.hash).await?;
    tx.commit(ctx.entry("sign_in.end", "person", actor.id, Some(actor.unit), json!({}))?).await?;
    Ok(Reply::to("/account"))
}
