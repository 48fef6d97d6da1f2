//! Routes of signing in and of the own account.

use base64::Engine;
use chrono::TimeDelta;
use khien_base::clock::day_in_vietnam;
use khien_base::{Fault, Kind, Result};
use khien_web::guard::token_hash;
use khien_web::{Ctx, Reply};
use qrcode::QrCode;
use qrcode::render::svg;
use schemars::JsonSchema;
use sea_orm::ActiveValue;
use serde::Deserialize;
use serde_json::json;

use super::rules;
use super::views::{Account, RoleHeld, SecondFactor, SessionRow, SignIn};
use crate::gate;
use crate::people::model::{Model, session};
use crate::people::store;
use crate::secret;
use crate::setting::{self, PasswordPolicy};

/// What is typed to sign in.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Credentials {
    /// Name.
    username: String,
    /// Password.
    password: String,
    /// Code of the second factor.
    #[serde(default)]
    code: String,
    /// Where to go afterwards.
    #[serde(default)]
    next: String,
}

/// `GET /sign-in`
pub(super) async fn show_sign_in(ctx: Ctx) -> Result<Reply> {
    if ctx.actor().is_ok() {
        return Ok(Reply::to("/"));
    }
    if !ctx.kit.gate.ready().await? {
        return Ok(Reply::to("/setup"));
    }
    ctx.page(&SignIn { next: ctx.query_value("next").unwrap_or_default(), ..SignIn::default() })
}

/// `POST /sign-in`
pub(super) async fn sign_in(mut ctx: Ctx) -> Result<Reply> {
    ctx.kit.limits.sign_in(ctx.peer, ctx.now)?;
    let typed: Credentials = ctx.form().await?;
    match try_sign_in(&ctx, &typed).await {
        Ok((person, token)) => {
            let tx = ctx.kit.db.begin().await?;
            store::begin_session(tx.conn(), new_session(&ctx, &person, &token, false, String::new())).await?;
            let detail = json!({"address": ctx.peer.to_string()});
            let entry = entry_of(&ctx, &person, "sign_in.begin", detail);
            tx.commit(entry).await?;
            let to = if person.must_change { "/account".to_owned() } else { typed.next };
            Ok(Reply::Session { token: Some(token), seconds: rules::SESSION.num_seconds(), to })
        }
        Err(fault) if matches!(fault.kind, Kind::Forbidden) && ctx.wants == khien_web::ctx::Wants::Html => {
            let error = ctx.kit.texts.fault(ctx.lang, &fault);
            let ask_code = fault.code == "sign_in.code";
            ctx.page(&SignIn { next: typed.next, error, username: typed.username, ask_code })
        }
        Err(fault) => Err(fault),
    }
}

async fn try_sign_in(ctx: &Ctx, typed: &Credentials) -> Result<(Model, String)> {
    let found = store::by_username(&ctx.kit.db, typed.username.trim()).await?.filter(|person| person.active);
    if let Some(person) = &found {
        rules::locked(person, ctx.now)?;
    }
    let hash = found.as_ref().and_then(|person| person.password_hash.clone());
    let holds = secret::verify(typed.password.clone(), hash).await?;
    let Some(person) = found else { return Err(rules::refused()) };
    if !holds {
        note(ctx, person, false).await?;
        return Err(rules::refused());
    }
    if let Some(second) = &person.totp_secret {
        if typed.code.trim().is_empty() {
            return Err(Fault::forbidden("sign_in.code"));
        }
        if !secret::code_holds(second, &typed.code, ctx.now)? {
            note(ctx, person, false).await?;
            return Err(Fault::forbidden("sign_in.code"));
        }
    }
    let person = note(ctx, person, true).await?;
    Ok((person, secret::token()))
}

