//! The board of tasks.

use std::collections::HashMap;

use chrono::NaiveDate;
use khien_base::clock::{day_in_vietnam, vn_date};
use khien_base::ports::Sheet;
use khien_base::{Id, Result};
use khien_directory::Tree;
use khien_web::{Ctx, Pager, Paging, Reply, list as kit_list};

use super::{plan_choice, plan_names, tree, unit_choice};
use crate::plans::model::{COORDINATE, LEAD, work as model};
use crate::plans::rules::due::{Bucket, bucket, days_late};
use crate::plans::store::items;
use crate::plans::store::work::{self, Alike, Filter};
use crate::plans::views::{AgencyRow, Board, BoardRow, BucketCount, Choice};

/// `GET /tasks`
pub(in crate::plans) async fn board(ctx: Ctx) -> Result<Reply> {
    let day = day_in_vietnam(ctx.now);
    let (reach, tree) = (ctx.reach("plans:read"), tree(&ctx).await?);
    let mut filter = asked(&ctx);
    let narrowed = filter.bucket.take();
    let alike = work::alike(&ctx.kit.db, &reach, &filter, day).await?;
    filter.bucket = narrowed;
    let file = kit_list::wants_file(&ctx);
    let by_agency = ctx.query_value("by").as_deref() == Some("agency");
    let paging = if file { Paging { page: 1, size: kit_list::FILE_ROWS } } else { Paging::of(&ctx) };
    let (rows, total) = if by_agency {
        (Vec::new(), 0)
    } else {
        let (rows, total) = work::list(&ctx.kit.db, &reach, &filter, day, paging).await?;
        (board_rows(&ctx, rows, &tree, day).await?, total)
    };
    let agencies = if by_agency { by_unit(&alike, &tree, day) } else { Vec::new() };
    if file {
        let sheet = if by_agency { agency_sheet(&ctx, &agencies) } else { sheet(&ctx, &rows) };
        return kit_list::file(&ctx, "nhiem-vu", &sheet);
    }
    let plans = plan_choice(&ctx).await?;
    let ids = plans.iter().filter_map(|plan| plan.value.parse().ok()).collect();
    let groups = items::groups(&ctx.kit.db, ids).await?;
    let value = |name: &str| ctx.query_value(name).unwrap_or_default();
    let pager = Pager::new(&ctx, paging, if by_agency { u64::try_from(agencies.len()).unwrap_or(0) } else { total });
    ctx.page(&Board {
        by: if by_agency { "agency" } else { "deadline" }.to_owned(),
        q: value("q"),
        plan: value("plan"),
        unit: value("unit"),
        group: value("group"),
        role: filter.role.unwrap_or("any").to_owned(),
        bucket: filter.bucket.map(Bucket::name).unwrap_or_default().to_owned(),
        any_plan: !plans.is_empty(),
        plans,
        units: unit_choice(&ctx, &tree),
        groups: groups.into_iter().map(|name| Choice { value: name.clone(), label: name }).collect(),
        buckets: columns(&alike, day).into_iter().map(|(bucket, n)| BucketCount::of(bucket, n)).collect(),
        rows,
        agencies,
        pager,
        base: kit_list::base(&ctx, &["page", "format", "bucket", "by", "passed"]),
    })
}

fn asked(ctx: &Ctx) -> Filter {
    let value = |name: &str| ctx.query_value(name).unwrap_or_default();
    Filter {
        plan: value("plan").parse().ok(),
        unit: value("unit").parse().ok(),
        group: value("group"),
        text: value("q"),
        role: match value("role").as_str() {
            "any" => None,
            COORDINATE => Some(COORDINATE),
            _ => Some(LEAD),
        },
        bucket: Bucket::of(&value("bucket")),
        passed: value("passed") == "1",
        state: match value("state").as_str() {
            state @ (model::OPEN | model::DONE | model::ACCEPTED) => state.to_owned(),
            _ => String::new(),
        },
        ..Filter::default()
    }
}

