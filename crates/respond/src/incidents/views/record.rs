//! The page of an incident.

use chrono::{DateTime, Utc};
use khien_base::Id;
use khien_web::View;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Choice, sample_time};
use crate::incidents::regime::clocks::Standing;

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
    /// Where events of its system are put on legal hold; empty where the reader may not, or there is no system.
    pub hold_at: String,
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
        let full = sample_record(sample_time());
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

fn sample_task(state: &str, at: DateTime<Utc>) -> Task {
    Task {
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
    }
}

fn sample_line(tone: &str, at: DateTime<Utc>) -> Line {
    Line { at, who: "Khiên".into(), text: "Quá hạn".into(), detail: "<b>".into(), tone: tone.into() }
}

fn sample_record(at: DateTime<Utc>) -> Record {
    let all = [
        Standing::Waiting,
        Standing::Open,
        Standing::Running,
        Standing::Overdue,
        Standing::Met,
        Standing::MetLate,
        Standing::Dropped,
    ];
    let link = FormLink {
        href: "/incidents/x/reports/BM-SC-02".into(),
        form: "BM-SC-02".into(),
        name: "Thông báo".into(),
        basis: "NĐ 331".into(),
        certainty: "working".into(),
    };
    let alert = Alert {
        id: Id::nil(),
        title: "Xóa bản sao lưu".into(),
        host: "HS-01".into(),
        hits: 12,
        first_at: at,
        last_at: at,
    };
    Record {
        number: "SC-2026-0007".into(),
        title: "Mã độc".into(),
        state: "confirmed".into(),
        level: "M2".into(),
        level_name: "Nghiêm trọng".into(),
        serious: true,
        flags: vec!["Đang lan rộng".into()],
        hold_at: "/depot/holds?system=x&incident=y".into(),
        detected_at: Some(at),
        facts: vec![Fact { field: "description".into(), value: "một\nhai".into() }],
        whole: true,
        may_write: true,
        steps: vec![
            Step { to: "contained".into(), needs_note: false, back: false },
            Step { to: "closed".into(), needs_note: true, back: true },
        ],
        clocks: all.into_iter().map(|standing| sample_clock(standing, at)).collect(),
        tasks: vec![sample_task("open", at), sample_task("done", at)],
        units: vec![Choice::new(Id::nil(), "Sở Y tế")],
        alerts: vec![alert],
        timeline: vec![sample_line("bad", at), sample_line("", at)],
        forms: vec![link],
        files: vec![Choice::new("x", "SC-2026-0007-BM-SC-02.docx")],
        history: vec![sample_line("", at)],
        now_typed: "2026-10-01T09:00".into(),
        ..Record::default()
    }
}
