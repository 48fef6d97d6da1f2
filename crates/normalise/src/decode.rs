//! Bytes of a known or unknown format to records, line by line, in bounded memory.

use std::borrow::Cow;
use std::io::{BufRead, BufReader, Read};
use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use khien_base::pool::Pool;
use khien_base::{Fault, Record};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Documents, Lean, Series, evtx, journal, ndjson, syslog, wide, xmlfile};

/// Longest line that is read, in bytes (1 MiB).
pub const LONGEST_LINE: usize = 1 << 20;
/// Largest Windows event log file that is read, in bytes (1 GiB): it is held in memory whole.
pub const LARGEST_EVTX: u64 = 1 << 30;
/// Readers that are kept with what they know of shapes, 20 MiB each at most.
const READERS_KEPT: usize = 8;
/// Bytes that [`sniff`] wants to see, when there are so many.
pub const HEAD: usize = 4096;

/// How log bytes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Windows event log file.
    Evtx,
    /// One JSON object per line; in a file also a list of objects, or objects over many lines.
    Ndjson,
    /// RFC 5424, RFC 3164, or a plain line of a known program (auditd).
    Syslog,
    /// Access log of a web server, combined format.
    Weblog,
    /// The journal's export format: a file without lines.
    Journal,
    /// Windows events as XML, one after the other.
    Xml,
    /// Told from the bytes: a file by its head, a line by itself.
    Auto,
}

/// Tells the format from the first bytes; never `Auto`. What looks like nothing else is syslog, which takes any text.
pub fn sniff(head: &[u8]) -> Format {
    if head.starts_with(evtx::MAGIC) {
        return Format::Evtx;
    }
    if journal::starts(head) {
        return Format::Journal;
    }
    if xmlfile::starts(head) {
        return Format::Xml;
    }
    if Documents::starts(head) {
        return Format::Ndjson;
    }
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let line = head.split(|b| *b == b'\n').next().unwrap_or_default();
    if line.starts_with(b"{") {
        return Format::Ndjson;
    }
    // `address identity user [time] "request"`, with or without the host in front; syslog has no such bracket.
    let text = String::from_utf8_lossy(line.get(..line.len().min(512)).unwrap_or_default());
    let is_weblog = !text.starts_with('<')
        && text.split_once(" [").is_some_and(|(who, rest)| {
            (3..=4).contains(&who.split(' ').count())
                && rest.contains("] \"")
                && rest.starts_with(|c: char| c.is_ascii_digit())
        });
    if is_weblog { Format::Weblog } else { Format::Syslog }
}

/// Reads one line (without its line feed). `received` gives the year to times without one; `line_no` is told in
/// faults, from 1. Text that is not UTF-8 keeps its readable part, and the record says `_invalid_utf8: true`.
///
/// Faults: `logs.line-too-long` (`line`, `limit`), `logs.line-empty` (`line`), `logs.json…` (see `ndjson`), and
/// `logs.binary-line` (`line`) for [`Format::Evtx`], which has no lines.
pub fn decode_line(line: &[u8], format: Format, received: DateTime<Utc>, line_no: u64) -> Result<Record, Fault> {
    if line.len() > LONGEST_LINE {
        return Err(too_long(line_no));
    }
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let text = str::from_utf8(line).map_or_else(|_| String::from_utf8_lossy(line), Cow::Borrowed);
    // NUL ends a C string: senders put it at the end of datagrams.
    let text_line = text.trim_end_matches(['\n', '\r', '\0']).trim_start_matches('\u{feff}');
    if text_line.trim().is_empty() {
        return Err(Fault::invalid("logs.line-empty").with("line", line_no));
    }
    let format = if format == Format::Auto { sniff(line) } else { format };
    let mut record = match format {
        Format::Evtx => return Err(Fault::invalid("logs.binary-line").with("line", line_no)),
        Format::Ndjson => ndjson::record(text_line, line_no)?,
        Format::Weblog => {
            let fields = Map::from_iter([("message".to_owned(), Value::from(text_line))]);
            syslog::finish(None, None, text_line.to_owned(), fields)
        }
        // An event in XML may stand in one line; it is looked for in any text.
        Format::Syslog | Format::Auto | Format::Xml | Format::Journal => syslog::record(text_line, received),
    };
    if matches!(text, Cow::Owned(_)) {
        record.fields.insert("_invalid_utf8".into(), Value::Bool(true));
    }
    Ok(record)
}

/// What [`decode_line`] reads, read without a tree where that is possible: most Windows events in JSON.
pub fn read_line(line: &[u8], format: Format, received: DateTime<Utc>, line_no: u64) -> Result<Record, Fault> {
    static READERS: Pool<Lean> = Pool::new(READERS_KEPT);
    let may_be = matches!(format, Format::Ndjson | Format::Auto) && line.first() == Some(&b'{');
    if may_be && line.len() <= LONGEST_LINE {
        let text = str::from_utf8(line).unwrap_or_default();
        let record = READERS.with(|lean| lean.read(text.trim_end_matches(['\n', '\r', '\0']))?.record());
        if let Some(record) = record {
            return Ok(record);
        }
    }
    decode_line(line, format, received, line_no)
}

