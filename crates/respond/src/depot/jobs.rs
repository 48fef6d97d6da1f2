//! Background work of the store of events: keeping it tidy, deleting what is due.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use futures::future::BoxFuture;
use khien_base::clock::day_in_vietnam;
use khien_base::ports::Share;
use khien_base::{Id, Reach, Result};
use khien_db::audit::Entry;
use khien_web::{Kit, Live};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::model::{gone, hold};
use super::{regime, rows, rules};

/// Held while holds are read and a day is deleted by them, and while a hold is set: a hold that was answered keeps.
pub(super) static TURN: Mutex<()> = Mutex::const_new(());

/// `depot.tidy`: merges small files and removes the ones that nothing names.
pub(super) fn tidy<'a>(kit: &'a Kit, _: &'a Value) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move { kit.events()?.tidy().await })
}

/// `depot.retain`: deletes what is due, a day at a time, if an administrator has turned deletion on.
pub(super) fn retain<'a>(kit: &'a Kit, _: &'a Value) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        settle(kit).await?;
        let Some(decision) = rows::decision(kit.db.read()).await?.filter(|decision| decision.deletes) else {
            return Ok(());
        };
        let mut days: BTreeMap<NaiveDate, Vec<Due>> = BTreeMap::new();
        for due in due(kit, &Reach::All, decision.least_months).await?.into_iter().filter(|due| due.past) {
            days.entry(due.share.day).or_default().push(due);
        }
        let mut all = 0;
        for (day, dues) in days {
            all += forget(kit, day, &dues).await?;
        }
        if all > 0 {
            tracing::info!(events = all, "events past their retention were deleted");
            kit.bus.tell(Live { topic: "depot", permission: super::READ, unit: None });
        }
        Ok(())
    })
}

/// What a system holds of a day, and how long it has to.
#[derive(Debug, Clone)]
pub(super) struct Due {
    /// The events.
    pub(super) share: Share,
    /// The level of the system.
    pub(super) level: Option<u8>,
    /// Months for which they are kept.
    pub(super) months: i32,
    /// Whether that time is over.
    pub(super) past: bool,
}

/// Everything that is kept, with how long it is to be.
pub(super) async fn due(kit: &Kit, reach: &Reach, least: i32) -> Result<Vec<Due>> {
    let mut shares = kit.events()?.shares().await?;
    shares.retain(|share| reach.covers(share.unit));
    let mut ids: Vec<Id> = shares.iter().map(|share| share.system).collect();
    ids.sort_unstable();
    ids.dedup();
    let cards = kit.systems()?.some(ids).await?;
    let levels: HashMap<Id, Option<u8>> = cards.into_iter().map(|card| (card.id, card.level)).collect();
    let today = day_in_vietnam(kit.now());
    let regime = regime::on(today)?;
    let of = |share: Share| {
        let level = levels.get(&share.system).copied().flatten();
        let months = rules::months(regime.of(level), least);
        Due { past: rules::due(&share, today, months), share, level, months }
    };
    Ok(shares.into_iter().map(of).collect())
}

async fn holds(kit: &Kit) -> Result<Vec<hold::Model>> {
    rows::in_force(kit.db.read()).await
}

/// Deletes what is due of one day: announces it, does it, writes down that it is done. Gives the number of events.
async fn forget(kit: &Kit, day: NaiveDate, dues: &[Due]) -> Result<u64> {
    let _turn = TURN.lock().await;
    let held: Vec<_> = holds(kit).await?.iter().map(hold::Model::held).collect();
    let mut systems: Vec<Id> = dues.iter().map(|due| due.share.system).collect();
    systems.sort_unstable();
    systems.dedup();
    let going = kit.events()?.forgettable(day, systems, held.clone()).await?;
    let plan: Vec<gone::Model> = going
        .iter()
        .filter_map(|(system, events)| {
            let due = dues.iter().find(|due| due.share.system == *system)?;
            Some(gone::Model {
                id: kit.id(),
                day,
                system: *system,
                unit: due.share.unit,
                events: i64::try_from(*events).unwrap_or(i64::MAX),
                months: due.months,
                planned_at: kit.now(),
                done_at: None,
            })
        })
        .collect();
    if plan.is_empty() {
        return Ok(0);
    }
    let tx = kit.db.begin().await?;
    rows::plan(tx.conn(), plan.clone()).await?;
    tx.commit_machine().await?;
    let systems = plan.iter().map(|row| row.system).collect();
    let gone = kit.events()?.forget(day, systems, held).await?;
    finish(kit, plan, &gone.iter().copied().collect()).await?;
    Ok(gone.iter().map(|(_, events)| events).sum())
}

/// Deletions that were announced before the program ended: done if their events are gone, given up otherwise; what is
/// still due is announced anew.
async fn settle(kit: &Kit) -> Result<()> {
    let _turn = TURN.lock().await;
    let mut days: BTreeMap<NaiveDate, Vec<gone::Model>> = BTreeMap::new();
    for row in rows::planned(kit.db.read()).await? {
        days.entry(row.day).or_default().push(row);
    }
    for (day, plan) in days {
        let systems = plan.iter().map(|row| row.system).collect();
        let still: Vec<Id> = kit.events()?.forgettable(day, systems, Vec::new()).await?.iter().map(|s| s.0).collect();
        let gone = plan
            .iter()
            .filter(|row| !still.contains(&row.system))
            .map(|row| (row.system, u64::try_from(row.events).unwrap_or(0)));
        finish(kit, plan.clone(), &gone.collect()).await?;
    }
    Ok(())
}

/// Writes down what became of announced deletions, each with an entry of the audit log.
async fn finish(kit: &Kit, plan: Vec<gone::Model>, gone: &HashMap<Id, u64>) -> Result<()> {
    let tx = kit.db.begin().await?;
    let mut entries = Vec::with_capacity(plan.len());
    for row in plan {
        let events = gone.get(&row.system).copied().unwrap_or(0);
        rows::done(tx.conn(), row.id, i64::try_from(events).unwrap_or(i64::MAX), kit.now()).await?;
        if events > 0 {
            entries.push(Entry {
                at: kit.now(),
                actor: None,
                actor_name: "Khiên".into(),
                unit: Some(row.unit),
                action: "depot.delete",
                subject_kind: "system",
                subject: row.system,
                detail: json!({ "day": row.day, "events": events, "months": row.months }),
                request: String::new(),
            });
        }
    }
    tx.commit_all(entries).await
}
