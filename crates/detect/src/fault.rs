//! What is wrong with a rule file, where it stands and how to mend it.
//!
//! A fault belongs to one document and never stops the others: a folder of rules gives all of its faults in
//! one run. `what` and `mend` are English sentences for logs and the command line; a page that speaks
//! Vietnamese takes `code` and `args` and its own sentence under `fault.<code>`.

use std::fmt;

use khien_base::Fault;
use serde::Serialize;

/// One thing that is wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleFault {
    /// Stable code, `detect.what`.
    pub code: &'static str,
    /// The name under which the file was given.
    pub source: String,
    /// Where in the document, as a path of keys: `detection.selection.Image|endswith[2]`; empty for the whole.
    pub path: String,
    /// Line in the file, from 1.
    pub line: usize,
    /// Column in the line, in characters, from 1.
    pub column: usize,
    /// What is wrong, one sentence.
    pub what: String,
    /// What to do, one sentence.
    pub mend: String,
    /// The values that `what` and `mend` speak of, for a sentence in another language.
    pub args: Vec<(&'static str, String)>,
}

/// Every code of a [`RuleFault`], in order: a page needs a sentence under `fault.<code>` for each.
pub const CODES: [&str; 46] = [
    "detect.action-unsupported",
    "detect.choice",
    "detect.cidr",
    "detect.condition-aggregation",
    "detect.condition-missing",
    "detect.condition-quantity",
    "detect.condition-syntax",
    "detect.condition-too-deep",
    "detect.condition-too-long",
    "detect.condition-unknown",
    "detect.correlation-alias",
    "detect.correlation-condition",
    "detect.correlation-cycle",
    "detect.correlation-field",
    "detect.correlation-key",
    "detect.correlation-percentile",
    "detect.correlation-rule-twice",
    "detect.correlation-rule-unknown",
    "detect.correlation-rules",
    "detect.correlation-timespan",
    "detect.correlation-type",
    "detect.detection-missing",
    "detect.encoded-short",
    "detect.encoded-wildcard",
    "detect.field-missing",
    "detect.filter-rule-unknown",
    "detect.filter-rules",
    "detect.id-twice",
    "detect.key-twice",
    "detect.logsource-missing",
    "detect.merge-key",
    "detect.modifier-clash",
    "detect.modifier-unknown",
    "detect.not-a-rule",
    "detect.placeholder",
    "detect.regex",
    "detect.selection-empty",
    "detect.selection-missing",
    "detect.title-missing",
    "detect.too-deep",
    "detect.too-large",
    "detect.too-many-values",
    "detect.type",
    "detect.value-type",
    "detect.values-missing",
    "detect.yaml",
];

impl fmt::Display for RuleFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: [{}]", self.source, self.line, self.column, self.code)?;
        if !self.path.is_empty() {
            write!(f, " {}:", self.path)?;
        }
        write!(f, " {} {}", self.what, self.mend)
    }
}

impl std::error::Error for RuleFault {}

impl From<RuleFault> for Fault {
    /// The fault as the rest of the program carries it: kind Invalid, the place and values as arguments.
    fn from(from: RuleFault) -> Self {
        let mut fault = Fault::invalid(from.code)
            .with("source", from.source)
            .with("path", from.path)
            .with("line", from.line)
            .with("column", from.column);
        for (name, value) in from.args {
            fault = fault.with(name, value);
        }
        fault.cause = Some(from.what);
        fault
    }
}

/// A place in a file: line and column from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct At {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// The faults of one document, gathered while it is read.
#[derive(Debug)]
pub(crate) struct Faults<'s> {
    source: &'s str,
    path: Vec<String>,
    found: Vec<RuleFault>,
}

impl<'s> Faults<'s> {
    pub(crate) fn new(source: &'s str) -> Self {
        Self { source, path: Vec::new(), found: Vec::new() }
    }

    /// Does `work` with `step` added to the path of the faults that it reports.
    pub(crate) fn within<T>(&mut self, step: impl Into<String>, work: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(step.into());
        let result = work(self);
        self.path.pop();
        result
    }

    /// Reports a fault at a place.
    pub(crate) fn report(&mut self, code: &'static str, at: At, what: impl Into<String>, mend: impl Into<String>) {
        self.report_with(code, at, what, mend, Vec::new());
    }

    /// Reports a fault together with the values that its sentence speaks of.
    pub(crate) fn report_with(
        &mut self,
        code: &'static str,
        at: At,
        what: impl Into<String>,
        mend: impl Into<String>,
        args: Vec<(&'static str, String)>,
    ) {
        self.found.push(RuleFault {
            code,
            source: self.source.to_owned(),
            path: path_text(&self.path),
            line: at.line,
            column: at.column,
            what: what.into(),
            mend: mend.into(),
            args,
        });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub(crate) fn into_vec(self) -> Vec<RuleFault> {
        self.found
    }
}

/// Keys joined by points; positions in lists (`[2]`) stand right after their list.
fn path_text(steps: &[String]) -> String {
    let mut text = String::new();
    for step in steps {
        if !text.is_empty() && !step.starts_with('[') {
            text.push('.');
        }
        text.push_str(step);
    }
    text
}

/// A value as a sentence quotes it: at most 60 characters, line breaks shown as spaces.
pub(crate) fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut short: String = text.chars().take(LONGEST).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(LONGEST).is_some() {
        short.push('…');
    }
    format!("'{short}'")
}
