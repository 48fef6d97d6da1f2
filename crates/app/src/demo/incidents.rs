//! Incidents: opened when they were detected, worked on since.

use chrono::{DateTime, TimeDelta, Utc};
use khien_base::Result;
use khien_respond::incidents::model::{Act, NewTask, State, TaskState, Texts, Written};
use khien_respond::incidents::verbs;
use serde_json::json;

use super::Stage;
use super::files::{Incident, Script};
use super::people::actor;

/// Makes the incidents.
pub(super) async fn make(stage: &Stage, script: &Script) -> Result<()> {
    for incident in &script.incidents {
        one(stage, incident).await?;
    }
    Ok(())
}

fn hours(from: DateTime<Utc>, hours: f64) -> DateTime<Utc> {
    #[expect(clippy::cast_possible_truncation, reason = "hours of a demonstration are few")]
    let seconds = (hours * 3600.0) as i64;
    from + TimeDelta::seconds(seconds)
}

async fn one(stage: &Stage, script: &Incident) -> Result<()> {
    let kit = &stage.kit;
    let now = kit.now();
    let t0 = hours(now, -script.detected_hours_ago);
    let (system, _) = stage.systems.get(&script.system).copied().unwrap_or_default();
    let unit = stage.unit(&script.unit)?;
    let officer = actor(stage, "long.hb").await?;
    // A record tells of nothing later than itself.
    let violation = script.violation_detected_hours_ago.map(|ago| hours(now, -ago));
    let opened = violation.map_or(hours(t0, 0.2), |at| at.max(hours(t0, 0.2)));
    let act = Act::of(&kit.ids, opened, officer.id, officer.name.clone());
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let written = Written {
        title: script.title.clone(),
        category: script.group.clone(),
        level: script.level.clone(),
        flags: script.flags.clone(),
        system: Some(system),
        detected_at: t0,
        occurred_at: script.occurred_hours_ago.map(|ago| hours(now, -ago)),
        violation_at: violation,
        texts: Texts {
            reported_by: text(&script.source),
            description: text(&script.description),
            assessment: text(&script.assessment),
            scope: text(&script.scope),
            impact: text(&script.impact),
            measures: text(&script.measures),
            help: text(&script.help),
            cause: text(&script.cause),
            lessons: text(&script.lessons),
            personal_data: text(&script.personal_data),
        },
        assigned_unit: None,
        officer: Some(officer.id),
        ..Written::default()
    };
    let tx = kit.db.begin().await?;
    let mut incident = verbs::open(tx.conn(), &act, unit, written).await?;
    for moment in &script.timeline {
        let at = hours(t0, moment.hours_after).min(now);
        let act = Act::of(&kit.ids, at, officer.id, officer.name.clone());
        verbs::note(tx.conn(), &act, incident.id, &moment.text).await?;
    }
    for task in &script.tasks {
        let to = stage.unit(&task.unit)?;
        let new = NewTask {
            unit: to,
            title: task.title.clone(),
            detail: String::new(),
            due_at: Some(hours(t0, task.due_hours_after)),
        };
        let name = khien_directory::gate::of(kit)?.tree(now).await?.name(to).to_owned();
        let row = verbs::give_task(tx.conn(), &act, &incident, &name, new).await?;
        let player = stage.person(&task.by)?;
        let at = hours(t0, task.due_hours_after * 0.8).min(now);
        let doer = Act::of(&kit.ids, at, player.id, player.name.clone());
        let state = match task.state.as_str() {
            "done" => TaskState::Done,
            "doing" => TaskState::Doing,
            _ => continue,
        };
        verbs::update_task(tx.conn(), &doer, row, state, "", false).await?;
    }
    for (n, state) in path(&script.state).iter().enumerate() {
        let at = hours(t0, 0.5 + n as f64).min(now);
        let act = Act::of(&kit.ids, at, officer.id, officer.name.clone());
        incident = verbs::step(tx.conn(), &act, incident, *state, "").await?;
    }
    let detail = json!({"number": incident.number, "title": incident.title});
    tx.commit(officer.entry(now, "demo", "incidents.open", "incident", incident.id, Some(unit), detail)).await
}

/// The steps from new to a state of the script.
fn path(state: &str) -> &'static [State] {
    match state {
        "confirmed" => &[State::Confirmed],
        "contained" => &[State::Confirmed, State::Contained],
        "removed" | "eradicated" => &[State::Confirmed, State::Contained, State::Eradicated],
        "recovered" | "closed" => &[State::Confirmed, State::Contained, State::Eradicated, State::Recovered],
        _ => &[],
    }
}
