//! What other pages show of plans: a few lines each, one query or two.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use khien_base::clock::day_in_vietnam;
use khien_base::{Id, Reach, Result};
use khien_web::{Kit, Paging};
use schemars::JsonSchema;
use serde::Serialize;

use super::figures;
use super::model::LEAD;
use super::rules::due::{Bucket, bucket, days_late};
use super::rules::goal::{Goal, Point, expected};
use super::store::{duties, figures as kept, items, plans, work};

/// A target of a live plan.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TargetLine {
    /// The target.
    pub id: Id,
    /// Where it is.
    pub href: String,
    /// What is measured.
    pub measure: String,
    /// How it compares: one of [`super::model::COMPARATORS`].
    pub comparator: String,
    /// The value, or the lower one of two.
    pub goal: Option<f64>,
    /// The upper value.
    pub high: Option<f64>,
    /// "%", "cuộc"…
    pub unit: String,
    /// Last day for reaching it.
    pub due: Option<NaiveDate>,
    /// The measure that it is bound to; empty for none.
    pub binding: String,
    /// The figure.
    pub value: Option<f64>,
    /// What the straight way from its first figure to its goal wants today.
    pub expected: Option<f64>,
    /// Rows that count.
    pub numerator: Option<u64>,
    /// Rows that could count.
    pub denominator: Option<u64>,
    /// `met`, `on_track`, `behind`, `no_figure`, `qualitative`: the text `plans.target.<state>`.
    pub state: String,
    /// Tone of its badge.
    pub tone: String,
    /// The plan.
    pub plan: Id,
    /// Its title.
    pub plan_title: String,
}

impl TargetLine {
    /// What it wants.
    pub fn goal(&self) -> Goal<'_> {
        Goal { comparator: &self.comparator, low: self.goal, due: self.due }
    }
}

/// Targets of the live plans of units within reach, behind first. Each measure is computed once for each plan.
pub async fn targets(kit: &Kit, reach: &Reach, now: DateTime<Utc>) -> Result<Vec<TargetLine>> {
    let tree = khien_directory::gate::of(kit)?.tree(now).await?;
    let day = day_in_vietnam(now);
    let live = plans::live(&kit.db, reach).await?;
    let rows = items::targets_of(kit.db.read(), live.iter().map(|plan| plan.id).collect()).await?;
    let bound: Vec<Id> = rows.iter().filter(|row| row.binding.is_some()).map(|row| row.id).collect();
    let first = kept::first(&kit.db, bound).await?;
    let mut out = Vec::with_capacity(rows.len());
    for plan in &live {
        let own: Vec<_> = rows.iter().filter(|row| row.plan == plan.id).cloned().collect();
        let found = figures::compute(kit, &own, &tree.reach(plan.unit), now).await?;
        for row in own {
            let figure = found.get(&row.id).copied();
            let began = first.get(&row.id).copied();
            let standing = figures::stands(&row, figure, began, day);
            out.push(TargetLine {
                id: row.id,
                expected: began.and_then(|began| expected(&figures::goal(&row), began, day)),
                href: format!("/plans/{}/targets#t-{}", plan.id, row.id),
                measure: row.measure,
                comparator: row.comparator,
                goal: row.low,
                high: row.high,
                unit: row.unit,
                due: row.due_to,
                binding: row.binding.unwrap_or_default(),
                value: figure.and_then(khien_base::measure::Figure::value),
                numerator: figure.map(|figure| figure.numerator),
                denominator: figure.and_then(|figure| figure.denominator),
                state: standing.name().to_owned(),
                tone: standing.tone().to_owned(),
                plan: plan.id,
                plan_title: plan.title.clone(),
            });
        }
    }
    let order = ["behind", "on_track", "met", "no_figure", "qualitative"];
    out.sort_by_key(|line| order.iter().position(|state| *state == line.state));
    Ok(out)
}

/// The figures kept of these targets, oldest first: what [`super::rules::trajectory`] draws the way of a
/// [`TargetLine`] from. One query.
pub async fn history(kit: &Kit, targets: impl IntoIterator<Item = Id>) -> Result<HashMap<Id, Vec<Point>>> {
    kept::points(&kit.db, targets).await
}

/// A task that is late.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LateLine {
    /// Where it is.
    pub href: String,
    /// What is to be done.
    pub text: String,
    /// Who leads it.
    pub unit: String,
    /// Its identity.
    pub unit_id: Id,
    /// The last timely day.
    pub due_on: Option<NaiveDate>,
    /// Days since.
    pub days_late: i64,
    /// How far it is.
    pub percent: i32,
}

