//! Columns for a terminal. Nothing of an event can speak to it: control characters are shown as �.

use std::io::Write;

use khien_base::Result;

use super::{Report, local};
use crate::found::Found;
use crate::sources::clean;
use crate::tally;
use crate::timeline::Sorted;

/// Characters of a computer's name.
const HOST: usize = 24;
/// Characters of the values at the end of a line.
const MARKS: usize = 100;

pub(super) fn write(report: &Report<'_>, mut rows: Sorted<Found>, to: &mut dyn Write) -> Result<std::io::Result<()>> {
    let lang = report.order.lang;
    let levels = tally::LEVELS.map(|level| lang.say(&format!("level.{}", tally::name(level)), &[]));
    let width = levels.iter().map(|level| level.chars().count()).max().unwrap_or_default();
    while let Some(row) = rows.next()? {
        let Some(rule) = report.rules.rule(row.rule) else { continue };
        let level = levels.get(tally::rank(rule.level)).map_or("", String::as_str);
        let line = format!(
            "{:<19}  {level:<width$}  {:<HOST$}  {:>6}  {}  {}",
            local(row.moment()),
            short(&clean(row.column("host")), HOST),
            short(&clean(row.column("event_id")), 6),
            clean(report.rules.title(row.rule, lang)),
            marks(&row),
        );
        if let Err(error) = writeln!(to, "{}", line.trim_end()) {
            return Ok(Err(error));
        }
    }
    Ok(Ok(()))
}

fn marks(row: &Found) -> String {
    let all: Vec<String> = row.marks.iter().map(|mark| clean(&format!("{}={}", mark.field, mark.value))).collect();
    short(&all.join("; "), MARKS)
}

fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}
