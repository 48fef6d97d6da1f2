//! Routes of people: list, record, account.

use std::collections::HashMap;

use khien_base::clock::{day_in_vietnam, vn_date};
use khien_base::ports::Sheet;
use khien_base::{Fault, Id, Reach, Result, Role};
use khien_db::audit;
use khien_web::list::{self, FILE_ROWS, wants_file};
use khien_web::{Ctx, Pager, Paging, Reply};
use schemars::JsonSchema;
use sea_orm::{ActiveValue, ConnectionTrait};
use serde::Deserialize;
use serde_json::json;

use super::model::{Model, NewPerson, held};
use super::rules::{self, Draft};
use super::store::{self, Filter};
use super::views::{Edit, Line, List, Person, RoleRow};
use super::{READ, WRITE};
use crate::audit::did;
use crate::gate;
use crate::setting::{self, PasswordPolicy};
use crate::sign_in::views::RoleHeld;
use crate::tree::Tree;
use crate::units::views::{Choice, Happening};
use crate::{secret, units};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    q: String,
    unit: String,
}

/// `GET /people`
pub(super) async fn list(ctx: Ctx) -> Result<Reply> {
    let asked: Asked = ctx.query()?;
    let (reach, tree) = (ctx.reach(READ), gate::of(&ctx.kit)?.tree(ctx.now).await?);
    let filter = Filter { text: asked.q.trim().to_owned(), unit: asked.unit.parse().ok() };
    let as_file = wants_file(&ctx);
    let paging = if as_file { Paging { page: 1, size: FILE_ROWS } } else { Paging::of(&ctx) };
    let (rows, total) = store::list(&ctx.kit.db, &reach, &filter, paging).await?;
    let ids: Vec<Id> = rows.iter().map(|row| row.id).collect();
    let mut roles: HashMap<Id, Vec<RoleHeld>> = HashMap::new();
    // A file may have more people than a statement has places for values.
    for some in ids.chunks(500) {
        for held in store::held_by(&ctx.kit.db, some.iter().copied(), day_in_vietnam(ctx.now)).await? {
            let unit = tree.name(held.unit).to_owned();
            roles.entry(held.person).or_default().push(RoleHeld { role: held.role, unit });
        }
    }
    let people: Vec<Line> = rows
        .into_iter()
        .map(|row| Line {
            roles: roles.remove(&row.id).unwrap_or_default(),
            id: row.id,
            name: row.name,
            post: row.post,
            unit: tree.name(row.unit).to_owned(),
            username: row.username.unwrap_or_default(),
            active: row.active,
            second_factor: row.totp_secret.is_some(),
        })
        .collect();
    if as_file {
        return list::file(&ctx, "nguoi-dung", &sheet(&ctx, people));
    }
    ctx.page(&List {
        people,
        pager: Pager::new(&ctx, paging, total),
        base: list::base(&ctx, &["page", "format"]),
        filtered: !asked.q.is_empty() || !asked.unit.is_empty(),
        q: asked.q,
        unit: asked.unit,
        units: choices(&tree, &reach),
        may_write: ctx.actor()?.may(WRITE),
    })
}

fn sheet(ctx: &Ctx, people: Vec<Line>) -> Sheet {
    let columns = ["name", "post", "unit", "username", "roles", "state"];
    let state = |active| if active { "people.active" } else { "people.inactive" };
    let role = |held: &RoleHeld| format!("{}: {}", ctx.say(&format!("role.{}", held.role)), held.unit);
    Sheet {
        title: ctx.say("people.title"),
        columns: columns.iter().map(|column| ctx.say(&format!("people.{column}"))).collect(),
        rows: people
            .into_iter()
            .map(|line| {
                let roles: Vec<String> = line.roles.iter().map(role).collect();
                vec![line.name, line.post, line.unit, line.username, roles.join("; "), ctx.say(state(line.active))]
            })
            .collect(),
    }
}

/// Units of a reach, from the top down.
pub(super) fn choices(tree: &Tree, reach: &Reach) -> Vec<Choice> {
    let all = tree.walk().into_iter().filter(|(node, _)| reach.covers(node.id));
    all.map(|(node, _)| Choice { value: node.id.to_string(), label: node.name.clone() }).collect()
}

/// `GET /people/{id}`
pub(super) async fn show(ctx: Ctx) -> Result<Reply> {
    let view = person_view(&ctx, ctx.id("id")?, String::new()).await?;
    ctx.page(&view)
}

