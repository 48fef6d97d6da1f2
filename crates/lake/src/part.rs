//! Data files: written beside the table, made durable, and only then brought into it.
//!
//! A file is written under `tmp/`, synced, and then brought to `events/day=…/part-….parquet` ([`crate::place`]). So a
//! file inside the table is always whole; whether it counts is decided by the log alone.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::datatypes::TimestampMicrosecondType;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, Encoding, ZstdLevel};
use datafusion::parquet::file::metadata::{KeyValue, SortingColumn};
use datafusion::parquet::file::properties::{BloomFilterPosition, EnabledStatistics, WriterProperties};
use datafusion::parquet::schema::types::ColumnPath;
use khien_base::{Fault, Id, Result};
use serde_json::{Value, json};

use crate::columns::{BLOOMED, DAY, FILE_SCHEMA, LONG, RAW};
use crate::fields::shaped;
use crate::skip::{self, Skip};
use crate::stage::file_name;

/// Rows of one row group of a file that is merged soon: what the merge holds of it at once.
const GROUP_ROWS: usize = 32_768;
/// The same of a file that stays: fewer groups have a smaller footer.
const GROUP_ROWS_LONG: usize = 65_536;

/// One data file of the table, as the log names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// Relative to the table's folder, with `/`.
    pub(crate) path: String,
    /// Bytes.
    pub(crate) size: u64,
    /// Rows.
    pub(crate) rows: u64,
    /// Its partition.
    pub(crate) day: NaiveDate,
    /// Earliest and latest event time in microseconds; the widest span where the log does not say.
    pub(crate) times: (i64, i64),
    /// Smallest and largest identity; the widest span where the log does not say.
    pub(crate) ids: (Id, Id),
    /// What the file tells of where values are.
    pub(crate) skip: skip::Asked,
}

fn time_text(micros: i64) -> String {
    DateTime::from_timestamp_micros(micros)
        .map(|at| at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string())
        .unwrap_or_default()
}

fn time_value(value: &Value) -> Option<i64> {
    value.as_str()?.parse::<DateTime<Utc>>().ok().map(|at| at.timestamp_micros())
}

impl Part {
    /// The `add` action of Delta's log.
    pub(crate) fn add(&self, now: DateTime<Utc>, data_change: bool) -> Value {
        let stats = json!({
            "numRecords": self.rows,
            "minValues": { "id": self.ids.0, "time": time_text(self.times.0) },
            "maxValues": { "id": self.ids.1, "time": time_text(self.times.1) },
            "nullCount": { "id": 0, "time": 0 },
        });
        json!({ "add": {
            "path": self.path,
            "partitionValues": { DAY: self.day.to_string() },
            "size": self.size,
            "modificationTime": now.timestamp_millis(),
            "dataChange": data_change,
            "stats": stats.to_string(),
        }})
    }

    /// The `remove` action of Delta's log; without a change of data where its rows live on in another file.
    pub(crate) fn remove(&self, now: DateTime<Utc>, data_change: bool) -> Value {
        json!({ "remove": {
            "path": self.path,
            "deletionTimestamp": now.timestamp_millis(),
            "dataChange": data_change,
            "extendedFileMetadata": true,
            "partitionValues": { DAY: self.day.to_string() },
            "size": self.size,
        }})
    }

    /// A file that the log names with these statistics (JSON), partition values and size.
    pub(crate) fn named(
        path: String,
        size: i64,
        partition: &HashMap<String, Option<String>>,
        stats: Option<&str>,
    ) -> Option<Self> {
        let day = partition.get(DAY)?.as_deref()?.parse().ok()?;
        let stats: Value = stats.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let at = |side: &str, column: &str| stats.get(side).and_then(|of| of.get(column));
        let time = |side| at(side, "time").and_then(time_value);
        let id = |side| at(side, "id").and_then(Value::as_str).and_then(|text| text.parse::<Id>().ok());
        Some(Self {
            path,
            size: u64::try_from(size).ok()?,
            rows: stats.get("numRecords").and_then(Value::as_u64)?,
            day,
            times: (time("minValues").unwrap_or(i64::MIN), time("maxValues").unwrap_or(i64::MAX)),
            ids: (id("minValues").unwrap_or(Id::nil()), id("maxValues").unwrap_or(Id::max())),
            skip: skip::Asked::default(),
        })
    }
}

impl Part {
    /// A part out of its `add` action.
    pub(crate) fn added(action: &Value) -> Option<Self> {
        let add = action.get("add")?;
        let text = |name: &str| add.get(name).and_then(Value::as_str);
        let day = add.get("partitionValues")?.get(DAY)?.as_str()?.to_owned();
        let partition = HashMap::from([(DAY.to_owned(), Some(day))]);
        Self::named(text("path")?.to_owned(), add.get("size")?.as_i64()?, &partition, text("stats"))
    }
}

/// How long a file is to stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stay {
    /// Until the next merge: written fast.
    Short,
    /// For months: written small, with bloom filters for whoever reads Parquet, and tables of our own ([`skip`]).
    Long,
}

