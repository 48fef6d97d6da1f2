//! Putting in force what the database and the folders say, after each change and at the start.

use std::sync::Arc;

use khien_base::{Fault, Result};
use khien_web::Kit;

use futures::future::BoxFuture;
use serde_json::Value;

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

/// [`rebuild`] after a change that is kept already. It goes on when whoever asked has gone away; what goes wrong is told
/// in the log, and [`follow`] mends it.
pub(super) async fn after_change(kit: &Arc<Kit>) {
    let kit = Arc::clone(kit);
    let work = tokio::spawn(async move {
        if let Err(fault) = rebuild(&kit).await {
            tracing::error!(%fault, "rules could not be put in force after a change");
        }
        kit.bus.tell(khien_web::Live { topic: "rules", permission: "rules:read", unit: None });
    });
    if let Err(error) = work.await {
        tracing::error!(%error, "rules could not be put in force after a change");
    }
}

/// Recurring work: puts in force what another program on the same database changed, or what a change left undone.
pub(super) fn follow<'a>(kit: &'a Kit, _: &'a Value) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let in_force = loaded::of(kit)?.current().mark.clone();
        if versions::mark(&kit.db).await? != in_force {
            rebuild(kit).await?;
        }
        Ok(())
    })
}
