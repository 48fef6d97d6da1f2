//! Correcting what was read: each change is its own, with its own audit entry.

use khien_base::clock::day_in_vietnam;
use khien_base::key::key;
use khien_base::{Fault, Id, Result};
use khien_planread::model::Agency;
use khien_web::ctx::Wants;
use khien_web::{Ctx, Reply};
use schemars::JsonSchema;
use sea_orm::{ActiveValue, DatabaseTransaction};
use serde::Deserialize;
use serde_json::json;

use super::{own, parse, sight, state, tree};
use crate::plans::hints;
use crate::plans::model::agency::{self, party};
use crate::plans::model::{COORDINATE, DueColumns, FROM, LEAD, TO, VIA, duty, plan, target, task};
use crate::plans::rules::flow;
use crate::plans::store::items::{self, Kind};
use crate::plans::store::{agencies, plans};
use crate::plans::take_in::Names;
use crate::plans::views::DueView;

/// The heading of a plan.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::plans) struct HeadingForm {
    title: String,
    #[serde(default)]
    number: String,
    /// `2026-05-20`
    #[serde(default)]
    issued: String,
    /// Identity of the plan that it carries out.
    #[serde(default)]
    parent: String,
    /// `seen` as the page gave it.
    seen: String,
}

/// A target; without `id` a new one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default)]
#[derive(Default)]
pub(in crate::plans) struct TargetForm {
    id: String,
    version: i32,
    measure: String,
    comparator: String,
    low: String,
    high: String,
    unit: String,
    per: String,
    due_kind: String,
    due_from: String,
    due_to: String,
    due_every: String,
    /// Identity of a measure.
    binding: String,
    /// Names, one a line.
    lead: String,
    /// The paragraph that it stands in, for a new one.
    block: String,
}

/// A task; without `id` a new one.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(in crate::plans) struct TaskForm {
    id: String,
    version: i32,
    group: String,
    number: String,
    text: String,
    due_kind: String,
    due_from: String,
    due_to: String,
    due_every: String,
    due_text: String,
    /// Names, one a line.
    lead: String,
    /// Names, one a line.
    coordinate: String,
    /// The paragraph that it stands in, for a new one.
    block: String,
}

/// A duty to report; without `id` a new one.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(in crate::plans) struct DutyForm {
    id: String,
    version: i32,
    subject: String,
    every: String,
    /// "10/6, 30/11"
    days: String,
    on_demand: bool,
    within_hours: String,
    /// Names, one a line.
    from: String,
    /// Names, one a line.
    to: String,
    /// Names, one a line.
    via: String,
    /// The paragraph that it stands in, for a new one.
    block: String,
}

/// What is removed.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::plans) struct Removed {
    /// `target`, `task` or `duty`.
    kind: String,
    /// Which.
    id: String,
}

/// A draft that who asks may correct.
pub(super) async fn draft(ctx: &Ctx) -> Result<plan::Model> {
    let plan = own(ctx, "plans:write").await?;
    flow::edit(state(&plan))?;
    Ok(plan)
}

/// `POST /plans/{id}/heading`
pub(in crate::plans) async fn heading(mut ctx: Ctx) -> Result<Reply> {
    let form: HeadingForm = ctx.form().await?;
    let plan = draft(&ctx).await?;
    // Only another heading is in the way: items of the plan are corrected beside it all the time.
    if seen(&plan) != form.seen {
        return Err(Fault::conflict("plans.changed-meanwhile"));
    }
    let (title, number) = (parse::text(&form.title, "title")?, parse::line(&form.number, "number")?);
    let issued = parse::day(&form.issued, "issued")?;
    let parent = parse::id(&form.parent, "parent")?;
    if let Some(parent) = parent {
        let upper = plans::seen(&ctx.kit.db, &sight(&ctx), parent).await?;
        flow::parent(plan.id, parent, state(&upper))?;
    }
    let (id, unit) = (plan.id, plan.unit);
    let detail = json!({"what": title, "before": {"title": plan.title, "number": plan.number, "issued": plan.issued,
        "parent": plan.parent}, "after": {"title": title, "number": number, "issued": issued, "parent": parent}});
    let tx = ctx.kit.db.begin().await?;
    let plan = plans::update(tx.conn(), plan, ctx.now, |row| {
        row.search_key = ActiveValue::Set(key(&format!("{title} {number}")));
        row.title = ActiveValue::Set(title);
        row.number = ActiveValue::Set(number);
        row.issued = ActiveValue::Set(issued);
        row.parent = ActiveValue::Set(parent);
    })
    .await?;
    tx.commit(ctx.entry("plans.edit-heading", "plan", id, Some(unit), detail)?).await?;
    Ok(kept(&ctx, format!("/plans/{id}/review"), json!({"seen": seen(&plan)})))
}

