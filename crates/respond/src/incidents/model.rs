//! Incidents, their legal clocks, tasks and timeline.

use chrono::{DateTime, Utc};
use khien_base::{Id, Ids};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::regime::{ClockRule, Facts};

/// An incident.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "incident")]
pub struct Model {
    /// Identity.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// `SC-2026-0001`
    pub number: String,
    /// Year of the number.
    pub year: i32,
    /// Position in the year, from 1.
    pub serial: i32,
    /// Title.
    pub title: String,
    /// [`khien_base::key::key`] of number and title.
    pub search_key: String,
    /// Group `N1`–`N9`.
    pub category: String,
    /// `M1`–`M4`
    pub level: String,
    /// Flags of `incident-classes.yaml`, a list of names.
    pub flags: Json,
    /// The unit whose incident it is.
    pub unit: Uuid,
    /// The information system.
    pub system: Option<Uuid>,
    /// Whether the system is critical to national security.
    pub system_critical: bool,
    /// One of [`State`].
    pub state: String,
    /// T0: when it was detected, to the minute.
    pub detected_at: DateTimeUtc,
    /// When it happened, if known.
    pub occurred_at: Option<DateTimeUtc>,
    /// When a violation of personal data was detected.
    pub violation_at: Option<DateTimeUtc>,
    /// When it was closed.
    pub closed_at: Option<DateTimeUtc>,
    /// Who or what reported it.
    pub reported_by: String,
    /// What happened.
    pub description: String,
    /// First assessment.
    pub assessment: String,
    /// What is affected.
    pub scope: String,
    /// Interruption and damage.
    pub impact: String,
    /// Measures taken.
    pub measures: String,
    /// Help asked, proposals.
    pub help: String,
    /// Cause.
    pub cause: String,
    /// Lessons.
    pub lessons: String,
    /// Kinds and number of personal data.
    pub personal_data: String,
    /// The unit that leads the response, where it is another one.
    pub assigned_unit: Option<Uuid>,
    /// The officer answerable.
    pub officer: Option<Uuid>,
    /// What was typed into reports beside the record: field to value.
    pub typed: Json,
    /// The earliest end of a clock that is still owed.
    pub next_due: Option<DateTimeUtc>,
    /// When it was recorded.
    pub created_at: DateTimeUtc,
    /// When it last changed.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Flags set.
    pub fn flag_names(&self) -> Vec<String> {
        serde_json::from_value(self.flags.clone()).unwrap_or_default()
    }

    /// The state; `new` for a name that this version does not know.
    pub fn stage(&self) -> State {
        State::from_name(&self.state).unwrap_or(State::New)
    }

    /// What the clocks depend on.
    pub fn facts(&self) -> Facts {
        Facts {
            detected_at: self.detected_at,
            violation_at: self.violation_at,
            closed_at: self.closed_at,
            level: self.level.clone(),
            flags: self.flag_names(),
            system_critical: self.system_critical,
        }
    }
}

/// Legal clocks of incidents.
pub mod clock {
    use sea_orm::entity::prelude::*;

    /// One legal clock, with the rule as it was when the clock was made.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "incident_clock")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The incident.
        pub incident: Uuid,
        /// The incident's unit.
        pub unit: Uuid,
        /// The incident's number, which never changes.
        pub number: String,
        /// `nd331-report-72h`
        pub rule_id: String,
        /// `version` of the file that the rule was read from.
        pub regime_version: i32,
        /// The rule, whole.
        pub rule: Json,
        /// Position in the regime.
        pub position: i32,
        /// When it started; none while it waits.
        pub started_at: Option<DateTimeUtc>,
        /// When it ends; none where the law names no limit.
        pub due_at: Option<DateTimeUtc>,
        /// Whether it is still owed.
        pub active: bool,
        /// Why it fell away: `level`, `not_incident`.
        pub dropped_why: Option<String>,
        /// When the notice or report was sent.
        pub sent_at: Option<DateTimeUtc>,
        /// Its number and symbol.
        pub sent_number: String,
        /// By which channel.
        pub sent_channel: String,
        /// Which file.
        pub sent_file: String,
        /// A remark; the reason where it was late.
        pub sent_note: String,
        /// Who recorded it.
        pub sent_by: String,
        /// When it was made.
        pub created_at: DateTimeUtc,
        /// When it last changed.
        pub updated_at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

impl clock::Model {
    /// The rule that it was made of.
    pub fn rule(&self) -> khien_base::Result<ClockRule> {
        serde_json::from_value(self.rule.clone()).map_err(khien_base::Fault::internal)
    }
}

/// Tasks of incidents.
pub mod task {
    use sea_orm::entity::prelude::*;

