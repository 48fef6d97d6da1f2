//! Senders that no source is registered for: counted, the last line of each kept, nothing stored.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard};

use chrono::{DateTime, Utc};

use super::register::Shown;
use super::stats::shown;

/// Addresses that are remembered; beyond it the one that was heard longest ago is forgotten.
pub const ADDRESSES: usize = 100;

/// A sender that nobody registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranger {
    /// Its address.
    pub address: IpAddr,
    /// SHA-256 of the certificate that it shows; empty without one.
    pub fingerprint: String,
    /// The first name in its certificate.
    pub name: String,
    /// Whether it shows a token that is nobody's.
    pub token: bool,
    /// Records that came.
    pub records: u64,
    /// When the last one came.
    pub last_at: DateTime<Utc>,
    /// The first characters of the last one.
    pub line: String,
}

/// Strangers are told apart by address, certificate, and whether they have a token.
type Key = (IpAddr, String, bool);

/// Senders that nobody registered, since this server started.
#[derive(Debug, Default)]
pub struct Strangers {
    seen: Mutex<HashMap<Key, Stranger>>,
}

impl Strangers {
    fn seen(&self) -> MutexGuard<'_, HashMap<Key, Stranger>> {
        match self.seen.lock() {
            Ok(seen) => seen,
            Err(poisoned) => poisoned.into_inner(),
        }
    }

    /// Notes a record.
    pub fn note(&self, shown_by: &Shown<'_>, line: &[u8], now: DateTime<Utc>) {
        let address = shown_by.address.to_canonical();
        let certificate = shown_by.certificate;
        let fingerprint = certificate.map(|certificate| certificate.fingerprint.to_owned()).unwrap_or_default();
        let key = (address, fingerprint.clone(), shown_by.token.is_some());
        let mut seen = self.seen();
        if !seen.contains_key(&key) && seen.len() >= ADDRESSES {
            let oldest = seen.iter().min_by_key(|(_, stranger)| stranger.last_at).map(|(key, _)| key.clone());
            oldest.and_then(|key| seen.remove(&key));
        }
        let name = certificate.and_then(|certificate| certificate.names.first());
        let fresh = || Stranger {
            address,
            fingerprint,
            name: name.map(|name| shown(name.as_bytes())).unwrap_or_default(),
            token: shown_by.token.is_some(),
            records: 0,
            last_at: now,
            line: String::new(),
        };
        let stranger = seen.entry(key).or_insert_with(fresh);
        stranger.records += 1;
        stranger.last_at = now;
        stranger.line = shown(line);
    }

    /// Forgets senders that were registered.
    pub fn forget(&self, known: impl Fn(&Stranger) -> bool) {
        self.seen().retain(|_, stranger| !known(stranger));
    }

    /// The last heard first.
    pub fn all(&self) -> Vec<Stranger> {
        let mut all: Vec<Stranger> = self.seen().values().cloned().collect();
        all.sort_by_key(|stranger| {
            (std::cmp::Reverse(stranger.last_at), stranger.address, stranger.fingerprint.clone())
        });
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_addresses_keeps_the_last_hundred() {
        let strangers = Strangers::default();
        let start = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        for n in 0..300_u32 {
            let from = IpAddr::from(std::net::Ipv4Addr::from(0x0A00_0000 + n));
            strangers.note(&Shown::at(from), b"<13>x", start + chrono::TimeDelta::seconds(i64::from(n)));
        }
        let all = strangers.all();
        assert_eq!(all.len(), ADDRESSES);
        assert_eq!(all[0].address.to_string(), "10.0.1.43");
        assert_eq!(all[99].address.to_string(), "10.0.0.200");
    }

    #[test]
    fn a_mapped_address_is_the_same_sender() {
        let strangers = Strangers::default();
        let now = DateTime::from_timestamp(0, 0).unwrap();
        strangers.note(&Shown::at("192.0.2.1".parse().unwrap()), b"a", now);
        strangers.note(&Shown::at("::ffff:192.0.2.1".parse().unwrap()), b"b\nc", now);
        let all = strangers.all();
        assert_eq!((all.len(), all[0].records, all[0].line.as_str()), (1, 2, "b c"));
    }
}
