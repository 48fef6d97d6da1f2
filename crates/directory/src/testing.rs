//! A whole centre for tests: own database, fixed clock, repeatable identities, people of every role.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use khien_base::{Clock, Fault, Id, Ids, Result, Role};
use khien_db::testing::TestDb;
use khien_web::testing::Browser;
use khien_web::{Kit, Module, Settings};

use crate::gate::{self, Directory};
use crate::people::model::{NewPerson, session};
use crate::people::store as people;
use crate::seal::SecretKey;
use crate::setting::{self, PasswordPolicy};
use crate::setup::found::{Founded, NewCentre, found};

/// A centre of tỉnh Bắc Ninh on 1 October 2026, 09:00 in Vietnam.
#[derive(Debug)]
pub struct TestApp {
    /// The kit.
    pub kit: Arc<Kit>,
    /// The clock, to be moved.
    pub clock: Clock,
    /// The centre with its units by code or template key (`so-y-te`, `09253`).
    pub founded: Founded,
    router: axum::Router,
    // Dropped last: its folder holds the database.
    _db: TestDb,
}

/// The key that seals secrets in tests.
pub const KEY: [u8; crate::seal::KEY] = [42; crate::seal::KEY];

/// When tests begin.
pub fn beginning() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_820_000, 0).unwrap_or_default()
}

impl TestApp {
    /// A centre with the directory and these modules.
    pub async fn with(modules: Vec<Module>) -> Result<Self> {
        Self::plugged(modules, |_| {}).await
    }

    /// The same, with ports plugged in.
    pub async fn plugged(modules: Vec<Module>, plug: impl FnOnce(&mut Kit) + Send) -> Result<Self> {
        let mut all = crate::modules();
        all.extend(modules);
        // Kits live as long as the program; a test is a short program.
        let all: &'static [Module] = Box::leak(all.into_boxed_slice());
        let test = TestDb::fresh().await?;
        let clock = Clock::fixed(beginning());
        let gate = Directory::new(test.db.clone(), all, SecretKey::new(KEY));
        let settings = Settings { per_minute: 100_000, ..Settings::default() };
        let mut kit = Kit::new(test.db.clone(), clock.clone(), Ids::seeded(1), all, gate, settings)?;
        kit.pages.be_strict();
        plug(&mut kit);
        let new = NewCentre {
            code: "24".into(),
            administrator: "Nguyễn Quản Trị".into(),
            username: "quantri".into(),
            password_hash: String::new(),
            policy: PasswordPolicy::default(),
        };
        let founded = found(&kit.db, &kit.ids, kit.now(), new).await?;
        let kit = Arc::new(kit);
        let router = khien_web::router::router(&kit);
        Ok(Self { kit, clock, founded, router, _db: test })
    }

    /// The unit of an official code or template key.
    pub fn unit(&self, code: &str) -> Result<Id> {
        self.founded.units.get(code).copied().ok_or_else(|| Fault::not_found("units.not-found").with("code", code))
    }

    /// Puts another policy of passwords in force.
    pub async fn demand(&self, policy: PasswordPolicy) -> Result<()> {
        let tx = self.kit.db.begin().await?;
        setting::put(tx.conn(), PasswordPolicy::NAME, &policy).await?;
        tx.commit_machine().await?;
        gate::of(&self.kit)?.forget();
        Ok(())
    }

    /// A browser in which nobody is signed in.
    pub fn stranger(&self) -> Browser {
        Browser::new(self.router.clone())
    }

    /// A browser in which a new person with one role at a unit is signed in.
    pub async fn sign_in(&self, role: Role, unit: &str) -> Result<(Id, Browser)> {
        let (id, now, unit) = (self.kit.id(), self.kit.now(), self.unit(unit)?);
        let tx = self.kit.db.begin().await?;
        let person = NewPerson {
            name: format!("Người {}", role.name()),
            unit,
            username: Some(format!("u{}", id.simple())),
            ..NewPerson::default()
        };
        people::insert(tx.conn(), id, person, now).await?;
        let given = people::NewRole {
            person: id,
            role,
            unit,
            from: khien_base::clock::day_in_vietnam(now),
            to: None,
            document: String::new(),
            by: None,
        };
        people::give(tx.conn(), self.kit.id(), given).await?;
        let token = format!("test-{}", id.simple());
        let session = session::Model {
            token_hash: khien_web::guard::token_hash(&token),
            person: id,
            created_at: now,
            seen_at: now,
            expires_at: now + chrono::TimeDelta::days(3650),
            address: "127.0.0.1".into(),
            agent: "test".into(),
            api: false,
            label: String::new(),
        };
        people::begin_session(tx.conn(), session).await?;
        tx.commit_machine().await?;
        Ok((id, Browser::signed_in(self.router.clone(), &token)))
    }
}