/// The heading in one line: who saves over another one is told so.
pub(super) fn seen(plan: &plan::Model) -> String {
    json!([plan.title, plan.number, plan.issued, plan.parent]).to_string()
}

/// A change was kept. A page is led to where it stands; who asks for JSON (a form that saves itself) hears what to send
/// with the next change.
pub(super) fn kept(ctx: &Ctx, at: String, next: serde_json::Value) -> Reply {
    match (ctx.wants, next) {
        (Wants::Json, serde_json::Value::Object(mut value)) => {
            value.insert("at".to_owned(), at.into());
            Reply::Json { status: 200, value: value.into() }
        }
        _ => Reply::to(at),
    }
}

/// `POST /plans/{id}/targets`
pub(in crate::plans) async fn target(mut ctx: Ctx) -> Result<Reply> {
    let form: TargetForm = ctx.form().await?;
    let plan = draft(&ctx).await?;
    let all = items::targets(ctx.kit.db.read(), plan.id).await?;
    let old = found(&form.id, &all, |row| row.id)?;
    if old.is_some_and(|row| row.version != form.version) {
        return Err(Fault::conflict("plans.changed-meanwhile"));
    }
    let position = all.iter().map(|row| row.position + 1).max().unwrap_or(0);
    let new = read_target(&ctx, &plan, &form, old, position)?;
    let names = vec![(LEAD, parse::names(&form.lead, "lead")?)];
    let detail = json!({"what": new.measure, "before": old.map(brief_target), "after": brief_target(&new)});
    let (id, version, added) = (new.id, new.version, old.is_none());
    let tx = ctx.kit.db.begin().await?;
    if added {
        items::insert_all::<_, target::Entity>(tx.conn(), vec![new]).await?;
    } else {
        items::replace_target(tx.conn(), new).await?;
    }
    name(&ctx, tx.conn(), &plan, id, names).await?;
    let action = if added { "plans.add-target" } else { "plans.edit-target" };
    tx.commit(ctx.entry(action, "plan", plan.id, Some(plan.unit), detail)?).await?;
    Ok(kept(&ctx, format!("/plans/{}/review#i-{id}", plan.id), json!({"id": id, "version": version})))
}

fn read_target(
    ctx: &Ctx,
    plan: &plan::Model,
    form: &TargetForm,
    old: Option<&target::Model>,
    position: i32,
) -> Result<target::Model> {
    let comparator = parse::comparator(&form.comparator)?;
    let (low, high) = (parse::number(&form.low, "low")?, parse::number(&form.high, "high")?);
    let needs = |field: &'static str| Fault::invalid("plans.text-missing").on(field);
    match comparator.as_str() {
        "qualitative" => {}
        "between" => {
            let (low, high) = (low.ok_or_else(|| needs("low"))?, high.ok_or_else(|| needs("high"))?);
            if low > high {
                return Err(Fault::invalid("plans.range").on("high"));
            }
        }
        _ => {
            low.ok_or_else(|| needs("low"))?;
        }
    }
    let unit = parse::line(&form.unit, "unit")?;
    let binding = binding(ctx, &form.binding, &unit)?;
    let due = parse::due(&form.due_kind, &form.due_from, &form.due_to, &form.due_every)?.columns();
    let (block, sentence, headings) = place(plan, &form.block)?;
    Ok(target::Model {
        id: old.map_or_else(|| ctx.kit.id(), |row| row.id),
        plan: plan.id,
        position: old.map_or(position, |row| row.position),
        version: old.map_or(1, |row| row.version + 1),
        measure: parse::text(&form.measure, "measure")?,
        high: high.filter(|_| comparator == "between"),
        low: low.filter(|_| comparator != "qualitative"),
        comparator,
        unit,
        per: parse::every(&form.per, "per")?,
        due_kind: due.kind,
        due_from: due.from,
        due_to: due.to,
        due_every: due.every,
        binding,
        binding_confirmed: true,
        block: old.map_or(block, |row| row.block),
        sentence: old.map_or(sentence, |row| row.sentence.clone()),
        headings: old.map_or(headings, |row| row.headings.clone()),
    })
}

/// A measure that gives figures of the target's own unit.
fn binding(ctx: &Ctx, id: &str, unit: &str) -> Result<Option<String>> {
    let id = id.trim();
    if id.is_empty() {
        return Ok(None);
    }
    let measure = ctx.kit.measures().find(|measure| measure.id == id);
    let measure = measure.ok_or_else(|| Fault::invalid("plans.no-measure").on("binding"))?;
    if !hints::comparable(unit, measure.unit) {
        return Err(Fault::invalid("plans.binding-unit").on("binding").with("unit", unit));
    }
    Ok(Some(measure.id.to_owned()))
}

