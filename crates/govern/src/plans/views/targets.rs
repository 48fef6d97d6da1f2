//! Targets of a plan with their live figures.

use chrono::NaiveDate;
use khien_base::Id;
use khien_base::clock::vn_date;
use khien_web::View;
use schemars::JsonSchema;
use serde::Serialize;

use super::DueView;
use crate::plans::rules::trajectory::Step;

/// The targets of a plan.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Targets {
    /// The plan.
    pub plan: Id,
    /// Its title.
    pub title: String,
    /// Whether figures are those of who looks, not of the whole plan.
    pub own: bool,
    /// The targets.
    pub rows: Vec<TargetRow>,
    /// How many stand where: `(state, number)` in the order of the badges.
    pub counts: Vec<(String, usize)>,
}

/// One target.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct TargetRow {
    /// Identity.
    pub id: Id,
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
    /// The measure that gives the figure; empty for none.
    pub binding: String,
    /// The figure, in the target's unit.
    pub value: Option<f64>,
    /// Rows that count.
    pub numerator: Option<u64>,
    /// Rows that could count.
    pub denominator: Option<u64>,
    /// The list of the rows behind it.
    pub rows_href: String,
    /// Where it should be today.
    pub expected: Option<f64>,
    /// `met`, `on_track`, `behind`, `no_figure`, `qualitative`
    pub state: String,
    /// Tone of its badge.
    pub tone: String,
    /// The first day with a figure.
    pub since: Option<NaiveDate>,
    /// The way so far and the way that the plan drew; none before there are two days.
    pub chart: Option<Chart>,
}

/// What the chart draws.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Chart {
    /// `trajectory`
    pub kind: String,
    /// The days, true to scale.
    pub days: Vec<NaiveDate>,
    /// Days, as `dd/mm/yyyy`.
    pub labels: Vec<String>,
    /// What was reached, and the way to the goal.
    pub series: Vec<Series>,
    /// `%` or nothing.
    pub unit: String,
    /// The goal.
    pub goal: Option<f64>,
}

impl Chart {
    /// The way of a target to its goal; `names` of what was reached and of the way expected.
    pub fn of(way: &[Step], goal: Option<f64>, unit: &str, [reached, expected]: [String; 2]) -> Self {
        // Figures are given as people read them, not with the fifteen digits of a division.
        let shown = |value: Option<f64>| value.map(|value| (value * 10.0).round() / 10.0);
        Self {
            kind: "trajectory".to_owned(),
            days: way.iter().map(|step| step.day).collect(),
            labels: way.iter().map(|step| vn_date(step.day)).collect(),
            series: vec![
                Series { name: reached, data: way.iter().map(|step| shown(step.reached)).collect() },
                Series { name: expected, data: way.iter().map(|step| shown(step.expected)).collect() },
            ],
            unit: unit.to_owned(),
            goal,
        }
    }
}

/// One line of a chart.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Series {
    /// Its name.
    pub name: String,
    /// Its values, one for each day; none where there is none.
    pub data: Vec<Option<f64>>,
}

impl View for Targets {
    const PAGE: &'static str = "plans/targets.html";

    fn samples() -> Vec<Self> {
        let row = |state: &str, comparator: &str| TargetRow {
            id: Id::from_u128(3),
            measure: "hệ thống <được> kết nối".into(),
            comparator: comparator.into(),
            low: (state != "qualitative").then_some(90.5),
            high: (comparator == "between").then_some(100.0),
            unit: "%".into(),
            per: if state == "met" { "year".into() } else { String::new() },
            due: DueView::sample(),
            binding: if state == "no_figure" { String::new() } else { "plans.tasks-in-time".into() },
            value: (state == "behind").then_some(40.0),
            numerator: (state == "behind").then_some(4),
            denominator: (state == "behind").then_some(10),
            rows_href: "/tasks".into(),
            expected: (state == "behind").then_some(60.0),
            state: state.into(),
            tone: "bad".into(),
            since: Some(super::sample_day()),
            chart: (state == "behind").then(|| {
                let day = super::sample_day();
                let way = [
                    Step { day, reached: Some(40.0), expected: Some(40.0) },
                    Step { day: day + chrono::Days::new(90), reached: None, expected: Some(90.5) },
                ];
                Chart::of(&way, Some(90.5), "%", ["Thực tế".into(), "Lộ trình".into()])
            }),
        };
        let rows = vec![
            row("met", "at_least"),
            row("on_track", "between"),
            row("behind", "equal"),
            row("no_figure", "at_most"),
            row("qualitative", "qualitative"),
        ];
        let counts = rows.iter().map(|row| (row.state.clone(), 1)).collect();
        vec![Self::default(), Self { plan: Id::from_u128(7), title: "Kế hoạch".into(), own: true, rows, counts }]
    }
}
