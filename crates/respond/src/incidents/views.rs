//! Pages of incidents.

use chrono::{DateTime, TimeDelta, Utc};
use khien_base::Id;
use khien_web::{Pager, View};
use schemars::JsonSchema;
use serde::Serialize;

use super::regime::clocks::Standing;

/// A choice of a form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is shown.
    pub label: String,
}

impl Choice {
    /// A choice.
    pub fn new(value: impl ToString, label: impl Into<String>) -> Self {
        Self { value: value.to_string(), label: label.into() }
    }
}

/// How a list is sorted, for its headings.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Sort {
    /// By which column.
    pub key: String,
    /// Largest first.
    pub desc: bool,
    /// The list's address without its order.
    pub base: String,
}

/// The list.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct List {
    /// Incidents of this page.
    pub rows: Vec<Row>,
    /// Where the list stands.
    pub pager: Pager,
    /// How it is sorted.
    pub sort: Sort,
    /// Words searched for.
    pub q: String,
    /// Filter: state, or `open`.
    pub state: String,
    /// Filter: level.
    pub level: String,
    /// Filter: unit.
    pub unit: String,
    /// Filter: only with an overdue clock.
    pub overdue: bool,
    /// Whether anything is filtered.
    pub filtered: bool,
    /// States to choose from.
    pub states: Vec<Choice>,
    /// Levels to choose from.
    pub levels: Vec<Choice>,
    /// Units to choose from; empty where there is only one.
    pub units: Vec<Choice>,
    /// Whether the reader may open an incident.
    pub may_open: bool,
    /// Not closed, within reach.
    pub open: u64,
    /// Not closed and serious.
    pub serious: u64,
    /// With an overdue clock.
    pub late: u64,
}

/// An incident in a list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Row {
    /// Identity.
    pub id: Id,
    /// `SC-2026-0001`
    pub number: String,
    /// Title.
    pub title: String,
    /// `M1`–`M4`
    pub level: String,
    /// Its name.
    pub level_name: String,
    /// Whether the regime calls the level serious.
    pub serious: bool,
    /// `new` … `closed`
    pub state: String,
    /// Name of the unit.
    pub unit: String,
    /// T0.
    pub detected_at: DateTime<Utc>,
    /// Name of the clock that ends first.
    pub clock: String,
    /// When it ends.
    pub due_at: Option<DateTime<Utc>>,
    /// Whether that time is over.
    pub overdue: bool,
}

fn sample_row(at: DateTime<Utc>) -> Row {
    Row {
        id: Id::nil(),
        number: "SC-2026-0007".into(),
        title: "Mã độc tống tiền trên máy chủ hồ sơ".into(),
        level: "M2".into(),
        level_name: "Nghiêm trọng".into(),
        serious: true,
        state: "contained".into(),
        unit: "Sở Y tế".into(),
        detected_at: at,
        clock: "Thông báo ban đầu về sự cố nghiêm trọng".into(),
        due_at: Some(at + TimeDelta::hours(24)),
        overdue: false,
    }
}

fn sample_time() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_820_000, 0).unwrap_or_default()
}

impl View for List {
    const PAGE: &'static str = "incidents/list.html";

    fn samples() -> Vec<Self> {
        let row = sample_row(sample_time());
        let odd = Row { due_at: None, clock: String::new(), state: "closed".into(), serious: false, ..row.clone() };
        vec![
            Self { may_open: true, ..Self::default() },
            Self { filtered: true, q: "<b>".into(), ..Self::default() },
            Self {
                rows: vec![row.clone(), Row { overdue: true, ..row }, odd],
                states: vec![Choice::new("new", "Mới")],
                levels: vec![Choice::new("M1", "M1")],
                units: vec![Choice::new(Id::nil(), "Sở Y tế")],
                open: 3,
                serious: 2,
                late: 1,
                ..Self::default()
            },
        ]
    }
}

/// The form of a new incident, and of corrections.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Sheet {
    /// The incident; none for a new one.
    pub id: Option<Id>,
    /// Its number.
    pub number: String,
    /// When it was last changed, for who saves over it.
    pub stamp: String,
    /// Where the form is sent.
    pub action: String,
    /// The unit, which never changes once it is open.
    pub unit: String,
    /// Values of the texts, by field.
    pub values: std::collections::BTreeMap<String, String>,
    /// Whether the system is critical to national security.
    pub system_critical: bool,
    /// Units to choose from.
    pub units: Vec<Choice>,
    /// Systems to choose from.
    pub systems: Vec<Choice>,
    /// Groups N1–N9.
    pub groups: Vec<Choice>,
    /// Levels M1–M4.
    pub levels: Vec<Choice>,
    /// Flags.
    pub flags: Vec<Flag>,
    /// Units that may lead the response.
    pub leads: Vec<Choice>,
    /// People who may answer for it.
    pub officers: Vec<Choice>,
    /// Alerts that it is opened from.
    pub alerts: Vec<Choice>,
}

