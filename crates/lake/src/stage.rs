//! Files of columns that wait for the table: what lets go of memory and journal while the table cannot be written.
//!
//! ```text
//! staged/part-….parquet       rows of one day, as they will lie in the table
//! staged/00000000000000000042.json   a list: which of these files hold the journal up to sequence 42
//! ```
//!
//! A list is written and synced after its files, and renamed to its name: it is whole or absent. A file without a
//! list is waste of a crash.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::NaiveDate;
use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::compute::interleave_record_batch;
use datafusion::arrow::datatypes::TimestampMicrosecondType;
use khien_base::{Clock, Fault, Ids, Result};
use serde_json::{Value, json};

use crate::columns::FILE_SCHEMA;
use crate::part::{Part, PartWriter, Stay, sync_folder};
use crate::tail::{Chunk, Staged};

/// Rows that are put in order at once, which bounds what is held twice.
const SLICE: usize = 8_192;
/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// Where staged files are written and found.
#[derive(Debug, Clone)]
pub(crate) struct Stage {
    folder: PathBuf,
    tmp: PathBuf,
    clock: Clock,
    ids: Arc<Ids>,
}

fn disk(e: std::io::Error) -> Fault {
    Fault::unavailable("lake.disk", e)
}

/// The name of a part's file beside the table.
pub(crate) fn file_name(part: &Part) -> &str {
    part.path.rsplit('/').next().unwrap_or_default()
}

impl Stage {
    pub(crate) fn new(folder: PathBuf, tmp: PathBuf, clock: Clock, ids: Arc<Ids>) -> Self {
        Self { folder, tmp, clock, ids }
    }

    /// Where a staged part lies.
    pub(crate) fn file(&self, part: &Part) -> PathBuf {
        self.folder.join(file_name(part))
    }

    fn list(&self, last: u64) -> PathBuf {
        self.folder.join(format!("{last:020}.json"))
    }

    /// Writes chunks to files, durably. All or nothing of it counts.
    pub(crate) fn write(&self, chunks: &[Arc<Chunk>]) -> Result<Option<Staged>> {
        let Some(last) = chunks.last().map(|chunk| chunk.last) else { return Ok(None) };
        let mut parts = Vec::new();
        let written = self.write_days(chunks, &mut parts).and_then(|()| self.write_list(last, &parts));
        if let Err(fault) = written {
            for part in &parts {
                let _ = fs::remove_file(self.file(part));
            }
            return Err(fault);
        }
        Ok(Some(Staged { last, parts: parts.into_iter().map(Arc::new).collect() }))
    }

    /// One file for each day, rows newest first.
    fn write_days(&self, chunks: &[Arc<Chunk>], parts: &mut Vec<Part>) -> Result<()> {
        let file_columns: Vec<usize> = (0..FILE_SCHEMA.fields().len()).collect();
        let batches: Vec<RecordBatch> = chunks
            .iter()
            .map(|chunk| chunk.rows.project(&file_columns).map_err(Fault::internal))
            .collect::<Result<_>>()?;
        let order = newest_first(&batches)?;
        let batches: Vec<&RecordBatch> = batches.iter().collect();
        for day in order.chunk_by(|a, b| a.day == b.day) {
            let Some(first) = day.first() else { continue };
            let date = NaiveDate::from_epoch_days(first.day).ok_or_else(|| Fault::internal("a day out of range"))?;
            let mut writer = PartWriter::start(&self.tmp, date, self.ids.next(self.clock.now()), Stay::Short)?;
            for slice in day.chunks(SLICE) {
                let places: Vec<(usize, usize)> = slice.iter().map(|row| row.place).collect();
                writer.push(&interleave_record_batch(&batches, &places).map_err(Fault::internal)?)?;
            }
            parts.push(writer.finish_in(&self.folder)?);
        }
        Ok(())
    }

