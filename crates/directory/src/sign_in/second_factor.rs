//! Setting the own second factor.

use base64::Engine;
use khien_base::{Fault, Result};
use khien_web::{Ctx, Owed, Reply};
use qrcode::QrCode;
use qrcode::render::svg;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::views::SecondFactor;
use crate::gate;
use crate::people::store;
use crate::secret;

/// `GET /account/second-factor`: a new secret as a QR code. It is kept only once its first code was typed.
pub(super) async fn show(ctx: Ctx) -> Result<Reply> {
    let actor = ctx.actor()?;
    let centre = gate::of(&ctx.kit)?.centre(ctx.now).await?;
    let issuer = centre.map_or_else(|| "Khiên".to_owned(), |centre| centre.name);
    let secret = secret::new_totp();
    let address =
        secret::totp(&secret, &actor.name, &issuer)?.to_url().map_err(|e| Fault::internal(format!("{e:?}")))?;
    let code = QrCode::new(address.as_bytes()).map_err(Fault::internal)?;
    let image = code.render::<svg::Color<'_>>().min_dimensions(220, 220).quiet_zone(true).build();
    let data = base64::engine::general_purpose::STANDARD.encode(image);
    let owed = actor.owed == Some(Owed::SecondFactor);
    ctx.page(&SecondFactor { qr: format!("data:image/svg+xml;base64,{data}"), secret, owed })
}

/// The first code of a new second factor.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Code {
    /// The secret that the page showed.
    secret: String,
    /// The code that the telephone shows.
    code: String,
}

/// `POST /account/second-factor`: the code that confirms the secret is used up, as every other.
pub(super) async fn set(mut ctx: Ctx) -> Result<Reply> {
    let form: Code = ctx.form().await?;
    let actor = ctx.actor()?;
    let step = secret::step_of(&form.secret, &form.code, ctx.now).ok().flatten();
    let step = step.ok_or_else(|| Fault::invalid("sign_in.code").on("code"))?;
    let sealed = gate::of(&ctx.kit)?.key().seal(actor.id, &form.secret)?;
    let tx = ctx.kit.db.begin().await?;
    let person = store::hold(tx.conn(), actor.id).await?;
    store::set_second_factor(tx.conn(), person, sealed, step).await?;
    tx.commit(ctx.entry("people.second-factor", "person", actor.id, Some(actor.unit), json!({}))?).await?;
    Ok(Reply::to(if actor.owed.is_some() { "/" } else { "/account" }))
}