/// A flag of the form.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Flag {
    /// `personal_data`
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it is set.
    pub set: bool,
}

impl View for Sheet {
    const PAGE: &'static str = "incidents/sheet.html";

    fn samples() -> Vec<Self> {
        let flag = |set| Flag { id: "personal_data".into(), name: "Có vi phạm dữ liệu cá nhân".into(), set };
        let choice = || vec![Choice::new("N1", "N1 – Mã độc")];
        vec![
            Self { action: "/incidents".into(), ..Self::default() },
            Self {
                id: Some(Id::nil()),
                number: "SC-2026-0007".into(),
                action: "/incidents/x".into(),
                unit: "Sở Y tế".into(),
                values: [("title".to_owned(), "\"<b>".to_owned())].into(),
                system_critical: true,
                units: choice(),
                systems: choice(),
                groups: choice(),
                levels: choice(),
                flags: vec![flag(true), flag(false)],
                leads: choice(),
                officers: choice(),
                alerts: choice(),
                ..Self::default()
            },
        ]
    }
}

/// The page of an incident.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Record {
    /// Identity.
    pub id: Id,
    /// `SC-2026-0001`
    pub number: String,
    /// Title.
    pub title: String,
    /// `new` … `closed`
    pub state: String,
    /// `M1`–`M4`
    pub level: String,
    /// Its name.
    pub level_name: String,
    /// Whether the regime calls the level serious.
    pub serious: bool,
    /// Group N1–N9 with its name.
    pub category: String,
    /// Names of the flags set.
    pub flags: Vec<String>,
    /// Name of the unit.
    pub unit: String,
    /// Name of the system.
    pub system: String,
    /// T0.
    pub detected_at: Option<DateTime<Utc>>,
    /// Facts under the header: text key of the label, value.
    pub facts: Vec<Fact>,
    /// Whether the reader sees all of it, or only the tasks of the own unit.
    pub whole: bool,
    /// Whether the reader may change it.
    pub may_write: bool,
    /// The part that is shown: `facts`, `tasks`, `alerts`, `timeline`, `reports`, `history`.
    pub tab: String,
    /// States that may follow.
    pub steps: Vec<Step>,
    /// Legal clocks.
    pub clocks: Vec<Clock>,
    /// Tasks.
    pub tasks: Vec<Task>,
    /// Units that may be given a task.
    pub units: Vec<Choice>,
    /// Alerts.
    pub alerts: Vec<Alert>,
    /// Timeline, newest first.
    pub timeline: Vec<Line>,
    /// Notices and reports that can be made.
    pub forms: Vec<FormLink>,
    /// Files that were made, newest first.
    pub files: Vec<Choice>,
    /// The audit log of it, newest first.
    pub history: Vec<Line>,
    /// The present, as a form's field holds it.
    pub now_typed: String,
}

/// A fact.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Fact {
    /// `description`; its label is the text `incidents.field.description`.
    pub field: String,
    /// What it says.
    pub value: String,
}

/// A state that may follow.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Step {
    /// `contained`
    pub to: String,
    /// Whether it needs a word of why.
    pub needs_note: bool,
    /// Whether it goes back.
    pub back: bool,
}

/// A legal clock.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Clock {
    /// Identity.
    pub id: Id,
    /// `nd331-report-72h`
    pub rule: String,
    /// Name.
    pub name: String,
    /// Who must be told.
    pub to: String,
    /// What it rests on.
    pub basis: String,
    /// How sure the rule is: `sure`, `second_hand`, `uncertain`, `working`.
    pub certainty: String,
    /// A remark.
    pub note: String,
    /// By which channel.
    pub channel: String,
    /// Without delay: no limit in the law, the time is when we start to press.
    pub at_once: bool,
    /// How it stands.
    pub standing: Standing,
    /// When it started.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ends.
    pub due_at: Option<DateTime<Utc>>,
    /// Seconds left; below zero once it is over.
    pub left_seconds: Option<i64>,
    /// Whether a reminder point has passed.
    pub pressing: bool,
    /// The first reminder in minutes before the end, from which the page shows it as near.
    pub soon_minutes: u32,
    /// The form of the notice.
    pub form: String,
    /// Which kind of the form.
    pub form_kind: String,
    /// When it was sent.
    pub sent_at: Option<DateTime<Utc>>,
    /// Its number.
    pub sent_number: String,
    /// By which channel it was sent.
    pub sent_channel: String,
    /// Which file was sent.
    pub sent_file: String,
    /// What was said with it.
    pub sent_note: String,
    /// Who recorded it.
    pub sent_by: String,
}

