//! Pages of files of events.

use chrono::{DateTime, Utc};
use khien_base::Id;
use khien_web::View;
use schemars::JsonSchema;
use serde::Serialize;

/// A file in a list.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Row {
    /// Identity.
    pub id: Id,
    /// What the bar said.
    pub q: String,
    /// From this moment.
    pub from: DateTime<Utc>,
    /// To this moment.
    pub to: DateTime<Utc>,
    /// `csv`, `ndjson`, `parquet`
    pub format: String,
    /// Whether personal data are plain.
    pub personal: bool,
    /// `running`, `done`, `failed`, `stopped`, `gone`
    pub state: String,
    /// Events that are written.
    pub rows: i64,
    /// Events that are to be written.
    pub total: i64,
    /// Bytes that are written.
    pub bytes: i64,
    /// When it was asked for.
    pub at: DateTime<Utc>,
}

/// The reader's files.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct List {
    /// The newest first.
    pub rows: Vec<Row>,
}

/// The form of a new file.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct New {
    /// What the bar says.
    pub q: String,
    /// Vietnam's time.
    pub from: String,
    /// Vietnam's time.
    pub to: String,
    /// Only this log source.
    pub source: String,
    /// Only this information system.
    pub system: String,
    /// Events that are found now.
    pub total: u64,
    /// Whether the reader may have personal data plainly.
    pub may_plain: bool,
    /// Hours that a file is kept.
    pub hours: i64,
    /// Mebibytes that a file may have.
    pub mebibytes: u64,
}

/// One file.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct One {
    /// What a list shows of it.
    pub row: Row,
    /// What went wrong, in a sentence.
    pub fault: String,
    /// Hours that it is kept.
    pub hours: i64,
}

fn row(state: &str) -> Row {
    Row {
        q: "host:<may01>".into(),
        format: "csv".into(),
        state: state.into(),
        rows: 40_000,
        total: 100_000,
        bytes: 12_345_678,
        ..Row::default()
    }
}

impl View for List {
    const PAGE: &'static str = "exports/list.html";

    fn samples() -> Vec<Self> {
        let all = ["running", "done", "failed", "stopped", "gone"];
        let mut rows: Vec<Row> = all.map(row).to_vec();
        rows.push(Row { q: String::new(), personal: true, ..row("done") });
        vec![Self::default(), Self { rows }]
    }
}

impl View for New {
    const PAGE: &'static str = "exports/new.html";

    fn samples() -> Vec<Self> {
        let full = Self {
            q: "host:\"may 01\"".into(),
            from: "2026-10-01T09:00".into(),
            to: "2026-10-01T10:00".into(),
            total: 1_234_567,
            may_plain: true,
            hours: 24,
            mebibytes: 1024,
            ..Self::default()
        };
        vec![Self::default(), full]
    }
}

impl View for One {
    const PAGE: &'static str = "exports/file.html";

    fn samples() -> Vec<Self> {
        let of = |state: &str| Self { row: row(state), hours: 24, ..Self::default() };
        let failed = Self { fault: "Hết chỗ.".into(), ..of("failed") };
        vec![of("running"), of("done"), failed, of("stopped"), of("gone")]
    }
}
