//! Handlers of own parsers.

use khien_base::{Fault, Id, Reach, Result};
use khien_normalise::Sheet;
use khien_web::{Ctx, Reply};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::model::{Model, version};
use super::views::{Edit, List, One, Row, Shipped, Text, Tried, VersionRow};
use super::{READ, WRITE, in_force, rules, store, trial};

/// What a new file starts with.
const START: &str = "- name: ten-bo-doc\n  # Tên chương trình trong syslog; với dòng không có tên chương trình, ghi: bare: true\n  programs: [ten-chuong-trinh]\n  log: {product: ten-san-pham, service: ten-dich-vu}\n  patterns:\n    - name: dang-nhap\n      regex: '^user (?<user>\\S+) from (?<ip>\\S+)'\n      hot: {class: 3002, severity: 1, columns: {user: user, src_ip: ip}}\n  samples:\n    - line: '<13>Jun 10 08:00:00 may1 ten-chuong-trinh: user lan from 10.0.0.9'\n      pattern: dang-nhap\n      hot: {user: lan, src_ip: 10.0.0.9}\n";
/// Bytes of a text.
const MOST: usize = 64 << 10;

/// A text as it is written.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Written {
    /// The file that is changed; empty for a new one.
    id: String,
    /// The version that the writer saw.
    number: i32,
    /// The text.
    yaml: String,
    /// Lines to try it on.
    lines: String,
    /// What is said of the change.
    note: String,
}

/// A switch.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Switched {
    /// `on`, `off`
    to: String,
}

/// Own parsers are the centre's.
fn whole_centre(ctx: &Ctx, permission: &str) -> Result<()> {
    if ctx.reach(permission) == Reach::All { Ok(()) } else { Err(Fault::forbidden("parsers.whole-centre")) }
}

/// A text as it is kept: forms send line ends in their own way.
fn plain(text: &str) -> String {
    text.replace("\r\n", "\n")
}

fn row(ctx: &Ctx, file: &Model) -> Row {
    let fault = Sheet::read(&file.yaml).err().map(|fault| ctx.kit.texts.fault(ctx.lang, &fault));
    Row {
        id: file.id,
        name: file.name.clone(),
        on: file.enabled,
        number: file.number,
        changed_at: file.changed_at,
        changed_by: file.changed_by.clone(),
        fault: fault.unwrap_or_default(),
    }
}

/// `GET /parsers`
pub(super) async fn list(ctx: Ctx) -> Result<Reply> {
    whole_centre(&ctx, READ)?;
    let rows = store::all(&ctx.kit.db).await?.iter().map(|file| row(&ctx, file)).collect();
    let shipped = khien_normalise::shipped().map(|(file, text)| {
        let sheet = Sheet::shipped(text);
        let parsers = sheet.as_ref().map(|sheet| sheet.names().map(str::to_owned).collect()).unwrap_or_default();
        Shipped { file: file.to_owned(), parsers, samples: sheet.map_or(0, |sheet| sheet.samples()) }
    });
    ctx.page(&List { rows, shipped: shipped.collect(), may_write: ctx.actor()?.may(WRITE) })
}

fn shipped_text(file: &str) -> Result<&'static str> {
    let mut all = khien_normalise::shipped();
    all.find(|(name, _)| *name == file).map(|(_, text)| text).ok_or_else(|| Fault::not_found("parsers.not-found"))
}

/// `GET /parsers/shipped/{file}`
pub(super) async fn shipped(ctx: Ctx) -> Result<Reply> {
    whole_centre(&ctx, READ)?;
    let file = ctx.param("file")?.to_owned();
    let yaml = shipped_text(&file)?.to_owned();
    let like = format!("/parsers/new?like={file}");
    ctx.page(&Text { title: file, yaml, like, may_write: ctx.actor()?.may(WRITE), ..Text::default() })
}

