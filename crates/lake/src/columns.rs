//! The columns of the table `events`: their names, types, and which of them a search may ask by name.

use std::sync::{Arc, LazyLock};

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
const COLUMNS: [(&str, Kind, bool); 27] = [
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
    ("fields", Kind::Text, false),
    ("raw", Kind::Text, false),
];

/// Long texts that differ in each row: no dictionary and no statistics are kept for them.
pub(crate) const LONG: [&str; 4] = ["command_line", "message", "fields", "raw"];

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

/// The schema of the whole table: the file's columns, then the day.
pub(crate) static TABLE_SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let mut fields: Vec<FieldRef> = FILE_SCHEMA.fields().iter().cloned().collect();
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
        for name in LONG {
            assert_eq!(FILE_SCHEMA.field_with_name(name).unwrap().data_type(), &DataType::Utf8, "{name}");
        }
        assert_eq!(TABLE_SCHEMA.fields().len(), COLUMNS.len() + 1);
    }
}
