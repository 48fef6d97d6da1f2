//! Pages of people.

use chrono::{DateTime, NaiveDate, Utc};
use khien_base::Id;
use khien_web::{Pager, View};
use schemars::JsonSchema;
use serde::Serialize;

use crate::sign_in::views::RoleHeld;
use crate::units::views::{Choice, Happening};

/// A line of the list.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Line {
    /// Identity.
    pub id: Id,
    /// Full name.
    pub name: String,
    /// Post.
    pub post: String,
    /// Unit.
    pub unit: String,
    /// Name for signing in; empty for who does not sign in.
    pub username: String,
    /// Roles held today.
    pub roles: Vec<RoleHeld>,
    /// Whether the person may sign in.
    pub active: bool,
    /// Whether a second factor is set.
    pub second_factor: bool,
}

/// The list of people.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct List {
    /// The page's people.
    pub people: Vec<Line>,
    /// Where the list stands.
    pub pager: Pager,
    /// The list's address for files.
    pub base: String,
    /// The keyword.
    pub q: String,
    /// The unit asked for.
    pub unit: String,
    /// Units to choose from.
    pub units: Vec<Choice>,
    /// Whether a filter is set.
    pub filtered: bool,
    /// Whether people may be added.
    pub may_write: bool,
}

impl View for List {
    const PAGE: &'static str = "people/list.html";

    fn samples() -> Vec<Self> {
        let line = |active| Line {
            name: "Trần Thị <Bình>".into(),
            post: "Trưởng phòng".into(),
            unit: "Sở Y tế".into(),
            username: if active { "binh".into() } else { String::new() },
            roles: vec![RoleHeld { role: "focal_point".into(), unit: "Sở Y tế".into() }],
            active,
            second_factor: active,
            ..Line::default()
        };
        vec![
            Self { base: "/people?".into(), ..Self::default() },
            Self { base: "/people?".into(), may_write: true, ..Self::default() },
            Self { base: "/people?".into(), filtered: true, q: "x".into(), ..Self::default() },
            Self {
                people: vec![line(true), line(false)],
                pager: Pager { number: 1, pages: 3, total: 60, from: 1, to: 25, base: "/people?".into() },
                base: "/people?".into(),
                units: vec![Choice { value: Id::nil().to_string(), label: "Sở Y tế".into() }],
                may_write: true,
                ..Self::default()
            },
        ]
    }
}

/// A role of a person.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct RoleRow {
    /// Identity.
    pub id: Id,
    /// `officer`
    pub role: String,
    /// Where.
    pub unit: String,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: Option<NaiveDate>,
    /// The decision that gives it.
    pub document: String,
    /// Who recorded it.
    pub by: String,
    /// `now`, `later`, `over`
    pub state: String,
    /// Whether it may be ended.
    pub may_end: bool,
}

/// One person.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Person {
    /// Identity.
    pub id: Id,
    /// Full name.
    pub name: String,
    /// Post.
    pub post: String,
    /// The unit's identity.
    pub unit_id: Id,
    /// Unit.
    pub unit: String,
    /// E-mail.
    pub email: String,
    /// Telephone.
    pub phone: String,
    /// Name for signing in.
    pub username: String,
    /// Whether the person may sign in.
    pub active: bool,
    /// Whether a second factor is set.
    pub second_factor: bool,
    /// Whether the password must be changed at the next sign-in.
    pub must_change: bool,
    /// Closed after wrong passwords until then.
    pub locked_until: Option<DateTime<Utc>>,
    /// When the record was made.
    pub created_at: Option<DateTime<Utc>>,
    /// Sessions and tokens that hold.
    pub sessions: u64,
    /// Roles, newest first.
    pub roles: Vec<RoleRow>,
    /// What happened.
    pub history: Vec<Happening>,
    /// Whether it may be changed.
    pub may_write: bool,
    /// Whether it is who looks.
    pub own: bool,
    /// Roles that may be given.
    pub give: Vec<String>,
    /// Units at which they may be given.
    pub units: Vec<Choice>,
    /// Today.
    pub today: NaiveDate,
    /// A new password, shown this once.
    pub new_password: String,
}

impl View for Person {
    const PAGE: &'static str = "people/person.html";

    fn samples() -> Vec<Self> {
        let at = DateTime::from_timestamp(1_790_000_000, 0);
        let role = |state: &str, may_end| RoleRow {
            role: "officer".into(),
            unit: "Trung tâm An ninh mạng".into(),
            document: "QĐ 12/QĐ-CAT ngày 02/7/2026".into(),
            by: "Nguyễn Quản Trị".into(),
            state: state.into(),
            may_end,
            ..RoleRow::default()
        };
        vec![
            Self { name: "Người mới".into(), ..Self::default() },
            Self {
                name: "Trần Thị <Bình>".into(),
                post: "Trưởng phòng".into(),
                unit: "Sở Y tế".into(),
                email: "binh@example.vn".into(),
                phone: "0204 123 456".into(),
                username: "binh".into(),
                active: true,
                second_factor: true,
                must_change: true,
                locked_until: at,
                created_at: at,
                sessions: 2,
                roles: vec![role("now", true), role("later", false), role("over", false)],
                history: vec![Happening {
                    at: at.unwrap_or_default(), who: "Quản trị".into(), text: "Thêm".into()
                }],
                may_write: true,
                give: vec!["officer".into()],
                units: vec![Choice { value: Id::nil().to_string(), label: "Sở Y tế".into() }],
                new_password: "abcde-fghjk".into(),
                ..Self::default()
            },
            Self { name: "Tôi".into(), active: true, own: true, may_write: true, ..Self::default() },
        ]
    }
}

/// The form of a person.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Edit {
    /// Identity; none for a new one.
    pub id: Option<Id>,
    /// Full name.
    pub name: String,
    /// Post.
    pub post: String,
    /// Unit.
    pub unit: String,
    /// Units to choose from.
    pub units: Vec<Choice>,
    /// E-mail.
    pub email: String,
    /// Telephone.
    pub phone: String,
    /// Name for signing in.
    pub username: String,
    /// What was read, to tell a change meanwhile.
    pub version: String,
}

impl View for Edit {
    const PAGE: &'static str = "people/edit.html";

    fn samples() -> Vec<Self> {
        let units = vec![Choice { value: Id::nil().to_string(), label: "Sở Y tế".into() }];
        vec![
            Self::default(),
            Self {
                id: Some(Id::nil()),
                name: "Trần \"Bình\"".into(),
                unit: Id::nil().to_string(),
                units,
                version: "ab".into(),
                ..Self::default()
            },
        ]
    }
}
