//! Windows event log files (.evtx): the container, read chunk by chunk with the `evtx` crate.
//!
//! A file is a header of 4 KiB and chunks of 64 KiB. What is damaged costs only itself: a record that cannot be
//! read, a chunk whose header is broken, a file that ends early each give one coded fault, and the rest goes on.

use std::collections::VecDeque;
use std::error::Error;
use std::io::Cursor;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use evtx::err::{DeserializationError, EvtxError};
use evtx::{EvtxChunkData, EvtxParser, IntoIterChunks, ParserSettings};
use khien_base::{Fault, Record};
use serde_json::Value;

use crate::flatten;

mod chunk;

pub use chunk::{EVTX_CHUNK, EVTX_HEADER, Rendered, evtx_chunk, evtx_header};

/// Bytes of the file header block.
const HEADER: usize = 4096;
/// Bytes of a chunk.
const CHUNK: usize = 65_536;
/// What an EVTX file starts with.
pub(crate) const MAGIC: &[u8] = b"ElfFile\0";

/// The records of a Windows event log file, in the order that Windows reads them.
///
/// Faults: `logs.not-evtx`; `logs.evtx-chunk` with `chunk`; `logs.evtx-record` with `record` or with `chunk` and
/// `offset` in it; `logs.evtx-truncated` with `bytes` after the readable records of a file that ends early.
pub struct Evtx {
    chunks: Option<IntoIterChunks<Cursor<Vec<u8>>>>,
    settings: Arc<ParserSettings>,
    ready: VecDeque<Result<Record, Fault>>,
    last: Option<Fault>,
}

/// Reads a Windows event log file.
pub fn evtx(mut bytes: Vec<u8>) -> Evtx {
    let mut read =
        Evtx { chunks: None, settings: Arc::new(ParserSettings::default()), ready: VecDeque::new(), last: None };
    if !bytes.starts_with(MAGIC) {
        read.last = Some(Fault::invalid("logs.not-evtx"));
        return read;
    }
    let size = bytes.len();
    let truncated = || Fault::invalid("logs.evtx-truncated").with("bytes", size);
    let tail = size.saturating_sub(HEADER) % CHUNK;
    if size < HEADER {
        read.last = Some(truncated());
        return read;
    }
    if tail > 0 {
        // The file breaks off inside a chunk. Filled up with zeros, the chunk gives the records before the break.
        bytes.resize(size - tail + CHUNK, 0);
        read.last = Some(truncated());
    }
    let held = (bytes.len() - HEADER) / CHUNK;
    match EvtxParser::from_buffer(bytes) {
        Ok(parser) => {
            if usize::from(parser.header().chunk_count) > held {
                read.last = Some(truncated());
            }
            read.chunks = Some(parser.into_chunks());
        }
        Err(error) => read.last = Some(because(Fault::invalid("logs.not-evtx"), &error)),
    }
    read
}

impl Iterator for Evtx {
    type Item = Result<Record, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(ready) = self.ready.pop_front() {
                return Some(ready);
            }
            match self.chunks.as_mut().and_then(Iterator::next) {
                Some(Ok(chunk)) => self.read(chunk),
                Some(Err(error)) => return Some(Err(fault(&error))),
                None => {
                    self.chunks = None;
                    return self.last.take().map(Err);
                }
            }
        }
    }
}

impl Evtx {
    fn read(&mut self, mut data: EvtxChunkData) {
        let number = data.number;
        let mut chunk = match data.parse(Arc::clone(&self.settings)) {
            Ok(chunk) => chunk,
            Err(error) => {
                let fault = Fault::invalid("logs.evtx-chunk").with("chunk", number.unwrap_or(0));
                self.ready.push_back(Err(because(fault, &error)));
                return;
            }
        };
        for record in chunk.iter() {
            let record = record.and_then(|r| r.into_json()).map_err(|e| fault(&e));
            self.ready.push_back(record.and_then(|r| {
                let written = DateTime::from_timestamp_micros(r.timestamp.as_microsecond());
                one(r.data, r.event_record_id, written)
            }));
        }
    }
}

/// A record out of its rendering as JSON.
fn one(raw: String, record: u64, written: Option<DateTime<Utc>>) -> Result<Record, Fault> {
    let broken = |cause: String| {
        let mut fault = Fault::invalid("logs.evtx-record").with("record", record);
        fault.cause = Some(cause);
        fault
    };
    let value: Value = serde_json::from_str(&raw).map_err(|e| broken(e.to_string()))?;
    let event = value.get("Event").and_then(Value::as_object).ok_or_else(|| broken("no Event".into()))?;
    let mut made = flatten::nested(event, raw);
    made.time = made.time.or(written);
    Ok(made)
}

/// What the crate says of a damage, with the place where it is.
fn fault(error: &EvtxError) -> Fault {
    let fault = match error {
        EvtxError::FailedToParseChunk { chunk_id, .. } => Fault::invalid("logs.evtx-chunk").with("chunk", chunk_id),
        EvtxError::FailedToParseRecord { record_id, .. } => {
            Fault::invalid("logs.evtx-record").with("record", record_id)
        }
        EvtxError::FailedToReadRecordAt { chunk, offset, .. } => {
            Fault::invalid("logs.evtx-record").with("chunk", chunk.unwrap_or(0)).with("offset", offset)
        }
        EvtxError::DeserializationError(DeserializationError::InvalidEvtxFileHeaderMagic { .. }) => {
            Fault::invalid("logs.not-evtx")
        }
        _ => Fault::invalid("logs.evtx-record"),
    };
    because(fault, error)
}

/// The fault with the whole chain of causes, for the log.
fn because(mut fault: Fault, error: &dyn Error) -> Fault {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        said.push_str(": ");
        said.push_str(&inner.to_string());
        source = inner.source();
    }
    fault.cause = Some(said);
    fault
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_event_log_gives_one_fault() {
        for bytes in [b"".to_vec(), b"PK\x03\x04 a zip".to_vec()] {
            let read: Vec<_> = evtx(bytes).collect();
            assert_eq!(read.len(), 1);
            assert_eq!(read[0].as_ref().unwrap_err().code, "logs.not-evtx");
        }
    }

    #[test]
    fn a_header_cut_short_is_said_to_be_truncated() {
        let read: Vec<_> = evtx(b"ElfFile\0 and then nothing".to_vec()).collect();
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].as_ref().unwrap_err().code, "logs.evtx-truncated");
    }
}
