//! Events as a Parquet file of one's own, with the columns of the table.

use std::fs::File;

use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::WriterProperties;
use khien_base::ports::EventFile;
use khien_base::{Event, Fault, Result};

use crate::columns::FILE_SCHEMA;
use crate::rows::{Row, batch};

/// Rows of one row group: what is in memory until it is written.
const GROUP_ROWS: usize = 16_384;

/// A file that is being written, and the columns of events that it has: fields in full, and no day.
pub(crate) struct ParquetFile(ArrowWriter<File>, Vec<usize>);

fn broken(e: impl std::fmt::Display) -> Fault {
    Fault::unavailable("lake.disk", e)
}

impl ParquetFile {
    pub(crate) fn begin(to: File) -> Result<Self> {
        let level = ZstdLevel::try_new(3).map_err(Fault::internal)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .build();
        // The shape is the last column of a file.
        let columns: Vec<usize> = (0..FILE_SCHEMA.fields().len() - 1).collect();
        let schema = std::sync::Arc::new(FILE_SCHEMA.project(&columns).map_err(Fault::internal)?);
        Ok(Self(ArrowWriter::try_new(to, schema, Some(properties)).map_err(broken)?, columns))
    }
}

impl EventFile for ParquetFile {
    fn write(&mut self, events: Vec<Event>) -> Result<()> {
        let rows: Vec<Row> = events.into_iter().map(Row::in_full).collect();
        self.0.write(&batch(&rows)?.project(&self.1).map_err(Fault::internal)?).map_err(broken)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let file = self.0.into_inner().map_err(broken)?;
        file.sync_all().map_err(broken)
    }
}
