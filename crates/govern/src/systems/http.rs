//! Routes of the register.

use std::collections::HashSet;

use chrono::NaiveDate;
use khien_base::clock::day_in_vietnam;
use khien_base::ports::Sheet;
use khien_base::{Fault, Id, Result};
use khien_db::audit;
use khien_directory::Tree;
use khien_directory::gate;
use khien_web::list::{self, FILE_ROWS};
use khien_web::{Ctx, Pager, Paging, Reply};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::model::{Model, System};
use super::store::{self, Filter};
use super::views::{Change, Choice, Detail, Edit, Line, List};
use super::{APPROVE, READ, WRITE, rules};

#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    owner: String,
    #[serde(default)]
    level: String,
    #[serde(default)]
    level_state: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    connected: String,
}

/// `GET /systems`
pub(super) async fn list(ctx: Ctx) -> Result<Reply> {
    let asked: Asked = ctx.query()?;
    let (reach, tree) = (ctx.reach(READ), gate::of(&ctx.kit)?.tree(ctx.now).await?);
    let live = ctx.kit.watch()?.connected(ctx.now).await?;
    let filter = Filter {
        text: asked.q.clone(),
        owner: asked.owner.parse().ok(),
        level: asked.level.parse().ok(),
        level_state: asked.level_state.clone(),
        state: asked.state.clone(),
        connected: match asked.connected.as_str() {
            "yes" => Some((true, live.clone())),
            "no" => Some((false, live.clone())),
            _ => None,
        },
    };
    let as_file = list::wants_file(&ctx);
    let paging = if as_file { Paging { page: 1, size: FILE_ROWS } } else { Paging::of(&ctx) };
    let (rows, total) = store::list(&ctx.kit.db, &reach, &filter, paging).await?;
    let systems: Vec<Line> = rows.into_iter().map(|row| line(row, &tree, &live)).collect();
    if as_file {
        return list::file(&ctx, "he-thong-thong-tin", &sheet(&ctx, systems));
    }
    let filtered = [&asked.q, &asked.owner, &asked.level, &asked.level_state, &asked.state, &asked.connected]
        .into_iter()
        .any(|value| !value.is_empty());
    ctx.page(&List {
        systems,
        pager: Pager::new(&ctx, paging, total),
        base: list::base(&ctx, &["format", "page"]),
        q: asked.q,
        owner: asked.owner,
        level: asked.level,
        level_state: asked.level_state,
        state: asked.state,
        connected: asked.connected,
        owners: choices(&ctx, &tree, READ),
        filtered,
        may_write: ctx.actor()?.may(WRITE),
    })
}

fn line(row: Model, tree: &Tree, live: &HashSet<Id>) -> Line {
    Line {
        connected: live.contains(&row.id),
        id: row.id,
        owner: tree.name(row.owner).to_owned(),
        operator: tree.name(row.operator).to_owned(),
        name: row.name,
        level: row.level,
        level_state: row.level_state,
        state: row.state,
    }
}

fn sheet(ctx: &Ctx, systems: Vec<Line>) -> Sheet {
    let columns = ["name", "owner", "operator", "level", "level-state", "state", "connected"];
    Sheet {
        title: ctx.say("systems.title"),
        columns: columns.iter().map(|column| ctx.say(&format!("systems.{column}"))).collect(),
        rows: systems
            .into_iter()
            .map(|line| {
                vec![
                    line.name,
                    line.owner,
                    line.operator,
                    line.level.map(|level| level.to_string()).unwrap_or_default(),
                    ctx.say(&format!("systems.level-state.{}", line.level_state)),
                    ctx.say(&format!("systems.state.{}", line.state)),
                    ctx.say(if line.connected { "systems.connected.yes" } else { "systems.connected.no" }),
                ]
            })
            .collect(),
    }
}

/// Units within the reach of a permission, from the top down.
fn choices(ctx: &Ctx, tree: &Tree, permission: &str) -> Vec<Choice> {
    let reach = ctx.reach(permission);
    tree.walk()
        .into_iter()
        .filter(|(node, _)| reach.covers(node.id))
        .map(|(node, _)| Choice { value: node.id.to_string(), label: node.name.clone() })
        .collect()
}

