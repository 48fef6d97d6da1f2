//! The review: the document beside what was read in it.

use chrono::NaiveDate;
use khien_base::Id;
use khien_web::View;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Choice, DueView};

/// The review of a plan.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Review {
    /// Identity of the plan.
    pub id: Id,
    /// State; only a draft is edited.
    pub state: String,
    /// Whether it may be edited.
    pub editable: bool,
    /// The heading in one line: who saves over another one is told so.
    pub seen: String,
    /// Title.
    pub title: String,
    /// Number as written.
    pub number: String,
    /// Its day.
    pub issued: Option<NaiveDate>,
    /// Whose.
    pub unit: String,
    /// The plan that it carries out; empty for none.
    pub parent: String,
    /// Plans that it may carry out.
    pub parents: Vec<Choice>,
    /// The document.
    pub blocks: Vec<BlockLine>,
    /// Targets.
    pub targets: Vec<TargetLine>,
    /// Tasks.
    pub tasks: Vec<TaskLine>,
    /// Duties to report.
    pub duties: Vec<DutyLine>,
    /// What to look at.
    pub warnings: Vec<WarningLine>,
    /// Names of agencies and what they mean.
    pub agencies: Vec<AgencyLine>,
    /// Agencies that nobody here is known for.
    pub unmapped: usize,
    /// Agencies that no person looked at.
    pub unconfirmed: usize,
    /// Measures that a target may be bound to: identities, whose names are texts.
    pub measures: Vec<String>,
    /// Names of units, for typing.
    pub units: Vec<String>,
    /// Groups of bodies.
    pub groups: Vec<Choice>,
}

/// A paragraph or table row.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct BlockLine {
    /// Its index, which origins name.
    pub n: usize,
    /// Its text; for a row its cells.
    pub cells: Vec<String>,
    /// Whether it is a table row.
    pub row: bool,
    /// Depth of its heading; 0 for none.
    pub level: u8,
    /// How many things were read from it.
    pub read: usize,
}

/// A target under review.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct TargetLine {
    /// Identity; none in the form for a new one.
    pub id: Option<Id>,
    /// Version.
    pub version: i32,
    /// What is measured.
    pub measure: String,
    /// How it compares.
    pub comparator: String,
    /// The value, or the lower one of two.
    pub low: Option<f64>,
    /// The upper value.
    pub high: Option<f64>,
    /// Unit.
    pub unit: String,
    /// Per what period.
    pub per: String,
    /// When.
    pub due: DueView,
    /// The measure that it is bound to; empty for none.
    pub binding: String,
    /// Whether a person looked at the binding.
    pub binding_confirmed: bool,
    /// Who answers, one name a line.
    pub lead: String,
    /// Where it was read; -1 for nowhere.
    pub block: i32,
    /// The sentence.
    pub sentence: String,
}

/// A task under review.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct TaskLine {
    /// Identity; none in the form for a new one.
    pub id: Option<Id>,
    /// Version.
    pub version: i32,
    /// Section.
    pub group: String,
    /// Number as written.
    pub number: String,
    /// What is to be done.
    pub text: String,
    /// When.
    pub due: DueView,
    /// When, as written.
    pub due_text: String,
    /// Who leads, one name a line.
    pub lead: String,
    /// Who helps, one name a line.
    pub coordinate: String,
    /// Where it was read; -1 for nowhere.
    pub block: i32,
    /// The sentence.
    pub sentence: String,
}

/// A duty under review.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct DutyLine {
    /// Identity; none in the form for a new one.
    pub id: Option<Id>,
    /// Version.
    pub version: i32,
    /// What is reported.
    pub subject: String,
    /// How often; empty for none.
    pub every: String,
    /// "10/6, 30/11": before these days.
    pub days: String,
    /// Whether also on demand.
    pub on_demand: bool,
    /// Hours from an event.
    pub within_hours: Option<i64>,
    /// Who owes it, one name a line.
    pub from: String,
    /// To whom, one name a line.
    pub to: String,
    /// Through whom, one name a line.
    pub via: String,
    /// Where it was read; -1 for nowhere.
    pub block: i32,
    /// The sentence.
    pub sentence: String,
}

/// Something to look at.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct WarningLine {
    /// `due_before_issue`, `contradiction`, `no_lead`, `no_number`, `undated`
    pub kind: String,
    /// Where; none for the whole document.
    pub block: Option<usize>,
    /// The other place of a contradiction.
    pub other: Option<usize>,
    /// The deadline.
    pub due: Option<NaiveDate>,
    /// The document's day.
    pub issued: Option<NaiveDate>,
    /// What a contradiction is about.
    pub subject: String,
    /// Its two numbers.
    pub values: Vec<String>,
    /// The sentence.
    pub sentence: String,
}

