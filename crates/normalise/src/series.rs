//! Lines of one file or connection, in order: some say how those after them are to be read (the headers of W3C and of
//! Zeek), some hold many events, and some are the rest of the one before (stack traces, statements over many lines).

use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use khien_base::{Fault, Record};

use crate::decode::LONGEST_LINE;
use crate::table::Header;
use crate::{Format, apart, decode_line, read_line, sniff};

/// Most lines that are put together.
const JOINED: usize = 1024;

/// Who takes what is read.
pub type Take<'t> = &'t mut dyn FnMut(Result<Record, Fault>) -> ControlFlow<()>;

/// What the lines so far say of those to come.
#[derive(Debug, Default)]
pub struct Series {
    header: Option<Header>,
    joins: bool,
    held: Option<Held>,
}

/// A line whose rest may still come.
#[derive(Debug)]
struct Held {
    text: Vec<u8>,
    lines: usize,
    line_no: u64,
    format: Format,
    slow: bool,
}

impl Series {
    /// Each line is an event, as in syslog and in JSON.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lines that belong to the one before are put to it: files of programs. A line is then known to be whole when the
    /// next one comes, or with [`Self::finish`].
    pub fn joining() -> Self {
        Self { joins: true, ..Self::default() }
    }

    /// Reads a line (without its line feed) and hands on what is whole: nothing for a header, several records for an
    /// envelope. Faults are those of [`decode_line`].
    pub fn push(
        &mut self,
        line: &[u8],
        format: Format,
        received: DateTime<Utc>,
        line_no: u64,
        take: Take<'_>,
    ) -> ControlFlow<()> {
        let text = format != Format::Ndjson && format != Format::Evtx;
        if text && let Some(held) = &mut self.held {
            if held.goes_on(line) {
                held.text.push(b'\n');
                held.text.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
                held.lines += 1;
                return ControlFlow::Continue(());
            }
            self.finish(received, take)?;
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            return ControlFlow::Continue(());
        }
        if text {
            if line.first() == Some(&b'#') {
                let said = String::from_utf8_lossy(line.get(..line.len().min(LONGEST_LINE)).unwrap_or_default());
                if self.header.get_or_insert_default().take(said.trim_end()) {
                    return ControlFlow::Continue(());
                }
            } else if let Some(header) = &self.header
                && line.len() <= LONGEST_LINE
                && let Some(record) = header.row(String::from_utf8_lossy(line).trim_end_matches('\r'))
            {
                return take(Ok(record));
            }
            if self.joins && line.len() <= LONGEST_LINE && may_go_on(line) {
                let text = line.strip_suffix(b"\r").unwrap_or(line).to_vec();
                self.held = Some(Held { slow: is_slow(&text), text, lines: 1, line_no, format });
                return ControlFlow::Continue(());
            }
        }
        let is_json = format == Format::Ndjson || format == Format::Auto && sniff(line) == Format::Ndjson;
        match if is_json { apart(line) } else { None } {
            Some(events) => {
                for event in events {
                    take(read_line(&event, Format::Ndjson, received, line_no))?;
                }
                ControlFlow::Continue(())
            }
            None => take(read_line(line, format, received, line_no)),
        }
    }

    /// Whether a line waits for its rest.
    pub fn holds(&self) -> bool {
        self.held.is_some()
    }

    /// Hands on the line whose rest was waited for: at the end, or when nothing came for a while.
    pub fn finish(&mut self, received: DateTime<Utc>, take: Take<'_>) -> ControlFlow<()> {
        match self.held.take() {
            Some(held) => take(decode_line(&held.text, held.format, received, held.line_no)),
            None => ControlFlow::Continue(()),
        }
    }

    /// The last record of a text of several lines.
    pub(crate) fn one(text: &str, received: DateTime<Utc>) -> Option<Record> {
        let mut series = Self::joining();
        let mut last = None;
        let mut take = |read: Result<Record, Fault>| {
            last = read.ok();
            ControlFlow::Continue(())
        };
        for (number, line) in (1..).zip(text.lines()) {
            let _ = series.push(line.as_bytes(), Format::Auto, received, number, &mut take);
        }
        let _ = series.finish(received, &mut take);
        last
    }
}

