//! What is done to incidents: each verb checks the rules, writes the rows, the timeline and the reminders, and
//! leaves the transaction and its audit entry to the caller.

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use khien_base::clock::{vietnam, vn_time};
use khien_base::key::key;
use khien_base::{Fault, Id, Result};
use khien_db::jobs;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::model::{Act, Model, NewTask, Sent, State, TaskState, Written, both, clock, task};
use super::regime::clocks::owed;
use super::regime::{ClockRule, Regime};
use super::rules;
use super::store::{self, Line};

/// The job that reminds of a clock.
pub const REMIND: &str = "incidents.remind";
/// Why clocks fell away: level, flags or dates changed.
const CHANGED: &str = "changed";
/// Why clocks fell away: it was no incident.
const NOT_INCIDENT: &str = "not_incident";

/// Opens an incident of a unit: gives it its number, starts its clocks.
pub async fn open<C: ConnectionTrait>(conn: &C, act: &Act<'_>, unit: Id, written: Written) -> Result<Model> {
    rules::written(Regime::get()?, &written, act.now)?;
    let year = act.now.with_timezone(&vietnam()).year();
    let serial = store::next_serial(conn, year).await?;
    let number = format!("SC-{year}-{serial:04}");
    let blank = Model {
        id: act.id(),
        search_key: String::new(),
        number,
        year,
        serial,
        title: String::new(),
        category: String::new(),
        level: String::new(),
        flags: json!([]),
        unit,
        system: None,
        system_critical: false,
        state: State::New.name().to_owned(),
        detected_at: act.now,
        occurred_at: None,
        violation_at: None,
        closed_at: None,
        reported_by: String::new(),
        description: String::new(),
        assessment: String::new(),
        scope: String::new(),
        impact: String::new(),
        measures: String::new(),
        help: String::new(),
        cause: String::new(),
        lessons: String::new(),
        personal_data: String::new(),
        assigned_unit: None,
        officer: None,
        typed: json!({}),
        next_due: None,
        created_at: act.now,
        updated_at: act.now,
    };
    let mut incident = filled(blank, written);
    store::insert(conn, &incident).await?;
    let args = json!({"number": incident.number, "level": incident.level, "at": vn_time(incident.detected_at)});
    store::log(conn, act, incident.id, Line { kind: "opened", args, ..Line::default() }).await?;
    sync_clocks(conn, act, &mut incident, false).await?;
    Ok(incident)
}

fn filled(mut incident: Model, written: Written) -> Model {
    let trimmed = |text: String| khien_base::key::nfc(text.trim());
    incident.title = trimmed(written.title);
    incident.search_key = key(&format!("{} {}", incident.number, incident.title));
    incident.category = written.category;
    incident.level = written.level;
    incident.flags = json!(written.flags);
    incident.system = written.system;
    incident.system_critical = written.system_critical;
    incident.detected_at = written.detected_at;
    incident.occurred_at = written.occurred_at;
    incident.violation_at = written.violation_at;
    incident.reported_by = trimmed(written.texts.reported_by);
    incident.description = trimmed(written.texts.description);
    incident.assessment = trimmed(written.texts.assessment);
    incident.scope = trimmed(written.texts.scope);
    incident.impact = trimmed(written.texts.impact);
    incident.measures = trimmed(written.texts.measures);
    incident.help = trimmed(written.texts.help);
    incident.cause = trimmed(written.texts.cause);
    incident.lessons = trimmed(written.texts.lessons);
    incident.personal_data = trimmed(written.texts.personal_data);
    incident.assigned_unit = written.assigned_unit;
    incident.officer = written.officer;
    incident
}

