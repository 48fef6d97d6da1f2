//! Reports owed.

use std::collections::HashMap;

use khien_base::clock::{day_in_vietnam, vn_date};
use khien_base::ports::Sheet;
use khien_base::{Fault, Id, Result};
use khien_web::{Ctx, Live, Pager, Paging, Reply, list as kit_list};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{parse, plan_choice, plan_names, tree, unit_choice};
use crate::plans::model::{State, TO, duty};
use crate::plans::rules::due::days_late;
use crate::plans::store::duties::{self, Filter, Owed, Sent};
use crate::plans::store::{agencies, items, plans};
use crate::plans::views::{Obligations, OnDemand, OwedRow};

/// A report that was sent.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::plans) struct SentForm {
    /// "12/BC-SYT"
    number: String,
    /// `2026-06-09`
    on: String,
}

/// `GET /obligations`
pub(in crate::plans) async fn list(ctx: Ctx) -> Result<Reply> {
    let value = |name: &str| ctx.query_value(name).unwrap_or_default();
    let (reach, day, tree) = (ctx.reach("plans:read"), day_in_vietnam(ctx.now), tree(&ctx).await?);
    let db = &ctx.kit.db;
    let wide = Filter { plan: value("plan").parse().ok(), unit: value("unit").parse().ok(), ..Filter::default() };
    let mut counts = Vec::new();
    for state in Owed::ALL {
        let filter = Filter { state: Some(state), ..wide.clone() };
        counts.push((state.name().to_owned(), duties::count(db, &reach, &filter, day).await?));
    }
    let late = counts.first().is_some_and(|(_, n)| *n > 0);
    let usual = if late { Owed::Late } else { Owed::Ahead };
    let state = Owed::ALL.into_iter().find(|state| state.name() == value("state")).unwrap_or(usual);
    let file = kit_list::wants_file(&ctx);
    let paging = if file { Paging { page: 1, size: kit_list::FILE_ROWS } } else { Paging::of(&ctx) };
    let filter = Filter { state: Some(state), ..wide.clone() };
    let (rows, total) = duties::list(db, &reach, &filter, day, paging).await?;
    let rows = owed_rows(&ctx, rows, &tree, state).await?;
    if file {
        return kit_list::file(&ctx, "bao-cao-phai-gui", &sheet(&ctx, &rows));
    }
    let plans = plan_choice(&ctx).await?;
    let ids: Vec<Id> = plans.iter().filter_map(|plan| plan.value.parse().ok()).collect();
    ctx.page(&Obligations {
        state: state.name().to_owned(),
        plan: value("plan"),
        unit: value("unit"),
        counts,
        rows,
        on_demand: on_demand(&ctx, &ids, wide.plan).await?,
        plans,
        units: unit_choice(&ctx, &tree),
        pager: Pager::new(&ctx, paging, total),
        base: kit_list::base(&ctx, &["page", "format", "state"]),
    })
}

async fn owed_rows(
    ctx: &Ctx,
    rows: Vec<duty::owed::Model>,
    tree: &khien_directory::Tree,
    state: Owed,
) -> Result<Vec<OwedRow>> {
    let db = &ctx.kit.db;
    let mut ids: Vec<Id> = rows.iter().map(|row| row.duty).collect();
    ids.sort_unstable();
    ids.dedup();
    let known: HashMap<Id, duty::Model> =
        items::some_duties(db, ids.clone()).await?.into_iter().map(|duty| (duty.id, duty)).collect();
    let to = agencies::named_in(db, ids, TO).await?;
    let plans = plan_names(ctx, rows.iter().map(|row| row.plan)).await?;
    let (day, report) = (day_in_vietnam(ctx.now), ctx.reach("plans:report"));
    let line = |row: duty::owed::Model| {
        let (duty, plan) = (known.get(&row.duty)?, plans.get(&row.plan)?);
        Some(OwedRow {
            id: row.id,
            subject: duty.subject.clone(),
            sentence: duty.sentence.clone(),
            plan: super::called(&plan.number, &plan.title),
            plan_href: format!("/plans/{}", plan.id),
            unit: tree.name(row.unit).to_owned(),
            to: to.get(&row.duty).cloned().unwrap_or_default(),
            due_on: row.due_on,
            state: state.name().to_owned(),
            days_late: days_late(Some(row.due_on), row.sent_on, day),
            sent_number: row.sent_number.unwrap_or_default(),
            may_send: row.sent_on.is_none() && report.covers(row.unit),
            sent_on: row.sent_on,
        })
    };
    Ok(rows.into_iter().filter_map(line).collect())
}

