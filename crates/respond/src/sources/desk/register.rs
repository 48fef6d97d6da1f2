//! Who may send: tokens, certificates and addresses, read from the table and kept for a few seconds.

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
    /// Events a second that it may send.
    pub quota: Option<u32>,
}

#[derive(Debug)]
struct Kept {
    read_at: DateTime<Utc>,
    tokens: HashMap<String, Known>,
    /// Networks with the narrowest first.
    networks: Vec<(IpNet, Known)>,
    certificates: HashMap<String, Known>,
    /// By identity and by the search key of the name.
    names: HashMap<String, Known>,
}

impl Kept {
    /// Whose a sender is by the strongest that it shows: token, certificate, address. What it shows and is nobody's is
    /// not made up for by something weaker.
    fn find(&self, shown: &Shown<'_>) -> Option<&Known> {
        if let Some(token) = shown.token {
            return self.tokens.get(&token_hash(token));
        }
        let Some(certificate) = &shown.certificate else { return around(&self.networks, shown.address) };
        let fingerprint = std::iter::once(format!("sha256:{}", certificate.fingerprint));
        let names = certificate.names.iter().map(|name| format!("name:{name}"));
        let mut all = fingerprint.chain(names).filter_map(|one| self.certificates.get(&one));
        let first = all.next()?;
        // One certificate that two units claim by different signs is nobody's.
        all.all(|other| other.whose.unit == first.whose.unit).then_some(first)
    }
}

/// A certificate that a sender shows.
#[derive(Debug, Clone, Copy)]
pub struct Certificate<'a> {
    /// SHA-256 in lower-case hex.
    pub fingerprint: &'a str,
    /// Names in it, in lower case.
    pub names: &'a [String],
}

/// What a sender shows of itself.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// Where it sends from.
    pub address: IpAddr,
    /// The certificate of its connection.
    pub certificate: Option<Certificate<'a>>,
    /// The token in its message.
    pub token: Option<&'a str>,
}

impl Shown<'_> {
    /// An address and nothing else.
    pub fn at(address: IpAddr) -> Self {
        Self { address, certificate: None, token: None }
    }
}

/// Tokens, certificates and addresses of all sources that are not closed.
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

    /// The source of a sender: of its token, else of its certificate, else the one with the narrowest network around
    /// its address.
    pub async fn by_shown(&self, shown: Shown<'_>, now: DateTime<Utc>) -> Result<Option<Known>> {
        Ok(self.fresh(now).await?.find(&shown).cloned())
    }

    /// The source of a name, whatever its case and diacritics, or of an identity; of several of one name the oldest.
    pub async fn named(&self, name: &str, now: DateTime<Utc>) -> Result<Option<Known>> {
        let kept = self.fresh(now).await?;
        Ok(kept.names.get(name.trim()).or_else(|| kept.names.get(&khien_base::key::key(name))).cloned())
    }

    /// Whether a sender is any source's, by what was read last.
    pub fn knows(&self, shown: &Shown<'_>) -> bool {
        self.kept().is_some_and(|kept| kept.find(shown).is_some())
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
        let (mut networks, mut certificates, mut names) = (Vec::new(), HashMap::new(), HashMap::new());
        let mut open = store::open(self.db.read()).await?;
        open.sort_by_key(|source| (source.created_at, source.id));
        for source in open {
            let quota = source.quota.and_then(|quota| u32::try_from(quota).ok());
            let known =
                Known { whose: source.whose(), name: source.name, kind: source.kind, status: source.status, quota };
            names.entry(source.search_key).or_insert_with(|| known.clone());
            names.insert(source.id.to_string(), known.clone());
            let own = rules::read_certificates(&source.certificates);
            certificates.extend(own.into_iter().map(|certificate| (certificate, known.clone())));
            networks.extend(rules::read_networks(&source.addresses).into_iter().map(|net| (net, known.clone())));
            if let Some(hash) = source.token_hash {
                tokens.insert(hash, known);
            }
        }
        networks.sort_by_key(|(net, _)| std::cmp::Reverse(net.prefix_len()));
        let fresh = Arc::new(Kept { read_at: now, tokens, networks, certificates, names });
        self.keep(Some(Arc::clone(&fresh)));
        Ok(fresh)
    }
}

/// IPv4 senders on a socket of both families come as mapped addresses (RFC 4291, 2.5.5.2): they count as IPv4.
fn around(networks: &[(IpNet, Known)], from: IpAddr) -> Option<&Known> {
    let from = from.to_canonical();
    networks.iter().find(|(net, _)| net.contains(&from)).map(|(_, known)| known)
}
