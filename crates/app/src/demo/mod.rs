//! `khien demo`: the demonstration centre of tỉnh Bắc Ninh in a new data folder.
//!
//! Everything goes the way that users' data go: the centre is founded as the wizard does it, plans are read from the
//! documents as issued, logs are taken in and matched by rules, incidents keep their clocks. People, systems, incidents
//! and the figures of past weeks are invented (`content/demo/`); administrative units are real.

mod files;
mod history;
mod incidents;
mod logs;
mod people;
mod plans;
mod systems;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use khien_base::{Clock, Fault, Id, Result};
use khien_directory::secret;
use khien_directory::setting::PasswordPolicy;
use khien_directory::setup::found::{self, NewCentre};
use khien_web::Kit;

use crate::config::Config;
use crate::wiring;

/// The password of every demonstration sign-in.
pub const PASSWORD: &str = "trình diễn Khiên 2026";

/// What the parts of the demonstration share.
pub(crate) struct Stage {
    kit: Arc<Kit>,
    /// Units by template key, official code, or `CODE/key`.
    units: HashMap<String, Id>,
    /// People by key.
    people: HashMap<String, people::Player>,
    /// Systems by key: identity and owner.
    systems: HashMap<String, (Id, Id)>,
}

impl Stage {
    fn unit(&self, key: &str) -> Result<Id> {
        self.units.get(key).copied().ok_or_else(|| Fault::internal(format!("content/demo: no unit {key}")))
    }

    fn person(&self, key: &str) -> Result<&people::Player> {
        self.people.get(key).ok_or_else(|| Fault::internal(format!("content/demo: no person {key}")))
    }
}

/// Makes the demonstration centre and says who can sign in.
pub async fn make(data: &Path) -> Result<String> {
    if data.join("khien.db").exists() {
        return Err(Fault::conflict("demo.exists").with("data", data.display()));
    }
    let config = Config { rules: logs::public_rules(), ..Config::default() };
    let centre = wiring::open(data, &config, Clock::System).await?;
    let kit = Arc::clone(&centre.kit);
    let script = files::script()?;
    let administrator = script.people.iter().find(|person| person.key == script.centre.admin);
    let administrator =
        administrator.ok_or_else(|| Fault::internal("content/demo: the administrator is not among the people"))?;
    let hash = secret::hash(PASSWORD.to_owned()).await?;
    let founded = found::found(
        &kit.db,
        &kit.ids,
        kit.now(),
        NewCentre {
            code: script.centre.province.clone(),
            administrator: administrator.name.clone(),
            username: administrator.key.clone(),
            password_hash: hash.clone(),
            policy: PasswordPolicy::default(),
        },
    )
    .await?;
    let mut stage = Stage { kit, units: founded.units, people: HashMap::new(), systems: HashMap::new() };
    people::units(&mut stage, &script.centre).await?;
    people::make(&mut stage, &script, founded.administrator, &hash).await?;
    systems::make(&mut stage, &script).await?;
    plans::make(&stage, &script).await?;
    logs::make(&stage, &script).await?;
    incidents::make(&stage, &script).await?;
    history::make(&stage).await?;
    let told = people::told(&stage, &script);
    drop(stage);
    centre.close().await?;
    Ok(told)
}
