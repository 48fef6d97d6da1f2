//! Handlers of the store of events.

mod decide;
mod holds;

use std::collections::{BTreeMap, HashSet};

use chrono::{Datelike, NaiveDate};
use khien_base::key::key;
use khien_base::ports::{Holdings, Sheet};
use khien_base::{Id, Reach, Result};
use khien_web::list::{self, wants_file};
use khien_web::pages::{per, scale};
use khien_web::{Ctx, Pager, Paging, Reply};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(super) use decide::{Decision, decide, retention};
pub(super) use holds::{Lifted, NewHold, hold, holds, lift};

use super::jobs::{Due, due};
use super::views::{Choice, List, Row, Whole};
use super::{HOLD, READ, regime, rows};

/// What the list is filtered by.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    unit: String,
}

/// The centre's own minimum before anybody has decided.
const LEAST: i32 = regime::WITHOUT_LEVEL;

/// `GET /depot`
pub(super) async fn list(ctx: Ctx) -> Result<Reply> {
    let asked: Asked = ctx.query()?;
    let reach = ctx.reach(READ);
    let decision = rows::decision(ctx.kit.db.read()).await?;
    let least = decision.as_ref().map_or(LEAST, |decision| decision.least_months);
    let all = due(&ctx.kit, &reach, least).await?;
    let held: HashSet<Id> = rows::in_force(ctx.kit.db.read()).await?.into_iter().map(|hold| hold.system).collect();
    let tree = khien_directory::gate::of(&ctx.kit)?.tree(ctx.now).await?;
    let mut units: Vec<Choice> = Vec::new();
    for due in &all {
        let value = due.share.unit.to_string();
        if !units.iter().any(|unit| unit.value == value) {
            units.push(Choice { label: tree.name(due.share.unit).to_owned(), value });
        }
    }
    units.sort_by(|a, b| a.label.cmp(&b.label));
    let unit: Option<Id> = asked.unit.parse().ok();
    let shown: Vec<Due> = all.into_iter().filter(|due| unit.is_none_or(|unit| due.share.unit == unit)).collect();
    let mut found = systems(&ctx, &shown, &held).await?;
    let words = key(&asked.q);
    found.retain(|row| words.split(' ').all(|word| key(&row.system_name).contains(word)));
    if wants_file(&ctx) {
        return as_file(&ctx, found);
    }
    let everything = reach == Reach::All;
    let files = if everything { ctx.kit.events()?.days().await? } else { Vec::new() };
    let held_in_all = if everything { ctx.kit.events()?.holdings().await? } else { Holdings::default() };
    let whole = Whole {
        events: shown.iter().map(|due| due.share.events).sum(),
        bytes: shown.iter().map(|due| due.share.bytes).sum(),
        oldest: shown.iter().map(|due| due.share.day).min(),
        files: files.iter().map(|day| day.files).sum(),
        small: files.iter().map(|day| day.small).sum(),
        waiting: held_in_all.waiting,
        free_bytes: held_in_all.free_bytes,
        full: held_in_all.full,
        due: shown.iter().filter(|due| due.past).map(|due| due.share.events).sum(),
        holds: found.iter().filter(|row| row.held).count().try_into().unwrap_or(0),
    };
    let (events_chart, bytes_chart) = (by_day(&ctx, &shown), by_unit(&shown, &units));
    let paging = Paging::of(&ctx);
    let total = u64::try_from(found.len()).unwrap_or(0);
    let page = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    ctx.page(&List {
        rows: found.into_iter().skip(page(paging.offset())).take(page(paging.size)).collect(),
        pager: Pager::new(&ctx, paging, total),
        whole,
        everything,
        events_chart,
        bytes_chart,
        deletes: decision.is_some_and(|decision| decision.deletes),
        may_hold: ctx.actor()?.may(HOLD),
        units,
        unit: asked.unit,
        q: asked.q,
    })
}

