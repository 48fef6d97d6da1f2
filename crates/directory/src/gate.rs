//! Who is asking, with all rights held today.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use futures::future::BoxFuture;
use khien_base::clock::day_in_vietnam;
use khien_base::{Fault, Id, Reach, Result, Role};
use khien_db::Db;
use khien_web::guard::token_hash;
use khien_web::{Actor, Gate, Module};

use crate::people::store as people;
use crate::seal::SecretKey;
use crate::setting::{self, Centre, PasswordPolicy};
use crate::sign_in::rules;
use crate::tree::Tree;

/// The directory as the rest of the program sees it: the tree of today, kept between requests, and the gate.
#[derive(Debug)]
pub struct Directory {
    db: Db,
    by_role: HashMap<Role, Vec<&'static str>>,
    key: SecretKey,
    kept: RwLock<Option<Kept>>,
}

#[derive(Debug, Clone)]
struct Kept {
    centre: Option<Centre>,
    policy: PasswordPolicy,
    tree: Arc<Tree>,
    day: NaiveDate,
    read_at: DateTime<Utc>,
}

/// How long the tree is kept before it is read again, so that several servers on one database agree soon.
const KEEP: TimeDelta = TimeDelta::seconds(30);
/// A session's last use is written no more often than this.
const SEEN: TimeDelta = TimeDelta::minutes(5);
/// A session that was not used for so long ends.
const IDLE: TimeDelta = TimeDelta::hours(4);

impl Directory {
    /// The directory of a database, giving the permissions of these modules; secrets are sealed with the key.
    pub fn new(db: Db, modules: &[Module], key: SecretKey) -> Arc<Self> {
        let mut by_role: HashMap<Role, Vec<&'static str>> = HashMap::new();
        for permission in modules.iter().flat_map(|module| module.permissions) {
            for role in permission.roles {
                by_role.entry(*role).or_default().push(permission.name);
            }
        }
        Arc::new(Self { db, by_role, key, kept: RwLock::new(None) })
    }

    /// The tree of today.
    pub async fn tree(&self, now: DateTime<Utc>) -> Result<Arc<Tree>> {
        Ok(self.kept(now).await?.tree)
    }

    /// The centre; none before the first run.
    pub async fn centre(&self, now: DateTime<Utc>) -> Result<Option<Centre>> {
        Ok(self.kept(now).await?.centre)
    }

    /// What passwords must be like, and whether everybody needs a second factor.
    pub async fn policy(&self, now: DateTime<Utc>) -> Result<PasswordPolicy> {
        Ok(self.kept(now).await?.policy)
    }

    /// What secrets are sealed with.
    pub fn key(&self) -> &SecretKey {
        &self.key
    }

    /// Seals the secrets of second factors that still stand in the clear, and tells how many the present key cannot
    /// open: at each start.
    pub async fn seal_secrets(&self) -> Result<u64> {
        loop {
            let clear = people::clear_secrets(&self.db).await?;
            if clear.is_empty() {
                return people::sealed_elsewhere(&self.db, &self.key.mark()).await;
            }
            let tx = self.db.begin().await?;
            for (person, secret) in clear {
                let sealed = self.key.seal(person, &secret)?;
                people::replace_secret(tx.conn(), person, &secret, &sealed).await?;
            }
            tx.commit_machine().await?;
        }
    }

    /// Forgets the tree and the policy: after every change of units.
    pub fn forget(&self) {
        match self.kept.write() {
            Ok(mut kept) => *kept = None,
            Err(poisoned) => *poisoned.into_inner() = None,
        }
    }

    async fn kept(&self, now: DateTime<Utc>) -> Result<Kept> {
        let day = day_in_vietnam(now);
        let kept = match self.kept.read() {
            Ok(kept) => kept.clone(),
            Err(poisoned) => poisoned.into_inner().clone(),
        };
        if let Some(kept) = kept
            && kept.day == day
            && now - kept.read_at < KEEP
        {
            return Ok(kept);
        }
        let centre: Option<Centre> = setting::get(self.db.read(), Centre::NAME).await?;
        let policy = setting::get(self.db.read(), PasswordPolicy::NAME).await?.unwrap_or_default();
        let tree = Tree::load(&self.db, centre.as_ref().map(|centre| centre.unit), day).await?;
        let fresh = Kept { centre, policy, tree: Arc::new(tree), day, read_at: now };
        // A centre that is not set up yet is looked at afresh each time.
        if fresh.centre.is_some() {
            match self.kept.write() {
                Ok(mut kept) => *kept = Some(fresh.clone()),
                Err(poisoned) => *poisoned.into_inner() = Some(fresh.clone()),
            }
        }
        Ok(fresh)
    }

    /// All permissions of a person today, each with its reach.
    pub async fn permissions(&self, person: Id, now: DateTime<Utc>) -> Result<HashMap<&'static str, Reach>> {
        let tree = self.tree(now).await?;
        let mut all: HashMap<&'static str, Reach> = HashMap::new();
        for held in people::roles(&self.db, person, day_in_vietnam(now)).await? {
            let Some(role) = Role::from_name(&held.role) else { continue };
            let reach = tree.reach(held.unit);
            for name in self.by_role.get(&role).map_or(&[][..], Vec::as_slice) {
                let before = all.remove(name).unwrap_or_else(Reach::nothing);
                all.insert(name, before.and(reach.clone()));
            }
        }
        Ok(all)
    }

    async fn find(&self, token: &str, api: bool, now: DateTime<Utc>) -> Result<Option<Actor>> {
        let hash = token_hash(token);
        let Some((session, person)) = people::session(&self.db, &hash, api, now).await? else { return Ok(None) };
        if !api && now - session.seen_at > IDLE {
            return Ok(None);
        }
        if now - session.seen_at > SEEN {
            people::seen(&self.db, &hash, now).await?;
        }
        let tree = self.tree(now).await?;
        let owed = rules::owed(&person, self.policy(now).await?, session.created_at, api);
        let permissions = if owed.is_none() { self.permissions(person.id, now).await? } else { HashMap::new() };
        Ok(Some(Actor {
            id: person.id,
            unit: person.unit,
            unit_name: tree.name(person.unit).to_owned(),
            permissions,
            name: person.name,
            post: person.post,
            session: hash,
            csrf: String::new(),
            api,
            owed,
        }))
    }
}

impl Gate for Directory {
    fn actor<'a>(&'a self, token: &'a str, api: bool, now: DateTime<Utc>) -> BoxFuture<'a, Result<Option<Actor>>> {
        Box::pin(self.find(token, api, now))
    }

    fn ready(&self) -> BoxFuture<'_, Result<bool>> {
        Box::pin(async { Ok(setting::get::<Centre, _>(self.db.read(), Centre::NAME).await?.is_some()) })
    }

    fn as_any(&self) -> &(dyn std::any::Any + Send + Sync) {
        self
    }
}

/// The directory behind a kit's gate.
pub fn of(kit: &khien_web::Kit) -> Result<&Directory> {
    kit.gate.as_any().downcast_ref().ok_or_else(|| Fault::internal("the gate is not the directory"))
}
