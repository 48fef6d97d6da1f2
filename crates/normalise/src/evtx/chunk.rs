//! A Windows event log file in pieces, for who reads several at once: its header, and chunks of 64 KiB that are each
//! read alone.

use std::sync::{Arc, LazyLock};

use chrono::{DateTime, Utc};
use evtx::{EvtxChunkData, ParserSettings};
use khien_base::{Fault, Record};

use super::{CHUNK, HEADER, MAGIC, because, fault, one};

static SETTINGS: LazyLock<Arc<ParserSettings>> = LazyLock::new(Arc::default);

/// A record of a chunk, rendered as JSON in the shape of the XML that Windows renders (`{"Event":{"System":…}}`).
#[derive(Debug)]
pub struct Rendered {
    /// The rendering: what [`crate::Lean`] reads.
    pub json: String,
    /// The number of the record in its log.
    pub number: u64,
    /// When it was written, by the record's own header.
    pub written: Option<DateTime<Utc>>,
}

impl Rendered {
    /// The record, read plainly. Fault: `logs.evtx-record` (`record`).
    pub fn record(self) -> Result<Record, Fault> {
        one(self.json, self.number, self.written)
    }
}

/// Bytes of the header of a Windows event log file; chunks begin behind it.
pub const EVTX_HEADER: usize = HEADER;
/// Bytes of a chunk of a Windows event log file.
pub const EVTX_CHUNK: usize = CHUNK;

/// How many chunks a file says that it has, from its first [`EVTX_HEADER`] bytes; a file may have more.
///
/// Faults: `logs.not-evtx`; `logs.evtx-truncated` (`bytes`) for a header that is cut short.
pub fn evtx_header(bytes: &[u8]) -> Result<u64, Fault> {
    if !bytes.starts_with(MAGIC) {
        return Err(Fault::invalid("logs.not-evtx"));
    }
    // [MS-EVEN6] leaves the file format to Windows; the count of chunks stands at offset 42, 16 bits, little end first.
    match bytes.get(42..44) {
        Some(&[low, high]) if bytes.len() >= HEADER => Ok(u64::from(u16::from_le_bytes([low, high]))),
        _ => Err(Fault::invalid("logs.evtx-truncated").with("bytes", bytes.len())),
    }
}

/// Reads one chunk, the `number`th of its file from 0, and hands each of its records to `take`. A chunk of zeros is empty.
///
/// Faults, each costing only itself: `logs.evtx-chunk` (`chunk`), `logs.evtx-record` (`record`, or `chunk` and `offset`).
pub fn evtx_chunk(bytes: Vec<u8>, number: u64, take: &mut dyn FnMut(Result<Rendered, Fault>)) {
    if bytes.iter().all(|byte| *byte == 0) {
        return;
    }
    let broken =
        |error: &dyn std::error::Error| because(Fault::invalid("logs.evtx-chunk").with("chunk", number), error);
    let mut data = match EvtxChunkData::new(bytes, false) {
        Ok(data) => data,
        Err(error) => return take(Err(broken(&error))),
    };
    data.number = Some(number);
    let mut chunk = match data.parse(Arc::clone(&SETTINGS)) {
        Ok(chunk) => chunk,
        Err(error) => return take(Err(broken(&error))),
    };
    for record in chunk.iter() {
        let rendered = record.and_then(evtx::EvtxRecord::into_json).map_err(|error| fault(&error));
        take(rendered.map(|rendered| Rendered {
            json: rendered.data,
            number: rendered.event_record_id,
            written: DateTime::from_timestamp_micros(rendered.timestamp.as_microsecond()),
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::public::{corpus, files};

    #[test]
    fn chunks_one_by_one_give_what_the_whole_file_gives() {
        let Some(folder) = corpus("evtx/attack-samples") else { return };
        let mut compared = 0;
        for file in files(&folder, "evtx").iter().step_by(7) {
            let bytes = std::fs::read(file).unwrap();
            let mut whole: Vec<Record> = crate::evtx(bytes.clone()).map(Result::unwrap).collect();
            assert!(evtx_header(&bytes[..EVTX_HEADER]).is_ok());
            let mut pieces = Vec::new();
            for (number, chunk) in bytes[EVTX_HEADER..].chunks(EVTX_CHUNK).enumerate() {
                evtx_chunk(chunk.to_vec(), number as u64, &mut |read| pieces.push(read.unwrap().record().unwrap()));
            }
            // Windows begins with the oldest chunk, wherever it lies; pieces come as they lie.
            let order = |record: &Record| record.raw.clone();
            whole.sort_by_key(order);
            pieces.sort_by_key(order);
            assert_eq!(whole, pieces, "{}", file.display());
            compared += whole.len();
        }
        assert!(compared > 500, "{compared}");
    }

    #[test]
    fn a_chunk_that_is_none_is_one_fault_and_zeros_are_empty() {
        let mut told = Vec::new();
        evtx_chunk(b"no chunk at all".to_vec(), 3, &mut |read| told.push(read.unwrap_err().to_string()));
        evtx_chunk(vec![0; EVTX_CHUNK], 4, &mut |read| told.push(read.unwrap_err().to_string()));
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("logs.evtx-chunk chunk=3"), "{told:?}");
    }

    #[test]
    fn a_header_is_told_from_other_bytes() {
        assert_eq!(evtx_header(b"PK\x03\x04").unwrap_err().code, "logs.not-evtx");
        assert_eq!(evtx_header(b"ElfFile\0 short").unwrap_err().code, "logs.evtx-truncated");
    }
}
