//! From a body or a file to the intake, batch by batch: what cannot be read is told and never stops the rest.

use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use futures::{Stream, StreamExt};
use khien_base::ports::{Intake, Whose};
use khien_base::{Fault, Kind, Record, Result};
use khien_normalise::{Format, Gunzip, Line, Splitter, apart, decode_stream, evtx, read_line, sniff};
use tokio::sync::mpsc;

use crate::sources::desk::Desk;

/// Records of one batch at most.
pub const BATCH: usize = 5_000;
/// Bytes of one batch, about.
const BATCH_BYTES: usize = 8 << 20;
/// Bytes of a body of lines, as sent.
pub const BODY_BYTES: usize = 64 << 20;
/// Bytes of a body of lines, unpacked.
pub const UNPACKED_BYTES: usize = 256 << 20;
/// Bytes of an EVTX file.
pub const EVTX_BYTES: usize = 256 << 20;
/// Unreadable records that are told one by one.
pub const TOLD: usize = 100;

/// What the feeding works with.
pub struct Work<'a> {
    /// Counts and rates.
    pub desk: &'a Desk,
    /// The way in.
    pub intake: &'a dyn Intake,
    /// Whose records they are.
    pub whose: Whose,
    /// When they came.
    pub now: DateTime<Utc>,
}

/// A record that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// Its line from 1, where it has one.
    pub line: Option<u64>,
    /// Why.
    pub fault: Fault,
}

/// What became of a body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Records that were taken: they survive a crash.
    pub accepted: u64,
    /// The first records that could not be read.
    pub failed: Vec<Failed>,
    /// How many could not be read.
    pub failed_total: u64,
}

impl Outcome {
    fn fail(&mut self, work: &Work<'_>, line: Option<u64>, fault: Fault, bytes: &[u8]) {
        work.desk.unreadable(work.whose, &fault, bytes, work.now);
        self.failed_total += 1;
        if self.failed.len() < TOLD {
            self.failed.push(Failed { line, fault });
        }
    }

    async fn take(&mut self, work: &Work<'_>, records: Vec<Record>) -> Result<()> {
        if !records.is_empty() {
            self.accepted += work.intake.take(work.whose, records).await? as u64;
        }
        Ok(())
    }
}

fn too_large(limit: usize) -> Fault {
    Fault::invalid("web.too-large").with("limit", limit >> 10)
}

/// Feeds a body of lines that is still coming.
///
/// Faults: `web.too-large`, `intake.broken-off` (the sender went away), those of gzip and of the intake. What was taken
/// until then stays; a sender that repeats the whole body makes no second alert.
pub async fn lines<B, E>(work: &Work<'_>, body: impl Stream<Item = Result<B, E>> + Send, gzip: bool) -> Result<Outcome>
where
    B: AsRef<[u8]>,
    E: std::fmt::Display,
{
    lines_within(work, body, gzip.then(|| Gunzip::new(UNPACKED_BYTES))).await
}

pub(super) async fn lines_within<B, E>(
    work: &Work<'_>,
    body: impl Stream<Item = Result<B, E>> + Send,
    mut gunzip: Option<Gunzip>,
) -> Result<Outcome>
where
    B: AsRef<[u8]>,
    E: std::fmt::Display,
{
    let mut body = std::pin::pin!(body);
    let mut feeding = Feeding::default();
    let mut came = 0;
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|error| Fault::unavailable("intake.broken-off", error))?;
        let piece = piece.as_ref();
        came += piece.len();
        if came > BODY_BYTES {
            return Err(too_large(BODY_BYTES));
        }
        // A piece of a packed body may hold thousands of lines: it is fed in parts.
        for part in piece.chunks(16 << 10) {
            match &mut gunzip {
                Some(gunzip) => gunzip.push(part, |out| feeding.splitter.push(out, &mut feeding.lines))?,
                None => feeding.splitter.push(part, &mut feeding.lines),
            }
            feeding.send(work, false).await?;
        }
    }
    if let Some(gunzip) = gunzip {
        gunzip.finish(|out| feeding.splitter.push(out, &mut feeding.lines))?;
    }
    feeding.splitter.finish(&mut feeding.lines);
    feeding.send(work, true).await?;
    Ok(feeding.outcome)
}

#[derive(Default)]
struct Feeding {
    splitter: Splitter,
    lines: Vec<Line>,
    outcome: Outcome,
}

