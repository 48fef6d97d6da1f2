//! Merging of small files and removal of files that the table no longer names.
//!
//! Files of a day are merged in classes of like size, so that a row is rewritten a few times at most and a day
//! that is compact is left alone. Merging reads committed files only and takes the log's turn just for its
//! entry, so appends never wait for it longer than for another commit. While events come in, merging works two
//! fifths of the time of one core, which is a fifth of the smallest machine's two.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use datafusion::arrow::compute::SortOptions;
use datafusion::physical_expr::expressions::col;
use datafusion::physical_expr::{LexOrdering, PhysicalSortExpr};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use futures::StreamExt;
use khien_base::ports::DayFiles;
use khien_base::{Clock, Fault, Ids, Kind, Reach, Result};
use tokio::sync::Mutex;

use crate::Settings;
use crate::columns::FILE_SCHEMA;
use crate::engine::{Engine, fault};
use crate::log::{Log, MERGE};
use crate::part::{Part, PartWriter, Stay};
use crate::scan::EventsTable;

/// Files merged at once: each is open with one row group in memory.
const AT_ONCE: usize = 8;
/// Rows of each file that are held at a time, twice or thrice over: with all columns they are large.
const AT_A_TIME: usize = 512;
/// Files of one class that are worth a merge.
const WORTH: usize = 8;
/// Size of the smallest class, in bytes; each next class is four times as large.
const SMALLEST: u64 = 64 * 1024;

/// Who keeps the table tidy.
#[derive(Debug)]
pub(crate) struct Tidier {
    pub(crate) log: Arc<Log>,
    pub(crate) engine: Arc<Engine>,
    pub(crate) tmp: PathBuf,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    full: u64,
    keep: Duration,
    traffic: Arc<Traffic>,
    /// One tidying or forgetting at a time: both replace files.
    pub(crate) turn: Mutex<()>,
}

/// Whether events are coming in.
#[derive(Debug, Default)]
pub(crate) struct Traffic(AtomicU64);

