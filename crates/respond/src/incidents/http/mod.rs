//! Routes of incidents.

pub(super) mod list;
pub(super) mod record;
pub(super) mod reports;
pub(super) mod sheet;
pub(super) mod work;

use std::sync::Arc;

use khien_base::{Fault, Id, Reach, Result};
use khien_directory::Tree;
use khien_web::texts::Lang;
use khien_web::{Ctx, Kit, Live};

use super::model::{Act, Model};
use super::regime::Named;
use super::store::{self, Sight};
use super::views::Choice;
use super::{READ, TASK, WRITE};

/// How far the actor sees.
fn sight(ctx: &Ctx) -> Sight {
    Sight { read: ctx.reach(READ), task: ctx.reach(TASK) }
}

/// The incident of the path, for who may change it.
async fn to_write(ctx: &Ctx) -> Result<Model> {
    let incident = store::get(ctx.kit.db.read(), ctx.id("id")?).await?;
    if store::owns(&ctx.reach(WRITE), &incident) { Ok(incident) } else { Err(lost()) }
}

/// The incident of the path, for who may see all of it.
async fn to_read(ctx: &Ctx) -> Result<Model> {
    let incident = store::get(ctx.kit.db.read(), ctx.id("id")?).await?;
    if store::owns(&ctx.reach(READ), &incident) { Ok(incident) } else { Err(lost()) }
}

fn lost() -> Fault {
    Fault::not_found("web.not-found")
}

/// What the actor does now.
fn act(ctx: &Ctx) -> Result<Act<'_>> {
    let actor = ctx.actor()?;
    Ok(Act::of(&ctx.kit.ids, ctx.now, actor.id, actor.name.clone()))
}

/// Tells open pages.
fn tell(ctx: &Ctx, unit: Id) {
    ctx.kit.bus.tell(Live { topic: "incidents", permission: READ, unit: Some(unit) });
}

async fn tree(ctx: &Ctx) -> Result<Arc<Tree>> {
    khien_directory::gate::of(&ctx.kit)?.tree(ctx.now).await
}

/// Units within reach, from the top down.
fn units(tree: &Tree, reach: &Reach) -> Vec<Choice> {
    let within = tree.walk().into_iter().filter(|(node, _)| reach.covers(node.id));
    within.map(|(node, _)| Choice::new(node.id, node.name.clone())).collect()
}

/// An identity of a form's field; nothing chosen is none.
fn id_of(field: &'static str, typed: &str) -> Result<Option<Id>> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    typed.parse().map(Some).map_err(|_| Fault::invalid("incidents.no-such-choice").on(field))
}

/// The word of two that the reader understands.
fn pick<'a>(lang: Lang, vi: &'a str, en: &'a str) -> &'a str {
    match lang {
        Lang::Vi => vi,
        Lang::En => en,
    }
}

/// An alert in one line, in a language: its title, and the host that it was found on where the title does not name it.
fn alert_line(kit: &Kit, lang: Lang, alert: &crate::alerts::model::Model) -> String {
    let title = crate::alerts::title(kit, lang, alert);
    if alert.host.is_empty() || title.contains(&alert.host) { title } else { format!("{title} ({})", alert.host) }
}

/// "N1 – Mã độc"
fn label(lang: Lang, named: &Named) -> String {
    format!("{} – {}", named.id, pick(lang, &named.name_vi, &named.name_en))
}