/// Corrects what is written of an incident; level, flags and times move its clocks. Gives the incident and what
/// changed, by field: before and after.
pub async fn change<C: ConnectionTrait>(
    conn: &C,
    act: &Act<'_>,
    incident: Model,
    written: Written,
) -> Result<(Model, Value)> {
    rules::written(Regime::get()?, &written, act.now)?;
    let before = Written::of(&incident);
    let facts = incident.facts();
    let mut incident = filled(incident, written);
    let changes = changed(&before, &Written::of(&incident));
    if changes.is_empty() {
        return Ok((incident, json!({})));
    }
    incident.updated_at = act.now;
    store::save(conn, &incident).await?;
    if before.level != incident.level {
        let args = json!({"from": before.level, "to": incident.level});
        store::log(conn, act, incident.id, Line { kind: "level", args, ..Line::default() }).await?;
    }
    if before.detected_at != incident.detected_at {
        let args = json!({"from": vn_time(before.detected_at), "to": vn_time(incident.detected_at)});
        store::log(conn, act, incident.id, Line { kind: "detected", args, ..Line::default() }).await?;
    }
    let others: Vec<Value> = changes
        .keys()
        .filter(|field| !matches!(field.as_str(), "level" | "detected_at"))
        .map(|field| json!(format!("@incidents.field.{field}")))
        .collect();
    if !others.is_empty() {
        let args = json!({"fields": others});
        store::log(conn, act, incident.id, Line { kind: "written", args, ..Line::default() }).await?;
    }
    if facts != incident.facts() {
        sync_clocks(conn, act, &mut incident, false).await?;
    }
    Ok((incident, Value::Object(changes)))
}

fn changed(before: &Written, after: &Written) -> serde_json::Map<String, Value> {
    let fields = |written| match serde_json::to_value(written) {
        Ok(Value::Object(map)) => map,
        _ => serde_json::Map::new(),
    };
    let (before, after) = (fields(before), fields(after));
    let mut changes = serde_json::Map::new();
    for (field, new) in after {
        let old = before.get(&field).cloned().unwrap_or(Value::Null);
        if old != new {
            changes.insert(field, json!({"before": old, "after": new}));
        }
    }
    changes
}

/// Takes an incident to another state.
pub async fn step<C: ConnectionTrait>(
    conn: &C,
    act: &Act<'_>,
    mut incident: Model,
    to: State,
    note: &str,
) -> Result<Model> {
    let from = incident.stage();
    rules::step(from, to, note, &incident.cause, store::open_tasks(conn, incident.id).await?)?;
    incident.state = to.name().to_owned();
    incident.closed_at = (to == State::Closed).then_some(act.now);
    incident.updated_at = act.now;
    store::save(conn, &incident).await?;
    let args = json!({
        "from": format!("@incidents.state.{}", from.name()),
        "to": format!("@incidents.state.{}", to.name()),
    });
    store::log(conn, act, incident.id, Line { kind: "state", args, note: note.trim().to_owned(), once: None }).await?;
    let void = from == State::New && to == State::Closed;
    if void || to == State::Closed || from == State::Closed {
        sync_clocks(conn, act, &mut incident, void).await?;
    }
    Ok(incident)
}

/// Brings the clocks of an incident in line with its facts: makes those that it now owes, drops those that fell
/// away, moves the ends of those that are not met. What was sent stays as it was sent. A clock keeps the rule
/// that it was made of.
async fn sync_clocks<C: ConnectionTrait>(conn: &C, act: &Act<'_>, incident: &mut Model, void: bool) -> Result<()> {
    let regime = Regime::get()?;
    let facts = incident.facts();
    let mut clocks = store::clocks(conn, incident.id).await?;
    let was_void = clocks.iter().any(|row| row.dropped_why.as_deref() == Some(NOT_INCIDENT));
    let void = void || (incident.stage() == State::Closed && was_void);
    let owed: Vec<&ClockRule> = if void { Vec::new() } else { owed(&regime.clocks, &facts).collect() };
    for row in &mut clocks {
        if row.sent_at.is_some() {
            continue;
        }
        let rule = row.rule()?;
        let still = owed.iter().any(|rule| rule.id == row.rule_id);
        let started = rule.start(&facts);
        let due = started.and_then(|start| rule.due(start, &regime.calendar));
        let why = (!still).then(|| if void { NOT_INCIDENT } else { CHANGED }.to_owned());
        if (row.active, row.started_at, row.due_at) == (still, started, due) {
            continue;
        }
        let kind = match (row.active, still) {
            (true, false) => "clock_dropped",
            (false, true) => "clock_started",
            _ => "clock_moved",
        };
        let fell = row.active || still;
        row.active = still;
        row.dropped_why = why;
        row.started_at = started;
        row.due_at = due;
        row.updated_at = act.now;
        store::save_clock(conn, row).await?;
        if fell {
            store::log(conn, act, incident.id, clock_line(kind, &rule, due)).await?;
        }
        remind(conn, act, row, &rule).await?;
    }
    for rule in owed {
        if clocks.iter().any(|row| row.rule_id == rule.id) {
            continue;
        }
        let row = new_clock(act, incident, regime, rule)?;
        store::insert_clock(conn, &row).await?;
        store::log(conn, act, incident.id, clock_line("clock_started", rule, row.due_at)).await?;
        remind(conn, act, &row, rule).await?;
        clocks.push(row);
    }
    settle(conn, incident, &clocks).await
}

