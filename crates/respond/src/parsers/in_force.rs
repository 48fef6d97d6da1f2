//! The own parsers that are in force, shared by all ways of records into the centre.

use std::sync::{Arc, RwLock};

use khien_base::{Fault, Record, Result};
use khien_db::Db;
use khien_normalise::{Own, Sheet};
use khien_web::Kit;

use super::store;

/// Records that are read on the thread that brings them.
const INLINE: usize = 50;

/// What is in force; replaced as a whole.
#[derive(Debug, Default)]
pub struct InForce {
    current: RwLock<Arc<Current>>,
    /// One change at a time is worked in, so that the last one is what stays.
    working: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Current {
    own: Own,
    /// What the database said of itself when it was read.
    mark: String,
}

impl InForce {
    fn current(&self) -> Arc<Current> {
        match self.current.read() {
            Ok(current) => Arc::clone(&current),
            Err(poisoned) => Arc::clone(&poisoned.into_inner()),
        }
    }

    /// [`store::mark`] of what is in force.
    pub fn mark(&self) -> String {
        self.current().mark.clone()
    }

    /// Reads records that were decoded once more with the own parsers.
    pub async fn read(&self, mut records: Vec<Record>) -> Result<Vec<Record>> {
        let current = self.current();
        if current.own.is_empty() {
            return Ok(records);
        }
        if records.len() <= INLINE {
            apply(&current.own, &mut records);
            return Ok(records);
        }
        let work = move || {
            apply(&current.own, &mut records);
            records
        };
        tokio::task::spawn_blocking(work).await.map_err(Fault::internal)
    }

    /// Puts in force what the database says. A text that can be read no more (written for another version of the program)
    /// is left out and told in the log; the others serve.
    pub async fn load(&self, db: &Db) -> Result<()> {
        let _one_at_a_time = self.working.lock().await;
        // Read first: what changes while the rest is read is noticed the next time.
        let mark = store::mark(db).await?;
        let mut sheets = Vec::new();
        for (name, yaml) in store::in_force(db).await? {
            match Sheet::read(&yaml) {
                Ok(sheet) => sheets.push(sheet),
                Err(fault) => tracing::error!(%fault, name, "an own parser cannot be read and is not in force"),
            }
        }
        tracing::info!(files = sheets.len(), "own parsers");
        let fresh = Arc::new(Current { own: Own::new(sheets), mark });
        match self.current.write() {
            Ok(mut current) => *current = fresh,
            Err(poisoned) => *poisoned.into_inner() = fresh,
        }
        Ok(())
    }
}

fn apply(own: &Own, records: &mut [Record]) {
    for record in records {
        own.apply(record);
    }
}

/// What was plugged into a kit.
pub fn of(kit: &Kit) -> Result<Arc<InForce>> {
    kit.part::<InForce>()
}

/// [`InForce::load`] after a change that is kept already: what goes wrong is told in the log, and the job mends it.
pub(super) async fn after_change(kit: &Arc<Kit>) {
    let kit = Arc::clone(kit);
    // It goes on when whoever asked has gone away.
    let work = tokio::spawn(async move { of(&kit)?.load(&kit.db).await });
    match work.await {
        Ok(Ok(())) => {}
        Ok(Err(fault)) => tracing::error!(%fault, "own parsers could not be put in force after a change"),
        Err(error) => tracing::error!(%error, "own parsers could not be put in force after a change"),
    }
}
