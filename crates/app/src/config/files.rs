//! `[[receive.files]]`: files and folders of this machine that are followed.

use std::path::PathBuf;

use khien_collect::files::Watch;
use khien_normalise::Format;
use serde::Deserialize;

/// Files that are followed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WatchedFiles {
    /// A file, a folder, or a pattern with `*` and `?` in its last part.
    pub path: PathBuf,
    /// Name or identity of the log source that they belong to.
    pub source: String,
    /// `auto`, `ndjson`, `syslog`…: how their lines read.
    #[serde(default)]
    pub format: LineFormat,
}

/// How lines read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct LineFormat(Format);

impl Default for LineFormat {
    fn default() -> Self {
        Self(Format::Auto)
    }
}

impl WatchedFiles {
    /// As the collector knows it.
    pub fn watch(&self) -> Watch {
        Watch { path: self.path.clone(), source: self.source.clone(), format: self.format.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn files_are_named_with_their_source() {
        let text = "[[receive.files]]\npath = \"/var/log/nginx/*.log\"\nsource = \"Máy chủ web\"\n\
            [[receive.files]]\npath = \"/srv/log\"\nsource = \"x\"\nformat = \"ndjson\"\n";
        let config: Config = toml::from_str(text).unwrap();
        let all: Vec<Watch> = config.receive.files.iter().map(WatchedFiles::watch).collect();
        assert_eq!((all[0].format, all[1].format), (Format::Auto, Format::Ndjson));
        assert_eq!(all[0].source, "Máy chủ web");
        assert!(toml::from_str::<Config>("[[receive.files]]\npath = \"x\"").is_err(), "whose?");
        assert!(toml::from_str::<Config>("[[receive.files]]\npath = \"x\"\nsource = \"y\"\nformat = \"pdf\"").is_err());
    }
}
