//! The audit log: append-only rows, each sealed with the hash of the row before it.
//!
//! `hash = SHA-256(previous hash ‖ canonical JSON of the entry)`. Changing, removing or inserting a row breaks
//! every seal after it; [`verify`] finds the first broken one. Cutting off the end is seen against a seal that
//! was noted elsewhere: `khien audit verify` prints the last one.

use chrono::{DateTime, Utc};
use khien_base::{Id, Reach, Result};
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue, Condition, ConnectionTrait, DatabaseBackend, QueryOrder, QuerySelect};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{fault, within};

/// The table.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "audit")]
pub struct Model {
    /// Position in the chain, from 1, without gaps.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// When.
    pub at: DateTimeUtc,
    /// Who; none for the program itself.
    pub actor: Option<Uuid>,
    /// The name of who, as it was then.
    pub actor_name: String,
    /// The unit whose record it is, when it is a unit's.
    pub unit: Option<Uuid>,
    /// `plans.approve`
    pub action: String,
    /// `plan`
    pub subject_kind: String,
    /// Which one.
    pub subject: Uuid,
    /// What changed: values before and after, by field.
    pub detail: Json,
    /// The request that did it.
    pub request: String,
    /// Seal of the row before.
    pub previous: String,
    /// Seal of this row.
    pub hash: String,
}

impl ActiveModelBehavior for ActiveModel {}

/// What is written of one change.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    /// When.
    pub at: DateTime<Utc>,
    /// Who; none for the program itself.
    pub actor: Option<Id>,
    /// The name of who.
    pub actor_name: String,
    /// The unit whose record it is.
    pub unit: Option<Id>,
    /// `plans.approve`
    pub action: &'static str,
    /// `plan`
    pub subject_kind: &'static str,
    /// Which one.
    pub subject: Id,
    /// What changed.
    pub detail: Value,
    /// The request that did it.
    pub request: String,
}

/// The seal before the first row.
pub const FIRST: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Appends an entry inside the change that it tells of.
pub(crate) async fn append<C: ConnectionTrait>(conn: &C, entry: Entry) -> Result<()> {
    if conn.get_database_backend() == DatabaseBackend::Postgres {
        // Two changes must not take the same position; the lock ends with the transaction.
        conn.execute_unprepared("SELECT pg_advisory_xact_lock(8201)").await.map_err(fault)?;
    }
    let last = Entity::find().order_by_desc(Column::Seq).limit(1).one(conn).await.map_err(fault)?;
    let (seq, previous) = last.map_or((1, FIRST.to_owned()), |row| (row.seq + 1, row.hash));
    let mut row = Model {
        seq,
        at: entry.at,
        actor: entry.actor,
        actor_name: entry.actor_name,
        unit: entry.unit,
        action: entry.action.to_owned(),
        subject_kind: entry.subject_kind.to_owned(),
        subject: entry.subject,
        detail: entry.detail,
        request: entry.request,
        previous,
        hash: String::new(),
    };
    row.hash = seal(&row);
    let active = ActiveModel {
        seq: ActiveValue::Set(row.seq),
        at: ActiveValue::Set(row.at),
        actor: ActiveValue::Set(row.actor),
        actor_name: ActiveValue::Set(row.actor_name),
        unit: ActiveValue::Set(row.unit),
        action: ActiveValue::Set(row.action),
        subject_kind: ActiveValue::Set(row.subject_kind),
        subject: ActiveValue::Set(row.subject),
        detail: ActiveValue::Set(row.detail),
        request: ActiveValue::Set(row.request),
        previous: ActiveValue::Set(row.previous),
        hash: ActiveValue::Set(row.hash),
    };
    Entity::insert(active).exec_without_returning(conn).await.map_err(fault)?;
    Ok(())
}

