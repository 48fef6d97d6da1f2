//! Routes of units.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use khien_base::clock::{day_in_vietnam, vn_date};
use khien_base::ports::Sheet;
use khien_base::{Fault, Id, Result};
use khien_db::audit;
use khien_web::list::{self, wants_file};
use khien_web::{Ctx, Paging, Reply};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::model::{KINDS, Model};
use super::outline::{Wanted, outline};
use super::rules::{self, Draft};
use super::store;
use super::views::{Choice, Edit, Happening, Holder, KindCount, List, Member, Named, Place, Unit};
use super::{READ, WRITE};
use crate::audit::did;
use crate::forms::day;
use crate::gate;
use crate::people::{self, store as people_store};
use crate::tree::Tree;

#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    day: String,
}

/// `GET /units`
pub(super) async fn list(ctx: Ctx) -> Result<Reply> {
    let asked: Asked = ctx.query()?;
    let today = day_in_vietnam(ctx.now);
    let day = day(&asked.day, "day", today)?;
    let (tree, units) = tree_of(&ctx, day).await?;
    let reach = ctx.reach(READ);
    let wanted = Wanted { reach: &reach, text: asked.q.trim(), kind: &asked.kind };
    if wants_file(&ctx) {
        return list::file(&ctx, "don-vi", &sheet(&ctx, &tree, &units, &wanted));
    }
    let within = || units.iter().filter(|unit| reach.covers(unit.id));
    let mut counts: BTreeMap<usize, (&str, u64)> = BTreeMap::new();
    for unit in within() {
        let place = KINDS.iter().position(|kind| *kind == unit.kind).unwrap_or(KINDS.len());
        counts.entry(place).or_insert((&unit.kind, 0)).1 += 1;
    }
    let people = people_store::counts(&ctx.kit.db, &ctx.reach(people::READ)).await?;
    ctx.page(&List {
        tree: outline(&tree, &units, &wanted, &people),
        counts: counts.into_values().map(|(kind, count)| KindCount { kind: kind.to_owned(), count }).collect(),
        total: u64::try_from(within().count()).unwrap_or(0),
        shown: u64::try_from(units.iter().filter(|unit| wanted.holds(unit)).count()).unwrap_or(0),
        filtered: wanted.narrowed() || day != today,
        q: asked.q.clone(),
        kind: asked.kind.clone(),
        day,
        other_day: day != today,
        base: list::base(&ctx, &["page", "format"]),
        may_write: ctx.actor()?.may(WRITE),
    })
}

async fn tree_of(ctx: &Ctx, day: NaiveDate) -> Result<(std::sync::Arc<Tree>, Vec<Model>)> {
    let now = gate::of(&ctx.kit)?.tree(ctx.now).await?;
    let units = store::of_day(&ctx.kit.db, day).await?;
    if day == day_in_vietnam(ctx.now) {
        return Ok((now, units));
    }
    Ok((std::sync::Arc::new(Tree::load(&ctx.kit.db, now.root(), day).await?), units))
}

fn sheet(ctx: &Ctx, tree: &Tree, units: &[Model], wanted: &Wanted<'_>) -> Sheet {
    let known: HashMap<Id, &Model> = units.iter().map(|unit| (unit.id, unit)).collect();
    let found = tree.walk().into_iter().filter_map(|(node, _)| known.get(&node.id).map(|unit| (node, *unit)));
    let columns = ["name", "name_en", "short", "kind", "code", "parent", "from", "to"];
    Sheet {
        title: ctx.say("units.title"),
        columns: columns.iter().map(|column| ctx.say(&format!("units.{column}"))).collect(),
        rows: found
            .filter(|(_, unit)| wanted.holds(unit))
            .map(|(node, unit)| {
                vec![
                    unit.name.clone(),
                    unit.name_en.clone(),
                    unit.short.clone(),
                    ctx.say(&format!("units.kind.{}", unit.kind)),
                    unit.code.clone().unwrap_or_default(),
                    node.parent.map(|parent| tree.name(parent).to_owned()).unwrap_or_default(),
                    vn_date(unit.valid_from),
                    unit.valid_to.map(vn_date).unwrap_or_default(),
                ]
            })
            .collect(),
    }
}