fn new_clock(act: &Act<'_>, incident: &Model, regime: &Regime, rule: &ClockRule) -> Result<clock::Model> {
    let started_at = rule.start(&incident.facts());
    let position = regime.clocks.iter().position(|other| other.id == rule.id).unwrap_or(0);
    Ok(clock::Model {
        id: act.id(),
        incident: incident.id,
        unit: incident.unit,
        number: incident.number.clone(),
        rule_id: rule.id.clone(),
        regime_version: i32::try_from(regime.version).map_err(Fault::internal)?,
        rule: serde_json::to_value(rule).map_err(Fault::internal)?,
        position: i32::try_from(position).map_err(Fault::internal)?,
        started_at,
        due_at: started_at.and_then(|start| rule.due(start, &regime.calendar)),
        active: true,
        dropped_why: None,
        sent_at: None,
        sent_number: String::new(),
        sent_channel: String::new(),
        sent_file: String::new(),
        sent_note: String::new(),
        sent_by: String::new(),
        created_at: act.now,
        updated_at: act.now,
    })
}

fn clock_line(kind: &'static str, rule: &ClockRule, due: Option<DateTime<Utc>>) -> Line {
    let due = due.map_or_else(|| json!("@incidents.clock.no-limit"), |due| json!(vn_time(due)));
    Line { kind, args: json!({"clock": both(&rule.name_vi, &rule.name_en), "due": due}), ..Line::default() }
}

/// Asks for the reminders of a clock: at each point that is still ahead, and when the time is over.
async fn remind<C: ConnectionTrait>(conn: &C, act: &Act<'_>, row: &clock::Model, rule: &ClockRule) -> Result<()> {
    let Some(due) = row.due_at.filter(|_| row.active) else { return Ok(()) };
    let points = rule
        .reminders()
        .into_iter()
        .map(|left| (left, due - TimeDelta::hours(i64::from(left))))
        .filter(|(_, at)| *at > act.now)
        .chain([(0, due + TimeDelta::minutes(1))]);
    for (left, at) in points {
        let once = format!("remind:{}:{}:{left}", row.id, due.timestamp());
        let payload = json!({"clock": row.id, "due": due.timestamp(), "left": left, "once": once});
        jobs::enqueue(conn, act.id(), REMIND, &format!("{REMIND}:{once}"), payload, at).await?;
    }
    Ok(())
}

/// Keeps the earliest end that is still owed beside the incident, for lists.
async fn settle<C: ConnectionTrait>(conn: &C, incident: &mut Model, clocks: &[clock::Model]) -> Result<()> {
    let next = clocks.iter().filter(|row| row.active).filter_map(|row| row.due_at).min();
    if incident.next_due != next {
        incident.next_due = next;
        store::save(conn, incident).await?;
    }
    Ok(())
}

/// Records that the notice or report of a clock was sent.
pub async fn send<C: ConnectionTrait>(
    conn: &C,
    act: &Act<'_>,
    incident: &mut Model,
    clock: Id,
    sent: Sent,
) -> Result<clock::Model> {
    let mut row = store::clock(conn, incident.id, clock).await?;
    if !row.active {
        return Err(Fault::conflict("incidents.clock-settled"));
    }
    rules::sent(&sent, row.started_at, row.due_at, act.now)?;
    let rule = row.rule()?;
    row.active = false;
    row.sent_at = Some(sent.at);
    row.sent_number = sent.number.trim().to_owned();
    row.sent_channel = sent.channel.trim().to_owned();
    row.sent_file = sent.file.trim().to_owned();
    row.sent_note = sent.note.trim().to_owned();
    row.sent_by = act.name.clone();
    row.updated_at = act.now;
    store::save_clock(conn, &row).await?;
    let args = json!({
        "clock": both(&rule.name_vi, &rule.name_en), "at": vn_time(sent.at), "to": both(&rule.to.vi, &rule.to.en),
        "number": if row.sent_number.is_empty() { "–" } else { &row.sent_number },
    });
    let late = row.due_at.is_some_and(|due| sent.at > due);
    let kind = if late { "sent_late" } else { "sent" };
    store::log(conn, act, incident.id, Line { kind, args, note: row.sent_note.clone(), once: None }).await?;
    let clocks = store::clocks(conn, incident.id).await?;
    settle(conn, incident, &clocks).await?;
    Ok(row)
}