impl Feeding {
    /// Hands whole batches on; everything, when it is the end.
    async fn send(&mut self, work: &Work<'_>, end: bool) -> Result<()> {
        loop {
            let Some(count) = full(&self.lines, end) else { return Ok(()) };
            let batch: Vec<Line> = self.lines.drain(..count).collect();
            let now = work.now;
            // Decoding thousands of lines would hold up other requests of this thread.
            let read = if count <= 50 { decode(batch, now) } else { off_thread(move || decode(batch, now)).await? };
            let mut records = Vec::with_capacity(read.len());
            for (line, bytes, outcome) in read {
                match outcome {
                    Ok(record) => records.push(record),
                    Err(fault) => self.outcome.fail(work, Some(line), fault, &bytes),
                }
            }
            self.outcome.take(work, records).await?;
        }
    }
}

/// How many lines make the next batch; none while it may still grow.
fn full(lines: &[Line], end: bool) -> Option<usize> {
    let mut bytes = 0;
    for (position, (_, line)) in lines.iter().enumerate() {
        bytes += line.as_ref().map_or(0, Vec::len);
        if position + 1 == BATCH || bytes >= BATCH_BYTES {
            return Some(position + 1);
        }
    }
    (end && !lines.is_empty()).then_some(lines.len())
}

type Decoded = (u64, Vec<u8>, Result<Record>);

/// The records of lines; a line may be an envelope of several.
fn decode(batch: Vec<Line>, now: DateTime<Utc>) -> Vec<Decoded> {
    let one = |number: u64, line: Vec<u8>| match read_line(&line, Format::Ndjson, now, number) {
        Ok(record) => (number, Vec::new(), Ok(record)),
        Err(fault) => (number, line, Err(fault)),
    };
    let mut decoded = Vec::with_capacity(batch.len());
    for (number, line) in batch {
        match line {
            Err(fault) => decoded.push((number, Vec::new(), Err(fault))),
            Ok(line) => match apart(&line) {
                Some(events) => decoded.extend(events.into_iter().map(|event| one(number, event))),
                None => decoded.push(one(number, line)),
            },
        }
    }
    decoded
}

async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Fault::internal)
}

/// Feeds a file that is here whole. `Auto` tells its format from its first bytes.
///
/// Faults: `web.too-large`, those of the intake; a file of which nothing could be read gives the first fault of its
/// records.
pub async fn file(work: &Work<'_>, bytes: impl Into<Vec<u8>>, format: Format) -> Result<Outcome> {
    let bytes: Vec<u8> = bytes.into();
    if bytes.len() > EVTX_BYTES {
        return Err(too_large(EVTX_BYTES));
    }
    let format = if format == Format::Auto { sniff(&bytes) } else { format };
    let (sender, mut batches) = mpsc::channel::<Vec<Result<Record>>>(2);
    let now = work.now;
    let reading = tokio::task::spawn_blocking(move || read(bytes, format, now, &sender));
    let mut outcome = Outcome::default();
    while let Some(batch) = batches.recv().await {
        let mut records = Vec::with_capacity(batch.len());
        for one in batch {
            match one {
                Ok(record) => records.push(record),
                Err(fault) => {
                    let line = fault.args.iter().find(|(name, _)| name == "line");
                    let line = line.and_then(|(_, number)| number.parse().ok());
                    outcome.fail(work, line, fault, b"");
                }
            }
        }
        outcome.take(work, records).await?;
    }
    reading.await.map_err(Fault::internal)?;
    match outcome.failed.first() {
        Some(first) if outcome.accepted == 0 && first.fault.kind == Kind::Invalid => {
            Err(first.fault.clone().on("file"))
        }
        _ => Ok(outcome),
    }
}

/// Reads a whole file and hands on batches; stops when nobody takes them any more.
fn read(bytes: Vec<u8>, format: Format, now: DateTime<Utc>, sender: &mpsc::Sender<Vec<Result<Record>>>) {
    let (mut batch, mut size) = (Vec::new(), 0);
    let mut take = |one: Result<Record>| {
        size += one.as_ref().map_or(0, |record| record.raw.len());
        batch.push(one);
        if batch.len() < BATCH && size < BATCH_BYTES {
            return ControlFlow::Continue(());
        }
        size = 0;
        match sender.blocking_send(std::mem::take(&mut batch)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    };
    if format == Format::Evtx {
        // Not through `decode_stream`, which would hold a second copy of the file.
        for one in evtx(bytes) {
            if take(one).is_break() {
                return;
            }
        }
    } else {
        decode_stream(Box::new(std::io::Cursor::new(bytes)), format, now, &mut take);
    }
    sender.blocking_send(batch).ok();
}