    /// What one unit has to do.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "incident_task")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The incident.
        pub incident: Uuid,
        /// The unit that does it.
        pub unit: Uuid,
        /// What.
        pub title: String,
        /// How, in more words.
        pub detail: String,
        /// Until when.
        pub due_at: Option<DateTimeUtc>,
        /// One of [`super::TaskState`].
        pub state: String,
        /// What the unit says.
        pub note: String,
        /// When it was done.
        pub done_at: Option<DateTimeUtc>,
        /// Who said so.
        pub done_by: String,
        /// When it was given.
        pub created_at: DateTimeUtc,
        /// When it last changed.
        pub updated_at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The timeline: append-only.
pub mod entry {
    use sea_orm::entity::prelude::*;

    /// Who did what when.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "incident_entry")]
    pub struct Model {
        /// Identity.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The incident.
        pub incident: Uuid,
        /// When.
        pub at: DateTimeUtc,
        /// Who; none for the program itself.
        pub person: Option<Uuid>,
        /// The name of who, as it was then.
        pub name: String,
        /// `opened`, `state`… The sentence is the text `incidents.log.<kind>`.
        pub kind: String,
        /// Values of the sentence: a text, `@key` for a text key, or `{"vi", "en"}`.
        pub args: Json,
        /// What a person wrote.
        pub note: String,
        /// What may be noted only once.
        pub once: Option<String>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// States of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Mới tiếp nhận
    New,
    /// Đã xác minh
    Confirmed,
    /// Đã ngăn chặn
    Contained,
    /// Đã gỡ bỏ
    Eradicated,
    /// Đã khôi phục
    Recovered,
    /// Đã đóng
    Closed,
}

impl State {
    /// All states, in their order.
    pub const ALL: [Self; 6] =
        [Self::New, Self::Confirmed, Self::Contained, Self::Eradicated, Self::Recovered, Self::Closed];

    /// The name that is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Confirmed => "confirmed",
            Self::Contained => "contained",
            Self::Eradicated => "eradicated",
            Self::Recovered => "recovered",
            Self::Closed => "closed",
        }
    }

    /// The state of a stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// States of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// Given, not begun.
    Open,
    /// Begun.
    Doing,
    /// Done.
    Done,
    /// Given up by who gave it.
    Cancelled,
}

impl TaskState {
    /// All states, in their order.
    pub const ALL: [Self; 4] = [Self::Open, Self::Doing, Self::Done, Self::Cancelled];

    /// The name that is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Doing => "doing",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of a stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether there is something left to do.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Doing)
    }
}

/// Who does something when, and where new identities come from.
#[derive(Debug, Clone)]
pub struct Act<'a> {
    /// New identities.
    pub ids: &'a Ids,
    /// When.
    pub now: DateTime<Utc>,
    /// Who; none for the program itself.
    pub person: Option<Id>,
    /// The name of who.
    pub name: String,
}

impl<'a> Act<'a> {
    /// What the program does by itself.
    pub fn machine(ids: &'a Ids, now: DateTime<Utc>) -> Self {
        Self { ids, now, person: None, name: "Khiên".into() }
    }

