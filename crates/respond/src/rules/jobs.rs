//! Background work of rules.

use chrono::TimeDelta;
use futures::future::BoxFuture;
use khien_base::Result;
use khien_web::{Job, Kit};
use serde_json::Value;

use super::model::import;
use super::store::{imports, trials};
use super::{apply, cost};

/// How long a preview waits for a decision.
const PREVIEW: TimeDelta = TimeDelta::days(7);
/// How long trials are kept.
const TRIALS: TimeDelta = TimeDelta::days(90);

/// The jobs of the card.
pub(super) const JOBS: &[Job] = &[
    Job { kind: "rules.follow", every_seconds: Some(30), run: apply::follow },
    Job { kind: COSTS, every_seconds: None, run: measure },
    Job { kind: "rules.forget", every_seconds: Some(24 * 3600), run: forget },
];

/// The job that measures what rules cost.
pub(super) const COSTS: &str = "rules.measure-costs";

fn measure<'a>(kit: &'a Kit, _: &'a Value) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let measured = cost::measure(kit).await?;
        tracing::info!(rules = measured, "costs of rules were measured");
        kit.bus.tell(khien_web::Live { topic: "rules", permission: "rules:read", unit: None });
        Ok(())
    })
}

/// Previews that nobody decided, and old trials.
fn forget<'a>(kit: &'a Kit, _: &'a Value) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let now = kit.now();
        for id in imports::forgotten(&kit.db, now - PREVIEW).await? {
            let tx = kit.db.begin().await?;
            imports::decide(tx.conn(), id, import::CANCELLED, None, now).await?;
            tx.commit_machine().await?;
        }
        let tx = kit.db.begin().await?;
        trials::forget(tx.conn(), now - TRIALS).await?;
        tx.commit_machine().await
    })
}
