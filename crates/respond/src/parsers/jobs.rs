//! Background work of own parsers.

use futures::future::BoxFuture;
use khien_base::Result;
use khien_web::Kit;
use serde_json::Value;

use super::{in_force, store};

/// Recurring work: puts in force what another program on the same database changed, or what a change left undone.
pub(super) fn follow<'a>(kit: &'a Kit, _: &'a Value) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let parsers = in_force::of(kit)?;
        if store::mark(&kit.db).await? != parsers.mark() {
            parsers.load(&kit.db).await?;
        }
        Ok(())
    })
}
