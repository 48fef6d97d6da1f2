//! One task: what the plan says, who owes it, what was said of it.

use std::collections::HashSet;

use khien_base::clock::day_in_vietnam;
use khien_base::{Fault, Id, Reach, Result};
use khien_web::{Ctx, Live, Reply};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{sight, tree, who};
use crate::plans::model::work::{DONE, Model, OPEN};
use crate::plans::model::{COORDINATE, LEAD, State};
use crate::plans::progress::{self, Report};
use crate::plans::rules::due::{bucket, days_late};
use crate::plans::store::{items, plans, work};
use crate::plans::views::{Doing, DueView, Said, TaskPage};

/// A report of progress.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::plans) struct ReportForm {
    /// The assignment.
    assignment: Id,
    /// Its version as the page showed it.
    version: i32,
    /// `doing`, `stuck` or `done`.
    state: String,
    /// 0–100.
    percent: i32,
    /// In words.
    #[serde(default)]
    note: String,
}

/// An officer's answer to "done".
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::plans) struct JudgeForm {
    /// The assignment.
    assignment: Id,
    /// Its version as the page showed it.
    version: i32,
    /// In words; a reason where it is given back.
    #[serde(default)]
    note: String,
}

/// Whose progress somebody may see on a task: one's own reach; and those who lead it, for who helps them.
fn seen(all: &[Model], reach: &Reach) -> HashSet<Id> {
    let helps = all.iter().any(|row| row.role == COORDINATE && reach.covers(row.unit));
    all.iter().filter(|row| reach.covers(row.unit) || (helps && row.role == LEAD)).map(|row| row.id).collect()
}

/// `GET /tasks/{id}`
pub(in crate::plans) async fn show(ctx: Ctx) -> Result<Reply> {
    let db = &ctx.kit.db;
    let task = items::task(db.read(), ctx.id("id")?).await?;
    let plan = plans::seen(db, &sight(&ctx), task.plan).await.map_err(|_| Fault::not_found("plans.no-task"))?;
    let actor = ctx.actor()?;
    let (tree, day) = (tree(&ctx).await?, day_in_vietnam(ctx.now));
    let all = work::of_task(db, task.id).await?;
    let seen = seen(&all, &ctx.reach("plans:read"));
    let live = State::of(&plan.state) == State::Live;
    let judge = live && actor.reach("plans:write").covers(plan.unit);
    let report = actor.reach("plans:report");
    let said = work::reports(db, seen.iter().copied().collect()).await?;
    let mut doing: Vec<Doing> = all
        .into_iter()
        .map(|row| {
            let open = seen.contains(&row.id);
            let at = bucket(&row.state, &row.rhythm, row.due_on, day);
            Doing {
                id: row.id,
                version: row.version,
                unit: tree.name(row.unit).to_owned(),
                due_on: row.due_on,
                open,
                bucket: if open { at.name().to_owned() } else { String::new() },
                days_late: if open { days_late(row.due_on, row.done_on, day) } else { 0 },
                percent: if open { row.percent } else { 0 },
                done_on: row.done_on.filter(|_| open),
                may_report: live && open && row.state == OPEN && report.covers(row.unit),
                may_judge: judge && row.role == LEAD && row.state == DONE,
                state: if open { row.state } else { String::new() },
                role: row.role,
                period: row.period,
            }
        })
        .collect();
    doing.sort_by(|a, b| {
        (!a.may_report, !a.open, a.role != LEAD, &a.period, &a.unit).cmp(&(
            !b.may_report,
            !b.open,
            b.role != LEAD,
            &b.period,
            &b.unit,
        ))
    });
    let history = if judge { super::plan::past(&ctx, task.id).await? } else { Vec::new() };
    ctx.page(&TaskPage {
        id: task.id,
        due: DueView::of_task(&task),
        headings: serde_json::from_value(task.headings).unwrap_or_default(),
        text: task.text,
        group: task.group_name,
        number: task.number,
        due_text: task.due_text,
        sentence: task.sentence,
        plan: super::called(&plan.number, &plan.title),
        plan_href: format!("/plans/{}", plan.id),
        doing,
        said: said
            .into_iter()
            .map(|row| Said {
                at: row.at,
                unit: tree.name(row.unit).to_owned(),
                who: row.by_name,
                state: row.state,
                percent: row.percent,
                note: row.note,
            })
            .collect(),
        history,
    })
}