async fn on_demand(ctx: &Ctx, ids: &[Id], only: Option<Id>) -> Result<Vec<OnDemand>> {
    let wanted: Vec<Id> = ids.iter().copied().filter(|id| only.is_none_or(|only| only == *id)).collect();
    let duties = items::duties_of(&ctx.kit.db, wanted).await?;
    let plans = plan_names(ctx, duties.iter().map(|duty| duty.plan)).await?;
    let line = |duty: duty::Model| {
        let plan = plans.get(&duty.plan)?;
        Some(OnDemand {
            subject: duty.subject,
            sentence: duty.sentence,
            plan: super::called(&plan.number, &plan.title),
            plan_href: format!("/plans/{}", plan.id),
            on_demand: duty.on_demand,
            within_hours: duty.within_hours,
        })
    };
    let asked = |duty: &duty::Model| duty.on_demand || duty.within_hours.is_some();
    Ok(duties.into_iter().filter(asked).filter_map(line).collect())
}

fn sheet(ctx: &Ctx, rows: &[OwedRow]) -> Sheet {
    let columns = ["plan", "subject", "unit", "to", "due", "late-days", "sent-number", "sent-on"];
    Sheet {
        title: ctx.say("plans.obligations"),
        columns: columns.iter().map(|name| ctx.say(&format!("plans.col.{name}"))).collect(),
        rows: rows
            .iter()
            .map(|row| {
                vec![
                    row.plan.clone(),
                    row.subject.clone(),
                    row.unit.clone(),
                    row.to.clone(),
                    vn_date(row.due_on),
                    row.days_late.to_string(),
                    row.sent_number.clone(),
                    row.sent_on.map(vn_date).unwrap_or_default(),
                ]
            })
            .collect(),
    }
}

/// `POST /obligations/{id}/sent`
pub(in crate::plans) async fn sent(mut ctx: Ctx) -> Result<Reply> {
    let form: SentForm = ctx.form().await?;
    let row = duties::get(&ctx.kit.db, ctx.id("id")?).await?;
    let actor = ctx.actor()?;
    actor.over("plans:report", row.unit)?;
    let plan = plans::get(ctx.kit.db.read(), row.plan).await?;
    if State::of(&plan.state) != State::Live {
        return Err(Fault::conflict("plans.not-live"));
    }
    let number = parse::text(&form.number, "number")?;
    let on = parse::day(&form.on, "on")?.ok_or_else(|| Fault::invalid("plans.text-missing").on("on"))?;
    if on > day_in_vietnam(ctx.now) {
        return Err(Fault::invalid("plans.sent-ahead").on("on"));
    }
    let detail = json!({"what": number, "number": number, "on": on, "due_on": row.due_on, "duty": row.duty});
    let tx = ctx.kit.db.begin().await?;
    duties::mark_sent(tx.conn(), row.id, Sent { number, on, by: Some(actor.id), at: ctx.now }).await?;
    tx.commit(ctx.entry("plans.sent", "plan", row.plan, Some(row.unit), detail)?).await?;
    ctx.kit.bus.tell(Live { topic: "obligations", permission: "plans:read", unit: Some(row.unit) });
    Ok(Reply::to("/obligations?state=sent"))
}
