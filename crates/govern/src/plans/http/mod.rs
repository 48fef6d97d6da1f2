//! Routes of plans.

pub(super) mod agencies;
pub(super) mod board;
pub(super) mod edit;
pub(super) mod flow;
pub(super) mod list;
pub(super) mod obligations;
pub(super) mod parse;
pub(super) mod plan;
pub(super) mod review;
pub(super) mod targets;
pub(super) mod task;

use std::collections::HashMap;
use std::sync::Arc;

use khien_base::{Id, Result};
use khien_directory::Tree;
use khien_web::Ctx;

use super::model::{State, plan as model};
use super::store::plans::{self, Line, Sight};
use super::take_in::Who;
use super::views::Choice;

/// What who asks may see of plans.
pub(super) fn sight(ctx: &Ctx) -> Sight {
    Sight { read: ctx.reach("plans:read"), write: ctx.reach("plans:write") }
}

/// The units of today.
pub(super) async fn tree(ctx: &Ctx) -> Result<Arc<Tree>> {
    khien_directory::gate::of(&ctx.kit)?.tree(ctx.now).await
}

/// Who asks.
pub(super) fn who(ctx: &Ctx) -> Result<Who> {
    let actor = ctx.actor()?;
    Ok(Who { id: Some(actor.id), name: actor.name.clone() })
}

/// A plan that who asks may change.
pub(super) async fn own(ctx: &Ctx, permission: &str) -> Result<model::Model> {
    let plan = plans::get(ctx.kit.db.read(), ctx.id("id")?).await?;
    ctx.actor()?.over(permission, plan.unit)?;
    Ok(plan)
}

/// How a plan is called in a line: its number where it has one, else its title.
pub(super) fn called(number: &str, title: &str) -> String {
    let number = number.trim();
    if number.is_empty() || number.starts_with('/') { title.to_owned() } else { number.to_owned() }
}

/// Live plans that who asks sees, for filters.
pub(super) async fn plan_choice(ctx: &Ctx) -> Result<Vec<Choice>> {
    let lines = plans::choice(&ctx.kit.db, &sight(ctx)).await?;
    Ok(lines.iter().map(|line| Choice { value: line.id.to_string(), label: long(line) }).collect())
}

/// Number and title.
pub(super) fn long(line: &Line) -> String {
    let number = line.number.trim();
    if number.is_empty() || number.starts_with('/') {
        line.title.clone()
    } else {
        format!("{number} – {}", line.title)
    }
}

/// Plans by identity, for lines that name them.
pub(super) async fn plan_names(ctx: &Ctx, ids: impl IntoIterator<Item = Id>) -> Result<HashMap<Id, Line>> {
    let mut ids: Vec<Id> = ids.into_iter().collect();
    ids.sort_unstable();
    ids.dedup();
    Ok(plans::some(&ctx.kit.db, ids).await?.into_iter().map(|line| (line.id, line)).collect())
}

/// Units within the reach of who asks, for filters.
pub(super) fn unit_choice(ctx: &Ctx, tree: &Tree) -> Vec<Choice> {
    let reach = ctx.reach("plans:read");
    tree.walk()
        .into_iter()
        .filter(|(node, _)| reach.covers(node.id))
        .map(|(node, _)| Choice { value: node.id.to_string(), label: node.name.clone() })
        .collect()
}

/// The state of a plan.
pub(super) fn state(plan: &model::Model) -> State {
    State::of(&plan.state)
}
