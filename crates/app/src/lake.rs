//! Settings of the event store: the table `[lake]` of `khien.toml`.

use khien_lake::{S3, Settings};
use serde::Deserialize;

use crate::config::variable;

/// Where events are kept and how much may wait. Every setting has a default: a folder of the data folder.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LakeConfig {
    /// `s3://bucket/prefix`; a folder of the data folder when missing. The journal is always a folder of this machine.
    pub url: Option<String>,
    /// Where the S3 store answers; Amazon's own when missing.
    pub endpoint: Option<String>,
    /// The store's region.
    pub region: Option<String>,
    /// Who we are at the store; or `KHIEN_LAKE_ACCESS_KEY_ID`.
    pub access_key_id: Option<String>,
    /// What proves it; or `KHIEN_LAKE_SECRET_ACCESS_KEY`.
    pub secret_access_key: Option<String>,
    /// MiB on the local disk that may wait for the table before senders are refused.
    pub journal_mib: u64,
    /// MiB of the local disk that are left free.
    pub keep_free_mib: u64,
    /// MiB of memory for events that are in no file yet.
    pub tail_mib: u64,
    /// Seconds after which events are written to files of the table.
    pub flush_seconds: u64,
}

const MIB: u64 = 1024 * 1024;

impl Default for LakeConfig {
    fn default() -> Self {
        let of = Settings::default();
        Self {
            url: None,
            endpoint: None,
            region: None,
            access_key_id: None,
            secret_access_key: None,
            journal_mib: of.journal_bytes / MIB,
            keep_free_mib: of.keep_free / MIB,
            tail_mib: u64::try_from(of.tail_bytes).unwrap_or(0) / MIB,
            flush_seconds: of.flush_after.as_secs(),
        }
    }
}

impl LakeConfig {
    /// The store's settings.
    pub fn settings(&self) -> Settings {
        let bytes = |mib: u64| mib.saturating_mul(MIB);
        let s3 = self.url.clone().map(|url| S3 {
            url,
            endpoint: self.endpoint.clone(),
            region: self.region.clone(),
            access_key_id: or_variable(self.access_key_id.as_ref(), "KHIEN_LAKE_ACCESS_KEY_ID"),
            secret_access_key: or_variable(self.secret_access_key.as_ref(), "KHIEN_LAKE_SECRET_ACCESS_KEY"),
        });
        Settings {
            s3,
            journal_bytes: bytes(self.journal_mib),
            keep_free: bytes(self.keep_free_mib),
            tail_bytes: usize::try_from(bytes(self.tail_mib)).unwrap_or(usize::MAX),
            flush_after: std::time::Duration::from_secs(self.flush_seconds.max(1)),
            ..Settings::default()
        }
    }
}

fn or_variable(value: Option<&String>, name: &str) -> String {
    value.cloned().or_else(|| variable(name)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_table_is_a_folder_with_the_stores_own_limits() {
        let config: LakeConfig = toml::from_str("").unwrap();
        let (settings, of) = (config.settings(), Settings::default());
        assert_eq!((settings.s3, settings.journal_bytes, settings.keep_free), (None, of.journal_bytes, of.keep_free));
        assert_eq!((settings.tail_bytes, settings.flush_after), (of.tail_bytes, of.flush_after));
        let config: LakeConfig =
            toml::from_str("url = \"s3://khien/lake\"\nendpoint = \"http://10.0.0.9:9000\"").unwrap();
        assert_eq!(config.settings().s3.unwrap().url, "s3://khien/lake");
    }
}
