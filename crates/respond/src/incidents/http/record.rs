//! The page of an incident.

use chrono::TimeDelta;
use khien_base::{Id, Result};
use khien_directory::people::store as people;
use khien_web::{Ctx, Reply};

use super::super::model::{Model, State, TaskState, Texts, clock, task};
use super::super::regime::clocks::{Standing, standing};
use super::super::regime::{Regime, named};
use super::super::views::{Alert, Choice, Clock, Fact, FormLink, Line, Record, Step, Task};
use super::super::{TASK, WRITE, rules, store, timeline};
use super::{label, lost, pick, sight, tree, units};

/// `GET /incidents/{id}`: all of it for its unit and the centre; the own tasks for a unit that only has tasks in it.
pub(crate) async fn show(ctx: Ctx) -> Result<Reply> {
    let incident = store::get(ctx.kit.db.read(), ctx.id("id")?).await?;
    let sight = sight(&ctx);
    let whole = store::owns(&sight.read, &incident);
    let mut rows = store::tasks(ctx.kit.db.read(), incident.id).await?;
    if !whole {
        rows.retain(|row| sight.task.covers(row.unit));
        if rows.is_empty() {
            return Err(lost());
        }
    }
    let giver = store::owns(&ctx.reach(WRITE), &incident);
    let tree = tree(&ctx).await?;
    let mut view = head(&ctx, &incident)?;
    tree.name(incident.unit).clone_into(&mut view.unit);
    view.tasks = rows
        .into_iter()
        .map(|row| {
            let may = giver || ctx.reach(TASK).covers(row.unit);
            task_view(&ctx, tree.name(row.unit), row, giver, may)
        })
        .collect();
    view.whole = whole;
    view.may_write = giver;
    let tab = ctx.query_value("tab").unwrap_or_default();
    let known = ["facts", "tasks", "alerts", "timeline", "reports", "history"].contains(&tab.as_str());
    view.tab = match (whole, known) {
        (false, _) => "tasks".into(),
        (true, true) => tab,
        (true, false) => "facts".into(),
    };
    if whole {
        fill(&ctx, &incident, &mut view).await?;
        if giver {
            view.units = units(&tree, &ctx.reach(WRITE));
            view.steps = steps(incident.stage());
        }
    }
    ctx.page(&view)
}

fn head(ctx: &Ctx, incident: &Model) -> Result<Record> {
    let regime = Regime::get()?;
    let level = regime.level(&incident.level);
    Ok(Record {
        id: incident.id,
        number: incident.number.clone(),
        title: incident.title.clone(),
        state: incident.state.clone(),
        level: incident.level.clone(),
        level_name: level.map(|level| pick(ctx.lang, &level.name_vi, &level.name_en).to_owned()).unwrap_or_default(),
        serious: regime.serious().contains(&incident.level.as_str()),
        now_typed: rules::typed(ctx.now),
        ..Record::default()
    })
}

/// What only who sees the whole incident is shown.
async fn fill(ctx: &Ctx, incident: &Model, view: &mut Record) -> Result<()> {
    let regime = Regime::get()?;
    view.detected_at = Some(incident.detected_at);
    if let Some(system) = incident.system
        && ctx.reach(crate::depot::HOLD).covers(incident.unit)
    {
        // What led to the incident came before it was seen.
        let from = rules::typed(incident.detected_at - chrono::TimeDelta::days(1));
        view.hold_at = format!("/depot/holds?system={system}&incident={}&from={from}", incident.id);
    }
    let group = named(&regime.classes.groups, &incident.category);
    view.category = group.map(|group| label(ctx.lang, group)).unwrap_or_default();
    view.flags = incident
        .flag_names()
        .iter()
        .filter_map(|flag| named(&regime.classes.flags, flag))
        .map(|flag| pick(ctx.lang, &flag.name_vi, &flag.name_en).to_owned())
        .collect();
    if let Some(system) = incident.system {
        let card = ctx.kit.systems()?.some(vec![system]).await?.into_iter().next();
        view.system = card.map(|card| card.name).unwrap_or_default();
    }
    view.facts = facts(ctx, incident).await?;
    let clocks = store::clocks(ctx.kit.db.read(), incident.id).await?;
    view.clocks = clocks.into_iter().map(|row| clock_view(ctx, row)).collect::<Result<_>>()?;
    let alerts = crate::alerts::store::of_incident(&ctx.kit.db, incident.id).await?;
    view.alerts = alerts
        .into_iter()
        .map(|alert| Alert {
            id: alert.id,
            title: crate::alerts::title(&ctx.kit, ctx.lang, &alert),
            host: alert.host,
            hits: alert.hits,
            first_at: alert.first_at,
            last_at: alert.last_at,
        })
        .collect();
    let reports = store::reports(ctx.kit.db.read(), incident.id).await?;
    view.files = reports
        .into_iter()
        .filter_map(|entry| entry.args.get("file").and_then(|file| file.as_str()).map(|file| Choice::new(file, file)))
        .collect();
    view.files.dedup();
    match view.tab.as_str() {
        "timeline" => {
            let entries = store::entries(ctx.kit.db.read(), incident.id, 1000).await?;
            view.timeline = entries.iter().map(|entry| timeline::line(&ctx.kit, ctx.lang, entry)).collect();
        }
        "reports" => view.forms = forms(ctx, regime, incident),
        "history" => view.history = history(ctx, incident.id).await?,
        _ => {}
    }
    Ok(())
}