/// `GET /parsers/new`, `?like=` a shipped file.
pub(super) async fn new_page(ctx: Ctx) -> Result<Reply> {
    whole_centre(&ctx, WRITE)?;
    let yaml = match ctx.query_value("like") {
        Some(file) => shipped_text(&file)?.to_owned(),
        None => START.to_owned(),
    };
    ctx.page(&Edit { yaml, most: MOST, ..Edit::default() })
}

/// `GET /parsers/{id}/edit`
pub(super) async fn edit_page(ctx: Ctx) -> Result<Reply> {
    whole_centre(&ctx, WRITE)?;
    let file = store::get(&ctx.kit.db, ctx.id("id")?).await?;
    let Model { id, name, number, yaml, .. } = file;
    ctx.page(&Edit { id: id.to_string(), name, number, yaml, most: MOST, ..Edit::default() })
}

/// `POST /parsers/try`: what a text makes of pasted lines and of its samples, while one types.
pub(super) async fn attempt(mut ctx: Ctx) -> Result<Reply> {
    whole_centre(&ctx, WRITE)?;
    let form: Written = ctx.form().await?;
    let now = ctx.now;
    let work = move || trial::attempt(&plain(&form.yaml), &plain(&form.lines), now);
    let tried = match tokio::task::spawn_blocking(work).await.map_err(Fault::internal)? {
        Ok(tried) => tried,
        Err(fault) => {
            let line = fault.args.iter().find(|(name, _)| name == "line").and_then(|(_, line)| line.parse().ok());
            Tried {
                fault: ctx.kit.texts.fault(ctx.lang, &fault),
                line: line.unwrap_or_default(),
                code: fault.code.into_owned(),
                ..Tried::default()
            }
        }
    };
    ctx.page(&tried)
}

fn kept(ctx: &Ctx, file: &Model, note: &str) -> Result<version::Model> {
    let actor = ctx.actor()?;
    Ok(version::Model {
        id: ctx.kit.id(),
        parser: file.id,
        number: file.number,
        yaml: file.yaml.clone(),
        sha256: hex::encode(Sha256::digest(&file.yaml)),
        note: note.trim().chars().take(rules::NOTE).collect(),
        author: Some(actor.id),
        author_name: actor.name.clone(),
        written_at: ctx.now,
    })
}

/// `POST /parsers`: keeps a text and puts it in force.
pub(super) async fn save(mut ctx: Ctx) -> Result<Reply> {
    whole_centre(&ctx, WRITE)?;
    let form: Written = ctx.form().await?;
    let before = match form.id.as_str() {
        "" => None,
        id => {
            let id: Id = id.parse().map_err(|_| Fault::not_found("parsers.not-found"))?;
            let before = store::get(&ctx.kit.db, id).await?;
            if before.number != form.number {
                return Err(Fault::conflict("parsers.changed"));
            }
            Some(before)
        }
    };
    let id = put(&ctx, before, plain(&form.yaml), &form.note).await?;
    Ok(Reply::to(format!("/parsers/{id}")))
}

/// Keeps a text as the next version of a file, or as the first of a new one.
async fn put(ctx: &Ctx, before: Option<Model>, yaml: String, note: &str) -> Result<Id> {
    let (now, text) = (ctx.now, yaml.clone());
    let name = tokio::task::spawn_blocking(move || rules::sound(&text, now)).await.map_err(Fault::internal)??;
    let who = ctx.actor()?.name.clone();
    let after = match &before {
        Some(before) => rules::rewritten(before, name, yaml, &who, ctx.now)?,
        None => Model { id: ctx.kit.id(), name, enabled: true, number: 1, yaml, changed_at: ctx.now, changed_by: who },
    };
    let kept = kept(ctx, &after, note)?;
    let detail = json!({"name": after.name, "version": after.number, "sha256": kept.sha256, "note": kept.note});
    let tx = ctx.kit.db.begin().await?;
    let action = match &before {
        Some(before) => {
            store::update(tx.conn(), before, after.clone()).await?;
            "parsers.change"
        }
        None => {
            store::add(tx.conn(), after.clone()).await?;
            "parsers.add"
        }
    };
    store::keep(tx.conn(), kept).await?;
    tx.commit(ctx.entry(action, "parser", after.id, None, detail)?).await?;
    in_force::after_change(&ctx.kit).await;
    Ok(after.id)
}

