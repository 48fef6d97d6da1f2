//! Reading of the tables: which rows of which files conditions may find.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use datafusion::catalog::Session;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use datafusion::error::Result as Outcome;
use datafusion::parquet::arrow::arrow_reader::{RowSelection, RowSelector};
use futures::{StreamExt, TryStreamExt, stream};
use object_store::ObjectStore;

use super::{KEY, Question, Skip, Table};
use crate::part::Part;

/// Files that are asked at once.
const AT_ONCE: usize = 8;
/// Bytes of a file's end that are read at once for its footer.
pub(crate) const FOOTER: usize = 64 * 1024;

/// A file, and which of its rows are to be read; all of them where that is `None`.
#[derive(Debug, Clone)]
pub(crate) struct Chosen {
    pub(crate) part: Arc<Part>,
    pub(crate) rows: Option<RowSelection>,
}

/// The files that may hold what is asked for, in their order.
pub(crate) async fn narrowed(
    state: &dyn Session,
    store: &Arc<dyn ObjectStore>,
    parts: Vec<Arc<Part>>,
    question: &Question,
    file: impl Fn(&Part) -> PartitionedFile,
) -> Outcome<Vec<Chosen>> {
    let asked = parts.into_iter().map(|part| {
        let file = file(&part);
        async move {
            let skip = match part.skip.0.get() {
                Some(skip) => skip,
                None => {
                    let told = of_footer(state, store, &part, &file).await?;
                    part.skip.0.get_or_init(|| told)
                }
            };
            let Some(skip) = skip else { return Ok(Some(Chosen { rows: None, part })) };
            let blocks = blocks(store.as_ref(), &file, skip, question).await?;
            Ok(match skip.rows_of(&blocks) {
                Rows::All => Some(Chosen { rows: None, part }),
                Rows::None => None,
                Rows::Some(rows) => Some(Chosen { rows: Some(rows), part }),
            })
        }
    });
    let kept = stream::iter(asked).buffered(AT_ONCE).try_filter_map(|chosen| async { Ok(chosen) });
    kept.try_collect().await
}

/// What the file's footer says of its tables; the footer is kept for whoever reads the file next.
async fn of_footer(
    state: &dyn Session,
    store: &Arc<dyn ObjectStore>,
    part: &Part,
    file: &PartitionedFile,
) -> Outcome<Option<Skip>> {
    let cache = state.runtime_env().cache_manager.get_file_metadata_cache();
    let metadata = DFParquetMetadata::new(store, &file.object_meta)
        .with_metadata_size_hint(Some(FOOTER))
        .with_file_metadata_cache(Some(cache))
        .fetch_metadata()
        .await?;
    let mut keys = metadata.file_metadata().key_value_metadata().into_iter().flatten();
    Ok(keys.find(|pair| pair.key == KEY).and_then(|pair| Skip::told(pair.value.as_deref()?, part)))
}

/// The bits of the blocks that may hold what is asked for.
async fn blocks(store: &dyn ObjectStore, file: &PartitionedFile, skip: &Skip, question: &Question) -> Outcome<Vec<u8>> {
    let mut wanted = BTreeMap::new();
    skip.wanted(question, &mut wanted);
    let ranges: Vec<Range<u64>> = wanted.values().cloned().collect();
    let read = store.get_ranges(&file.object_meta.location, &ranges).await?;
    let rows: BTreeMap<u64, &[u8]> = wanted.into_keys().zip(read.iter().map(AsRef::as_ref)).collect();
    Ok(skip.answer(question, &rows))
}

/// Which rows of a file.
#[derive(Debug, PartialEq)]
enum Rows {
    All,
    None,
    Some(RowSelection),
}

impl Skip {
    /// Where the rows of bits of these places of a column start.
    fn starts(&self, column: &str, places: &[u16]) -> Option<impl Iterator<Item = u64>> {
        let table: &Table = self.tables.iter().find(|table| table.column == column)?;
        let width = self.width();
        Some(places.iter().map(move |place| table.at + (u64::from(*place) & (table.places - 1)) * width))
    }

    /// The rows of bits that the answer needs, by their start.
    fn wanted(&self, question: &Question, ranges: &mut BTreeMap<u64, Range<u64>>) {
        match question {
            Question::All(parts) | Question::Any(parts) => parts.iter().for_each(|part| self.wanted(part, ranges)),
            Question::Has(column, places) => {
                for start in self.starts(column, places).into_iter().flatten() {
                    ranges.insert(start, start..start + self.width());
                }
            }
        }
    }

    /// The bits of the blocks that may hold what is asked for.
    fn answer(&self, question: &Question, rows: &BTreeMap<u64, &[u8]>) -> Vec<u8> {
        let width = usize::try_from(self.width()).unwrap_or(0);
        let all = || vec![u8::MAX; width];
        let joined = |mut bits: Vec<u8>, more: &[u8], join: fn(u8, u8) -> u8| {
            bits.iter_mut().zip(more).for_each(|(bit, more)| *bit = join(*bit, *more));
            bits
        };
        match question {
            Question::All(parts) => {
                parts.iter().fold(all(), |bits, part| joined(bits, &self.answer(part, rows), |a, b| a & b))
            }
            Question::Any(parts) => {
                parts.iter().fold(vec![0; width], |bits, part| joined(bits, &self.answer(part, rows), |a, b| a | b))
            }
            Question::Has(column, places) => {
                let starts = self.starts(column, places).into_iter().flatten();
                starts.filter_map(|start| rows.get(&start)).fold(all(), |bits, row| joined(bits, row, |a, b| a & b))
            }
        }
    }

    /// The rows of these blocks.
    fn rows_of(&self, bits: &[u8]) -> Rows {
        let mut selectors: Vec<RowSelector> = Vec::new();
        for block in 0..self.blocks() {
            let byte = usize::try_from(block / 8).ok().and_then(|at| bits.get(at)).copied().unwrap_or(u8::MAX);
            let skip = byte >> (block % 8) & 1 == 0;
            let rows = usize::try_from(self.block.min(self.rows - block * self.block)).unwrap_or(usize::MAX);
            match selectors.last_mut() {
                Some(last) if last.skip == skip => last.row_count += rows,
                _ => selectors.push(if skip { RowSelector::skip(rows) } else { RowSelector::select(rows) }),
            }
        }
        match selectors.as_slice() {
            [] => Rows::All,
            [all] if !all.skip => Rows::All,
            [_] => Rows::None,
            _ => Rows::Some(selectors.into()),
        }
    }
}
