//! What is wanted, and how it ended.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use khien_base::{Fault, Result};
use khien_detect::{Level, Rule, Status};
use khien_normalise::Format;

use crate::span::Span;
use crate::words::Lang;

/// One run over logs.
#[derive(Debug, Clone)]
pub struct Order {
    /// Folders, files and ZIP archives of Sigma rules; none for our own.
    pub rules: Vec<PathBuf>,
    /// Our own rules also where others are given.
    pub own_rules: bool,
    /// Folders, files and archives of logs.
    pub inputs: Vec<PathBuf>,
    /// How the logs are written; [`Format::Auto`] tells it of each file.
    pub format: Format,
    /// Threads that read and match, at least one.
    pub threads: usize,
    /// Which rules count.
    pub choice: Choice,
    /// When events must have happened to be told.
    pub span: Span,
    /// The file of the timeline; standard output where there is none.
    pub output: Option<PathBuf>,
    /// How the timeline is written; by the ending of `output`, else a table, where it is not said.
    pub shape: Option<Shape>,
    /// File for a layer of MITRE's ATT&CK Navigator.
    pub navigator: Option<PathBuf>,
    /// Whether counts by rule, host and technique are wanted.
    pub summary: bool,
    /// Whether amounts and times are wanted.
    pub stats: bool,
    /// No progress, no sentence that is not asked for.
    pub quiet: bool,
    /// Language of the timeline.
    pub lang: Lang,
    /// The level from which a match makes the exit code 3.
    pub fail_on: Option<Level>,
    /// The present moment: gives a year to lines without one.
    pub now: DateTime<Utc>,
}

/// Which of the loaded rules count.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// The mildest level.
    pub least: Option<Level>,
    /// Statuses; any when empty. A rule that says none passes only then.
    pub status: Vec<Status>,
    /// Rules by id or name; all when empty.
    pub only: Vec<String>,
    /// Rules that do not count, by id or name.
    pub except: Vec<String>,
}

impl Choice {
    /// Whether a rule counts.
    pub fn takes(&self, rule: &Rule) -> bool {
        let named =
            |names: &[String]| names.iter().any(|name| *name == rule.id || !name.is_empty() && *name == rule.name);
        self.least.is_none_or(|least| rule.level >= least)
            && (self.status.is_empty() || rule.status.is_some_and(|status| self.status.contains(&status)))
            && (self.only.is_empty() || named(&self.only))
            && !named(&self.except)
    }
}

/// How a timeline is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Columns for a terminal.
    Table,
    /// Comma-separated values with a header (RFC 4180), UTF-8 with a byte order mark for spreadsheets.
    Csv,
    /// A JSON object a line.
    Ndjson,
    /// A page that needs nothing else.
    Html,
}

impl Shape {
    /// The shape that the ending of a file's name means. Fault: `hunt.output-kind` (`file`).
    pub fn of(path: &std::path::Path) -> Result<Self> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
        Ok(match ending.as_str() {
            "csv" => Self::Csv,
            "ndjson" | "jsonl" | "json" => Self::Ndjson,
            "html" | "htm" => Self::Html,
            "txt" => Self::Table,
            _ => return Err(Fault::invalid("hunt.output-kind").with("file", path.display())),
        })
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Matches in the timeline.
    pub matches: u64,
    /// Files, chunks, records and lines that could not be read.
    pub troubles: u64,
    /// The worst level that was found.
    pub worst: Option<Level>,
}

impl Outcome {
    /// The exit code: 3 when something of at least `fail_on` was found, else 2 when something could not be read, else 0.
    pub fn code(&self, fail_on: Option<Level>) -> u8 {
        match (fail_on, self.worst) {
            (Some(least), Some(worst)) if worst >= least => 3,
            _ if self.troubles > 0 => 2,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_weighs_more_than_what_could_not_be_read() {
        let outcome = Outcome { matches: 2, troubles: 1, worst: Some(Level::High) };
        assert_eq!(outcome.code(None), 2);
        assert_eq!(outcome.code(Some(Level::Critical)), 2);
        assert_eq!(outcome.code(Some(Level::High)), 3);
        assert_eq!(Outcome { troubles: 0, ..outcome }.code(None), 0);
    }

    #[test]
    fn the_ending_of_a_name_says_how_a_timeline_is_written() {
        assert_eq!(Shape::of("a/b.CSV".as_ref()).unwrap(), Shape::Csv);
        assert_eq!(Shape::of("b.jsonl".as_ref()).unwrap(), Shape::Ndjson);
        assert_eq!(Shape::of("b.xlsx".as_ref()).unwrap_err().code, "hunt.output-kind");
    }
}
