//! Routes of the first run.

use khien_base::clock::day_in_vietnam;
use khien_base::{Fault, Result};
use khien_web::{Ctx, Reply};
use schemars::JsonSchema;
use serde::Deserialize;

use super::found::{self, NewCentre};
use super::views::{Choice, Setup};
use crate::gate;
use crate::secret;
use crate::setting::PasswordPolicy;
use crate::units::catalogue::{self, Place};

/// `GET /setup?province=24`: with a province, its communes can be chosen too.
pub(super) async fn show(ctx: Ctx) -> Result<Reply> {
    open(&ctx).await?;
    let day = day_in_vietnam(ctx.now);
    let province = ctx.query_value("province").unwrap_or_default();
    let choice = |place: Place| Choice { label: place.name(), value: place.code };
    ctx.page(&Setup {
        provinces: catalogue::provinces(day)?.into_iter().map(choice).collect(),
        communes: if province.is_empty() {
            Vec::new()
        } else {
            catalogue::communes(&province, day)?.into_iter().map(choice).collect()
        },
        province,
    })
}

/// What the wizard asks.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Answers {
    /// Code of the province.
    #[serde(default)]
    province: String,
    /// Code of the commune, for a centre of a commune.
    #[serde(default)]
    commune: String,
    /// Full name of the administrator.
    name: String,
    /// Name for signing in.
    username: String,
    /// Password.
    password: String,
    /// The same again.
    again: String,
    /// `long` (14 characters) or `second-factor` (8 characters and a second factor).
    #[serde(default)]
    policy: String,
    /// Days after which a password must change; 0 or empty for never.
    #[serde(default)]
    max_age_days: String,
}

impl Answers {
    /// What passwords must be like.
    fn policy(&self) -> Result<PasswordPolicy> {
        let refused = || Fault::invalid("setup.max-age").with("max", PasswordPolicy::MAX_AGE).on("max_age_days");
        let max_age_days = match self.max_age_days.trim() {
            "" => 0,
            days => days.parse().map_err(|_| refused())?,
        };
        if max_age_days > PasswordPolicy::MAX_AGE {
            return Err(refused());
        }
        Ok(if self.policy == "second-factor" {
            PasswordPolicy { min_length: 8, second_factor: true, max_age_days }
        } else {
            PasswordPolicy { max_age_days, ..PasswordPolicy::default() }
        })
    }
}

/// `POST /setup`
pub(super) async fn found(mut ctx: Ctx) -> Result<Reply> {
    open(&ctx).await?;
    ctx.kit.limits.sign_in(ctx.peer, ctx.now)?;
    let form: Answers = ctx.form().await?;
    let username = form.username.trim().to_lowercase();
    if form.name.trim().is_empty() {
        return Err(Fault::invalid("setup.no-name").on("name"));
    }
    if username.len() < 3 || !username.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')) {
        return Err(Fault::invalid("people.username").on("username"));
    }
    if form.password != form.again {
        return Err(Fault::invalid("sign_in.not-the-same").on("again"));
    }
    let policy = form.policy()?;
    secret::check(&form.password, policy, &[&username])?;
    let code = if form.commune.is_empty() { form.province } else { form.commune };
    if code.is_empty() {
        return Err(Fault::invalid("setup.no-province").on("province"));
    }
    let new = NewCentre {
        code,
        administrator: form.name.trim().to_owned(),
        username,
        password_hash: secret::hash(form.password).await?,
        policy,
    };
    found::found(&ctx.kit.db, &ctx.kit.ids, ctx.now, new).await?;
    gate::of(&ctx.kit)?.forget();
    Ok(Reply::to("/sign-in"))
}

async fn open(ctx: &Ctx) -> Result<()> {
    if ctx.kit.gate.ready().await? { Err(Fault::not_found("web.not-found")) } else { Ok(()) }
}
