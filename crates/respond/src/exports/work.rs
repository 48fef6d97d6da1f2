//! A file of events is made, batch by batch.

use std::sync::Arc;

use chrono::TimeDelta;
use futures::TryStreamExt;
use khien_base::filter;
use khien_base::ports::Search;
use khien_base::{Fault, Kind, Reach, Result};
use khien_web::{Kit, Live};

use super::model::{DONE, FAILED, Model};
use super::shelf::{FILE_BYTES, Format, Shelf};
use super::store;
use super::writer::Writer;
use crate::search::sight::Sight;

/// A file without a sign of life for so long was being made by a program that has ended.
pub const LOST: TimeDelta = TimeDelta::minutes(10);
/// Batches between two signs of life.
const SIGN: usize = 5;
/// The fault of a file that its asker stopped.
const STOPPED: &str = "exports.stopped";

/// What a file is made of beside its row: whose events, and how they are seen.
#[derive(Debug, Clone)]
pub struct Whose {
    /// Whose events the asker may see.
    pub reach: Reach,
    /// Where personal data are plain.
    pub sight: Sight,
}

/// Makes a file to its end, whatever comes.
pub async fn run(kit: Arc<Kit>, mut file: Model, whose: Whose) {
    let id = file.id;
    let outcome = make(&kit, &mut file, &whose).await;
    let stopped = matches!(&outcome, Err(fault) if fault.code == STOPPED);
    if let Err(fault) = &outcome
        && !stopped
    {
        tracing::warn!(file = %id, %fault, "a file of events could not be made");
        file.fault = Some(fault.code.clone().into_owned());
    }
    file.state = if outcome.is_ok() { DONE } else { FAILED }.to_owned();
    let kept = if stopped { Ok(false) } else { keep(&kit, &mut file).await.map(|()| true) };
    if !matches!((&outcome, &kept), (Ok(()), Ok(true))) {
        remove(&kit, &file).await;
    }
    if let Err(fault) = kept
        && fault.code != STOPPED
    {
        tracing::error!(file = %id, %fault, "the end of a file of events could not be kept");
    }
}

async fn remove(kit: &Kit, file: &Model) {
    let (Ok(shelf), Some(format)) = (kit.part::<Shelf>(), Format::of(&file.format)) else { return };
    let id = file.id;
    let removed = tokio::task::spawn_blocking(move || shelf.remove(id, format)).await;
    if !matches!(removed, Ok(Ok(()))) {
        tracing::error!(file = %id, "the rest of a file of events could not be removed");
    }
}

async fn make(kit: &Kit, file: &mut Model, whose: &Whose) -> Result<()> {
    let format = Format::of(&file.format).ok_or_else(|| Fault::internal("a format that is none"))?;
    let search = Search {
        from: Some(file.from_at),
        to: Some(file.to_at),
        filter: filter::read(&file.q)?,
        source: file.source,
        system: file.system,
        ..Search::within(whose.reach.clone())
    };
    let (shelf, store) = (kit.part::<Shelf>()?, Arc::clone(kit.events()?));
    let found = store.search(search.clone()).await?;
    file.total = i64::try_from(found.total).unwrap_or(i64::MAX);
    keep(kit, file).await?;
    let (id, of) = (file.id, Arc::clone(&store));
    let begin = move || Writer::begin(format, shelf.create(id, format)?, &of);
    let mut writer = tokio::task::spawn_blocking(begin).await.map_err(Fault::internal)??;
    let mut pages = store.each(search);
    let mut batches = 0_usize;
    while let Some(events) = pages.try_next().await? {
        let (sight, count) = (whose.sight.clone(), i64::try_from(events.len()).unwrap_or(0));
        let write = move || {
            let shown = events.into_iter().map(|event| sight.show(event)).collect();
            writer.write(shown).map(|bytes| (writer, bytes))
        };
        let (back, bytes) = tokio::task::spawn_blocking(write).await.map_err(Fault::internal)??;
        writer = back;
        file.rows += count;
        file.bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        if bytes > FILE_BYTES {
            return Err(Fault::new(Kind::TooMany, "exports.too-large"));
        }
        batches += 1;
        if batches.is_multiple_of(SIGN) {
            keep(kit, file).await?;
        }
    }
    let bytes = tokio::task::spawn_blocking(move || writer.finish()).await.map_err(Fault::internal)??;
    file.bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
    Ok(())
}

async fn keep(kit: &Kit, file: &mut Model) -> Result<()> {
    file.seen_at = kit.now();
    if !store::save(&kit.db, file).await? {
        return Err(Fault::conflict(STOPPED));
    }
    kit.bus.tell(Live { topic: "exports", permission: crate::search::EXPORT, unit: None });
    Ok(())
}
