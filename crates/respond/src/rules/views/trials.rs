//! Pages of trials on stored days.

use chrono::{DateTime, NaiveDate, Utc};
use khien_base::Id;
use khien_web::View;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::alerts::views::Named;

/// One trial in a list.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct TrialRow {
    /// Identity.
    pub id: Id,
    /// Title of the rule.
    pub title: String,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// `running`, `done`, `failed`, `cancelled`
    pub state: String,
    /// Events that the rule fired on.
    pub hits: i64,
    /// Events that were read.
    pub looked: i64,
    /// When it was asked for.
    pub at: DateTime<Utc>,
}

/// The form of a trial.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct TrialForm {
    /// The rule.
    pub rule: String,
    /// The version, where one is tried that is not in force.
    pub version: String,
    /// Title.
    pub title: String,
    /// The page of the rule; empty where a rule is to be pasted.
    pub href: String,
    /// Systems to choose from.
    pub systems: Vec<Named>,
    /// Log sources to choose from.
    pub sources: Vec<Named>,
    /// First day, proposed.
    pub from: String,
    /// Last day, proposed.
    pub to: String,
    /// Days that a trial may have.
    pub days: i64,
    /// Earlier trials of the reader.
    pub rows: Vec<TrialRow>,
}

fn row(state: &str) -> TrialRow {
    TrialRow { title: "Luật".into(), state: state.into(), hits: 3, looked: 10_000, ..TrialRow::default() }
}

impl View for TrialForm {
    const PAGE: &'static str = "rules/trials.html";

    fn samples() -> Vec<Self> {
        let named = || vec![Named { value: "1".into(), label: "Thư điện tử".into() }];
        let full = Self {
            title: "Luật".into(),
            systems: named(),
            sources: named(),
            rows: vec![row("running"), row("done"), row("failed"), row("cancelled")],
            days: 31,
            ..Self::default()
        };
        let of_a_rule = Self { href: "/rules/rule/x".into(), rule: "x".into(), ..full.clone() };
        vec![Self::default(), full, of_a_rule]
    }
}

/// An event that the rule fired on.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct TrialHit {
    /// The event.
    pub id: String,
    /// Its time.
    pub at: String,
    /// Its computer.
    pub host: String,
    /// Field (label) and value of what made the rule fire.
    pub values: Vec<Named>,
}

/// A trial with what came of it so far.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Trial {
    /// What a list shows of it.
    pub row: TrialRow,
    /// The page of the rule.
    pub href: String,
    /// Days that it has.
    pub days: i64,
    /// Days that are done.
    pub days_done: i32,
    /// Events of the rule's log source.
    pub considered: i64,
    /// Microseconds for one of them.
    pub micros: Option<f64>,
    /// Whether more events match than are shown.
    pub cut: bool,
    /// Whether the reader may stop it.
    pub may_stop: bool,
    /// Why it failed.
    pub fault: String,
    /// Events by day.
    pub chart: Value,
    /// Some of the events.
    pub samples: Vec<TrialHit>,
}

impl View for Trial {
    const PAGE: &'static str = "rules/trial.html";

    fn samples() -> Vec<Self> {
        let chart = serde_json::json!({"kind": "bar", "labels": ["01/10"], "series": [{"name": "x", "data": [3]}]});
        let hit = TrialHit {
            id: Id::nil().to_string(),
            at: "2026-10-01T00:00:00Z".into(),
            host: "may01".into(),
            values: vec![Named { value: "1102".into(), label: "EventID".into() }],
        };
        let done = Self {
            row: row("done"),
            days: 7,
            days_done: 7,
            considered: 900,
            micros: Some(3.5),
            cut: true,
            chart,
            samples: vec![hit],
            ..Self::default()
        };
        let running = Self { row: row("running"), days: 7, days_done: 2, may_stop: true, ..Self::default() };
        let none = Self { row: TrialRow { hits: 0, ..row("done") }, days: 1, days_done: 1, ..Self::default() };
        vec![done, running, none, Self { row: row("failed"), fault: "Hỏng".into(), days: 1, ..Self::default() }]
    }
}
