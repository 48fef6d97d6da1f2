//! The register as other modules see it.

use futures::future::BoxFuture;
use khien_base::ports::{SystemCard, Systems};
use khien_base::{Id, Reach, Result};
use khien_db::Db;

use super::model::Model;
use super::store;

/// The register of a database.
#[derive(Debug, Clone)]
pub struct Register {
    db: Db,
}

impl Register {
    /// The register of this database.
    pub fn new(db: Db) -> Self {
        Self { db }
    }
}

fn card(system: Model) -> SystemCard {
    let approved = system.level_state == "approved";
    SystemCard {
        id: system.id,
        name: system.name,
        unit: system.owner,
        operator: system.operator,
        level: system.level.and_then(|level| u8::try_from(level).ok()),
        approval: approved.then_some(system.decision),
    }
}

impl Systems for Register {
    fn some(&self, ids: Vec<Id>) -> BoxFuture<'_, Result<Vec<SystemCard>>> {
        Box::pin(async move { Ok(store::some(&self.db, ids).await?.into_iter().map(card).collect()) })
    }

    fn within(&self, reach: Reach) -> BoxFuture<'_, Result<Vec<SystemCard>>> {
        Box::pin(async move { Ok(store::running(&self.db, &reach, 1000).await?.into_iter().map(card).collect()) })
    }
}
