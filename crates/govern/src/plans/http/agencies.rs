//! Saying what the names of a plan mean.

use khien_base::clock::day_in_vietnam;
use khien_base::{Fault, Id, Result};
use khien_web::{Ctx, Reply};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::edit::{draft, kept};
use super::{parse, tree};
use crate::plans::mapping::{self, Groups, Meaning};
use crate::plans::model::{agency, plan};
use crate::plans::store::{agencies, plans};

/// What a name means.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::plans) struct AgencyForm {
    id: String,
    version: i32,
    /// `units`, `group`, `outside` or `none`.
    means: String,
    /// Names of units, parted by `;`.
    #[serde(default)]
    units: String,
    /// Key of a group.
    #[serde(default)]
    group: String,
}

/// `POST /plans/{id}/agencies`: says what a name means.
pub(in crate::plans) async fn agency(mut ctx: Ctx) -> Result<Reply> {
    let form: AgencyForm = ctx.form().await?;
    let plan = draft(&ctx).await?;
    let id = parse::id(&form.id, "id")?.ok_or_else(|| Fault::not_found("plans.no-agency"))?;
    let old = agencies::get(ctx.kit.db.read(), plan.id, id).await?;
    if old.version != form.version {
        return Err(Fault::conflict("plans.changed-meanwhile"));
    }
    let mut new = agency::Model { version: old.version + 1, confirmed: true, means: form.means.clone(), ..old.clone() };
    (new.group_key, new.units) = (None, json!([]));
    match form.means.as_str() {
        "units" => new.units = json!(typed_units(&ctx, &plan, &form.units).await?),
        "group" => {
            let known = Groups::shipped()?.get(form.group.trim());
            let group = known.ok_or_else(|| Fault::invalid("plans.no-group").on("group"))?;
            new.group_key = Some(group.key.clone());
        }
        "outside" => new.group_key = old.group_key.clone().filter(|_| old.means == "outside"),
        "none" => {}
        other => return Err(Fault::invalid("plans.choice").on("means").with("text", other)),
    }
    let brief = |row: &agency::Model| json!({"means": row.means, "group": row.group_key, "units": row.units});
    let detail = json!({"what": old.name, "before": brief(&old), "after": brief(&new)});
    let tx = ctx.kit.db.begin().await?;
    agencies::confirm(tx.conn(), &new).await?;
    plans::touch(tx.conn(), plan.id, ctx.now).await?;
    tx.commit(ctx.entry("plans.map-agency", "plan", plan.id, Some(plan.unit), detail)?).await?;
    Ok(kept(&ctx, format!("/plans/{}/review#a-{id}", plan.id), json!({"version": new.version})))
}

/// `POST /plans/{id}/agencies/confirm`: all proposals as they stand, but the unknown ones.
pub(in crate::plans) async fn confirm_all(ctx: Ctx) -> Result<Reply> {
    let plan = draft(&ctx).await?;
    let named = agencies::list(ctx.kit.db.read(), plan.id).await?;
    let tx = ctx.kit.db.begin().await?;
    let mut confirmed = Vec::new();
    for old in named.into_iter().filter(|agency| !agency.confirmed && agency.means != "unknown") {
        let new = agency::Model { confirmed: true, version: old.version + 1, ..old };
        agencies::confirm(tx.conn(), &new).await?;
        confirmed.push(new.name);
    }
    plans::touch(tx.conn(), plan.id, ctx.now).await?;
    let detail = json!({"what": confirmed.join("; "), "names": confirmed});
    tx.commit(ctx.entry("plans.map-agencies", "plan", plan.id, Some(plan.unit), detail)?).await?;
    Ok(Reply::to(format!("/plans/{}/review#agencies", plan.id)))
}

async fn typed_units(ctx: &Ctx, plan: &plan::Model, typed: &str) -> Result<Vec<Id>> {
    let bodies = agencies::bodies(&ctx.kit.db, tree(ctx).await?.as_ref(), day_in_vietnam(ctx.now)).await?;
    let groups = Groups::shipped()?;
    let mut out = Vec::new();
    for name in typed.split([';', '\n']).map(str::trim).filter(|name| !name.is_empty()).take(300) {
        match mapping::propose(name, plan.unit, &bodies, groups) {
            Meaning::Units { units, sure: true } => out.extend(units),
            _ => {
                let shown: String = name.chars().take(80).collect();
                return Err(Fault::invalid("plans.no-unit").on("units").with("name", shown));
            }
        }
    }
    out.dedup();
    if out.is_empty() { Err(Fault::invalid("plans.text-missing").on("units")) } else { Ok(out) }
}
