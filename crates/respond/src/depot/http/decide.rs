//! What is due, what was deleted, and the decision to delete.

use std::collections::HashSet;

use khien_base::clock::day_in_vietnam;
use khien_base::{Id, Result};
use khien_web::{Ctx, Live, Reply};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{LEAST, systems};
use crate::depot::jobs::{Due, due};
use crate::depot::model::decision::Model;
use crate::depot::views::{Gone, Retention};
use crate::depot::{READ, RETAIN, regime, rows, rules};

/// Deletions that the page shows.
const SHOWN: u64 = 200;

/// What is asked of the preview.
#[derive(Debug, Default, Deserialize)]
struct Preview {
    least_months: Option<i32>,
}

/// `GET /depot/retention`: with `least_months`, what would be due under that minimum.
pub(in crate::depot) async fn retention(ctx: Ctx) -> Result<Reply> {
    let asked: Preview = ctx.query()?;
    let reach = ctx.reach(READ);
    let decision = rows::decision(ctx.kit.db.read()).await?;
    let in_force = decision.as_ref().map_or(LEAST, |decision| decision.least_months);
    let least = asked.least_months.map_or(Ok(in_force), rules::least)?;
    let past: Vec<Due> = due(&ctx.kit, &reach, least).await?.into_iter().filter(|due| due.past).collect();
    let held: HashSet<Id> = rows::in_force(ctx.kit.db.read()).await?.into_iter().map(|hold| hold.system).collect();
    let tree = khien_directory::gate::of(&ctx.kit)?.tree(ctx.now).await?;
    let deletions = rows::deletions(&ctx.kit.db, &reach, SHOWN).await?;
    let mut ids: Vec<Id> = deletions.iter().map(|gone| gone.system).collect();
    ids.sort_unstable();
    ids.dedup();
    let cards = ctx.kit.systems()?.some(ids).await?;
    let name = |id: Id| cards.iter().find(|card| card.id == id).map_or("–", |card| card.name.as_str());
    let months = regime::on(day_in_vietnam(ctx.now))?;
    let levels = [None, Some(1), Some(2), Some(3), Some(4), Some(5)];
    ctx.page(&Retention {
        due: past.iter().map(|due| due.share.events).sum(),
        bytes: past.iter().map(|due| due.share.bytes).sum(),
        rows: systems(&ctx, &past, &held).await?,
        gone: deletions
            .iter()
            .map(|gone| Gone {
                day: gone.day,
                system_name: name(gone.system).to_owned(),
                unit_name: tree.name(gone.unit).to_owned(),
                events: gone.events,
                months: gone.months,
                at: gone.done_at,
            })
            .collect(),
        levels: levels.map(|level| (level, rules::months(months.of(level), least))).into(),
        least_months: least,
        most_months: rules::MOST_MONTHS,
        deletes: decision.as_ref().is_some_and(|decision| decision.deletes),
        at: decision.as_ref().map(|decision| decision.at),
        by: decision.map(|decision| decision.by_name).unwrap_or_default(),
        may_decide: ctx.actor()?.may(RETAIN),
    })
}

/// The decision on retention.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::depot) struct Decision {
    /// Whether due events are deleted.
    #[serde(default)]
    deletes: bool,
    /// The centre's own minimum, in months.
    least_months: i32,
}

/// `POST /depot/retention`
pub(in crate::depot) async fn decide(mut ctx: Ctx) -> Result<Reply> {
    let form: Decision = ctx.form().await?;
    let least_months = rules::least(form.least_months)?;
    let (by, by_name) = ctx.actor().map(|actor| (actor.id, actor.name.clone()))?;
    let decided = Model { id: 1, deletes: form.deletes, least_months, by, by_name, at: ctx.now };
    let tx = ctx.kit.db.begin().await?;
    let before =
        rows::decision(tx.conn()).await?.map(|row| json!({ "deletes": row.deletes, "least_months": row.least_months }));
    rows::decide(tx.conn(), decided).await?;
    let after = json!({ "deletes": form.deletes, "least_months": least_months });
    let detail = json!({ "before": before, "after": after });
    tx.commit(ctx.entry("depot.decide", "retention", Id::from_u128(1), None, detail)?).await?;
    ctx.kit.bus.tell(Live { topic: "depot", permission: READ, unit: None });
    Ok(Reply::to("/depot/retention"))
}
