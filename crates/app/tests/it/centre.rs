//! A centre on a folder of its own, with one system and one source that may send.

use std::path::{Path, PathBuf};

use khien::config::Config;
use khien::wiring;
use khien_base::ports::Whose;
use khien_base::{Clock, Id};
use khien_db::Entry;
use khien_directory::secret;
use khien_directory::setting::PasswordPolicy;
use khien_directory::setup::found::{Founded, NewCentre, found};
use khien_govern::systems;
use khien_respond::sources;
use khien_web::guard::token_hash;

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