/// Any unit may run a system for another.
fn operators(tree: &Tree) -> Vec<Choice> {
    let all = tree.walk().into_iter();
    all.map(|(node, _)| Choice { value: node.id.to_string(), label: node.name.clone() }).collect()
}

/// `GET /systems/new`
pub(super) async fn new(ctx: Ctx) -> Result<Reply> {
    let tree = gate::of(&ctx.kit)?.tree(ctx.now).await?;
    let unit = ctx.actor()?.unit.to_string();
    ctx.page(&Edit {
        owner: unit.clone(),
        operator: unit,
        state: "running".into(),
        level_state: "none".into(),
        owners: choices(&ctx, &tree, WRITE),
        operators: operators(&tree),
        ..Edit::default()
    })
}

/// What the form sends.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Fields {
    #[serde(default)]
    version: String,
    name: String,
    owner: Id,
    operator: Id,
    #[serde(default)]
    purpose: String,
    #[serde(default)]
    hosting: String,
    #[serde(default)]
    network: String,
    #[serde(default)]
    addresses: String,
    #[serde(default)]
    domains: String,
    #[serde(default)]
    level: String,
    #[serde(default)]
    level_state: String,
    #[serde(default)]
    state: String,
}

impl Fields {
    fn system(&self) -> Result<System> {
        let lines = |text: &str| -> Vec<String> {
            text.split(['\n', ',', ';', ' '])
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect()
        };
        let level = if self.level.is_empty() {
            None
        } else {
            Some(self.level.parse().map_err(|_| Fault::invalid("systems.level").on("level"))?)
        };
        rules::check(System {
            name: self.name.clone(),
            owner: self.owner,
            operator: self.operator,
            purpose: self.purpose.trim().to_owned(),
            hosting: self.hosting.trim().to_owned(),
            network: self.network.clone(),
            addresses: lines(&self.addresses),
            domains: lines(&self.domains),
            level,
            level_state: if self.level_state.is_empty() { "none".into() } else { self.level_state.clone() },
            regime: rules::REGIME.to_owned(),
            state: if self.state.is_empty() { "running".into() } else { self.state.clone() },
        })
    }
}

/// `POST /systems`
pub(super) async fn create(mut ctx: Ctx) -> Result<Reply> {
    let form: Fields = ctx.form().await?;
    let system = form.system()?;
    ctx.actor()?.over(WRITE, system.owner)?;
    let (id, owner, name) = (ctx.kit.id(), system.owner, system.name.clone());
    let tx = ctx.kit.db.begin().await?;
    let detail = json!({"name": name, "level": system.level, "level_state": system.level_state});
    store::insert(tx.conn(), id, system, ctx.now).await?;
    tx.commit(ctx.entry("systems.create", "system", id, Some(owner), detail)?).await?;
    Ok(Reply::to(format!("/systems/{id}")))
}

/// `GET /systems/{id}`
pub(super) async fn show(ctx: Ctx) -> Result<Reply> {
    let system = store::get(&ctx.kit.db, ctx.id("id")?).await?;
    let actor = ctx.actor()?;
    actor.over(READ, system.owner)?;
    let tree = gate::of(&ctx.kit)?.tree(ctx.now).await?;
    let live = ctx.kit.watch()?.connected(ctx.now).await?;
    let history = audit::history(ctx.kit.db.read(), system.id, 50).await?;
    let in_use = system.state != "ended";
    ctx.page(&Detail {
        purpose: system.purpose.clone(),
        hosting: system.hosting.clone(),
        network: system.network.clone(),
        addresses: strings(&system.addresses),
        domains: strings(&system.domains),
        decision: system.decision.clone(),
        decided_on: system.decided_on,
        today: day_in_vietnam(ctx.now),
        history: history
            .into_iter()
            .map(|row| Change { at: row.at, who: row.actor_name, action: row.action })
            .collect(),
        may_write: in_use && actor.over(WRITE, system.owner).is_ok(),
        may_search: actor.may("events:read"),
        may_approve: in_use
            && actor.over(APPROVE, system.owner).is_ok()
            && matches!(system.level_state.as_str(), "draft" | "appraising"),
        line: line(system, &tree, &live),
    })
}

