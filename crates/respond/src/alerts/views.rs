//! Pages of alerts.

use chrono::{DateTime, Utc};
use khien_base::Id;
use khien_web::{Pager, View};
use schemars::JsonSchema;
use serde::Serialize;

/// Something with a name, to be chosen or followed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Named {
    /// Identity or value.
    pub value: String,
    /// What people read.
    pub label: String,
}

/// One alert in a list.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Row {
    /// Identity.
    pub id: Id,
    /// `sigma`, `source-silent`, `search`
    pub kind: String,
    /// Identity of the rule.
    pub rule: String,
    /// Title in the reader's language, where the rule has one.
    pub title: String,
    /// `informational` … `critical`
    pub level: &'static str,
    /// `new`, `seen`, `incident`, `closed`
    pub state: String,
    /// `false_positive`, `benign`, `handled`; empty while it is not closed.
    pub reason: String,
    /// The computer; may be empty.
    pub host: String,
    /// Name of the unit.
    pub unit: String,
    /// The information system.
    pub system: Option<Named>,
    /// Events counted.
    pub hits: i64,
    /// Techniques of MITRE ATT&CK.
    pub techniques: Vec<String>,
    /// The incident that it is part of.
    pub incident: Option<Id>,
    /// Time of the first event.
    pub first_at: DateTime<Utc>,
    /// Time of the last event.
    pub last_at: DateTime<Utc>,
}

/// How many alerts of a level the list has.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct LevelRow {
    /// `informational` … `critical`
    pub level: &'static str,
    /// Alerts.
    pub alerts: i64,
    /// The list of that level only, or of all when it is shown already.
    pub href: String,
    /// Whether only this level is shown.
    pub active: bool,
}

/// What the list is narrowed by, as it stands in the form.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Filters {
    /// Words.
    pub q: String,
    /// Level.
    pub level: String,
    /// `open` (new and seen), one state, or `all`.
    pub state: String,
    /// Identity of a rule.
    pub rule: String,
    /// Its title.
    pub rule_title: String,
    /// Host.
    pub host: String,
    /// Unit.
    pub unit: String,
    /// System.
    pub system: String,
    /// First day.
    pub from: String,
    /// Last day.
    pub to: String,
    /// Whether anything narrows the list.
    pub any: bool,
}

/// By which column a list is sorted.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Sorted {
    /// `last`, `level`, `hits`, `host`
    pub key: String,
    /// Largest first.
    pub desc: bool,
    /// The list's address without its order.
    pub base: String,
}

/// The list of alerts.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct List {
    /// This page of it.
    pub rows: Vec<Row>,
    /// How many of each level, worst first.
    pub counts: Vec<LevelRow>,
    /// Where the page stands.
    pub pager: Pager,
    /// Order.
    pub sort: Sorted,
    /// Filters.
    pub filter: Filters,
    /// The list's own address, for fetching it again when alerts come.
    pub here: String,
    /// Units to choose from.
    pub units: Vec<Named>,
    /// Systems to choose from.
    pub systems: Vec<Named>,
    /// Whether the reader may close alerts.
    pub may_write: bool,
    /// Whether the reader may open incidents.
    pub may_open: bool,
}

/// The list's part that is fetched again when alerts come.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Rows(pub List);

/// A piece of a value, marked where a rule matched.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Piece {
    /// The text.
    pub text: String,
    /// Whether the rule matched here.
    pub hit: bool,
}

/// What a rule looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Why {
    /// The field as the rule names it; empty for the whole line.
    pub field: String,
    /// The search identifier.
    pub selection: String,
    /// The value in the rule, as written.
    pub pattern: String,
    /// The value that was found; empty when the field is absent.
    pub value: String,
}

/// A field of an event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Field {
    /// Its name, nested names joined by points.
    pub name: String,
    /// Its value in pieces.
    pub pieces: Vec<Piece>,
    /// What the rule looked for here; empty where it did not look.
    pub why: Vec<Why>,
}

/// An event of an alert.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Member {
    /// Its identity in the store of events.
    pub event: Id,
    /// Its time.
    pub at: DateTime<Utc>,
    /// Its fields; the ones that made the rule fire first.
    pub fields: Vec<Field>,
    /// The line as it came, in pieces.
    pub raw: Vec<Piece>,
    /// Matches that stand in no field of the list: absent fields, the line itself.
    pub elsewhere: Vec<Why>,
    /// Whether the event was cut because of its size.
    pub cut: bool,
}

/// The rule behind an alert.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct RuleRef {
    /// Identity.
    pub id: String,
    /// What it means, in the reader's language where it has one.
    pub description: String,
    /// What else may look like this.
    pub falsepositives: Vec<String>,
    /// Where its page is.
    pub href: String,
}

/// A line of the history.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Happening {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub who: String,
    /// What, a sentence.
    pub text: String,
    /// More about it.
    pub detail: String,
}