async fn person_view(ctx: &Ctx, id: Id, new_password: String) -> Result<Person> {
    let (db, actor) = (&ctx.kit.db, ctx.actor()?);
    let person = store::get(db, id).await?;
    actor.over(READ, person.unit)?;
    let tree = gate::of(&ctx.kit)?.tree(ctx.now).await?;
    let (today, own) = (day_in_vietnam(ctx.now), actor.reach(WRITE));
    let roles = store::all_roles(db.read(), id).await?;
    let itself = actor.id == id;
    let may_write = own.covers(person.unit) && rules::not_above(&tree, &roles, today, &own).is_ok();
    let history = audit::history(db.read(), id, 50).await?.into_iter();
    let sessions = store::sessions(db, id, ctx.now).await?.len();
    Ok(Person {
        id,
        unit: unit_name(ctx, &tree, person.unit).await?,
        roles: role_rows(ctx, &tree, roles, may_write && !itself).await?,
        history: history
            .map(|row| Happening { at: row.at, text: did(ctx, &row.action), who: row.actor_name })
            .collect(),
        may_write,
        own: itself,
        give: Role::ALL.map(|role| role.name().to_owned()).to_vec(),
        units: if may_write { choices(&tree, &own) } else { Vec::new() },
        today,
        new_password,
        sessions: u64::try_from(sessions).unwrap_or(0),
        name: person.name,
        post: person.post,
        unit_id: person.unit,
        email: person.email,
        phone: person.phone,
        username: person.username.unwrap_or_default(),
        active: person.active,
        second_factor: person.totp_secret.is_some(),
        must_change: person.must_change,
        locked_until: person.locked_until.filter(|until| *until > ctx.now),
        created_at: Some(person.created_at),
    })
}

/// The name of a unit, of a closed one too.
async fn unit_name(ctx: &Ctx, tree: &Tree, unit: Id) -> Result<String> {
    match tree.get(unit) {
        Some(node) => Ok(node.name.clone()),
        None => Ok(units::store::get(&ctx.kit.db, unit).await?.name),
    }
}

async fn role_rows(ctx: &Ctx, tree: &Tree, roles: Vec<held::Model>, may_end: bool) -> Result<Vec<RoleRow>> {
    let today = day_in_vietnam(ctx.now);
    let names = store::names(&ctx.kit.db, roles.iter().filter_map(|role| role.granted_by)).await?;
    let units = units::store::some(&ctx.kit.db, roles.iter().map(|role| role.unit)).await?;
    let units: HashMap<Id, String> = units.into_iter().map(|unit| (unit.id, unit.name)).collect();
    let own = ctx.reach(WRITE);
    let rows = roles.into_iter().map(|role| {
        let over = role.valid_to.is_some_and(|last| last < today);
        RoleRow {
            id: role.id,
            may_end: may_end && !over && rules::within_own(tree, role.unit, &own),
            unit: units.get(&role.unit).cloned().unwrap_or_default(),
            by: role.granted_by.and_then(|by| names.get(&by).cloned()).unwrap_or_default(),
            state: if over { "over" } else { if role.valid_from > today { "later" } else { "now" } }.to_owned(),
            role: role.role,
            from: role.valid_from,
            to: role.valid_to,
            document: role.document,
        }
    });
    Ok(rows.collect())
}

/// `GET /people/new`
pub(super) async fn show_new(ctx: Ctx) -> Result<Reply> {
    let tree = gate::of(&ctx.kit)?.tree(ctx.now).await?;
    let unit = ctx.query_value("unit").unwrap_or_default();
    ctx.page(&Edit { unit, units: choices(&tree, &ctx.reach(WRITE)), ..Edit::default() })
}

/// `GET /people/{id}/edit`
pub(super) async fn show_edit(ctx: Ctx) -> Result<Reply> {
    let person = store::get(&ctx.kit.db, ctx.id("id")?).await?;
    ctx.actor()?.over(WRITE, person.unit)?;
    let tree = gate::of(&ctx.kit)?.tree(ctx.now).await?;
    ctx.page(&Edit {
        id: Some(person.id),
        version: rules::version(&person),
        name: person.name,
        post: person.post,
        unit: person.unit.to_string(),
        units: choices(&tree, &ctx.reach(WRITE)),
        email: person.email,
        phone: person.phone,
        username: person.username.unwrap_or_default(),
    })
}

/// What the form of a person sends.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct PersonForm {
    /// Full name.
    name: String,
    /// Post.
    post: String,
    /// Unit.
    unit: String,
    /// E-mail.
    email: String,
    /// Telephone.
    phone: String,
    /// Name for signing in; empty for who does not sign in.
    username: String,
    /// What was read before the change; for a change only.
    version: String,
}

