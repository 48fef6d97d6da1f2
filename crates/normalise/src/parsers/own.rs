//! Parsers of one's own: the same shape as those that are shipped, read with limits, tried, and put to records that
//! were decoded already.

use chrono::{DateTime, Utc};
use khien_base::{Fault, Record};
use serde_json::Value;

use super::index::Index;
use super::sample::{Difference, Sample};
use super::shape::{Form, Parsed, Parser};
use crate::{Series, pairs};

/// Longest text of one file.
const TEXT: usize = 64 << 10;
/// Most parsers of one file, and most samples of one parser.
const PARSERS: usize = 16;
const SAMPLES: usize = 32;
/// So much of a message is looked at: expressions take time in proportion to it.
const MESSAGE: usize = 16 << 10;

/// A file of parsers, read and checked.
#[derive(Debug)]
pub struct Sheet {
    parsers: Vec<Parser>,
}

/// What became of a sample.
#[derive(Debug)]
pub struct Told {
    /// The parser whose sample it is.
    pub parser: String,
    /// The sample's line.
    pub line: String,
    /// The record; `None` where the line could not be read.
    pub record: Option<Record>,
    /// What is otherwise than the sample says.
    pub differences: Vec<Difference>,
}

impl Sheet {
    /// Reads a file.
    ///
    /// Faults: `parsers.too-long` (`limit`), `parsers.empty`, `parsers.yaml` (`line`, `column`, `what`) for what is no
    /// YAML or not of the shape, `parsers.too-many` (`limit`), `parsers.asked-for-nothing` (`name`) for a parser that no
    /// line would ever come to, `parsers.without-patterns` (`name`).
    pub fn read(text: &str) -> Result<Self, Fault> {
        if text.len() > TEXT {
            return Err(Fault::invalid("parsers.too-long").with("limit", TEXT));
        }
        if text.trim().is_empty() {
            return Err(Fault::invalid("parsers.empty"));
        }
        let parsers = super::read(text).map_err(|error| fault(text, &error))?;
        if parsers.is_empty() {
            return Err(Fault::invalid("parsers.empty"));
        }
        if parsers.len() > PARSERS {
            return Err(Fault::invalid("parsers.too-many").with("limit", PARSERS));
        }
        for parser in &parsers {
            let named = |code: &'static str| Fault::invalid(code).with("name", &parser.name);
            if parser.programs.is_empty() && !parser.bare && parser.form.is_none() {
                return Err(named("parsers.asked-for-nothing"));
            }
            if parser.patterns.is_empty() {
                return Err(named("parsers.without-patterns"));
            }
            if parser.samples.len() > SAMPLES {
                return Err(Fault::invalid("parsers.too-many-samples")
                    .with("name", &parser.name)
                    .with("limit", SAMPLES));
            }
        }
        Ok(Self { parsers })
    }

    /// One of [`crate::shipped`]: those have no limits.
    pub fn shipped(text: &str) -> Option<Self> {
        Some(Self { parsers: super::read(text).ok()? })
    }

    /// The names of its parsers.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.parsers.iter().map(|parser| parser.name.as_str())
    }

    /// How many samples there are.
    pub fn samples(&self) -> usize {
        self.parsers.iter().map(|parser| parser.samples.len()).sum()
    }

    /// What its parsers make of its samples. `received` gives the year to times without one.
    pub fn tell(self, received: DateTime<Utc>) -> Vec<Told> {
        let mut parsers = self.parsers;
        let mut samples: Vec<(String, Sample)> = Vec::new();
        for parser in &mut parsers {
            samples.extend(std::mem::take(&mut parser.samples).into_iter().map(|sample| (parser.name.clone(), sample)));
        }
        let own = Own { index: Index::new(parsers) };
        samples
            .into_iter()
            .map(|(parser, sample)| {
                let record = Series::one(&sample.line, received).map(|mut record| {
                    own.apply(&mut record);
                    record
                });
                let differences = record.as_ref().map(|record| sample.differences(record)).unwrap_or_default();
                Told { parser, line: sample.line, record, differences }
            })
            .collect()
    }
}