fn version_row(version: version::Model) -> VersionRow {
    VersionRow { number: version.number, who: version.author_name, at: version.written_at, note: version.note }
}

/// `GET /parsers/{id}`
pub(super) async fn show(ctx: Ctx) -> Result<Reply> {
    whole_centre(&ctx, READ)?;
    let file = store::get(&ctx.kit.db, ctx.id("id")?).await?;
    let versions = store::versions(&ctx.kit.db, file.id).await?;
    let sheet = Sheet::read(&file.yaml).ok();
    ctx.page(&One {
        row: row(&ctx, &file),
        names: sheet.as_ref().map(|sheet| sheet.names().map(str::to_owned).collect()).unwrap_or_default(),
        samples: sheet.map_or(0, |sheet| sheet.samples()),
        yaml: file.yaml,
        versions: versions.into_iter().map(version_row).collect(),
        may_write: ctx.actor()?.may(WRITE),
    })
}

async fn wanted(ctx: &Ctx) -> Result<(Model, version::Model)> {
    let file = store::get(&ctx.kit.db, ctx.id("id")?).await?;
    let number = ctx.param("number")?.parse().map_err(|_| Fault::not_found("parsers.not-found"))?;
    let version = store::version(&ctx.kit.db, file.id, number).await?;
    Ok((file, version))
}

/// `GET /parsers/{id}/versions/{number}`
pub(super) async fn version(ctx: Ctx) -> Result<Reply> {
    whole_centre(&ctx, READ)?;
    let (file, version) = wanted(&ctx).await?;
    ctx.page(&Text {
        title: file.name,
        yaml: version.yaml.clone(),
        version: Some(version_row(version)),
        back: format!("/parsers/{}", file.id),
        now_at: file.number,
        like: String::new(),
        may_write: ctx.actor()?.may(WRITE),
    })
}

/// `POST /parsers/{id}/versions/{number}/restore`: an earlier text becomes the next version.
pub(super) async fn restore(ctx: Ctx) -> Result<Reply> {
    whole_centre(&ctx, WRITE)?;
    let (file, version) = wanted(&ctx).await?;
    let note = format!("← {}", version.number);
    let id = put(&ctx, Some(file), version.yaml, &note).await?;
    Ok(Reply::to(format!("/parsers/{id}")))
}

/// `POST /parsers/{id}/switch`
pub(super) async fn switch(mut ctx: Ctx) -> Result<Reply> {
    whole_centre(&ctx, WRITE)?;
    let form: Switched = ctx.form().await?;
    let on = match form.to.as_str() {
        "on" => true,
        "off" => false,
        other => return Err(Fault::invalid("parsers.choice").on("to").with("given", other)),
    };
    let before = store::get(&ctx.kit.db, ctx.id("id")?).await?;
    if on {
        let (yaml, now) = (before.yaml.clone(), ctx.now);
        tokio::task::spawn_blocking(move || rules::sound(&yaml, now)).await.map_err(Fault::internal)??;
    }
    let after = rules::switched(&before, on, &ctx.actor()?.name, ctx.now)?;
    let (id, detail) = (after.id, json!({"name": after.name, "version": after.number}));
    let tx = ctx.kit.db.begin().await?;
    store::update(tx.conn(), &before, after).await?;
    let action = if on { "parsers.switch-on" } else { "parsers.switch-off" };
    tx.commit(ctx.entry(action, "parser", id, None, detail)?).await?;
    in_force::after_change(&ctx.kit).await;
    Ok(Reply::to(format!("/parsers/{id}")))
}
