//! From names to what units owe: assignments of tasks and reports, made when a plan comes into force and as time
//! goes on.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Days, NaiveDate, Utc};
use khien_base::clock::day_in_vietnam;
use khien_base::{Id, Ids, Result};
use khien_planread::model::Due;
use sea_orm::ConnectionTrait;

use super::mapping::{Bodies, Groups};
use super::model::agency::{self, party};
use super::model::duty::{self, owed};
use super::model::work::{self, OPEN};
use super::model::{COORDINATE, FROM, LEAD, every_of, plan, task};
use super::rules::{due, report};
use super::store::{agencies, duties, items, work as assignments};

/// Reports are written down as owed so far ahead, so that the calendar shows the coming year.
const AHEAD: Days = Days::new(366);

/// Makes everything that the units owe by a plan on the day on which it comes into force.
pub async fn put_in_force<C: ConnectionTrait>(
    conn: &C,
    ids: &Ids,
    now: DateTime<Utc>,
    plan: &plan::Model,
    bodies: &Bodies,
) -> Result<(usize, usize)> {
    let day = day_in_vietnam(now);
    let named = Named::load(conn, plan, bodies).await?;
    let mut rows = Vec::new();
    for task in items::tasks(conn, plan.id).await? {
        let lead = named.units(task.id, LEAD);
        let helpers: Vec<Id> = named.units(task.id, COORDINATE).into_iter().filter(|id| !lead.contains(id)).collect();
        for period in due::periods(task.due().as_ref(), day, day) {
            let all = lead.iter().map(|unit| (*unit, LEAD)).chain(helpers.iter().map(|unit| (*unit, COORDINATE)));
            rows.extend(all.map(|(unit, role)| assignment(ids.next(now), now, &task, unit, role, &period)));
        }
    }
    let assigned = rows.len();
    items::insert_all::<_, work::Entity>(conn, rows).await?;
    let reports = owe_reports(conn, ids, now, plan, &named, day).await?;
    Ok((assigned, reports))
}

/// Opens the periods that have begun since, and writes down the reports of the coming year. Idempotent.
pub async fn go_on<C: ConnectionTrait>(
    conn: &C,
    ids: &Ids,
    now: DateTime<Utc>,
    plan: &plan::Model,
    bodies: &Bodies,
) -> Result<(usize, usize)> {
    let day = day_in_vietnam(now);
    let start = plan.live_from.unwrap_or(day);
    let mut owing: HashMap<Id, HashSet<(Id, String)>> = HashMap::new();
    let mut there: HashSet<(Id, Id, String, String)> = HashSet::new();
    for row in assignments::of_plan(conn, plan.id).await? {
        owing.entry(row.task).or_default().insert((row.unit, row.role.clone()));
        there.insert((row.task, row.unit, row.role, row.period));
    }
    let mut rows = Vec::new();
    for task in items::tasks(conn, plan.id).await? {
        if !matches!(task.due(), Some(Due::Recurring { .. } | Due::ReachThenMaintain { .. })) {
            continue;
        }
        // Who owes a task was decided on the day on which the plan came into force.
        let Some(units) = owing.get(&task.id) else { continue };
        for period in due::periods(task.due().as_ref(), start, day) {
            for (unit, role) in units {
                if !there.contains(&(task.id, *unit, role.clone(), period.key.clone())) {
                    rows.push(assignment(ids.next(now), now, &task, *unit, role, &period));
                }
            }
        }
    }
    let opened = rows.len();
    items::insert_all::<_, work::Entity>(conn, rows).await?;
    let named = Named::load(conn, plan, bodies).await?;
    let reports = owe_reports(conn, ids, now, plan, &named, start).await?;
    Ok((opened, reports))
}