fn properties(stay: Stay) -> Result<WriterProperties> {
    // Measured on Windows events (docs/lake.md): level 1 takes as many bytes as 3; 9 takes a tenth less at
    // five times the work, and pages of 4 MiB again 4 %.
    let (level, page, rows) = match stay {
        Stay::Short => (1, 1024 * 1024, GROUP_ROWS),
        Stay::Long => (9, 4 * 1024 * 1024, GROUP_ROWS_LONG),
    };
    let level = ZstdLevel::try_new(level).map_err(Fault::internal)?;
    let newest_first = ["time", "id"]
        .into_iter()
        .filter_map(|name| FILE_SCHEMA.index_of(name).ok().and_then(|at| i32::try_from(at).ok()))
        .map(|column_idx| SortingColumn { column_idx, descending: true, nulls_first: false })
        .collect();
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(rows))
        .set_data_page_row_count_limit(4_096)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_column_statistics_enabled(ColumnPath::from("time"), EnabledStatistics::Page)
        .set_column_dictionary_enabled(ColumnPath::from("id"), false)
        // Identities of one millisecond share what they start with.
        .set_column_encoding(ColumnPath::from("id"), Encoding::DELTA_BYTE_ARRAY)
        .set_column_dictionary_enabled(ColumnPath::from("time"), false)
        .set_column_data_page_size_limit(ColumnPath::from(RAW), page)
        .set_sorting_columns(Some(newest_first))
        .set_bloom_filter_position(BloomFilterPosition::End)
        .set_created_by("khien".to_owned());
    for name in LONG {
        properties = properties
            .set_column_dictionary_enabled(ColumnPath::from(name), false)
            .set_column_statistics_enabled(ColumnPath::from(name), EnabledStatistics::None);
    }
    if stay == Stay::Long {
        for name in BLOOMED {
            // The writer cuts a filter down to the number of different values that a row group turned out to have.
            properties = properties
                .set_column_bloom_filter_fpp(ColumnPath::from(name), 0.01)
                .set_column_bloom_filter_max_ndv(ColumnPath::from(name), rows as u64);
        }
    }
    Ok(properties.build())
}

/// Syncs a folder, so that the names in it survive a loss of power.
pub(crate) fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

/// A data file that is being written. Dropped before [`PartWriter::finish_in`], it leaves nothing in the table.
pub(crate) struct PartWriter {
    writer: ArrowWriter<File>,
    skip: Option<skip::Builder>,
    draft: PathBuf,
    part: Part,
}

impl PartWriter {
    /// Starts a file of a day; `name` is new and never used again.
    pub(crate) fn start(tmp: &Path, day: NaiveDate, name: Id, stay: Stay) -> Result<Self> {
        let draft = tmp.join(format!("{name}.parquet"));
        let file = File::create_new(&draft).map_err(|e| Fault::unavailable("lake.disk", e))?;
        let writer = ArrowWriter::try_new(file, Arc::clone(&FILE_SCHEMA), Some(properties(stay)?));
        let part = Part {
            path: format!("{DAY}={day}/part-{name}.parquet"),
            size: 0,
            rows: 0,
            day,
            times: (i64::MAX, i64::MIN),
            ids: (Id::max(), Id::nil()),
            skip: skip::Asked::default(),
        };
        let skip = (stay == Stay::Long).then(skip::Builder::new);
        Ok(Self { writer: writer.map_err(Fault::internal)?, skip, draft, part })
    }

    /// Adds rows, newest first.
    pub(crate) fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        let columns = (batch.column_by_name("time"), batch.column_by_name("id"));
        let (Some(times), Some(ids)) = columns else { return Err(Fault::internal("a batch without time or id")) };
        if let Some(times) = times.as_primitive_opt::<TimestampMicrosecondType>() {
            for at in times.iter().flatten() {
                self.part.times = (self.part.times.0.min(at), self.part.times.1.max(at));
            }
        }
        if let Some(ids) = ids.as_string_opt::<i32>() {
            for id in ids.iter().flatten() {
                let id = id.parse().map_err(Fault::internal)?;
                self.part.ids = (self.part.ids.0.min(id), self.part.ids.1.max(id));
            }
        }
        self.part.rows += u64::try_from(batch.num_rows()).unwrap_or(0);
        if let Some(skip) = &mut self.skip {
            skip.push(batch);
        }
        let batch = shaped(batch)?;
        self.writer.write(&batch).map_err(|e| Fault::unavailable("lake.disk", e))
    }

    /// Writes where values are, behind the rows, and into the footer where that stands.
    fn store(&mut self, skip: skip::Builder) -> Result<Skip> {
        self.writer.flush().map_err(|e| Fault::unavailable("lake.disk", e))?;
        let (skip, bytes) = skip.finish(file_name(&self.part), self.writer.bytes_written() as u64);
        self.writer.write_all(&bytes).map_err(|e| Fault::unavailable("lake.disk", e))?;
        let told = serde_json::to_string(&skip).map_err(Fault::internal)?;
        self.writer.append_key_value_metadata(KeyValue::new(skip::KEY.to_owned(), told));
        Ok(skip)
    }

    /// Closes the file and makes its bytes durable.
    fn seal(&mut self) -> Result<()> {
        let disk = |e: std::io::Error| Fault::unavailable("lake.disk", e);
        let skip = self.skip.take().map(|skip| self.store(skip)).transpose()?;
        self.writer.finish().map_err(|e| Fault::unavailable("lake.disk", e))?;
        self.part.skip = skip.into();
        let file = self.writer.inner();
        file.sync_all().map_err(disk)?;
        self.part.size = file.metadata().map_err(disk)?.len();
        Ok(())
    }

    /// Closes the file, makes it durable and moves it into this folder under its name. The caller syncs the folder.
    pub(crate) fn finish_in(mut self, folder: &Path) -> Result<Part> {
        self.seal()?;
        let place = folder.join(file_name(&self.part));
        std::fs::rename(&self.draft, place).map_err(|e| Fault::unavailable("lake.disk", e))?;
        Ok(self.part.clone())
    }
}

impl Drop for PartWriter {
    fn drop(&mut self) {
        // After `finish_in` the draft is gone already; otherwise it is waste.
        let _ = std::fs::remove_file(&self.draft);
    }
}