async fn facts(ctx: &Ctx, incident: &Model) -> Result<Vec<Fact>> {
    let tree = tree(ctx).await?;
    let names = people::names(&ctx.kit.db, incident.officer).await?;
    let time = |at: Option<_>| at.map(khien_base::clock::vn_time).unwrap_or_default();
    let mut facts = vec![
        ("occurred_at", time(incident.occurred_at)),
        ("violation_at", time(incident.violation_at)),
        ("assigned_unit", incident.assigned_unit.map(|unit| tree.name(unit).to_owned()).unwrap_or_default()),
        ("officer", incident.officer.and_then(|id| names.get(&id).cloned()).unwrap_or_default()),
    ];
    if incident.system_critical {
        facts.push(("system_critical", ctx.say("incidents.yes")));
    }
    facts.extend(Texts::of(incident).each().map(|(field, value)| (field, value.to_owned())));
    Ok(facts.into_iter().map(|(field, value)| Fact { field: field.to_owned(), value }).collect())
}

fn steps(from: State) -> Vec<Step> {
    let place = |state| State::ALL.iter().position(|one| *one == state);
    rules::next(from)
        .iter()
        .map(|to| Step {
            to: to.name().to_owned(),
            needs_note: rules::needs_note(from, *to),
            back: place(*to) < place(from),
        })
        .collect()
}

fn clock_view(ctx: &Ctx, row: clock::Model) -> Result<Clock> {
    let rule = row.rule()?;
    let standing = standing(row.started_at, row.due_at, row.sent_at, row.dropped_why.is_some(), ctx.now);
    let first = rule.reminders().first().copied();
    let pressing = match (standing, row.due_at, first) {
        (Standing::Overdue, _, _) => true,
        (Standing::Running, _, None) => rule.at_once,
        (Standing::Running, Some(due), Some(hours)) => ctx.now >= due - TimeDelta::hours(i64::from(hours)),
        _ => false,
    };
    let word = |vi: &Option<String>, en: &Option<String>| {
        pick(ctx.lang, vi.as_deref().unwrap_or_default(), en.as_deref().unwrap_or_default()).to_owned()
    };
    let certainty = serde_json::to_value(rule.certainty).ok();
    Ok(Clock {
        id: row.id,
        name: pick(ctx.lang, &rule.name_vi, &rule.name_en).to_owned(),
        to: pick(ctx.lang, &rule.to.vi, &rule.to.en).to_owned(),
        basis: rule.basis.line(),
        certainty: certainty.and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default(),
        note: word(&rule.note_vi, &rule.note_en),
        channel: word(&rule.channel_vi, &rule.channel_en),
        at_once: rule.at_once,
        standing,
        started_at: row.started_at,
        due_at: row.due_at,
        left_seconds: row.due_at.filter(|_| row.active).map(|due| (due - ctx.now).num_seconds()),
        pressing,
        soon_minutes: first.unwrap_or(12) * 60,
        form: rule.form.clone().unwrap_or_default(),
        form_kind: rule.form_kind.clone().unwrap_or_default(),
        rule: rule.id,
        sent_at: row.sent_at,
        sent_number: row.sent_number,
        sent_channel: row.sent_channel,
        sent_file: row.sent_file,
        sent_note: row.sent_note,
        sent_by: row.sent_by,
    })
}

fn task_view(ctx: &Ctx, unit: &str, row: task::Model, giver: bool, may: bool) -> Task {
    let state = TaskState::from_name(&row.state).unwrap_or(TaskState::Open);
    let next = if may { rules::next_of_task(state, giver) } else { &[] };
    Task {
        id: row.id,
        title: row.title,
        detail: row.detail,
        unit: unit.to_owned(),
        due_at: row.due_at,
        overdue: state.is_open() && row.due_at.is_some_and(|due| due < ctx.now),
        state: row.state,
        note: row.note,
        done_at: row.done_at,
        done_by: row.done_by,
        steps: next.iter().map(|state| state.name().to_owned()).collect(),
    }
}

/// Forms in force on the day of detection, with their kinds.
fn forms(ctx: &Ctx, regime: &Regime, incident: &Model) -> Vec<FormLink> {
    let day = khien_base::clock::day_in_vietnam(incident.detected_at);
    let mut links = Vec::new();
    for form in regime.forms.iter().filter(|form| form.in_force(day)) {
        let certainty = serde_json::to_value(form.certainty).ok();
        let certainty = certainty.and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default();
        let mut push = |kind: &str, name: &str| {
            let query = if kind.is_empty() { String::new() } else { format!("?kind={kind}") };
            links.push(FormLink {
                href: format!("/incidents/{}/reports/{}{query}", incident.id, form.id),
                form: form.id.clone(),
                name: name.to_owned(),
                basis: form.official.clone().unwrap_or_else(|| form.basis.line()),
                certainty: certainty.clone(),
            });
        };
        if form.kinds.is_empty() {
            push("", &super::reports::name(ctx.lang, form, ""));
        }
        for kind in &form.kinds {
            push(&kind.id, &super::reports::name(ctx.lang, form, &kind.id));
        }
    }
    links
}

async fn history(ctx: &Ctx, incident: Id) -> Result<Vec<Line>> {
    let rows = khien_db::audit::history(ctx.kit.db.read(), incident, 200).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let changes = row.detail.get("changes").and_then(|changes| changes.as_object());
            let fields = changes.map(|changes| {
                changes.keys().map(|field| ctx.say(&format!("incidents.field.{field}"))).collect::<Vec<_>>().join(", ")
            });
            Line {
                at: row.at,
                who: row.actor_name,
                text: ctx.say(&format!("incidents.did.{}", row.action)),
                detail: fields.unwrap_or_default(),
                tone: String::new(),
            }
        })
        .collect())
}
