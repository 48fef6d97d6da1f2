//! Work that goes on by itself: a figure of each target each day, and the periods that begin.

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use khien_base::Reach;
use khien_base::Result;
use khien_base::clock::day_in_vietnam;
use khien_web::{Job, Kit};

use super::store::{agencies, figures, items, plans};
use super::{figures as live, owe};

/// Keeps the figures of the day; run again, it replaces them with newer ones.
pub(super) const RECORD_FIGURES: Job =
    Job { kind: "plans.record-figures", every_seconds: Some(6 * 3600), run: |kit, _| Box::pin(record(kit)) };

/// Opens the periods of recurring tasks that have begun, and writes down the reports of the coming year.
pub(super) const OPEN_PERIODS: Job =
    Job { kind: "plans.open-periods", every_seconds: Some(6 * 3600), run: |kit, _| Box::pin(open(kit)) };

fn record(kit: &Kit) -> BoxFuture<'_, Result<()>> {
    Box::pin(record_figures(kit, kit.now()))
}

fn open(kit: &Kit) -> BoxFuture<'_, Result<()>> {
    Box::pin(open_periods(kit, kit.now()))
}

/// Keeps the figure of each bound target of each live plan for the day of `now`.
pub async fn record_figures(kit: &Kit, now: DateTime<Utc>) -> Result<()> {
    let tree = khien_directory::gate::of(kit)?.tree(now).await?;
    let day = day_in_vietnam(now);
    for plan in plans::live(&kit.db, &Reach::All).await? {
        let targets = items::targets(kit.db.read(), plan.id).await?;
        let found = live::compute(kit, &targets, &tree.reach(plan.unit), now).await?;
        if found.is_empty() {
            continue;
        }
        let tx = kit.db.begin().await?;
        for (target, figure) in found {
            figures::keep(tx.conn(), kit.id(), target, day, now, figure).await?;
        }
        tx.commit_machine().await?;
    }
    Ok(())
}

/// Goes on with each live plan.
pub async fn open_periods(kit: &Kit, now: DateTime<Utc>) -> Result<()> {
    let tree = khien_directory::gate::of(kit)?.tree(now).await?;
    let bodies = agencies::bodies(&kit.db, &tree, day_in_vietnam(now)).await?;
    for line in plans::live(&kit.db, &Reach::All).await? {
        let plan = plans::get(kit.db.read(), line.id).await?;
        let tx = kit.db.begin().await?;
        owe::go_on(tx.conn(), &kit.ids, now, &plan, &bodies).await?;
        tx.commit_machine().await?;
    }
    Ok(())
}
