//! The worker: runs jobs that are due and work that comes again by itself.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use khien_base::Result;
use khien_db::jobs;
use khien_web::{Job, Kit};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

/// Jobs taken up in one round.
const ROUND: u64 = 50;

/// Runs until told to stop. A round a second; a failing job is tried again later and never stops the others.
pub async fn work(kit: Arc<Kit>, stop: CancellationToken) {
    let mut next: HashMap<&'static str, DateTime<Utc>> = HashMap::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
        if let Err(fault) = round(&kit, &mut next).await {
            tracing::error!(%fault, "a round of background work failed");
        }
    }
}

/// One round: work that comes again, then jobs that are due.
pub async fn round(kit: &Kit, next: &mut HashMap<&'static str, DateTime<Utc>>) -> Result<()> {
    let all: Vec<Job> = kit.modules.iter().flat_map(|module| module.jobs).copied().collect();
    for job in &all {
        let Some(every) = job.every_seconds else { continue };
        let now = kit.now();
        let due = next.entry(job.kind).or_insert(now);
        if *due > now {
            continue;
        }
        *due = now + TimeDelta::seconds(i64::from(every));
        if let Err(fault) = (job.run)(kit, &Value::Null).await {
            tracing::error!(job = job.kind, %fault, "recurring work failed");
        }
    }
    for row in jobs::due(&kit.db, kit.now(), ROUND).await? {
        let outcome = match all.iter().find(|job| job.kind == row.kind) {
            Some(job) => (job.run)(kit, &row.payload).await.map_err(|fault| fault.to_string()),
            None => Err("no module does this work".to_owned()),
        };
        if let Err(cause) = &outcome {
            tracing::warn!(job = %row.kind, %cause, "a job failed and will be tried again");
        }
        jobs::finish(&kit.db, &row, outcome, kit.now()).await?;
    }
    Ok(())
}
