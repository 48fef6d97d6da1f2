//! What a search page is asked for: the bar, the span of time, the columns.

use chrono::{DateTime, TimeDelta, Utc};
use khien_base::clock::{typed_in_vietnam, vietnam};
use khien_base::filter::Name;
use khien_base::ports::Search;
use khien_base::{Fault, Filter, Reach, Result};
use serde::Deserialize;

/// What is asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// The bar.
    pub q: String,
    /// `15m`, `1h`, `24h`, `7d`, `30d`
    pub range: String,
    /// Vietnam's time: `2026-10-01T09:00`.
    pub from: String,
    /// Vietnam's time.
    pub to: String,
    /// Only this log source.
    pub source: String,
    /// Only this information system.
    pub system: String,
    /// Columns and fields of the list, parted by commas.
    pub cols: String,
    /// `1`: personal data are to be shown.
    pub personal: String,
}

/// Spans that a button asks for, in minutes.
pub const RANGES: [(&str, i64); 5] =
    [("15m", 15), ("1h", 60), ("24h", 24 * 60), ("7d", 7 * 24 * 60), ("30d", 30 * 24 * 60)];

/// Columns of a list that nobody chose.
const USUAL: [&str; 4] = ["host", "event_code", "user", "src_ip"];
/// Columns of a list.
const COLUMNS: usize = 12;

/// A span of time.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// The button's; empty for a span of its own.
    pub range: &'static str,
    /// From this moment.
    pub from: DateTime<Utc>,
    /// To this moment.
    pub to: DateTime<Utc>,
}

impl Span {
    /// The minutes up to now of a button.
    pub fn last(range: &'static str, minutes: i64, now: DateTime<Utc>) -> Self {
        // What carries this very moment belongs to it.
        let to = now + TimeDelta::seconds(1);
        Self { range, from: to - TimeDelta::minutes(minutes), to }
    }
}

impl Asked {
    /// The span that is asked for: from and to, or a range that ends now; a day where nothing is said.
    ///
    /// Faults: `search.time` on `from` or `to`; `search.time-order` on `to`.
    pub fn span(&self, now: DateTime<Utc>) -> Result<Span> {
        let range = RANGES.into_iter().find(|(name, _)| *name == self.range);
        if range.is_none() && !(self.from.is_empty() && self.to.is_empty()) {
            let to = if self.to.is_empty() { now } else { moment(&self.to, "to")? };
            let from = if self.from.is_empty() { to - TimeDelta::days(1) } else { moment(&self.from, "from")? };
            let span = Span { range: "", from, to };
            return if from < to { Ok(span) } else { Err(Fault::invalid("search.time-order").on("to")) };
        }
        let (range, minutes) = range.unwrap_or(("24h", 24 * 60));
        Ok(Span::last(range, minutes, now))
    }

    /// The search of the store, without rows.
    pub fn search(&self, filter: Filter, span: &Span, reach: Reach) -> Search {
        Search {
            from: Some(span.from),
            to: Some(span.to),
            filter,
            source: self.source.parse().ok(),
            system: self.system.parse().ok(),
            ..Search::within(reach)
        }
    }

    /// The columns of the list.
    pub fn columns(&self) -> Vec<Name> {
        let mut all: Vec<Name> = Vec::new();
        for name in self.cols.split(',').map(str::trim).filter(|name| !name.is_empty() && name.len() <= 200) {
            let name = Name::of(name);
            if !all.contains(&name) && all.len() < COLUMNS {
                all.push(name);
            }
        }
        if all.is_empty() { USUAL.map(Name::of).to_vec() } else { all }
    }

    /// Whether personal data are to be shown.
    pub fn personal(&self) -> bool {
        self.personal == "1"
    }
}

fn moment(text: &str, field: &'static str) -> Result<DateTime<Utc>> {
    let wrong = || Fault::invalid("search.time").on(field);
    let forms = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%.f"];
    let at = typed_in_vietnam(text, &forms).ok_or_else(wrong)?;
    // What the store can hold: years that a log may carry.
    if (0..4_102_444_800).contains(&at.timestamp()) { Ok(at) } else { Err(wrong()) }
}

/// A moment as the form wants it, Vietnam's time; seconds where it has any.
pub fn local(at: DateTime<Utc>) -> String {
    let form = if at.timestamp() % 60 == 0 { "%Y-%m-%dT%H:%M" } else { "%Y-%m-%dT%H:%M:%S" };
    at.with_timezone(&vietnam()).format(form).to_string()
}
