//! Writes what fires on what, for parties outside to be compared with (`proof/pysigma`).
//!
//! `fired <corpus> [<records>]` reads the rules of `<corpus>/sigma`, the Windows event logs of `<corpus>/evtx` and of
//! `<corpus>/sigma/regression_data`, and a file of made records, one `{"where", "log", "fields"}` in JSON on a line. It
//! writes lines of JSON: `{"refused", "code"}` for each rule file with a fault;
//! `{"route", "log", "rules"}` once for each log source of a record, with the ids of the rules that mean it; and
//! `{"record", "route", "where", "fields", "words", "fired"}` for each record, its fields flattened to paths with
//! dots. It stops when the two matchers disagree.

use std::collections::HashMap;
use std::error::Error;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use khien_base::event::Hot;
use khien_base::{LogSource, Record};
use khien_detect::{Engine, Ruleset, Scratch};
use khien_normalise::evtx;
use serde::Deserialize;
use serde_json::{Map, Value, json};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let corpus = PathBuf::from(std::env::args_os().nth(1).ok_or("usage: fired <corpus>")?);
    let sigma = corpus.join("sigma");
    let mut sources = Vec::new();
    for folder in ["rules", "rules-emerging-threats", "rules-threat-hunting"] {
        for path in files(&sigma.join(folder), "yml")? {
            let name = path.strip_prefix(&sigma)?.display().to_string();
            sources.push((name, std::fs::read_to_string(&path)?));
        }
    }
    let (set, faults) = Ruleset::load(sources.into_iter());
    let mut writing = Writing {
        to: BufWriter::new(std::io::stdout().lock()),
        engine: Engine::new(Arc::new(set)),
        scratch: Scratch::default(),
        routes: HashMap::new(),
        records: 0,
    };
    for fault in faults {
        writeln!(writing.to, "{}", json!({"refused": fault.source, "code": fault.code}))?;
    }
    for folder in [corpus.join("evtx/attack-samples"), sigma.join("regression_data")] {
        for path in files(&folder, "evtx")? {
            let name = path.strip_prefix(&corpus)?.display().to_string();
            for (number, record) in (1..).zip(evtx(std::fs::read(&path)?).filter_map(Result::ok)) {
                writing.record(&format!("{name}#{number}"), &record)?;
            }
        }
    }
    if let Some(path) = std::env::args_os().nth(2) {
        for line in std::fs::read_to_string(path)?.lines() {
            let Made { place, log, fields } = serde_json::from_str(line)?;
            // No text of a line: keywords are looked for in the fields, as the other party does.
            let record =
                Record { time: None, log, hot: Hot::default(), fields: fields.into(), raw: String::new(), key: None };
            writing.record(&place, &record)?;
        }
    }
    writing.to.flush()?;
    Ok(())
}

/// A record that was made.
#[derive(Deserialize)]
struct Made {
    #[serde(rename = "where")]
    place: String,
    log: LogSource,
    fields: Map<String, Value>,
}

struct Writing<W> {
    to: W,
    engine: Engine,
    scratch: Scratch,
    /// Log sources and their numbers.
    routes: HashMap<LogSource, usize>,
    records: usize,
}

impl<W: Write> Writing<W> {
    fn record(&mut self, place: &str, record: &Record) -> Outcome<()> {
        let set = Arc::clone(self.engine.ruleset());
        let plain: Vec<&str> = set.matches(record).iter().map(|found| found.rule.id.as_str()).collect();
        let fast = self.engine.fired(record, &mut self.scratch).iter();
        let fast: Vec<&str> = fast.filter_map(|at| set.rules().get(*at as usize)).map(|r| r.id.as_str()).collect();
        if plain != fast {
            return Err(format!("{place}: the plain matcher says {plain:?}, the fast one {fast:?}").into());
        }
        let next = self.routes.len();
        let route = *self.routes.entry(record.log.clone()).or_insert(next);
        if route == next {
            let rules: Vec<&str> = set.rules_for(&record.log).map(|rule| rule.id.as_str()).collect();
            writeln!(self.to, "{}", json!({"route": route, "log": record.log, "rules": rules}))?;
        }
        let mut fields = Map::new();
        record.fields.iter().for_each(|(name, value)| flatten(name, value, &mut fields));
        let words: Vec<&Value> = fields.values().flat_map(each).collect();
        let line = json!({"record": self.records, "route": route, "where": place, "fields": fields,
            "words": words, "fired": plain});
        writeln!(self.to, "{line}")?;
        self.records += 1;
        Ok(())
    }
}

/// Fields by their paths; a list of plain values is kept as one, of several values under one path all are.
fn flatten(path: &str, value: &Value, into: &mut Map<String, Value>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(name, value)| flatten(&format!("{path}.{name}"), value, into)),
        Value::Array(items) => items.iter().for_each(|item| flatten(path, item, into)),
        plain => match into.get_mut(path) {
            None => drop(into.insert(path.to_owned(), plain.clone())),
            Some(Value::Array(before)) => before.push(plain.clone()),
            Some(before) => *before = Value::Array(vec![before.take(), plain.clone()]),
        },
    }
}

fn each(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        one => std::slice::from_ref(one),
    }
}

/// All files below a folder with this ending, in order.
fn files(folder: &Path, ending: &str) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path, ending)?);
        } else if path.extension().is_some_and(|e| e == ending) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
