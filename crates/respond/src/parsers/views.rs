//! Pages of own parsers.

use chrono::{DateTime, Utc};
use khien_base::Id;
use khien_web::View;
use schemars::JsonSchema;
use serde::Serialize;

/// A file of own parsers in the list.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Row {
    /// Identity.
    pub id: Id,
    /// The name of its first parser.
    pub name: String,
    /// Whether it is in force.
    pub on: bool,
    /// The version that it stands at.
    pub number: i32,
    /// When it was last changed.
    pub changed_at: DateTime<Utc>,
    /// By whom.
    pub changed_by: String,
    /// Why it cannot be read any more; empty where it can.
    pub fault: String,
}

/// A file that is shipped.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Shipped {
    /// Its name.
    pub file: String,
    /// Names of its parsers.
    pub parsers: Vec<String>,
    /// How many samples they have.
    pub samples: usize,
}

/// The list.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct List {
    /// Own files.
    pub rows: Vec<Row>,
    /// Files that are shipped.
    pub shipped: Vec<Shipped>,
    /// Whether the reader may write.
    pub may_write: bool,
}

impl View for List {
    const PAGE: &'static str = "parsers/list.html";

    fn samples() -> Vec<Self> {
        let row = Row { name: "cua-kho".into(), on: true, number: 3, changed_by: "Lan".into(), ..Row::default() };
        let faulty = Row { on: false, fault: "Dòng 3".into(), ..row.clone() };
        let shipped = Shipped { file: "sshd.yaml".into(), parsers: vec!["sshd".into()], samples: 6 };
        vec![
            Self { shipped: vec![shipped.clone()], ..Self::default() },
            Self { rows: vec![row, faulty], shipped: vec![shipped], may_write: true },
        ]
    }
}

/// The page on which one writes.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Edit {
    /// The file that is changed; empty for a new one.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The version that it stood at.
    pub number: i32,
    /// The text.
    pub yaml: String,
    /// Lines to try it on.
    pub lines: String,
    /// Bytes that a text may have.
    pub most: usize,
}

impl View for Edit {
    const PAGE: &'static str = "parsers/edit.html";

    fn samples() -> Vec<Self> {
        let new = Self { yaml: "- name: x".into(), lines: "<13>a".into(), most: 65_536, ..Self::default() };
        vec![new.clone(), Self { id: Id::nil().to_string(), name: "cua-kho".into(), number: 2, ..new }]
    }
}

/// A name and what stands under it.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Column {
    /// The name.
    pub name: String,
    /// What came out.
    pub value: String,
    /// What a sample says instead; empty elsewhere.
    pub wanted: String,
}

/// A sample of the text.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct SampleRow {
    /// Whose it is.
    pub parser: String,
    /// The line.
    pub line: String,
    /// Whether the line could not be read at all.
    pub unread: bool,
    /// What came out otherwise.
    pub differences: Vec<Column>,
}

/// A pasted line, read.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct TriedLine {
    /// The line.
    pub line: String,
    /// `parser/pattern` that read it; empty where none did.
    pub by: String,
    /// Whether that is one of the text.
    pub by_own: bool,
    /// The log source, as rules name it.
    pub log: String,
    /// OCSF class.
    pub class: u32,
    /// OCSF severity.
    pub severity: u8,
    /// When it happened.
    pub time: Option<DateTime<Utc>>,
    /// Columns of searches.
    pub columns: Vec<Column>,
    /// All fields.
    pub fields: Vec<Column>,
    /// The line as a sample for the text.
    pub sample: String,
    /// Why it could not be read.
    pub fault: String,
}

/// What a text makes of lines.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Tried {
    /// Whether the text could be read.
    pub read: bool,
    /// What is wrong with it.
    pub fault: String,
    /// Code of that.
    pub code: String,
    /// Where, from 1; 0 where it has no place.
    pub line: u64,
    /// Names of its parsers.
    pub names: Vec<String>,
    /// Its samples.
    pub samples: Vec<SampleRow>,
    /// How many of them come out otherwise.
    pub wrong: usize,
    /// The pasted lines.
    pub lines: Vec<TriedLine>,
}

impl View for Tried {
    const PAGE: &'static str = "parsers/tried.html";

