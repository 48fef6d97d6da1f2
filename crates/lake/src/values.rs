//! The values of a column or field that come most often.
//!
//! Columns whose texts come again and again are read as views of a file's dictionary: equal views are equal texts, so a
//! text is looked at once for each row group, and a row costs one look-up of 16 bytes. Other columns, and fields, are
//! grouped by the engine.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, RecordBatch, StringViewArray};
use datafusion::arrow::buffer::Buffer;
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::{Expr, col, lit};
use datafusion::physical_plan::SendableRecordBatchStream;
use datafusion::prelude::SessionContext;
use futures::StreamExt;
use khien_base::filter::Name;
use khien_base::ports::{Search, Values};
use khien_base::{Fault, Result};
use tokio::task::JoinSet;

use crate::columns::{TABLE_SCHEMA, texts};
use crate::engine::fault;
use crate::filter::value;
use crate::scan::EventsTable;
use crate::search::{conditions, filtered, too_many};

/// Values that are given at most.
const VALUES: usize = 1_000;

/// The values that come most often: one pass; of all values no more are kept in the end than are asked for.
pub(crate) async fn values(
    context: SessionContext,
    table: Arc<EventsTable>,
    query: Search,
    of: Name,
    most: usize,
) -> Result<Values> {
    if most == 0 || most > VALUES {
        return Err(too_many("lake.values", VALUES));
    }
    let all = conditions(&query)?;
    match column(&of) {
        Some(column) => viewed(context, table, column, &all, most).await,
        None => grouped(context, table, &of, &all, most).await,
    }
}

/// The column, where its texts are read as views.
fn column(of: &Name) -> Option<&'static str> {
    let Name::Column(column) = of else { return None };
    let kind = TABLE_SCHEMA.field_with_name(column.name).ok()?.data_type();
    (*kind == DataType::Utf8View).then_some(column.name)
}

/// The most frequent so far.
struct Top {
    most: usize,
    /// The least frequent on top; of equally frequent ones the first by the alphabet stay.
    heap: BinaryHeap<(Reverse<u64>, String)>,
    found: Values,
}

impl Top {
    fn new(most: usize) -> Self {
        Self { most, heap: BinaryHeap::new(), found: Values { rows: Vec::new(), having: 0, total: 0 } }
    }

    fn add(&mut self, text: Option<&str>, events: u64) {
        self.found.total += events;
        // Nothing and an empty text are no values.
        let Some(text) = text.filter(|text| !text.is_empty()) else { return };
        self.found.having += events;
        let last = self.heap.peek().filter(|_| self.heap.len() >= self.most);
        if last.is_none_or(|(least, last)| (Reverse(events), text) < (*least, last.as_str())) {
            self.heap.push((Reverse(events), text.to_owned()));
            if self.heap.len() > self.most {
                self.heap.pop();
            }
        }
    }

    fn done(mut self) -> Values {
        let rows = self.heap.into_sorted_vec().into_iter();
        self.found.rows = rows.map(|(events, text)| (text, events.0)).collect();
        self.found
    }
}

async fn grouped(
    context: SessionContext,
    table: Arc<EventsTable>,
    of: &Name,
    all: &[Expr],
    most: usize,
) -> Result<Values> {
    let grouped = filtered(&context, &table, all)?
        .select(vec![value(of).alias("value")])
        .and_then(|frame| frame.aggregate(vec![col("value")], vec![count(lit(1_i64)).alias("events")]))
        .map_err(fault)?;
    let mut batches = grouped.execute_stream().await.map_err(fault)?;
    let mut top = Top::new(most);
    while let Some(batch) = batches.next().await {
        let batch = batch.map_err(fault)?;
        let texts = batch.column_by_name("value").and_then(texts);
        let events = batch.column_by_name("events").and_then(|column| column.as_primitive_opt::<Int64Type>());
        let (Some(texts), Some(events)) = (texts, events) else { return Err(Fault::internal("values without counts")) };
        for (text, events) in texts.zip(events.values()) {
            top.add(text, u64::try_from(*events).unwrap_or(0));
        }
    }
    Ok(top.done())
}

async fn viewed(
    context: SessionContext,
    table: Arc<EventsTable>,
    column: &str,
    all: &[Expr],
    most: usize,
) -> Result<Values> {
    let frame = filtered(&context, &table, all)?.select_columns(&[column]).map_err(fault)?;
    let mut work: JoinSet<Result<Counted>> = JoinSet::new();
    for stream in frame.execute_stream_partitioned().await.map_err(fault)? {
        work.spawn(counted(stream));
    }
    let mut counts = Counted::default();
    while let Some(done) = work.join_next().await {
        counts.merge(done.map_err(Fault::internal)??);
    }
    let mut top = Top::new(most);
    top.add(None, counts.nothing);
    for (text, at) in &counts.texts {
        top.add(Some(text), counts.events.get(*at).copied().unwrap_or(0));
    }
    Ok(top.done())
}

