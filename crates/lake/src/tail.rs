//! The hot tail: events that are durable and not yet in the table, where every search finds them.
//!
//! First they are columns in memory (their bytes are in the journal), then files of columns beside the table
//! ([`crate::stage`]), then files of the table. Each step replaces what was there by one that holds the same
//! sequences of the journal, at once for all readers.
//!
//! **Invariant.** A reader takes the tail first and the table second, and leaves out of the tail what the table
//! says it holds: so it sees each event once, whatever is on its way meanwhile.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use chrono::NaiveDate;
use datafusion::arrow::array::{AsArray, Date32Array, RecordBatch};
use datafusion::arrow::compute::{concat_batches, min};
use datafusion::arrow::datatypes::{Date32Type, TimestampMicrosecondType};
use khien_base::{Fault, Result};
use tokio::sync::OwnedSemaphorePermit;

use crate::columns::READ_SCHEMA;
use crate::part::Part;

/// A chunk of fewer rows is small.
const SMALL: usize = 512;
/// So many small chunks in a row are put together.
const TOGETHER: usize = 32;
/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// Rows in memory, with the table's columns; the first and last sequence of the journal that they are.
#[derive(Debug)]
pub(crate) struct Chunk {
    first: u64,
    pub(crate) last: u64,
    pub(crate) rows: RecordBatch,
}

/// Rows in files of columns beside the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Staged {
    pub(crate) last: u64,
    pub(crate) parts: Vec<Arc<Part>>,
}

/// What a reader sees of the tail.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fresh {
    pub(crate) staged: Vec<Arc<Staged>>,
    pub(crate) chunks: Vec<Arc<Chunk>>,
}

#[derive(Debug, Default)]
struct State {
    staged: VecDeque<Arc<Staged>>,
    chunks: VecDeque<(Arc<Chunk>, Option<OwnedSemaphorePermit>)>,
    /// Chunks up to this sequence are being written to files, and are put together with later ones no more.
    sealed: u64,
}

/// The tail of one lake.
#[derive(Debug, Default)]
pub(crate) struct Tail(RwLock<State>);

/// Rows with the file's columns, and with the day that the table is parted by.
pub(crate) fn with_day(rows: &RecordBatch) -> Result<RecordBatch> {
    let times = rows.column_by_name("time").and_then(|it| it.as_primitive_opt::<TimestampMicrosecondType>());
    let times = times.ok_or_else(|| Fault::internal("rows without a time"))?;
    let days = times.values().iter().map(|at| i32::try_from(at.div_euclid(DAY)).unwrap_or(0));
    let mut columns = rows.columns().to_vec();
    columns.push(Arc::new(Date32Array::from_iter_values(days)));
    RecordBatch::try_new(Arc::clone(&READ_SCHEMA), columns).map_err(Fault::internal)
}

impl Chunk {
    /// One frame's rows, [`with_day`].
    pub(crate) fn new(sequence: u64, rows: RecordBatch) -> Self {
        Self { first: sequence, last: sequence, rows }
    }

    fn count(&self) -> usize {
        self.rows.num_rows()
    }

    fn joined(chunks: &[Arc<Self>]) -> Option<Self> {
        let rows = concat_batches(&chunks.first()?.rows.schema(), chunks.iter().map(|it| &it.rows)).ok()?;
        Some(Self { first: chunks.first()?.first, last: chunks.last()?.last, rows })
    }
}

impl Staged {
    /// Rows of all its files.
    pub(crate) fn rows(&self) -> u64 {
        self.parts.iter().map(|part| part.rows).sum()
    }

    /// Bytes of all its files.
    pub(crate) fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.size).sum()
    }
}

impl Fresh {
    /// Leaves out what the table holds.
    pub(crate) fn after(mut self, settled: u64) -> Self {
        self.staged.retain(|it| it.last > settled);
        self.chunks.retain(|it| it.last > settled);
        self
    }

    /// The files beside the table.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &Arc<Part>> {
        self.staged.iter().flat_map(|it| &it.parts)
    }

    /// The oldest day of the rows in memory.
    pub(crate) fn oldest(&self) -> Option<NaiveDate> {
        let days = self.chunks.iter().filter_map(|it| {
            let days = it.rows.columns().last()?.as_primitive_opt::<Date32Type>()?;
            min(days)
        });
        days.min().and_then(NaiveDate::from_epoch_days)
    }

    /// Rows of all that is here.
    pub(crate) fn rows(&self) -> u64 {
        let in_memory: usize = self.chunks.iter().map(|it| it.count()).sum();
        self.staged.iter().map(|it| it.rows()).sum::<u64>() + u64::try_from(in_memory).unwrap_or(0)
    }
}

impl Tail {
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is here now. To be asked for before the table's files.
    pub(crate) fn fresh(&self) -> Fresh {
        let state = self.read();
        Fresh {
            staged: state.staged.iter().cloned().collect(),
            chunks: state.chunks.iter().map(|(chunk, _)| Arc::clone(chunk)).collect(),
        }
    }

    /// Adds rows, which hold their room until they are in files. Small chunks are put together, so that many small
    /// appends do not become many small reads.
    pub(crate) fn push(&self, chunk: Chunk, room: Option<OwnedSemaphorePermit>) {
        let mut state = self.write();
        state.chunks.push_back((Arc::new(chunk), room));
        let (sealed, all) = (state.sealed, state.chunks.len());
        let small = state.chunks.iter().rev().take_while(|(it, _)| it.count() < SMALL && it.first > sealed).count();
        if small < TOGETHER {
            return;
        }
        let some: Vec<Arc<Chunk>> = state.chunks.iter().skip(all - small).map(|(it, _)| Arc::clone(it)).collect();
        let Some(joined) = Chunk::joined(&some) else { return };
        let rooms = state.chunks.drain(all - small..).filter_map(|(_, room)| room);
        let room = rooms.reduce(|mut one, other| {
            one.merge(other);
            one
        });
        state.chunks.push_back((Arc::new(joined), room));
    }

    /// The chunks that are in memory now, which from now on stay as they are.
    pub(crate) fn seal(&self) -> Vec<Arc<Chunk>> {
        let mut state = self.write();
        if let Some((last, _)) = state.chunks.back() {
            state.sealed = last.last;
        }
        state.chunks.iter().map(|(chunk, _)| Arc::clone(chunk)).collect()
    }

    /// Puts files in the place of the chunks that they hold.
    pub(crate) fn stage(&self, staged: Staged) {
        let mut state = self.write();
        while state.chunks.front().is_some_and(|(chunk, _)| chunk.last <= staged.last) {
            state.chunks.pop_front();
        }
        state.staged.push_back(Arc::new(staged));
    }

    /// Leaves out what the table now holds.
    pub(crate) fn settle(&self, settled: u64) {
        let mut state = self.write();
        while state.staged.front().is_some_and(|it| it.last <= settled) {
            state.staged.pop_front();
        }
    }

    /// Bytes of the files beside the table.
    pub(crate) fn staged_bytes(&self) -> u64 {
        self.read().staged.iter().map(|it| it.bytes()).sum()
    }

    /// Rows that are in memory.
    pub(crate) fn rows(&self) -> usize {
        self.read().chunks.iter().map(|(chunk, _)| chunk.count()).sum()
    }
}
