//! Pages of imports.

use chrono::{DateTime, Utc};
use khien_base::Id;
use khien_web::{Pager, View};
use schemars::JsonSchema;
use serde::Serialize;

use super::FaultRow;
use crate::alerts::views::Named;
use crate::rules::diff::{Became, Line};
use crate::rules::take_in::{Choices, OUTCOMES};

/// One import.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct ImportRow {
    /// Identity.
    pub id: Id,
    /// The name of its rules.
    pub name: String,
    /// The file or folder.
    pub file: String,
    /// SHA-256 of it.
    pub sha256: String,
    /// `preview`, `applied`, `cancelled`
    pub state: String,
    /// New documents.
    pub new: i64,
    /// Changed ones.
    pub changed: i64,
    /// Ones that went out of force, or would.
    pub gone: i64,
    /// Ones that cannot be read.
    pub faulty: i64,
    /// Ones that are as they were.
    pub unchanged: i64,
    /// Ones that the centre has rules of its own for.
    pub own: i64,
    /// Who.
    pub who: String,
    /// When it was read.
    pub at: DateTime<Utc>,
    /// When it was put in force.
    pub applied_at: Option<DateTime<Utc>>,
}

/// Imports, and the form for one.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Imports {
    /// This page of them.
    pub rows: Vec<ImportRow>,
    /// Where the page stands.
    pub pager: Pager,
    /// Names that are known.
    pub names: Vec<String>,
    /// Folders of the configuration.
    pub folders: Vec<Named>,
    /// Bytes that a file may have.
    pub max_bytes: usize,
}

fn row() -> ImportRow {
    ImportRow {
        name: "sigmahq".into(),
        file: "sigma_all_rules.zip".into(),
        state: "preview".into(),
        new: 3000,
        changed: 2,
        gone: 1,
        faulty: 4,
        who: "Bình".into(),
        ..ImportRow::default()
    }
}

impl View for Imports {
    const PAGE: &'static str = "rules/imports.html";

    fn samples() -> Vec<Self> {
        let applied = DateTime::from_timestamp(1_790_000_000, 0);
        let rows = vec![
            row(),
            ImportRow { state: "applied".into(), applied_at: applied, ..row() },
            ImportRow { state: "cancelled".into(), ..row() },
        ];
        let folders = vec![Named { value: "0".into(), label: "rules".into() }];
        vec![Self::default(), Self { rows, names: vec!["sigmahq".into()], folders, max_bytes: 1, ..Self::default() }]
    }
}

/// Documents of one outcome.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Tab {
    /// `new`, `changed`, …
    pub outcome: &'static str,
    /// How many.
    pub count: i64,
    /// Where they are shown.
    pub href: String,
    /// Whether they are shown.
    pub active: bool,
}

/// How many documents have a value.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Tally {
    /// The value.
    pub name: String,
    /// How many.
    pub count: i64,
}

/// One document of an import.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct ItemRow {
    /// Identity.
    pub id: Id,
    /// Its rule.
    pub rule: String,
    /// The page of the rule.
    pub href: String,
    /// The file.
    pub path: String,
    /// Title.
    pub title: String,
    /// `rule`, `correlation`, `filter`
    pub kind: String,
    /// Level; empty for filters.
    pub level: &'static str,
    /// Status.
    pub status: &'static str,
    /// Product.
    pub product: String,
    /// What is wrong with it.
    pub faults: Vec<FaultRow>,
}

/// What an import would change, or changed.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Import {
    /// What the list shows of it.
    pub import: ImportRow,
    /// What is chosen.
    pub choices: Choices,
    /// Outcomes with their numbers under these choices.
    pub tabs: Vec<Tab>,
    /// The outcome that is shown.
    pub tab: &'static str,
    /// This page of its documents.
    pub rows: Vec<ItemRow>,
    /// Where the page stands.
    pub pager: Pager,
    /// Documents that would be put in force.
    pub to_take: i64,
    /// Documents that the choices leave out.
    pub left_out: i64,
    /// Readable documents by level.
    pub levels: Vec<Tally>,
    /// By status.
    pub statuses: Vec<Tally>,
    /// Products to choose from.
    pub products: Vec<Named>,
}

impl View for Import {
    const PAGE: &'static str = "rules/import.html";

    fn samples() -> Vec<Self> {
        let item = ItemRow {
            title: "Luật <b>".into(),
            kind: "rule".into(),
            level: "high",
            status: "test",
            path: "rules/x.yml".into(),
            faults: vec![FaultRow { line: 3, column: 1, sentence: "Sai".into(), ..FaultRow::default() }],
            ..ItemRow::default()
        };
        let tally = |name: &str| vec![Tally { name: name.into(), count: 3 }];
        let shown = |tab: &'static str| Self {
            import: row(),
            choices: Choices { status: "test".into(), retire: true, ..Choices::default() },
            tabs: OUTCOMES.iter().map(|one| Tab { outcome: one, active: *one == tab, ..Tab::default() }).collect(),
            tab,
            rows: vec![item.clone(), ItemRow { level: "", kind: "filter".into(), ..item.clone() }],
            to_take: 3,
            left_out: 1,
            levels: tally("high"),
            statuses: tally("test"),
            products: vec![Named { value: "linux".into(), label: "linux (3)".into() }],
            ..Self::default()
        };
        let mut all: Vec<Self> = OUTCOMES.into_iter().map(shown).collect();
        for state in ["applied", "cancelled"] {
            all.push(Self { import: ImportRow { state: state.into(), ..row() }, tab: "new", ..Self::default() });
        }
        all.push(Self { import: row(), tab: "new", ..Self::default() });
        all
    }
}

/// What changes in one document.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct ItemDiff {
    /// Title.
    pub title: String,
    /// Lines.
    pub lines: Vec<Line>,
}

impl View for ItemDiff {
    const PAGE: &'static str = "rules/item.html";

    fn samples() -> Vec<Self> {
        let line = Line { became: Became::Added, before: None, after: Some(1), text: "a".into() };
        vec![Self { title: "x".into(), lines: vec![line] }]
    }
}