/// A row for each system, the largest first.
async fn systems(ctx: &Ctx, dues: &[Due], held: &HashSet<Id>) -> Result<Vec<Row>> {
    let mut ids: Vec<Id> = dues.iter().map(|due| due.share.system).collect();
    ids.sort_unstable();
    ids.dedup();
    let cards = ctx.kit.systems()?.some(ids).await?;
    let tree = khien_directory::gate::of(&ctx.kit)?.tree(ctx.now).await?;
    let name = |id: Id| cards.iter().find(|card| card.id == id).map_or("–", |card| card.name.as_str());
    let mut rows: BTreeMap<(Id, Id), Row> = BTreeMap::new();
    for due in dues {
        let share = &due.share;
        let row = rows.entry((share.unit, share.system)).or_insert_with(|| Row {
            system: share.system,
            system_name: name(share.system).to_owned(),
            unit_name: tree.name(share.unit).to_owned(),
            level: due.level,
            months: due.months,
            events: 0,
            bytes: 0,
            oldest: share.day,
            newest: share.day,
            due: 0,
            due_days: 0,
            held: held.contains(&share.system),
        });
        row.events += share.events;
        row.bytes += share.bytes;
        row.oldest = row.oldest.min(share.day);
        row.newest = row.newest.max(share.day);
        if due.past {
            row.due += share.events;
            row.due_days += 1;
        }
    }
    let mut rows: Vec<Row> = rows.into_values().collect();
    rows.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.system_name.cmp(&b.system_name)));
    Ok(rows)
}

fn as_file(ctx: &Ctx, rows: Vec<Row>) -> Result<Reply> {
    let columns = ["system", "unit", "level", "months", "events", "bytes", "oldest", "newest", "due"];
    let sheet = Sheet {
        title: ctx.say("depot.title"),
        columns: columns.iter().map(|column| ctx.say(&format!("depot.{column}"))).collect(),
        rows: rows
            .into_iter()
            .map(|row| {
                vec![
                    row.system_name,
                    row.unit_name,
                    row.level.map(|level| level.to_string()).unwrap_or_default(),
                    row.months.to_string(),
                    row.events.to_string(),
                    row.bytes.to_string(),
                    khien_base::clock::vn_date(row.oldest),
                    khien_base::clock::vn_date(row.newest),
                    row.due.to_string(),
                ]
            })
            .collect(),
    };
    list::file(ctx, "kho-su-kien", &sheet)
}

/// Days that a chart shows one by one; longer spans are summed up by month.
const DAYS: usize = 62;

fn by_day(ctx: &Ctx, dues: &[Due]) -> Value {
    let mut days: BTreeMap<NaiveDate, u64> = BTreeMap::new();
    for due in dues {
        *days.entry(due.share.day).or_default() += due.share.events;
    }
    let mut bars: Vec<(String, u64)> = Vec::new();
    let single = days.len() <= DAYS;
    for (day, events) in days {
        let label = if single {
            format!("{:02}/{:02}", day.day(), day.month())
        } else {
            format!("{:02}/{}", day.month(), day.year())
        };
        match bars.last_mut() {
            Some((last, sum)) if *last == label => *sum += events,
            _ => bars.push((label, events)),
        }
    }
    bars_of(&ctx.say("depot.events"), None, bars)
}

/// Units that a chart shows.
const UNITS: usize = 15;

fn by_unit(dues: &[Due], units: &[Choice]) -> Value {
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    for due in dues {
        *sums.entry(due.share.unit.to_string()).or_default() += due.share.bytes;
    }
    let name = |id: &str| units.iter().find(|unit| unit.value == id).map_or("–", |unit| unit.label.as_str()).to_owned();
    let mut bars: Vec<(String, u64)> = sums.into_iter().map(|(id, bytes)| (name(&id), bytes)).collect();
    bars.sort_by_key(|bar| std::cmp::Reverse(bar.1));
    bars.truncate(UNITS);
    let (one, unit) = scale(bars.first().map_or(0, |bar| bar.1));
    bars_of(
        "",
        Some(unit),
        bars.into_iter().map(|(unit, bytes)| (unit, (per(bytes, one) * 10.0).round() / 10.0)).collect(),
    )
}

fn bars_of<N: Serialize>(series: &str, unit: Option<&str>, bars: Vec<(String, N)>) -> Value {
    if bars.is_empty() {
        return Value::Null;
    }
    let (labels, data): (Vec<String>, Vec<N>) = bars.into_iter().unzip();
    json!({ "kind": "bar", "labels": labels, "unit": unit, "horizontal": unit.is_some(), "series": [{ "name": series, "data": data }] })
}
