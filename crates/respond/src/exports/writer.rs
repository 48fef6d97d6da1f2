//! Events written as CSV, NDJSON or Parquet. Blocking.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::sync::Arc;

use chrono::SecondsFormat;
use khien_base::clock::vietnam;
use khien_base::filter::COLUMNS;
use khien_base::ports::{EventFile, EventStore};
use khien_base::{Event, Fault, Result};

use super::shelf::Format;

/// A file that is being written.
pub(super) struct Writer {
    kind: Kind,
    file: File,
}

enum Kind {
    Csv(BufWriter<File>),
    Ndjson(BufWriter<File>),
    Parquet(Box<dyn EventFile>),
}

fn disk(error: std::io::Error) -> Fault {
    Fault::unavailable("exports.disk", error)
}

impl Writer {
    pub(super) fn begin(format: Format, file: File, store: &Arc<dyn EventStore>) -> Result<Self> {
        let same = file.try_clone().map_err(disk)?;
        let kind = match format {
            Format::Csv => {
                let mut out = BufWriter::new(file);
                out.write_all(b"\xEF\xBB\xBF").map_err(disk)?;
                let names = ["id", "time", "received"].into_iter().chain(COLUMNS.iter().map(|column| column.name));
                line(&mut out, names.chain(["raw"]).map(str::to_owned)).map_err(disk)?;
                Kind::Csv(out)
            }
            Format::Ndjson => Kind::Ndjson(BufWriter::new(file)),
            Format::Parquet => Kind::Parquet(store.parquet(file)?),
        };
        Ok(Self { kind, file: same })
    }

    /// Writes events; gives the bytes that the file has now.
    pub(super) fn write(&mut self, events: Vec<Event>) -> Result<u64> {
        match &mut self.kind {
            Kind::Csv(out) => {
                for event in &events {
                    line(out, cells(event)).map_err(disk)?;
                }
                out.flush().map_err(disk)?;
            }
            Kind::Ndjson(out) => {
                for event in &events {
                    serde_json::to_writer(&mut *out, event).map_err(|error| disk(error.into()))?;
                    out.write_all(b"\n").map_err(disk)?;
                }
                out.flush().map_err(disk)?;
            }
            Kind::Parquet(file) => file.write(events)?,
        }
        Ok(self.file.metadata().map_err(disk)?.len())
    }

    /// Completes the file; gives its bytes.
    pub(super) fn finish(self) -> Result<u64> {
        match self.kind {
            Kind::Csv(mut out) | Kind::Ndjson(mut out) => out.flush().map_err(disk)?,
            Kind::Parquet(file) => file.finish()?,
        }
        self.file.sync_all().map_err(disk)?;
        Ok(self.file.metadata().map_err(disk)?.len())
    }
}

fn cells(event: &Event) -> impl Iterator<Item = String> {
    let at =
        |at: chrono::DateTime<chrono::Utc>| at.with_timezone(&vietnam()).to_rfc3339_opts(SecondsFormat::Micros, false);
    let first = [event.id.to_string(), at(event.time), at(event.received)];
    let columns = COLUMNS.iter().map(|column| column.value(event).unwrap_or_default());
    first.into_iter().chain(columns).chain([event.record.raw.clone()])
}

/// One line (RFC 4180). What a spreadsheet would run as a formula begins with an apostrophe.
fn line(out: &mut impl Write, cells: impl Iterator<Item = String>) -> std::io::Result<()> {
    for (n, cell) in cells.enumerate() {
        if n > 0 {
            out.write_all(b",")?;
        }
        let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
        let sign = if formula { "'" } else { "" };
        write!(out, "\"{sign}{}\"", cell.replace('"', "\"\""))?;
    }
    out.write_all(b"\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_run_or_tears_its_line() {
        let mut out = Vec::new();
        let cells = ["=1+1", "a \"b\"\nc", "", "-x"].map(str::to_owned);
        line(&mut out, cells.into_iter()).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "\"'=1+1\",\"a \"\"b\"\"\nc\",\"\",\"'-x\"\r\n");
    }
}
