//! Units beyond the usual ones, and people with their roles.

use khien_base::clock::day_in_vietnam;
use khien_base::{Fault, Id, Result, Role};
use khien_directory::people::model::NewPerson;
use khien_directory::people::store;
use khien_directory::units;
use khien_web::Actor;

use super::files::{Centre, Script};
use super::{PASSWORD, Stage};

/// A person of the demonstration.
#[derive(Debug, Clone)]
pub(crate) struct Player {
    pub(crate) id: Id,
    pub(crate) name: String,
    pub(crate) unit: Id,
}

/// Makes the bodies that not every province has, and the bodies of some communes.
pub(super) async fn units(stage: &mut Stage, centre: &Centre) -> Result<()> {
    let kit = std::sync::Arc::clone(&stage.kit);
    let (now, day) = (kit.now(), day_in_vietnam(kit.now()));
    let tx = kit.db.begin().await?;
    let province = units::catalogue::place(&centre.province, day)?
        .ok_or_else(|| Fault::internal("content/demo: no such province"))?;
    for (body, under) in units::catalogue::all_bodies(&province)? {
        let Some(code) = body.code.clone().filter(|code| centre.optional_units.contains(code)) else { continue };
        let parent = stage.unit(under.as_deref().unwrap_or(&centre.province))?;
        let id = kit.id();
        units::store::insert(tx.conn(), id, body, Some((kit.id(), parent))).await?;
        stage.units.insert(code, id);
    }
    for commune in &centre.communes_with_bodies {
        let place = units::catalogue::place(commune, day)?
            .ok_or_else(|| Fault::internal(format!("content/demo: no commune {commune}")))?;
        for (mut body, under) in units::catalogue::bodies(&place)? {
            let key = format!("{commune}/{}", body.code.clone().unwrap_or_default());
            let parent = match under {
                Some(under) => stage.unit(&format!("{commune}/{under}"))?,
                None => stage.unit(commune)?,
            };
            // Keys of templates name bodies of the province; those of a commune are known by its code first.
            body.code = Some(key.clone());
            body.name = format!("{} {}", body.name, place.bare);
            let id = kit.id();
            units::store::insert(tx.conn(), id, body, Some((kit.id(), parent))).await?;
            stage.units.insert(key, id);
        }
    }
    let root = stage.unit(&centre.province)?;
    let entry = khien_db::Entry {
        at: now,
        actor: None,
        actor_name: "Khiên".into(),
        unit: Some(root),
        action: "units.create",
        subject_kind: "unit",
        subject: root,
        detail: serde_json::json!({"units": stage.units.len()}),
        request: "demo".into(),
    };
    tx.commit(entry).await?;
    khien_directory::gate::of(&kit)?.forget();
    Ok(())
}

fn role(name: &str) -> Option<Role> {
    match name {
        "admin" => Some(Role::Administrator),
        "officer" | "officer_commune" => Some(Role::Officer),
        "focal_point" => Some(Role::FocalPoint),
        "leader" => Some(Role::Leader),
        _ => None,
    }
}

/// Makes the people; officers and leaders of the province hold their roles at the top, the others at their unit.
pub(super) async fn make(stage: &mut Stage, script: &Script, administrator: Id, hash: &str) -> Result<()> {
    let kit = std::sync::Arc::clone(&stage.kit);
    let (now, day) = (kit.now(), day_in_vietnam(kit.now()));
    let root = stage.unit(&script.centre.province)?;
    let tx = kit.db.begin().await?;
    for person in &script.people {
        let unit = stage.unit(&person.unit)?;
        let admin = person.key == script.centre.admin;
        let id = if admin { administrator } else { kit.id() };
        if !admin {
            let new = NewPerson {
                name: person.name.clone(),
                post: person.post.clone(),
                unit,
                email: person.email.clone(),
                phone: person.phone.clone(),
                username: Some(person.key.clone()),
                password_hash: Some(hash.to_owned()),
                must_change: false,
            };
            store::insert(tx.conn(), id, new, now).await?;
        }
        for name in &person.roles {
            let Some(role) = role(name).filter(|role| !(admin && *role == Role::Administrator)) else { continue };
            let at = match (role, name.as_str()) {
                (Role::FocalPoint, _) | (_, "officer_commune") => unit,
                _ => root,
            };
            let given = store::NewRole {
                person: id,
                role,
                unit: at,
                from: day,
                to: None,
                document: "QĐ trình diễn".into(),
                by: Some(administrator),
            };
            store::give(tx.conn(), kit.id(), given).await?;
        }
        stage.people.insert(person.key.clone(), Player { id, name: person.name.clone(), unit });
    }
    let entry = khien_db::Entry {
        at: now,
        actor: Some(administrator),
        actor_name: "Khiên".into(),
        unit: Some(root),
        action: "people.create",
        subject_kind: "centre",
        subject: root,
        detail: serde_json::json!({"people": script.people.len()}),
        request: "demo".into(),
    };
    tx.commit(entry).await
}

/// A person as the one who does something, with all rights held.
pub(super) async fn actor(stage: &Stage, key: &str) -> Result<Actor> {
    let player = stage.person(key)?;
    let kit = &stage.kit;
    Ok(Actor {
        id: player.id,
        name: player.name.clone(),
        post: String::new(),
        unit: player.unit,
        unit_name: String::new(),
        permissions: khien_directory::gate::of(kit)?.permissions(player.id, kit.now()).await?,
        session: String::new(),
        csrf: String::new(),
        api: false,
        owed: None,
    })
}

/// Who can sign in, a line for each role.
pub(super) fn told(stage: &Stage, script: &Script) -> String {
    let mut lines = vec![format!("Mật khẩu chung / the password of all: {PASSWORD}")];
    for role in ["admin", "officer", "officer_commune", "focal_point", "leader"] {
        let named = script.people.iter().filter(|person| person.roles.iter().any(|held| held == role)).take(3);
        for person in named {
            lines.push(format!("  {:<12} {:<16} {} · {}", person.key, role, person.name, person.post));
        }
    }
    lines.push(format!("({} người / people, {} đơn vị / units)", stage.people.len(), stage.units.len()));
    lines.join("\n")
}