impl PersonForm {
    fn draft(&self) -> Draft<'_> {
        Draft { name: &self.name, post: &self.post, email: &self.email, phone: &self.phone, username: &self.username }
    }

    /// The unit of the form: one of today, within the actor's rights.
    fn unit(&self, ctx: &Ctx, tree: &Tree) -> Result<Id> {
        let refused = || Fault::invalid("people.no-unit").on("unit");
        let unit: Id = self.unit.parse().map_err(|_| refused())?;
        if tree.get(unit).is_some() && ctx.reach(WRITE).covers(unit) { Ok(unit) } else { Err(refused()) }
    }
}

/// `POST /people`: the first password is shown on the page that answers, and nowhere again.
pub(super) async fn add(mut ctx: Ctx) -> Result<Reply> {
    let form: PersonForm = ctx.form().await?;
    let sound = rules::person(form.draft())?;
    let tree = gate::of(&ctx.kit)?.tree(ctx.now).await?;
    let unit = form.unit(&ctx, &tree)?;
    let (password, hash) = if sound.username.is_some() {
        let password = first_password(&ctx).await?;
        (password.clone(), Some(secret::hash(password).await?))
    } else {
        (String::new(), None)
    };
    let id = ctx.kit.id();
    let after = json!({"name": sound.name, "post": sound.post, "unit": tree.name(unit), "username": sound.username});
    let person = NewPerson {
        name: sound.name,
        post: sound.post,
        unit,
        email: sound.email,
        phone: sound.phone,
        must_change: sound.username.is_some(),
        username: sound.username,
        password_hash: hash,
    };
    let tx = ctx.kit.db.begin().await?;
    store::insert(tx.conn(), id, person, ctx.now).await?;
    tx.commit(ctx.entry("people.add", "person", id, Some(unit), json!({"after": after}))?).await?;
    let view = person_view(&ctx, id, password).await?;
    ctx.page(&view)
}

async fn first_password(ctx: &Ctx) -> Result<String> {
    let policy: Option<PasswordPolicy> = setting::get(ctx.kit.db.read(), PasswordPolicy::NAME).await?;
    Ok(secret::first_password(policy.unwrap_or_default().min_length))
}

/// A person whom the actor may change, and the roles: read inside the change.
pub(super) async fn changeable<C: ConnectionTrait>(ctx: &Ctx, conn: &C) -> Result<(Model, Vec<held::Model>)> {
    let person = store::find(conn, ctx.id("id")?).await?;
    let actor = ctx.actor()?;
    actor.over(WRITE, person.unit)?;
    let roles = store::all_roles(conn, person.id).await?;
    let tree = gate::of(&ctx.kit)?.tree(ctx.now).await?;
    rules::not_above(&tree, &roles, day_in_vietnam(ctx.now), &actor.reach(WRITE))?;
    Ok((person, roles))
}

/// Demands that somebody administers the centre when this person no longer does.
async fn others_stay<C: ConnectionTrait>(ctx: &Ctx, conn: &C, person: Id, roles: &[held::Model]) -> Result<()> {
    let today = day_in_vietnam(ctx.now);
    let root = gate::of(&ctx.kit)?.tree(ctx.now).await?.root();
    let Some(root) = root.filter(|_| roles.iter().any(|role| rules::administers(role, root, today))) else {
        return Ok(());
    };
    let mut others = store::administrators(conn, root, today).await?;
    others.retain(|role| role.person != person);
    rules::someone_stays(&others)
}

