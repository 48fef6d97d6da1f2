//! Background work of files of events.

use chrono::TimeDelta;
use futures::future::BoxFuture;
use khien_base::{Fault, Id, Result};
use khien_web::{Job, Kit};
use serde_json::Value;

use super::model::{DONE, GONE};
use super::shelf::{Format, Shelf};
use super::{store, work};

/// How long a file lies on the shelf.
pub const KEPT: TimeDelta = TimeDelta::days(1);
/// How long its row is shown after that.
const REMEMBERED: TimeDelta = TimeDelta::days(30);

/// The jobs of the card.
pub(super) const JOBS: &[Job] = &[Job { kind: "exports.clear", every_seconds: Some(600), run: clear }];

/// Takes old files off the shelf, and those that nobody knows of.
fn clear<'a>(kit: &'a Kit, _: &'a Value) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let (now, shelf) = (kit.now(), kit.part::<Shelf>()?);
        // What lies there is listed before the rows are: a file that comes meanwhile has a row.
        let lying = shelf.found();
        let tx = kit.db.begin().await?;
        store::lose(tx.conn(), now - work::LOST).await?;
        store::forget(tx.conn(), now - REMEMBERED).await?;
        tx.commit_machine().await?;
        let mut kept: Vec<Id> = Vec::new();
        for file in store::held(&kit.db).await? {
            let Some(format) = Format::of(&file.format).filter(|_| file.state == DONE && now - file.at > KEPT) else {
                kept.push(file.id);
                continue;
            };
            let (shelf, id) = (shelf.clone(), file.id);
            tokio::task::spawn_blocking(move || shelf.remove(id, format)).await.map_err(Fault::internal)??;
            let tx = kit.db.begin().await?;
            store::turn(tx.conn(), file.id, DONE, GONE).await?;
            tx.commit_machine().await?;
        }
        for (id, format) in lying.into_iter().filter(|(id, _)| !kept.contains(id)) {
            let shelf = shelf.clone();
            tokio::task::spawn_blocking(move || shelf.remove(id, format)).await.map_err(Fault::internal)??;
        }
        Ok(())
    })
}