/// `GET /units/{id}`
pub(super) async fn show(ctx: Ctx) -> Result<Reply> {
    let id = ctx.id("id")?;
    let unit = store::get(&ctx.kit.db, id).await?;
    let actor = ctx.actor()?;
    actor.over(READ, id)?;
    let (db, today) = (&ctx.kit.db, day_in_vietnam(ctx.now));
    let tree = gate::of(&ctx.kit)?.tree(ctx.now).await?;
    let places = store::places(db.read(), id).await?;
    let above: HashMap<Id, String> = store::some(db, places.iter().map(|place| place.parent))
        .await?
        .into_iter()
        .map(|unit| (unit.id, unit.name))
        .collect();
    let named = |id: Id| Named { id, name: tree.name(id).to_owned(), within: actor.reach(READ).covers(id) };
    let parent = tree.get(id).and_then(|node| node.parent);
    let may_move = unit.valid_to.is_none()
        && tree.root() != Some(id)
        && parent.is_some_and(|parent| actor.reach(WRITE).covers(parent));
    let people_seen = actor.reach(people::READ).covers(id);
    let (members, people_total) = members(&ctx, id, people_seen).await?;
    let holders = if people_seen { holders(&ctx, id, today).await? } else { Vec::new() };
    let history = audit::history(db.read(), id, 50).await?.into_iter();
    ctx.page(&Unit {
        id,
        code: unit.code.unwrap_or_default(),
        aliases: texts_of(&unit.aliases),
        children: tree.children(id).iter().map(|child| named(*child)).collect(),
        parent: parent.map(named),
        places: places
            .into_iter()
            .map(|place| Place {
                parent: above.get(&place.parent).cloned().unwrap_or_default(),
                from: place.valid_from,
                to: place.valid_to,
            })
            .collect(),
        people_seen,
        people: members,
        people_total,
        holders,
        history: history
            .map(|row| Happening { at: row.at, text: did(&ctx, &row.action), who: row.actor_name })
            .collect(),
        may_write: actor.reach(WRITE).covers(id) && unit.valid_to.is_none(),
        may_move,
        may_add_people: actor.reach(people::WRITE).covers(id) && unit.valid_to.is_none(),
        parents: if may_move { choices(&ctx, &tree) } else { Vec::new() },
        today,
        name: unit.name,
        name_en: unit.name_en,
        short: unit.short,
        kind: unit.kind,
        valid_from: unit.valid_from,
        valid_to: unit.valid_to,
    })
}

async fn members(ctx: &Ctx, unit: Id, seen: bool) -> Result<(Vec<Member>, u64)> {
    if !seen {
        return Ok((Vec::new(), 0));
    }
    let filter = people_store::Filter { unit: Some(unit), ..people_store::Filter::default() };
    let paging = Paging { page: 1, size: 200 };
    let (rows, total) = people_store::list(&ctx.kit.db, &ctx.reach(people::READ), &filter, paging).await?;
    let members = rows.into_iter().map(|row| Member { id: row.id, name: row.name, post: row.post, active: row.active });
    Ok((members.collect(), total))
}

async fn holders(ctx: &Ctx, unit: Id, today: NaiveDate) -> Result<Vec<Holder>> {
    let held = people_store::held_at(&ctx.kit.db, unit, today).await?;
    let names = people_store::names(&ctx.kit.db, held.iter().map(|row| row.person)).await?;
    let holders = held.into_iter().map(|row| Holder {
        id: row.person,
        name: names.get(&row.person).cloned().unwrap_or_default(),
        role: row.role,
        from: row.valid_from,
        to: row.valid_to,
    });
    Ok(holders.collect())
}

fn texts_of(aliases: &serde_json::Value) -> Vec<String> {
    let items = aliases.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(|alias| alias.as_str().map(str::to_owned)).collect()
}

/// Units under which the actor may put others, from the top down.
fn choices(ctx: &Ctx, tree: &Tree) -> Vec<Choice> {
    let reach = ctx.reach(WRITE);
    let all = tree.walk().into_iter().filter(|(node, _)| reach.covers(node.id));
    all.map(|(node, _)| Choice { value: node.id.to_string(), label: node.name.clone() }).collect()
}