/// `POST /plans/{id}/tasks`
pub(in crate::plans) async fn task(mut ctx: Ctx) -> Result<Reply> {
    let form: TaskForm = ctx.form().await?;
    let plan = draft(&ctx).await?;
    let all = items::tasks(ctx.kit.db.read(), plan.id).await?;
    let old = found(&form.id, &all, |row| row.id)?;
    if old.is_some_and(|row| row.version != form.version) {
        return Err(Fault::conflict("plans.changed-meanwhile"));
    }
    let position = all.iter().map(|row| row.position + 1).max().unwrap_or(0);
    let due = parse::due(&form.due_kind, &form.due_from, &form.due_to, &form.due_every)?.columns();
    let (block, sentence, headings) = place(&plan, &form.block)?;
    let text = parse::text(&form.text, "text")?;
    let new = task::Model {
        id: old.map_or_else(|| ctx.kit.id(), |row| row.id),
        plan: plan.id,
        position: old.map_or(position, |row| row.position),
        version: old.map_or(1, |row| row.version + 1),
        group_name: parse::line(&form.group, "group")?,
        number: parse::line(&form.number, "number")?,
        search_key: key(&text),
        text,
        due_kind: due.kind,
        due_from: due.from,
        due_to: due.to,
        due_every: due.every,
        due_text: parse::line(&form.due_text, "due_text")?,
        block: old.map_or(block, |row| row.block),
        sentence: old.map_or(sentence, |row| row.sentence.clone()),
        headings: old.map_or(headings, |row| row.headings.clone()),
    };
    let names =
        vec![(LEAD, parse::names(&form.lead, "lead")?), (COORDINATE, parse::names(&form.coordinate, "coordinate")?)];
    let detail = json!({"what": new.text, "before": old.map(brief_task), "after": brief_task(&new),
        "lead": form.lead, "coordinate": form.coordinate});
    let (id, version, added) = (new.id, new.version, old.is_none());
    let tx = ctx.kit.db.begin().await?;
    if added {
        items::insert_all::<_, task::Entity>(tx.conn(), vec![new]).await?;
    } else {
        items::replace_task(tx.conn(), new).await?;
    }
    name(&ctx, tx.conn(), &plan, id, names).await?;
    let action = if added { "plans.add-task" } else { "plans.edit-task" };
    tx.commit(ctx.entry(action, "plan", plan.id, Some(plan.unit), detail)?).await?;
    Ok(kept(&ctx, format!("/plans/{}/review#i-{id}", plan.id), json!({"id": id, "version": version})))
}

/// `POST /plans/{id}/duties`
pub(in crate::plans) async fn duty(mut ctx: Ctx) -> Result<Reply> {
    let form: DutyForm = ctx.form().await?;
    let plan = draft(&ctx).await?;
    let all = items::duties(ctx.kit.db.read(), plan.id).await?;
    let old = found(&form.id, &all, |row| row.id)?;
    if old.is_some_and(|row| row.version != form.version) {
        return Err(Fault::conflict("plans.changed-meanwhile"));
    }
    let position = all.iter().map(|row| row.position + 1).max().unwrap_or(0);
    let hours = match form.within_hours.trim() {
        "" => None,
        text => {
            let hours = text.parse::<i64>().ok().filter(|hours| (1..=8784).contains(hours));
            Some(hours.ok_or_else(|| Fault::invalid("plans.hours").on("within_hours"))?)
        }
    };
    let (block, sentence, headings) = place(&plan, &form.block)?;
    let new = duty::Model {
        id: old.map_or_else(|| ctx.kit.id(), |row| row.id),
        plan: plan.id,
        position: old.map_or(position, |row| row.position),
        version: old.map_or(1, |row| row.version + 1),
        subject: parse::text(&form.subject, "subject")?,
        every: parse::every(&form.every, "every")?,
        days: json!(parse::days_of_year(&form.days)?),
        on_demand: form.on_demand,
        within_hours: hours,
        block: old.map_or(block, |row| row.block),
        sentence: old.map_or(sentence, |row| row.sentence.clone()),
        headings: old.map_or(headings, |row| row.headings.clone()),
    };
    let names = vec![
        (FROM, parse::names(&form.from, "from")?),
        (TO, parse::names(&form.to, "to")?),
        (VIA, parse::names(&form.via, "via")?),
    ];
    let detail = json!({"what": new.subject, "every": new.every, "days": form.days, "from": form.from});
    let (id, version, added) = (new.id, new.version, old.is_none());
    let tx = ctx.kit.db.begin().await?;
    if added {
        items::insert_all::<_, duty::Entity>(tx.conn(), vec![new]).await?;
    } else {
        items::replace_duty(tx.conn(), new).await?;
    }
    name(&ctx, tx.conn(), &plan, id, names).await?;
    let action = if added { "plans.add-duty" } else { "plans.edit-duty" };
    tx.commit(ctx.entry(action, "plan", plan.id, Some(plan.unit), detail)?).await?;
    Ok(kept(&ctx, format!("/plans/{}/review#i-{id}", plan.id), json!({"id": id, "version": version})))
}

