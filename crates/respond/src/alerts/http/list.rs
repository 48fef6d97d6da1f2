//! `GET /alerts`

use chrono::NaiveDate;
use khien_base::clock::{end_of_day, vn_time};
use khien_base::key::key;
use khien_base::ports::Sheet;
use khien_base::{Fault, Id, Reach, Result};
use khien_web::list::{FILE_ROWS, base, file, wants_file};
use khien_web::texts::Lang;
use khien_web::{Ctx, Pager, Paging, Reply};
use serde::Deserialize;

use super::names::{Names, loaded};
use crate::alerts::model::{self, Column};
use crate::alerts::rules::{self, weight_of};
use crate::alerts::store::{self, Filter, Sort};
use crate::alerts::views::{Filters, LevelRow, List, Named, Rows, Sorted};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    q: String,
    level: String,
    state: String,
    rule: String,
    host: String,
    unit: String,
    system: String,
    from: String,
    to: String,
    sort: String,
}

/// The list, its part that is fetched again when alerts come, or a file of it.
pub(in crate::alerts) async fn list(ctx: Ctx) -> Result<Reply> {
    let asked: Asked = ctx.query()?;
    let reach = ctx.reach("alerts:read");
    let filter = filter(&ctx, &asked)?;
    let sort = sort(&asked.sort);
    if wants_file(&ctx) {
        return sheet(&ctx, &reach, &filter, sort).await;
    }
    let paging = Paging::of(&ctx);
    let (groups, total) = store::list(&ctx.kit.db, &reach, &filter, sort, paging).await?;
    let names = Names::of(&ctx, groups.iter()).await?;
    let mut view = List {
        rows: groups.iter().map(|group| names.row(&ctx, group)).collect(),
        counts: counts(&ctx, &reach, &filter).await?,
        pager: Pager::new(&ctx, paging, total),
        sort: sorted(&ctx, &asked.sort),
        here: base(&ctx, &["format"]).trim_end_matches(['?', '&']).to_owned(),
        may_write: ctx.actor()?.may("alerts:write"),
        may_open: ctx.actor()?.may("incidents:write"),
        ..List::default()
    };
    view.filter = shown(&ctx, &names, asked);
    if ctx.fragment() {
        return ctx.page(&Rows(view));
    }
    (view.units, view.systems) = choices(&ctx, &names, &reach).await?;
    ctx.page(&view)
}

fn filter(ctx: &Ctx, asked: &Asked) -> Result<Filter> {
    let states = match asked.state.as_str() {
        "all" => Vec::new(),
        "" | "open" => vec![model::NEW.to_owned(), model::SEEN.to_owned()],
        state if model::STATES.contains(&state) => vec![state.to_owned()],
        other => return Err(Fault::invalid("alerts.state").on("state").with("given", other)),
    };
    let level = match asked.level.as_str() {
        "" => None,
        name => Some(weight_of(name).ok_or_else(|| Fault::invalid("alerts.level").on("level").with("given", name))?),
    };
    Ok(Filter {
        level,
        states,
        rule: asked.rule.trim().to_owned(),
        host: asked.host.trim().to_owned(),
        unit: identity("unit", &asked.unit)?,
        system: identity("system", &asked.system)?,
        from: day("from", &asked.from)?.and_then(|day| day.pred_opt()).map(end_of_day),
        to: day("to", &asked.to)?.map(end_of_day),
        text: asked.q.clone(),
        text_rules: titled(ctx, &asked.q),
    })
}

fn identity(field: &'static str, given: &str) -> Result<Option<Id>> {
    if given.is_empty() {
        return Ok(None);
    }
    given.parse().map(Some).map_err(|_| Fault::invalid("alerts.choice").on(field).with("given", given))
}

fn day(field: &'static str, given: &str) -> Result<Option<NaiveDate>> {
    if given.is_empty() {
        return Ok(None);
    }
    given.parse().map(Some).map_err(|_| Fault::invalid("alerts.day").on(field).with("given", given))
}

/// Rules whose title in Vietnamese has the words: alerts carry the title as the rule file has it.
fn titled(ctx: &Ctx, words: &str) -> Vec<String> {
    const MOST: usize = 500;
    let words = key(words);
    let Some(loaded) = loaded(ctx).filter(|_| !words.is_empty()) else { return Vec::new() };
    let has = |title: &str| words.split(' ').all(|word| title.contains(word));
    let named = loaded.notes.iter().filter(|(_, notes)| has(&key(&notes.title_vi)));
    named.map(|(id, _)| id.clone()).take(MOST).collect()
}

