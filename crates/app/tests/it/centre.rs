//! A centre on a folder of its own, with one system and one source that may send.

use std::path::{Path, PathBuf};

use khien::config::Config;
use khien::wiring;
use khien_base::ports::Whose;
use khien_base::{Clock, Id, Role};
use khien_db::Entry;
use khien_directory::people::model::{NewPerson, session};
use khien_directory::people::store as people;
use khien_directory::secret;
use khien_directory::setting::PasswordPolicy;
use khien_directory::setup::found::{Founded, NewCentre, found};
use khien_govern::systems;
use khien_respond::sources;
use khien_web::guard::token_hash;
use khien_web::testing::Browser;

/// The centre of a test.
pub(crate) struct Centre {
    pub(crate) open: wiring::Centre,
    pub(crate) founded: Founded,
    pub(crate) whose: Whose,
    /// What the source sends with.
    pub(crate) token: String,
    folder: tempfile::TempDir,
}

fn entry(action: &'static str, subject: Id) -> Entry {
    Entry {
        at: Clock::System.now(),
        actor: None,
        actor_name: "test".into(),
        unit: None,
        action,
        subject_kind: "test",
        subject,
        detail: serde_json::json!({}),
        request: "test".into(),
    }
}

impl Centre {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let open = wiring::open(folder.path(), &Config::default(), Clock::System).await.unwrap();
        open.kit.pages.be_strict();
        let new = NewCentre {
            code: "24".into(),
            administrator: "Nguyễn Quản Trị".into(),
            username: "quantri".into(),
            password_hash: secret::hash("bảy con trâu gặm cỏ".into()).await.unwrap(),
            policy: PasswordPolicy::default(),
        };
        let kit = &open.kit;
        let founded = found(&kit.db, &kit.ids, kit.now(), new).await.unwrap();
        let (system, unit) = (kit.id(), founded.units["so-y-te"]);
        let written = systems::rules::check(systems::model::System {
            name: "Hồ sơ sức khỏe điện tử".into(),
            owner: unit,
            operator: unit,
            level_state: "none".into(),
            state: "running".into(),
            ..Default::default()
        })
        .unwrap();
        let tx = kit.db.begin().await.unwrap();
        systems::store::insert(tx.conn(), system, written, kit.now()).await.unwrap();
        tx.commit(entry("systems.create", system)).await.unwrap();
        let asked = sources::rules::Asked {
            name: "may-chu-web".into(),
            kind: "ndjson".into(),
            addresses: String::new(),
            silent_minutes: 60,
            ..Default::default()
        };
        let (id, token) = (kit.id(), secret::token());
        let mut fresh = sources::store::fresh(
            id,
            sources::rules::check(&asked).unwrap(),
            system,
            unit,
            founded.administrator,
            kit.now(),
        );
        fresh.token_hash = Some(token_hash(&token));
        let tx = kit.db.begin().await.unwrap();
        sources::store::insert(tx.conn(), fresh).await.unwrap();
        tx.commit(entry("sources.create", id)).await.unwrap();
        Self { open, founded, whose: Whose { source: id, system, unit }, token, folder }
    }

    /// A browser of a new person with one role at a unit.
    pub(crate) async fn sign_in(&self, role: Role, unit: &str) -> Browser {
        let (kit, unit) = (&self.open.kit, self.founded.units[unit]);
        let (id, now) = (kit.id(), kit.now());
        let tx = kit.db.begin().await.unwrap();
        let person = NewPerson {
            name: role.name().into(),
            unit,
            username: Some(id.simple().to_string()),
            ..NewPerson::default()
        };
        people::insert(tx.conn(), id, person, now).await.unwrap();
        let from = khien_base::clock::day_in_vietnam(now);
        let given = people::NewRole { person: id, role, unit, from, to: None, document: String::new(), by: Some(id) };
        people::give(tx.conn(), kit.id(), given).await.unwrap();
        let token = secret::token();
        let begun = session::Model {
            token_hash: token_hash(&token),
            person: id,
            created_at: now,
            seen_at: now,
            expires_at: now + chrono::TimeDelta::days(1),
            address: "127.0.0.1".into(),
            agent: "test".into(),
            api: false,
            label: String::new(),
        };
        people::begin_session(tx.conn(), begun).await.unwrap();
        tx.commit(entry("people.create", id)).await.unwrap();
        Browser::signed_in(khien_web::router::router(kit), &token)
    }

    pub(crate) fn data(&self) -> &Path {
        self.folder.path()
    }

    /// Closes the centre and gives its folder up to a server.
    pub(crate) async fn hand_over(self) -> (PathBuf, tempfile::TempDir, String) {
        let Self { open, folder, token, .. } = self;
        open.close().await.unwrap();
        (folder.path().to_owned(), folder, token)
    }

    pub(crate) async fn close(self) {
        self.open.close().await.unwrap();
    }
}
