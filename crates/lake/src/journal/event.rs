//! An event as bytes in the journal, apart from the table's columns: a journal that an older version wrote is read
//! by a newer one, whatever became of the columns meanwhile.
//!
//! Numbers are little-endian, lengths are LEB128. A text that may be missing has its length plus one, zero meaning
//! that it is missing; a port that may be missing is its number plus one. Damage is told by the frame's checksum;
//! what a checksum lets through is still read within the bounds of the slice.

use chrono::{DateTime, Utc};
use khien_base::event::{self, Hot};
use khien_base::{Event, Id, LogSource, Record};

/// The fields of an event apart from it, as a file of the table keeps them: as JSON text, or in another form that
/// stands in a column of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields {
    /// As JSON text.
    pub(crate) full: Option<String>,
    /// As a shape beside the raw text.
    pub(crate) shape: Option<String>,
}

/// Appends an event whose fields are apart from it.
pub(crate) fn write(out: &mut Vec<u8>, event: &Event, full: Option<&str>, shape: Option<&str>) {
    out.extend_from_slice(event.id.as_bytes());
    out.extend_from_slice(&event.time.timestamp_micros().to_le_bytes());
    out.extend_from_slice(&event.received.timestamp_micros().to_le_bytes());
    for id in [event.source, event.system, event.unit] {
        out.extend_from_slice(id.as_bytes());
    }
    let (log, hot) = (&event.record.log, &event.record.hot);
    number(out, u64::from(hot.class_uid));
    out.push(hot.severity_id);
    for port in [hot.src_port, hot.dst_port] {
        number(out, port.map_or(0, |port| u64::from(port) + 1));
    }
    let texts = [
        &log.product,
        &log.service,
        &log.category,
        &hot.host,
        &hot.user,
        &hot.src_ip,
        &hot.dst_ip,
        &hot.process,
        &hot.command_line,
        &hot.file,
        &hot.hash,
        &hot.domain,
        &hot.event_code,
        &hot.channel,
        &hot.message,
    ];
    for value in texts {
        maybe(out, value.as_deref());
    }
    maybe(out, full);
    maybe(out, shape);
    maybe(out, Some(&event.record.raw));
}

/// The events of a frame, each with its fields apart. `None` when the bytes are not what [`write`] wrote.
pub(crate) fn read(bytes: &[u8], count: usize) -> Option<Vec<(Event, Fields)>> {
    let mut from = Reader(bytes);
    let mut events = Vec::with_capacity(count.min(bytes.len()));
    for _ in 0..count {
        events.push(from.event()?);
    }
    from.0.is_empty().then_some(events)
}

fn number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(u8::try_from(value & 0x7f).unwrap_or(0) | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap_or(0));
}

fn maybe(out: &mut Vec<u8>, value: Option<&str>) {
    let Some(value) = value else { return out.push(0) };
    number(out, u64::try_from(value.len() + 1).unwrap_or(u64::MAX));
    out.extend_from_slice(value.as_bytes());
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn bytes(&mut self, count: usize) -> Option<&[u8]> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head)
    }

    fn number(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = *self.bytes(1)?.first()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn id(&mut self) -> Option<Id> {
        Some(Id::from_bytes(self.bytes(16)?.try_into().ok()?))
    }

    fn time(&mut self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_micros(i64::from_le_bytes(self.bytes(8)?.try_into().ok()?))
    }

    fn port(&mut self) -> Option<Option<u16>> {
        match self.number()? {
            0 => Some(None),
            port => u16::try_from(port - 1).ok().map(Some),
        }
    }

    fn maybe(&mut self) -> Option<Option<String>> {
        let length = usize::try_from(self.number()?).ok()?;
        let Some(length) = length.checked_sub(1) else { return Some(None) };
        Some(Some(str::from_utf8(self.bytes(length)?).ok()?.to_owned()))
    }

    fn event(&mut self) -> Option<(Event, Fields)> {
        let (id, time, received) = (self.id()?, self.time()?, self.time()?);
        let (source, system, unit) = (self.id()?, self.id()?, self.id()?);
        let class_uid = u32::try_from(self.number()?).ok()?;
        let severity_id = *self.bytes(1)?.first()?;
        let (src_port, dst_port) = (self.port()?, self.port()?);
        let log = LogSource { product: self.maybe()?, service: self.maybe()?, category: self.maybe()? };
        let hot = Hot {
            class_uid,
            severity_id,
            src_port,
            dst_port,
            host: self.maybe()?,
            user: self.maybe()?,
            src_ip: self.maybe()?,
            dst_ip: self.maybe()?,
            process: self.maybe()?,
            command_line: self.maybe()?,
            file: self.maybe()?,
            hash: self.maybe()?,
            domain: self.maybe()?,
            event_code: self.maybe()?,
            channel: self.maybe()?,
            message: self.maybe()?,
        };
        let fields = Fields { full: self.maybe()?, shape: self.maybe()? };
        // The receiving time stands in where the source said none.
        let said = (time != received).then_some(time);
        let record = Record { time: said, log, hot, fields: event::Fields::default(), raw: self.maybe()??, key: None };
        Some((Event { id, time, received, source, system, unit, record }, fields))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts() -> impl Strategy<Value = Vec<Option<String>>> {
        proptest::collection::vec(proptest::option::of(".{0,40}"), 15)
    }

    prop_compose! {
        fn events()(
            ids in any::<[u128; 4]>(),
            times in [0_i64..7_258_118_400_000_000, 0..7_258_118_400_000_000],
            ports in any::<[Option<u16>; 2]>(),
            numbers in any::<(u32, u8)>(),
            texts in texts(),
            full in proptest::option::of(".{0,200}"),
            shape in proptest::option::of(".{0,200}"),
            raw in ".{0,300}",
        ) -> (Event, Fields) {
            let at = |micros| DateTime::from_timestamp_micros(micros).unwrap();
            let of = |n: usize| texts[n].clone();
            let hot = Hot {
                class_uid: numbers.0, severity_id: numbers.1, src_port: ports[0], dst_port: ports[1],
                host: of(3), user: of(4), src_ip: of(5), dst_ip: of(6), process: of(7), command_line: of(8),
                file: of(9), hash: of(10), domain: of(11), event_code: of(12), channel: of(13), message: of(14),
            };
            let log = LogSource { product: of(0), service: of(1), category: of(2) };
            let (time, received) = (at(times[0]), at(times[1]));
            let said = (time != received).then_some(time);
            let [id, source, system, unit] = ids.map(Id::from_u128);
            let record = Record { time: said, log, hot, fields: event::Fields::default(), raw, key: None };
            (Event { id, time, received, source, system, unit, record }, Fields { full, shape })
        }
    }

    fn put(bytes: &mut Vec<u8>, (event, fields): &(Event, Fields)) {
        write(bytes, event, fields.full.as_deref(), fields.shape.as_deref());
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(events in proptest::collection::vec(events(), 0..5)) {
            let mut bytes = Vec::new();
            events.iter().for_each(|event| put(&mut bytes, event));
            prop_assert_eq!(read(&bytes, events.len()).unwrap(), events);
        }

        #[test]
        fn what_is_cut_short_is_refused_and_no_bytes_end_the_program(
            event in events(), noise in proptest::collection::vec(any::<u8>(), 0..400),
        ) {
            let mut bytes = Vec::new();
            put(&mut bytes, &event);
            for end in 0..bytes.len() {
                prop_assert!(read(&bytes[..end], 1).is_none(), "{} of {}", end, bytes.len());
            }
            let _ = read(&noise, 3);
        }
    }
}
