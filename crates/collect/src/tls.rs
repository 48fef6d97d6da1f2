//! TLS of the listeners (RFC 8446; syslog over TLS is RFC 5425), and who stands behind a client's certificate.
//!
//! The certificate, its key and the authority of clients are files. They are read again when they change, so that a
//! renewed certificate needs no restart; while new ones cannot be read, the old ones stay in force and the log says so.
//! A client may come without a certificate; one that shows a certificate of another authority is refused.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use khien_base::{Fault, Result};
use sha2::{Digest, Sha256};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, crypto};

pub use tokio_rustls::server::TlsStream;

/// Bytes of a file of certificates.
const FILE: u64 = 1 << 20;
/// How often the files are looked at, at most.
const LOOK: Duration = Duration::from_secs(5);
/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Names that are read out of one certificate.
const NAMES: usize = 50;

/// The files of a listener, all PEM (RFC 7468).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, then those between it and its authority.
    pub cert: PathBuf,
    /// Its private key: PKCS #8, PKCS #1 or SEC 1.
    pub key: PathBuf,
    /// Authorities of clients' certificates; none asks no client for one.
    pub client_ca: Option<PathBuf>,
}

/// Who a client's certificate says that it is. The handshake has shown that an authority of [`TlsFiles::client_ca`]
/// signed it and that the client holds its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// SHA-256 of the certificate (RFC 5425, 4.2.2) in lower-case hex, without colons.
    pub fingerprint: String,
    /// DNS names, then the common name, in lower case (RFC 5425, 5.2).
    pub names: Vec<String>,
}

impl Certificate {
    /// Reads a certificate in DER. What cannot be read as names is left out; the fingerprint always stands.
    pub fn read(der: &[u8]) -> Self {
        let mut names = Vec::new();
        if let Ok((_, certificate)) = x509_parser::parse_x509_certificate(der) {
            if let Ok(Some(alternatives)) = certificate.subject_alternative_name() {
                for name in &alternatives.value.general_names {
                    if let x509_parser::extensions::GeneralName::DNSName(name) = name {
                        names.push(name.to_ascii_lowercase());
                    }
                }
            }
            let common = certificate.subject().iter_common_name().filter_map(|name| name.as_str().ok());
            names.extend(common.map(str::to_lowercase));
        }
        names.retain(|name| !name.is_empty() && name.len() <= 255);
        names.dedup();
        names.truncate(NAMES);
        Self { fingerprint: hex::encode(Sha256::digest(der)), names }
    }
}

/// What the files were when they were read.
type Stamps = Vec<Option<(SystemTime, u64)>>;

struct Loaded {
    config: Arc<ServerConfig>,
    stamps: Stamps,
    looked: Instant,
}

/// The TLS side of a listener.
pub struct Tls {
    files: TlsFiles,
    protocols: Vec<Vec<u8>>,
    loaded: Mutex<Loaded>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("files", &self.files).finish_non_exhaustive()
    }
}

impl Tls {
    /// Reads the files. `protocols` are offered through ALPN (RFC 7301), the liked one first; syslog has none.
    ///
    /// Faults: `collect.tls` (`file`, `what`) for what cannot be read or does not belong together.
    pub fn open(files: TlsFiles, protocols: &[&str]) -> Result<Self> {
        let protocols: Vec<Vec<u8>> = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        let loaded = Loaded { stamps: stamps(&files), config: load(&files, &protocols)?, looked: Instant::now() };
        Ok(Self { files, protocols, loaded: Mutex::new(loaded) })
    }

    /// Takes a connection through its handshake.
    pub async fn accept(&self, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        let acceptor = TlsAcceptor::from(self.current());
        match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
            Ok(done) => done,
            Err(_) => Err(std::io::Error::from(std::io::ErrorKind::TimedOut)),
        }
    }

    /// What is in force; looks at the files from time to time.
    fn current(&self) -> Arc<ServerConfig> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if loaded.looked.elapsed() >= LOOK {
            loaded.looked = Instant::now();
            self.look_again(&mut loaded);
        }
        Arc::clone(&loaded.config)
    }

    fn look_again(&self, loaded: &mut Loaded) {
        let stamps = stamps(&self.files);
        if stamps == loaded.stamps {
            return;
        }
        match load(&self.files, &self.protocols) {
            Ok(config) => {
                tracing::info!(cert = %self.files.cert.display(), "the certificate was read again");
                loaded.config = config;
                loaded.stamps = stamps;
            }
            // A certificate and its key are two files: between the two writings they do not belong together.
            Err(fault) => tracing::warn!(%fault, "changed certificates cannot be used yet; the old ones stay"),
        }
    }

    #[cfg(test)]
    pub(crate) fn look_now(&self) {
        self.look_again(&mut self.loaded.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// The certificate that a client showed, if it did.
pub fn certificate(stream: &TlsStream<TcpStream>) -> Option<Certificate> {
    let (_, connection) = stream.get_ref();
    Some(Certificate::read(connection.peer_certificates()?.first()?))
}

/// Where a TLS client comes from; for listeners that wrap streams.
pub fn address(stream: &TlsStream<TcpStream>) -> std::io::Result<SocketAddr> {
    stream.get_ref().0.peer_addr()
}

fn stamps(files: &TlsFiles) -> Stamps {
    let stamp = |path: &Path| {
        let about = std::fs::metadata(path).ok()?;
        Some((about.modified().ok()?, about.len()))
    };
    let mut all = vec![stamp(&files.cert), stamp(&files.key)];
    all.extend(files.client_ca.as_deref().map(stamp));
    all
}

fn wrong(file: &Path, what: impl std::fmt::Display) -> Fault {
    Fault::invalid("collect.tls").with("file", file.display()).with("what", what)
}

fn read(file: &Path) -> Result<Vec<u8>> {
    let size = std::fs::metadata(file).map_err(|error| wrong(file, error))?.len();
    if size > FILE {
        return Err(wrong(file, format!("> {FILE} bytes")));
    }
    std::fs::read(file).map_err(|error| wrong(file, error))
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let all: std::result::Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(file)?).collect();
    let all = all.map_err(|error| wrong(file, error))?;
    if all.is_empty() { Err(wrong(file, "no CERTIFICATE")) } else { Ok(all) }
}

fn load(files: &TlsFiles, protocols: &[Vec<u8>]) -> Result<Arc<ServerConfig>> {
    // Named, never the process's default: other parts of the program bring another one along.
    let provider = Arc::new(crypto::ring::default_provider());
    let chain = certificates(&files.cert)?;
    let key = PrivateKeyDer::from_pem_slice(&read(&files.key)?).map_err(|error| wrong(&files.key, error))?;
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(Fault::internal)?;
    let builder = match &files.client_ca {
        None => builder.with_no_client_auth(),
        Some(file) => {
            let mut roots = RootCertStore::empty();
            for authority in certificates(file)? {
                roots.add(authority).map_err(|error| wrong(file, error))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .allow_unauthenticated()
                .build()
                .map_err(|error| wrong(file, error))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder.with_single_cert(chain, key).map_err(|error| wrong(&files.cert, error))?;
    config.alpn_protocols = protocols.to_vec();
    Ok(Arc::new(config))
}
