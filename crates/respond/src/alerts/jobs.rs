//! Background work of alerts.

use futures::future::BoxFuture;
use khien_base::clock::vn_time;
use khien_base::{Fault, Result};
use khien_detect::Level;
use khien_web::{Job, Kit};
use serde_json::{Value, json};

use super::{model, rules, store};
use crate::finding::{SILENT_JOB, Silence};

/// The jobs of the card.
pub(super) const JOBS: &[Job] = &[
    Job { kind: SILENT_JOB, every_seconds: None, run: silent },
    Job { kind: "alerts.forget", every_seconds: Some(24 * 3600), run: forget },
];

/// A log source fell silent: an alert of its unit.
fn silent<'a>(kit: &'a Kit, payload: &'a Value) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let silence: Silence = serde_json::from_value(payload.clone()).map_err(Fault::internal)?;
        let title = format!("Nguồn nhật ký “{}” không gửi dữ liệu từ {}", silence.name, vn_time(silence.since));
        let raised = store::Raised {
            kind: model::SILENT,
            title,
            level: Level::Medium,
            unit: silence.unit,
            system: Some(silence.system),
            host: silence.name.clone(),
            detail: json!({"source": silence.source, "since": silence.since, "after_minutes": silence.after_minutes}),
        };
        if store::raise(&kit.db, &kit.ids, kit.now(), raised).await? {
            store::tell(&kit.bus, [silence.unit]);
        }
        Ok(())
    })
}

fn forget<'a>(kit: &'a Kit, _: &'a Value) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let tx = kit.db.begin().await?;
        store::forget(tx.conn(), kit.now() - rules::REMEMBERED).await?;
        tx.commit_machine().await
    })
}
