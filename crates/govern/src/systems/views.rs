//! Pages of the register.

use chrono::{DateTime, NaiveDate, Utc};
use khien_base::Id;
use khien_web::{Pager, View};
use schemars::JsonSchema;
use serde::Serialize;

/// A unit or person to choose.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Choice {
    /// Identity.
    pub value: String,
    /// Name.
    pub label: String,
}

/// One line of the list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Line {
    /// Identity.
    pub id: Id,
    /// Name.
    pub name: String,
    /// Name of the owner.
    pub owner: String,
    /// Name of the operator.
    pub operator: String,
    /// Level 1–5.
    pub level: Option<i16>,
    /// State of the level's dossier.
    pub level_state: String,
    /// State of use.
    pub state: String,
    /// Whether a live log source reports on it.
    pub connected: bool,
}

/// The list.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct List {
    /// Lines.
    pub systems: Vec<Line>,
    /// Place in the list.
    pub pager: Pager,
    /// The list's address with its filters.
    pub base: String,
    /// Filter: text.
    pub q: String,
    /// Filter: owner.
    pub owner: String,
    /// Filter: level.
    pub level: String,
    /// Filter: state of the dossier.
    pub level_state: String,
    /// Filter: state of use.
    pub state: String,
    /// Filter: `yes`, `no`.
    pub connected: String,
    /// Owners to choose from.
    pub owners: Vec<Choice>,
    /// Whether any filter is set.
    pub filtered: bool,
    /// Whether the reader may add systems.
    pub may_write: bool,
}

fn line(name: &str, level: Option<i16>, connected: bool) -> Line {
    Line {
        id: Id::from_u128(7),
        name: name.into(),
        owner: "Sở Y tế".into(),
        operator: "Trung tâm Chuyển đổi số".into(),
        level,
        level_state: if level.is_some() { "approved".into() } else { "none".into() },
        state: "running".into(),
        connected,
    }
}

impl View for List {
    const PAGE: &'static str = "systems/list.html";

    fn samples() -> Vec<Self> {
        vec![
            Self { may_write: true, base: "/systems?".into(), ..Self::default() },
            Self {
                systems: vec![line("Cổng <b>dịch vụ</b> công", Some(3), true), line("Thư điện tử", None, false)],
                pager: Pager { number: 1, pages: 2, total: 40, from: 1, to: 25, base: "/systems?".into() },
                base: "/systems?q=a&".into(),
                q: "a".into(),
                filtered: true,
                owners: vec![Choice { value: "1".into(), label: "Sở Y tế".into() }],
                ..Self::default()
            },
        ]
    }
}

/// The form.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Edit {
    /// Identity; none for a new one.
    pub id: Option<Id>,
    /// When the record was last changed, to find out about another's change.
    pub version: String,
    /// Name.
    pub name: String,
    /// Owner.
    pub owner: String,
    /// Operator.
    pub operator: String,
    /// Purpose.
    pub purpose: String,
    /// Hosting.
    pub hosting: String,
    /// Network.
    pub network: String,
    /// Addresses, a line each.
    pub addresses: String,
    /// Domains, a line each.
    pub domains: String,
    /// Level.
    pub level: String,
    /// State of the dossier.
    pub level_state: String,
    /// State of use.
    pub state: String,
    /// Units that may own it.
    pub owners: Vec<Choice>,
    /// Units that may run it.
    pub operators: Vec<Choice>,
}

impl View for Edit {
    const PAGE: &'static str = "systems/edit.html";

    fn samples() -> Vec<Self> {
        vec![
            Self::default(),
            Self {
                id: Some(Id::from_u128(7)),
                version: "2026-10-01T00:00:00Z".into(),
                name: "Cổng dịch vụ công".into(),
                level: "3".into(),
                level_state: "draft".into(),
                state: "running".into(),
                addresses: "10.24.10.10\n10.24.10.11".into(),
                owners: vec![Choice { value: "1".into(), label: "Sở Y tế".into() }],
                ..Self::default()
            },
        ]
    }
}

/// One change of the record.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Change {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub who: String,
    /// `systems.update`
    pub action: String,
}

/// One system.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Detail {
    /// The line of the list.
    #[serde(flatten)]
    pub line: Line,
    /// Purpose.
    pub purpose: String,
    /// Hosting.
    pub hosting: String,
    /// Network.
    pub network: String,
    /// Addresses.
    pub addresses: Vec<String>,
    /// Domains.
    pub domains: Vec<String>,
    /// Number of the decision.
    pub decision: String,
    /// Its day.
    pub decided_on: Option<NaiveDate>,
    /// Today, for the form.
    pub today: NaiveDate,
    /// History, newest first.
    pub history: Vec<Change>,
    /// Whether the reader may change it.
    pub may_write: bool,
    /// Whether the reader may record the approval of its level.
    pub may_approve: bool,
    /// Whether the reader may search its events.
    pub may_search: bool,
}

impl View for Detail {
    const PAGE: &'static str = "systems/system.html";

    fn samples() -> Vec<Self> {
        let day = NaiveDate::from_ymd_opt(2026, 10, 1).unwrap_or_default();
        let bare = Self {
            line: line("Thư điện tử", None, false),
            purpose: String::new(),
            hosting: String::new(),
            network: String::new(),
            addresses: vec![],
            domains: vec![],
            decision: String::new(),
            decided_on: None,
            today: day,
            history: vec![],
            may_write: false,
            may_approve: false,
            may_search: false,
        };
        let full = Self {
            line: Line { level_state: "appraising".into(), ..line("Cổng dịch vụ công", Some(3), true) },
            purpose: "Tiếp nhận hồ sơ".into(),
            addresses: vec!["10.24.10.10".into()],
            domains: vec!["dvc.example.vn".into()],
            decision: "19/QĐ-UBND".into(),
            decided_on: Some(day),
            history: vec![Change {
                at: DateTime::from_timestamp(1_790_000_000, 0).unwrap_or_default(),
                who: "Trần Thị Bình".into(),
                action: "systems.update".into(),
            }],
            may_write: true,
            may_approve: true,
            may_search: true,
            ..bare.clone()
        };
        vec![bare, full]
    }
}