impl Traffic {
    /// A batch came.
    pub(crate) fn tell(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Gives way: after work while events came in, half as long again and the time of the work are slept.
struct Pace {
    traffic: Arc<Traffic>,
    seen: u64,
    since: Instant,
}

impl Pace {
    fn new(traffic: Arc<Traffic>) -> Self {
        Self { seen: traffic.count(), traffic, since: Instant::now() }
    }

    async fn give_way(&mut self) {
        let worked = self.since.elapsed();
        if worked < Duration::from_millis(20) {
            return;
        }
        let seen = self.traffic.count();
        if seen != self.seen {
            tokio::time::sleep(worked * 3 / 2).await;
        }
        (self.seen, self.since) = (seen, Instant::now());
    }
}

/// The class of a size: 0, 1, 2… for up to 64 KiB, 256 KiB, 1 MiB…
fn class(size: u64) -> u32 {
    (size / SMALLEST).checked_ilog(4).map_or(0, |n| n + 1)
}

/// The files of one day to merge next, if any is worth it. `quiet` days get no more events as a rule.
fn choose(mut parts: Vec<Arc<Part>>, full: u64, quiet: bool) -> Option<Vec<Arc<Part>>> {
    parts.retain(|part| part.size < full);
    parts.sort_by_key(|part| part.size);
    let mut classes: BTreeMap<u32, Vec<Arc<Part>>> = BTreeMap::new();
    for part in &parts {
        classes.entry(class(part.size)).or_default().push(Arc::clone(part));
    }
    let worth = classes.into_values().find(|parts| parts.len() >= WORTH);
    if let Some(mut chosen) = worth {
        chosen.truncate(AT_ONCE);
        return Some(chosen);
    }
    if !quiet {
        return None;
    }
    // A day that is over becomes one file, unless that would rewrite a large file for the sake of a few rows.
    let mut chosen: Vec<Arc<Part>> = Vec::new();
    let mut sum = 0;
    for part in parts.into_iter().take(AT_ONCE) {
        if sum + part.size > full || (!chosen.is_empty() && part.size > sum * 8) {
            break;
        }
        sum += part.size;
        chosen.push(part);
    }
    (chosen.len() > 1).then_some(chosen)
}

impl Tidier {
    pub(crate) fn new(log: Arc<Log>, engine: Arc<Engine>, tmp: PathBuf, clock: Clock, settings: &Settings) -> Self {
        let (full, keep) = (settings.file_bytes, settings.keep_unnamed);
        let (traffic, turn) = (Arc::default(), Mutex::new(()));
        Self { log, engine, tmp, clock, ids: Ids::random(), full, keep, traffic, turn }
    }

    /// Told of each batch that comes in.
    pub(crate) fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// How the files of each day stand.
    pub(crate) fn days(&self) -> Vec<DayFiles> {
        let mut days: BTreeMap<NaiveDate, DayFiles> = BTreeMap::new();
        for part in self.log.parts() {
            let day =
                days.entry(part.day).or_insert(DayFiles { day: part.day, files: 0, small: 0, bytes: 0, events: 0 });
            day.files += 1;
            day.small += u64::from(part.size < self.full / 4);
            day.bytes += part.size;
            day.events += part.rows;
        }
        days.into_values().collect()
    }

    /// Merges what is worth merging, then removes what is no longer named.
    pub(crate) async fn tidy(&self) -> Result<()> {
        let _turn = self.turn.lock().await;
        let today = self.clock.now().date_naive();
        let mut days: BTreeMap<NaiveDate, Vec<Arc<Part>>> = BTreeMap::new();
        for part in self.log.parts() {
            days.entry(part.day).or_default().push(part);
        }
        for (day, mut parts) in days {
            let quiet = (today - day).num_days() > 1;
            while let Some(chosen) = choose(parts.clone(), self.full, quiet) {
                // What is large or of a day that is over is rewritten no more as a rule.
                let large = chosen.iter().map(|part| part.size).sum::<u64>() >= self.full / 4;
                let stay = if quiet || large { Stay::Long } else { Stay::Short };
                let merged = match self.merge(day, &chosen, stay).await {
                    Ok(merged) => merged,
                    Err(fault) if fault.kind == Kind::Conflict => {
                        // Another engine has written to the table: the next tidying starts from what it says now.
                        return self.log.reload().await.map(drop);
                    }
                    Err(fault) => return Err(fault),
                };
                parts.retain(|part| !chosen.contains(part));
                parts.push(Arc::new(merged));
            }
        }
        self.sweep().await
    }

    /// Writes one file out of several, newest rows first, and puts it in their place.
    async fn merge(&self, day: NaiveDate, chosen: &[Arc<Part>], stay: Stay) -> Result<Part> {
        let context = self.engine.session_of(AT_A_TIME);
        let table = EventsTable::new(chosen.to_vec(), Reach::All, self.engine.store());
        let columns = (0..FILE_SCHEMA.fields().len()).collect();
        let apart = table.as_stored(&context.state(), columns).map_err(fault)?;
        let newest = SortOptions { descending: true, nulls_first: false };
        let order = ["time", "id"]
            .into_iter()
            .map(|name| Ok(PhysicalSortExpr::new(col(name, &apart.schema()).map_err(fault)?, newest)))
            .collect::<Result<Vec<_>>>()?;
        let order = LexOrdering::new(order).ok_or_else(|| Fault::internal("an order without columns"))?;
        let merge = SortPreservingMergeExec::new(order, apart);
        let mut stream = merge.execute(0, context.task_ctx()).map_err(fault)?;
        let mut writer = PartWriter::start(&self.tmp, day, self.ids.next(self.clock.now()), stay)?;
        let mut pace = Pace::new(Arc::clone(&self.traffic));
        let writer = self.engine.work(async move {
            while let Some(batch) = stream.next().await {
                writer.push(&batch.map_err(fault)?)?;
                pace.give_way().await;
            }
            Ok(writer)
        });
        let writer = writer.await?;
        let (log, chosen) = (Arc::clone(&self.log), chosen.to_vec());
        tokio::task::spawn_blocking(move || {
            let part = log.take(writer)?;
            let rows: u64 = chosen.iter().map(|part| part.rows).sum();
            let committed = if part.rows == rows {
                log.commit(MERGE, vec![part.clone()], &chosen)
            } else {
                Err(Fault::internal(format!("a merge of {rows} rows gave {}", part.rows)))
            };
            if let Err(fault) = committed {
                log.discard(&part);
                return Err(fault);
            }
            log.leave(&chosen);
            Ok(part)
        })
        .await
        .map_err(Fault::internal)?
    }

    /// Removes data files that the table has not named for longer than the time they are kept.
    async fn sweep(&self) -> Result<()> {
        let (log, keep) = (Arc::clone(&self.log), self.keep);
        tokio::task::spawn_blocking(move || log.sweep(keep)).await.map_err(Fault::internal)?
    }
}
