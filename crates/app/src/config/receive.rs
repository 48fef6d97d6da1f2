//! `[receive]`: how logs come in over the network, and which files are watched.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use khien_collect::TlsFiles;
use serde::Deserialize;

use super::files::WatchedFiles;

/// How logs come in.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Receive {
    /// Where syslog is received over TLS (RFC 5425).
    pub syslog_tls: Option<SocketAddr>,
    /// Where logs are received over HTTP: the bulk interface of Elasticsearch, Splunk's event collector, OTLP, JSON lines.
    pub http: Option<SocketAddr>,
    /// Whether that listener speaks TLS.
    pub http_tls: bool,
    /// The certificate of the listeners, PEM; by default `tls/server.pem` of the data folder, where
    /// `khien receive certificate` puts it.
    pub tls_cert: Option<PathBuf>,
    /// Its private key; by default `tls/server.key` of the data folder.
    pub tls_key: Option<PathBuf>,
    /// Authorities of clients' certificates; by default `tls/ca.pem` of the data folder, if it is there.
    pub client_ca: Option<PathBuf>,
    /// Files and folders of this machine that are followed.
    pub files: Vec<WatchedFiles>,
}

/// The folder of certificates in a data folder.
pub fn folder(data: &Path) -> PathBuf {
    data.join("tls")
}

impl Receive {
    /// The files of a listener over TLS. Paths are relative to the data folder.
    pub fn tls(&self, data: &Path) -> TlsFiles {
        let usual = folder(data);
        let given = |path: &Option<PathBuf>, name: &str| match path {
            Some(path) => data.join(path),
            None => usual.join(name),
        };
        let authority = given(&self.client_ca, "ca.pem");
        TlsFiles {
            cert: given(&self.tls_cert, "server.pem"),
            key: given(&self.tls_key, "server.key"),
            client_ca: (self.client_ca.is_some() || authority.exists()).then_some(authority),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_looked_for_in_the_data_folder() {
        let data = tempfile::tempdir().unwrap();
        let usual = Receive::default().tls(data.path());
        assert_eq!((usual.cert, usual.client_ca), (data.path().join("tls/server.pem"), None));
        let given: Receive = toml::from_str("client_ca = \"/etc/ca.pem\"\ntls_cert = \"a.pem\"").unwrap();
        let given = given.tls(data.path());
        assert_eq!((given.cert, given.client_ca), (data.path().join("a.pem"), Some("/etc/ca.pem".into())));
    }
}
