//! What comes out of a run: a timeline in one of four shapes, a layer for ATT&CK Navigator, and notes for the reader.

mod csv;
mod html;
mod navigator;
mod ndjson;
mod notes;
mod table;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use chrono::{DateTime, Utc};
use khien_base::clock::vietnam;
use khien_base::{Fault, Result};

use crate::found::Found;
use crate::order::{Order, Shape};
use crate::rules::Rules;
use crate::sources::{Source, shown};
use crate::tally::Tally;
use crate::timeline::Sorted;
use crate::trouble::Told;

pub(crate) use notes::notes;

/// Everything that a timeline speaks of.
pub(crate) struct Report<'r> {
    pub(crate) order: &'r Order,
    pub(crate) rules: &'r Rules,
    pub(crate) sources: &'r [Source],
    pub(crate) tally: &'r Tally,
    pub(crate) troubles: &'r Told,
    /// Files that are no logs.
    pub(crate) others: u64,
}

impl Report<'_> {
    /// The name of a file.
    pub(crate) fn file(&self, at: u32) -> &str {
        self.sources.get(at as usize).map_or("", |source| &source.name)
    }
}

/// The shape that an order wants, after a look at whether its files can be written at all.
///
/// Faults: `hunt.output-kind` (`file`), `hunt.unwritable` (`file`, `what`).
pub(crate) fn shape(order: &Order) -> Result<Shape> {
    for path in order.output.iter().chain(&order.navigator) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if folder.is_some_and(|folder| !folder.is_dir()) || path.is_dir() {
            let missing = std::io::Error::from(std::io::ErrorKind::NotFound);
            return Err(unwritable(path, &missing));
        }
    }
    match (order.shape, &order.output) {
        (Some(shape), _) => Ok(shape),
        (None, Some(path)) => Shape::of(path),
        (None, None) => Ok(Shape::Table),
    }
}

/// Evidence is never written over. Fault: `hunt.output-is-input` (`file`).
pub(crate) fn spare_inputs(order: &Order, sources: &[Source]) -> Result<()> {
    for path in order.output.iter().chain(&order.navigator) {
        let Ok(real) = std::fs::canonicalize(path) else { continue };
        let same = |source: &Source| std::fs::canonicalize(&source.path).is_ok_and(|input| input == real);
        let name = path.file_name();
        if sources.iter().filter(|source| source.path.file_name() == name).any(same) {
            return Err(Fault::invalid("hunt.output-is-input").with("file", shown(path)));
        }
    }
    Ok(())
}

/// Writes the timeline and the layer. Fault: `hunt.unwritable` (`file`, `what`).
pub(crate) fn timeline(report: &Report<'_>, shape: Shape, rows: Sorted<Found>, stdout: &mut dyn Write) -> Result<()> {
    if let Some(path) = &report.order.navigator {
        let layer = navigator::layer(report);
        let text = serde_json::to_string_pretty(&layer).map_err(Fault::internal)?;
        std::fs::write(path, text).map_err(|error| unwritable(path, &error))?;
    }
    match &report.order.output {
        Some(path) => {
            let file = File::create(path).map_err(|error| unwritable(path, &error))?;
            let mut writer = BufWriter::with_capacity(1 << 16, file);
            write(report, shape, rows, &mut writer)?
                .and_then(|()| writer.flush())
                .map_err(|error| unwritable(path, &error))
        }
        None => {
            let mut writer = BufWriter::with_capacity(1 << 16, stdout);
            match write(report, shape, rows, &mut writer)?.and_then(|()| writer.flush()) {
                // Whoever reads on has seen enough: `khien detect … | head`.
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
                written => written.map_err(|error| unwritable(Path::new("-"), &error)),
            }
        }
    }
}

/// Our own faults outside, those of the file inside.
fn write(report: &Report<'_>, shape: Shape, rows: Sorted<Found>, to: &mut dyn Write) -> Result<std::io::Result<()>> {
    match shape {
        Shape::Table => table::write(report, rows, to),
        Shape::Csv => csv::write(report, rows, to),
        Shape::Ndjson => ndjson::write(report, rows, to),
        Shape::Html => html::write(report, rows, to),
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Fault {
    Fault::invalid("hunt.unwritable").with("file", shown(path)).with("what", error)
}

/// A moment in Vietnam's time, to the second: `22/11/2026 14:00:00`.
pub(crate) fn local(time: Option<DateTime<Utc>>) -> String {
    time.map(|time| time.with_timezone(&vietnam()).format("%d/%m/%Y %H:%M:%S").to_string()).unwrap_or_default()
}