/// The message of the YAML reader says the place too; it is told once. Of a broken expression the reader knows only where
/// its pattern begins: the expression's own line is looked for from there.
fn fault(text: &str, error: &serde_yaml_ng::Error) -> Fault {
    let said = error.to_string();
    let what = said.split(" at line ").next().unwrap_or_default().trim_start_matches('.').to_owned();
    let (mut line, mut column) = error.location().map_or((1, 1), |at| (at.line(), at.column()));
    if let Some((_, after)) = what.split_once("regex parse error:\n")
        && let Some(expression) = after.lines().next().map(str::trim).filter(|expression| !expression.is_empty())
    {
        let lines = text.lines().enumerate().skip(line.saturating_sub(1));
        if let Some((place, at)) = lines.into_iter().find_map(|(place, said)| Some((place, said.find(expression)?))) {
            (line, column) = (place + 1, at + 1);
        }
    }
    Fault::invalid("parsers.yaml").with("line", line).with("column", column).with("what", what)
}

/// Parsers of one's own that are in force together. They come after the shipped ones and win over them.
#[derive(Debug, Default)]
pub struct Own {
    index: Index,
}

impl Own {
    /// These files, in this order.
    pub fn new(sheets: Vec<Sheet>) -> Self {
        let parsers =
            sheets.into_iter().flat_map(|sheet| sheet.parsers).map(|parser| Parser { samples: Vec::new(), ..parser });
        Self { index: Index::new(parsers.collect()) }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.index.parsers().is_empty()
    }

    /// Reads a decoded record again; whether one of the parsers knew it. Its fields are added, its columns and its log
    /// source take the place of what the shipped parsers said.
    pub fn apply(&self, record: &mut Record) -> bool {
        if self.is_empty() {
            return false;
        }
        let fields = &*record.fields;
        let message = fields.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
        let message = start(&message);
        let program = fields.get("program").and_then(Value::as_str);
        let by_program = program.and_then(|program| Index::first_of(self.index.of_program(program), message, fields));
        let hit = by_program
            .or_else(|| form(record, message).and_then(|form| self.index.of_form(form, message, fields)))
            .or_else(|| self.index.bare(message, fields));
        let Some(hit) = hit else { return false };
        let Parsed { log, hot, time, by } = hit.apply(&mut record.fields);
        if let Some((parser, pattern)) = by {
            record.fields.insert("_parser".into(), Value::from(format!("{parser}/{pattern}")));
        }
        record.time = time.or(record.time);
        if log != khien_base::LogSource::default() {
            record.log = log;
        }
        let old = std::mem::take(&mut record.hot);
        record.hot = khien_base::event::Hot {
            class_uid: hot.class_uid,
            severity_id: hot.severity_id.max(old.severity_id),
            host: hot.host.or(old.host),
            user: hot.user.or(old.user),
            src_ip: hot.src_ip.or(old.src_ip),
            src_port: hot.src_port.or(old.src_port),
            dst_ip: hot.dst_ip.or(old.dst_ip),
            dst_port: hot.dst_port.or(old.dst_port),
            process: hot.process.or(old.process),
            command_line: hot.command_line.or(old.command_line),
            file: hot.file.or(old.file),
            hash: hot.hash.or(old.hash),
            domain: hot.domain.or(old.domain),
            event_code: hot.event_code.or(old.event_code),
            channel: old.channel,
            message: hot.message.or(old.message),
        };
        true
    }
}

/// The form that the shipped decoders found.
fn form(record: &Record, message: &str) -> Option<Form> {
    if record.fields.contains_key("CEFVersion") {
        Some(Form::Cef)
    } else if record.fields.contains_key("LEEFVersion") {
        Some(Form::Leef)
    } else if record.fields.contains_key("_table") {
        Some(Form::Table)
    } else {
        pairs::is_list(message).then_some(Form::Pairs)
    }
}

fn start(message: &str) -> &str {
    let mut end = message.len().min(MESSAGE);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    message.get(..end).unwrap_or_default()
}
