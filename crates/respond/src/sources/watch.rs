//! Central monitoring, as other modules see it.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use khien_base::ports::Watch;
use khien_base::{Id, Result};
use khien_db::Db;

use super::store;

/// The log sources of a database as central monitoring.
#[derive(Debug, Clone)]
pub struct Watching {
    db: Db,
}

impl Watching {
    /// Over this database.
    pub fn new(db: Db) -> Self {
        Self { db }
    }
}

impl Watch for Watching {
    fn connected(&self, now: DateTime<Utc>) -> BoxFuture<'_, Result<HashSet<Id>>> {
        Box::pin(store::connected(&self.db, now))
    }
}