fn assignment(
    id: Id,
    now: DateTime<Utc>,
    task: &task::Model,
    unit: Id,
    role: &str,
    period: &due::Period,
) -> work::Model {
    work::Model {
        id,
        plan: task.plan,
        task: task.id,
        unit,
        role: role.to_owned(),
        period: period.key.clone(),
        starts_on: period.from,
        due_on: period.due,
        rhythm: period.rhythm.to_owned(),
        state: OPEN.to_owned(),
        percent: 0,
        done_on: None,
        version: 1,
        updated_at: now,
    }
}

async fn owe_reports<C: ConnectionTrait>(
    conn: &C,
    ids: &Ids,
    now: DateTime<Utc>,
    plan: &plan::Model,
    named: &Named<'_>,
    from: NaiveDate,
) -> Result<usize> {
    let day = day_in_vietnam(now);
    let to = day.checked_add_days(AHEAD).unwrap_or(day);
    let there: HashSet<(Id, Id, NaiveDate)> = duties::of_plan(conn, plan.id).await?.into_iter().collect();
    let mut rows: Vec<owed::Model> = Vec::new();
    for duty in items::duties(conn, plan.id).await? {
        let days = days_of(&duty, from, to);
        for unit in named.units(duty.id, FROM) {
            for due_on in days.iter().filter(|due_on| !there.contains(&(duty.id, unit, **due_on))) {
                rows.push(owed::Model {
                    id: ids.next(now),
                    plan: plan.id,
                    duty: duty.id,
                    unit,
                    due_on: *due_on,
                    sent_number: None,
                    sent_on: None,
                    sent_by: None,
                    sent_at: None,
                });
            }
        }
    }
    let made = rows.len();
    duties::insert(conn, rows).await?;
    Ok(made)
}

/// The last timely days of a duty between two days.
pub fn days_of(duty: &duty::Model, from: NaiveDate, to: NaiveDate) -> Vec<NaiveDate> {
    report::days(duty.every.as_deref().and_then(every_of), &duty.days(), from, to)
}

/// What the names of a plan mean on a day.
pub struct Named<'a> {
    issuer: Id,
    bodies: &'a Bodies,
    groups: &'static Groups,
    agencies: HashMap<Id, agency::Model>,
    parties: Vec<party::Model>,
}

impl<'a> Named<'a> {
    /// Reads the names of a plan: two queries.
    pub async fn load<C: ConnectionTrait>(conn: &C, plan: &plan::Model, bodies: &'a Bodies) -> Result<Self> {
        let list = agencies::list(conn, plan.id).await?;
        Ok(Self {
            issuer: plan.unit,
            bodies,
            groups: Groups::shipped()?,
            agencies: list.into_iter().map(|agency| (agency.id, agency)).collect(),
            parties: items::parties(conn, plan.id).await?,
        })
    }

    /// The units that the names in one role of a target, task or duty mean, each once.
    pub fn units(&self, subject: Id, role: &str) -> Vec<Id> {
        let mut out: Vec<Id> = Vec::new();
        for party in self.parties.iter().filter(|party| party.subject == subject && party.role == role) {
            let Some(agency) = self.agencies.get(&party.agency) else { continue };
            for unit in meant(agency, role, self.issuer, self.bodies, self.groups) {
                if !out.contains(&unit) {
                    out.push(unit);
                }
            }
        }
        out
    }
}

/// The units that one name means in a role.
///
/// "Các cơ quan, đơn vị liên quan" leaves open who helps: the lead calls on whom it needs, so nobody is given the
/// work unasked. Where such words name who answers for it, their widest reading holds.
pub fn meant(agency: &agency::Model, role: &str, issuer: Id, bodies: &Bodies, groups: &Groups) -> Vec<Id> {
    match agency.means.as_str() {
        "units" => agency.picked().into_iter().filter(|id| bodies.get(*id).is_some()).collect(),
        "group" => {
            let key = agency.group_key.as_deref().unwrap_or_default();
            let open = groups.get(key).is_some_and(|group| group.open);
            if open && role == COORDINATE { Vec::new() } else { groups.expand(key, issuer, bodies) }
        }
        _ => Vec::new(),
    }
}
