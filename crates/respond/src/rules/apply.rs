//! Putting in force what the database and the folders say, after each change and at the start.

use std::sync::Arc;

use khien_base::{Fault, Result};
use khien_web::Kit;

use super::loaded::{self, Loaded};
use super::store::versions;

/// Reads rules anew, off the async threads, and swaps them in. One after another: the last change is what stays.
pub async fn rebuild(kit: &Kit) -> Result<Arc<Loaded>> {
    let rules = loaded::of(kit)?;
    let _one_at_a_time = rules.working.lock().await;
    let kept = versions::kept(&kit.db).await?;
    let (folders, now) = (rules.current().folders.clone(), kit.now());
    let work = move || loaded::load_with(&folders, &kept, now);
    let fresh = tokio::task::spawn_blocking(work).await.map_err(Fault::internal)?;
    tracing::info!(rules = fresh.ruleset.rules().len(), off = fresh.off.len(), faults = fresh.faults.len(), "rules");
    rules.replace(fresh);
    Ok(rules.current())
}

/// [`rebuild`] after a change that is kept already: what goes wrong here is told in the log, and the next change or
/// start mends it.
pub(super) async fn after_change(kit: &Kit) {
    if let Err(fault) = rebuild(kit).await {
        tracing::error!(%fault, "rules could not be put in force after a change");
    }
    kit.bus.tell(khien_web::Live { topic: "rules", permission: "rules:read", unit: None });
}
