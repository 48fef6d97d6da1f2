//! Passwords, tokens, second factors.

use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use khien_base::{Fault, Result};
use rand::RngCore;
use totp_rs::{Builder, Totp};

use crate::setting::PasswordPolicy;

/// A token that nobody guesses: 32 bytes of the system's randomness.
pub fn token() -> String {
    let mut bytes = [0u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A first password: at least twenty letters and digits that are not mistaken for one another, in groups of five, to be
/// read out or copied by hand. Each is worth almost five bits: nobody guesses it.
pub fn first_password(min_length: u32) -> String {
    const LETTERS: [u8; 31] = *b"abcdefghjkmnpqrstuvwxyz23456789";
    let groups = min_length.div_ceil(5).max(4);
    let mut bytes = [0u8; 5];
    let mut out = String::new();
    for group in 0..groups {
        if group > 0 {
            out.push('-');
        }
        rand::rng().fill_bytes(&mut bytes);
        out.extend(
            bytes.iter().filter_map(|byte| LETTERS.get(usize::from(byte % 31))).map(|letter| char::from(*letter)),
        );
    }
    out
}

/// The argon2id hash of a password (RFC 9106, second recommended choice). Takes a tenth of a second of a core, so it
/// runs off the threads that answer requests.
pub async fn hash(password: String) -> Result<String> {
    let done = tokio::task::spawn_blocking(move || {
        Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string())
    });
    done.await.map_err(Fault::internal)?.map_err(Fault::internal)
}

/// Whether the password is the one of the hash. With no hash the same time is spent, so that a wrong name and a
/// wrong password cannot be told apart by waiting.
pub async fn verify(password: String, hash: Option<String>) -> Result<bool> {
    let done = tokio::task::spawn_blocking(move || {
        let argon = Argon2::default();
        match hash.as_deref().map(argon2::PasswordHash::new) {
            Some(Ok(hash)) => argon.verify_password(password.as_bytes(), &hash).is_ok(),
            _ => {
                argon.hash_password(password.as_bytes()).ok();
                false
            }
        }
    });
    done.await.map_err(Fault::internal)
}

/// Passwords that everybody tries first.
const COMMON: [&str; 12] = [
    "123456789",
    "1234567890",
    "12345678",
    "password",
    "matkhau",
    "qwertyuiop",
    "abc123",
    "admin123",
    "khien123",
    "anninhmang",
    "congan",
    "vietnam",
];

/// Whether a new password follows the policy; `known` are words that it must not be made of (names).
pub fn check(password: &str, policy: PasswordPolicy, known: &[&str]) -> Result<()> {
    let length = u32::try_from(password.chars().count()).unwrap_or(u32::MAX);
    if length < policy.min_length {
        return Err(Fault::invalid("people.password-short").with("min", policy.min_length).on("password"));
    }
    if length > 200 {
        return Err(Fault::invalid("people.password-long").with("max", 200).on("password"));
    }
    let lower = password.to_lowercase();
    let distinct = lower.chars().collect::<std::collections::HashSet<_>>().len();
    let named = known.iter().any(|word| word.chars().count() >= 4 && lower.contains(&word.to_lowercase()));
    let common = COMMON.iter().any(|word| lower.contains(word) && lower.chars().count() < word.chars().count() + 6);
    if distinct < 5 || named || common {
        return Err(Fault::invalid("people.password-weak").on("password"));
    }
    Ok(())
}

/// A new second-factor secret (RFC 6238: 20 bytes), in base 32.
pub fn new_totp() -> String {
    let mut bytes = [0u8; 20];
    rand::rng().fill_bytes(&mut bytes);
    totp_rs::Secret::from(bytes).to_base32()
}

/// The second factor of a stored secret.
pub fn totp(secret: &str, account: &str, issuer: &str) -> Result<Totp> {
    let secret = totp_rs::Secret::try_from_base32(secret).map_err(|error| Fault::internal(format!("{error:?}")))?;
    Builder::new()
        .with_secret(secret)
        .with_account_name(account.replace(':', " "))
        .with_issuer(Some(issuer.replace(':', " ")))
        .build()
        .map_err(|error| Fault::internal(format!("{error:?}")))
}

/// The time step whose six-digit code this is at this moment, one step of 30 s to either side; none when it is no
/// code of these. A step is to be used once (RFC 6238, 5.2): the caller keeps it.
pub fn step_of(secret: &str, code: &str, now: DateTime<Utc>) -> Result<Option<i64>> {
    let code: String = code.chars().filter(char::is_ascii_digit).collect();
    let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
    let step = totp(secret, "khien", "khien")?.check(&code, seconds);
    Ok(step.and_then(|step| i64::try_from(step).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_passwords_are_refused() {
        let policy = PasswordPolicy { min_length: 8, second_factor: true, max_age_days: 0 };
        assert_eq!(check("ngan", policy, &[]).unwrap_err().code, "people.password-short");
        assert_eq!(check("aaaaaaaaaaaa", policy, &[]).unwrap_err().code, "people.password-weak");
        assert_eq!(check("matkhau123", policy, &[]).unwrap_err().code, "people.password-weak");
        assert_eq!(check("nguyenvana-2026!", policy, &["nguyenvana"]).unwrap_err().code, "people.password-weak");
        check("bảy con trâu gặm cỏ", policy, &["nguyenvana"]).unwrap();
    }

    #[tokio::test]
    async fn a_hash_knows_its_password() {
        let hash = hash("bảy con trâu gặm cỏ".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(verify("bảy con trâu gặm cỏ".into(), Some(hash.clone())).await.unwrap());
        assert!(!verify("tám con trâu".into(), Some(hash)).await.unwrap());
        assert!(!verify("tám con trâu".into(), None).await.unwrap());
    }

    #[test]
    fn a_first_password_follows_the_policy() {
        for min_length in [8, 14, 30] {
            let policy = PasswordPolicy { min_length, second_factor: false, max_age_days: 0 };
            check(&first_password(min_length), policy, &["quantri"]).unwrap();
        }
        assert_ne!(first_password(14), first_password(14));
    }

    #[test]
    fn a_code_holds_for_half_a_minute_around() {
        let secret = new_totp();
        let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let code = totp(&secret, "a", "b").unwrap().generate(1_790_000_000).to_string();
        let step = 1_790_000_000 / 30;
        assert_eq!(step_of(&secret, &code, now).unwrap(), Some(step));
        assert_eq!(step_of(&secret, &code, now + chrono::TimeDelta::seconds(30)).unwrap(), Some(step));
        assert_eq!(step_of(&secret, &code, now + chrono::TimeDelta::seconds(120)).unwrap(), None);
    }
}