fn too_long(line_no: u64) -> Fault {
    Fault::invalid("logs.line-too-long").with("line", line_no).with("limit", LONGEST_LINE)
}

/// Lines of a reader, none held beyond [`LONGEST_LINE`]: a longer one is a fault with its number, its bytes are
/// passed over, and the rest goes on.
#[derive(Debug)]
pub struct Lines<R: BufRead> {
    reader: R,
    line_no: u64,
    done: bool,
}

impl<R: BufRead> Lines<R> {
    /// Lines of this reader.
    pub fn new(reader: R) -> Self {
        Self { reader, line_no: 0, done: false }
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    /// The line's number from 1, and its bytes without the line feed.
    type Item = Result<(u64, Vec<u8>), Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        self.line_no += 1;
        let mut line = Vec::new();
        let mut long = false;
        let mut any = false;
        loop {
            let buffer = match self.reader.fill_buf() {
                Ok(buffer) => buffer,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.done = true;
                    return Some(Err(Fault::unavailable("logs.unreadable", error).with("line", self.line_no)));
                }
            };
            if buffer.is_empty() {
                self.done = true;
                break;
            }
            any = true;
            let end = buffer.iter().position(|b| *b == b'\n');
            let part = buffer.get(..end.unwrap_or(buffer.len())).unwrap_or_default();
            long = long || line.len() + part.len() > LONGEST_LINE;
            if !long {
                line.extend_from_slice(part);
            }
            let used = end.map_or(buffer.len(), |end| end + 1);
            self.reader.consume(used);
            if end.is_some() {
                break;
            }
        }
        match (any, long) {
            (false, _) => None,
            (true, true) => Some(Err(too_long(self.line_no))),
            (true, false) => Some(Ok((self.line_no, line))),
        }
    }
}

/// Reads everything of a reader and hands each record or fault to `take`, until `take` breaks or the end. Blank
/// lines are passed over; an envelope in JSON is all of its events ([`crate::apart`]). Text formats hold one line at a time; an EVTX file is held whole, up to [`LARGEST_EVTX`].
///
/// Faults besides those of [`decode_line`] and [`crate::evtx`]: `logs.unreadable`, `logs.evtx-too-large` (`limit`).
pub fn decode_stream(
    mut reader: Box<dyn Read>,
    format: Format,
    received: DateTime<Utc>,
    take: &mut dyn FnMut(Result<Record, Fault>) -> ControlFlow<()>,
) {
    let Some(mut head) = head_of(&mut reader, take) else { return };
    if head.starts_with(wide::MARK) && format != Format::Evtx {
        reader = Box::new(wide::Narrow::new(std::io::Cursor::new(head).chain(reader)));
        let Some(narrow) = head_of(&mut reader, take) else { return };
        head = narrow;
    }
    let format = if format == Format::Auto { sniff(&head) } else { format };
    let mut whole = BufReader::new(std::io::Cursor::new(head).chain(reader));
    match format {
        Format::Evtx => return decode_evtx(whole, take),
        Format::Journal => return journal::read(whole, received, take),
        Format::Xml => return xmlfile::read(whole, take),
        Format::Ndjson if whole.fill_buf().is_ok_and(Documents::starts) => {
            return decode_documents(whole, received, take);
        }
        Format::Ndjson | Format::Syslog | Format::Weblog | Format::Auto => {}
    }
    let mut series = Series::joining();
    for line in Lines::new(whole) {
        let next = match line {
            Ok((line_no, line)) => series.push(&line, format, received, line_no, take),
            Err(fault) => take(Err(fault)),
        };
        if next.is_break() {
            return;
        }
    }
    let _ = series.finish(received, take);
}

/// The first bytes of a reader, by which its format is known; `None` when it cannot be read, which is told.
fn head_of(reader: &mut dyn Read, take: &mut dyn FnMut(Result<Record, Fault>) -> ControlFlow<()>) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    match reader.take(HEAD as u64).read_to_end(&mut head) {
        Ok(_) => Some(head),
        Err(error) => {
            let _ = take(Err(Fault::unavailable("logs.unreadable", error)));
            None
        }
    }
}

/// Bytes of objects that are read before they are handed on.
const OBJECTS: usize = 1 << 20;

fn decode_documents(
    mut reader: impl Read,
    received: DateTime<Utc>,
    take: &mut dyn FnMut(Result<Record, Fault>) -> ControlFlow<()>,
) {
    let (mut documents, mut series) = (Documents::default(), Series::new());
    let (mut more, mut objects, mut faults) = (true, Vec::new(), Vec::new());
    while more {
        more = documents.read(&mut reader, OBJECTS, &mut objects, &mut faults, |error| {
            Fault::unavailable("logs.unreadable", error)
        });
        for fault in faults.drain(..) {
            if take(Err(fault)).is_break() {
                return;
            }
        }
        for (number, object) in objects.drain(..) {
            if series.push(&object, Format::Ndjson, received, number, take).is_break() {
                return;
            }
        }
    }
}

