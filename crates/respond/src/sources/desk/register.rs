//! Who may send: tokens and addresses, read from the table and kept for a few seconds.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, RwLock};

use chrono::{DateTime, TimeDelta, Utc};
use ipnet::IpNet;
use khien_base::Result;
use khien_base::ports::Whose;
use khien_db::Db;
use khien_web::guard::token_hash;

use crate::sources::{rules, store};

/// How long what was read is kept: a token that another server made works after so long.
pub const KEEP: TimeDelta = TimeDelta::seconds(10);

/// A source as the way in knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Whose records it sends.
    pub whose: Whose,
    /// Its name.
    pub name: String,
    /// How it sends.
    pub kind: String,
    /// Whether it may.
    pub status: String,
}

#[derive(Debug)]
struct Kept {
    read_at: DateTime<Utc>,
    tokens: HashMap<String, Known>,
    /// Networks with the narrowest first.
    networks: Vec<(IpNet, Known)>,
}

/// Tokens and addresses of all sources that are not closed.
#[derive(Debug)]
pub struct Register {
    db: Db,
    kept: RwLock<Option<Arc<Kept>>>,
}

impl Register {
    /// The register of a database.
    pub fn new(db: Db) -> Self {
        Self { db, kept: RwLock::new(None) }
    }

    /// The source of a token.
    pub async fn by_token(&self, token: &str, now: DateTime<Utc>) -> Result<Option<Known>> {
        Ok(self.fresh(now).await?.tokens.get(&token_hash(token)).cloned())
    }

    /// The source with the narrowest network around an address.
    pub async fn by_address(&self, from: IpAddr, now: DateTime<Utc>) -> Result<Option<Known>> {
        Ok(around(&self.fresh(now).await?.networks, from).cloned())
    }

    /// Whether any source has the address, by what was read last.
    pub fn has_address(&self, from: IpAddr) -> bool {
        self.kept().is_some_and(|kept| around(&kept.networks, from).is_some())
    }

    /// Forgets what was read: after every change of sources.
    pub fn forget(&self) {
        self.keep(None);
    }

    fn kept(&self) -> Option<Arc<Kept>> {
        match self.kept.read() {
            Ok(kept) => kept.clone(),
            Err(poisoned) => poisoned.into_inner().clone(),
        }
    }

    fn keep(&self, fresh: Option<Arc<Kept>>) {
        match self.kept.write() {
            Ok(mut kept) => *kept = fresh,
            Err(poisoned) => *poisoned.into_inner() = fresh,
        }
    }

    async fn fresh(&self, now: DateTime<Utc>) -> Result<Arc<Kept>> {
        if let Some(kept) = self.kept()
            && (now - kept.read_at).abs() < KEEP
        {
            return Ok(kept);
        }
        let mut tokens = HashMap::new();
        let mut networks = Vec::new();
        for source in store::open(self.db.read()).await? {
            let known = Known { whose: source.whose(), name: source.name, kind: source.kind, status: source.status };
            networks.extend(rules::read_networks(&source.addresses).into_iter().map(|net| (net, known.clone())));
            if let Some(hash) = source.token_hash {
                tokens.insert(hash, known);
            }
        }
        networks.sort_by_key(|(net, _)| std::cmp::Reverse(net.prefix_len()));
        let fresh = Arc::new(Kept { read_at: now, tokens, networks });
        self.keep(Some(Arc::clone(&fresh)));
        Ok(fresh)
    }
}

/// IPv4 senders on a socket of both families come as mapped addresses (RFC 4291, 2.5.5.2): they count as IPv4.
fn around(networks: &[(IpNet, Known)], from: IpAddr) -> Option<&Known> {
    let from = from.to_canonical();
    networks.iter().find(|(net, _)| net.contains(&from)).map(|(_, known)| known)
}
