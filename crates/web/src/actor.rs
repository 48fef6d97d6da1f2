//! Who is asking.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use khien_base::{Fault, Id, Reach, Result};
use khien_db::Entry;
use serde_json::Value;

/// A signed-in person with all rights held at this moment.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The person.
    pub id: Id,
    /// Name.
    pub name: String,
    /// Post ("Trưởng phòng").
    pub post: String,
    /// The unit that the person belongs to.
    pub unit: Id,
    /// Its name.
    pub unit_name: String,
    /// For each permission, how far it reaches.
    pub permissions: HashMap<&'static str, Reach>,
    /// Hash of the session's token.
    pub session: String,
    /// What forms must carry.
    pub csrf: String,
    /// Whether it came with an API token (no cookie, so no CSRF).
    pub api: bool,
    /// What must be done before anything else of the program opens. Who owes something holds no permission.
    pub owed: Option<Owed>,
}

/// What a person owes before anything else opens: the page that settles it, signing out, and nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owed {
    /// A new password: the present one was set by somebody else, or is too old.
    Password,
    /// A second factor, which the centre's policy demands of everybody.
    SecondFactor,
}

impl Owed {
    /// The page that settles it.
    pub fn page(self) -> &'static str {
        match self {
            Self::Password => "/account",
            Self::SecondFactor => "/account/second-factor",
        }
    }

    /// What a program is told that comes all the same.
    pub fn code(self) -> &'static str {
        match self {
            Self::Password => "web.change-password",
            Self::SecondFactor => "web.set-second-factor",
        }
    }

    /// Whether a route stays open: the page itself, the change that it sends, and signing out.
    pub fn opens(self, route: &str) -> bool {
        match self {
            Self::Password => matches!(route, "/account" | "/account/password" | "/sign-out"),
            Self::SecondFactor => matches!(route, "/account/second-factor" | "/sign-out"),
        }
    }
}

impl Actor {
    /// Whether the permission is held anywhere.
    pub fn may(&self, permission: &str) -> bool {
        self.permissions.contains_key(permission)
    }

    /// The units that the permission reaches.
    pub fn reach(&self, permission: &str) -> Reach {
        self.permissions.get(permission).cloned().unwrap_or_else(Reach::nothing)
    }

    /// Demands the permission over one unit's record. Who cannot reach it is told that there is no such thing.
    pub fn over(&self, permission: &str, unit: Id) -> Result<()> {
        if self.reach(permission).covers(unit) { Ok(()) } else { Err(Fault::not_found("web.not-found")) }
    }

    /// The audit entry of something that this person does.
    #[expect(clippy::too_many_arguments, reason = "an audit entry has that many parts, each named at the call")]
    pub fn entry(
        &self,
        at: DateTime<Utc>,
        request: &str,
        action: &'static str,
        subject_kind: &'static str,
        subject: Id,
        unit: Option<Id>,
        detail: Value,
    ) -> Entry {
        Entry {
            at,
            actor: Some(self.id),
            actor_name: self.name.clone(),
            unit,
            action,
            subject_kind,
            subject,
            detail,
            request: request.to_owned(),
        }
    }
}

/// Finds out who a session or API token belongs to; `directory` is behind it.
pub trait Gate: Send + Sync {
    /// The person of a token, or nobody.
    fn actor<'a>(&'a self, token: &'a str, api: bool, now: DateTime<Utc>) -> BoxFuture<'a, Result<Option<Actor>>>;
    /// Whether the centre was set up; until then every page leads to the first-run wizard.
    fn ready(&self) -> BoxFuture<'_, Result<bool>>;
    /// The implementation itself, for the crate that made it.
    fn as_any(&self) -> &(dyn std::any::Any + Send + Sync);
}