/// Late tasks of lead units within reach, longest late first, and how many there are.
pub async fn late(kit: &Kit, reach: &Reach, now: DateTime<Utc>, limit: u64) -> Result<(Vec<LateLine>, u64)> {
    let day = day_in_vietnam(now);
    let tree = khien_directory::gate::of(kit)?.tree(now).await?;
    let filter = work::Filter { role: Some(LEAD), bucket: Some(Bucket::Late), ..work::Filter::default() };
    let (rows, total) = work::list(&kit.db, reach, &filter, day, Paging { page: 1, size: limit }).await?;
    let tasks = items::some_tasks(&kit.db, rows.iter().map(|row| row.task)).await?;
    let texts: HashMap<Id, String> = tasks.into_iter().map(|task| (task.id, task.text)).collect();
    let line = |row: super::model::work::Model| LateLine {
        href: format!("/tasks/{}", row.task),
        text: texts.get(&row.task).cloned().unwrap_or_default(),
        unit: tree.name(row.unit).to_owned(),
        unit_id: row.unit,
        due_on: row.due_on,
        days_late: days_late(row.due_on, None, day),
        percent: row.percent,
    };
    Ok((rows.into_iter().map(line).collect(), total))
}

/// A report that is owed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DueLine {
    /// Where it is.
    pub href: String,
    /// What is reported.
    pub subject: String,
    /// Who owes it.
    pub unit: String,
    /// Its identity.
    pub unit_id: Id,
    /// The last timely day.
    pub due_on: NaiveDate,
    /// Days late; 0 while it is in time.
    pub days_late: i64,
}

/// Reports owed by units within reach and not sent, nearest last day first, late ones before; and how many there are.
pub async fn obligations_due(kit: &Kit, reach: &Reach, now: DateTime<Utc>, limit: u64) -> Result<(Vec<DueLine>, u64)> {
    let day = day_in_vietnam(now);
    let tree = khien_directory::gate::of(kit)?.tree(now).await?;
    let filter = duties::Filter { unsent: true, ..duties::Filter::default() };
    let (rows, total) = duties::list(&kit.db, reach, &filter, day, Paging { page: 1, size: limit }).await?;
    let known = items::some_duties(&kit.db, rows.iter().map(|row| row.duty)).await?;
    let subjects: HashMap<Id, String> = known.into_iter().map(|duty| (duty.id, duty.subject)).collect();
    let line = |row: super::model::duty::owed::Model| DueLine {
        href: format!("/obligations?plan={}&unit={}", row.plan, row.unit),
        subject: subjects.get(&row.duty).cloned().unwrap_or_default(),
        unit: tree.name(row.unit).to_owned(),
        unit_id: row.unit,
        due_on: row.due_on,
        days_late: days_late(Some(row.due_on), None, day),
    };
    Ok((rows.into_iter().map(line).collect(), total))
}

/// How much there is of everything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counts {
    /// Live plans of units within reach.
    pub plans: u64,
    /// Tasks of lead units.
    pub tasks: i64,
    /// Of them late.
    pub late: i64,
    /// Of them due within thirty days.
    pub soon: i64,
    /// Of them done.
    pub done: i64,
    /// Reports that are late.
    pub reports_late: u64,
}

/// Numbers of plans, tasks and reports within reach.
pub async fn counts(kit: &Kit, reach: &Reach, now: DateTime<Utc>) -> Result<Counts> {
    let day = day_in_vietnam(now);
    let filter = work::Filter { role: Some(LEAD), ..work::Filter::default() };
    let mut out =
        Counts { plans: u64::try_from(plans::live(&kit.db, reach).await?.len()).unwrap_or(0), ..Counts::default() };
    for group in work::alike(&kit.db, reach, &filter, day).await? {
        out.tasks += group.n;
        match bucket(&group.state, &group.rhythm, group.due_on, day) {
            Bucket::Late => out.late += group.n,
            Bucket::Soon => out.soon += group.n,
            Bucket::Done => out.done += group.n,
            _ => {}
        }
    }
    let late = duties::Filter { state: Some(duties::Owed::Late), ..duties::Filter::default() };
    out.reports_late = duties::count(&kit.db, reach, &late, day).await?;
    Ok(out)
}