/// A task.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Task {
    /// Identity.
    pub id: Id,
    /// What.
    pub title: String,
    /// How.
    pub detail: String,
    /// Name of the unit.
    pub unit: String,
    /// Until when.
    pub due_at: Option<DateTime<Utc>>,
    /// Whether that time is over and it is not done.
    pub overdue: bool,
    /// `open`, `doing`, `done`, `cancelled`
    pub state: String,
    /// What the unit says.
    pub note: String,
    /// When it was done.
    pub done_at: Option<DateTime<Utc>>,
    /// Who said so.
    pub done_by: String,
    /// States that the reader may set.
    pub steps: Vec<String>,
}

/// An alert.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Alert {
    /// Identity.
    pub id: Id,
    /// Title.
    pub title: String,
    /// The computer.
    pub host: String,
    /// Events.
    pub hits: i64,
    /// First event.
    pub first_at: DateTime<Utc>,
    /// Last event.
    pub last_at: DateTime<Utc>,
}

/// A line of the timeline or of the history.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Line {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub who: String,
    /// What.
    pub text: String,
    /// In their words.
    pub detail: String,
    /// `bad`, `ok`, `idle` or nothing.
    pub tone: String,
}

/// A notice or report that can be made.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FormLink {
    /// Where it is made.
    pub href: String,
    /// `BM-SC-02`
    pub form: String,
    /// What it is.
    pub name: String,
    /// The official form that it is, or what it rests on.
    pub basis: String,
    /// How sure it is.
    pub certainty: String,
}

fn sample_clock(standing: Standing, at: DateTime<Utc>) -> Clock {
    Clock {
        id: Id::nil(),
        rule: "nd331-initial-24h".into(),
        name: "Thông báo ban đầu".into(),
        to: "Bộ Công an".into(),
        basis: "Điều 31 Nghị định 331/2026/NĐ-CP".into(),
        certainty: "working".into(),
        note: "cách hiểu tạm".into(),
        channel: "Điện thoại".into(),
        at_once: standing == Standing::Open,
        standing,
        started_at: Some(at),
        due_at: (standing != Standing::Open).then_some(at),
        left_seconds: Some(-60),
        pressing: true,
        soon_minutes: 720,
        form: "BM-SC-02".into(),
        form_kind: String::new(),
        sent_at: matches!(standing, Standing::Met | Standing::MetLate).then_some(at),
        sent_number: "05/TB-SYT".into(),
        sent_channel: "Trục liên thông".into(),
        sent_file: "SC-2026-0007.pdf".into(),
        sent_note: "mất điện".into(),
        sent_by: "Trần Thị Bình".into(),
    }
}

impl View for Record {
    const PAGE: &'static str = "incidents/record.html";