/// Takes back that a notice was sent, where it was recorded by mistake: the clock runs on as if nothing was said.
pub async fn unsend<C: ConnectionTrait>(
    conn: &C,
    act: &Act<'_>,
    incident: &mut Model,
    clock: Id,
    note: &str,
) -> Result<clock::Model> {
    let mut row = store::clock(conn, incident.id, clock).await?;
    if row.sent_at.is_none() {
        return Err(Fault::conflict("incidents.clock-not-sent"));
    }
    if note.trim().is_empty() {
        return Err(Fault::invalid("incidents.step-note").on("note"));
    }
    rules::text("note", note, rules::TEXT)?;
    let rule = row.rule()?;
    row.active = true;
    row.sent_at = None;
    row.sent_number.clear();
    row.sent_channel.clear();
    row.sent_file.clear();
    row.sent_note.clear();
    row.sent_by.clear();
    row.updated_at = act.now;
    store::save_clock(conn, &row).await?;
    let line = Line { note: note.trim().to_owned(), ..clock_line("unsent", &rule, row.due_at) };
    store::log(conn, act, incident.id, line).await?;
    remind(conn, act, &row, &rule).await?;
    // Level and flags may have changed meanwhile.
    sync_clocks(conn, act, incident, false).await?;
    Ok(row)
}

/// Gives a unit a task.
pub async fn give_task<C: ConnectionTrait>(
    conn: &C,
    act: &Act<'_>,
    incident: &Model,
    unit_name: &str,
    new: NewTask,
) -> Result<task::Model> {
    if new.title.trim().is_empty() {
        return Err(Fault::invalid("incidents.no-task-title").on("title"));
    }
    rules::text("title", &new.title, rules::TITLE)?;
    rules::text("detail", &new.detail, rules::TEXT)?;
    let row = task::Model {
        id: act.id(),
        incident: incident.id,
        unit: new.unit,
        title: new.title.trim().to_owned(),
        detail: new.detail.trim().to_owned(),
        due_at: new.due_at,
        state: TaskState::Open.name().to_owned(),
        note: String::new(),
        done_at: None,
        done_by: String::new(),
        created_at: act.now,
        updated_at: act.now,
    };
    store::insert_task(conn, &row).await?;
    let args = json!({"task": row.title, "unit": unit_name});
    store::log(conn, act, incident.id, Line { kind: "task", args, ..Line::default() }).await?;
    Ok(row)
}

/// What a unit says of its task, or its giver changes. `giver` may also take it back or open it again.
pub async fn update_task<C: ConnectionTrait>(
    conn: &C,
    act: &Act<'_>,
    mut row: task::Model,
    to: TaskState,
    note: &str,
    giver: bool,
) -> Result<task::Model> {
    let from = TaskState::from_name(&row.state).unwrap_or(TaskState::Open);
    rules::task_step(from, to, giver)?;
    rules::text("note", note, rules::TEXT)?;
    row.state = to.name().to_owned();
    row.note = note.trim().to_owned();
    row.done_at = (to == TaskState::Done).then(|| row.done_at.unwrap_or(act.now));
    row.done_by = if to == TaskState::Done { act.name.clone() } else { String::new() };
    row.updated_at = act.now;
    store::save_task(conn, &row).await?;
    let args = json!({"task": row.title, "state": format!("@incidents.task.{}", to.name())});
    store::log(conn, act, row.incident, Line { kind: "task_state", args, note: row.note.clone(), once: None }).await?;
    Ok(row)
}

/// Writes a line into the timeline.
pub async fn note<C: ConnectionTrait>(conn: &C, act: &Act<'_>, incident: Id, text: &str) -> Result<()> {
    if text.trim().is_empty() {
        return Err(Fault::invalid("incidents.no-note").on("note"));
    }
    rules::text("note", text, rules::TEXT)?;
    let line = Line { kind: "note", args: json!({}), note: khien_base::key::nfc(text.trim()), once: None };
    store::log(conn, act, incident, line).await
}
