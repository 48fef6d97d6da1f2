//! A file of parsers tried on pasted lines and on its own samples. Nothing is kept.

use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use khien_base::{Fault, Record, Result};
use khien_normalise::{Format, Own, Series, Sheet};
use serde_json::{Map, Value, json};

use super::views::{Column, SampleRow, Tried, TriedLine};

/// Records that are shown.
const SHOWN: usize = 10;
/// Bytes of pasted lines.
pub const PASTED: usize = 64 << 10;
/// Fields that are shown of one record.
const FIELDS: usize = 200;
/// Names that each line of syslog has: a sample need not say them.
const PLAIN: [&str; 8] = ["message", "hostname", "program", "pid", "facility", "severity", "msgid", "_parser"];

/// What a text makes of lines. Blocking: expressions take time in proportion to what is tried.
///
/// Faults: those of [`Sheet::read`], `parsers.pasted-too-long` (`limit`).
pub fn attempt(yaml: &str, lines: &str, now: DateTime<Utc>) -> Result<Tried> {
    if lines.len() > PASTED {
        return Err(Fault::invalid("parsers.pasted-too-long").on("lines").with("limit", PASTED >> 10));
    }
    let sheet = Sheet::read(yaml).map_err(|fault| fault.on("yaml"))?;
    let mut tried = Tried { read: true, names: sheet.names().map(str::to_owned).collect(), ..Tried::default() };
    for told in sheet.tell(now) {
        let differences = told.differences.into_iter().map(|other| Column {
            name: other.what,
            value: if other.got.is_empty() { "–".to_owned() } else { other.got },
            wanted: other.wanted,
        });
        tried.samples.push(SampleRow {
            parser: told.parser,
            line: told.line,
            unread: told.record.is_none(),
            differences: differences.collect(),
        });
    }
    tried.wrong = tried.samples.iter().filter(|sample| sample.unread || !sample.differences.is_empty()).count();
    let own = Own::new(vec![Sheet::read(yaml)?]);
    for read in records(lines, now) {
        tried.lines.push(match read {
            Ok(mut record) => {
                let by_own = own.apply(&mut record);
                shown(&record, by_own)
            }
            Err(fault) => TriedLine { fault: fault.to_string(), ..TriedLine::default() },
        });
    }
    Ok(tried)
}

fn records(lines: &str, now: DateTime<Utc>) -> Vec<Result<Record>> {
    let (mut series, mut read) = (Series::joining(), Vec::new());
    let mut take = |record: Result<Record>| {
        read.push(record);
        if read.len() < SHOWN { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    for (number, line) in (1..).zip(lines.lines()) {
        if series.push(line.as_bytes(), Format::Auto, now, number, &mut take).is_break() {
            return read;
        }
    }
    let _ = series.finish(now, &mut take);
    read
}

fn shown(record: &Record, by_own: bool) -> TriedLine {
    let column =
        |(name, value): (&String, &Value)| Column { name: name.clone(), value: text(value), ..Column::default() };
    let hot = match serde_json::to_value(&record.hot) {
        Ok(Value::Object(hot)) => hot,
        _ => Map::new(),
    };
    let said = |value: &Value| !value.is_null() && value != &json!(0);
    TriedLine {
        line: record.raw.clone(),
        by: record.fields.get("_parser").map(text).unwrap_or_default(),
        by_own,
        log: crate::rules::catalog::logsource(&record.log),
        class: record.hot.class_uid,
        severity: record.hot.severity_id,
        time: record.time,
        columns: hot
            .iter()
            .filter(|(name, value)| said(value) && !name.ends_with("_id") && *name != "class_uid")
            .map(column)
            .collect(),
        fields: record.fields.iter().filter(|(name, _)| *name != "_parser").take(FIELDS).map(column).collect(),
        sample: if by_own { sample(record, &hot) } else { String::new() },
        fault: String::new(),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The record as a sample, to be put into the text.
fn sample(record: &Record, hot: &Map<String, Value>) -> String {
    let by = record.fields.get("_parser").map(text).unwrap_or_default();
    let fields: Map<String, Value> = record
        .fields
        .iter()
        .filter(|(name, _)| !PLAIN.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let told = [
        "host",
        "user",
        "src_ip",
        "src_port",
        "dst_ip",
        "dst_port",
        "process",
        "command_line",
        "file",
        "domain",
        "event_code",
    ];
    let columns: Map<String, Value> = told
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), hot.get(*name).filter(|value| !value.is_null())?.clone())))
        .collect();
    let mut sample = json!({
        "line": record.raw,
        "pattern": by.rsplit_once('/').map_or("", |(_, pattern)| pattern),
        "fields": fields,
        "hot": columns,
        "log": record.log,
    });
    if let (Some(time), Some(sample)) = (record.time, sample.as_object_mut()) {
        sample.insert("time".into(), json!(time.to_rfc3339()));
    }
    let yaml = serde_yaml_ng::to_string(&json!([sample])).unwrap_or_default();
    // As it stands under `samples:` of a parser.
    yaml.lines().map(|line| format!("    {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parsers::rules::{GOOD, sound};

    #[test]
    fn what_is_shown_as_a_sample_is_one() {
        let now = DateTime::from_timestamp(1_781_200_000, 0).unwrap();
        let line = "<13>Jun 10 08:00:00 kho1 cuakho: QUET the=78 cua=\"B: 'x'\" tu 10.0.0.9";
        let tried = attempt(&GOOD.replace("\\S+) tu", ".+) tu"), line, now).unwrap();
        assert_eq!((tried.wrong, tried.lines.len(), tried.lines[0].by_own), (0, 1, true));
        assert_eq!(tried.lines[0].by, "cua-kho/quet-the");
        let yaml = format!("{}{}", GOOD.replace("\\S+) tu", ".+) tu"), tried.lines[0].sample);
        assert_eq!(sound(&yaml, now).unwrap(), "cua-kho", "{yaml}");
    }
}