/// How many stand in each column of the board.
pub(super) fn columns(alike: &[Alike], day: NaiveDate) -> Vec<(Bucket, i64)> {
    let mut out: Vec<(Bucket, i64)> = Bucket::ALL.into_iter().map(|bucket| (bucket, 0)).collect();
    for group in alike {
        let at = bucket(&group.state, &group.rhythm, group.due_on, day);
        if let Some((_, n)) = out.iter_mut().find(|(bucket, _)| *bucket == at) {
            *n += group.n;
        }
    }
    out
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows stay far below 2^52")]
fn by_unit(alike: &[Alike], tree: &Tree, day: NaiveDate) -> Vec<AgencyRow> {
    let mut rows: HashMap<Id, (AgencyRow, i64, i64)> = HashMap::new();
    for group in alike {
        let (row, timely, passed) = rows.entry(group.unit).or_default();
        (row.id, row.total) = (group.unit, row.total + group.n);
        match bucket(&group.state, &group.rhythm, group.due_on, day) {
            Bucket::Late => row.late += group.n,
            Bucket::Soon => row.soon += group.n,
            Bucket::Done => row.done += group.n,
            _ => row.open += group.n,
        }
        if group.due_on.is_some_and(|due| due < day) {
            *passed += group.n;
            if group.done_on.is_some_and(|done| Some(done) <= group.due_on) {
                *timely += group.n;
            }
        }
    }
    let mut out: Vec<AgencyRow> = rows
        .into_values()
        .map(|(mut row, timely, passed)| {
            tree.name(row.id).clone_into(&mut row.unit);
            row.in_time = (passed > 0).then(|| timely as f64 * 100.0 / passed as f64);
            row
        })
        .collect();
    out.sort_by(|a, b| b.late.cmp(&a.late).then(b.soon.cmp(&a.soon)).then(a.unit.cmp(&b.unit)));
    out
}

async fn board_rows(ctx: &Ctx, rows: Vec<model::Model>, tree: &Tree, day: NaiveDate) -> Result<Vec<BoardRow>> {
    let mut tasks: Vec<Id> = rows.iter().map(|row| row.task).collect();
    tasks.sort_unstable();
    tasks.dedup();
    let tasks: HashMap<Id, _> =
        items::some_tasks(&ctx.kit.db, tasks).await?.into_iter().map(|task| (task.id, task)).collect();
    let plans = plan_names(ctx, rows.iter().map(|row| row.plan)).await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let task = tasks.get(&row.task)?;
            let plan = plans.get(&row.plan)?;
            Some(BoardRow {
                href: format!("/tasks/{}", row.task),
                text: task.text.clone(),
                group: task.group_name.clone(),
                number: task.number.clone(),
                plan: super::called(&plan.number, &plan.title),
                unit: tree.name(row.unit).to_owned(),
                unit_id: row.unit,
                bucket: bucket(&row.state, &row.rhythm, row.due_on, day).name().to_owned(),
                days_late: days_late(row.due_on, row.done_on, day),
                role: row.role,
                period: row.period,
                due_on: row.due_on,
                state: row.state,
                percent: row.percent,
            })
        })
        .collect())
}

fn sheet(ctx: &Ctx, rows: &[BoardRow]) -> Sheet {
    let columns =
        ["plan", "group", "number", "task", "unit", "role", "period", "due", "bucket", "late-days", "percent"];
    Sheet {
        title: ctx.say("plans.board"),
        columns: columns.iter().map(|name| ctx.say(&format!("plans.col.{name}"))).collect(),
        rows: rows
            .iter()
            .map(|row| {
                vec![
                    row.plan.clone(),
                    row.group.clone(),
                    row.number.clone(),
                    row.text.clone(),
                    row.unit.clone(),
                    ctx.say(&format!("plans.role.{}", row.role)),
                    row.period.clone(),
                    row.due_on.map(vn_date).unwrap_or_default(),
                    ctx.say(&format!("plans.bucket.{}", row.bucket)),
                    row.days_late.to_string(),
                    row.percent.to_string(),
                ]
            })
            .collect(),
    }
}

fn agency_sheet(ctx: &Ctx, rows: &[AgencyRow]) -> Sheet {
    let columns = ["unit", "late", "soon", "open", "done", "total", "in-time"];
    let line = |row: &AgencyRow| {
        let mut cells = vec![row.unit.clone()];
        cells.extend([row.late, row.soon, row.open, row.done, row.total].map(|n| n.to_string()));
        cells.push(row.in_time.map(|share| format!("{share:.1}")).unwrap_or_default());
        cells
    };
    Sheet {
        title: ctx.say("plans.board"),
        columns: columns.iter().map(|name| ctx.say(&format!("plans.col.{name}"))).collect(),
        rows: rows.iter().map(line).collect(),
    }
}