/// Writes down how a try ended.
async fn note(ctx: &Ctx, person: Model, good: bool) -> Result<Model> {
    if good && person.failures == 0 && person.locked_until.is_none() {
        return Ok(person);
    }
    let after = if good { rules::After { failures: 0, locked_until: None } } else { rules::failed(&person, ctx.now) };
    let locked = after.locked_until.is_some();
    let tx = ctx.kit.db.begin().await?;
    let changed = store::update(tx.conn(), person, |row| {
        row.failures = ActiveValue::Set(after.failures);
        row.locked_until = ActiveValue::Set(after.locked_until);
    })
    .await?;
    if locked {
        let entry = entry_of(ctx, &changed, "sign_in.lock", json!({"address": ctx.peer.to_string()}));
        tx.commit(entry).await?;
    } else {
        tx.commit_machine().await?;
    }
    Ok(changed)
}

fn entry_of(ctx: &Ctx, person: &Model, action: &'static str, detail: serde_json::Value) -> khien_db::Entry {
    khien_db::Entry {
        at: ctx.now,
        actor: Some(person.id),
        actor_name: person.name.clone(),
        unit: Some(person.unit),
        action,
        subject_kind: "person",
        subject: person.id,
        detail,
        request: ctx.request.clone(),
    }
}

fn new_session(ctx: &Ctx, person: &Model, token: &str, api: bool, label: String) -> session::Model {
    let agent = ctx.headers.get("user-agent").and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    session::Model {
        token_hash: token_hash(token),
        person: person.id,
        created_at: ctx.now,
        seen_at: ctx.now,
        expires_at: ctx.now + if api { rules::TOKEN } else { rules::SESSION },
        address: ctx.peer.to_string(),
        agent: agent.chars().take(200).collect(),
        api,
        label,
    }
}

/// `POST /sign-out`
pub(super) async fn sign_out(ctx: Ctx) -> Result<Reply> {
    let actor = ctx.actor()?;
    let tx = ctx.kit.db.begin().await?;
    store::end_session(tx.conn(), actor.id, &actor.session).await?;
    tx.commit(ctx.entry("sign_in.end", "person", actor.id, Some(actor.unit), json!({}))?).await?;
    Ok(Reply::Session { token: None, seconds: 0, to: "/sign-in".into() })
}

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
        must_change: person.must_change,
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

async fn policy(ctx: &Ctx) -> Result<PasswordPolicy> {
    Ok(setting::get(ctx.kit.db.read(), PasswordPolicy::NAME).await?.unwrap_or_default())
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

/// `GET /account/second-factor`: a new secret as a QR code. It is kept only once its first code was typed.
pub(super) async fn show_second_factor(ctx: Ctx) -> Result<Reply> {
    let actor = ctx.actor()?;
    let centre = gate::of(&ctx.kit)?.centre(ctx.now).await?;
    let issuer = centre.map_or_else(|| "Khiên".to_owned(), |centre| centre.name);
    let secret = secret::new_totp();
    let address =
        secret::totp(&secret, &actor.name, &issuer)?.to_url().map_err(|e| Fault::internal(format!("{e:?}")))?;
    let code = QrCode::new(address.as_bytes()).map_err(Fault::internal)?;
    let image = code.render::<svg::Color<'_>>().min_dimensions(220, 220).quiet_zone(true).build();
    let data = base64::engine::general_purpose::STANDARD.encode(image);
    ctx.page(&SecondFactor { qr: format!("data:image/svg+xml;base64,{data}"), secret })
}

/// The first code of a new second factor.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Code {
    /// The secret that the page showed.
    secret: String,
    /// The code that the telephone shows.
    code: String,
}

/// `POST /account/second-factor`
pub(super) async fn set_second_factor(mut ctx: Ctx) -> Result<Reply> {
    let form: Code = ctx.form().await?;
    let actor = ctx.actor()?;
    if !secret::code_holds(&form.secret, &form.code, ctx.now).unwrap_or(false) {
        return Err(Fault::invalid("sign_in.code").on("code"));
    }
    let person = store::get(&ctx.kit.db, actor.id).await?;
    let tx = ctx.kit.db.begin().await?;
    store::update(tx.conn(), person, |row| row.totp_secret = ActiveValue::Set(Some(form.secret))).await?;
    tx.commit(ctx.entry("people.second-factor", "person", actor.id, Some(actor.unit), json!({}))?).await?;
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
