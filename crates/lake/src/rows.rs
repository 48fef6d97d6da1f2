//! Events to columns and back. Times keep microseconds; what is finer is cut off.

use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Int32Array, RecordBatch, StringBuilder, TimestampMicrosecondArray,
};
use datafusion::arrow::datatypes::{Int32Type, TimestampMicrosecondType};
use khien_base::event::{Hot, Kept};
use khien_base::{Event, Fault, Id, LogSource, Record, Result};
use serde_json::{Map, Value};

use crate::columns::{FILE_SCHEMA, SHAPE};
use crate::fields;
use crate::journal::Fields;

/// An event whose fields are apart from it, so that its weight is known before it waits in the queue.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) event: Event,
    fields: Fields,
}

impl Row {
    /// An event whose fields are told by their shape where they can be, else rendered in full.
    pub(crate) fn new(mut event: Event) -> Self {
        for address in [&mut event.record.hot.src_ip, &mut event.record.hot.dst_ip] {
            if let Some(one_way) = address.as_deref().and_then(canonical) {
                *address = Some(one_way);
            }
        }
        let (full, shape) = match std::mem::take(&mut event.record.fields).into_kept() {
            Kept::Shape(shape) => (None, Some(shape)),
            Kept::Full(full) => match fields::shape(&full, &event.record.raw) {
                Some(shape) => (None, Some(shape)),
                None => (Some(full), None),
            },
        };
        Self { event, fields: Fields { full, shape } }
    }

    /// An event whose fields are rendered in full.
    pub(crate) fn in_full(mut event: Event) -> Self {
        let full = std::mem::take(&mut event.record.fields).text().into_owned();
        Self { event, fields: Fields { full: Some(full), shape: None } }
    }

    /// An event of the journal.
    pub(crate) fn restored(event: Event, fields: Fields) -> Self {
        Self { event, fields }
    }

    /// The fields as JSON text, where they are kept so.
    pub(crate) fn full(&self) -> Option<&str> {
        self.fields.full.as_deref()
    }

    /// The shape of the fields, where they are kept so.
    pub(crate) fn shape(&self) -> Option<&str> {
        self.fields.shape.as_deref()
    }

    /// About how many bytes it takes in memory.
    pub(crate) fn weight(&self) -> usize {
        let fields = self.full().or(self.shape()).map_or(0, str::len);
        512 + self.event.record.raw.len() + fields
    }
}

/// The one way to write an address, so that it is found by equality: RFC 5952, IPv4 inside IPv6 as IPv4.
fn canonical(address: &str) -> Option<String> {
    // What has no colon and no space is IPv4 in the one way that is read at all, or no address.
    if !address.bytes().any(|byte| byte == b':' || byte.is_ascii_whitespace()) {
        return None;
    }
    address.trim().parse::<IpAddr>().ok().map(|ip| ip.to_canonical().to_string())
}

fn texts<'a>(rows: &'a [Row], of: impl Fn(&'a Row) -> Option<&'a str>) -> ArrayRef {
    let bytes = rows.iter().filter_map(&of).map(str::len).sum();
    let mut made = StringBuilder::with_capacity(rows.len(), bytes);
    rows.iter().for_each(|row| made.append_option(of(row)));
    Arc::new(made.finish())
}

/// Letters of an identity.
const ID: usize = 36;

fn ids(rows: &[Row], of: impl Fn(&Event) -> Id) -> ArrayRef {
    let mut made = StringBuilder::with_capacity(rows.len(), rows.len() * ID);
    let mut text = Id::encode_buffer();
    for row in rows {
        made.append_value(of(&row.event).hyphenated().encode_lower(&mut text));
    }
    Arc::new(made.finish())
}

fn times(rows: &[Row], of: impl Fn(&Event) -> DateTime<Utc>) -> ArrayRef {
    let values = rows.iter().map(|row| of(&row.event).timestamp_micros());
    Arc::new(TimestampMicrosecondArray::from_iter_values(values).with_timezone("UTC"))
}

fn numbers(rows: &[Row], of: impl Fn(&Hot) -> Option<i32>) -> ArrayRef {
    Arc::new(rows.iter().map(|row| of(&row.event.record.hot)).collect::<Int32Array>())
}

