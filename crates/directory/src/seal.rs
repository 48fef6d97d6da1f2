//! Secrets of second factors at rest: sealed with a key that is not in the database.
//!
//! A sealed secret is `v1:<key id>:<base 64 of nonce ‖ ciphertext ‖ tag>`, XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha;
//! its nonce of 24 bytes may be random) with the person's identity as associated data: a secret that was copied to
//! another person's row does not open. A base-32 secret has no colon, so that a row from before is told apart.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use khien_base::{Fault, Id, Result};
use rand::RngCore;
use sha2::{Digest, Sha256};

/// Bytes of a key.
pub const KEY: usize = 32;
/// How every sealed secret begins.
pub const MARK: &str = "v1:";
/// Bytes of a nonce.
const NONCE: usize = 24;

/// The key of a centre, from the file `secret.key`.
pub struct SecretKey {
    cipher: XChaCha20Poly1305,
    id: String,
}

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A stored secret, opened.
#[derive(Clone, PartialEq, Eq)]
pub enum Opened {
    /// It was sealed.
    Sealed(String),
    /// It stood there in the clear and should be sealed.
    Clear(String),
}

impl Opened {
    /// The secret, base 32.
    pub fn secret(&self) -> &str {
        match self {
            Self::Sealed(secret) | Self::Clear(secret) => secret,
        }
    }
}

impl SecretKey {
    /// The key of these bytes.
    pub fn new(key: [u8; KEY]) -> Self {
        let mut id = hex::encode(Sha256::new().chain_update(b"khien secret key\0").chain_update(key).finalize());
        id.truncate(8);
        Self { cipher: XChaCha20Poly1305::new(&key.into()), id }
    }

    /// The text of a new key: 64 hexadecimal digits of the system's randomness.
    pub fn fresh() -> String {
        let mut key = [0u8; KEY];
        rand::rng().fill_bytes(&mut key);
        hex::encode(key)
    }

    /// The key of a text; none when it is not 64 hexadecimal digits.
    pub fn read(text: &str) -> Option<Self> {
        let mut key = [0u8; KEY];
        hex::decode_to_slice(text.trim(), &mut key).ok()?;
        Some(Self::new(key))
    }

    /// How secrets begin that this key sealed. It tells a wrong key from a damaged row, and nothing of the key.
    pub fn mark(&self) -> String {
        format!("{MARK}{}:", self.id)
    }

    /// Seals a person's secret.
    pub fn seal(&self, person: Id, secret: &str) -> Result<String> {
        let mut nonce = [0u8; NONCE];
        rand::rng().fill_bytes(&mut nonce);
        let payload = Payload { msg: secret.as_bytes(), aad: &bound_to(person) };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| Fault::internal("sealing"))?;
        let mut all = nonce.to_vec();
        all.extend(sealed);
        Ok(format!("{}{}", self.mark(), URL_SAFE_NO_PAD.encode(all)))
    }

    /// Opens a person's stored secret. One that another key sealed is `sign_in.key-lost`: the person cannot mend it.
    pub fn open(&self, person: Id, stored: &str) -> Result<Opened> {
        if !stored.starts_with(MARK) {
            return Ok(Opened::Clear(stored.to_owned()));
        }
        let mark = self.mark();
        let Some(sealed) = stored.strip_prefix(&mark) else {
            let mut fault = Fault::forbidden("sign_in.key-lost");
            fault.cause = Some(format!("the second factor of {person} was sealed with another secret.key"));
            return Err(fault);
        };
        let damaged = || Fault::internal(format!("the second factor of {person} is damaged: it does not open"));
        let all = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| damaged())?;
        let (nonce, sealed) = all.split_first_chunk::<NONCE>().ok_or_else(damaged)?;
        let payload = Payload { msg: sealed, aad: &bound_to(person) };
        let secret = self.cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| damaged())?;
        String::from_utf8(secret).map(Opened::Sealed).map_err(|_| damaged())
    }
}

fn bound_to(person: Id) -> Vec<u8> {
    [b"khien second factor\0".as_slice(), person.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

    #[test]
    fn a_sealed_secret_opens_with_its_key_for_its_person_only() {
        let (key, other, person) = (SecretKey::new([7; KEY]), SecretKey::new([8; KEY]), Id::from_u128(1));
        let sealed = key.seal(person, SECRET).unwrap();
        assert!(!sealed.contains(SECRET) && sealed.starts_with(MARK), "{sealed}");
        assert_ne!(sealed, key.seal(person, SECRET).unwrap(), "a nonce is used once");
        assert!(key.open(person, &sealed).unwrap() == Opened::Sealed(SECRET.into()));
        assert_eq!(other.open(person, &sealed).err().unwrap().code, "sign_in.key-lost");
        assert_eq!(key.open(Id::from_u128(2), &sealed).err().unwrap().code, "internal");
        assert!(key.open(person, SECRET).unwrap() == Opened::Clear(SECRET.into()));
        assert!(!format!("{key:?}").contains("7, 7"), "{key:?}");
    }

    #[test]
    fn a_damaged_secret_does_not_open() {
        let (key, person) = (SecretKey::new([7; KEY]), Id::from_u128(1));
        let sealed = key.seal(person, SECRET).unwrap();
        let (head, tail) = sealed.split_at(key.mark().len() + 40);
        let other = if tail.starts_with('A') { 'B' } else { 'A' };
        let turned = format!("{head}{other}{}", &tail[1..]);
        for damaged in [turned, key.mark(), format!("{}AAAA", key.mark()), format!("{}?", key.mark())] {
            assert_eq!(key.open(person, &damaged).err().unwrap().code, "internal", "{damaged}");
        }
    }
}
