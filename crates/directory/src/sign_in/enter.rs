//! Signing in and out.

use khien_base::{Fault, Kind, Result};
use khien_web::guard::token_hash;
use khien_web::{Ctx, Reply};
use schemars::JsonSchema;
use sea_orm::ActiveValue;
use serde::Deserialize;
use serde_json::json;

use super::rules;
use super::views::SignIn;
use crate::gate;
use crate::people::model::{Model, session};
use crate::people::store;
use crate::seal::Opened;
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
pub(super) async fn show(ctx: Ctx) -> Result<Reply> {
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
            let owed = rules::owed(&person, policy(&ctx).await?, ctx.now, false);
            let to = owed.map_or(typed.next, |owed| owed.page().to_owned());
            Ok(Reply::Session { token: Some(token), seconds: rules::SESSION.num_seconds(), to })
        }
        Err(fault) if matches!(fault.kind, Kind::Forbidden) && ctx.wants == khien_web::ctx::Wants::Html => {
            let error = ctx.kit.texts.fault(ctx.lang, &fault);
            let ask_code = matches!(&*fault.code, "sign_in.code" | "sign_in.code-used");
            ctx.page(&SignIn { next: typed.next, error, username: typed.username, ask_code })
        }
        Err(fault) => Err(fault),
    }
}

/// What passwords must be like, as the records say at this moment.
pub(super) async fn policy(ctx: &Ctx) -> Result<PasswordPolicy> {
    Ok(setting::get(ctx.kit.db.read(), PasswordPolicy::NAME).await?.unwrap_or_default())
}

/// What the second factor says to a try.
enum Second {
    /// None is set.
    NotSet,
    /// The code of this time step was typed; a secret that stood in the clear comes sealed.
    Step { step: i64, sealed: Option<String> },
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
        failed(ctx, &person).await?;
        return Err(rules::refused());
    }
    let second = second(ctx, &person, &typed.code).await?;
    admit(ctx, person, second).await
}

async fn second(ctx: &Ctx, person: &Model, code: &str) -> Result<Second> {
    let Some(stored) = &person.totp_secret else { return Ok(Second::NotSet) };
    let key = gate::of(&ctx.kit)?.key();
    let opened = key.open(person.id, stored).inspect_err(|fault| {
        tracing::error!(request = %ctx.request, %fault, "a second factor cannot be read");
    })?;
    if code.trim().is_empty() {
        return Err(Fault::forbidden("sign_in.code"));
    }
    let Some(step) = secret::step_of(opened.secret(), code, ctx.now)? else {
        failed(ctx, person).await?;
        return Err(Fault::forbidden("sign_in.code"));
    };
    let sealed = match opened {
        Opened::Sealed(_) => None,
        Opened::Clear(secret) => Some(key.seal(person.id, &secret)?),
    };
    Ok(Second::Step { step, sealed })
}

/// Begins the session of who proved everything. What was proved is held against the record as it is now: of two
/// requests with one code only the first finds its step unused.
async fn admit(ctx: &Ctx, proved: Model, second: Second) -> Result<(Model, String)> {
    let tx = ctx.kit.db.begin().await?;
    let person = store::hold(tx.conn(), proved.id).await?;
    rules::locked(&person, ctx.now)?;
    if !person.active || person.password_hash != proved.password_hash {
        return Err(rules::refused());
    }
    match second {
        Second::NotSet if person.totp_secret.is_some() => return Err(Fault::forbidden("sign_in.code")),
        Second::NotSet => {}
        Second::Step { step, sealed } => {
            if !store::use_step(tx.conn(), person.id, step).await? {
                tx.abandon().await?;
                failed(ctx, &person).await?;
                return Err(Fault::forbidden("sign_in.code-used"));
            }
            if let (Some(sealed), Some(clear)) = (sealed, &proved.totp_secret) {
                store::replace_secret(tx.conn(), person.id, clear, &sealed).await?;
            }
        }
    }
    let token = secret::token();
    store::begin_session(tx.conn(), new_session(ctx, &person, &token, false, String::new())).await?;
    let entry = entry_of(ctx, &person, "sign_in.begin", json!({"address": ctx.peer.to_string()}));
    let person = store::update(tx.conn(), person, |row| {
        row.failures = ActiveValue::Set(0);
        row.locked_until = ActiveValue::Set(None);
    })
    .await?;
    tx.commit(entry).await?;
    Ok((person, token))
}

/// Writes down a wrong password or code; the fifth in a row closes the account for a while.
async fn failed(ctx: &Ctx, person: &Model) -> Result<()> {
    let tx = ctx.kit.db.begin().await?;
    let person = store::hold(tx.conn(), person.id).await?;
    let after = rules::failed(&person, ctx.now);
    let closes = after.locked_until.is_some_and(|until| person.locked_until != Some(until));
    let changed = store::update(tx.conn(), person, |row| {
        row.failures = ActiveValue::Set(after.failures);
        row.locked_until = ActiveValue::Set(after.locked_until);
    })
    .await?;
    if closes {
        tx.commit(entry_of(ctx, &changed, "sign_in.lock", json!({"address": ctx.peer.to_string()}))).await
    } else {
        tx.commit_machine().await
    }
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

/// A session of a browser or, as an API token, of a program.
pub(super) fn new_session(ctx: &Ctx, person: &Model, token: &str, api: bool, label: String) -> session::Model {
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
