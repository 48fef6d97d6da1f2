//! Decisions about incidents: which state may follow which, what may be written, what a clock of it needs.

use chrono::{DateTime, TimeDelta, Utc};
use khien_base::clock::{typed_in_vietnam, vietnam};
use khien_base::{Fault, Result};

use super::model::{Sent, State, TaskState, Written};
use super::regime::{ClockRule, Regime, named};

/// Characters that a title may have.
pub const TITLE: usize = 300;
/// Characters that any other text may have.
pub const TEXT: usize = 20_000;
/// Times typed by hand may run ahead of the server's clock by so much.
const AHEAD: TimeDelta = TimeDelta::minutes(5);

/// States that may follow a state; each step back and each closing says why.
pub fn next(state: State) -> &'static [State] {
    match state {
        State::New => &[State::Confirmed, State::Closed],
        State::Confirmed => &[State::Contained],
        State::Contained => &[State::Eradicated, State::Confirmed],
        State::Eradicated => &[State::Recovered, State::Contained],
        State::Recovered => &[State::Closed, State::Contained],
        State::Closed => &[State::Confirmed],
    }
}

/// Whether a step needs a word of why: closing, and every step back.
pub fn needs_note(from: State, to: State) -> bool {
    let place = |state| State::ALL.iter().position(|s| *s == state);
    to == State::Closed || place(to) < place(from)
}

/// Checks a step from a state to another.
pub fn step(from: State, to: State, note: &str, cause: &str, open_tasks: u64) -> Result<()> {
    if !next(from).contains(&to) {
        return Err(Fault::conflict("incidents.no-such-step").on("to").with("from", from.name()).with("to", to.name()));
    }
    if needs_note(from, to) && note.trim().is_empty() {
        return Err(Fault::invalid("incidents.step-note").on("note"));
    }
    if from == State::Recovered && to == State::Closed {
        if cause.trim().is_empty() {
            return Err(Fault::invalid("incidents.close-cause").on("cause"));
        }
        if open_tasks > 0 {
            return Err(Fault::invalid("incidents.close-tasks").with("count", open_tasks));
        }
    }
    text("note", note, TEXT)
}

/// States of a task that may follow a state. Only who gave a task takes it back or opens it again.
pub fn next_of_task(state: TaskState, giver: bool) -> &'static [TaskState] {
    match (state, giver) {
        (TaskState::Open, false) => &[TaskState::Doing, TaskState::Done],
        (TaskState::Open, true) => &[TaskState::Doing, TaskState::Done, TaskState::Cancelled],
        (TaskState::Doing, false) => &[TaskState::Done],
        (TaskState::Doing, true) => &[TaskState::Done, TaskState::Cancelled],
        (TaskState::Done | TaskState::Cancelled, true) => &[TaskState::Doing],
        (TaskState::Done | TaskState::Cancelled, false) => &[],
    }
}

/// Checks a change of a task; the same state again is a new note only.
pub fn task_step(from: TaskState, to: TaskState, giver: bool) -> Result<()> {
    if from == to || next_of_task(from, giver).contains(&to) {
        return Ok(());
    }
    Err(Fault::conflict("incidents.no-such-task-step").on("state").with("from", from.name()).with("to", to.name()))
}

/// Checks what is written of an incident.
pub fn written(regime: &Regime, written: &Written, now: DateTime<Utc>) -> Result<()> {
    if written.title.trim().is_empty() {
        return Err(Fault::invalid("incidents.no-title").on("title"));
    }
    text("title", &written.title, TITLE)?;
    if named(&regime.classes.groups, &written.category).is_none() {
        return Err(Fault::invalid("incidents.no-such-group").on("category"));
    }
    if regime.level(&written.level).is_none() {
        return Err(Fault::invalid("incidents.no-such-level").on("level"));
    }
    if let Some(flag) = written.flags.iter().find(|flag| named(&regime.classes.flags, flag).is_none()) {
        return Err(Fault::invalid("incidents.no-such-flag").on("flags").with("flag", flag));
    }
    times(regime, written, now)?;
    for (field, value) in written.texts.each() {
        text(field, value, TEXT)?;
    }
    Ok(())
}

