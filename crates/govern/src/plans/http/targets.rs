//! Targets of a plan with their live figures.

use chrono::NaiveDate;
use khien_base::Result;
use khien_base::clock::day_in_vietnam;
use khien_web::{Ctx, Reply};

use super::{sight, tree};
use crate::plans::figures::{bound, compute, goal, stands};
use crate::plans::model::target;
use crate::plans::rules::goal::{Point, Standing, expected};
use crate::plans::rules::trajectory::{Ahead, trajectory};
use crate::plans::store::{figures, items, plans};
use crate::plans::views::{Chart, DueView, TargetRow, Targets};

/// Figures that a chart draws, about.
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
    let kept = figures::points(&ctx.kit.db, bound_ones).await?;
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
    kept: &[Point],
    day: NaiveDate,
) -> TargetRow {
    let start = kept.first().copied();
    let standing = stands(row, live, start, day);
    let value = live.and_then(khien_base::measure::Figure::value);
    let way = trajectory(&goal(row), kept, (day, value), POINTS, Ahead::Goal);
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
        value,
        numerator: live.map(|figure| figure.numerator),
        denominator: live.and_then(|figure| figure.denominator),
        rows_href: bound(&ctx.kit, row).map(|measure| measure.rows.to_owned()).unwrap_or_default(),
        expected: start.and_then(|start| expected(&goal(row), start, day)),
        state: standing.name().to_owned(),
        tone: standing.tone().to_owned(),
        since: start.map(|start| start.day),
        chart: way.map(|way| Chart::of(&way, row.low, &row.unit, [ctx.say("plans.reached"), ctx.say("plans.way")])),
    }
}
