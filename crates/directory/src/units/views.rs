//! Pages of units.

use chrono::{DateTime, NaiveDate, Utc};
use khien_base::Id;
use khien_web::View;
use schemars::JsonSchema;
use serde::Serialize;

/// Something to choose.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is shown.
    pub label: String,
}

/// A unit with what is under it.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Branch {
    /// Identity.
    pub id: Id,
    /// Full name.
    pub name: String,
    /// Short form.
    pub short: String,
    /// Kind.
    pub kind: String,
    /// Whether its page may be opened.
    pub within: bool,
    /// Whether it is one that was asked for.
    pub found: bool,
    /// Whether it is shown unfolded.
    pub open: bool,
    /// Units under it, at any depth.
    pub units: u64,
    /// Active people of it; 0 for who may not see people.
    pub people: u64,
    /// Units straight under it.
    pub children: Vec<Branch>,
}

/// How many units there are of a kind.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct KindCount {
    /// Kind.
    pub kind: String,
    /// Units.
    pub count: u64,
}

/// The tree of a day.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct List {
    /// From the top.
    pub tree: Vec<Branch>,
    /// Counts by kind, within reach.
    pub counts: Vec<KindCount>,
    /// Units within reach on the day.
    pub total: u64,
    /// Units that the filter leaves.
    pub shown: u64,
    /// The keyword.
    pub q: String,
    /// The kind asked for.
    pub kind: String,
    /// The day shown.
    pub day: NaiveDate,
    /// Whether it is not today.
    pub other_day: bool,
    /// Whether a filter is set.
    pub filtered: bool,
    /// The list's address for files.
    pub base: String,
    /// Whether units may be added.
    pub may_write: bool,
}

impl View for List {
    const PAGE: &'static str = "units/list.html";

    fn samples() -> Vec<Self> {
        let leaf = Branch {
            name: "Sở Y tế".into(),
            short: "SYT".into(),
            kind: "department".into(),
            within: true,
            people: 3,
            ..Branch::default()
        };
        let root = Branch {
            name: "Tỉnh Bắc Ninh".into(),
            kind: "tinh".into(),
            open: true,
            units: 2,
            children: vec![leaf.clone(), Branch { found: true, short: String::new(), ..leaf }],
            ..Branch::default()
        };
        vec![
            Self { base: "/units?".into(), filtered: true, q: "<b>".into(), ..Self::default() },
            Self { base: "/units?".into(), other_day: true, ..Self::default() },
            Self {
                tree: vec![root],
                counts: vec![KindCount { kind: "department".into(), count: 12 }],
                total: 127,
                shown: 127,
                base: "/units?".into(),
                may_write: true,
                ..Self::default()
            },
        ]
    }
}

/// A unit that is named.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Named {
    /// Identity.
    pub id: Id,
    /// Name.
    pub name: String,
    /// Whether its page may be opened.
    pub within: bool,
}

/// Where a unit stood for a time.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Place {
    /// The unit above.
    pub parent: String,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: Option<NaiveDate>,
}

/// A person of a unit.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Member {
    /// Identity.
    pub id: Id,
    /// Name.
    pub name: String,
    /// Post.
    pub post: String,
    /// Whether the person may sign in.
    pub active: bool,
}

/// Who holds a role at a unit.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Holder {
    /// The person.
    pub id: Id,
    /// Name.
    pub name: String,
    /// `focal_point`
    pub role: String,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: Option<NaiveDate>,
}

/// A line of a record's history.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Happening {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub who: String,
    /// What, in a few words.
    pub text: String,
}

/// One unit.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Unit {
    /// Identity.
    pub id: Id,
    /// Full name.
    pub name: String,
    /// Name in English.
    pub name_en: String,
    /// Short form.
    pub short: String,
    /// Kind.
    pub kind: String,
    /// Official code or template key.
    pub code: String,
    /// Other names, as they are compared.
    pub aliases: Vec<String>,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day.
    pub valid_to: Option<NaiveDate>,
    /// The unit above today.
    pub parent: Option<Named>,
    /// Units straight under it today.
    pub children: Vec<Named>,
    /// Where it stood, stands and will stand.
    pub places: Vec<Place>,
    /// Whether people may be seen.
    pub people_seen: bool,
    /// Its people, the first 200.
    pub people: Vec<Member>,
    /// How many people it has.
    pub people_total: u64,
    /// Who holds a role at it today.
    pub holders: Vec<Holder>,
    /// What happened to it.
    pub history: Vec<Happening>,
    /// Whether its names may be changed.
    pub may_write: bool,
    /// Whether it may be moved and closed.
    pub may_move: bool,
    /// Whether people may be added.
    pub may_add_people: bool,
    /// Where it can be moved.
    pub parents: Vec<Choice>,
    /// Today.
    pub today: NaiveDate,
}

impl View for Unit {
    const PAGE: &'static str = "units/unit.html";

    fn samples() -> Vec<Self> {
        let at = DateTime::from_timestamp(1_790_000_000, 0).unwrap_or_default();
        let named = |name: &str, within| Named { id: Id::nil(), name: name.into(), within };
        vec![
            Self { name: "Tỉnh Bắc Ninh".into(), kind: "tinh".into(), ..Self::default() },
            Self {
                name: "Sở <Y tế>".into(),
                name_en: "Department of Health".into(),
                short: "SYT".into(),
                kind: "department".into(),
                code: "so-y-te".into(),
                aliases: vec!["so yt".into()],
                valid_to: NaiveDate::from_ymd_opt(2027, 1, 31),
                parent: Some(named("UBND tỉnh", false)),
                children: vec![named("Trung tâm Kiểm soát bệnh tật", true)],
                places: vec![Place { parent: "UBND tỉnh".into(), from: NaiveDate::default(), to: None }],
                people_seen: true,
                people: vec![Member { id: Id::nil(), name: "Bình".into(), post: String::new(), active: false }],
                people_total: 1,
                holders: vec![Holder {
                    id: Id::nil(),
                    name: "Bình".into(),
                    role: "focal_point".into(),
                    from: NaiveDate::default(),
                    to: None,
                }],
                history: vec![Happening { at, who: "Quản trị".into(), text: "Đổi tên".into() }],
                may_write: true,
                may_move: true,
                may_add_people: true,
                parents: vec![Choice { value: Id::nil().to_string(), label: "UBND tỉnh".into() }],
                ..Self::default()
            },
        ]
    }
}

/// The form of a unit.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Edit {
    /// Identity; none for a new one.
    pub id: Option<Id>,
    /// Full name.
    pub name: String,
    /// Name in English.
    pub name_en: String,
    /// Short form.
    pub short: String,
    /// Kind.
    pub kind: String,
    /// Kinds to choose from.
    pub kinds: Vec<String>,
    /// Other names, one a line.
    pub aliases: String,
    /// What was read, to tell a change meanwhile.
    pub version: String,
    /// The unit above.
    pub parent: String,
    /// Units to choose from.
    pub parents: Vec<Choice>,
    /// First day.
    pub from: NaiveDate,
}

impl View for Edit {
    const PAGE: &'static str = "units/edit.html";

    fn samples() -> Vec<Self> {
        vec![
            Self { kinds: vec!["enterprise".into()], ..Self::default() },
            Self {
                id: Some(Id::nil()),
                name: "Sở \"Y tế\"".into(),
                kind: "department".into(),
                kinds: super::model::KINDS.map(str::to_owned).to_vec(),
                version: "ab".into(),
                ..Self::default()
            },
        ]
    }
}
