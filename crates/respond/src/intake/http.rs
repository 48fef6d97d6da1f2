//! Records over HTTP.

use std::sync::Arc;

use khien_base::{Fault, Kind, Result};
use khien_normalise::Format;
use khien_web::{Ctx, Reply};
use schemars::JsonSchema;
use serde::Serialize;

use super::feed::{self, Outcome, Work};
use crate::sources::desk::{Desk, Known};

/// A record that could not be read.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct FailedLine {
    /// Its line from 1, where it has one.
    line: Option<u64>,
    /// `logs.json`
    code: String,
    /// A sentence.
    message: String,
}

/// The answer to a body.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Answer {
    /// Records that were taken: they survive a crash.
    accepted: u64,
    /// The first hundred records that could not be read.
    failed: Vec<FailedLine>,
    /// How many could not be read.
    failed_total: u64,
}

/// `POST /api/ingest/ndjson`: one JSON object per line, as it is or as gzip.
pub(super) async fn ndjson(mut ctx: Ctx) -> Result<Reply> {
    let (desk, known) = known(&ctx).await?;
    let gzip = match header(&ctx, "content-encoding").to_ascii_lowercase().as_str() {
        "" | "identity" => false,
        "gzip" | "x-gzip" => true,
        _ => return Err(Fault::invalid("intake.encoding")),
    };
    announced(&ctx, feed::BODY_BYTES)?;
    let intake = Arc::clone(ctx.kit.intake()?);
    let body = ctx.stream().into_data_stream();
    let work = Work { desk: &desk, intake: &*intake, whose: known.whose, now: ctx.now };
    let outcome = feed::lines(&work, body, gzip).await?;
    answer(&ctx, &outcome)
}

/// `POST /api/ingest/evtx`: a Windows event log file.
pub(super) async fn evtx(mut ctx: Ctx) -> Result<Reply> {
    let (desk, known) = known(&ctx).await?;
    announced(&ctx, feed::EVTX_BYTES)?;
    // Before the body is read: what waits holds no memory.
    let _seat = desk.files.acquire().await.map_err(Fault::internal)?;
    let bytes = ctx.bytes().await?;
    let intake = Arc::clone(ctx.kit.intake()?);
    let work = Work { desk: &desk, intake: &*intake, whose: known.whose, now: ctx.now };
    let outcome = feed::file(&work, bytes, Format::Evtx).await?;
    answer(&ctx, &outcome)
}

/// The source whose token the request carries. Who tries tokens is held up by address.
async fn known(ctx: &Ctx) -> Result<(Arc<Desk>, Known)> {
    let desk = ctx.kit.part::<Desk>()?;
    let token = ctx.bearer().unwrap_or_default();
    let found = desk.by_token(token, ctx.now).await;
    if found.as_ref().is_err_and(|fault| fault.kind == Kind::Unauthenticated) {
        ctx.kit.limits.request(&format!("ingest:{}", ctx.peer), ctx.now)?;
    }
    Ok((Arc::clone(&desk), found?))
}

fn header<'a>(ctx: &'a Ctx, name: &str) -> &'a str {
    ctx.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().trim()
}

/// Refuses a body that says at once that it is too large.
fn announced(ctx: &Ctx, limit: usize) -> Result<()> {
    match header(ctx, "content-length").parse::<usize>() {
        Ok(length) if length > limit => Err(Fault::invalid("web.too-large").with("limit", limit >> 10)),
        _ => Ok(()),
    }
}

fn answer(ctx: &Ctx, outcome: &Outcome) -> Result<Reply> {
    let failed = outcome.failed.iter().map(|failed| FailedLine {
        line: failed.line,
        code: failed.fault.code.clone().into_owned(),
        message: ctx.kit.texts.fault(ctx.lang, &failed.fault),
    });
    let answer = Answer { accepted: outcome.accepted, failed: failed.collect(), failed_total: outcome.failed_total };
    Ok(Reply::Json { status: 200, value: serde_json::to_value(&answer).map_err(Fault::internal)? })
}