    fn samples() -> Vec<Self> {
        let column = |wanted: &str| Column { name: "user".into(), value: "77".into(), wanted: wanted.into() };
        let sample = SampleRow { parser: "cua-kho".into(), line: "<13>x".into(), ..SampleRow::default() };
        let line = TriedLine {
            line: "<13>Jun 10 08:00:00 kho1 cuakho: QUET".into(),
            by: "cua-kho/quet-the".into(),
            by_own: true,
            log: "cuakho / ra-vao".into(),
            class: 3002,
            severity: 2,
            time: Some(DateTime::UNIX_EPOCH),
            columns: vec![column("")],
            fields: vec![column("")],
            sample: "    - line: x".into(),
            fault: String::new(),
        };
        let faulty = TriedLine { fault: "Dòng 1 trống".into(), ..TriedLine::default() };
        vec![
            Self::default(),
            Self { fault: "Dòng 3".into(), code: "parsers.yaml".into(), line: 3, ..Self::default() },
            Self {
                read: true,
                names: vec!["cua-kho".into()],
                samples: vec![
                    sample.clone(),
                    SampleRow { differences: vec![column("78")], ..sample.clone() },
                    SampleRow { unread: true, ..sample },
                ],
                wrong: 2,
                lines: vec![
                    line.clone(),
                    TriedLine {
                        by: String::new(),
                        by_own: false,
                        time: None,
                        class: 0,
                        sample: String::new(),
                        columns: Vec::new(),
                        ..line.clone()
                    },
                    TriedLine { by: "sshd/failed".into(), by_own: false, ..line },
                    faulty,
                ],
                ..Self::default()
            },
        ]
    }
}

/// A version of a file.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct VersionRow {
    /// From 1.
    pub number: i32,
    /// Who saved it.
    pub who: String,
    /// When.
    pub at: DateTime<Utc>,
    /// What was said of the change.
    pub note: String,
}

/// A file of own parsers.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct One {
    /// How it stands.
    pub row: Row,
    /// Names of its parsers.
    pub names: Vec<String>,
    /// How many samples they have.
    pub samples: usize,
    /// The text.
    pub yaml: String,
    /// Its versions, newest first.
    pub versions: Vec<VersionRow>,
    /// Whether the reader may change it.
    pub may_write: bool,
}

impl View for One {
    const PAGE: &'static str = "parsers/one.html";

    fn samples() -> Vec<Self> {
        let row = Row { name: "cua-kho".into(), on: true, number: 2, changed_by: "Lan".into(), ..Row::default() };
        let version = |number| VersionRow { number, who: "Lan".into(), note: "Sửa".into(), ..VersionRow::default() };
        let one = Self {
            row: row.clone(),
            names: vec!["cua-kho".into()],
            samples: 1,
            yaml: "- name: cua-kho".into(),
            versions: vec![version(2), version(1)],
            may_write: true,
        };
        let off = Row { on: false, fault: "Dòng 3".into(), ..row };
        vec![one.clone(), Self { row: off, may_write: false, ..one }]
    }
}

/// A text that is only looked at: a shipped file, an earlier version.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Text {
    /// What it is called.
    pub title: String,
    /// The text.
    pub yaml: String,
    /// The version, for one of a file of the centre.
    pub version: Option<VersionRow>,
    /// The page of that file.
    pub back: String,
    /// The version that is in force.
    pub now_at: i32,
    /// Where a new one is begun with this text.
    pub like: String,
    /// Whether the reader may write.
    pub may_write: bool,
}

impl View for Text {
    const PAGE: &'static str = "parsers/text.html";

    fn samples() -> Vec<Self> {
        let shipped = Self {
            title: "sshd.yaml".into(),
            yaml: "- name: sshd".into(),
            like: "/parsers/new?like=sshd.yaml".into(),
            may_write: true,
            ..Self::default()
        };
        let version = VersionRow { number: 1, who: "Lan".into(), note: "Mới".into(), ..VersionRow::default() };
        let older = Self {
            title: "cua-kho".into(),
            version: Some(version),
            back: "/parsers/x".into(),
            now_at: 2,
            like: String::new(),
            ..shipped.clone()
        };
        vec![shipped, older]
    }
}
