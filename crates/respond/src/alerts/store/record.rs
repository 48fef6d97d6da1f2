//! Findings become alerts: one transaction for a batch, and a batch that comes again changes nothing.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use khien_base::clock::day_in_vietnam;
use khien_base::key::key;
use khien_base::{Id, Ids, Result};
use khien_db::{Db, fault};
use khien_web::Live;
use khien_web::live::Bus;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ConnectionTrait, DatabaseBackend, DatabaseTransaction, EntityTrait,
    IntoActiveModel, QueryFilter, QuerySelect,
};
use serde_json::{Value, json};

use crate::alerts::model::{self, Column, Entity, Model, counted, member};
use crate::alerts::rules;
use crate::finding::Finding;

/// Findings that are looked at together, well under what a statement of either database may carry.
const TOGETHER: usize = 1000;
/// Rows of one insert.
const ROWS: usize = 200;

/// Records findings and says how many were new. A finding is known again by [`rules::fingerprint`]; the whole batch is
/// kept or none of it. The caller tells the news afterwards with [`tell`].
pub async fn record(db: &Db, ids: &Ids, now: DateTime<Utc>, findings: &[Finding]) -> Result<usize> {
    if findings.is_empty() {
        return Ok(0);
    }
    let tx = db.begin().await?;
    lock(tx.conn()).await?;
    let mut new = 0;
    for chunk in findings.chunks(TOGETHER) {
        new += record_chunk(tx.conn(), ids, now, chunk).await?;
    }
    if new == 0 {
        tx.abandon().await?;
    } else {
        tx.commit_machine().await?;
    }
    Ok(new)
}

/// Tells open pages that alerts came, once for each unit concerned.
pub fn tell(bus: &Bus, units: impl IntoIterator<Item = Id>) {
    for unit in units.into_iter().collect::<HashSet<_>>() {
        bus.tell(Live { topic: "alerts", permission: "alerts:read", unit: Some(unit) });
    }
}

/// Two batches at once must not make two alerts of one thing. SQLite writes one at a time anyway.
pub(super) async fn lock(conn: &DatabaseTransaction) -> Result<()> {
    if conn.get_database_backend() == DatabaseBackend::Postgres {
        conn.execute_unprepared("SELECT pg_advisory_xact_lock(8206)").await.map_err(fault)?;
    }
    Ok(())
}

/// Rule, information system, host, and what the events of a correlation have in common.
type Place = (String, Id, String, String);

/// An alert in hand.
struct Open {
    group: Model,
    touched: bool,
}

async fn record_chunk(
    conn: &DatabaseTransaction,
    ids: &Ids,
    now: DateTime<Utc>,
    findings: &[Finding],
) -> Result<usize> {
    let unknown = unknown(conn, findings).await?;
    if unknown.is_empty() {
        return Ok(0);
    }
    let mut open = candidates(conn, &unknown).await?;
    let mut by_place: HashMap<Place, Vec<usize>> = HashMap::new();
    for (n, group) in open.iter().enumerate() {
        let model = &group.group;
        let common = model.detail.get("group").and_then(Value::as_str).unwrap_or_default().to_owned();
        let place = (model.rule.clone(), model.system.unwrap_or_default(), model.host.clone(), common);
        by_place.entry(place).or_default().push(n);
    }
    let today = day_in_vietnam(now);
    let (mut members, mut only_counted) = (Vec::new(), Vec::new());
    for (mark, finding) in &unknown {
        let host = rules::host_of(finding);
        let place = (finding.rule_id.clone(), finding.event.system, host.clone(), rules::group_of(finding));
        let places = by_place.entry(place).or_default();
        let at = finding.event.time;
        let found = places.iter().copied().find(|n| open.get(*n).is_some_and(|open| rules::takes(&open.group, at)));
        let n = found.unwrap_or_else(|| {
            open.push(Open { group: begin(ids, now, finding, host), touched: true });
            places.push(open.len() - 1);
            open.len() - 1
        });
        let Some(open) = open.get_mut(n) else { continue };
        let keep = count(&mut open.group, finding, now);
        open.touched = true;
        if let Some(kept) = keep {
            (open.group.kept, open.group.kept_day) = (kept, today);
            members.push(member_row(ids, now, open.group.id, mark, finding));
        } else {
            only_counted
                .push(counted::ActiveModel { fingerprint: ActiveValue::Set(mark.clone()), at: ActiveValue::Set(now) });
        }
    }
    save(conn, open, members, only_counted).await?;
    Ok(unknown.len())
}

/// Findings that were never counted, each once, with their fingerprints.
async fn unknown<'f>(conn: &DatabaseTransaction, findings: &'f [Finding]) -> Result<Vec<(String, &'f Finding)>> {
    let marked: Vec<(String, &Finding)> =
        findings.iter().map(|finding| (rules::fingerprint(finding), finding)).collect();
    let marks = || marked.iter().map(|(mark, _)| mark.as_str());
    let kept: Vec<String> = member::Entity::find()
        .select_only()
        .column(member::Column::Fingerprint)
        .filter(member::Column::Fingerprint.is_in(marks()))
        .into_tuple()
        .all(conn)
        .await
        .map_err(fault)?;
    let counted: Vec<String> = counted::Entity::find()
        .select_only()
        .column(counted::Column::Fingerprint)
        .filter(counted::Column::Fingerprint.is_in(marks()))
        .into_tuple()
        .all(conn)
        .await
        .map_err(fault)?;
    let mut known: HashSet<String> = kept.into_iter().chain(counted).collect();
    Ok(marked.into_iter().filter(|(mark, _)| known.insert(mark.clone())).collect())
}