fn sort(asked: &str) -> Sort {
    let column = match asked.trim_start_matches('-') {
        "level" => Column::Level,
        "hits" => Column::Hits,
        "host" => Column::Host,
        _ => Column::LastAt,
    };
    Sort { column, desc: asked.is_empty() || asked.starts_with('-') }
}

fn sorted(ctx: &Ctx, asked: &str) -> Sorted {
    let key = asked.trim_start_matches('-');
    Sorted {
        key: if key.is_empty() { "last".to_owned() } else { key.to_owned() },
        desc: asked.is_empty() || asked.starts_with('-'),
        base: base(ctx, &["sort", "page", "format"]),
    }
}

async fn counts(ctx: &Ctx, reach: &Reach, filter: &Filter) -> Result<Vec<LevelRow>> {
    let found = store::by_level(&ctx.kit.db, reach, filter).await?;
    let without = base(ctx, &["level", "page", "format"]);
    let row = |(name, weight): (&'static str, i32)| {
        let active = filter.level == Some(weight);
        LevelRow {
            level: name,
            alerts: found.iter().find(|count| count.level == weight).map_or(0, |count| count.alerts),
            href: if active {
                without.trim_end_matches(['?', '&']).to_owned()
            } else {
                format!("{without}level={name}")
            },
            active,
        }
    };
    let worst_first = (1..=5).rev().map(|weight| (rules::level_name(weight), weight));
    Ok(worst_first.map(row).collect())
}

/// Systems and units to choose from: those that have systems within reach.
async fn choices(ctx: &Ctx, names: &Names, reach: &Reach) -> Result<(Vec<Named>, Vec<Named>)> {
    let Ok(register) = ctx.kit.systems() else { return Ok((Vec::new(), Vec::new())) };
    let systems = register.within(reach.clone()).await?;
    let mut units: Vec<Named> = systems
        .iter()
        .map(|system| Named { value: system.unit.to_string(), label: names.tree.name(system.unit).to_owned() })
        .collect();
    units.sort_by_key(|unit| (key(&unit.label), unit.value.clone()));
    units.dedup();
    let systems = systems.into_iter().map(|system| Named { value: system.id.to_string(), label: system.name });
    Ok((units, systems.collect()))
}

fn shown(ctx: &Ctx, names: &Names, asked: Asked) -> Filters {
    let rule = names.loaded.as_ref().and_then(|loaded| {
        let rule = loaded.rule(&asked.rule)?;
        Some(loaded.title(rule, ctx.lang == Lang::Vi).to_owned())
    });
    let given = [&asked.q, &asked.level, &asked.state, &asked.rule, &asked.host, &asked.unit, &asked.system];
    let any = given.into_iter().chain([&asked.from, &asked.to]).any(|part| !part.is_empty());
    Filters {
        any,
        rule_title: rule.unwrap_or_else(|| asked.rule.clone()),
        q: asked.q,
        level: asked.level,
        state: if asked.state.is_empty() { "open".to_owned() } else { asked.state },
        rule: asked.rule,
        host: asked.host,
        unit: asked.unit,
        system: asked.system,
        from: asked.from,
        to: asked.to,
    }
}

async fn sheet(ctx: &Ctx, reach: &Reach, filter: &Filter, sort: Sort) -> Result<Reply> {
    let (groups, _) = store::list(&ctx.kit.db, reach, filter, sort, Paging { page: 1, size: FILE_ROWS }).await?;
    let names = Names::of(ctx, groups.iter()).await?;
    let columns = ["first", "last", "level", "name", "rule", "host", "system", "unit", "hits", "state", "reason"];
    let rows = groups.iter().map(|group| {
        let row = names.row(ctx, group);
        vec![
            vn_time(row.first_at),
            vn_time(row.last_at),
            ctx.say(&format!("alerts.level.{}", row.level)),
            row.title,
            row.rule,
            row.host,
            row.system.map(|system| system.label).unwrap_or_default(),
            row.unit,
            row.hits.to_string(),
            ctx.say(&format!("alerts.state.{}", row.state)),
            if row.reason.is_empty() { String::new() } else { ctx.say(&format!("alerts.reason.{}", row.reason)) },
        ]
    });
    let sheet = Sheet {
        title: ctx.say("alerts.title"),
        columns: columns.iter().map(|column| ctx.say(&format!("alerts.{column}"))).collect(),
        rows: rows.collect(),
    };
    file(ctx, "canh-bao", &sheet)
}
