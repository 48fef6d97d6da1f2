//! The list of incidents.

use khien_base::Result;
use khien_base::clock::vn_time;
use khien_base::ports::Sheet;
use khien_web::list::{FILE_ROWS, base, file, wants_file};
use khien_web::{Ctx, Pager, Paging, Reply};
use serde::Deserialize;

use super::super::model::{Model, State};
use super::super::regime::Regime;
use super::super::store::{self, Filter};
use super::super::views::{Choice, List, Row, Sort};
use super::super::{READ, WRITE, overview};
use super::{label, pick, sight, tree, units};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    q: String,
    state: String,
    level: String,
    unit: String,
    system: String,
    overdue: String,
    sort: String,
}

/// `GET /incidents`
pub(crate) async fn show(ctx: Ctx) -> Result<Reply> {
    let asked: Asked = ctx.query()?;
    let filter = Filter {
        text: asked.q.trim().to_owned(),
        state: asked.state.clone(),
        level: asked.level.clone(),
        unit: asked.unit.parse().ok(),
        system: asked.system.parse().ok(),
        overdue: !asked.overdue.is_empty(),
        sort: asked.sort.clone(),
    };
    if wants_file(&ctx) {
        let (rows, _) =
            store::list(&ctx.kit.db, &sight(&ctx), &filter, Paging { page: 1, size: FILE_ROWS }, ctx.now).await?;
        let rows = rows_of(&ctx, rows).await?;
        return file(&ctx, "su-co", &sheet(&ctx, rows));
    }
    let paging = Paging::of(&ctx);
    let (found, total) = store::list(&ctx.kit.db, &sight(&ctx), &filter, paging, ctx.now).await?;
    let regime = Regime::get()?;
    let mut choices = units(tree(&ctx).await?.as_ref(), &ctx.reach(READ));
    if choices.len() < 2 {
        choices.clear();
    }
    let counts = overview::counts(&ctx.kit, &ctx.reach(READ), ctx.now).await?;
    let states = std::iter::once("open").chain(State::ALL.map(State::name));
    let view = List {
        rows: rows_of(&ctx, found).await?,
        pager: Pager::new(&ctx, paging, total),
        sort: Sort {
            key: asked.sort.trim_start_matches('-').to_owned(),
            desc: asked.sort.starts_with('-'),
            base: base(&ctx, &["page", "format", "sort"]),
        },
        filtered: !filter.text.is_empty()
            || !filter.state.is_empty()
            || !filter.level.is_empty()
            || filter.unit.is_some()
            || filter.system.is_some()
            || filter.overdue,
        q: filter.text,
        state: filter.state,
        level: filter.level,
        unit: asked.unit,
        overdue: filter.overdue,
        states: states.map(|state| Choice::new(state, ctx.say(&format!("incidents.state.{state}")))).collect(),
        levels: regime
            .classes
            .levels
            .iter()
            .map(|level| Choice::new(&level.named.id, label(ctx.lang, &level.named)))
            .collect(),
        units: choices,
        may_open: ctx.actor()?.may(WRITE),
        open: counts.open,
        serious: counts.serious,
        late: counts.overdue,
    };
    ctx.page(&view)
}

async fn rows_of(ctx: &Ctx, found: Vec<Model>) -> Result<Vec<Row>> {
    let regime = Regime::get()?;
    let (tree, serious, reach) = (tree(ctx).await?, regime.serious(), ctx.reach(READ));
    // Whoever only has a task in an incident is told nothing of its clocks.
    let own = found.iter().filter(|row| store::owns(&reach, row)).map(|row| row.id);
    let mut owed = store::owed(ctx.kit.db.read(), own).await?;
    let mut rows = Vec::with_capacity(found.len());
    for incident in found {
        let first = owed.remove(&incident.id).unwrap_or_default().into_iter().next();
        let (clock, due_at) = match first {
            Some(first) => {
                let rule = first.rule()?;
                (pick(ctx.lang, &rule.name_vi, &rule.name_en).to_owned(), first.due_at)
            }
            None => (String::new(), None),
        };
        let level = regime.level(&incident.level);
        rows.push(Row {
            id: incident.id,
            level_name: level
                .map(|level| pick(ctx.lang, &level.name_vi, &level.name_en).to_owned())
                .unwrap_or_default(),
            serious: serious.contains(&incident.level.as_str()),
            number: incident.number,
            title: incident.title,
            level: incident.level,
            state: incident.state,
            unit: tree.name(incident.unit).to_owned(),
            detected_at: incident.detected_at,
            clock,
            due_at,
            overdue: due_at.is_some_and(|due| due < ctx.now),
        });
    }
    Ok(rows)
}

fn sheet(ctx: &Ctx, rows: Vec<Row>) -> Sheet {
    let columns = ["number", "title", "level", "state", "unit", "detected_at", "clock", "due_at"];
    Sheet {
        title: ctx.say("incidents.title"),
        columns: columns.iter().map(|column| ctx.say(&format!("incidents.field.{column}"))).collect(),
        rows: rows
            .into_iter()
            .map(|row| {
                vec![
                    row.number,
                    row.title,
                    row.level,
                    ctx.say(&format!("incidents.state.{}", row.state)),
                    row.unit,
                    vn_time(row.detected_at),
                    row.clock,
                    row.due_at.map(vn_time).unwrap_or_default(),
                ]
            })
            .collect(),
    }
}
