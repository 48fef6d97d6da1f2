//! Figures of the register for the leader's page.

use std::collections::HashSet;

use khien_base::{Id, Reach, Result};
use khien_db::{Db, fault, within};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect};

use super::model::{Column, Entity};

/// Systems of one unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OfUnit {
    /// Running systems.
    pub running: u64,
    /// Of them, connected to central monitoring.
    pub connected: u64,
}

#[derive(FromQueryResult)]
struct Row {
    id: Id,
    owner: Id,
}

/// Running systems by owner, for the map: one query.
pub async fn by_owner(db: &Db, reach: &Reach, live: &HashSet<Id>) -> Result<std::collections::HashMap<Id, OfUnit>> {
    let rows = Entity::find()
        .select_only()
        .columns([Column::Id, Column::Owner])
        .filter(within(Column::Owner, reach))
        .filter(Column::State.eq("running"))
        .into_model::<Row>()
        .all(db.read())
        .await
        .map_err(fault)?;
    let mut out: std::collections::HashMap<Id, OfUnit> = std::collections::HashMap::new();
    for row in rows {
        let slot = out.entry(row.owner).or_default();
        slot.running += 1;
        slot.connected += u64::from(live.contains(&row.id));
    }
    Ok(out)
}
