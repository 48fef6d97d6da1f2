//! Adding and changing sources.

use chrono::{DateTime, Utc};
use khien_base::{Fault, Result};
use khien_directory::secret;
use khien_web::guard::token_hash;
use khien_web::{Ctx, Live, Reply};
use schemars::JsonSchema;
use sea_orm::ActiveValue::Set;
use serde::Deserialize;
use serde_json::json;

use super::{one, reached};
use crate::sources::desk::Desk;
use crate::sources::model::{ACTIVE, ActiveModel, CLOSED, Model, PAUSED};
use crate::sources::rules::{self, Asked};
use crate::sources::{READ, WRITE, jobs, store};

/// A new source.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::sources) struct NewSource {
    /// Name.
    name: String,
    /// The information system.
    system: String,
    /// `ndjson`, `syslog` or `file`.
    kind: String,
    /// Addresses that its syslog comes from.
    #[serde(default)]
    addresses: String,
    /// Certificates that it shows over TLS, one a line: SHA-256 or a name.
    #[serde(default)]
    certificates: String,
    /// Events a second that it may send; blank sets no limit.
    #[serde(default)]
    quota: String,
    /// Minutes without an event until it counts as silent.
    silent_minutes: i32,
}

/// After every change: the way in reads the table again, open pages hear of it.
fn changed(ctx: &Ctx, source: &Model) -> Result<()> {
    let desk = ctx.kit.part::<Desk>()?;
    desk.register.forget();
    let nets = rules::read_networks(&source.addresses);
    let certificates = rules::read_certificates(&source.certificates);
    desk.strangers.forget(|stranger| {
        let own = |sign: &str, what: &str| certificates.iter().any(|one| one.strip_prefix(sign) == Some(what));
        if stranger.fingerprint.is_empty() {
            !stranger.token && nets.iter().any(|net| net.contains(&stranger.address))
        } else {
            own("sha256:", &stranger.fingerprint) || (!stranger.name.is_empty() && own("name:", &stranger.name))
        }
    });
    ctx.kit.bus.tell(Live { topic: "sources", permission: READ, unit: Some(source.unit) });
    Ok(())
}

fn end_of(token: &str) -> String {
    token.get(token.len().saturating_sub(4)..).unwrap_or_default().to_owned()
}

/// `POST /sources`: the token is shown this once.
pub(in crate::sources) async fn add(mut ctx: Ctx) -> Result<Reply> {
    let form: NewSource = ctx.form().await?;
    let asked = Asked {
        name: form.name,
        kind: form.kind,
        addresses: form.addresses,
        certificates: form.certificates,
        quota: form.quota,
        silent_minutes: form.silent_minutes,
    };
    let fields = rules::check(&asked)?;
    let unknown = || Fault::invalid("sources.system").on("system");
    let system = form.system.trim().parse().map_err(|_| unknown())?;
    let card = ctx.kit.systems()?.some(vec![system]).await?.into_iter().next().ok_or_else(unknown)?;
    let actor = ctx.actor()?;
    actor.over(WRITE, card.unit).map_err(|_| unknown())?;
    let (networks, certificates) = (fields.addresses.clone(), fields.certificates.clone());
    let token = if rules::starts_with_token(&fields) { secret::token() } else { String::new() };
    let mut source = store::fresh(ctx.kit.id(), fields, card.id, card.unit, actor.id, ctx.now);
    if !token.is_empty() {
        source.token_hash = Some(token_hash(&token));
        source.token_end = end_of(&token);
    }
    let tx = ctx.kit.db.begin().await?;
    let others = store::open(tx.conn()).await?;
    rules::free(&networks, source.unit, &others)?;
    rules::free_certificates(&certificates, &others)?;
    store::insert(tx.conn(), source.clone()).await?;
    let detail = json!({"name": source.name, "system": source.system, "kind": source.kind,
        "addresses": source.addresses, "certificates": source.certificates, "quota": source.quota,
        "silent_minutes": source.silent_minutes});
    tx.commit(ctx.entry("sources.add", "source", source.id, Some(source.unit), detail)?).await?;
    changed(&ctx, &source)?;
    let view = one(&ctx, source, token, None).await?;
    ctx.page(&view)
}

/// Changed settings.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::sources) struct Edited {
    /// Name.
    name: String,
    /// Addresses that its syslog comes from.
    #[serde(default)]
    addresses: String,
    /// Certificates that it shows over TLS, one a line: SHA-256 or a name.
    #[serde(default)]
    certificates: String,
    /// Events a second that it may send; blank sets no limit.
    #[serde(default)]
    quota: String,
    /// Minutes without an event until it counts as silent.
    silent_minutes: i32,
    /// When the settings had last changed as the form was made.
    updated_at: DateTime<Utc>,
}

