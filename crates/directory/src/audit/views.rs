//! Pages of the audit log.

use chrono::{DateTime, Utc};
use khien_base::Id;
use khien_web::{Pager, View};
use schemars::JsonSchema;
use serde::Serialize;

/// A line of the log.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Line {
    /// Position in the chain.
    pub seq: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who; empty for the program itself.
    pub who: String,
    /// `people.give-role`
    pub action: String,
    /// What was done, in a few words.
    pub text: String,
    /// `person`
    pub subject_kind: String,
    /// What kind of record it is, in words.
    pub kind: String,
    /// Which record.
    pub subject: Id,
    /// The unit whose record it is; empty for none.
    pub unit: String,
    /// The request.
    pub request: String,
}

/// What the check of the chain found.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Verdict {
    /// Whether every seal holds.
    pub whole: bool,
    /// Entries that were checked.
    pub rows: i64,
    /// The last seal.
    pub last: String,
    /// The first position where the chain does not hold.
    pub broken_at: i64,
}

/// The log.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct List {
    /// The page's entries.
    pub entries: Vec<Line>,
    /// Where the list stands.
    pub pager: Pager,
    /// The list's address for files.
    pub base: String,
    /// A part of a name.
    pub name: String,
    /// How the action begins.
    pub action: String,
    /// How actions may begin.
    pub actions: Vec<String>,
    /// A record.
    pub subject: String,
    /// First day.
    pub from: String,
    /// Last day.
    pub to: String,
    /// Whether a filter is set.
    pub filtered: bool,
    /// Whether the chain may be checked.
    pub whole_centre: bool,
    /// Position of the newest entry; 0 when there is none.
    pub last_seq: i64,
    /// Its seal.
    pub last_seal: String,
    /// What the check found, when it was asked for.
    pub verdict: Option<Verdict>,
}

impl View for List {
    const PAGE: &'static str = "audit/list.html";

    fn samples() -> Vec<Self> {
        let line = Line {
            seq: 7,
            who: "Nguyễn <Quản Trị>".into(),
            action: "people.give-role".into(),
            text: "Giao vai trò".into(),
            subject_kind: "person".into(),
            kind: "người dùng".into(),
            unit: "Sở Y tế".into(),
            request: "abc".into(),
            ..Line::default()
        };
        let full = Self {
            entries: vec![line, Line::default()],
            pager: Pager { number: 1, pages: 2, total: 30, from: 1, to: 25, base: "/audit?".into() },
            base: "/audit?".into(),
            actions: vec!["people.".into()],
            whole_centre: true,
            last_seq: 30,
            last_seal: "ab".repeat(32),
            ..Self::default()
        };
        let whole = Verdict { whole: true, rows: 30, last: "ab".repeat(32), broken_at: 0 };
        vec![
            Self { base: "/audit?".into(), ..Self::default() },
            Self { base: "/audit?".into(), filtered: true, name: "x".into(), ..Self::default() },
            Self { verdict: Some(whole), ..full.clone() },
            Self { verdict: Some(Verdict { broken_at: 3, ..Verdict::default() }), ..full },
        ]
    }
}

/// One field of an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Change {
    /// `name`
    pub field: String,
    /// Its value before.
    pub before: String,
    /// Its value after.
    pub after: String,
    /// Whether it differs.
    pub changed: bool,
}

/// One entry.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Entry {
    /// The entry.
    pub line: Line,
    /// What changed.
    pub changes: Vec<Change>,
    /// Seal of the entry before.
    pub previous: String,
    /// Its seal.
    pub hash: String,
}

impl View for Entry {
    const PAGE: &'static str = "audit/entry.html";

    fn samples() -> Vec<Self> {
        let change = Change { field: "name".into(), before: "<b>".into(), after: String::new(), changed: true };
        vec![Self::default(), Self { changes: vec![change, Change::default()], hash: "ab".into(), ..Self::default() }]
    }
}