/// `GET /units/new`
pub(super) async fn show_new(ctx: Ctx) -> Result<Reply> {
    let tree = gate::of(&ctx.kit)?.tree(ctx.now).await?;
    ctx.page(&Edit {
        kinds: KINDS.map(str::to_owned).to_vec(),
        parent: ctx.query_value("parent").unwrap_or_default(),
        parents: choices(&ctx, &tree),
        from: day_in_vietnam(ctx.now),
        ..Edit::default()
    })
}

/// `GET /units/{id}/edit`
pub(super) async fn show_edit(ctx: Ctx) -> Result<Reply> {
    let unit = store::get(&ctx.kit.db, ctx.id("id")?).await?;
    ctx.actor()?.over(WRITE, unit.id)?;
    ctx.page(&Edit {
        id: Some(unit.id),
        version: rules::version(&unit),
        aliases: texts_of(&unit.aliases).join("\n"),
        name: unit.name,
        name_en: unit.name_en,
        short: unit.short,
        kind: unit.kind,
        kinds: KINDS.map(str::to_owned).to_vec(),
        from: unit.valid_from,
        ..Edit::default()
    })
}

/// What the form of a unit sends.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct UnitForm {
    /// Full name.
    name: String,
    /// Name in English.
    name_en: String,
    /// Short form.
    short: String,
    /// Kind.
    kind: String,
    /// Official code; for a new unit only.
    code: String,
    /// Other names, one a line.
    aliases: String,
    /// The unit above; for a new unit only.
    parent: String,
    /// First day (`2026-10-01`), today when empty; for a new unit only.
    from: String,
    /// What was read before the change; for a change only.
    version: String,
}

impl UnitForm {
    fn draft(&self) -> Draft<'_> {
        Draft {
            name: &self.name,
            name_en: &self.name_en,
            short: &self.short,
            kind: &self.kind,
            code: &self.code,
            aliases: &self.aliases,
        }
    }
}

/// The unit that a form names; what is out of reach is not known.
fn above(ctx: &Ctx, parent: &str) -> Result<Id> {
    let id: Id = parent.parse().map_err(|_| Fault::invalid("units.no-parent").on("parent"))?;
    ctx.actor()?.over(WRITE, id).map_err(|_| Fault::invalid("units.no-parent").on("parent"))?;
    Ok(id)
}

/// `POST /units`
pub(super) async fn add(mut ctx: Ctx) -> Result<Reply> {
    let form: UnitForm = ctx.form().await?;
    let from = day(&form.from, "from", day_in_vietnam(ctx.now))?;
    let new = rules::unit(form.draft(), from)?;
    let parent = above(&ctx, &form.parent)?;
    let tx = ctx.kit.db.begin().await?;
    let upper = store::find(tx.conn(), parent).await?;
    rules::takes(&upper, from)?;
    if let Some(code) = &new.code
        && let Some(other) = store::by_code(tx.conn(), code, from).await?
    {
        return Err(Fault::conflict("units.code-taken").with("name", other.name).on("code"));
    }
    let id = ctx.kit.id();
    let after = json!({"name": new.name, "kind": new.kind, "code": new.code, "parent": upper.name, "from": from});
    store::insert(tx.conn(), id, new, Some((ctx.kit.id(), parent))).await?;
    tx.commit(ctx.entry("units.add", "unit", id, Some(id), json!({"after": after}))?).await?;
    gate::of(&ctx.kit)?.forget();
    Ok(Reply::to(format!("/units/{id}")))
}