    fn samples() -> Vec<Self> {
        let at = sample_time();
        let all = [
            Standing::Waiting,
            Standing::Open,
            Standing::Running,
            Standing::Overdue,
            Standing::Met,
            Standing::MetLate,
            Standing::Dropped,
        ];
        let task = |state: &str| Task {
            id: Id::nil(),
            title: "Cô lập máy chủ".into(),
            detail: "Rút cáp mạng".into(),
            unit: "Sở Y tế".into(),
            due_at: Some(at),
            overdue: state == "open",
            state: state.into(),
            note: "đã rút".into(),
            done_at: (state == "done").then_some(at),
            done_by: "Trần Thị Bình".into(),
            steps: vec!["doing".into(), "done".into()],
        };
        let line = |tone: &str| Line {
            at,
            who: "Khiên".into(),
            text: "Quá hạn".into(),
            detail: "<b>".into(),
            tone: tone.into(),
        };
        let link = FormLink {
            href: "/incidents/x/reports/BM-SC-02".into(),
            form: "BM-SC-02".into(),
            name: "Thông báo".into(),
            basis: "NĐ 331".into(),
            certainty: "working".into(),
        };
        let full = Self {
            number: "SC-2026-0007".into(),
            title: "Mã độc".into(),
            state: "confirmed".into(),
            level: "M2".into(),
            level_name: "Nghiêm trọng".into(),
            serious: true,
            flags: vec!["Đang lan rộng".into()],
            detected_at: Some(at),
            facts: vec![Fact { field: "description".into(), value: "một\nhai".into() }],
            whole: true,
            may_write: true,
            steps: vec![
                Step { to: "contained".into(), needs_note: false, back: false },
                Step { to: "closed".into(), needs_note: true, back: true },
            ],
            clocks: all.into_iter().map(|standing| sample_clock(standing, at)).collect(),
            tasks: vec![task("open"), task("done")],
            units: vec![Choice::new(Id::nil(), "Sở Y tế")],
            alerts: vec![Alert {
                id: Id::nil(),
                title: "Xóa bản sao lưu".into(),
                host: "HS-01".into(),
                hits: 12,
                first_at: at,
                last_at: at,
            }],
            timeline: vec![line("bad"), line("")],
            forms: vec![link],
            files: vec![Choice::new("x", "SC-2026-0007-BM-SC-02.docx")],
            history: vec![line("")],
            now_typed: "2026-10-01T09:00".into(),
            ..Self::default()
        };
        let tabs = ["facts", "tasks", "alerts", "timeline", "reports", "history"];
        let mut samples: Vec<Self> = tabs.iter().map(|tab| Self { tab: (*tab).into(), ..full.clone() }).collect();
        samples.extend(tabs.iter().map(|tab| Self {
            tab: (*tab).into(),
            whole: true,
            state: "closed".into(),
            level: "M4".into(),
            ..Self::default()
        }));
        samples.push(Self { whole: false, may_write: false, tab: "tasks".into(), clocks: Vec::new(), ..full });
        samples
    }
}

/// The page on which a report is made.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Report {
    /// The incident.
    pub id: Id,
    /// Its number.
    pub number: String,
    /// `BM-SC-02`
    pub form: String,
    /// `72h`; empty where the form has one kind.
    pub kind: String,
    /// Kinds to choose from.
    pub kinds: Vec<Choice>,
    /// What it is.
    pub name: String,
    /// What it rests on.
    pub basis: String,
    /// That the official form is pending.
    pub pending: String,
    /// How sure it is.
    pub certainty: String,
    /// Sections with their fields.
    pub sections: Vec<ReportSection>,
    /// Labels of required fields that say nothing yet.
    pub missing: Vec<String>,
    /// To whom.
    pub to: String,
    /// Number and symbol.
    pub document_number: String,
    /// Authority line.
    pub authority: String,
    /// Post of the signer.
    pub post: String,
    /// Name of the signer.
    pub signer: String,
    /// Nơi nhận, one a line.
    pub recipients: String,
    /// Day of the document, ISO.
    pub date: String,
}

/// A section of a report.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ReportSection {
    /// Heading.
    pub title: String,
    /// Fields.
    pub fields: Vec<ReportField>,
}

/// A field of a report.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ReportField {
    /// Under which name a typed value is kept.
    pub key: String,
    /// Label.
    pub label: String,
    /// What it says.
    pub value: String,
    /// Whether it is typed here and does not come from the record.
    pub typed: bool,
    /// Whether it is a long text.
    pub long: bool,
    /// Whether the form is not complete without it.
    pub required: bool,
}

impl View for Report {
    const PAGE: &'static str = "incidents/report.html";

    fn samples() -> Vec<Self> {
        let field = |typed, long, value: &str| ReportField {
            key: "unit.address".into(),
            label: "Địa chỉ".into(),
            value: value.into(),
            typed,
            long,
            required: true,
        };
        vec![
            Self::default(),
            Self {
                number: "SC-2026-0007".into(),
                form: "BM-SC-03".into(),
                kind: "72h".into(),
                kinds: vec![Choice::new("72h", "72 giờ"), Choice::new("closing", "kết thúc")],
                name: "Sự cố".into(),
                pending: "đây là mẫu tạm".into(),
                certainty: "working".into(),
                sections: vec![ReportSection {
                    title: "Nguyên nhân".into(),
                    fields: vec![field(true, false, ""), field(true, true, "x"), field(false, true, "một\nhai")],
                }],
                missing: vec!["Địa chỉ".into()],
                recipients: "a\nb".into(),
                ..Self::default()
            },
        ]
    }
}
