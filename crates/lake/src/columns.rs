//! The columns of the table `events`: their names, types, and which of them a search may ask by name.
//!
//! Files and readers see two schemas. A file keeps the fields either in full (`fields`) or as their shape beside the
//! raw text (`shape`, see [`khien_base::event::shape`]); whoever asks the table sees `fields` in full always, and no `shape`.
//!
//! Versions of the file's schema, each with a sample table in `tests/tables/`: 0.1 had no `shape`. Columns are only
//! ever added, may be empty, and stand last, so that old files are read as if they had them.

use std::sync::{Arc, LazyLock};

use datafusion::arrow::array::{ArrayRef, AsArray};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use serde_json::json;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Time,
    Number,
}

/// Name, type, whether it may be empty; in the order of the file.
const COLUMNS: [(&str, Kind, bool); 28] = [
    ("id", Kind::Text, false),
    ("time", Kind::Time, false),
    ("received", Kind::Time, false),
    ("source", Kind::Text, false),
    ("system", Kind::Text, false),
    ("unit", Kind::Text, false),
    ("product", Kind::Text, true),
    ("service", Kind::Text, true),
    ("category", Kind::Text, true),
    ("class_uid", Kind::Number, false),
    ("severity_id", Kind::Number, false),
    ("host", Kind::Text, true),
    ("user", Kind::Text, true),
    ("src_ip", Kind::Text, true),
    ("src_port", Kind::Number, true),
    ("dst_ip", Kind::Text, true),
    ("dst_port", Kind::Number, true),
    ("process", Kind::Text, true),
    ("command_line", Kind::Text, true),
    ("file", Kind::Text, true),
    ("hash", Kind::Text, true),
    ("domain", Kind::Text, true),
    ("event_code", Kind::Text, true),
    ("channel", Kind::Text, true),
    ("message", Kind::Text, true),
    ("fields", Kind::Text, true),
    ("raw", Kind::Text, false),
    (SHAPE, Kind::Text, true),
];

/// All fields as JSON text, by the source's own names; empty in a file where the shape tells them.
pub(crate) const FIELDS: &str = "fields";
/// The text as it came.
pub(crate) const RAW: &str = "raw";
/// The shape of the fields beside the raw text; empty where the fields stand in full. Files only.
pub(crate) const SHAPE: &str = "shape";

/// What one looks for by its exact value over long times: files that stay have bloom filters on these.
pub(crate) const BLOOMED: [&str; 6] = ["host", "user", "src_ip", "dst_ip", "hash", "domain"];

/// Long texts that differ in each row: no dictionary and no statistics are kept for them.
pub(crate) const LONG: [&str; 4] = ["command_line", "message", FIELDS, RAW];

/// The partition column: the day of the event's time, UTC.
pub(crate) const DAY: &str = "day";

/// The schema inside a data file, which leaves the partition column out.
pub(crate) static FILE_SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let fields: Vec<Field> = COLUMNS
        .iter()
        .map(|(name, kind, nullable)| {
            let data = match kind {
                Kind::Text => DataType::Utf8,
                Kind::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
                Kind::Number => DataType::Int32,
            };
            Field::new(*name, data, *nullable)
        })
        .collect();
    Arc::new(Schema::new(fields))
});

/// The partition column as a field.
pub(crate) static DAY_FIELD: LazyLock<FieldRef> = LazyLock::new(|| Arc::new(Field::new(DAY, DataType::Date32, false)));

/// What is read of files: the file's columns, then the day.
pub(crate) static READ_SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let mut fields: Vec<FieldRef> = FILE_SCHEMA.fields().iter().cloned().collect();
    fields.push(Arc::clone(&DAY_FIELD));
    Arc::new(Schema::new(fields))
});

/// The same as searches read it: texts that come again and again as views of the file's dictionary, so that a row costs
/// a comparison and no copy.
pub(crate) static VIEW_SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let viewed = |field: &FieldRef| {
        let apart = LONG.contains(&field.name().as_str()) || [SHAPE, "id"].contains(&field.name().as_str());
        let is_text = *field.data_type() == DataType::Utf8;
        if apart || !is_text {
            Arc::clone(field)
        } else {
            Arc::new(Field::clone(field).with_data_type(DataType::Utf8View))
        }
    };
    Arc::new(Schema::new(READ_SCHEMA.fields().iter().map(viewed).collect::<Vec<FieldRef>>()))
});

/// What whoever asks the table sees: the file's columns without the shape, then the day.
pub(crate) static TABLE_SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let files = VIEW_SCHEMA.fields().iter().take(FILE_SCHEMA.fields().len());
    let seen = files.filter(|field| field.name() != SHAPE);
    let mut fields: Vec<FieldRef> = seen.cloned().collect();
    fields.push(Arc::clone(&DAY_FIELD));
    Arc::new(Schema::new(fields))
});

/// The schema as Delta's transaction log writes it (Delta protocol, "Schema Serialization Format").
pub(crate) fn delta_schema() -> String {
    let mut fields: Vec<_> = COLUMNS
        .iter()
        .map(|(name, kind, nullable)| {
            let kind = match kind {
                Kind::Text => "string",
                Kind::Time => "timestamp",
                Kind::Number => "integer",
            };
            json!({ "name": name, "type": kind, "nullable": nullable, "metadata": {} })
        })
        .collect();
    fields.push(json!({ "name": DAY, "type": "date", "nullable": false, "metadata": {} }));
    json!({ "type": "struct", "fields": fields }).to_string()
}

/// The texts of a column, however they are held; `None` when it holds none.
pub(crate) fn texts(column: &ArrayRef) -> Option<Box<dyn Iterator<Item = Option<&str>> + '_>> {
    let plain = column.as_string_opt::<i32>().map(|texts| Box::new(texts.iter()) as Box<dyn Iterator<Item = _>>);
    plain.or_else(|| column.as_string_view_opt().map(|texts| Box::new(texts.iter()) as Box<dyn Iterator<Item = _>>))
}

#[cfg(test)]
mod tests {
    use khien_base::filter::{COLUMNS as COLUMNS_ASKED, Held};

    use super::*;

    #[test]
    fn every_column_that_is_asked_for_is_in_the_file() {
        for column in COLUMNS_ASKED {
            let held = if column.held == Held::Number { DataType::Int32 } else { DataType::Utf8 };
            assert_eq!(FILE_SCHEMA.field_with_name(column.name).unwrap().data_type(), &held, "{}", column.name);
        }
        for name in LONG.into_iter().chain(BLOOMED).chain([SHAPE]) {
            assert_eq!(FILE_SCHEMA.field_with_name(name).unwrap().data_type(), &DataType::Utf8, "{name}");
        }
        assert_eq!(READ_SCHEMA.fields().len(), COLUMNS.len() + 1);
        assert_eq!(TABLE_SCHEMA.fields().len(), COLUMNS.len());
        // The shape stands last, so that a column of the table has the same place in the file.
        assert_eq!(FILE_SCHEMA.index_of(SHAPE).unwrap(), COLUMNS.len() - 1);
    }
}
