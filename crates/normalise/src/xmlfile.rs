//! Windows events exported or forwarded as XML: `<Events><Event>…</Event>…</Events>` of the Event Viewer, or one `<Event>`
//! after the other of `wevtutil qe /f:xml`.

use std::io::{ErrorKind, Read};
use std::ops::ControlFlow;

use khien_base::{Fault, Record};

use crate::decode::LONGEST_LINE;
use crate::xml;

/// Bytes that are read at a time.
const PIECE: usize = 1 << 16;

/// Whether a file begins like such an export.
pub(crate) fn starts(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    [&b"<?xml"[..], b"<Events", b"<Event ", b"<Event>"].iter().any(|begin| head.starts_with(begin))
}

/// Reads all events. Faults: `logs.xml` (`line` is the event's number from 1) for an event that is broken or none of
/// Windows', `logs.line-too-long` (`line`, `limit`), `logs.unreadable`; `logs.xml-without-events` where there is none.
pub(crate) fn read(mut reader: impl Read, take: &mut dyn FnMut(Result<Record, Fault>) -> ControlFlow<()>) {
    let mut events = Events::default();
    let mut piece = vec![0; PIECE];
    loop {
        let read = match reader.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => {
                let _ = take(Err(Fault::unavailable("logs.unreadable", error)));
                return;
            }
        };
        let bytes = piece.get(..read).unwrap_or_default();
        events.held.extend_from_slice(bytes);
        if events.hand_on(take).is_break() {
            return;
        }
    }
    let rest = events.held.get(events.open.unwrap_or(events.held.len())..).unwrap_or_default();
    if !rest.is_empty() {
        let _ = take(Err(Fault::invalid("logs.xml").with("line", events.count + 1)));
    } else if events.count == 0 {
        let _ = take(Err(Fault::invalid("logs.xml-without-events")));
    }
}

/// What was read of a file and is not handed on yet.
#[derive(Default)]
struct Events {
    held: Vec<u8>,
    /// Where an event begins whose end has not come.
    open: Option<usize>,
    /// Where the search for its end goes on.
    from: usize,
    count: u64,
    /// The event that is being read is too long: told, and passed over.
    long: bool,
}

impl Events {
    fn hand_on(&mut self, take: &mut dyn FnMut(Result<Record, Fault>) -> ControlFlow<()>) -> ControlFlow<()> {
        const END: &[u8] = b"</Event>";
        loop {
            let Some(open) = self.open.or_else(|| begin(&self.held)) else {
                // The mark may be cut in two.
                let keep = self.held.len().saturating_sub(7);
                self.held.drain(..keep);
                self.from = 0;
                return ControlFlow::Continue(());
            };
            self.open = Some(open);
            let from = self.from.max(open);
            let Some(end) = memchr::memmem::find(self.held.get(from..).unwrap_or_default(), END) else {
                self.from = self.held.len().saturating_sub(END.len()).max(open);
                if self.held.len() - open > LONGEST_LINE {
                    self.long = true;
                    let keep = self.held.len().saturating_sub(END.len());
                    self.held.drain(..keep);
                    (self.open, self.from) = (Some(0), 0);
                }
                return ControlFlow::Continue(());
            };
            let end = from + end + END.len();
            self.count += 1;
            let event = self.held.get(open..end).unwrap_or_default();
            let read = if std::mem::take(&mut self.long) || event.len() > LONGEST_LINE {
                Err(Fault::invalid("logs.line-too-long").with("line", self.count).with("limit", LONGEST_LINE))
            } else {
                let text = String::from_utf8_lossy(event);
                xml::carried(&text, &text).ok_or_else(|| Fault::invalid("logs.xml").with("line", self.count))
            };
            self.held.drain(..end);
            (self.open, self.from) = (None, 0);
            take(read)?;
        }
    }
}

/// Where an event begins; `<Events>` begins none.
fn begin(held: &[u8]) -> Option<usize> {
    memchr::memmem::find_iter(held, b"<Event")
        .find(|at| held.get(at + 6).is_some_and(|after| matches!(after, b' ' | b'>' | b'\t' | b'\r' | b'\n')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(bytes: &[u8]) -> Vec<Result<Record, Fault>> {
        let mut found = Vec::new();
        read(bytes, &mut |record| {
            found.push(record);
            ControlFlow::Continue(())
        });
        found
    }

    fn event(id: u32, user: &str) -> String {
        format!(
            "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Security-Auditing'/><EventID>{id}</EventID><TimeCreated SystemTime='2026-06-10T01:00:00.5Z'/><Channel>Security</Channel><Computer>DC1</Computer></System><EventData><Data Name='TargetUserName'>{user}</Data><Data Name='IpAddress'>203.0.113.9</Data></EventData></Event>"
        )
    }

    fn export() -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>\r\n<Events>{}{}</Events>",
            event(4625, "kế toán 🛡"),
            event(4624, "lan")
        )
    }

    #[test]
    fn an_export_in_both_encodings() {
        let wide: Vec<u8> =
            [0xff, 0xfe].into_iter().chain(export().encode_utf16().flat_map(u16::to_le_bytes)).collect();
        for bytes in [export().into_bytes(), wide] {
            let mut records = Vec::new();
            let take = &mut |record: Result<Record, Fault>| {
                records.push(record.unwrap());
                ControlFlow::Continue(())
            };
            let source = Box::new(std::io::Cursor::new(bytes));
            crate::decode_stream(source, crate::Format::Auto, chrono::DateTime::UNIX_EPOCH, take);
            assert_eq!(records.len(), 2);
            assert_eq!(
                (records[0].hot.user.as_deref(), records[0].hot.event_code.as_deref()),
                (Some("kế toán 🛡"), Some("4625"))
            );
            assert_eq!(records[1].log.service.as_deref(), Some("security"));
            assert_eq!(records[0].time.unwrap().timestamp_millis(), 1_781_053_200_500);
        }
    }

    #[test]
    fn broken_long_and_missing_events_are_told_and_cost_only_themselves() {
        let long = format!("<Event><System>{}</System></Event>", "x".repeat(LONGEST_LINE * 2));
        let bytes = format!("<Events><Event><oops></Event>{long}{}<Event><System>", event(4624, "lan"));
        let told: Vec<_> = all(bytes.as_bytes())
            .into_iter()
            .map(|r| r.map_or_else(|f| f.to_string(), |r| r.hot.user.unwrap()))
            .collect();
        assert_eq!(told, ["logs.xml line=1", "logs.line-too-long line=2 limit=1048576", "lan", "logs.xml line=4"]);
        assert_eq!(all(b"<?xml version='1.0'?><html/>")[0].as_ref().unwrap_err().code, "logs.xml-without-events");
    }

    proptest! {
        #[test]
        fn how_the_file_is_cut_changes_nothing(size in 1_usize..400) {
            struct Cut<'a>(&'a [u8], usize);
            impl Read for Cut<'_> {
                fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
                    let most = self.1.min(into.len());
                    self.0.read(&mut into[..most])
                }
            }
            let bytes = export();
            let mut found = Vec::new();
            read(std::io::BufReader::with_capacity(size, Cut(bytes.as_bytes(), size)), &mut |record| {
                found.push(record.unwrap());
                ControlFlow::Continue(())
            });
            let whole: Vec<_> = all(bytes.as_bytes()).into_iter().map(Result::unwrap).collect();
            prop_assert_eq!(found, whole);
        }
    }
}