/// `POST /people/{id}`
pub(super) async fn edit(mut ctx: Ctx) -> Result<Reply> {
    let form: PersonForm = ctx.form().await?;
    let sound = rules::person(form.draft())?;
    let tree = gate::of(&ctx.kit)?.tree(ctx.now).await?;
    let tx = ctx.kit.db.begin().await?;
    let (person, roles) = changeable(&ctx, tx.conn()).await?;
    if rules::version(&person) != form.version {
        return Err(Fault::conflict("people.changed").with("name", &person.name));
    }
    // A person of a closed unit may stay there.
    let unit = if form.unit == person.unit.to_string() { person.unit } else { form.unit(&ctx, &tree)? };
    if sound.username.is_none() && person.username.is_some() {
        others_stay(&ctx, tx.conn(), person.id, &roles).await?;
        store::end_sessions(tx.conn(), person.id, "").await?;
    }
    let detail = json!({
        "before": {"name": person.name, "post": person.post, "unit": tree.name(person.unit), "email": person.email,
            "phone": person.phone, "username": person.username},
        "after": {"name": sound.name, "post": sound.post, "unit": tree.name(unit), "email": sound.email,
            "phone": sound.phone, "username": sound.username},
    });
    let id = person.id;
    store::update(tx.conn(), person, |row| {
        row.search_key = ActiveValue::Set(khien_base::key::key(&sound.name));
        row.name = ActiveValue::Set(sound.name);
        row.post = ActiveValue::Set(sound.post);
        row.unit = ActiveValue::Set(unit);
        row.email = ActiveValue::Set(sound.email);
        row.phone = ActiveValue::Set(sound.phone);
        row.username = ActiveValue::Set(sound.username);
    })
    .await
    .map_err(taken)?;
    tx.commit(ctx.entry("people.edit", "person", id, Some(unit), detail)?).await?;
    Ok(Reply::to(format!("/people/{id}")))
}

fn taken(fault: Fault) -> Fault {
    if fault.code == "db.exists" { Fault::conflict("people.username-taken").on("username") } else { fault }
}

/// Whether a person may sign in.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Active {
    /// `true` or `false`.
    active: String,
}

/// `POST /people/{id}/active`
pub(super) async fn set_active(mut ctx: Ctx) -> Result<Reply> {
    let form: Active = ctx.form().await?;
    let active = match form.active.as_str() {
        "true" => true,
        "false" => false,
        _ => return Err(Fault::invalid("people.active").on("active")),
    };
    let tx = ctx.kit.db.begin().await?;
    let (person, roles) = changeable(&ctx, tx.conn()).await?;
    rules::not_oneself(ctx.actor()?.id, person.id)?;
    if !active {
        others_stay(&ctx, tx.conn(), person.id, &roles).await?;
        store::end_sessions(tx.conn(), person.id, "").await?;
    }
    let (id, unit) = (person.id, person.unit);
    let detail = json!({"before": {"active": person.active}, "after": {"active": active}});
    store::update(tx.conn(), person, |row| {
        row.active = ActiveValue::Set(active);
        row.failures = ActiveValue::Set(0);
        row.locked_until = ActiveValue::Set(None);
    })
    .await?;
    let action = if active { "people.activate" } else { "people.deactivate" };
    tx.commit(ctx.entry(action, "person", id, Some(unit), detail)?).await?;
    Ok(Reply::to(format!("/people/{id}")))
}

/// `POST /people/{id}/password`: a new first password, shown on the page that answers, and nowhere again.
pub(super) async fn reset_password(ctx: Ctx) -> Result<Reply> {
    let password = first_password(&ctx).await?;
    let hash = secret::hash(password.clone()).await?;
    let tx = ctx.kit.db.begin().await?;
    let (person, _) = changeable(&ctx, tx.conn()).await?;
    rules::not_oneself(ctx.actor()?.id, person.id)?;
    if person.username.is_none() {
        return Err(Fault::invalid("people.no-username"));
    }
    let (id, unit) = (person.id, person.unit);
    store::update(tx.conn(), person, |row| {
        row.password_hash = ActiveValue::Set(Some(hash));
        row.password_at = ActiveValue::Set(Some(ctx.now));
        row.must_change = ActiveValue::Set(true);
        row.failures = ActiveValue::Set(0);
        row.locked_until = ActiveValue::Set(None);
    })
    .await?;
    store::end_sessions(tx.conn(), id, "").await?;
    tx.commit(ctx.entry("people.reset-password", "person", id, Some(unit), json!({}))?).await?;
    let view = person_view(&ctx, id, password).await?;
    ctx.page(&view)
}

/// `POST /people/{id}/second-factor`: for who lost the telephone.
pub(super) async fn remove_second_factor(ctx: Ctx) -> Result<Reply> {
    let tx = ctx.kit.db.begin().await?;
    let (person, _) = changeable(&ctx, tx.conn()).await?;
    rules::not_oneself(ctx.actor()?.id, person.id)?;
    if person.totp_secret.is_none() {
        return Err(Fault::conflict("people.no-second-factor"));
    }
    let (id, unit) = (person.id, person.unit);
    store::forget_second_factor(tx.conn(), person).await?;
    let detail = json!({"day": vn_date(day_in_vietnam(ctx.now))});
    tx.commit(ctx.entry("people.remove-second-factor", "person", id, Some(unit), detail)?).await?;
    Ok(Reply::to(format!("/people/{id}")))
}
