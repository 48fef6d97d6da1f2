//! Comma-separated values (RFC 4180), UTF-8 with a byte order mark: spreadsheets take Vietnamese letters for others
//! without one. Cells that a spreadsheet would take for a formula begin with an apostrophe.

use std::io::Write;

use chrono::SecondsFormat;
use khien_base::clock::vietnam;
use khien_base::{Fault, Result};

use super::Report;
use crate::found::{COLUMNS, Found};
use crate::tally;
use crate::timeline::Sorted;

/// Columns before those of the event, and after them.
const BEFORE: [&str; 4] = ["time", "level", "title", "rule"];
const AFTER: [&str; 6] = ["record", "tactics", "techniques", "matched", "log_file", "rule_file"];

pub(super) fn write(report: &Report<'_>, mut rows: Sorted<Found>, to: &mut dyn Write) -> Result<std::io::Result<()>> {
    if let Err(error) = to.write_all("\u{feff}".as_bytes()) {
        return Ok(Err(error));
    }
    let mut writer = ::csv::Writer::from_writer(to);
    if let Err(error) = writer.write_record(BEFORE.iter().chain(&COLUMNS).chain(&AFTER)) {
        return failed(error);
    }
    while let Some(row) = rows.next()? {
        if let Some(cells) = cells(report, &row)
            && let Err(error) = writer.write_record(cells)
        {
            return failed(error);
        }
    }
    Ok(writer.flush())
}

fn failed(error: ::csv::Error) -> Result<std::io::Result<()>> {
    match error.into_kind() {
        ::csv::ErrorKind::Io(error) => Ok(Err(error)),
        other => Err(Fault::internal(format!("{other:?}"))),
    }
}

fn cells(report: &Report<'_>, row: &Found) -> Option<Vec<String>> {
    let rule = report.rules.rule(row.rule)?;
    let time = row.moment().map(|time| time.with_timezone(&vietnam()).to_rfc3339_opts(SecondsFormat::Micros, false));
    let marks: Vec<String> = row.marks.iter().map(|mark| format!("{}={}", mark.field, mark.value)).collect();
    let mut cells = vec![
        time.unwrap_or_default(),
        tally::name(rule.level).to_owned(),
        harmless(report.rules.title(row.rule, report.order.lang)),
        harmless(&rule.id),
    ];
    cells.extend(COLUMNS.map(|name| harmless(row.column(name))));
    cells.extend([
        row.record.to_string(),
        harmless(&rule.tags.tactics.join(" ")),
        harmless(&rule.tags.techniques.join(" ")),
        harmless(&marks.join("; ")),
        harmless(report.file(row.file)),
        harmless(&rule.source_name),
    ]);
    Some(cells)
}

/// A cell that no spreadsheet takes for a formula.
fn harmless(text: &str) -> String {
    let formula = text.trim_start().starts_with(['=', '+', '-', '@']) || text.starts_with(['\t', '\r', '\n']);
    if formula { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for formula in ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", " =1"] {
            assert_eq!(harmless(formula), format!("'{formula}"));
        }
        assert_eq!(harmless("a=b"), "a=b");
    }
}