fn decode_evtx(reader: impl Read, take: &mut dyn FnMut(Result<Record, Fault>) -> ControlFlow<()>) {
    let mut bytes = Vec::new();
    match reader.take(LARGEST_EVTX + 1).read_to_end(&mut bytes) {
        Err(error) => {
            let _ = take(Err(Fault::unavailable("logs.unreadable", error)));
        }
        Ok(read) if read as u64 > LARGEST_EVTX => {
            let _ = take(Err(Fault::invalid("logs.evtx-too-large").with("limit", LARGEST_EVTX)));
        }
        Ok(_) => {
            for record in evtx::evtx(bytes) {
                if take(record).is_break() {
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received() -> DateTime<Utc> {
        DateTime::from_timestamp(1_781_200_000, 0).unwrap()
    }

    fn all(bytes: Vec<u8>, format: Format) -> Vec<Result<Record, Fault>> {
        let mut read = Vec::new();
        decode_stream(Box::new(std::io::Cursor::new(bytes)), format, received(), &mut |r| {
            read.push(r);
            ControlFlow::Continue(())
        });
        read
    }

    #[test]
    fn a_line_of_10_mib_costs_only_itself() {
        let mut bytes = b"{\"a\":1}\n{\"a\":\"".to_vec();
        bytes.extend(std::iter::repeat_n(b'x', 10 << 20));
        bytes.extend(b"\"}\n\n{\"a\":3}");
        let read = all(bytes, Format::Auto);
        assert_eq!(read.len(), 3);
        assert_eq!(read[0].as_ref().unwrap().fields["a"], 1);
        assert_eq!(read[1].as_ref().unwrap_err().to_string(), "logs.line-too-long line=2 limit=1048576");
        assert_eq!(read[2].as_ref().unwrap().fields["a"], 3);
    }

    #[test]
    fn a_line_of_exactly_the_limit_is_read_and_one_byte_more_is_not() {
        for (length, fine) in [(LONGEST_LINE, true), (LONGEST_LINE + 1, false)] {
            let line = "x".repeat(length);
            assert_eq!(decode_line(line.as_bytes(), Format::Syslog, received(), 1).is_ok(), fine);
            assert_eq!(all(format!("{line}\n").into_bytes(), Format::Syslog)[0].is_ok(), fine);
        }
    }

    #[test]
    fn text_that_is_not_utf_8_is_kept_and_marked() {
        for line in [&b"{\"a\":\"\xff\xfe\"}"[..], b"<13>Jun 10 07:00:00 h app: \xc3("] {
            let record = decode_line(line, Format::Auto, received(), 1).unwrap();
            assert_eq!(record.fields["_invalid_utf8"], true);
            assert!(record.raw.contains('\u{fffd}'));
        }
        let clean =
            decode_line("<13>Jun 10 07:00:00 h app: tiếng Việt".as_bytes(), Format::Auto, received(), 1).unwrap();
        assert!(!clean.fields.contains_key("_invalid_utf8"));
    }

    #[test]
    fn the_head_tells_the_format() {
        assert_eq!(sniff(b"ElfFile\0"), Format::Evtx);
        assert_eq!(sniff(b"\xef\xbb\xbf \n{\"a\":1}"), Format::Ndjson);
        assert_eq!(sniff(b"192.0.2.1 - - [10/Jun/2026:15:00:00 +0700] \"GET / HTTP/1.1\" 200 1"), Format::Weblog);
        assert_eq!(sniff(b"h:443 192.0.2.1 - - [10/Jun/2026:15:00:00 +0700] \"GET / HTTP/1.1\" 200 1"), Format::Weblog);
        assert_eq!(sniff(b"<13>Jun 10 07:00:00 h app: [1] \"x\""), Format::Syslog);
        assert_eq!(sniff(b"type=EXECVE msg=audit(1.0:1): argc=1"), Format::Syslog);
        assert_eq!(sniff(b""), Format::Syslog);
    }

    #[test]
    fn who_takes_may_stop() {
        let mut taken = 0;
        decode_stream(Box::new(&b"{}\n{}\n{}\n"[..]), Format::Ndjson, received(), &mut |_| {
            taken += 1;
            if taken == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!(taken, 2);
    }

    #[test]
    fn broken_lines_are_told_by_number_and_the_rest_goes_on() {
        let read = all(b"{\"a\":1}\r\n{\"a\":\n{\"a\":2}\n".to_vec(), Format::Ndjson);
        assert!(read[0].is_ok() && read[2].is_ok());
        assert!(read[1].as_ref().unwrap_err().to_string().starts_with("logs.json line=2 column="));
    }
}
