//! Work on an incident: steps, notices sent, tasks, notes, alerts.

use khien_base::{Fault, Id, Result};
use khien_web::{Ctx, Reply};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::super::model::{NewTask, Sent, State, TaskState};
use super::super::{TASK, WRITE, rules, store, verbs};
use super::{act, id_of, lost, tell, to_write, tree};

/// A step to another state.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct StepForm {
    /// `contained`
    to: String,
    /// Why: for closing, and for every step back.
    #[serde(default)]
    note: String,
}

/// `POST /incidents/{id}/state`
pub(crate) async fn step(mut ctx: Ctx) -> Result<Reply> {
    let form: StepForm = ctx.form().await?;
    let to = State::from_name(&form.to).ok_or_else(|| Fault::invalid("incidents.no-such-choice").on("to"))?;
    let id = to_write(&ctx).await?.id;
    let tx = ctx.kit.db.begin().await?;
    let incident = store::get(tx.conn(), id).await?;
    let from = incident.state.clone();
    let incident = verbs::step(tx.conn(), &act(&ctx)?, incident, to, &form.note).await?;
    let detail = json!({"state": {"before": from, "after": incident.state}, "note": form.note});
    tx.commit(ctx.entry("incidents.step", "incident", id, Some(incident.unit), detail)?).await?;
    tell(&ctx, incident.unit);
    Ok(Reply::to(format!("/incidents/{id}")))
}

/// A word for the timeline, or of why.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct NoteForm {
    /// The text.
    note: String,
}

/// `POST /incidents/{id}/note`
pub(crate) async fn note(mut ctx: Ctx) -> Result<Reply> {
    let form: NoteForm = ctx.form().await?;
    let incident = to_write(&ctx).await?;
    let tx = ctx.kit.db.begin().await?;
    verbs::note(tx.conn(), &act(&ctx)?, incident.id, &form.note).await?;
    let detail = json!({"note": form.note});
    tx.commit(ctx.entry("incidents.note", "incident", incident.id, Some(incident.unit), detail)?).await?;
    tell(&ctx, incident.unit);
    Ok(Reply::to(format!("/incidents/{}?tab=timeline", incident.id)))
}

/// Alerts that belong to the incident too.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct AlertsForm {
    /// Their identities.
    #[serde(default)]
    alert: Vec<Id>,
}

/// `POST /incidents/{id}/alerts`
pub(crate) async fn join(mut ctx: Ctx) -> Result<Reply> {
    let form: AlertsForm = ctx.form().await?;
    let incident = to_write(&ctx).await?;
    let found = super::sheet::of_alerts(&ctx, &form.alert).await?;
    if found.iter().any(|alert| alert.unit != incident.unit) {
        return Err(Fault::invalid("incidents.several-units").on("alert"));
    }
    let tx = ctx.kit.db.begin().await?;
    super::sheet::join(tx.conn(), &act(&ctx)?, &incident, &found, &ctx.kit).await?;
    let detail = json!({"alerts": found.iter().map(|alert| alert.id).collect::<Vec<_>>()});
    tx.commit(ctx.entry("incidents.alerts", "incident", incident.id, Some(incident.unit), detail)?).await?;
    tell(&ctx, incident.unit);
    Ok(Reply::to(format!("/incidents/{}?tab=alerts", incident.id)))
}

/// A notice or report that was sent.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct SentForm {
    /// When, as `2026-10-01T09:17` in Vietnam or RFC 3339.
    sent_at: String,
    /// Its number and symbol.
    #[serde(default)]
    number: String,
    /// By which channel.
    #[serde(default)]
    channel: String,
    /// Which file.
    #[serde(default)]
    file: String,
    /// A remark; the reason where it was late.
    #[serde(default)]
    note: String,
}

/// `POST /incidents/{id}/clocks/{clock}/sent`
pub(crate) async fn sent(mut ctx: Ctx) -> Result<Reply> {
    let form: SentForm = ctx.form().await?;
    let id = to_write(&ctx).await?.id;
    let at = rules::moment("sent_at", &form.sent_at)?.ok_or_else(|| Fault::invalid("incidents.time").on("sent_at"))?;
    let sent = Sent { at, number: form.number, channel: form.channel, file: form.file, note: form.note };
    let tx = ctx.kit.db.begin().await?;
    let mut incident = store::get(tx.conn(), id).await?;
    let clock = verbs::send(tx.conn(), &act(&ctx)?, &mut incident, ctx.id("clock")?, sent).await?;
    let detail = json!({"clock": clock.rule_id, "sent_at": clock.sent_at, "number": clock.sent_number,
        "channel": clock.sent_channel, "file": clock.sent_file, "due_at": clock.due_at, "note": clock.sent_note});
    tx.commit(ctx.entry("incidents.sent", "incident", id, Some(incident.unit), detail)?).await?;
    tell(&ctx, incident.unit);
    Ok(Reply::to(format!("/incidents/{id}")))
}

