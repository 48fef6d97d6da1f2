//! Files of log records, uploaded on the page of a source.

use khien_base::Result;
use khien_web::{Ctx, Reply};

use super::{one, reached};
use crate::intake::feed;
use crate::sources::desk::Desk;
use crate::sources::views::Uploaded;
use crate::sources::{WRITE, jobs, rules, store};

/// Bytes of an uploaded file with its form around it.
pub(in crate::sources) const LIMIT: usize = feed::EVTX_BYTES + (1 << 20);

/// `POST /sources/{id}/upload`: EVTX, JSON lines or text logs, told from the file's first bytes.
pub(in crate::sources) async fn upload(mut ctx: Ctx) -> Result<Reply> {
    let source = reached(&ctx, WRITE).await?;
    rules::may_send(&source.status)?;
    let desk = ctx.kit.part::<Desk>()?;
    let _seat = desk.files.acquire().await.map_err(khien_base::Fault::internal)?;
    let file = ctx.upload().await?;
    let intake = std::sync::Arc::clone(ctx.kit.intake()?);
    let work = feed::Work { desk: &desk, intake: &*intake, whose: source.whose(), now: ctx.now };
    let outcome = feed::file(&work, file.bytes, khien_normalise::Format::Auto).await?;
    let tx = ctx.kit.db.begin().await?;
    let detail = serde_json::json!({"file": file.name, "accepted": outcome.accepted, "failed": outcome.failed_total});
    tx.commit(ctx.entry("sources.upload", "source", source.id, Some(source.unit), detail)?).await?;
    jobs::flush_now(&ctx.kit).await?;
    let failed = outcome.failed.iter().take(20).map(|failed| ctx.kit.texts.fault(ctx.lang, &failed.fault));
    let uploaded = Uploaded {
        name: file.name,
        accepted: outcome.accepted,
        failed_total: outcome.failed_total,
        failed: failed.collect(),
    };
    let source = store::get(ctx.kit.db.read(), source.id).await?;
    let view = one(&ctx, source, String::new(), Some(uploaded)).await?;
    ctx.page(&view)
}
