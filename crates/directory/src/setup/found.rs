//! Founding a centre: units, administrator, settings, in one change.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use khien_base::clock::day_in_vietnam;
use khien_base::{Fault, Id, Ids, Result, Role};
use khien_db::{Db, Entry};
use serde_json::json;

use crate::people::model::NewPerson;
use crate::people::store as people;
use crate::setting::{self, Centre, PasswordPolicy};
use crate::units::catalogue::{self, Place};
use crate::units::store as units;

/// What a new centre is.
#[derive(Debug, Clone)]
pub struct NewCentre {
    /// Official code of the province (2 digits) or commune (5 digits).
    pub code: String,
    /// Full name of the administrator.
    pub administrator: String,
    /// Name for signing in.
    pub username: String,
    /// argon2id of the password.
    pub password_hash: String,
    /// What passwords must be like.
    pub policy: PasswordPolicy,
}

/// A centre that was founded.
#[derive(Debug, Clone)]
pub struct Founded {
    /// Its setting.
    pub centre: Centre,
    /// The administrator.
    pub administrator: Id,
    /// Units by official code or template key.
    pub units: HashMap<String, Id>,
}

/// Founds the centre. A second one is a conflict.
pub async fn found(db: &Db, ids: &Ids, now: DateTime<Utc>, new: NewCentre) -> Result<Founded> {
    let day = day_in_vietnam(now);
    let place = catalogue::place(&new.code, day)?
        .ok_or_else(|| Fault::invalid("setup.no-such-place").with("code", &new.code).on("code"))?;
    let tx = db.begin().await?;
    if setting::get::<Centre, _>(tx.conn(), Centre::NAME).await?.is_some() {
        return Err(Fault::conflict("setup.done"));
    }
    let mut made: HashMap<String, Id> = HashMap::new();
    let root = ids.next(now);
    units::insert(tx.conn(), root, place.unit(), None).await?;
    made.insert(place.code.clone(), root);
    for (body, under) in catalogue::bodies(&place)? {
        let id = ids.next(now);
        let parent = under.and_then(|key| made.get(&key).copied()).unwrap_or(root);
        if let Some(code) = &body.code {
            made.insert(code.clone(), id);
        }
        units::insert(tx.conn(), id, body, Some((ids.next(now), parent))).await?;
    }
    if place.parent.is_empty() {
        for commune in catalogue::communes(&place.code, day)? {
            let id = ids.next(now);
            made.insert(commune.code.clone(), id);
            units::insert(tx.conn(), id, commune.unit(), Some((ids.next(now), root))).await?;
        }
    }
    let administrator = ids.next(now);
    let person = NewPerson {
        name: new.administrator.clone(),
        unit: made.get("tt-anm").or_else(|| made.get("cong-an")).copied().unwrap_or(root),
        username: Some(new.username.clone()),
        password_hash: Some(new.password_hash.clone()),
        ..NewPerson::default()
    };
    people::insert(tx.conn(), administrator, person, now).await?;
    let role = people::NewRole {
        person: administrator,
        role: Role::Administrator,
        unit: root,
        from: day,
        to: None,
        document: String::new(),
        by: None,
    };
    people::give(tx.conn(), ids.next(now), role).await?;
    let centre = Centre { unit: root, name: name(&place), code: place.code.clone(), province: place.parent.is_empty() };
    setting::put(tx.conn(), Centre::NAME, &centre).await?;
    setting::put(tx.conn(), PasswordPolicy::NAME, &new.policy).await?;
    let entry = Entry {
        at: now,
        actor: Some(administrator),
        actor_name: new.administrator,
        unit: Some(root),
        action: "setup.found",
        subject_kind: "centre",
        subject: root,
        detail: json!({"name": centre.name, "units": made.len()}),
        request: "setup".into(),
    };
    tx.commit(entry).await?;
    Ok(Founded { centre, administrator, units: made })
}

fn name(place: &Place) -> String {
    format!("Trung tâm An ninh mạng {} {}", place.prefix.to_lowercase(), place.bare)
}
