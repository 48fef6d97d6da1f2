//! Pages of log sources.

use chrono::{DateTime, Utc};
use khien_base::Id;
use khien_web::{Pager, View};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::overview::Counts;
use super::recipes::Recipe;
use super::rules::State;

/// A choice of a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is shown.
    pub label: String,
}

/// A source in the list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Row {
    /// Identity.
    pub id: Id,
    /// Name.
    pub name: String,
    /// Its information system.
    pub system: Id,
    /// The system's name.
    pub system_name: String,
    /// The unit that owns the system.
    pub unit_name: String,
    /// How it sends.
    pub kind: String,
    /// How it stands.
    pub state: State,
    /// Its last event.
    pub last_event_at: Option<DateTime<Utc>>,
    /// Events of the last hour, to the ten minutes.
    pub hour: i64,
    /// Events of the last 24 hours, to the ten minutes.
    pub day: i64,
    /// Records that could not be read, in all.
    pub failures: i64,
    /// Datagrams that found no room, since the server started.
    pub lost: u64,
}

/// A sender that nobody registered.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Unknown {
    /// Its address.
    pub address: String,
    /// A name in the certificate that it shows, or the certificate's SHA-256; empty without one.
    pub certificate: String,
    /// SHA-256 of that certificate.
    pub fingerprint: String,
    /// Whether it shows a token that is nobody's.
    pub token: bool,
    /// Records that came since the server started.
    pub records: u64,
    /// When the last one came.
    pub last_at: DateTime<Utc>,
    /// The first characters of the last one.
    pub line: String,
}

/// The list.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct List {
    /// Words of the filter.
    pub q: String,
    /// State of the filter.
    pub state: String,
    /// System of the filter.
    pub system: String,
    /// Rows.
    pub rows: Vec<Row>,
    /// Where the list stands.
    pub pager: Pager,
    /// How many stand how.
    pub counts: Counts,
    /// Senders that nobody registered; only for who sees the whole centre.
    pub unknown: Vec<Unknown>,
    /// Datagrams that the system threw away before they were read, since the server started; only for who sees the
    /// whole centre.
    pub unread: u64,
    /// When the last of them was.
    pub unread_at: Option<DateTime<Utc>>,
    /// Why the centre takes nothing in for now, in a sentence; empty while it does.
    pub halted: String,
    /// Since when.
    pub halted_at: Option<DateTime<Utc>>,
    /// Whether the viewer may add sources.
    pub may_add: bool,
}

/// The form for a new source.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct New {
    /// Systems that it may belong to.
    pub systems: Vec<Choice>,
    /// The system that was asked for.
    pub system: String,
    /// Addresses that were asked for.
    pub addresses: String,
    /// Certificates that were asked for.
    pub certificates: String,
    /// How it sends, if that was asked for.
    pub kind: String,
}

/// A step of the history.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Step {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub who: String,
    /// `sources.pause`: the text `action.sources.pause`.
    pub action: String,
}

/// What became of an upload.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Uploaded {
    /// The file's name.
    pub name: String,
    /// Records that were taken.
    pub accepted: u64,
    /// Records that could not be read.
    pub failed_total: u64,
    /// The first of them, in sentences.
    pub failed: Vec<String>,
}

/// A line that arrived.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LiveLine {
    /// When.
    pub at: DateTime<Utc>,
    /// Its first characters.
    pub text: String,
}

/// What arrives from a source at this moment.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Live {
    /// The source.
    pub source: Id,
    /// Events a second over the last ten seconds.
    pub per_second: f64,
    /// Its last event.
    pub last_event_at: Option<DateTime<Utc>>,
    /// Records that could not be read, in all.
    pub failures: i64,
    /// The first characters of the last of them.
    pub failed_line: String,
    /// How far its clock is off, in words; empty when that is not known.
    pub skew: String,
    /// Whether that is more than a minute.
    pub skew_bad: bool,
    /// The last lines, newest first; only for who may search its events.
    pub lines: Vec<LiveLine>,
}

/// [`Live`] as a part of a page.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct LivePage {
    /// What arrives.
    pub live: Live,
}

/// One source.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct One {
    /// The source.
    pub row: Row,
    /// Addresses that its syslog comes from, one a line.
    pub addresses: String,
    /// Certificates that it is known by, one a line.
    pub certificates: String,
    /// Events a second that it may send.
    pub quota: Option<i32>,
    /// What arrives at this moment.
    pub live: Live,
    /// Minutes without an event until it counts as silent.
    pub silent_minutes: i32,
    /// Since when it is silent.
    pub silent_since: Option<DateTime<Utc>>,
    /// The last four characters of its token; empty without one.
    pub token_end: String,
    /// A new token, shown this once.
    pub new_token: String,
    /// Events in all.
    pub events: i64,
    /// When the last unreadable record came.
    pub failed_at: Option<DateTime<Utc>>,
    /// Why it could not be read, in a sentence.
    pub failure: String,
    /// Its first characters.
    pub failed_line: String,
    /// When a datagram found no room the last time.
    pub lost_at: Option<DateTime<Utc>>,
    /// Events by ten minutes, for the chart.
    pub chart: Value,
    /// Settings to copy.
    pub recipes: Vec<Recipe>,
    /// Who changed what.
    pub history: Vec<Step>,
    /// Whether the viewer may change it.
    pub may_write: bool,
    /// Whether the viewer may search its events.
    pub may_search: bool,
    /// When its settings last changed; the form carries it back.
    pub updated_at: DateTime<Utc>,
    /// What became of an upload.
    pub uploaded: Option<Uploaded>,
}