/// `POST /incidents/{id}/clocks/{clock}/unsent`
pub(crate) async fn unsent(mut ctx: Ctx) -> Result<Reply> {
    let form: NoteForm = ctx.form().await?;
    let id = to_write(&ctx).await?.id;
    let tx = ctx.kit.db.begin().await?;
    let mut incident = store::get(tx.conn(), id).await?;
    let clock = verbs::unsend(tx.conn(), &act(&ctx)?, &mut incident, ctx.id("clock")?, &form.note).await?;
    let detail = json!({"clock": clock.rule_id, "note": form.note});
    tx.commit(ctx.entry("incidents.unsent", "incident", id, Some(incident.unit), detail)?).await?;
    tell(&ctx, incident.unit);
    Ok(Reply::to(format!("/incidents/{id}")))
}

/// A task to be given.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct TaskForm {
    /// What.
    title: String,
    /// How.
    #[serde(default)]
    detail: String,
    /// The unit that does it.
    unit: String,
    /// Until when.
    #[serde(default)]
    due_at: String,
}

/// `POST /incidents/{id}/tasks`: a unit's focal point gives tasks within the own unit, the centre to every unit.
pub(crate) async fn give(mut ctx: Ctx) -> Result<Reply> {
    let form: TaskForm = ctx.form().await?;
    let incident = to_write(&ctx).await?;
    let tree = tree(&ctx).await?;
    let unit = id_of("unit", &form.unit)?
        .filter(|unit| ctx.reach(WRITE).covers(*unit) && tree.get(*unit).is_some())
        .ok_or_else(|| Fault::invalid("incidents.no-such-choice").on("unit"))?;
    let due_at = rules::moment("due_at", &form.due_at)?;
    let new = NewTask { unit, title: form.title, detail: form.detail, due_at };
    let tx = ctx.kit.db.begin().await?;
    let task = verbs::give_task(tx.conn(), &act(&ctx)?, &incident, tree.name(unit), new).await?;
    let detail = json!({"task": task.id, "title": task.title, "unit": unit, "due_at": due_at});
    tx.commit(ctx.entry("incidents.task", "incident", incident.id, Some(incident.unit), detail)?).await?;
    tell(&ctx, incident.unit);
    tell(&ctx, unit);
    Ok(Reply::to(format!("/incidents/{}?tab=tasks", incident.id)))
}

/// A change of a task.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct TaskStepForm {
    /// `doing`, `done`, `cancelled`
    state: String,
    /// What the unit says.
    #[serde(default)]
    note: String,
}

/// `POST /incidents/{id}/tasks/{task}`: for the unit that has the task, and for who may change the incident.
pub(crate) async fn task(mut ctx: Ctx) -> Result<Reply> {
    let form: TaskStepForm = ctx.form().await?;
    let to = TaskState::from_name(&form.state).ok_or_else(|| Fault::invalid("incidents.no-such-choice").on("state"))?;
    let tx = ctx.kit.db.begin().await?;
    let incident = store::get(tx.conn(), ctx.id("id")?).await?;
    let row = store::task(tx.conn(), incident.id, ctx.id("task")?).await?;
    let giver = store::owns(&ctx.reach(WRITE), &incident);
    if !giver && !ctx.reach(TASK).covers(row.unit) {
        return Err(lost());
    }
    let (before, unit) = (row.state.clone(), row.unit);
    let row = verbs::update_task(tx.conn(), &act(&ctx)?, row, to, &form.note, giver).await?;
    let detail = json!({"task": row.id, "state": {"before": before, "after": row.state}, "note": row.note});
    tx.commit(ctx.entry("incidents.task-step", "incident", incident.id, Some(unit), detail)?).await?;
    tell(&ctx, incident.unit);
    Ok(Reply::to(format!("/incidents/{}?tab=tasks", incident.id)))
}