    /// What a person does.
    pub fn of(ids: &'a Ids, now: DateTime<Utc>, person: Id, name: impl Into<String>) -> Self {
        Self { ids, now, person: Some(person), name: name.into() }
    }

    /// A new identity.
    pub fn id(&self) -> Id {
        self.ids.next(self.now)
    }
}

/// What people write of an incident in sentences.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Texts {
    /// Who or what reported it.
    pub reported_by: String,
    /// What happened.
    pub description: String,
    /// First assessment.
    pub assessment: String,
    /// What is affected.
    pub scope: String,
    /// Interruption and damage.
    pub impact: String,
    /// Measures taken.
    pub measures: String,
    /// Help asked, proposals.
    pub help: String,
    /// Cause.
    pub cause: String,
    /// Lessons.
    pub lessons: String,
    /// Kinds and number of personal data.
    pub personal_data: String,
}

impl Texts {
    /// The texts of an incident now.
    pub fn of(incident: &Model) -> Self {
        Self {
            reported_by: incident.reported_by.clone(),
            description: incident.description.clone(),
            assessment: incident.assessment.clone(),
            scope: incident.scope.clone(),
            impact: incident.impact.clone(),
            measures: incident.measures.clone(),
            help: incident.help.clone(),
            cause: incident.cause.clone(),
            lessons: incident.lessons.clone(),
            personal_data: incident.personal_data.clone(),
        }
    }

    /// Each text with its field.
    pub fn each(&self) -> [(&'static str, &str); 10] {
        [
            ("reported_by", &self.reported_by),
            ("description", &self.description),
            ("assessment", &self.assessment),
            ("scope", &self.scope),
            ("impact", &self.impact),
            ("measures", &self.measures),
            ("help", &self.help),
            ("cause", &self.cause),
            ("lessons", &self.lessons),
            ("personal_data", &self.personal_data),
        ]
    }
}

/// What people write of an incident: all of it can be corrected later, and each correction is logged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Written {
    /// Title.
    pub title: String,
    /// Group `N1`–`N9`.
    pub category: String,
    /// `M1`–`M4`
    pub level: String,
    /// Flags set.
    pub flags: Vec<String>,
    /// The information system.
    pub system: Option<Id>,
    /// Whether the system is critical to national security.
    pub system_critical: bool,
    /// T0.
    pub detected_at: DateTime<Utc>,
    /// When it happened.
    pub occurred_at: Option<DateTime<Utc>>,
    /// When a violation of personal data was detected.
    pub violation_at: Option<DateTime<Utc>>,
    /// What they write in sentences.
    #[serde(flatten)]
    pub texts: Texts,
    /// The unit that leads the response, where it is another one.
    pub assigned_unit: Option<Id>,
    /// The officer answerable.
    pub officer: Option<Id>,
}

impl Written {
    /// What is written of an incident now.
    pub fn of(incident: &Model) -> Self {
        Self {
            title: incident.title.clone(),
            category: incident.category.clone(),
            level: incident.level.clone(),
            flags: incident.flag_names(),
            system: incident.system,
            system_critical: incident.system_critical,
            detected_at: incident.detected_at,
            occurred_at: incident.occurred_at,
            violation_at: incident.violation_at,
            texts: Texts::of(incident),
            assigned_unit: incident.assigned_unit,
            officer: incident.officer,
        }
    }
}

/// A notice or report that was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sent {
    /// When.
    pub at: DateTime<Utc>,
    /// Its number and symbol.
    pub number: String,
    /// By which channel.
    pub channel: String,
    /// Which file.
    pub file: String,
    /// A remark; the reason where it was late.
    pub note: String,
}

/// A task to be given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewTask {
    /// The unit that does it.
    pub unit: Id,
    /// What.
    pub title: String,
    /// How, in more words.
    pub detail: String,
    /// Until when.
    pub due_at: Option<DateTime<Utc>>,
}

/// A value of a timeline sentence in both languages.
pub fn both(vi: &str, en: &str) -> Value {
    serde_json::json!({"vi": vi, "en": en})
}
