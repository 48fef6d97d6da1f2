//! The handler of the page.

use khien_base::clock::vn_time;
use khien_base::key::key;
use khien_base::ports::Sheet;
use khien_base::{Id, Result};
use khien_web::list::{self, wants_file};
use khien_web::{Ctx, Pager, Paging, Reply};
use serde::Deserialize;

use super::rules::{Trouble, normal, troubles};
use super::store;
use super::views::{Count, List, Row};
use crate::sources::model::Model;
use crate::sources::{READ, rules};

/// Sources that are looked at.
const MOST: u64 = 5_000;

/// What the list is filtered by.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    trouble: String,
}

/// `GET /source-health`
pub(super) async fn list(ctx: Ctx) -> Result<Reply> {
    let asked: Asked = ctx.query()?;
    let sources = store::sources(&ctx.kit.db, &ctx.reach(READ), MOST).await?;
    let mut rows = rows(&ctx, sources).await?;
    let words = key(&asked.q);
    rows.retain(|row| {
        words.split(' ').all(|word| key(&row.name).contains(word) || key(&row.system_name).contains(word))
    });
    let counts = Trouble::ALL
        .into_iter()
        .map(|trouble| Count { trouble, count: rows.iter().filter(|row| row.troubles.contains(&trouble)).count() })
        .collect();
    if let Some(trouble) = Trouble::from_name(&asked.trouble) {
        rows.retain(|row| row.troubles.contains(&trouble));
    }
    // What needs somebody stands first; rows of one kind keep the order of names.
    rows.sort_by_key(|row| std::cmp::Reverse(row.troubles.len()));
    if wants_file(&ctx) {
        return as_file(&ctx, rows);
    }
    let paging = Paging::of(&ctx);
    let total = u64::try_from(rows.len()).unwrap_or(0);
    let size = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    ctx.page(&List {
        rows: rows.into_iter().skip(size(paging.offset())).take(size(paging.size)).collect(),
        pager: Pager::new(&ctx, paging, total),
        counts,
        q: asked.q,
        trouble: asked.trouble,
    })
}

async fn rows(ctx: &Ctx, sources: Vec<Model>) -> Result<Vec<Row>> {
    let signs = store::signs(&ctx.kit.db, &sources, ctx.now).await?;
    let mut systems: Vec<Id> = sources.iter().map(|source| source.system).collect();
    systems.sort_unstable();
    systems.dedup();
    let cards = ctx.kit.systems()?.some(systems).await?;
    let tree = khien_directory::gate::of(&ctx.kit)?.tree(ctx.now).await?;
    let name = |id: Id| cards.iter().find(|card| card.id == id).map_or("–", |card| card.name.as_str());
    let none = super::rules::Signs::default();
    let row = |source: Model| {
        let signs = signs.get(&source.id).unwrap_or(&none);
        let state = rules::state(&source.status, source.live_until, ctx.now);
        Row {
            id: source.id,
            system_name: name(source.system).to_owned(),
            unit_name: tree.name(source.unit).to_owned(),
            state,
            last_event_at: source.last_event_at,
            hour: signs.hour,
            normal: normal(&signs.before),
            lag: signs.lag,
            failures: signs.failures,
            failures_all: source.failures,
            troubles: troubles(state, signs),
            name: source.name,
        }
    };
    Ok(sources.into_iter().map(row).collect())
}

fn as_file(ctx: &Ctx, rows: Vec<Row>) -> Result<Reply> {
    let columns = ["name", "system", "unit", "state", "last", "hour", "normal", "lag", "failures", "troubles"];
    let number = |n: Option<i64>| n.map(|n| n.to_string()).unwrap_or_default();
    let sheet = Sheet {
        title: ctx.say("health.title"),
        columns: columns.iter().map(|column| ctx.say(&format!("health.{column}"))).collect(),
        rows: rows
            .into_iter()
            .map(|row| {
                let troubles: Vec<String> =
                    row.troubles.iter().map(|it| ctx.say(&format!("health.trouble.{}", it.name()))).collect();
                vec![
                    row.name,
                    row.system_name,
                    row.unit_name,
                    ctx.say(&format!("sources.state.{}", row.state.name())),
                    row.last_event_at.map(vn_time).unwrap_or_default(),
                    row.hour.to_string(),
                    number(row.normal.and_then(|n| i64::try_from(n).ok())),
                    number(row.lag),
                    row.failures.to_string(),
                    troubles.join("; "),
                ]
            })
            .collect(),
    };
    list::file(ctx, "suc-khoe-nguon", &sheet)
}