impl Held {
    fn goes_on(&self, line: &[u8]) -> bool {
        if self.lines >= JOINED || self.text.len() + line.len() >= LONGEST_LINE {
            return false;
        }
        if self.slow {
            let who = line.starts_with(b"# User@Host:") && memchr::memmem::find(&self.text, b"# User@Host:").is_some();
            return !line.starts_with(b"# Time:") && !who;
        }
        is_rest(line)
    }
}

/// Entries of MySQL's slow log run up to the next one's head.
fn is_slow(line: &[u8]) -> bool {
    line.starts_with(b"# Time:") || line.starts_with(b"# User@Host:")
}

/// Whether a line may have a rest: programs that write several lines for one event begin them with a time, which is
/// digits or stands in brackets. Lines of syslog and JSON have none.
fn may_go_on(line: &[u8]) -> bool {
    line.first().is_some_and(|first| first.is_ascii_digit() || *first == b'[') || is_slow(line)
}

/// Whether a line is the rest of the one before: indented, or what Java writes of an exception.
fn is_rest(line: &[u8]) -> bool {
    if matches!(line.first(), Some(b' ' | b'\t')) {
        return !line.trim_ascii().is_empty();
    }
    if [&b"at "[..], b"Caused by: ", b"Suppressed: ", b"... "].iter().any(|begin| line.starts_with(begin)) {
        return true;
    }
    let name =
        line.iter().take(256).take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'$')).count();
    let (name, rest) = line.split_at_checked(name).unwrap_or((line, b""));
    let is_exception = name.ends_with(b"Exception") || name.ends_with(b"Error") || name.ends_with(b"Throwable");
    is_exception && name.contains(&b'.') && (rest.is_empty() || rest.starts_with(b":"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Record> {
        let (mut series, mut records) = (Series::joining(), Vec::new());
        let mut take = |read: Result<Record, Fault>| {
            records.push(read.unwrap());
            ControlFlow::Continue(())
        };
        for (number, line) in (1..).zip(text.split('\n')) {
            assert!(series.push(line.as_bytes(), Format::Auto, DateTime::UNIX_EPOCH, number, &mut take).is_continue());
        }
        let _ = series.finish(DateTime::UNIX_EPOCH, &mut take);
        records
    }

    #[test]
    fn a_stack_trace_belongs_to_its_line() {
        let trace = "10-Jun-2026 15:00:00.123 SEVERE [exec-1] org.apache.X.invoke Servlet threw exception\n\tjava.lang.NullPointerException: x\n\t\tat a.B.c(B.java:1)\r\nCaused by: java.io.IOException: y\n\t... 7 more";
        let records = read(&format!("{trace}\n10-Jun-2026 15:00:01.000 INFO [main] org.apache.X.start Started\n"));
        assert_eq!(records.len(), 2, "{records:#?}");
        assert_eq!(records[0].raw, trace.replace('\r', ""));
        assert!(records[1].raw.ends_with("Started"));
    }

    #[test]
    fn a_header_serves_the_lines_after_it_until_the_next() {
        let records = read(
            "#Fields: date time c-ip cs-method cs-uri-stem sc-status\r\n2026-06-10 01:00:00 198.51.100.9 GET /a 200\r\n#Fields: date time cs-method cs-uri-stem c-ip sc-status\n2026-06-10 01:00:01 GET /b 198.51.100.7 404\n",
        );
        let told: Vec<_> = records
            .iter()
            .map(|r| (r.fields["cs-uri-stem"].as_str().unwrap(), r.hot.src_ip.as_deref().unwrap()))
            .collect();
        assert_eq!(told, [("/a", "198.51.100.9"), ("/b", "198.51.100.7")]);
    }

    #[test]
    fn what_would_grow_without_end_is_cut() {
        let text = format!("2026-06-10 x\n{}", " y\n".repeat(3000));
        let records = read(&text);
        assert_eq!(records[0].raw.lines().count(), JOINED);
        assert!(records.len() > 1_000);
        assert_eq!(records.iter().map(|r| r.raw.lines().count()).sum::<usize>(), 3001);
    }

    #[test]
    fn an_envelope_among_lines_is_all_of_its_events() {
        assert_eq!(read("{\"Records\":[{\"a\":1},{\"a\":2}]}\n{\"a\":3}\n").len(), 3);
    }
}