/// One batch in the file's schema.
pub(crate) fn batch(rows: &[Row]) -> Result<RecordBatch> {
    let log = |of: fn(&LogSource) -> &Option<String>| texts(rows, move |row| of(&row.event.record.log).as_deref());
    let hot = |of: fn(&Hot) -> &Option<String>| texts(rows, move |row| of(&row.event.record.hot).as_deref());
    let columns: Vec<ArrayRef> = vec![
        ids(rows, |e| e.id),
        times(rows, |e| e.time),
        times(rows, |e| e.received),
        ids(rows, |e| e.source),
        ids(rows, |e| e.system),
        ids(rows, |e| e.unit),
        log(|l| &l.product),
        log(|l| &l.service),
        log(|l| &l.category),
        numbers(rows, |h| Some(i32::try_from(h.class_uid).unwrap_or(0))),
        numbers(rows, |h| Some(i32::from(h.severity_id))),
        hot(|h| &h.host),
        hot(|h| &h.user),
        hot(|h| &h.src_ip),
        numbers(rows, |h| h.src_port.map(i32::from)),
        hot(|h| &h.dst_ip),
        numbers(rows, |h| h.dst_port.map(i32::from)),
        hot(|h| &h.process),
        hot(|h| &h.command_line),
        hot(|h| &h.file),
        hot(|h| &h.hash),
        hot(|h| &h.domain),
        hot(|h| &h.event_code),
        hot(|h| &h.channel),
        hot(|h| &h.message),
        texts(rows, Row::full),
        texts(rows, |row| Some(row.event.record.raw.as_str())),
        texts(rows, Row::shape),
    ];
    RecordBatch::try_new(Arc::clone(&FILE_SCHEMA), columns).map_err(Fault::internal)
}

/// Columns of a batch by name, each missing or mistyped one a defect of ours.
struct Columns<'a>(&'a RecordBatch);

impl Columns<'_> {
    fn column(&self, name: &str) -> Result<&ArrayRef> {
        self.0.column_by_name(name).ok_or_else(|| Fault::internal(format!("no column {name}")))
    }

    fn text(&self, name: &str, row: usize) -> Result<Option<String>> {
        let column = self.column(name)?;
        if row >= column.len() || column.is_null(row) {
            return Ok(None);
        }
        let text = column.as_string_opt::<i32>().map(|texts| texts.value(row));
        let text = text.or_else(|| column.as_string_view_opt().map(|texts| texts.value(row)));
        text.map(|text| Some(text.to_owned())).ok_or_else(|| Fault::internal(format!("{name} is no text")))
    }

    fn id(&self, name: &str, row: usize) -> Result<Id> {
        let text = self.text(name, row)?.unwrap_or_default();
        text.parse().map_err(|e| Fault::internal(format!("{name} {text:?}: {e}")))
    }

    fn time(&self, name: &str, row: usize) -> Result<DateTime<Utc>> {
        let column = self.column(name)?;
        column
            .as_primitive_opt::<TimestampMicrosecondType>()
            .filter(|array| row < array.len() && array.is_valid(row))
            .and_then(|array| DateTime::from_timestamp_micros(array.value(row)))
            .ok_or_else(|| Fault::internal(format!("{name} is no time")))
    }

    fn number<N: TryFrom<i32>>(&self, name: &str, row: usize) -> Result<Option<N>> {
        let column = self.column(name)?;
        let array =
            column.as_primitive_opt::<Int32Type>().ok_or_else(|| Fault::internal(format!("{name} is no number")))?;
        Ok((row < array.len() && array.is_valid(row)).then(|| N::try_from(array.value(row)).ok()).flatten())
    }
}

/// The events of a batch that has all columns of the table, or those of a file.
pub(crate) fn events(batch: &RecordBatch) -> Result<Vec<Event>> {
    (0..batch.num_rows()).map(|row| event(&Columns(batch), row)).collect()
}

fn event(of: &Columns<'_>, row: usize) -> Result<Event> {
    let raw = of.text("raw", row)?.unwrap_or_default();
    let shape = if of.0.column_by_name(SHAPE).is_some() { of.text(SHAPE, row)? } else { None };
    let fields = match shape {
        Some(shape) => fields::full(&shape, &raw).ok_or_else(|| Fault::internal("a shape of another raw text"))?,
        None => of.text("fields", row)?.unwrap_or_default(),
    };
    let hot = Hot {
        class_uid: of.number("class_uid", row)?.unwrap_or(0),
        severity_id: of.number("severity_id", row)?.unwrap_or(0),
        host: of.text("host", row)?,
        user: of.text("user", row)?,
        src_ip: of.text("src_ip", row)?,
        src_port: of.number("src_port", row)?,
        dst_ip: of.text("dst_ip", row)?,
        dst_port: of.number("dst_port", row)?,
        process: of.text("process", row)?,
        command_line: of.text("command_line", row)?,
        file: of.text("file", row)?,
        hash: of.text("hash", row)?,
        domain: of.text("domain", row)?,
        event_code: of.text("event_code", row)?,
        channel: of.text("channel", row)?,
        message: of.text("message", row)?,
    };
    let (time, received) = (of.time("time", row)?, of.time("received", row)?);
    let log = LogSource {
        product: of.text("product", row)?,
        service: of.text("service", row)?,
        category: of.text("category", row)?,
    };
    Ok(Event {
        id: of.id("id", row)?,
        time,
        received,
        source: of.id("source", row)?,
        system: of.id("system", row)?,
        unit: of.id("unit", row)?,
        record: Record {
            // The receiving time stands in where the source said none.
            time: (time != received).then_some(time),
            log,
            hot,
            fields: serde_json::from_str::<Map<String, Value>>(&fields).map_err(Fault::internal)?.into(),
            raw,
            key: None,
        },
    })
}
