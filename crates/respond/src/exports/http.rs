//! Handlers of files of events.

use std::sync::Arc;

use khien_base::filter;
use khien_base::{Fault, Kind, Result};
use khien_web::{Ctx, Reply};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::model::{DONE, FAILED, GONE, Model, RUNNING, STOPPED};
use super::shelf::{ALL_BYTES, FILE_BYTES, Format, Shelf};
use super::views::{List, New, One, Row};
use super::work::{self, LOST, Whose};
use super::{jobs, store};
use crate::search::asked::{Asked, local};
use crate::search::sight::Sight;
use crate::search::{PERSONAL, READ};

/// Files of one person that are being written.
const AT_ONCE: u64 = 2;

/// What is to be taken away.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Order {
    /// What the bar says.
    q: String,
    /// `15m`, `1h`, `24h`, `7d`, `30d`; or from and to.
    range: String,
    /// Vietnam's time.
    from: String,
    /// Vietnam's time.
    to: String,
    /// Only this log source.
    source: String,
    /// Only this information system.
    system: String,
    /// `csv`, `ndjson`, `parquet`
    format: String,
    /// `true`: personal data plainly.
    personal: String,
}

impl Order {
    fn asked(&self) -> Asked {
        Asked {
            q: self.q.clone(),
            range: self.range.clone(),
            from: self.from.clone(),
            to: self.to.clone(),
            source: self.source.clone(),
            system: self.system.clone(),
            ..Asked::default()
        }
    }
}

/// `GET /exports`
pub(super) async fn list(ctx: Ctx) -> Result<Reply> {
    let rows = store::list(&ctx.kit.db, ctx.actor()?.id).await?;
    ctx.page(&List { rows: rows.iter().map(|file| row(&ctx, file)).collect() })
}

fn row(ctx: &Ctx, file: &Model) -> Row {
    // A file that gives no sign of life ended with the program that made it.
    let lost = file.state == RUNNING && ctx.now - file.seen_at > LOST;
    let over = file.state == DONE && ctx.now - file.at > jobs::KEPT;
    let state = match (lost, over) {
        (true, _) => FAILED,
        (_, true) => GONE,
        _ => file.state.as_str(),
    };
    Row {
        id: file.id,
        q: file.q.clone(),
        from: file.from_at,
        to: file.to_at,
        format: file.format.clone(),
        personal: file.personal,
        state: state.to_owned(),
        rows: file.rows,
        total: file.total,
        bytes: file.bytes,
        at: file.at,
    }
}

/// `GET /exports/new` with what the search page asks.
pub(super) async fn new_page(ctx: Ctx) -> Result<Reply> {
    let asked: Asked = ctx.query()?;
    let found = filter::read(&asked.q)?;
    let span = asked.span(ctx.now)?;
    let search = asked.search(found, &span, ctx.reach(READ));
    let total = ctx.kit.events()?.search(search).await?.total;
    ctx.page(&New {
        q: asked.q,
        from: local(span.from),
        to: local(span.to),
        source: asked.source,
        system: asked.system,
        total,
        may_plain: ctx.actor()?.may(PERSONAL),
        hours: jobs::KEPT.num_hours(),
        mebibytes: FILE_BYTES / 1024 / 1024,
    })
}

