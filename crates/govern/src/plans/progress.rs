//! Reporting on a task: the unit says how far it is, the lead says that it is done, an officer accepts.

use chrono::{DateTime, Utc};
use khien_base::clock::day_in_vietnam;
use khien_base::{Fault, Id, Result};
use khien_db::Db;
use sea_orm::ConnectionTrait;

use super::model::LEAD;
use super::model::work::{self, ACCEPTED, DONE, OPEN, progress};
use super::store::work as store;
use super::take_in::Who;

/// Characters that a report may have.
pub const MAX_NOTE: usize = 4000;

/// What a unit says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// `doing`, `stuck` or `done`.
    pub state: String,
    /// How far, 0–100.
    pub percent: i32,
    /// In words.
    pub note: String,
}

/// The assignment after a report. Only who leads says that it is done; what is done is not reported on again.
pub fn reported(row: &work::Model, report: &Report, now: DateTime<Utc>) -> Result<work::Model> {
    if row.state != OPEN {
        return Err(Fault::conflict("plans.done-already"));
    }
    if !(0..=100).contains(&report.percent) {
        return Err(Fault::invalid("plans.percent").on("percent"));
    }
    if report.note.trim().is_empty() || report.note.chars().count() > MAX_NOTE {
        return Err(Fault::invalid("plans.note").on("note").with("limit", MAX_NOTE));
    }
    let mut new = work::Model { percent: report.percent, version: row.version + 1, updated_at: now, ..row.clone() };
    match report.state.as_str() {
        "doing" | "stuck" => {}
        "done" if row.role != LEAD => return Err(Fault::forbidden("plans.only-lead-done").on("state")),
        "done" => {
            DONE.clone_into(&mut new.state);
            new.percent = 100;
            new.done_on = Some(day_in_vietnam(now));
        }
        _ => return Err(Fault::invalid("plans.progress-state").on("state")),
    }
    Ok(new)
}

/// The assignment after an officer accepted it or gave it back with a reason.
pub fn judged(row: &work::Model, accept: bool, note: &str, now: DateTime<Utc>) -> Result<work::Model> {
    if row.state != DONE {
        return Err(Fault::conflict("plans.not-done"));
    }
    let mut new = work::Model { version: row.version + 1, updated_at: now, ..row.clone() };
    if accept {
        ACCEPTED.clone_into(&mut new.state);
    } else if note.trim().is_empty() {
        return Err(Fault::invalid("plans.reason").on("note"));
    } else {
        OPEN.clone_into(&mut new.state);
        new.done_on = None;
    }
    Ok(new)
}

/// Keeps a report with the assignment after it.
pub async fn keep<C: ConnectionTrait>(
    conn: &C,
    id: Id,
    now: DateTime<Utc>,
    who: &Who,
    new: work::Model,
    report: Report,
) -> Result<()> {
    let row = progress::Model {
        id,
        task: new.task,
        assignment: new.id,
        unit: new.unit,
        at: now,
        by: who.id,
        by_name: who.name.clone(),
        state: report.state,
        percent: new.percent,
        note: report.note.trim().to_owned(),
    };
    let (task, period, lead) = (new.task, new.period.clone(), new.role == LEAD);
    store::replace(conn, new).await?;
    store::report(conn, row).await?;
    if lead { store::follow(conn, task, &period, now).await } else { Ok(()) }
}

/// Who reported the assignment done last: somebody else accepts it.
pub async fn reported_by(db: &Db, assignment: Id) -> Result<Option<Id>> {
    let reports = store::reports(db, vec![assignment]).await?;
    Ok(reports.into_iter().find(|report| report.state == "done").and_then(|report| report.by))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plans::model::COORDINATE;

    fn row(role: &str, state: &str) -> work::Model {
        work::Model {
            id: Id::from_u128(1),
            plan: Id::from_u128(2),
            task: Id::from_u128(3),
            unit: Id::from_u128(4),
            role: role.into(),
            period: String::new(),
            starts_on: None,
            due_on: None,
            rhythm: "once".into(),
            state: state.into(),
            percent: 0,
            done_on: None,
            version: 1,
            updated_at: DateTime::default(),
        }
    }

    fn says(state: &str, percent: i32, note: &str) -> Report {
        Report { state: state.into(), percent, note: note.into() }
    }

    #[test]
    fn only_the_lead_says_that_it_is_done() {
        let now = DateTime::from_timestamp(1_790_820_000, 0).unwrap();
        let done = reported(&row(LEAD, OPEN), &says("done", 40, "Xong."), now).unwrap();
        assert_eq!((done.state.as_str(), done.percent, done.version), (DONE, 100, 2));
        assert_eq!(done.done_on.unwrap().to_string(), "2026-10-01");
        let fault = reported(&row(COORDINATE, OPEN), &says("done", 40, "Xong."), now).unwrap_err();
        assert_eq!(fault.code, "plans.only-lead-done");
        assert_eq!(reported(&done, &says("doing", 1, "x"), now).unwrap_err().code, "plans.done-already");
        assert_eq!(reported(&row(LEAD, OPEN), &says("doing", 101, "x"), now).unwrap_err().code, "plans.percent");
        assert_eq!(reported(&row(LEAD, OPEN), &says("doing", 1, " "), now).unwrap_err().code, "plans.note");
        assert_eq!(reported(&row(LEAD, OPEN), &says("lazy", 1, "x"), now).unwrap_err().code, "plans.progress-state");
    }

    #[test]
    fn an_officer_accepts_what_is_done_or_gives_it_back_with_a_reason() {
        let now = DateTime::default();
        assert_eq!(judged(&row(LEAD, OPEN), true, "", now).unwrap_err().code, "plans.not-done");
        assert_eq!(judged(&row(LEAD, DONE), true, "", now).unwrap().state, ACCEPTED);
        assert_eq!(judged(&row(LEAD, DONE), false, "", now).unwrap_err().code, "plans.reason");
        assert_eq!(judged(&row(LEAD, DONE), false, "Thiếu quyết định.", now).unwrap().state, OPEN);
    }
}
