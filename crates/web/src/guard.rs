//! Rate limits and the comparison of secrets.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;

use axum::http::{HeaderMap, header};
use chrono::{DateTime, Utc};
use khien_base::{Fault, Kind, Result};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Counts requests by minute.
#[derive(Debug)]
pub struct Limits {
    per_minute: u32,
    sign_ins: u32,
    seen: Mutex<HashMap<String, (i64, u32)>>,
}

/// Distinct callers that are counted at once; beyond it the oldest minutes are forgotten.
const CALLERS: usize = 20_000;

impl Limits {
    /// Limits for a session and for tries at signing in from one address.
    pub fn new(per_minute: u32, sign_ins: u32) -> Self {
        Self { per_minute, sign_ins, seen: Mutex::new(HashMap::new()) }
    }

    /// Counts a request of a session or address.
    pub fn request(&self, caller: &str, now: DateTime<Utc>) -> Result<()> {
        self.count(format!("r:{caller}"), self.per_minute, now)
    }

    /// Counts a try at signing in.
    pub fn sign_in(&self, peer: IpAddr, now: DateTime<Utc>) -> Result<()> {
        self.count(format!("s:{peer}"), self.sign_ins, now)
    }

    fn count(&self, key: String, limit: u32, now: DateTime<Utc>) -> Result<()> {
        let minute = now.timestamp() / 60;
        let mut seen = match self.seen.lock() {
            Ok(seen) => seen,
            Err(poisoned) => poisoned.into_inner(),
        };
        if seen.len() >= CALLERS {
            seen.retain(|_, (at, _)| *at == minute);
        }
        let slot = seen.entry(key).or_insert((minute, 0));
        if slot.0 != minute {
            *slot = (minute, 0);
        }
        slot.1 += 1;
        if slot.1 > limit {
            let wait = 60 - now.timestamp().rem_euclid(60);
            return Err(Fault::new(Kind::TooMany, "web.too-many").with("seconds", wait));
        }
        Ok(())
    }
}

/// The hash under which a token is stored: who reads the table cannot use it.
pub fn token_hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

/// What the forms of a session carry.
pub fn csrf_of(token: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(b"khien csrf\0");
    hash.update(token.as_bytes());
    hex::encode(hash.finalize())
}

/// Compares secrets in constant time.
pub fn same(a: &str, b: &str) -> bool {
    bool::from(a.as_bytes().ct_eq(b.as_bytes()))
}

/// Whether a form without a session (sign-in, first run) was sent by a page of this very site: browsers say where
/// a request comes from.
pub(crate) fn same_site(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site").and_then(|v| v.to_str().ok()) {
        return matches!(site, "same-origin" | "none");
    }
    let host = headers.get(header::HOST).and_then(|v| v.to_str().ok());
    match headers.get(header::ORIGIN).and_then(|v| v.to_str().ok()) {
        Some(origin) => host.is_some_and(|host| origin.split("://").nth(1) == Some(host)),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eleventh_try_in_a_minute_waits() {
        let limits = Limits::new(600, 10);
        let peer: IpAddr = "192.0.2.7".parse().unwrap();
        let now = DateTime::from_timestamp(1_790_000_010, 0).unwrap();
        for _ in 0..10 {
            limits.sign_in(peer, now).unwrap();
        }
        assert_eq!(limits.sign_in(peer, now).unwrap_err().kind, Kind::TooMany);
        limits.sign_in("192.0.2.8".parse().unwrap(), now).unwrap();
        limits.sign_in(peer, now + chrono::TimeDelta::seconds(60)).unwrap();
    }

    #[test]
    fn a_form_of_another_site_is_told_apart() {
        let mut headers = HeaderMap::new();
        assert!(same_site(&headers));
        headers.insert(header::HOST, "khien.example".parse().unwrap());
        headers.insert(header::ORIGIN, "http://evil.example".parse().unwrap());
        assert!(!same_site(&headers));
        headers.insert(header::ORIGIN, "http://khien.example".parse().unwrap());
        assert!(same_site(&headers));
        headers.insert("sec-fetch-site", "cross-site".parse().unwrap());
        assert!(!same_site(&headers));
    }
}