/// `POST /exports`
pub(super) async fn begin(mut ctx: Ctx) -> Result<Reply> {
    let form: Order = ctx.form().await?;
    let asked = form.asked();
    filter::read(&asked.q)?;
    let span = asked.span(ctx.now)?;
    let format = Format::of(&form.format).ok_or_else(|| Fault::invalid("exports.format").on("format"))?;
    let actor = ctx.actor()?;
    let personal = form.personal == "true";
    if personal && !actor.may(PERSONAL) {
        return Err(Fault::forbidden("web.forbidden").with("permission", PERSONAL));
    }
    if store::running(&ctx.kit.db, actor.id).await? >= AT_ONCE {
        return Err(Fault::new(Kind::TooMany, "exports.at-once").with("limit", AT_ONCE));
    }
    let shelf = ctx.kit.part::<Shelf>()?;
    let used = tokio::task::spawn_blocking(move || shelf.used()).await.map_err(Fault::internal)?;
    if used >= ALL_BYTES {
        return Err(Fault::new(Kind::TooMany, "exports.full").with("limit", ALL_BYTES / 1024 / 1024 / 1024));
    }
    let file = Model {
        id: ctx.kit.id(),
        by: actor.id,
        by_name: actor.name.clone(),
        q: asked.q.clone(),
        from_at: span.from,
        to_at: span.to,
        source: asked.source.parse().ok(),
        system: asked.system.parse().ok(),
        format: format.name().to_owned(),
        personal,
        state: RUNNING.to_owned(),
        fault: None,
        total: 0,
        rows: 0,
        bytes: 0,
        at: ctx.now,
        seen_at: ctx.now,
    };
    let detail = json!({
        "q": file.q, "from": span.from, "to": span.to, "source": file.source, "system": file.system,
        "format": file.format, "personal": personal,
    });
    let tx = ctx.kit.db.begin().await?;
    store::insert(tx.conn(), file.clone()).await?;
    tx.commit(ctx.entry("exports.begin", "event_file", file.id, Some(actor.unit), detail)?).await?;
    let sight = Sight::of(&ctx, personal);
    let (id, whose) = (file.id, Whose { reach: ctx.reach(READ), sight });
    tokio::spawn(work::run(Arc::clone(&ctx.kit), file, whose));
    Ok(Reply::to(format!("/exports/{id}")))
}

async fn own(ctx: &Ctx) -> Result<Model> {
    store::get(&ctx.kit.db, ctx.id("id")?, ctx.actor()?.id).await
}

/// `GET /exports/{id}`
pub(super) async fn one(ctx: Ctx) -> Result<Reply> {
    let file = own(&ctx).await?;
    let fault = file.fault.clone().map(|code| Fault::invalid(code).with("limit", FILE_BYTES / 1024 / 1024));
    let fault = fault.map(|fault| ctx.kit.texts.fault(ctx.lang, &fault)).unwrap_or_default();
    ctx.page(&One { row: row(&ctx, &file), fault, hours: jobs::KEPT.num_hours() })
}

/// `GET /exports/{id}/file`: fetching is written down.
pub(super) async fn fetch(ctx: Ctx) -> Result<Reply> {
    let file = own(&ctx).await?;
    let gone = || Fault::not_found("exports.gone");
    let format = Format::of(&file.format).filter(|_| row(&ctx, &file).state == DONE).ok_or_else(gone)?;
    let path = ctx.kit.part::<Shelf>()?.path(file.id, format);
    let opened = tokio::fs::File::open(path).await.map_err(|_| gone())?;
    let detail = json!({"rows": file.rows, "bytes": file.bytes, "format": file.format, "personal": file.personal});
    let actor = ctx.actor()?;
    let tx = ctx.kit.db.begin().await?;
    tx.commit(ctx.entry("exports.fetch", "event_file", file.id, Some(actor.unit), detail)?).await?;
    let name = format!("su-kien-{}.{}", file.at.format("%Y%m%d-%H%M"), format.name());
    Reply::download(opened, name, format.mime()).await
}

/// `POST /exports/{id}/stop`
pub(super) async fn stop(ctx: Ctx) -> Result<Reply> {
    turn(ctx, RUNNING, STOPPED, "exports.stop").await
}

/// `POST /exports/{id}/discard`
pub(super) async fn discard(ctx: Ctx) -> Result<Reply> {
    turn(ctx, DONE, GONE, "exports.discard").await
}

async fn turn(ctx: Ctx, from: &str, to: &'static str, did: &'static str) -> Result<Reply> {
    let file = own(&ctx).await?;
    let tx = ctx.kit.db.begin().await?;
    if !store::turn(tx.conn(), file.id, from, to).await? {
        tx.abandon().await?;
        return Ok(Reply::to(format!("/exports/{}", file.id)));
    }
    let unit = ctx.actor()?.unit;
    tx.commit(ctx.entry(did, "event_file", file.id, Some(unit), json!({"rows": file.rows}))?).await?;
    if to == GONE
        && let Some(format) = Format::of(&file.format)
    {
        let (shelf, id) = (ctx.kit.part::<Shelf>()?, file.id);
        tokio::task::spawn_blocking(move || shelf.remove(id, format)).await.map_err(Fault::internal)??;
    }
    Ok(Reply::to("/exports"))
}