/// One alert.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Detail {
    /// What the list shows of it.
    pub alert: Row,
    /// What was said on closing.
    pub note: String,
    /// When it was closed.
    pub closed_at: Option<DateTime<Utc>>,
    /// Security level 1–5 of the system.
    pub system_level: Option<u8>,
    /// The rule, where it is still loaded.
    pub rule: Option<RuleRef>,
    /// Techniques with their names.
    pub techniques: Vec<Named>,
    /// What to do first.
    pub advice: String,
    /// What is known of an alert that no rule made.
    pub facts: Vec<Named>,
    /// Events kept, this page of them.
    pub members: Vec<Member>,
    /// Where the page stands.
    pub pager: Pager,
    /// Other alerts of the same host in the last 7 days.
    pub same_host: Vec<Row>,
    /// Who did what.
    pub history: Vec<Happening>,
    /// Whether the reader may close it.
    pub may_write: bool,
    /// Whether the reader may open an incident.
    pub may_open: bool,
    /// Where a filter is written that quiets the rule; empty where the reader may not.
    pub quiet: String,
    /// What a scheduled search found; empty for other alerts.
    pub found: String,
}

fn sample_row(state: &str, level: &'static str) -> Row {
    let at = DateTime::from_timestamp(1_790_000_000, 0).unwrap_or_default();
    Row {
        kind: if state == "seen" { "source-silent" } else { "sigma" }.into(),
        rule: "1e7440f6-b836-4956-9791-2408b62655f7".into(),
        title: "Tạo tài khoản có quyền root <script>".into(),
        level,
        state: state.into(),
        reason: if state == "closed" { "benign".into() } else { String::new() },
        host: "mail-01".into(),
        unit: "Sở Y tế".into(),
        system: Some(Named { value: "x".into(), label: "Thư điện tử công vụ".into() }),
        hits: 12_345,
        techniques: vec!["T1136.001".into()],
        incident: (state == "incident").then_some(Id::nil()),
        first_at: at,
        last_at: at,
        ..Row::default()
    }
}

impl View for List {
    const PAGE: &'static str = "alerts/list.html";

    fn samples() -> Vec<Self> {
        let named = || vec![Named { value: "a".into(), label: "Sở Y tế".into() }];
        let full = Self {
            rows: ["new", "seen", "incident", "closed"]
                .into_iter()
                .zip(["critical", "high", "low", "informational"])
                .map(|(state, level)| sample_row(state, level))
                .collect(),
            counts: vec![LevelRow { level: "medium", alerts: 3, href: "/alerts?level=medium".into(), active: true }],
            pager: Pager { number: 1, pages: 1, total: 4, from: 1, to: 4, base: "/alerts?".into() },
            filter: Filters { any: true, rule: "x".into(), rule_title: "Luật".into(), ..Filters::default() },
            here: "/alerts".into(),
            units: named(),
            systems: named(),
            may_write: true,
            may_open: true,
            ..Self::default()
        };
        let filtered = Self { filter: Filters { any: true, ..Filters::default() }, ..Self::default() };
        vec![Self::default(), filtered, full]
    }
}

impl View for Rows {
    const PAGE: &'static str = "alerts/rows.html";

    fn samples() -> Vec<Self> {
        List::samples().into_iter().map(Self).collect()
    }
}

impl View for Detail {
    const PAGE: &'static str = "alerts/alert.html";

    fn samples() -> Vec<Self> {
        let why = Why {
            field: "message".into(),
            selection: "selection".into(),
            pattern: "new user:".into(),
            value: "new user: x".into(),
        };
        let piece = |text: &str, hit| Piece { text: text.into(), hit };
        let field = Field {
            name: "message".into(),
            pieces: vec![piece("new user:", true), piece(" x", false)],
            why: vec![why.clone()],
        };
        let full = Self {
            alert: sample_row("new", "critical"),
            system_level: Some(3),
            rule: Some(RuleRef {
                id: "r".into(),
                description: "Tài khoản mới có UID 0".into(),
                falsepositives: vec!["Không".into()],
                href: "/rules/r".into(),
            }),
            techniques: vec![Named { value: "T1136.001".into(), label: "Local Account".into() }],
            advice: "Khóa tài khoản".into(),
            members: vec![Member {
                fields: vec![field],
                raw: vec![piece("new user: x", false)],
                elsewhere: vec![why, Why { selection: "not_there".into(), ..Why::default() }],
                cut: true,
                ..Member::default()
            }],
            same_host: vec![sample_row("seen", "low")],
            history: vec![Happening { who: "Bình".into(), text: "Đóng".into(), ..Happening::default() }],
            may_write: true,
            may_open: true,
            quiet: "/rules/rule/r/filter?alert=x".into(),
            found: "/events?q=x".into(),
            ..Self::default()
        };
        let closed = Self {
            alert: sample_row("closed", "low"),
            note: "Quản trị viên tạo tài khoản".into(),
            closed_at: DateTime::from_timestamp(1_790_000_000, 0),
            facts: vec![Named { value: "60".into(), label: "after_minutes".into() }],
            may_write: true,
            ..Self::default()
        };
        vec![full, closed, Self { alert: sample_row("incident", "high"), ..Self::default() }]
    }
}
