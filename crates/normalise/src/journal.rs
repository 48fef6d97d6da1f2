//! The journal's export format: `FIELD=value` lines, binary values with their length, an empty line after each entry.
//! `journalctl -o export` writes it, and systemd-journal-upload sends it.
//!
//! Source: systemd, "Journal Export Formats".

use std::io::{BufRead, ErrorKind, Read};
use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use khien_base::{Fault, Record};
use serde_json::{Map, Value};

use crate::decode::LONGEST_LINE;
use crate::ndjson;

/// Most fields of one entry; the journal itself takes no more than 1,024.
const FIELDS: usize = 1024;
/// Longest name of a field; the journal's own limit is 64.
const NAME: usize = 256;

/// Whether a file begins like an export.
pub(crate) fn starts(head: &[u8]) -> bool {
    [&b"__CURSOR="[..], b"__REALTIME_TIMESTAMP=", b"__MONOTONIC_TIMESTAMP="].iter().any(|name| head.starts_with(name))
}

/// Entries of an export.
struct Entries<R> {
    reader: R,
    count: u64,
    fields: Map<String, Value>,
    bytes: usize,
    /// The entry is longer than the limit, or has more fields than the journal takes.
    long: bool,
}

/// What a step of reading found.
enum Step {
    Field,
    Entry,
    End,
}

/// Reads all entries. An entry longer than a line may be is a fault and passed over. Faults: `logs.journal` (`entry`,
/// from 1) for what is no field, after which nothing tells where the next one begins; `logs.line-too-long` (`line` is
/// the entry), `logs.unreadable`.
pub(crate) fn read(
    reader: impl BufRead,
    received: DateTime<Utc>,
    take: &mut dyn FnMut(Result<Record, Fault>) -> ControlFlow<()>,
) {
    let mut entries = Entries { reader, count: 0, fields: Map::new(), bytes: 0, long: false };
    loop {
        let (ended, last) = match entries.step() {
            Ok(Step::Field) => continue,
            Ok(Step::Entry) => (entries.entry(received), false),
            Ok(Step::End) => (entries.entry(received), true),
            Err(fault) => {
                let _ = take(Err(fault));
                return;
            }
        };
        let stop = ended.is_some_and(|read| take(read).is_break());
        if stop || last {
            return;
        }
    }
}

impl<R: BufRead> Entries<R> {
    fn step(&mut self) -> Result<Step, Fault> {
        let mut line = Vec::new();
        let more = self.line(&mut line)?;
        if line.is_empty() {
            return Ok(if more { Step::Entry } else { Step::End });
        }
        match memchr::memchr(b'=', &line) {
            Some(at) => {
                let (name, value) = line.split_at_checked(at).unwrap_or_default();
                self.put(name, value.get(1..).unwrap_or_default())?;
            }
            None => self.binary(&line)?,
        }
        Ok(Step::Field)
    }

    /// Reads up to a line feed; whether there was one. Of a longer line only its begin is kept.
    fn line(&mut self, line: &mut Vec<u8>) -> Result<bool, Fault> {
        loop {
            let buffer = match self.reader.fill_buf() {
                Ok(buffer) => buffer,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(Fault::unavailable("logs.unreadable", error)),
            };
            if buffer.is_empty() {
                return Ok(false);
            }
            let end = memchr::memchr(b'\n', buffer);
            let part = buffer.get(..end.unwrap_or(buffer.len())).unwrap_or_default();
            let room = LONGEST_LINE.saturating_sub(line.len());
            self.long |= part.len() > room;
            line.extend_from_slice(part.get(..part.len().min(room)).unwrap_or_default());
            let used = end.map_or(buffer.len(), |end| end + 1);
            self.reader.consume(used);
            if end.is_some() {
                return Ok(true);
            }
        }
    }

    /// The value of a name without `=`: eight bytes of length, little-endian, the bytes, a line feed.
    fn binary(&mut self, name: &[u8]) -> Result<(), Fault> {
        let mut length = [0; 8];
        self.reader.read_exact(&mut length).map_err(|_| self.broken())?;
        let length = u64::from_le_bytes(length);
        let kept = length.min((LONGEST_LINE.saturating_sub(self.bytes)) as u64);
        let mut value = Vec::new();
        let unreadable = |error| Fault::unavailable("logs.unreadable", error);
        self.reader.by_ref().take(kept).read_to_end(&mut value).map_err(unreadable)?;
        if kept < length {
            self.long = true;
            std::io::copy(&mut self.reader.by_ref().take(length - kept), &mut std::io::sink()).map_err(unreadable)?;
        }
        let mut end = [0];
        self.reader.read_exact(&mut end).map_err(|_| self.broken())?;
        if value.len() as u64 != kept || end != [b'\n'] {
            return Err(self.broken());
        }
        self.put(name, &value)
    }

