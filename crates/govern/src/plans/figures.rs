//! Live figures of targets: computed from rows through the measures of the program, kept once a day.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use khien_base::measure::Figure;
use khien_base::{Id, Reach, Result};
use khien_web::{Kit, Measure};

use super::model::target;
use super::rules::goal::{Goal, Point, Standing, standing};

/// The figures of these targets for a scope of units. Each measure is computed once.
pub async fn compute(
    kit: &Kit,
    targets: &[target::Model],
    scope: &Reach,
    now: DateTime<Utc>,
) -> Result<HashMap<Id, Figure>> {
    let mut by_measure: HashMap<&str, Figure> = HashMap::new();
    let mut out = HashMap::new();
    for target in targets {
        let Some(measure) = bound(kit, target) else { continue };
        let figure = match by_measure.get(measure.id) {
            Some(figure) => *figure,
            None => {
                let figure = (measure.compute)(kit, scope, now).await?;
                by_measure.insert(measure.id, figure);
                figure
            }
        };
        out.insert(target.id, figure);
    }
    Ok(out)
}

/// The measure that a target is bound to, if the program has it.
pub fn bound(kit: &Kit, target: &target::Model) -> Option<&'static Measure> {
    let id = target.binding.as_deref()?;
    kit.measures().find(|measure| measure.id == id)
}

/// What a target wants.
pub fn goal(target: &target::Model) -> Goal<'_> {
    Goal { comparator: &target.comparator, low: target.low, due: target.due_to }
}

/// How a target stands on a day.
pub fn stands(target: &target::Model, figure: Option<Figure>, began: Option<Point>, day: NaiveDate) -> Standing {
    standing(&goal(target), figure.and_then(Figure::value), began, day)
}
