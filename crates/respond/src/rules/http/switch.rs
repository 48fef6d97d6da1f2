//! Switching rules off and on, one or many.

use khien_base::{Fault, Id, Result};
use khien_web::texts::Lang;
use khien_web::{Ctx, Reply};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::list::Asked;
use super::{known, whole_centre};
use crate::rules::catalog::entries;
use crate::rules::store::switches::{Turned, turn};
use crate::rules::{apply, loaded};

/// Rules to be switched.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(in crate::rules) struct Switched {
    /// Identities of rules.
    rule: Vec<String>,
    /// Or all rules of a list: what stands behind its `?`.
    query: String,
    /// `picked`, or `all` for every rule of the list.
    which: String,
    /// `on`, `off`
    to: String,
    /// Why; needed for switching off.
    reason: String,
    /// The page to go back to.
    next: String,
}

/// Identities that an audit entry names; all of them are in the table of switches.
const NAMED: usize = 200;

/// `POST /rules/switch`
pub(in crate::rules) async fn switch(mut ctx: Ctx) -> Result<Reply> {
    whole_centre(&ctx, "rules:write")?;
    let form: Switched = ctx.form().await?;
    let enabled = match form.to.as_str() {
        "on" => true,
        "off" => false,
        other => return Err(Fault::invalid("rules.choice").on("to").with("given", other)),
    };
    let reason: String = form.reason.trim().chars().take(2000).collect();
    if !enabled && reason.is_empty() {
        return Err(Fault::invalid("rules.reason-missing").on("reason"));
    }
    let rules = meant(&ctx, &form, enabled).await?;
    if !rules.is_empty() {
        let actor = ctx.actor()?;
        let turned = Turned { enabled, reason: &reason, by: actor.id, by_name: &actor.name, at: ctx.now };
        let tx = ctx.kit.db.begin().await?;
        turn(tx.conn(), &rules, turned).await?;
        let subject = match rules.as_slice() {
            [one] => subject(one),
            _ => ctx.kit.id(),
        };
        let named: Vec<&String> = rules.iter().take(NAMED).collect();
        let detail = json!({"rules": named, "count": rules.len(), "reason": reason});
        let action = if enabled { "rules.enable" } else { "rules.disable" };
        tx.commit(ctx.entry(action, "rule", subject, None, detail)?).await?;
        apply::after_change(&ctx.kit).await;
    }
    let next = Some(form.next).filter(|next| next.starts_with("/rules"));
    Ok(Reply::to(next.unwrap_or_else(|| "/rules".to_owned())))
}

/// The rules that are meant, as far as they stand the other way.
async fn meant(ctx: &Ctx, form: &Switched, enabled: bool) -> Result<Vec<String>> {
    let loaded = loaded::of(&ctx.kit)?.current();
    if form.which == "all" {
        let asked: Asked = serde_html_form_from(&form.query)?;
        let (wanted, known) = (asked.wanted(), known(ctx).await?);
        let all = entries(&loaded, &known, ctx.lang == Lang::Vi);
        let chosen = all.iter().filter(|entry| wanted.takes(entry) && entry.on != enabled);
        return Ok(chosen.map(|entry| entry.id.to_owned()).collect());
    }
    let known = |id: &&String| loaded.rule(id).is_some() && loaded.is_on(id) != enabled;
    let mut rules: Vec<String> = form.rule.iter().filter(known).cloned().collect();
    rules.sort();
    rules.dedup();
    Ok(rules)
}

fn serde_html_form_from(query: &str) -> Result<Asked> {
    serde_html_form::from_str(query).map_err(|error| Fault::invalid("web.query").with("what", error))
}

/// The subject of audit entries of a rule: its identity, or one that is made of it.
pub(super) fn subject(rule: &str) -> Id {
    rule.parse().unwrap_or_else(|_| {
        let digest: [u8; 32] = Sha256::digest(rule.as_bytes()).into();
        let mut bytes = [0u8; 16];
        for (to, from) in bytes.iter_mut().zip(digest) {
            *to = from;
        }
        Id::from_bytes(bytes)
    })
}
