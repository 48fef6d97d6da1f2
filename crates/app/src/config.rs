//! Settings: the file `khien.toml` of the data folder, then environment variables `KHIEN_…`, then the command line;
//! the later wins. This is the only place that reads the environment.

pub mod files;
pub mod receive;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use khien_base::{Fault, Result};
use serde::Deserialize;

use crate::lake::LakeConfig;

/// All settings. Every one has a default: an empty file is a complete centre on this machine.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where pages are served.
    pub listen: SocketAddr,
    /// `sqlite://…` or `postgres://…`; by default a file in the data folder.
    pub database: Option<String>,
    /// Folders of Sigma rules beside our own.
    pub rules: Vec<PathBuf>,
    /// GeoJSON of the communes' boundaries, for the map.
    pub boundaries: Option<PathBuf>,
    /// Where syslog is received over UDP.
    pub syslog_udp: Option<SocketAddr>,
    /// Where syslog is received over TCP.
    pub syslog_tcp: Option<SocketAddr>,
    /// Other ways in for logs.
    pub receive: receive::Receive,
    /// Where events are kept, and how much may wait.
    pub lake: LakeConfig,
    /// Cookies over TLS only: set it when a proxy in front speaks TLS.
    pub secure_cookies: bool,
    /// Believe the address that the nearest proxy reports.
    pub behind_proxy: bool,
    /// The file of the key that seals the secrets of second factors; by default `secret.key` in the data folder, made at
    /// the first start. Several servers on one database need the same.
    pub secret_key: Option<PathBuf>,
    /// What is logged: `info`, `khien=debug`…
    pub log: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            database: None,
            rules: Vec::new(),
            boundaries: None,
            syslog_udp: None,
            syslog_tcp: None,
            receive: receive::Receive::default(),
            lake: LakeConfig::default(),
            secure_cookies: false,
            behind_proxy: false,
            secret_key: None,
            log: "warn,khien=info".to_owned(),
        }
    }
}

impl Config {
    /// The settings of a data folder.
    pub fn of(data: &Path) -> Result<Self> {
        let file = data.join("khien.toml");
        let mut config: Self = match std::fs::read_to_string(&file) {
            Ok(text) => toml::from_str(&text).map_err(|error| wrong(&file, error))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::default(),
            Err(error) => return Err(wrong(&file, error)),
        };
        if let Some(listen) = variable("KHIEN_LISTEN") {
            config.listen = listen.parse().map_err(|error| wrong(Path::new("KHIEN_LISTEN"), error))?;
        }
        if let Some(url) = variable("KHIEN_DATABASE") {
            config.database = Some(url);
        }
        if let Some(log) = variable("KHIEN_LOG") {
            config.log = log;
        }
        Ok(config)
    }

    /// The database's address.
    pub fn database_url(&self, data: &Path) -> String {
        self.database.clone().unwrap_or_else(|| format!("sqlite://{}?mode=rwc", data.join("khien.db").display()))
    }
}

/// An environment variable that is set and not empty.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn wrong(file: &Path, error: impl std::fmt::Display) -> Fault {
    Fault::invalid("config.wrong").with("file", file.display()).with("what", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_a_whole_centre_and_a_misspelt_name_is_told() {
        let config: Config = toml::from_str("").unwrap();
        assert_eq!(config.listen.port(), 8080);
        let error = toml::from_str::<Config>("lisen = \"127.0.0.1:1\"").unwrap_err().to_string();
        assert!(error.contains("lisen"), "{error}");
    }
}