/// `POST /units/{id}`
pub(super) async fn rename(mut ctx: Ctx) -> Result<Reply> {
    let id = ctx.id("id")?;
    let form: UnitForm = ctx.form().await?;
    let tx = ctx.kit.db.begin().await?;
    let unit = store::find(tx.conn(), id).await?;
    ctx.actor()?.over(WRITE, id)?;
    if rules::version(&unit) != form.version {
        return Err(Fault::conflict("units.changed").with("name", &unit.name));
    }
    let new = rules::unit(form.draft(), unit.valid_from)?;
    if gate::of(&ctx.kit)?.tree(ctx.now).await?.root() == Some(id) && new.kind != unit.kind {
        return Err(Fault::invalid("units.root"));
    }
    let said = |name: &str, name_en: &str, short: &str, kind: &str| json!({"name": name, "name_en": name_en, "short": short, "kind": kind});
    let detail = json!({
        "before": said(&unit.name, &unit.name_en, &unit.short, &unit.kind),
        "after": said(&new.name, &new.name_en, &new.short, &new.kind),
    });
    store::rename(tx.conn(), unit, &new).await?;
    tx.commit(ctx.entry("units.rename", "unit", id, Some(id), detail)?).await?;
    gate::of(&ctx.kit)?.forget();
    Ok(Reply::to(format!("/units/{id}")))
}

/// A new place of a unit.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Move {
    /// The unit above.
    parent: String,
    /// First day there; today when empty.
    from: String,
}

/// `POST /units/{id}/move`
pub(super) async fn put_under(mut ctx: Ctx) -> Result<Reply> {
    let id = ctx.id("id")?;
    let form: Move = ctx.form().await?;
    let from = day(&form.from, "from", day_in_vietnam(ctx.now))?;
    let tx = ctx.kit.db.begin().await?;
    let unit = store::find(tx.conn(), id).await?;
    ctx.actor()?.over(WRITE, id)?;
    let root = gate::of(&ctx.kit)?.tree(ctx.now).await?.root();
    // Places of long ago matter too: a move may begin before the present place does, and is then refused.
    let mut links = store::places_from(tx.conn(), from).await?;
    let own = store::places(tx.conn(), id).await?;
    let before = own.last().map(|place| place.parent);
    links.retain(|link| link.child != id);
    links.extend(own);
    if root != Some(id) {
        reaches_above(&ctx, before)?;
    }
    let parent = above(&ctx, &form.parent)?;
    let upper = store::find(tx.conn(), parent).await?;
    rules::may_move(&unit, root, &upper, from, &links)?;
    store::put_under(tx.conn(), ctx.kit.id(), id, parent, from).await?;
    let old = match before {
        Some(before) => store::find(tx.conn(), before).await?.name,
        None => String::new(),
    };
    let detail = json!({"before": {"parent": old}, "after": {"parent": upper.name, "from": from}});
    tx.commit(ctx.entry("units.move", "unit", id, Some(id), detail)?).await?;
    gate::of(&ctx.kit)?.forget();
    Ok(Reply::to(format!("/units/{id}")))
}

/// Moving and closing change the unit above as well.
fn reaches_above(ctx: &Ctx, parent: Option<Id>) -> Result<()> {
    let reach = ctx.reach(WRITE);
    if parent.is_none_or(|parent| reach.covers(parent)) { Ok(()) } else { Err(Fault::forbidden("units.own-branch")) }
}

/// The end of a unit.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Close {
    /// Last day; today when empty.
    last: String,
}

/// `POST /units/{id}/close`
pub(super) async fn close(mut ctx: Ctx) -> Result<Reply> {
    let id = ctx.id("id")?;
    let form: Close = ctx.form().await?;
    let last = day(&form.last, "last", day_in_vietnam(ctx.now))?;
    let tx = ctx.kit.db.begin().await?;
    let unit = store::find(tx.conn(), id).await?;
    ctx.actor()?.over(WRITE, id)?;
    let root = gate::of(&ctx.kit)?.tree(ctx.now).await?.root();
    let places = store::places(tx.conn(), id).await?;
    let children = store::open_children(tx.conn(), id, last).await?;
    rules::may_close(&unit, root, last, places.last(), children)?;
    reaches_above(&ctx, places.last().map(|place| place.parent))?;
    let detail = json!({"before": {"to": null}, "after": {"to": last}, "name": unit.name});
    store::close(tx.conn(), unit, last).await?;
    store::end_place(tx.conn(), id, last).await?;
    tx.commit(ctx.entry("units.close", "unit", id, Some(id), detail)?).await?;
    gate::of(&ctx.kit)?.forget();
    Ok(Reply::to(format!("/units/{id}")))
}