/// `POST /sources/{id}`
pub(in crate::sources) async fn edit(mut ctx: Ctx) -> Result<Reply> {
    let form: Edited = ctx.form().await?;
    let source = reached(&ctx, WRITE).await?;
    if source.status == CLOSED {
        return Err(Fault::conflict("sources.closed"));
    }
    if source.updated_at != form.updated_at {
        return Err(Fault::conflict("sources.changed"));
    }
    let asked = Asked {
        name: form.name,
        kind: source.kind.clone(),
        addresses: form.addresses,
        certificates: form.certificates,
        quota: form.quota,
        silent_minutes: form.silent_minutes,
    };
    let fields = rules::check(&asked)?;
    let tx = ctx.kit.db.begin().await?;
    let mut others = store::open(tx.conn()).await?;
    others.retain(|other| other.id != source.id);
    rules::free(&fields.addresses, source.unit, &others)?;
    rules::free_certificates(&fields.certificates, &others)?;
    let after = Model {
        search_key: khien_base::key::key(&fields.name),
        name: fields.name,
        addresses: rules::stored(&fields.addresses),
        certificates: fields.certificates.into(),
        quota: fields.quota,
        silent_minutes: fields.silent_minutes,
        live_until: source.last_event_at.map(|last| rules::live_until(last, fields.silent_minutes)),
        ..source.clone()
    };
    store::update(tx.conn(), source.clone(), ctx.now, |row| {
        row.name = Set(after.name.clone());
        row.search_key = Set(after.search_key.clone());
        row.addresses = Set(after.addresses.clone());
        row.certificates = Set(after.certificates.clone());
        row.quota = Set(after.quota);
        row.silent_minutes = Set(after.silent_minutes);
        row.live_until = Set(after.live_until);
    })
    .await?;
    let said = |m: &Model| {
        json!({"name": m.name, "addresses": m.addresses, "certificates": m.certificates, "quota": m.quota,
            "silent_minutes": m.silent_minutes})
    };
    let detail = json!({"before": said(&source), "after": said(&after)});
    tx.commit(ctx.entry("sources.edit", "source", source.id, Some(source.unit), detail)?).await?;
    changed(&ctx, &after)?;
    Ok(Reply::to(format!("/sources/{}", source.id)))
}

/// `POST /sources/{id}/token`: a new token, shown this once; the one until now ends at once.
pub(in crate::sources) async fn rotate(ctx: Ctx) -> Result<Reply> {
    let source = reached(&ctx, WRITE).await?;
    if source.status == CLOSED {
        return Err(Fault::conflict("sources.closed"));
    }
    let token = secret::token();
    let (hash, end) = (token_hash(&token), end_of(&token));
    let tx = ctx.kit.db.begin().await?;
    store::update(tx.conn(), source.clone(), ctx.now, |row| {
        row.token_hash = Set(Some(hash));
        row.token_end = Set(end.clone());
    })
    .await?;
    let detail = json!({"before": source.token_end, "after": end});
    tx.commit(ctx.entry("sources.token", "source", source.id, Some(source.unit), detail)?).await?;
    changed(&ctx, &source)?;
    let source = store::get(ctx.kit.db.read(), source.id).await?;
    let view = one(&ctx, source, token, None).await?;
    ctx.page(&view)
}

/// A button of the page carries nothing else.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::sources) struct Turned {}

/// `POST /sources/{id}/pause`: what it sends is refused from now on.
pub(in crate::sources) async fn pause(ctx: Ctx) -> Result<Reply> {
    turn(&ctx, PAUSED, "sources.pause").await
}

/// `POST /sources/{id}/resume`
pub(in crate::sources) async fn resume(ctx: Ctx) -> Result<Reply> {
    turn(&ctx, ACTIVE, "sources.resume").await
}

/// `POST /sources/{id}/close`: for good; its token and addresses are free again, its events stay.
pub(in crate::sources) async fn close(ctx: Ctx) -> Result<Reply> {
    turn(&ctx, CLOSED, "sources.close").await
}

async fn turn(ctx: &Ctx, to: &'static str, action: &'static str) -> Result<Reply> {
    let source = reached(ctx, WRITE).await?;
    rules::turn(&source.status, to)?;
    let change = |row: &mut ActiveModel| {
        row.status = Set(to.to_owned());
        if to == CLOSED {
            row.token_hash = Set(None);
        }
        if to == ACTIVE {
            // Who was paused gets the whole time to come back before it counts as silent.
            row.live_until = Set(source.live_until.map(|_| rules::live_until(ctx.now, source.silent_minutes)));
        }
    };
    let tx = ctx.kit.db.begin().await?;
    store::update(tx.conn(), source.clone(), ctx.now, change).await?;
    let detail = json!({"before": source.status, "after": to});
    tx.commit(ctx.entry(action, "source", source.id, Some(source.unit), detail)?).await?;
    changed(ctx, &source)?;
    if to == CLOSED {
        // Nobody waits for it any more.
        jobs::settle(&ctx.kit, &source, "Nguồn đã đóng.").await?;
    }
    Ok(Reply::to(format!("/sources/{}", source.id)))
}