/// The assignment of a form, which must be of the task in the path.
async fn assignment(ctx: &Ctx, id: Id) -> Result<Model> {
    let row = work::get(ctx.kit.db.read(), id).await?;
    if row.task == ctx.id("id")? { Ok(row) } else { Err(Fault::not_found("plans.no-task")) }
}

/// Whether the plan is in force and the assignment still as the page showed it: asked after the right to it.
fn ready(row: &Model, plan: &crate::plans::model::plan::Model, version: i32) -> Result<()> {
    if State::of(&plan.state) != State::Live {
        return Err(Fault::conflict("plans.not-live"));
    }
    if row.version == version { Ok(()) } else { Err(Fault::conflict("plans.changed-meanwhile")) }
}

/// `POST /tasks/{id}/progress`
pub(in crate::plans) async fn report(mut ctx: Ctx) -> Result<Reply> {
    let form: ReportForm = ctx.form().await?;
    let row = assignment(&ctx, form.assignment).await?;
    ctx.actor()?.over("plans:report", row.unit)?;
    ready(&row, &plans::get(ctx.kit.db.read(), row.plan).await?, form.version)?;
    let report = Report { state: form.state, percent: form.percent, note: form.note };
    let new = progress::reported(&row, &report, ctx.now)?;
    keep(&ctx, "plans.report", &row, new, report).await
}

/// `POST /tasks/{id}/accept`
pub(in crate::plans) async fn accept(ctx: Ctx) -> Result<Reply> {
    judge(ctx, true).await
}

/// `POST /tasks/{id}/return`
pub(in crate::plans) async fn give_back(ctx: Ctx) -> Result<Reply> {
    judge(ctx, false).await
}

async fn judge(mut ctx: Ctx, accept: bool) -> Result<Reply> {
    let form: JudgeForm = ctx.form().await?;
    let row = assignment(&ctx, form.assignment).await?;
    let plan = plans::get(ctx.kit.db.read(), row.plan).await?;
    let actor = ctx.actor()?;
    actor.over("plans:write", plan.unit)?;
    ready(&row, &plan, form.version)?;
    if accept && progress::reported_by(&ctx.kit.db, row.id).await? == Some(actor.id) {
        return Err(Fault::forbidden("plans.second-person"));
    }
    let new = progress::judged(&row, accept, &form.note, ctx.now)?;
    let (action, state) = if accept { ("plans.accept", "accepted") } else { ("plans.send-back", "returned") };
    let report = Report { state: state.to_owned(), percent: row.percent, note: form.note };
    keep(&ctx, action, &row, new, report).await
}

async fn keep(ctx: &Ctx, action: &'static str, old: &Model, new: Model, report: Report) -> Result<Reply> {
    let (task, unit) = (old.task, old.unit);
    let detail = json!({"assignment": old.id, "note": report.note.trim(),
        "before": {"state": old.state, "percent": old.percent}, "after": {"state": new.state, "percent": new.percent}});
    let tx = ctx.kit.db.begin().await?;
    progress::keep(tx.conn(), ctx.kit.id(), ctx.now, &who(ctx)?, new, report).await?;
    tx.commit(ctx.entry(action, "plan_task", task, Some(unit), detail)?).await?;
    ctx.kit.bus.tell(Live { topic: "tasks", permission: "plans:read", unit: Some(unit) });
    Ok(Reply::to(format!("/tasks/{task}")))
}