/// A name of an agency.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct AgencyLine {
    /// Identity.
    pub id: Id,
    /// Version.
    pub version: i32,
    /// As written.
    pub name: String,
    /// `units`, `group`, `outside`, `none`, `unknown`
    pub means: String,
    /// The group's key; empty for none.
    pub group: String,
    /// Name of the group or of the body outside.
    pub group_name: String,
    /// Whether the words leave open who helps.
    pub open: bool,
    /// Names of the units that it means today, at most twelve.
    pub units: Vec<String>,
    /// How many units it means today.
    pub count: usize,
    /// The picked units' names, for the form.
    pub typed: String,
    /// Whether a person looked at it.
    pub confirmed: bool,
    /// Times that it leads or owes.
    pub leads: usize,
    /// Times that it is named in all.
    pub times: usize,
}

impl View for Review {
    const PAGE: &'static str = "plans/review.html";

    fn samples() -> Vec<Self> {
        let full = sample();
        vec![
            Self { state: "draft".into(), ..Self::default() },
            full.clone(),
            Self { editable: false, state: "submitted".into(), ..full },
        ]
    }
}

/// A review with one of everything.
fn sample() -> Review {
    let line = |n: usize, row, level| BlockLine {
        n,
        cells: vec!["1".into(), "Rà soát <hệ thống>".into()],
        row,
        level,
        read: n,
    };
    Review {
        id: Id::from_u128(7),
        state: "draft".into(),
        editable: true,
        title: "Kế hoạch".into(),
        unit: "Tỉnh Bắc Ninh".into(),
        blocks: vec![line(0, false, 1), line(1, true, 0), line(2, false, 0)],
        targets: ["at_least", "between", "qualitative"].map(sample_target).to_vec(),
        tasks: super::super::model::DUES.map(sample_task).to_vec(),
        duties: vec![sample_duty(), DutyLine::default()],
        warnings: ["due_before_issue", "contradiction", "no_lead", "no_number", "undated"].map(sample_warning).to_vec(),
        agencies: ["units", "group", "outside", "none", "unknown"].map(sample_agency).to_vec(),
        unmapped: 1,
        unconfirmed: 5,
        measures: vec!["plans.tasks-late".into()],
        units: vec!["Sở Y tế".into()],
        groups: vec![Choice { value: "departments".into(), label: "các sở".into() }],
        ..Review::default()
    }
}

fn sample_target(comparator: &str) -> TargetLine {
    TargetLine {
        id: Some(Id::from_u128(8)),
        version: 1,
        measure: "hệ thống được kết nối".into(),
        comparator: comparator.into(),
        low: (comparator != "qualitative").then_some(50.0),
        high: (comparator == "between").then_some(100.0),
        unit: "%".into(),
        per: "year".into(),
        due: DueView::sample(),
        binding: if comparator == "between" { "plans.tasks-late".into() } else { String::new() },
        lead: "Công an tỉnh".into(),
        sentence: "Câu \"gốc\"".into(),
        ..TargetLine::default()
    }
}

fn sample_task(kind: &str) -> TaskLine {
    let every = if kind == "recurring" { "quarter" } else { "" };
    TaskLine {
        id: Some(Id::from_u128(9)),
        text: "Rà soát".into(),
        due: DueView { kind: kind.into(), every: every.into(), ..DueView::sample() },
        lead: "Sở Y tế\nCông an tỉnh".into(),
        sentence: "Câu gốc".into(),
        ..TaskLine::default()
    }
}

fn sample_duty() -> DutyLine {
    DutyLine {
        id: Some(Id::from_u128(10)),
        subject: "kết quả".into(),
        every: "half_year".into(),
        days: "10/6, 30/11".into(),
        on_demand: true,
        within_hours: Some(24),
        via: "Công an tỉnh".into(),
        ..DutyLine::default()
    }
}

fn sample_warning(kind: &str) -> WarningLine {
    WarningLine {
        kind: kind.into(),
        block: (kind != "undated").then_some(1),
        other: (kind == "contradiction").then_some(2),
        due: Some(super::sample_day()),
        issued: Some(super::sample_day()),
        subject: "cuộc diễn tập".into(),
        values: vec!["01".into(), "02".into()],
        sentence: "Câu gốc".into(),
    }
}

fn sample_agency(means: &str) -> AgencyLine {
    AgencyLine {
        name: "Các sở".into(),
        means: means.into(),
        group: "departments".into(),
        group_name: "các sở, ban, ngành".into(),
        open: means == "group",
        units: vec!["Sở Y tế".into()],
        count: 20,
        leads: 1,
        times: 3,
        ..AgencyLine::default()
    }
}
