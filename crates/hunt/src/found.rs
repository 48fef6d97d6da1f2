//! A match, as the timeline keeps it.

use chrono::{DateTime, Utc};
use khien_base::Record;
use khien_base::event::Hot;
use khien_detect::Hit;
use serde::{Deserialize, Serialize};

use crate::limits;
use crate::timeline::{Key, Timed};

/// A rule that fired on an event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// When it happened, in microseconds since 1970; none where the event does not say.
    pub time: Option<i64>,
    /// Position of its file among those that were read.
    pub file: u32,
    /// Where in the file: the number of the chunk times 65,536 plus that of the record in it, or of the
    /// line and of the event in it.
    pub place: u64,
    /// Position of the rule; behind all rules come the correlations.
    pub rule: u32,
    /// The number of the record in its log, as the event says it; of lines that of the line.
    pub record: u64,
    /// Columns of the event, of those that have something to say: see [`COLUMNS`].
    pub columns: [Option<Box<str>>; COLUMNS.len()],
    /// What made the rule fire.
    pub marks: Vec<Mark>,
}

/// A value that made a rule fire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The field, as the rule names it; empty for a word in the line.
    pub field: Box<str>,
    /// The value in the event.
    pub value: Box<str>,
}

/// What the timeline tells of an event beside the values that made the rule fire, in the order of [`Found::columns`].
pub(crate) const COLUMNS: [&str; 10] =
    ["host", "user", "channel", "event_id", "process", "command_line", "src_ip", "dst_ip", "file_path", "domain"];

impl Found {
    /// A match of the rule at position `rule`.
    pub(crate) fn new(file: u32, place: u64, number: u64, rule: u32, record: &Record, hits: &[Hit]) -> Self {
        let hot = &record.hot;
        let mut marks: Vec<Mark> = Vec::new();
        for hit in hits {
            let mark = Mark { field: hit.field.as_str().into(), value: cut(&hit.value) };
            if marks.len() < limits::MARKS && !marks.contains(&mark) {
                marks.push(mark);
            }
        }
        Self {
            time: record.time.map(|time| time.timestamp_micros()),
            file,
            place,
            rule,
            record: number,
            columns: columns(hot).map(|value| value.filter(|value| !value.is_empty()).map(cut)),
            marks,
        }
    }

    /// When it happened.
    pub fn moment(&self) -> Option<DateTime<Utc>> {
        self.time.and_then(DateTime::from_timestamp_micros)
    }

    /// A column by its name.
    pub(crate) fn column(&self, name: &str) -> &str {
        let at = COLUMNS.iter().position(|column| *column == name);
        at.and_then(|at| self.columns.get(at)).and_then(Option::as_deref).unwrap_or_default()
    }
}

impl Timed for Found {
    /// Time, then the order in which files and their records lie. Events without a time come last.
    fn key(&self) -> Key {
        (self.time.unwrap_or(i64::MAX), self.file, self.place, self.rule)
    }

    fn weight(&self) -> usize {
        let marks: usize = self.marks.iter().map(|mark| size_of::<Mark>() + mark.field.len() + mark.value.len()).sum();
        let columns: usize = self.columns.iter().flatten().map(|column| column.len()).sum();
        size_of::<Self>() + marks + columns
    }
}

fn columns(hot: &Hot) -> [Option<&str>; COLUMNS.len()] {
    [
        hot.host.as_deref(),
        hot.user.as_deref(),
        hot.channel.as_deref(),
        hot.event_code.as_deref(),
        hot.process.as_deref(),
        hot.command_line.as_deref(),
        hot.src_ip.as_deref(),
        hot.dst_ip.as_deref(),
        hot.file.as_deref(),
        hot.domain.as_deref(),
    ]
}

/// The column that holds what correlations group by under a name of a source.
pub(crate) fn place_of(field: &str) -> Option<usize> {
    let column = match field {
        "Computer" | "ComputerName" | "hostname" => "host",
        "TargetUserName" | "SubjectUserName" | "User" => "user",
        "IpAddress" | "SourceIp" => "src_ip",
        "DestinationIp" => "dst_ip",
        "Image" => "process",
        "CommandLine" => "command_line",
        "QueryName" => "domain",
        same => same,
    };
    COLUMNS.iter().position(|known| *known == column)
}

/// The first characters of a value.
pub(crate) fn cut(value: &str) -> Box<str> {
    match value.char_indices().nth(limits::VALUE) {
        Some((at, _)) => format!("{}…", value.get(..at).unwrap_or_default()).into(),
        None => value.into(),
    }
}