fn strings(value: &serde_json::Value) -> Vec<String> {
    let items = value.as_array().map_or(&[][..], Vec::as_slice);
    items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

/// `GET /systems/{id}/edit`
pub(super) async fn edit(ctx: Ctx) -> Result<Reply> {
    let system = store::get(&ctx.kit.db, ctx.id("id")?).await?;
    ctx.actor()?.over(WRITE, system.owner)?;
    let tree = gate::of(&ctx.kit)?.tree(ctx.now).await?;
    ctx.page(&Edit {
        id: Some(system.id),
        version: system.updated_at.to_rfc3339(),
        owner: system.owner.to_string(),
        operator: system.operator.to_string(),
        addresses: strings(&system.addresses).join("\n"),
        domains: strings(&system.domains).join("\n"),
        level: system.level.map(|level| level.to_string()).unwrap_or_default(),
        name: system.name,
        purpose: system.purpose,
        hosting: system.hosting,
        network: system.network,
        level_state: if system.level_state == "approved" { "draft".into() } else { system.level_state },
        state: system.state,
        owners: choices(&ctx, &tree, WRITE),
        operators: operators(&tree),
    })
}

/// `POST /systems/{id}`
pub(super) async fn update(mut ctx: Ctx) -> Result<Reply> {
    let form: Fields = ctx.form().await?;
    let before = store::get(&ctx.kit.db, ctx.id("id")?).await?;
    let actor = ctx.actor()?;
    actor.over(WRITE, before.owner)?;
    if !form.version.is_empty() && form.version != before.updated_at.to_rfc3339() {
        return Err(Fault::conflict("systems.changed"));
    }
    let mut after = form.system()?;
    actor.over(WRITE, after.owner)?;
    after.level_state = rules::level_state(&before, after.level, &after.level_state);
    let detail = json!({
        "name": [before.name, after.name], "owner": [before.owner, after.owner],
        "level": [before.level, after.level], "level_state": [before.level_state, after.level_state],
        "state": [before.state, after.state],
    });
    let (id, owner) = (before.id, after.owner);
    let tx = ctx.kit.db.begin().await?;
    store::update(tx.conn(), before, after, ctx.now).await?;
    tx.commit(ctx.entry("systems.update", "system", id, Some(owner), detail)?).await?;
    Ok(Reply::to(format!("/systems/{id}")))
}

/// The decision that approves a level.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Decision {
    /// Number ("19/QĐ-UBND").
    decision: String,
    /// Its day.
    decided_on: NaiveDate,
}

/// `POST /systems/{id}/approve`
pub(super) async fn approve(mut ctx: Ctx) -> Result<Reply> {
    let form: Decision = ctx.form().await?;
    let system = store::get(&ctx.kit.db, ctx.id("id")?).await?;
    let actor = ctx.actor()?;
    actor.over(APPROVE, system.owner)?;
    let history = audit::history(ctx.kit.db.read(), system.id, 50).await?;
    let proposed_by = history.iter().find(|row| row.action != "systems.approve").and_then(|row| row.actor);
    let today = day_in_vietnam(ctx.now);
    rules::approve(&system, proposed_by, actor.id, &form.decision, form.decided_on, today)?;
    let (id, owner) = (system.id, system.owner);
    let detail = json!({"level": system.level, "decision": form.decision, "decided_on": form.decided_on});
    let tx = ctx.kit.db.begin().await?;
    store::approve(tx.conn(), system, &form.decision, form.decided_on, ctx.now).await?;
    tx.commit(ctx.entry("systems.approve", "system", id, Some(owner), detail)?).await?;
    Ok(Reply::to(format!("/systems/{id}")))
}

/// `POST /systems/{id}/end`
pub(super) async fn end(ctx: Ctx) -> Result<Reply> {
    let system = store::get(&ctx.kit.db, ctx.id("id")?).await?;
    ctx.actor()?.over(WRITE, system.owner)?;
    let (id, owner) = (system.id, system.owner);
    let tx = ctx.kit.db.begin().await?;
    store::end(tx.conn(), system, ctx.now).await?;
    tx.commit(ctx.entry("systems.end", "system", id, Some(owner), json!({}))?).await?;
    Ok(Reply::to("/systems"))
}
