//! The list of plans, and taking a document in.

use khien_base::ports::Sheet;
use khien_base::{Fault, Result};
use khien_web::{Ctx, Pager, Paging, Reply, list as kit_list};
use serde_json::json;

use super::{own, parse, sight, tree, who};
use crate::plans::model::State;
use crate::plans::rules::flow;
use crate::plans::store::{items, plans};
use crate::plans::take_in::{self, Incoming};
use crate::plans::views::{Choice, List, New, PlanRow};

/// `GET /plans`
pub(in crate::plans) async fn list(ctx: Ctx) -> Result<Reply> {
    let q = ctx.query_value("q").unwrap_or_default();
    let asked = ctx.query_value("state").unwrap_or_default();
    let state = State::ALL.into_iter().find(|state| state.name() == asked);
    let file = kit_list::wants_file(&ctx);
    let paging = if file { Paging { page: 1, size: kit_list::FILE_ROWS } } else { Paging::of(&ctx) };
    let filter = plans::Filter { text: q.clone(), state };
    let (lines, total) = plans::list(&ctx.kit.db, &sight(&ctx), &filter, paging).await?;
    let ids: Vec<_> = lines.iter().map(|line| line.id).collect();
    let counts = items::counts(&ctx.kit.db, &ids).await?;
    let parents = super::plan_names(&ctx, lines.iter().filter_map(|line| line.parent)).await?;
    let tree = tree(&ctx).await?;
    let write = ctx.reach("plans:write");
    let rows: Vec<PlanRow> = lines
        .into_iter()
        .map(|line| {
            let (targets, tasks) = counts.get(&line.id).copied().unwrap_or_default();
            let review = line.state == State::Draft.name() && write.covers(line.unit);
            let parent = line.parent.and_then(|id| parents.get(&id));
            PlanRow {
                id: line.id,
                href: if review { format!("/plans/{}/review", line.id) } else { format!("/plans/{}", line.id) },
                unit: tree.name(line.unit).to_owned(),
                parent: parent.map(|parent| super::called(&parent.number, &parent.title)).unwrap_or_default(),
                title: line.title,
                number: line.number,
                state: line.state,
                issued: line.issued,
                targets,
                tasks,
                updated_at: line.updated_at,
            }
        })
        .collect();
    if file {
        return kit_list::file(&ctx, "ke-hoach", &sheet(&ctx, &rows));
    }
    let may_write = ctx.actor()?.may("plans:write");
    let state = state.map(State::name).unwrap_or_default().to_owned();
    let pager = Pager::new(&ctx, paging, total);
    ctx.page(&List { q, state, rows, pager, may_write })
}

fn sheet(ctx: &Ctx, rows: &[PlanRow]) -> Sheet {
    let day = |day: Option<chrono::NaiveDate>| day.map(khien_base::clock::vn_date).unwrap_or_default();
    let columns = ["number", "title", "unit", "state", "issued", "targets", "tasks"];
    Sheet {
        title: ctx.say("plans.title"),
        columns: columns.iter().map(|name| ctx.say(&format!("plans.col.{name}"))).collect(),
        rows: rows
            .iter()
            .map(|row| {
                vec![
                    row.number.clone(),
                    row.title.clone(),
                    row.unit.clone(),
                    ctx.say(&format!("plans.state.{}", row.state)),
                    day(row.issued),
                    row.targets.to_string(),
                    row.tasks.to_string(),
                ]
            })
            .collect(),
    }
}

/// `GET /plans/new`
pub(in crate::plans) async fn new(ctx: Ctx) -> Result<Reply> {
    let tree = tree(&ctx).await?;
    let reach = ctx.reach("plans:write");
    let issues = |kind: &str| matches!(kind, "tinh" | "thanh_pho" | "xa" | "phuong" | "dac_khu");
    let all = tree.walk();
    let within = all.iter().filter(|(node, _)| reach.covers(node.id));
    let mut units: Vec<Choice> = within
        .clone()
        .filter(|(node, _)| issues(&node.kind))
        .map(|(node, _)| Choice { value: node.id.to_string(), label: node.name.clone() })
        .collect();
    if units.is_empty() {
        // An officer of a department takes in the department's own plans.
        units.extend(within.map(|(node, _)| Choice { value: node.id.to_string(), label: node.name.clone() }));
    }
    let upper = tree.nodes().map(|node| node.id).collect();
    let parents = plans::parents(&ctx.kit.db, upper).await?;
    let parents = parents.iter().map(|line| Choice { value: line.id.to_string(), label: super::long(line) }).collect();
    ctx.page(&New { units, parents, max_bytes: khien_planread::MAX_BYTES })
}

/// `POST /plans`: takes a document in and leads to its review.
pub(in crate::plans) async fn upload(mut ctx: Ctx) -> Result<Reply> {
    let upload = ctx.upload().await?;
    let field = |name: &str| upload.fields.get(name).map(String::as_str).unwrap_or_default();
    let unit = parse::id(field("unit"), "unit")?.map_or_else(|| ctx.actor().map(|actor| actor.unit), Ok)?;
    ctx.actor()?.over("plans:write", unit)?;
    if tree(&ctx).await?.get(unit).is_none() {
        return Err(Fault::not_found("web.not-found"));
    }
    let parent = parse::id(field("parent"), "parent")?;
    if let Some(parent) = parent {
        let upper = plans::seen(&ctx.kit.db, &sight(&ctx), parent).await?;
        flow::parent(unit, parent, super::state(&upper))?;
    }
    let incoming =
        Incoming { unit, parent, file_name: upload.name.clone(), bytes: upload.bytes.to_vec(), author: who(&ctx)? };
    let rows = take_in::read(&ctx.kit, ctx.now, incoming).await?;
    let id = rows.plan.id;
    let (targets, tasks, duties) = rows.counts();
    let detail = json!({"file": rows.plan.file_name, "sha256": rows.plan.file_sha256,
        "targets": targets, "tasks": tasks, "duties": duties});
    let tx = ctx.kit.db.begin().await?;
    take_in::keep(tx.conn(), rows).await?;
    tx.commit(ctx.entry("plans.take-in", "plan", id, Some(unit), detail)?).await?;
    Ok(Reply::to(format!("/plans/{id}/review")))
}

/// `GET /plans/{id}/file`: the file as it was handed in.
pub(in crate::plans) async fn download(ctx: Ctx) -> Result<Reply> {
    let plan = plans::seen(&ctx.kit.db, &sight(&ctx), ctx.id("id")?).await?;
    let bytes = plans::bytes(&ctx.kit.db, &plan.file_sha256).await?;
    let mime = match plan.file_name.rsplit('.').next().map(str::to_ascii_lowercase).as_deref() {
        Some("docx") => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        _ => "text/plain; charset=utf-8",
    };
    Ok(Reply::File { name: plan.file_name, mime, bytes })
}

/// `POST /plans/{id}/drop`: a draft that was taken in by mistake goes away; its audit trail stays.
pub(in crate::plans) async fn drop_draft(ctx: Ctx) -> Result<Reply> {
    let plan = own(&ctx, "plans:write").await?;
    flow::edit(super::state(&plan))?;
    if plan.submitted_at.is_some() {
        return Err(Fault::conflict("plans.was-submitted"));
    }
    let tx = ctx.kit.db.begin().await?;
    plans::remove(tx.conn(), plan.id).await?;
    let detail = json!({"title": plan.title, "file": plan.file_name, "sha256": plan.file_sha256});
    tx.commit(ctx.entry("plans.drop", "plan", plan.id, Some(plan.unit), detail)?).await?;
    Ok(Reply::to("/plans"))
}