/// Alerts that could take these findings: one query; which one takes which is decided by [`rules::takes`].
async fn candidates(conn: &DatabaseTransaction, findings: &[(String, &Finding)]) -> Result<Vec<Open>> {
    let distinct = |of: fn(&Finding) -> String| findings.iter().map(|(_, f)| of(f)).collect::<HashSet<String>>();
    let times = || findings.iter().map(|(_, finding)| finding.event.time);
    let (Some(first), Some(last)) = (times().min(), times().max()) else { return Ok(Vec::new()) };
    let groups = Entity::find()
        .filter(Column::Rule.is_in(distinct(|finding| finding.rule_id.clone())))
        .filter(Column::Host.is_in(distinct(rules::host_of)))
        .filter(Column::State.ne(model::CLOSED))
        .filter(Column::LastAt.gte(first - rules::GAP))
        .filter(Column::FirstAt.lte(last + rules::GAP))
        .all(conn)
        .await
        .map_err(fault)?;
    Ok(groups.into_iter().map(|group| Open { group, touched: false }).collect())
}

fn begin(ids: &Ids, now: DateTime<Utc>, finding: &Finding, host: String) -> Model {
    let event = &finding.event;
    Model {
        id: ids.next(now),
        kind: model::SIGMA.to_owned(),
        rule: finding.rule_id.clone(),
        title: finding.rule_title.clone(),
        search_key: key(&format!("{} {} {host}", finding.rule_title, finding.rule_id)),
        level: rules::weight(finding.level),
        techniques: json!(finding.techniques),
        unit: event.unit,
        system: Some(event.system),
        host,
        state: model::NEW.to_owned(),
        reason: None,
        note: String::new(),
        incident: None,
        hits: 0,
        kept: 0,
        kept_day: day_in_vietnam(now),
        first_at: event.time,
        last_at: event.time,
        hour: hour(event.time),
        detail: json!({}),
        created_at: now,
        updated_at: now,
        closed_at: None,
    }
}

/// Hours since 1970.
pub(super) fn hour(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(3600)
}

/// Adds one finding to an alert; gives how many events it keeps today if it keeps this one.
fn count(group: &mut Model, finding: &Finding, now: DateTime<Utc>) -> Option<i32> {
    group.hits = group.hits.saturating_add(rules::events_of(finding));
    if let Some(detail) = rules::detail(finding, &group.detail) {
        group.detail = detail;
    }
    group.first_at = group.first_at.min(finding.event.time);
    group.last_at = group.last_at.max(finding.event.time);
    group.hour = hour(group.first_at);
    group.level = group.level.max(rules::weight(finding.level));
    group.updated_at = now;
    rules::room(group, day_in_vietnam(now))
}

fn member_row(ids: &Ids, now: DateTime<Utc>, group: Id, mark: &str, finding: &Finding) -> member::ActiveModel {
    member::ActiveModel {
        id: ActiveValue::Set(ids.next(now)),
        alert_group: ActiveValue::Set(group),
        fingerprint: ActiveValue::Set(mark.to_owned()),
        event: ActiveValue::Set(finding.event.id),
        at: ActiveValue::Set(finding.event.time),
        record: ActiveValue::Set(rules::capped(&finding.event)),
        hits: ActiveValue::Set(rules::capped_hits(finding)),
    }
}

async fn save(
    conn: &DatabaseTransaction,
    open: Vec<Open>,
    members: Vec<member::ActiveModel>,
    only_counted: Vec<counted::ActiveModel>,
) -> Result<()> {
    // A new alert and one that takes more are written by the same statement.
    let grown = OnConflict::column(Column::Id)
        .update_columns([
            Column::Hits,
            Column::Kept,
            Column::KeptDay,
            Column::FirstAt,
            Column::LastAt,
            Column::Hour,
            Column::Level,
            Column::Detail,
            Column::UpdatedAt,
        ])
        .to_owned();
    let touched = open.into_iter().filter(|open| open.touched);
    for rows in together(touched.map(|open| open.group.into_active_model().reset_all())) {
        Entity::insert_many(rows).on_conflict(grown.clone()).exec_without_returning(conn).await.map_err(fault)?;
    }
    for rows in together(members.into_iter()) {
        member::Entity::insert_many(rows).exec_without_returning(conn).await.map_err(fault)?;
    }
    for rows in together(only_counted.into_iter()) {
        counted::Entity::insert_many(rows).exec_without_returning(conn).await.map_err(fault)?;
    }
    Ok(())
}

/// Rows, as many at a time as one statement carries.
fn together<T>(mut rows: impl Iterator<Item = T>) -> impl Iterator<Item = Vec<T>> {
    std::iter::from_fn(move || Some(rows.by_ref().take(ROWS).collect()).filter(|part: &Vec<T>| !part.is_empty()))
}