    fn write_list(&self, last: u64, parts: &[Part]) -> Result<()> {
        let now = self.clock.now();
        let adds: Vec<Value> = parts.iter().map(|part| part.add(now, true)).collect();
        let draft = self.tmp.join(format!("{last:020}.json"));
        let mut file = File::create(&draft).map_err(disk)?;
        write!(file, "{}", json!({ "last": last, "parts": adds })).and_then(|()| file.sync_all()).map_err(disk)?;
        fs::rename(&draft, self.list(last)).map_err(disk)?;
        sync_folder(&self.folder).map_err(disk)
    }

    /// Removes a list and its files.
    pub(crate) fn remove(&self, staged: &Staged) {
        // The list first: a list must never outlive its files.
        let _ = fs::remove_file(self.list(staged.last));
        for part in &staged.parts {
            let _ = fs::remove_file(self.file(part));
        }
    }

    /// What waits from before, oldest first. What the table holds already, and files of no list, are removed; a list
    /// that cannot be read is set aside.
    pub(crate) fn load(&self, settled: u64, aside: &Path) -> Result<Vec<Staged>> {
        let (mut lists, mut files) = (Vec::new(), Vec::new());
        for entry in fs::read_dir(&self.folder).map_err(disk)? {
            let path = entry.map_err(disk)?.path();
            if path.extension().is_some_and(|it| it == "json") { lists.push(path) } else { files.push(path) }
        }
        lists.sort();
        let (mut all, mut damaged): (Vec<Staged>, bool) = (Vec::new(), false);
        for path in lists {
            let Some(staged) = read_list(&path) else {
                let place = aside.join(path.file_name().unwrap_or_default());
                fs::rename(&path, &place).map_err(disk)?;
                tracing::error!(kept = %place.display(), "a list of staged files cannot be read and was set aside");
                damaged = true;
                continue;
            };
            if staged.last <= settled {
                self.remove(&staged);
            } else {
                all.push(self.present(staged));
            }
        }
        let named: HashSet<PathBuf> = all.iter().flat_map(|it| &it.parts).map(|part| self.file(part)).collect();
        for path in files.into_iter().filter(|path| !named.contains(path)) {
            // The draft of a crash, unless its list could not be read; or gone with its list just now.
            let place = aside.join(path.file_name().unwrap_or_default());
            match if damaged { fs::rename(&path, place) } else { fs::remove_file(&path) } {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(disk(e)),
                _ => {}
            }
        }
        Ok(all)
    }

    /// Leaves out files that are gone, loudly: the rest can still be searched.
    fn present(&self, mut staged: Staged) -> Staged {
        staged.parts.retain(|part| {
            let there = self.file(part).is_file();
            if !there {
                tracing::error!(file = part.path, rows = part.rows, "a staged file of acknowledged events is gone");
            }
            there
        });
        staged
    }
}

fn read_list(path: &Path) -> Option<Staged> {
    let list: Value = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    let parts = list.get("parts")?.as_array()?.iter().map(|part| Part::added(part).map(Arc::new));
    Some(Staged { last: list.get("last")?.as_u64()?, parts: parts.collect::<Option<_>>()? })
}

/// A row's place in the order of the files.
struct Place {
    day: i32,
    place: (usize, usize),
}

fn newest_first(batches: &[RecordBatch]) -> Result<Vec<Place>> {
    let mut keys = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
    for (n, batch) in batches.iter().enumerate() {
        let times = batch.column_by_name("time").and_then(|it| it.as_primitive_opt::<TimestampMicrosecondType>());
        let ids = batch.column_by_name("id").and_then(|it| it.as_string_opt::<i32>());
        let (Some(times), Some(ids)) = (times, ids) else { return Err(Fault::internal("rows without time or id")) };
        let rows = times.values().iter().zip(ids.iter()).enumerate();
        keys.extend(rows.map(|(row, (time, id))| (*time, id.unwrap_or_default(), (n, row))));
    }
    keys.sort_unstable_by(|a, b| (b.0, b.1).cmp(&(a.0, a.1)));
    let place = |(time, _, place): (i64, &str, (usize, usize))| {
        Ok(Place { day: i32::try_from(time.div_euclid(DAY)).map_err(Fault::internal)?, place })
    };
    keys.into_iter().map(place).collect()
}
