//! A JSON object a line: everything that is known of a match, times in UTC.

use std::io::Write;

use chrono::SecondsFormat;
use khien_base::{Fault, Result};
use serde_json::{Map, Value, json};

use super::Report;
use crate::found::{COLUMNS, Found};
use crate::tally;
use crate::timeline::Sorted;

pub(super) fn write(report: &Report<'_>, mut rows: Sorted<Found>, to: &mut dyn Write) -> Result<std::io::Result<()>> {
    while let Some(row) = rows.next()? {
        let Some(object) = object(report, &row) else { continue };
        let mut line = serde_json::to_vec(&object).map_err(Fault::internal)?;
        line.push(b'\n');
        if let Err(error) = to.write_all(&line) {
            return Ok(Err(error));
        }
    }
    Ok(Ok(()))
}

fn object(report: &Report<'_>, row: &Found) -> Option<Map<String, Value>> {
    let rule = report.rules.rule(row.rule)?;
    let mut object = Map::new();
    let mut set = |name: &str, value: Value| {
        if !value.is_null() {
            object.insert(name.to_owned(), value);
        }
    };
    set("time", json!(row.moment().map(|time| time.to_rfc3339_opts(SecondsFormat::Micros, true))));
    set("level", json!(tally::name(rule.level)));
    set("title", json!(report.rules.title(row.rule, report.order.lang)));
    set("rule", json!(rule.id));
    set("tactics", json!(rule.tags.tactics));
    set("techniques", json!(rule.tags.techniques));
    for (name, value) in COLUMNS.iter().zip(&row.columns) {
        set(name, json!(value));
    }
    set("record", json!(row.record));
    set("matched", json!(row.marks));
    set("log_file", json!(report.file(row.file)));
    set("rule_file", json!(rule.source_name));
    Some(object)
}
