//! Targets of a plan with their live figures.

use chrono::{Days, NaiveDate};
use khien_base::Result;
use khien_base::clock::{day_in_vietnam, vn_date};
use khien_web::{Ctx, Reply};

use super::{sight, tree};
use crate::plans::figures::{began, bound, compute, goal, stands};
use crate::plans::model::target::{self, figure};
use crate::plans::rules::goal::{Standing, expected};
use crate::plans::store::{figures, items, plans};
use crate::plans::views::{Chart, DueView, Series, TargetRow, Targets};

/// Points that a chart draws at most, the last one among them.
const POINTS: usize = 120;

/// `GET /plans/{id}/targets`
///
/// Who answers for the whole plan sees its figures and their way; who only has work in it sees the figures of the
/// own units.
pub(in crate::plans) async fn show(ctx: Ctx) -> Result<Reply> {
    let plan = plans::seen(&ctx.kit.db, &sight(&ctx), ctx.id("id")?).await?;
    let reach = ctx.reach("plans:read");
    let whole = reach.covers(plan.unit);
    let scope = if whole { tree(&ctx).await?.reach(plan.unit) } else { reach };
    let targets = items::targets(ctx.kit.db.read(), plan.id).await?;
    let live = compute(&ctx.kit, &targets, &scope, ctx.now).await?;
    let bound_ones = targets.iter().filter(|row| whole && row.binding.is_some()).map(|row| row.id);
    let kept = figures::of(&ctx.kit.db, bound_ones).await?;
    let day = day_in_vietnam(ctx.now);
    let rows: Vec<TargetRow> = targets
        .iter()
        .map(|row| {
            let days = kept.get(&row.id).map_or(&[][..], Vec::as_slice);
            target_row(&ctx, row, live.get(&row.id).copied(), days, day)
        })
        .collect();
    let all = [Standing::Met, Standing::OnTrack, Standing::Behind, Standing::NoFigure, Standing::Qualitative];
    let count =
        |state: Standing| (state.name().to_owned(), rows.iter().filter(|row| row.state == state.name()).count());
    let counts = all.map(count).to_vec();
    ctx.page(&Targets { plan: plan.id, title: plan.title, own: !whole, rows, counts })
}

fn target_row(
    ctx: &Ctx,
    row: &target::Model,
    live: Option<khien_base::measure::Figure>,
    kept: &[figure::Model],
    day: NaiveDate,
) -> TargetRow {
    let first = kept.iter().find(|figure| figure.figure().value().is_some());
    let standing = stands(row, live, first, day);
    let start = began(first);
    TargetRow {
        id: row.id,
        measure: row.measure.clone(),
        comparator: row.comparator.clone(),
        low: row.low,
        high: row.high,
        unit: row.unit.clone(),
        per: row.per.clone().unwrap_or_default(),
        due: DueView::of_target(row),
        binding: row.binding.clone().unwrap_or_default(),
        value: live.and_then(khien_base::measure::Figure::value),
        numerator: live.map(|figure| figure.numerator),
        denominator: live.and_then(|figure| figure.denominator),
        rows_href: bound(&ctx.kit, row).map(|measure| measure.rows.to_owned()).unwrap_or_default(),
        expected: start.and_then(|start| expected(&goal(row), start, day)),
        state: standing.name().to_owned(),
        tone: standing.tone().to_owned(),
        since: start.map(|start| start.day),
        chart: chart(ctx, row, kept, day),
    }
}

/// What was reached day by day, and the straight way from the first figure to the goal at its day.
fn chart(ctx: &Ctx, row: &target::Model, kept: &[figure::Model], day: NaiveDate) -> Option<Chart> {
    let first = kept.iter().find(|figure| figure.figure().value().is_some())?;
    let start = began(Some(first))?;
    let goal = goal(row);
    let known: Vec<&figure::Model> = kept.iter().filter(|figure| figure.day >= start.day).collect();
    let step = known.len().div_ceil(POINTS).max(1);
    let last = known.len().checked_sub(1)?;
    let drawn = known.iter().enumerate().filter(|(n, _)| n % step == 0 || *n == last);
    let mut days: Vec<(NaiveDate, Option<f64>)> =
        drawn.map(|(_, figure)| (figure.day, figure.figure().value())).collect();
    // The way ahead, in eight steps to the due day.
    if let Some(due) = goal.due.filter(|due| *due > day) {
        let from = days.last().map_or(day, |(day, _)| *day);
        let ahead = u64::try_from((due - from).num_days()).unwrap_or(0);
        days.extend((1..=8).filter_map(|n| from.checked_add_days(Days::new(ahead * n / 8))).map(|day| (day, None)));
        days.dedup_by_key(|(day, _)| *day);
    }
    if days.len() < 2 {
        return None;
    }
    let reached = Series { name: ctx.say("plans.reached"), data: days.iter().map(|(_, value)| *value).collect() };
    let way = days.iter().map(|(day, _)| expected(&goal, start, *day)).collect();
    Some(Chart {
        kind: "trajectory".to_owned(),
        labels: days.iter().map(|(day, _)| vn_date(*day)).collect(),
        series: vec![reached, Series { name: ctx.say("plans.way"), data: way }],
        unit: row.unit.clone(),
        goal: row.low,
    })
}
