//! Settings to copy into what an agency already runs. Pure text.
//!
//! Sources, beside those of [`syslog`] and [`shippers`]: Fluent Bit manual, "Windows Event Log (winevtlog)" and "HTTP" output;
//! Vector reference, sink `http`; curl manual.

mod shippers;
mod syslog;

use schemars::JsonSchema;
use serde::Serialize;

use super::desk::DeskSettings;
use super::model::{NDJSON, SYSLOG};

/// Settings for one program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Recipe {
    /// `rsyslog-tcp`: also the text key `sources.recipe.<id>`.
    pub id: &'static str,
    /// The file that the text belongs into; empty for a command.
    pub file: &'static str,
    /// The text.
    pub text: String,
}

/// Where the centre is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Host without port.
    pub host: String,
    /// Port of the web server.
    pub port: u16,
    /// Whether over TLS.
    pub tls: bool,
}

impl Address {
    /// The address out of a `Host` header (RFC 9110, 7.2). What is no host name or address is not put into texts that
    /// people run.
    pub fn of(header: Option<&str>, tls: bool) -> Self {
        let usual = if tls { 443 } else { 80 };
        let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
        let given = header.filter(|host| !host.is_empty() && host.len() < 256 && host.chars().all(fine));
        let given = given.unwrap_or("khien.example");
        let (host, port) = match given.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && !port.ends_with(']') => (host, port.parse().unwrap_or(usual)),
            _ => (given, usual),
        };
        Self { host: host.to_owned(), port, tls }
    }

    fn url(&self, path: &str) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{}:{}{path}", self.host, self.port)
    }
}

/// What stands for a token that is not shown any more.
pub const PLACE: &str = "<TOKEN>";

/// The texts for a source of this kind. Syslog carries a token where there is one.
pub fn of(kind: &str, at: &Address, settings: &DeskSettings, token: &str) -> Vec<Recipe> {
    if kind == SYSLOG {
        return syslog::all(at, settings, token);
    }
    let token = if token.is_empty() { PLACE } else { token };
    match kind {
        NDJSON => {
            let mut all = shippers::all(at, settings, token);
            all.extend([fluent_bit(at, token), vector(at, token), curl(at, token)]);
            all
        }
        _ => vec![upload(at, token)],
    }
}

fn fluent_bit(at: &Address, token: &str) -> Recipe {
    let text = format!(
        "[INPUT]\n    Name         winevtlog\n    Channels     Security,System,Windows PowerShell,\
         Microsoft-Windows-PowerShell/Operational,Microsoft-Windows-Sysmon/Operational\n    \
         DB           C:\\fluent-bit\\khien.sqlite\n\n\
         [OUTPUT]\n    Name         http\n    Match        *\n    Host         {host}\n    Port         {port}\n    \
         URI          /api/ingest/ndjson\n    Format       json_lines\n    Compress     gzip\n    \
         Header       Authorization Bearer {token}\n    tls          {tls}\n    Retry_Limit  no_limits\n",
        host = at.host,
        port = at.port,
        tls = if at.tls { "on" } else { "off" },
    );
    Recipe { id: "fluent-bit", file: "C:\\fluent-bit\\conf\\fluent-bit.conf", text }
}

fn vector(at: &Address, token: &str) -> Recipe {
    let text = format!(
        "[sources.journal]\ntype = \"journald\"\n\n[sinks.khien]\ntype = \"http\"\ninputs = [\"journal\"]\n\
         uri = \"{uri}\"\nmethod = \"post\"\ncompression = \"gzip\"\nencoding.codec = \"json\"\n\
         framing.method = \"newline_delimited\"\nbatch.max_events = 5000\nbatch.timeout_secs = 2\n\
         auth.strategy = \"bearer\"\nauth.token = \"{token}\"\nbuffer.type = \"disk\"\nbuffer.max_size = 268435488\n",
        uri = at.url("/api/ingest/ndjson"),
    );
    Recipe { id: "vector", file: "/etc/vector/vector.toml", text }
}

fn curl(at: &Address, token: &str) -> Recipe {
    let text = format!(
        "curl --fail-with-body -H \"Authorization: Bearer {token}\" \\\n     --data-binary @events.ndjson \\\n     {}\n",
        at.url("/api/ingest/ndjson")
    );
    Recipe { id: "curl", file: "", text }
}

fn upload(at: &Address, token: &str) -> Recipe {
    let text = format!(
        "curl --fail-with-body -H \"Authorization: Bearer {token}\" \\\n     --data-binary @Security.evtx \\\n     {}\n",
        at.url("/api/ingest/evtx")
    );
    Recipe { id: "curl-evtx", file: "", text }
}

#[cfg(test)]
mod tests {
    use super::super::model::{FILE, KINDS};
    use super::*;

    fn ports() -> DeskSettings {
        DeskSettings {
            syslog_tcp: Some(1514),
            syslog_udp: Some(5514),
            syslog_tls: Some(6514),
            ..DeskSettings::default()
        }
    }

    #[test]
    fn texts_carry_host_port_and_token() {
        let at = Address::of(Some("khien.bacninh.gov.vn:8443"), true);
        for recipe in of(NDJSON, &at, &ports(), "abc123") {
            assert!(recipe.text.contains("khien.bacninh.gov.vn"), "{}", recipe.text);
            assert!(recipe.text.contains("8443") && recipe.text.contains("abc123"), "{}", recipe.text);
        }
        assert!(of(FILE, &at, &ports(), "")[0].text.contains(PLACE));
        let syslog = of(SYSLOG, &at, &ports(), "");
        let text = |id: &str| syslog.iter().find(|recipe| recipe.id == id).unwrap().text.clone();
        assert!(text("rsyslog-tcp").contains("port=\"1514\"") && !text("rsyslog-tcp").contains("khien@32473"));
        assert!(text("rsyslog-udp").contains("@khien.bacninh.gov.vn:5514"));
        assert!(text("rsyslog-tls").contains("port=\"6514\""));
        assert!(syslog.iter().all(|recipe| recipe.text.contains("khien.bacninh.gov.vn")));
        let with_token = of(SYSLOG, &at, &ports(), "abc123");
        assert!(with_token.iter().any(|recipe| recipe.text.contains("[khien@32473 token=\\\"abc123\\\"]")));
        assert!(of(SYSLOG, &at, &DeskSettings::default(), "").is_empty(), "no receiver, no settings");
    }

    #[test]
    fn a_forged_host_never_reaches_a_text_that_people_run() {
        let at = Address::of(Some("x\"; rm -rf /"), false);
        assert_eq!((at.host.as_str(), at.port), ("khien.example", 80));
        assert_eq!(Address::of(Some("[2001:db8::1]:8080"), false).host, "[2001:db8::1]");
        assert_eq!(Address::of(Some("[2001:db8::1]"), true).port, 443);
        assert_eq!(Address::of(None, true).port, 443);
    }

    #[test]
    fn each_kind_has_settings() {
        for kind in KINDS {
            assert!(!of(kind, &Address::of(None, true), &ports(), "t").is_empty(), "{kind}");
        }
    }
}