    fn put(&mut self, name: &[u8], value: &[u8]) -> Result<(), Fault> {
        let name = std::str::from_utf8(name).ok().filter(|name| !name.is_empty() && name.len() <= NAME);
        let name = name.ok_or_else(|| self.broken())?;
        self.bytes += name.len() + value.len() + 2;
        if self.bytes > LONGEST_LINE || self.fields.len() >= FIELDS {
            self.long = true;
            self.fields.clear();
        }
        if self.long {
            return Ok(());
        }
        let value = Value::from(String::from_utf8_lossy(value).into_owned());
        // A field may come more than once: then it is a list, as in the journal's JSON.
        match self.fields.get_mut(name) {
            None => drop(self.fields.insert(name.to_owned(), value)),
            Some(Value::Array(before)) => before.push(value),
            Some(before) => *before = Value::Array(vec![before.take(), value]),
        }
        Ok(())
    }

    fn broken(&self) -> Fault {
        Fault::invalid("logs.journal").with("line", self.count + 1)
    }

    /// The record of what was gathered; `None` between two empty lines.
    fn entry(&mut self, received: DateTime<Utc>) -> Option<Result<Record, Fault>> {
        let fields = std::mem::take(&mut self.fields);
        self.bytes = 0;
        if std::mem::take(&mut self.long) {
            self.count += 1;
            let fault = Fault::invalid("logs.line-too-long").with("line", self.count);
            return Some(Err(fault.with("limit", LONGEST_LINE)));
        }
        if fields.is_empty() {
            return None;
        }
        self.count += 1;
        let raw = serde_json::to_string(&fields).unwrap_or_default();
        let mut record = ndjson::of_object(fields, raw);
        record.time = record.time.or(Some(received));
        Some(Ok(record))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(bytes: &[u8]) -> Vec<Result<Record, Fault>> {
        let mut read_ = Vec::new();
        read(bytes, DateTime::UNIX_EPOCH, &mut |record| {
            read_.push(record);
            ControlFlow::Continue(())
        });
        read_
    }

    fn entry(message: &[u8]) -> Vec<u8> {
        let mut bytes = b"__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=1781053200500000\n_HOSTNAME=may1\nPRIORITY=6\nSYSLOG_IDENTIFIER=sshd\n_PID=7\nMESSAGE\n".to_vec();
        bytes.extend((message.len() as u64).to_le_bytes());
        bytes.extend(message);
        bytes.extend(b"\n\n");
        bytes
    }

    #[test]
    fn entries_with_binary_values_are_read_by_the_parser_of_their_program() {
        let mut bytes = entry(b"Failed password for root from 203.0.113.7 port 40022 ssh2");
        bytes.extend(entry("hai dòng\nmột thông báo".as_bytes()));
        let records: Vec<_> = all(&bytes).into_iter().map(Result::unwrap).collect();
        assert_eq!(records.len(), 2);
        assert_eq!(records[0].fields["_parser"], "sshd/failed");
        assert_eq!((records[0].hot.user.as_deref(), records[0].hot.host.as_deref()), (Some("root"), Some("may1")));
        assert_eq!(records[0].time.unwrap().timestamp_millis(), 1_781_053_200_500);
        assert_eq!(records[1].fields["message"], "hai dòng\nmột thông báo");
    }

    #[test]
    fn what_breaks_off_or_is_too_long_is_told() {
        let mut bytes = entry(&vec![b'x'; LONGEST_LINE]);
        bytes.extend(entry(b"next"));
        let read = all(&bytes);
        assert_eq!(read[0].as_ref().unwrap_err().to_string(), "logs.line-too-long line=1 limit=1048576");
        assert_eq!(read[1].as_ref().unwrap().fields["message"], "next");
        bytes.truncate(bytes.len() - 4);
        assert_eq!(all(&bytes)[1].as_ref().unwrap_err().to_string(), "logs.journal line=2");
    }

    proptest! {
        #[test]
        fn no_bytes_stop_it(parts in prop::collection::vec(prop::sample::select(vec![
            &b"A=1\n"[..], b"MESSAGE\n", b"\x03\0\0\0\0\0\0\0", b"abc\n", b"\n", b"=", b"\xff\xff\xff\xff\xff\xff\xff\xff", b"PRIORITY=6\n",
        ]), 0..24)) {
            let bytes = parts.concat();
            prop_assert!(all(&bytes).len() <= bytes.len() + 1);
        }
    }
}