/// The seal that a row should carry. Times are sealed to the microsecond, the finest that both databases keep;
/// the detail is sealed with its keys sorted, since PostgreSQL keeps no order of keys.
fn seal(row: &Model) -> String {
    let parts = serde_json::json!([
        row.seq,
        row.at.timestamp_micros(),
        row.actor,
        row.actor_name,
        row.unit,
        row.action,
        row.subject_kind,
        row.subject,
        sorted(&row.detail),
        row.request
    ]);
    let mut hash = Sha256::new();
    hash.update(row.previous.as_bytes());
    hash.update(parts.to_string().as_bytes());
    hex::encode(hash.finalize())
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<_> = map.iter().collect();
            keys.sort_by(|a, b| a.0.cmp(b.0));
            Value::Array(keys.into_iter().map(|(k, v)| serde_json::json!([k, sorted(v)])).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

/// What [`verify`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every seal holds.
    Whole {
        /// Rows in all.
        rows: i64,
        /// The last seal, to be noted elsewhere.
        last: String,
    },
    /// A row was changed, removed or inserted.
    Broken {
        /// The first position where the chain does not hold.
        seq: i64,
    },
}

/// Recomputes every seal, a thousand rows at a time.
pub async fn verify<C: ConnectionTrait>(conn: &C) -> Result<Verdict> {
    let (mut seq, mut last) = (0i64, FIRST.to_owned());
    loop {
        let rows = Entity::find()
            .filter(Column::Seq.gt(seq))
            .order_by_asc(Column::Seq)
            .limit(1000)
            .all(conn)
            .await
            .map_err(fault)?;
        if rows.is_empty() {
            return Ok(Verdict::Whole { rows: seq, last });
        }
        for row in rows {
            seq += 1;
            if row.seq != seq || row.previous != last || row.hash != seal(&row) {
                return Ok(Verdict::Broken { seq });
            }
            last = row.hash;
        }
    }
}

/// The history of one record, newest first.
pub async fn history<C: ConnectionTrait>(conn: &C, subject: Id, limit: u64) -> Result<Vec<Model>> {
    Entity::find()
        .filter(Column::Subject.eq(subject))
        .order_by_desc(Column::Seq)
        .limit(limit)
        .all(conn)
        .await
        .map_err(fault)
}

/// What a list of the log is narrowed by.
#[derive(Debug, Clone)]
pub struct Filter {
    /// Whose records; rows that are no unit's are seen from everywhere only.
    pub reach: Reach,
    /// A part of the name of who did it, as it was written then.
    pub name: String,
    /// Who did it: people whose present name holds the text.
    pub actors: Vec<Id>,
    /// How the action begins: `people.`
    pub action: String,
    /// The record.
    pub subject: Option<Id>,
    /// Not before.
    pub from: Option<DateTime<Utc>>,
    /// Before.
    pub to: Option<DateTime<Utc>>,
}

impl Filter {
    /// Everything within a reach.
    pub fn all(reach: Reach) -> Self {
        let (name, action) = (String::new(), String::new());
        Self { reach, name, actors: Vec::new(), action, subject: None, from: None, to: None }
    }

    fn condition(&self) -> Condition {
        let mut wanted = Condition::all().add(within(Column::Unit, &self.reach));
        if !self.name.is_empty() {
            let mut who = Condition::any().add(Column::ActorName.contains(&self.name));
            if !self.actors.is_empty() {
                who = who.add(Column::Actor.is_in(self.actors.iter().copied()));
            }
            wanted = wanted.add(who);
        }
        if !self.action.is_empty() {
            wanted = wanted.add(Column::Action.starts_with(&self.action));
        }
        wanted
            .add_option(self.subject.map(|subject| Column::Subject.eq(subject)))
            .add_option(self.from.map(|from| Column::At.gte(from)))
            .add_option(self.to.map(|to| Column::At.lt(to)))
    }
}

/// A page of the log, newest first, and how many rows there are.
pub async fn list<C: ConnectionTrait>(conn: &C, filter: &Filter, offset: u64, limit: u64) -> Result<(Vec<Model>, u64)> {
    let query = Entity::find().filter(filter.condition());
    let total = query.clone().count(conn).await.map_err(fault)?;
    let rows = query.order_by_desc(Column::Seq).offset(offset).limit(limit).all(conn).await.map_err(fault)?;
    Ok((rows, total))
}

/// One row of the log.
pub async fn row<C: ConnectionTrait>(conn: &C, seq: i64) -> Result<Option<Model>> {
    Entity::find_by_id(seq).one(conn).await.map_err(fault)
}

/// The newest row, whose seal stands for the whole chain.
pub async fn last<C: ConnectionTrait>(conn: &C) -> Result<Option<Model>> {
    Entity::find().order_by_desc(Column::Seq).limit(1).one(conn).await.map_err(fault)
}