/// `POST /plans/{id}/remove`
pub(in crate::plans) async fn remove(mut ctx: Ctx) -> Result<Reply> {
    let form: Removed = ctx.form().await?;
    let plan = draft(&ctx).await?;
    let id = parse::id(&form.id, "id")?.ok_or_else(|| Fault::not_found("plans.no-item"))?;
    let db = ctx.kit.db.read();
    let (kind, what) = match form.kind.as_str() {
        "target" => {
            let all = items::targets(db, plan.id).await?;
            (Kind::Target, all.into_iter().find(|row| row.id == id).map(|row| row.measure))
        }
        "task" => {
            (Kind::Task, items::tasks(db, plan.id).await?.into_iter().find(|row| row.id == id).map(|row| row.text))
        }
        "duty" => {
            let all = items::duties(db, plan.id).await?;
            (Kind::Duty, all.into_iter().find(|row| row.id == id).map(|row| row.subject))
        }
        _ => return Err(Fault::invalid("plans.choice").on("kind").with("text", "kind")),
    };
    let tx = ctx.kit.db.begin().await?;
    if !items::remove(tx.conn(), plan.id, kind, id).await? {
        return Err(Fault::not_found("plans.no-item"));
    }
    plans::touch(tx.conn(), plan.id, ctx.now).await?;
    let detail = json!({"kind": form.kind, "item": id, "what": what});
    tx.commit(ctx.entry("plans.remove-item", "plan", plan.id, Some(plan.unit), detail)?).await?;
    Ok(Reply::to(format!("/plans/{}/review", plan.id)))
}

/// Puts the names of an item in the place of those it had.
async fn name(
    ctx: &Ctx,
    conn: &DatabaseTransaction,
    plan: &plan::Model,
    subject: Id,
    names: Vec<(&str, Vec<Agency>)>,
) -> Result<()> {
    let bodies = agencies::bodies(&ctx.kit.db, tree(ctx).await?.as_ref(), day_in_vietnam(ctx.now)).await?;
    let known = agencies::list(conn, plan.id).await?;
    let mut met = Names::new(&ctx.kit.ids, ctx.now, plan.id, plan.unit, &bodies)?.knowing(&known);
    for (role, list) in names {
        met.place(subject, role, &list);
    }
    let (new, parties) = met.done();
    items::clear_parties(conn, subject).await?;
    items::insert_all::<_, agency::Entity>(conn, new).await?;
    items::insert_all::<_, party::Entity>(conn, parties).await?;
    plans::touch(conn, plan.id, ctx.now).await
}

/// The row that a form is about; none for a new one.
fn found<'a, R>(id: &str, all: &'a [R], of: impl Fn(&R) -> Id) -> Result<Option<&'a R>> {
    match parse::id(id, "id")? {
        None => Ok(None),
        Some(id) => all.iter().find(|row| of(row) == id).map(Some).ok_or_else(|| Fault::not_found("plans.no-item")),
    }
}

/// Where a new item stands in the document: a paragraph by its number, or nowhere.
fn place(plan: &plan::Model, block: &str) -> Result<(i32, String, serde_json::Value)> {
    let block = block.trim();
    if block.is_empty() {
        return Ok((-1, String::new(), json!([])));
    }
    let wrong = || Fault::invalid("plans.no-block").on("block");
    let n: usize = block.parse().map_err(|_| wrong())?;
    let text =
        plan.blocks.get(n).and_then(|block| block.get("text")).and_then(|text| text.as_str()).ok_or_else(wrong)?;
    Ok((i32::try_from(n).map_err(|_| wrong())?, text.to_owned(), json!([])))
}

fn brief_target(row: &target::Model) -> serde_json::Value {
    json!({"measure": row.measure, "comparator": row.comparator, "low": row.low, "high": row.high, "unit": row.unit,
        "per": row.per, "due": due_words(DueView::of_target(row)), "binding": row.binding})
}

fn brief_task(row: &task::Model) -> serde_json::Value {
    json!({"group": row.group_name, "number": row.number, "text": row.text, "due": due_words(DueView::of_task(row)),
        "due_text": row.due_text})
}

fn due_words(due: DueView) -> serde_json::Value {
    let DueColumns { kind, from, to, every } = due.columns();
    json!({"kind": kind, "from": from, "to": to, "every": every})
}
