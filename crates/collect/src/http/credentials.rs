//! The token of a request, and who tries tokens.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use khien_base::{Fault, Kind, Result};

/// Longest token that is looked at.
const LONGEST: usize = 1024;

/// The token in `Authorization`: `Bearer` (RFC 6750), `Splunk`, `Basic` (RFC 7617: the password is the token), or
/// Elasticsearch's `ApiKey`, which is `id:key` in base64 (the key is the token) or the token as it is.
pub(super) fn token(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok().filter(|value| value.len() <= LONGEST)?;
    let (scheme, rest) = value.trim().split_once(' ')?;
    let rest = rest.trim();
    let token = match scheme.to_ascii_lowercase().as_str() {
        "bearer" | "splunk" => rest.to_owned(),
        "basic" => pair(rest)?,
        "apikey" => pair(rest).unwrap_or_else(|| rest.to_owned()),
        _ => return None,
    };
    Some(token).filter(|token| !token.is_empty())
}

/// What stands after the colon of a pair in base64.
fn pair(text: &str) -> Option<String> {
    let both = String::from_utf8(STANDARD.decode(text).ok()?).ok()?;
    both.split_once(':').map(|(_, second)| second.to_owned())
}

/// Wrong tokens of one address in a minute, beyond which it is not listened to until the next.
const WRONG: u32 = 30;
/// Addresses that are remembered.
const ADDRESSES: usize = 4096;

/// Wrong tokens of this minute, by address.
#[derive(Debug, Default)]
pub(super) struct Wrong {
    seen: Mutex<(i64, HashMap<IpAddr, u32>)>,
}

impl Wrong {
    fn of_minute<T>(&self, now: DateTime<Utc>, work: impl FnOnce(&mut HashMap<IpAddr, u32>) -> T) -> T {
        let mut seen = match self.seen.lock() {
            Ok(seen) => seen,
            Err(poisoned) => poisoned.into_inner(),
        };
        let minute = now.timestamp().div_euclid(60);
        if seen.0 != minute {
            *seen = (minute, HashMap::new());
        }
        work(&mut seen.1)
    }

    /// Refuses an address that tried too many: `collect.tokens` with `seconds`.
    pub(super) fn look(&self, from: IpAddr, now: DateTime<Utc>) -> Result<()> {
        let tried = self.of_minute(now, |seen| seen.get(&from).copied().unwrap_or_default());
        if tried < WRONG {
            return Ok(());
        }
        let wait = 60 - now.timestamp().rem_euclid(60);
        Err(Fault::new(Kind::TooMany, "collect.tokens").with("seconds", wait))
    }

    /// Notes a wrong token. When too many addresses try at once, more of them are not told apart until the next minute.
    pub(super) fn note(&self, from: IpAddr, now: DateTime<Utc>) {
        self.of_minute(now, |seen| {
            if seen.len() < ADDRESSES || seen.contains_key(&from) {
                *seen.entry(from).or_default() += 1;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, value.parse().unwrap());
        token(&headers)
    }

    #[test]
    fn each_way_of_carrying_a_token_is_read() {
        let basic = STANDARD.encode("winlogbeat:s3cret:x");
        for value in ["Bearer s3cret:x", "Splunk s3cret:x", "splunk  s3cret:x ", "ApiKey s3cret:x"] {
            assert_eq!(of(value).as_deref(), Some("s3cret:x"), "{value}");
        }
        assert_eq!(of(&format!("Basic {basic}")).as_deref(), Some("s3cret:x"));
        assert_eq!(of(&format!("ApiKey {basic}")).as_deref(), Some("s3cret:x"));
        for value in ["", "Bearer", "Bearer ", "Basic s3cret", "Digest s3cret", &format!("Bearer {}", "x".repeat(2000))]
        {
            assert_eq!(of(value), None, "{value}");
        }
        assert_eq!(token(&HeaderMap::new()), None);
    }

    #[test]
    fn who_tries_tokens_waits_for_the_next_minute_and_nobody_else_does() {
        let wrong = Wrong::default();
        let (a, b) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let now = DateTime::from_timestamp(1_790_000_010, 0).unwrap();
        for _ in 0..WRONG {
            assert!(wrong.look(a, now).is_ok());
            wrong.note(a, now);
        }
        assert_eq!(wrong.look(a, now).unwrap_err().to_string(), "collect.tokens seconds=30");
        assert!(wrong.look(b, now).is_ok());
        assert!(wrong.look(a, now + chrono::TimeDelta::minutes(1)).is_ok());
        for n in 0..2 * u32::try_from(ADDRESSES).unwrap() {
            wrong.note(IpAddr::from(n.to_be_bytes()), now);
        }
        assert_eq!(wrong.seen.lock().unwrap().1.len(), ADDRESSES);
    }
}