async fn counted(mut batches: SendableRecordBatchStream) -> Result<Counted> {
    let mut counts = Counted::default();
    while let Some(batch) = batches.next().await {
        counts.add(&batch.map_err(fault)?)?;
    }
    counts.add_up();
    Ok(counts)
}

/// Counts of one stream.
#[derive(Default)]
struct Counted {
    /// Where each text is counted.
    texts: HashMap<String, usize>,
    events: Vec<u64>,
    nothing: u64,
    /// Where the text of each view is counted, and how often the view came since this was added up. Views into buffers
    /// mean the same as long as the buffers of the last batch are the same.
    views: HashMap<u128, (usize, u64), Mixing>,
    /// The last batch. It is held, so that no other buffer can lie where its buffers lie.
    last: Option<StringViewArray>,
}

impl Counted {
    fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        let column = batch.columns().first().and_then(|column| column.as_string_view_opt());
        let column = column.ok_or_else(|| Fault::internal("values without views"))?;
        if self.last.as_ref().is_none_or(|last| !same_buffers(last, column)) {
            self.add_up();
        }
        match column.nulls() {
            None => column.views().iter().enumerate().for_each(|(row, view)| self.count(column, row, *view)),
            Some(nulls) => {
                for row in nulls.valid_indices() {
                    column.views().get(row).into_iter().for_each(|view| self.count(column, row, *view));
                }
                self.nothing += nulls.null_count() as u64;
            }
        }
        self.last = Some(column.clone());
        Ok(())
    }

    fn count(&mut self, column: &StringViewArray, row: usize, view: u128) {
        match self.views.get_mut(&view) {
            Some((_, times)) => *times += 1,
            None => {
                let at = self.place(column.value(row));
                self.views.insert(view, (at, 1));
            }
        }
    }

    /// Adds up what was counted by views, and forgets those that will mean something else.
    fn add_up(&mut self) {
        for (at, times) in self.views.values_mut() {
            if let Some(events) = self.events.get_mut(*at) {
                *events += std::mem::take(times);
            }
        }
        self.views.retain(|view, _| is_inline(*view));
    }

    /// Where a text is counted.
    fn place(&mut self, text: &str) -> usize {
        if let Some(at) = self.texts.get(text) {
            return *at;
        }
        self.texts.insert(text.to_owned(), self.events.len());
        self.events.push(0);
        self.events.len() - 1
    }

    fn merge(&mut self, other: Self) {
        self.nothing += other.nothing;
        for (text, at) in other.texts {
            let here = self.place(&text);
            if let (Some(sum), Some(events)) = (self.events.get_mut(here), other.events.get(at)) {
                *sum += events;
            }
        }
    }
}

/// Whether a view has its text in itself: up to 12 bytes (Arrow columnar format, "Variable-size Binary View Layout").
fn is_inline(view: u128) -> bool {
    let [a, b, c, d, ..] = view.to_le_bytes();
    u32::from_le_bytes([a, b, c, d]) <= 12
}

/// Whether views into these mean the same texts.
fn same_buffers(one: &StringViewArray, other: &StringViewArray) -> bool {
    let (one, other) = (one.data_buffers(), other.data_buffers());
    let same = |(a, b): (&Buffer, &Buffer)| a.as_ptr() == b.as_ptr() && a.len() == b.len();
    one.len() == other.len() && one.iter().zip(other.iter()).all(same)
}

/// Hashes views by one multiplication, from a start that nobody outside knows.
#[derive(Clone)]
struct Mixing(u128);

impl Default for Mixing {
    fn default() -> Self {
        let random = RandomState::new();
        Self(joined(random.hash_one(0), random.hash_one(1)))
    }
}

impl BuildHasher for Mixing {
    type Hasher = Mixed;

    fn build_hasher(&self) -> Mixed {
        Mixed { start: self.0, hash: 0 }
    }
}

struct Mixed {
    start: u128,
    hash: u64,
}

/// The low and the high half of a number.
fn halves(number: u128) -> (u64, u64) {
    let [a, b, c, d, e, f, g, h, high @ ..] = number.to_le_bytes();
    (u64::from_le_bytes([a, b, c, d, e, f, g, h]), u64::from_le_bytes(high))
}

fn joined(low: u64, high: u64) -> u128 {
    u128::from(high) << 64 | u128::from(low)
}

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.hash
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u128(u128::from(*byte)));
    }

    fn write_u128(&mut self, view: u128) {
        // The half of a product that is thrown away elsewhere has what the other lacks (wyhash).
        let (low, high) = halves(view ^ self.start ^ u128::from(self.hash));
        let (low, high) = halves(u128::from(low) * u128::from(high));
        self.hash = low ^ high;
    }
}