fn row(name: &str, state: State) -> Row {
    let live = matches!(state, State::Live | State::Silent);
    Row {
        id: Id::from_u128(1),
        name: name.to_owned(),
        system: Id::from_u128(2),
        system_name: "Cổng dịch vụ công tỉnh".into(),
        unit_name: "Sở Khoa học và Công nghệ".into(),
        kind: "ndjson".into(),
        state,
        last_event_at: live.then(|| DateTime::from_timestamp(1_790_000_000, 0).unwrap_or_default()),
        hour: 1_234,
        day: 98_765,
        failures: 3,
        lost: if live { 1_200 } else { 0 },
    }
}

impl View for List {
    const PAGE: &'static str = "sources/list.html";

    fn samples() -> Vec<Self> {
        let at = DateTime::from_timestamp(1_790_000_000, 0).unwrap_or_default();
        let unknown = Unknown {
            address: "2001:db8::7".into(),
            certificate: String::new(),
            fingerprint: String::new(),
            token: false,
            records: 12,
            last_at: at,
            line: "<13>Oct  1 09:00:00 <b>máy</b> app: \"thử\"".into(),
        };
        vec![
            Self::default(),
            Self { may_add: true, ..Self::default() },
            Self {
                q: "web".into(),
                state: "silent".into(),
                rows: State::ALL.into_iter().map(|state| row("Máy chủ <web> \"1\"", state)).collect(),
                pager: Pager { number: 1, pages: 1, total: 5, from: 1, to: 5, base: "/sources?".into() },
                counts: Counts { live: 1, silent: 1, never: 1, paused: 1 },
                unknown: vec![
                    Unknown {
                        certificate: "may01.bacninh.gov.vn".into(),
                        fingerprint: "ab".repeat(32),
                        ..unknown.clone()
                    },
                    Unknown { token: true, ..unknown.clone() },
                    unknown,
                ],
                unread: 2_908,
                unread_at: Some(at),
                halted: "Đĩa sắp đầy.".into(),
                halted_at: Some(at),
                may_add: true,
                ..Self::default()
            },
        ]
    }
}

impl View for New {
    const PAGE: &'static str = "sources/new.html";

    fn samples() -> Vec<Self> {
        let choice =
            Choice { value: Id::from_u128(2).to_string(), label: "Cổng dịch vụ công · Sở KH&CN".into() };
        vec![
            Self::default(),
            Self {
                systems: vec![choice],
                addresses: "192.0.2.7".into(),
                certificates: "may01".into(),
                kind: "syslog".into(),
                ..Self::default()
            },
        ]
    }
}

fn sample(at: DateTime<Utc>) -> Live {
    Live {
        source: Id::from_u128(1),
        per_second: 12.5,
        last_event_at: Some(at),
        failures: 3,
        failed_line: "{\"a\":<script>".into(),
        skew: "chậm 7 giờ 0 phút".into(),
        skew_bad: true,
        lines: vec![LiveLine { at, text: "<13>Oct  1 09:00:00 <b>máy</b> app: \"thử\"".into() }],
    }
}

impl View for LivePage {
    const PAGE: &'static str = "sources/live.html";

    fn samples() -> Vec<Self> {
        let at = DateTime::from_timestamp(1_790_000_000, 0).unwrap_or_default();
        vec![Self::default(), Self { live: sample(at) }, Self { live: Live { skew_bad: false, ..sample(at) } }]
    }
}

impl View for One {
    const PAGE: &'static str = "sources/one.html";

    fn samples() -> Vec<Self> {
        let at = DateTime::from_timestamp(1_790_000_000, 0).unwrap_or_default();
        let new = Self {
            row: Row { failures: 0, lost: 0, hour: 0, day: 0, ..row("Nguồn mới", State::Never) },
            addresses: String::new(),
            certificates: String::new(),
            quota: None,
            live: Live { source: Id::from_u128(1), ..Live::default() },
            silent_minutes: 60,
            silent_since: None,
            token_end: "wxyz".into(),
            new_token: "a-b_c".into(),
            events: 0,
            failed_at: None,
            failure: String::new(),
            failed_line: String::new(),
            lost_at: None,
            chart: Value::Null,
            recipes: vec![Recipe { id: "curl", file: "", text: "curl …".into() }],
            history: vec![],
            may_write: true,
            may_search: true,
            updated_at: at,
            uploaded: None,
        };
        let full = Self {
            row: row("Tường lửa & VPN", State::Silent),
            addresses: "10.0.0.0/24\n2001:db8::/64".into(),
            certificates: "may01.bacninh.gov.vn".into(),
            quota: Some(500),
            live: sample(at),
            silent_since: Some(at),
            new_token: String::new(),
            events: 5_000_000,
            failed_at: Some(at),
            failure: "Dòng 3, cột 1: không phải JSON đúng.".into(),
            failed_line: "{\"a\":<script>".into(),
            lost_at: Some(at),
            chart: json!({"kind": "bar", "labels": ["09:00"], "series": [{"name": "Sự kiện", "data": [5]}]}),
            history: vec![Step { at, who: "Trần Thị Bình".into(), action: "sources.add".into() }],
            uploaded: Some(Uploaded {
                name: "Security.evtx".into(),
                accepted: 12,
                failed_total: 1,
                failed: vec!["Một bản ghi bị hỏng.".into()],
            }),
            ..new.clone()
        };
        let closed = Self {
            row: row("Đã đóng", State::Closed),
            may_write: false,
            may_search: false,
            recipes: vec![],
            ..full.clone()
        };
        vec![new, full, closed]
    }
}
