//! Taking a plan in, mapping and approving it in one go: for demonstration data, by the rules that pages follow.

use chrono::{DateTime, Utc};
use khien_base::clock::day_in_vietnam;
use khien_base::key::key;
use khien_base::{Fault, Id, Result};
use khien_db::{Db, Entry};
use khien_web::Kit;
use sea_orm::ActiveValue;
use serde_json::json;

use super::model::work as assignment;
use super::model::{LEAD, State};
use super::owe;
use super::progress::{self, Report};
use super::rules::flow;
use super::store::{agencies, items, plans, work};
use super::take_in::{self, Incoming, Who};

/// A plan to be imported.
#[derive(Debug, Clone)]
pub struct Import {
    /// The document, whose it is and who takes it in.
    pub incoming: Incoming,
    /// Where it ends: `Draft`, `Submitted`, `Live` or `Reference`.
    pub state: State,
    /// Who approves it, where it ends live; never the author.
    pub approver: Who,
}

/// Imports a plan at `now` and returns its identity. Names are mapped as proposed.
///
/// Faults: those of [`khien_planread::read`]; `plans.second-person` where the author approves; `plans.choice` for a
/// state that an import cannot end in.
pub async fn import(kit: &Kit, now: DateTime<Utc>, wanted: Import) -> Result<Id> {
    let (author, unit) = (wanted.incoming.author.clone(), wanted.incoming.unit);
    let rows = take_in::read(kit, now, wanted.incoming).await?;
    let (id, (targets, tasks, duties)) = (rows.plan.id, rows.counts());
    let day = day_in_vietnam(now);
    let tree = khien_directory::gate::of(kit)?.tree(now).await?;
    let bodies = agencies::bodies(&kit.db, &tree, day).await?;
    let tx = kit.db.begin().await?;
    take_in::keep(tx.conn(), rows).await?;
    let plan = plans::get(tx.conn(), id).await?;
    let mut state = State::Draft;
    match wanted.state {
        State::Draft => {}
        State::Reference => state = flow::reference(state)?,
        State::Submitted | State::Live => {
            state = flow::submit(state, items::count(tx.conn(), id).await?)?;
            if wanted.state == State::Live {
                let approver = wanted.approver.id.ok_or_else(|| Fault::forbidden("plans.second-person"))?;
                state = flow::approve(state, author.id, approver)?;
            }
        }
        State::Archived => return Err(Fault::invalid("plans.choice").with("text", wanted.state.name())),
    }
    let live = state == State::Live;
    let (approver, submitted) = (wanted.approver.clone(), matches!(state, State::Live | State::Submitted));
    let plan = plans::update(tx.conn(), plan, now, |row| {
        row.state = ActiveValue::Set(state.name().to_owned());
        row.submitted_at = ActiveValue::Set(submitted.then_some(now));
        if live {
            row.approver = ActiveValue::Set(approver.id);
            row.approver_name = ActiveValue::Set(approver.name);
            row.live_from = ActiveValue::Set(Some(day));
        }
    })
    .await?;
    let owed = if live { owe::put_in_force(tx.conn(), &kit.ids, now, &plan, &bodies).await? } else { (0, 0) };
    let detail = json!({"file": plan.file_name, "sha256": plan.file_sha256, "state": state.name(), "targets": targets,
        "tasks": tasks, "duties": duties, "assignments": owed.0, "reports": owed.1, "approver": wanted.approver.name});
    tx.commit(entry(now, &author, "plans.import", "plan", id, unit, detail)).await?;
    Ok(id)
}

/// Assignments of the lead units of a plan's tasks that begin with these words, whatever their case and diacritics.
pub async fn leads(db: &Db, plan: Id, begins: &str) -> Result<Vec<assignment::Model>> {
    let begins = key(begins);
    let tasks = items::tasks(db.read(), plan).await?;
    let wanted: Vec<Id> =
        tasks.into_iter().filter(|task| task.search_key.starts_with(&begins)).map(|task| task.id).collect();
    let all = work::of_plan(db.read(), plan).await?;
    Ok(all.into_iter().filter(|row| row.role == LEAD && wanted.contains(&row.task)).collect())
}

/// Reports progress on an assignment at `now`, by the rules that pages follow.
///
/// Faults: `plans.no-task`, `plans.done-already`, `plans.percent`, `plans.note`, `plans.only-lead-done`,
/// `plans.progress-state`.
pub async fn report_progress(kit: &Kit, now: DateTime<Utc>, who: &Who, assignment: Id, report: Report) -> Result<()> {
    let row = work::get(kit.db.read(), assignment).await?;
    let new = progress::reported(&row, &report, now)?;
    let detail = json!({"assignment": row.id, "note": report.note, "percent": new.percent, "state": report.state});
    let tx = kit.db.begin().await?;
    progress::keep(tx.conn(), kit.ids.next(now), now, who, new, report).await?;
    tx.commit(entry(now, who, "plans.report", "plan_task", row.task, row.unit, detail)).await
}

fn entry(
    at: DateTime<Utc>,
    who: &Who,
    action: &'static str,
    subject_kind: &'static str,
    subject: Id,
    unit: Id,
    detail: serde_json::Value,
) -> Entry {
    Entry {
        at,
        actor: who.id,
        actor_name: who.name.clone(),
        unit: Some(unit),
        action,
        subject_kind,
        subject,
        detail,
        request: "import".to_owned(),
    }
}
