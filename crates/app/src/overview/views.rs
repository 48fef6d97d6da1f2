//! What the leader's page and the search page show.

use chrono::{DateTime, NaiveDate, Utc};
use khien_govern::plans::rules::trajectory::Step;
use khien_govern::plans::views::Chart;
use khien_web::View;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::spark::{Spark, spark};

/// A figure in a card.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Card {
    /// Text key of its name.
    pub label: &'static str,
    /// The figure.
    pub value: Option<f64>,
    /// Rows that count.
    pub numerator: u64,
    /// Rows that could count, for a share.
    pub denominator: Option<u64>,
    /// The list behind it.
    pub href: String,
    /// `ok`, `soon`, `bad`, `idle`
    pub tone: &'static str,
    /// Icon.
    pub icon: &'static str,
}

/// A target of a live plan.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TargetRow {
    /// What is measured.
    pub measure: String,
    /// What is to be reached: "≥ 20 chuyên gia".
    pub goal: String,
    /// Where it stands.
    pub value: Option<f64>,
    /// What the straight way to the goal wants today.
    pub expected: Option<f64>,
    /// `%` or the unit's word.
    pub unit: String,
    /// State, as the plans module names it.
    pub state: String,
    /// Its tone.
    pub tone: String,
    /// When it is due.
    pub due: Option<NaiveDate>,
    /// The target's place.
    pub href: String,
    /// The way so far, small; none before there are two days.
    pub spark: Option<Spark>,
}

/// The way of a target, large.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TargetChart {
    /// What is measured, in few words.
    pub measure: String,
    /// Where it stands.
    pub value: Option<f64>,
    /// What the straight way to the goal wants today.
    pub expected: Option<f64>,
    /// `%` or the unit's word.
    pub unit: String,
    /// State, as the plans module names it.
    pub state: String,
    /// Its tone.
    pub tone: String,
    /// The target's place.
    pub href: String,
    /// What was reached and what was expected, to the goal at its day.
    pub chart: Chart,
}

/// Something late.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LateRow {
    /// The task.
    pub text: String,
    /// Who owes it.
    pub unit: String,
    /// Days.
    pub days: i64,
    /// The task's page.
    pub href: String,
}

/// An open incident.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct IncidentRow {
    /// Number.
    pub number: String,
    /// Title.
    pub title: String,
    /// `M1`–`M4`
    pub level: String,
    /// Whose.
    pub unit: String,
    /// What its nearest clock is.
    pub clock: String,
    /// When it runs out.
    pub due: Option<DateTime<Utc>>,
    /// Its page.
    pub href: String,
}

/// A silent log source.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SilentRow {
    /// Its name.
    pub name: String,
    /// Whose system it watches.
    pub unit: String,
    /// Its last event.
    pub since: Option<DateTime<Utc>>,
    /// Its page.
    pub href: String,
}

/// A report that is due.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DutyRow {
    /// What is reported.
    pub subject: String,
    /// Who owes it.
    pub unit: String,
    /// The last day.
    pub due: NaiveDate,
    /// Whether that day has passed.
    pub late: bool,
    /// Where it is dealt with.
    pub href: String,
}

/// The leader's page.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Overview {
    /// Name of the centre.
    pub centre: String,
    /// When the figures were computed.
    pub at: DateTime<Utc>,
    /// Figures.
    pub cards: Vec<Card>,
    /// Targets.
    pub targets: Vec<TargetRow>,
    /// The ways of those that stand worst.
    pub charts: Vec<TargetChart>,
    /// What is late, worst first.
    pub late: Vec<LateRow>,
    /// How much is late in all.
    pub late_total: u64,
    /// Open incidents, nearest clock first.
    pub incidents: Vec<IncidentRow>,
    /// Alerts of the last 24 hours, as a chart.
    #[schemars(with = "Value")]
    pub alerts: Value,
    /// How many alerts that are.
    pub alerts_total: i64,
    /// Silent sources.
    pub silent: Vec<SilentRow>,
    /// Reports due soon or late.
    pub duties: Vec<DutyRow>,
    /// The communes.
    #[schemars(with = "Value")]
    pub map: Value,
}

