//! The figures that this module gives.

use khien_base::clock::day_in_vietnam;
use khien_base::measure::{Figure, Unit};
use khien_web::Measure;

use super::store::work;

/// Of the tasks of lead units whose last day has passed, those done in time.
pub(super) const TASKS_IN_TIME: Measure = Measure {
    id: "plans.tasks-in-time",
    unit: Unit::Percent,
    compute: |kit, reach, now| {
        Box::pin(async move {
            let (timely, all) = work::in_time(&kit.db, reach, day_in_vietnam(now)).await?;
            Ok(Figure::share(timely, all))
        })
    },
    rows: "/tasks?passed=1",
};

/// Tasks of lead units that are late.
pub(super) const TASKS_LATE: Measure = Measure {
    id: "plans.tasks-late",
    unit: Unit::Count,
    compute: |kit, reach, now| {
        Box::pin(async move { Ok(Figure::count(work::late(&kit.db, reach, day_in_vietnam(now)).await?)) })
    },
    rows: "/tasks?bucket=late",
};
