//! Certificates of the centre's own: an authority, the server's certificate, one for each machine that sends. For
//! centres without a certificate service of their own; nothing of it leaves the machine.
//!
//! Keys are ECDSA on P-256. The authority lives for ten years, what it signs for a little over two.

use chrono::{DateTime, TimeDelta, Utc};
use khien_base::{Fault, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

/// How long an authority lives.
const AUTHORITY: TimeDelta = TimeDelta::days(3650);
/// How long what it signs lives: clients with the limits of browsers take no more than 825 days.
const LEAF: TimeDelta = TimeDelta::days(820);
/// Clocks of senders may be behind.
const BEFORE: TimeDelta = TimeDelta::days(1);
/// Names of one certificate.
const NAMES: usize = 20;

/// A certificate and its private key, both PEM.
#[derive(Clone, PartialEq, Eq)]
pub struct Pair {
    /// The certificate.
    pub cert: String,
    /// The private key, PKCS #8.
    pub key: String,
}

impl std::fmt::Debug for Pair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pair").field("cert", &self.cert).finish_non_exhaustive()
    }
}

/// SHA-256 of a certificate in PEM, as sources are registered with it.
pub fn fingerprint(cert: &str) -> Option<String> {
    let der = CertificateDer::from_pem_slice(cert.as_bytes()).ok()?;
    Some(crate::Certificate::read(&der).fingerprint)
}

/// A new authority of this name.
///
/// Faults: `collect.certificate` (`what`).
pub fn authority(name: &str, now: DateTime<Utc>) -> Result<Pair> {
    let mut params = fresh(name, now, AUTHORITY)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate().map_err(wrong)?;
    let cert = params.self_signed(&key).map_err(wrong)?;
    Ok(Pair { cert: cert.pem(), key: key.serialize_pem() })
}

/// A certificate for a server that is reached under these names and addresses; the first is its common name.
///
/// Faults: `collect.certificate` (`what`).
pub fn server(authority: &Pair, names: &[String], now: DateTime<Utc>) -> Result<Pair> {
    signed(authority, names, ExtendedKeyUsagePurpose::ServerAuth, now)
}

/// A certificate for a machine that sends; its name is what a source is registered with.
///
/// Faults: `collect.certificate` (`what`).
pub fn client(authority: &Pair, name: &str, now: DateTime<Utc>) -> Result<Pair> {
    signed(authority, &[name.to_owned()], ExtendedKeyUsagePurpose::ClientAuth, now)
}

fn signed(authority: &Pair, names: &[String], usage: ExtendedKeyUsagePurpose, now: DateTime<Utc>) -> Result<Pair> {
    let first = names.first().ok_or_else(|| Fault::invalid("collect.certificate").with("what", "no name"))?;
    if names.len() > NAMES {
        return Err(Fault::invalid("collect.certificate").with("what", format!("> {NAMES} names")));
    }
    let mut params = fresh(first, now, LEAF)?;
    // Names with blanks or of other scripts are common names only; DNS has no such names.
    let dns: Vec<String> = names.iter().filter(|name| name.is_ascii() && !name.contains(' ')).cloned().collect();
    params.subject_alt_names = CertificateParams::new(dns).map_err(wrong)?.subject_alt_names;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![usage];
    params.use_authority_key_identifier_extension = true;
    let signer = KeyPair::from_pem(&authority.key).map_err(wrong)?;
    let issuer = Issuer::from_ca_cert_pem(&authority.cert, signer).map_err(wrong)?;
    let key = KeyPair::generate().map_err(wrong)?;
    let cert = params.signed_by(&key, &issuer).map_err(wrong)?;
    Ok(Pair { cert: cert.pem(), key: key.serialize_pem() })
}

fn fresh(name: &str, now: DateTime<Utc>, life: TimeDelta) -> Result<CertificateParams> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 64 || name.chars().any(char::is_control) {
        // ub-common-name of RFC 5280.
        return Err(Fault::invalid("collect.certificate").with("what", "1–64 characters"));
    }
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = moment(now - BEFORE)?;
    params.not_after = moment(now + life)?;
    Ok(params)
}

fn moment(at: DateTime<Utc>) -> Result<time::OffsetDateTime> {
    time::OffsetDateTime::from_unix_timestamp(at.timestamp()).map_err(wrong)
}

fn wrong(error: impl std::fmt::Display) -> Fault {
    Fault::invalid("collect.certificate").with("what", error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::Certificate;

    fn der(pem: &str) -> Vec<u8> {
        x509_parser::pem::parse_x509_pem(pem.as_bytes()).unwrap().1.contents
    }

    #[test]
    fn a_machine_is_known_by_its_names_and_its_fingerprint() {
        let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let authority = authority("Khiên – Trung tâm An ninh mạng", now).unwrap();
        let pair = client(&authority, "May01.bacninh.gov.vn", now).unwrap();
        let read = Certificate::read(&der(&pair.cert));
        assert_eq!(read.names, ["may01.bacninh.gov.vn"]);
        assert_eq!(read.fingerprint.len(), 64);
        let other = client(&authority, "Máy chủ một cửa", now).unwrap();
        assert_eq!(Certificate::read(&der(&other.cert)).names, ["máy chủ một cửa"]);
        assert!(Certificate::read(b"no certificate").names.is_empty());
    }

    #[test]
    fn names_that_no_certificate_can_carry_are_told() {
        let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let authority = authority("a", now).unwrap();
        assert_eq!(client(&authority, " ", now).unwrap_err().code, "collect.certificate");
        assert_eq!(client(&authority, &"x".repeat(65), now).unwrap_err().code, "collect.certificate");
        let broken = Pair { key: "none".into(), ..authority };
        assert_eq!(client(&broken, "x", now).unwrap_err().code, "collect.certificate");
    }
}
