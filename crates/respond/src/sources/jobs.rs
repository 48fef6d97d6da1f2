//! Background work of sources.

use futures::future::BoxFuture;
use khien_base::Result;
use khien_db::jobs;
use khien_web::{Kit, Live};
use serde_json::Value;

use super::desk::Desk;
use super::model::Model;
use super::{rules, store};
use crate::alerts;
use crate::finding::{SILENT_JOB, Silence};

fn news(source: &Model) -> Live {
    Live { topic: "sources", permission: "sources:read", unit: Some(source.unit) }
}

/// `sources.flush`: adds what was counted since the last time to the tables, in one transaction. What cannot be
/// written is counted again the next time.
pub(super) fn flush<'a>(kit: &'a Kit, _: &'a Value) -> BoxFuture<'a, Result<()>> {
    Box::pin(flush_now(kit))
}

/// Adds what was counted to the tables: for the job, before the program ends, and after an upload.
pub async fn flush_now(kit: &Kit) -> Result<()> {
    let desk = kit.part::<Desk>()?;
    let tallies = desk.stats.take();
    if tallies.is_empty() {
        return Ok(());
    }
    let written = async {
        let tx = kit.db.begin().await?;
        let back = store::add(tx.conn(), &tallies).await?;
        tx.commit_machine().await?;
        Ok(back)
    };
    match written.await {
        Ok(back) => {
            for source in &back {
                kit.bus.tell(news(source));
                settle(kit, source, "Nguồn đã gửi dữ liệu trở lại.").await?;
            }
            Ok(())
        }
        Err(fault) => {
            desk.stats.put_back(tallies);
            Err(fault)
        }
    }
}

/// The alert that a source was silent ends when it speaks again, and when it is closed for good.
pub(super) async fn settle(kit: &Kit, source: &Model, note: &str) -> Result<()> {
    let passed = alerts::store::Settled {
        kind: alerts::model::SILENT,
        system: source.system,
        source: source.id,
        host: &source.name,
        note,
    };
    let settled = alerts::store::settle(&kit.db, kit.now(), passed).await?;
    if settled > 0 {
        alerts::store::tell(&kit.bus, [source.unit]);
    }
    Ok(())
}

/// `sources.check-silence`: marks sources that fell silent, and asks for an alert of each in the same transaction.
pub(super) fn check_silence<'a>(kit: &'a Kit, _: &'a Value) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        // What came in the last seconds counts.
        flush_now(kit).await?;
        let (now, since) = (kit.now(), kit.part::<Desk>()?.since);
        let tx = kit.db.begin().await?;
        let mut silent = store::newly_silent(tx.conn(), now).await?;
        silent.retain(|source| rules::fell_silent(source, since, now));
        for source in &silent {
            store::mark_silent(tx.conn(), source).await?;
            let Some(last) = source.last_event_at else { continue };
            let silence = Silence {
                source: source.id,
                name: source.name.clone(),
                system: source.system,
                unit: source.unit,
                since: last,
                after_minutes: source.silent_minutes,
            };
            let payload = serde_json::to_value(&silence).map_err(khien_base::Fault::internal)?;
            let key = format!("silent:{}:{}", source.id, last.timestamp_micros());
            jobs::enqueue(tx.conn(), kit.id(), SILENT_JOB, &key, payload, now).await?;
        }
        tx.commit_machine().await?;
        silent.iter().for_each(|source| kit.bus.tell(news(source)));
        Ok(())
    })
}

/// `sources.trim`: removes counts that no page shows any more.
pub(super) fn trim<'a>(kit: &'a Kit, _: &'a Value) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let tx = kit.db.begin().await?;
        store::trim(tx.conn(), kit.now() - store::SLICES_KEPT).await?;
        tx.commit_machine().await
    })
}
