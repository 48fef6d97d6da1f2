//! Figures of targets of the months before today, a week apart, so that there is a way to look at.
//!
//! What plans say of themselves is computed for each week from the days on which tasks were done. Of systems nobody
//! kept how many were connected when: those figures are invented as the systems are, and end at what is true today.

use chrono::TimeDelta;
use khien_base::clock::day_in_vietnam;
use khien_base::measure::Figure;
use khien_base::{Reach, Result};
use khien_directory::gate;
use khien_govern::plans::model::target;
use khien_govern::plans::store::{figures as kept, items, plans};
use khien_govern::plans::{figures, jobs};
use khien_respond::sources::jobs::flush_now;

use super::Stage;
use super::plans::BEGAN;

/// Days between two figures.
const APART: i64 = 7;

/// Makes the figures of past weeks, and lets the program keep today's.
pub(super) async fn make(stage: &Stage) -> Result<()> {
    let (kit, now) = (&stage.kit, stage.kit.now());
    // What sources sent a moment ago is not in their rows yet.
    flush_now(kit).await?;
    let tree = gate::of(kit)?.tree(now).await?;
    for plan in plans::live(&kit.db, &Reach::All).await? {
        let scope = tree.reach(plan.unit);
        let targets = items::targets(kit.db.read(), plan.id).await?;
        let today = figures::compute(kit, &targets, &scope, now).await?;
        let of_plans = |target: &target::Model| target.binding.as_ref().is_some_and(|id| id.starts_with("plans."));
        let (dated, invented): (Vec<_>, Vec<_>) = targets.into_iter().partition(of_plans);
        let mut rows = Vec::new();
        for ago in weeks() {
            let at = now - TimeDelta::days(ago);
            rows.extend(figures::compute(kit, &dated, &scope, at).await?.into_iter().map(|row| (at, row)));
            let then = |target: &target::Model| {
                let measure = target.binding.as_deref().unwrap_or_default();
                today.get(&target.id).map(|figure| (at, (target.id, earlier(measure, *figure, ago))))
            };
            rows.extend(invented.iter().filter_map(then));
        }
        let tx = kit.db.begin().await?;
        for (at, (target, figure)) in rows {
            kept::keep(tx.conn(), kit.id(), target, day_in_vietnam(at), at, figure).await?;
        }
        tx.commit_machine().await?;
    }
    jobs::record_figures(kit, now).await
}

/// Days ago of the figures, longest ago first, none of them today.
fn weeks() -> impl Iterator<Item = i64> {
    (1..=BEGAN / APART).rev().map(|week| week * APART)
}

/// A figure some days ago that leads to today's: slow at first, with a pause in the middle as summers have.
fn earlier(measure: &str, today: Figure, ago: i64) -> Figure {
    // Percent of today's rows at the beginning: of those that count, and of those that could.
    let (counted, known) = match measure {
        "systems.connected" => (25, 70),
        "systems.level-approved" => (80, 88),
        _ => (50, 85),
    };
    let gone = (100 - ago.clamp(0, BEGAN) * 100 / BEGAN).unsigned_abs();
    let pace = match gone {
        0..40 => gone * 3 / 4,
        40..60 => 30 + (gone - 40) / 4,
        _ => 35 + (gone - 60) * 65 / 40,
    };
    let part = |rows: u64, first: u64, share: u64| rows * (first * 100 + (100 - first) * share) / 10_000;
    let numerator = part(today.numerator, counted, pace);
    Figure { numerator, denominator: today.denominator.map(|all| part(all, known, gone).max(numerator)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invented_weeks_lead_to_the_figure_of_today() {
        let today = Figure::share(31, 40);
        let all: Vec<Figure> = weeks().map(|ago| earlier("systems.connected", today, ago)).collect();
        assert_eq!((weeks().next(), weeks().last(), all.len()), (Some(175), Some(7), 25));
        assert!(all.windows(2).all(|pair| pair[0].numerator <= pair[1].numerator), "{all:?}");
        assert!(all.iter().all(|figure| figure.denominator.is_some_and(|known| figure.numerator <= known)));
        assert!(all[0].value().unwrap() < 40.0 && all[24].numerator >= 28, "{all:?}");
        assert_eq!(earlier("systems.connected", today, 0), today);
        assert_eq!(earlier("x", Figure::count(0), 90), Figure::count(0), "nothing comes of nothing");
    }
}