fn times(regime: &Regime, written: &Written, now: DateTime<Utc>) -> Result<()> {
    let all = [
        ("detected_at", Some(written.detected_at)),
        ("occurred_at", written.occurred_at),
        ("violation_at", written.violation_at),
    ];
    for (field, at) in all {
        if at.is_some_and(|at| at > now + AHEAD) {
            return Err(Fault::invalid("incidents.time-ahead").on(field));
        }
    }
    if written.occurred_at.is_some_and(|at| at > written.detected_at) {
        return Err(Fault::invalid("incidents.occurred-later").on("occurred_at"));
    }
    // A flag that starts a clock of its own needs the moment that the clock runs from.
    let needs = |rule: &ClockRule| {
        rule.starts_at == super::regime::clocks::Start::ViolationDetection
            && rule.applies_when.any_flags.iter().any(|flag| written.flags.contains(flag))
    };
    if written.violation_at.is_none() && regime.clocks.iter().any(needs) {
        return Err(Fault::invalid("incidents.violation-time").on("violation_at"));
    }
    Ok(())
}

/// Checks what is said of a notice that was sent: not in the future, not before the clock started.
pub fn sent(sent: &Sent, started: Option<DateTime<Utc>>, due: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<()> {
    let Some(started) = started else { return Err(Fault::conflict("incidents.clock-waits")) };
    if sent.at > now + AHEAD {
        return Err(Fault::invalid("incidents.time-ahead").on("sent_at"));
    }
    if sent.at < started {
        return Err(Fault::invalid("incidents.sent-before").on("sent_at"));
    }
    if due.is_some_and(|due| sent.at > due) && sent.note.trim().is_empty() {
        return Err(Fault::invalid("incidents.late-why").on("note"));
    }
    text("number", &sent.number, TITLE)?;
    text("channel", &sent.channel, TITLE)?;
    text("file", &sent.file, TITLE)?;
    text("note", &sent.note, TEXT)
}

/// Checks the length of a text.
pub fn text(field: &'static str, value: &str, limit: usize) -> Result<()> {
    if value.chars().count() > limit {
        return Err(Fault::invalid("incidents.too-long").on(field).with("limit", limit));
    }
    Ok(())
}

/// A moment typed into a form: `2026-10-01T09:17` in Vietnam's time, or with its own offset (RFC 3339). Seconds are
/// dropped: T0 is kept to the minute. Nothing typed is none.
pub fn moment(field: &'static str, typed: &str) -> Result<Option<DateTime<Utc>>> {
    use chrono::DurationRound;
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    let broken = || Fault::invalid("incidents.time").on(field);
    let forms = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y %H:%M", "%H:%M %d/%m/%Y"];
    let own = DateTime::parse_from_rfc3339(typed).ok().map(|at| at.with_timezone(&Utc));
    let at = own.or_else(|| typed_in_vietnam(typed, &forms)).ok_or_else(broken)?;
    let at = at.duration_trunc(TimeDelta::minutes(1)).map_err(|_| broken())?;
    // Outside of these years it is a slip of the hand.
    if at.timestamp() < 946_684_800 || at.timestamp() > 4_102_444_800 {
        return Err(broken());
    }
    Ok(Some(at))
}

/// A moment without its seconds.
pub fn to_the_minute(at: DateTime<Utc>) -> DateTime<Utc> {
    use chrono::DurationRound;
    at.duration_trunc(TimeDelta::minutes(1)).unwrap_or(at)
}

/// A moment as a form's field holds it: `2026-10-01T09:17` in Vietnam's time.
pub fn typed(at: DateTime<Utc>) -> String {
    at.with_timezone(&vietnam()).format("%Y-%m-%dT%H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incidents::model::Texts;

    fn now() -> DateTime<Utc> {
        "2026-10-01T02:00:00Z".parse().unwrap()
    }

    fn good() -> Written {
        Written {
            title: "Mã độc tống tiền".into(),
            category: "N1".into(),
            level: "M2".into(),
            detected_at: now(),
            ..Written::default()
        }
    }

    fn code(written: &Written) -> String {
        super::written(Regime::get().unwrap(), written, now()).unwrap_err().code.into_owned()
    }

    #[test]
    fn states_follow_the_table_and_nothing_else() {
        for from in State::ALL {
            for to in State::ALL {
                let allowed = step(from, to, "vì", "cause", 0).is_ok();
                assert_eq!(allowed, next(from).contains(&to), "{from:?} → {to:?}");
            }
        }
        assert_eq!(step(State::New, State::Closed, " ", "", 0).unwrap_err().code, "incidents.step-note");
        assert_eq!(step(State::Recovered, State::Closed, "xong", "", 0).unwrap_err().code, "incidents.close-cause");
        assert_eq!(step(State::Recovered, State::Closed, "xong", "a", 2).unwrap_err().code, "incidents.close-tasks");
        assert!(step(State::New, State::Confirmed, "", "", 9).is_ok(), "a step forward needs no word");
        assert!(needs_note(State::Closed, State::Confirmed) && !needs_note(State::Contained, State::Eradicated));
    }

    #[test]
    fn a_unit_finishes_its_task_and_only_the_giver_opens_it_again() {
        assert!(task_step(TaskState::Open, TaskState::Done, false).is_ok());
        assert!(task_step(TaskState::Doing, TaskState::Doing, false).is_ok(), "a new note only");
        assert!(task_step(TaskState::Done, TaskState::Doing, false).is_err());
        assert!(task_step(TaskState::Done, TaskState::Doing, true).is_ok());
        assert!(task_step(TaskState::Open, TaskState::Cancelled, false).is_err());
    }

    #[test]
    fn what_is_written_is_checked_field_by_field() {
        assert!(super::written(Regime::get().unwrap(), &good(), now()).is_ok());
        assert_eq!(code(&Written { title: "  ".into(), ..good() }), "incidents.no-title");
        assert_eq!(code(&Written { level: "M9".into(), ..good() }), "incidents.no-such-level");
        assert_eq!(code(&Written { category: "N10".into(), ..good() }), "incidents.no-such-group");
        assert_eq!(code(&Written { flags: vec!["x".into()], ..good() }), "incidents.no-such-flag");
        assert_eq!(code(&Written { flags: vec!["personal_data".into()], ..good() }), "incidents.violation-time");
        let later = now() + TimeDelta::hours(1);
        assert_eq!(code(&Written { detected_at: later, ..good() }), "incidents.time-ahead");
        let before = now() - TimeDelta::hours(1);
        assert_eq!(
            code(&Written { detected_at: before, occurred_at: Some(now()), ..good() }),
            "incidents.occurred-later"
        );
        assert_eq!(
            code(&Written { texts: Texts { cause: "a".repeat(TEXT + 1), ..Texts::default() }, ..good() }),
            "incidents.too-long"
        );
    }

    #[test]
    fn a_late_notice_says_why_and_none_is_sent_before_its_start() {
        let start = now() - TimeDelta::hours(30);
        let due = now() - TimeDelta::hours(6);
        let said = |at, note: &str| Sent { at, note: note.into(), ..Sent::default() };
        let check = |what: Sent| sent(&what, Some(start), Some(due), now());
        assert!(check(said(due, "")).is_ok());
        assert_eq!(check(said(now(), "")).unwrap_err().code, "incidents.late-why");
        assert!(check(said(now(), "mất điện")).is_ok());
        assert_eq!(check(said(start - TimeDelta::minutes(1), "")).unwrap_err().code, "incidents.sent-before");
        assert_eq!(check(said(now() + TimeDelta::hours(1), "x")).unwrap_err().code, "incidents.time-ahead");
        assert_eq!(sent(&said(now(), ""), None, None, now()).unwrap_err().code, "incidents.clock-waits");
    }

    #[test]
    fn moments_are_read_in_vietnams_time_to_the_minute() {
        let wanted: DateTime<Utc> = "2026-10-01T02:17:00Z".parse().unwrap();
        for text in ["2026-10-01T09:17", "2026-10-01T09:17:59", "01/10/2026 09:17", "2026-10-01T02:17:30Z"] {
            assert_eq!(moment("detected_at", text).unwrap(), Some(wanted), "{text}");
        }
        assert_eq!(typed(wanted), "2026-10-01T09:17");
        assert_eq!(moment("detected_at", " ").unwrap(), None);
        for broken in ["hôm qua", "2026-13-01T00:00", "0001-01-01T00:00", "9999-01-01T00:00"] {
            assert_eq!(moment("detected_at", broken).unwrap_err().code, "incidents.time", "{broken}");
        }
    }
}