impl View for Overview {
    const PAGE: &'static str = "overview/overview.html";

    fn samples() -> Vec<Self> {
        let at = DateTime::from_timestamp(1_790_000_000, 0).unwrap_or_default();
        let day = at.date_naive();
        let way = [
            Step { day: day - chrono::Days::new(30), reached: Some(40.0), expected: Some(40.0) },
            Step { day, reached: Some(66.7), expected: Some(70.0) },
        ];
        let chart = json!({"kind": "bar", "labels": ["08:00"], "series": [{"name": "x", "data": [3]}]});
        vec![
            Self {
                alerts: json!({"kind": "bar", "labels": [], "series": []}),
                map: json!({"points": []}),
                ..Self::default()
            },
            Self {
                centre: "Trung tâm".into(),
                at,
                cards: vec![sample_card()],
                targets: vec![sample_row(&way, day)],
                charts: vec![sample_chart(&way)],
                late: vec![LateRow {
                    text: "Kiện toàn".into(),
                    unit: "Công an tỉnh".into(),
                    days: 12,
                    href: "/tasks".into(),
                }],
                late_total: 1,
                incidents: vec![IncidentRow {
                    number: "SC-2026-0001".into(),
                    title: "Mã độc".into(),
                    level: "M2".into(),
                    unit: "Sở Y tế".into(),
                    clock: "Thông báo ban đầu".into(),
                    due: Some(at),
                    href: "/incidents".into(),
                }],
                alerts: chart,
                alerts_total: 3,
                silent: vec![SilentRow {
                    name: "may01".into(),
                    unit: "Sở Y tế".into(),
                    since: Some(at),
                    href: "/sources".into(),
                }],
                duties: vec![DutyRow {
                    subject: "Báo cáo năm".into(),
                    unit: "Sở Y tế".into(),
                    due: day,
                    late: true,
                    href: "/obligations".into(),
                }],
                map: json!({"points": [{"name": "Phường Nhân Hòa", "lat": 21.1, "lon": 106.0, "value": 1, "tone": "ok"}]}),
            },
        ]
    }
}

fn sample_card() -> Card {
    Card {
        label: "measure.systems.connected",
        value: Some(66.7),
        numerator: 2,
        denominator: Some(3),
        href: "/systems".into(),
        tone: "soon",
        icon: "server",
    }
}

fn sample_row(way: &[Step], day: NaiveDate) -> TargetRow {
    TargetRow {
        measure: "Bảo đảm 100% <b>hệ thống</b>".into(),
        goal: "= 100 %".into(),
        value: Some(66.7),
        expected: Some(70.0),
        unit: "%".into(),
        state: "behind".into(),
        tone: "bad".into(),
        due: Some(day),
        href: "/plans".into(),
        spark: spark(way),
    }
}

fn sample_chart(way: &[Step]) -> TargetChart {
    TargetChart {
        measure: "Bảo đảm 100% <b>hệ thống</b>".into(),
        value: Some(66.7),
        expected: None,
        unit: "chuyên gia".into(),
        state: "behind".into(),
        tone: "bad".into(),
        href: "/plans".into(),
        chart: Chart::of(way, Some(100.0), "%", ["Thực tế".into(), "Lộ trình".into()]),
    }
}

/// Something that was found.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Hit {
    /// Text key of what it is.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// More of it.
    pub detail: String,
    /// Where it is.
    pub href: String,
}

/// The search page.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Found {
    /// What was searched for.
    pub q: String,
    /// What was found.
    pub hits: Vec<Hit>,
}

impl View for Found {
    const PAGE: &'static str = "overview/search.html";

    fn samples() -> Vec<Self> {
        let hit = Hit {
            kind: "systems.title",
            name: "Cổng dịch vụ công".into(),
            detail: "Sở Y tế".into(),
            href: "/systems".into(),
        };
        vec![Self::default(), Self { q: "cổng".into(), hits: vec![hit] }]
    }
}
