//! Decisions about log sources: pure.

use std::net::IpAddr;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use ipnet::IpNet;
use khien_base::{Fault, Id, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::{ACTIVE, CLOSED, FILE, KINDS, Model, PAUSED, SYSLOG};

/// How a source stands at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Events come.
    Live,
    /// Events came once, none for longer than the source's limit.
    Silent,
    /// No event has come yet.
    Never,
    /// Paused by somebody.
    Paused,
    /// Closed for good.
    Closed,
}

impl State {
    /// All states, in the order in which pages list them.
    pub const ALL: [Self; 5] = [Self::Live, Self::Silent, Self::Never, Self::Paused, Self::Closed];

    /// The name that addresses and texts use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Silent => "silent",
            Self::Never => "never",
            Self::Paused => "paused",
            Self::Closed => "closed",
        }
    }

    /// The state of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// How a source stands.
pub fn state(status: &str, live_until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> State {
    match (status, live_until) {
        (PAUSED, _) => State::Paused,
        (CLOSED, _) => State::Closed,
        (_, None) => State::Never,
        (_, Some(until)) if until > now => State::Live,
        (_, Some(_)) => State::Silent,
    }
}

/// Until when a source counts as live after an event.
pub fn live_until(last_event: DateTime<Utc>, silent_minutes: i32) -> DateTime<Utc> {
    last_event + TimeDelta::minutes(i64::from(silent_minutes))
}

/// Whether a source fell silent and nobody was told yet. Nothing counts as silent before we ourselves have listened
/// for as long as its limit: after a standstill of the centre, sources get their time to come back.
pub fn fell_silent(source: &Model, listening_since: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    source.silent_since.is_none()
        && state(&source.status, source.live_until, now) == State::Silent
        && live_until(listening_since, source.silent_minutes) <= now
}

/// Length of the slices in which events are counted.
pub const SLICE: TimeDelta = TimeDelta::minutes(10);

/// Start of the slice that a moment lies in.
pub fn slice(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(SLICE).unwrap_or(at)
}

/// What a form says of a source, not yet checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Name.
    pub name: String,
    /// How it sends.
    pub kind: String,
    /// Addresses, parted by spaces, commas or line ends.
    pub addresses: String,
    /// Certificates, one a line.
    pub certificates: String,
    /// Events a second that it may send; blank sets no limit.
    pub quota: String,
    /// Minutes without an event until it counts as silent.
    pub silent_minutes: i32,
}

/// What may be stored of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    /// Name.
    pub name: String,
    /// One of [`KINDS`].
    pub kind: &'static str,
    /// Addresses of its syslog.
    pub addresses: Vec<IpNet>,
    /// Its certificates: `sha256:…` or `name:…`.
    pub certificates: Vec<String>,
    /// Events a second that it may send.
    pub quota: Option<i32>,
    /// Minutes without an event until it counts as silent.
    pub silent_minutes: i32,
}

/// Characters of a name.
const NAME: usize = 200;
/// Addresses of one source.
const ADDRESSES: usize = 50;
/// Certificates of one source.
const CERTIFICATES: usize = 50;
/// Characters of a name in a certificate.
const CERTIFICATE_NAME: usize = 255;
/// The smallest and the largest quota, in events a second.
pub const QUOTA: std::ops::RangeInclusive<i32> = 1..=1_000_000;
/// The shortest and the longest silence, in minutes: five minutes, thirty days.
pub const SILENCE: std::ops::RangeInclusive<i32> = 5..=43_200;

/// Checks what a form says.
///
/// Faults: `sources.name`, `sources.kind`, `sources.silence` (`from`, `to`), `sources.quota` (`from`, `to`), those of
/// [`networks`] and [`certificates`].
pub fn check(asked: &Asked) -> Result<Fields> {
    let name = khien_base::key::nfc(asked.name.trim());
    if name.is_empty() || name.chars().count() > NAME {
        return Err(Fault::invalid("sources.name").with("limit", NAME).on("name"));
    }
    let kind = KINDS.into_iter().find(|kind| *kind == asked.kind);
    let kind = kind.ok_or_else(|| Fault::invalid("sources.kind").on("kind"))?;
    if !SILENCE.contains(&asked.silent_minutes) {
        let fault = Fault::invalid("sources.silence").with("from", SILENCE.start()).with("to", SILENCE.end());
        return Err(fault.on("silent_minutes"));
    }
    let addresses = if kind == SYSLOG { networks(&asked.addresses)? } else { Vec::new() };
    let certificates = if kind == FILE { Vec::new() } else { certificates(&asked.certificates)? };
    let quota = quota(&asked.quota)?;
    Ok(Fields { name, kind, addresses, certificates, quota, silent_minutes: asked.silent_minutes })
}

fn quota(text: &str) -> Result<Option<i32>> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || Fault::invalid("sources.quota").with("from", QUOTA.start()).with("to", QUOTA.end()).on("quota");
    text.parse().ok().filter(|number| QUOTA.contains(number)).map(Some).ok_or_else(wrong)
}

/// Certificates in a text, one a line: the SHA-256 of one (64 hexadecimal digits, colons between them or not), or a
/// name in it (a DNS name or the common name).
///
/// Faults, each on the field `certificates`: `sources.certificate` (`what`), `sources.too-many-certificates` (`limit`).
pub fn certificates(text: &str) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let bare = match line.split_at_checked(7) {
            Some((start, rest)) if start.eq_ignore_ascii_case("sha256:") => rest,
            _ => line,
        };
        let digits: String = bare.chars().filter(|c| *c != ':').collect::<String>().to_ascii_lowercase();
        let hexadecimal = digits.len() == 64 && digits.chars().all(|c| c.is_ascii_hexdigit());
        let one = if hexadecimal {
            format!("sha256:{digits}")
        } else if line.chars().count() > CERTIFICATE_NAME
            || line.chars().any(char::is_control)
            || bare.len() != line.len()
        {
            let shown: String = line.chars().take(60).collect();
            return Err(Fault::invalid("sources.certificate").with("what", shown).on("certificates"));
        } else {
            format!("name:{}", khien_base::key::nfc(line).to_lowercase())
        };
        if !all.contains(&one) {
            all.push(one);
        }
        if all.len() > CERTIFICATES {
            return Err(Fault::invalid("sources.too-many-certificates").with("limit", CERTIFICATES).on("certificates"));
        }
    }
    Ok(all)
}

/// Stored certificates.
pub fn read_certificates(stored: &serde_json::Value) -> Vec<String> {
    let texts = stored.as_array().map(Vec::as_slice).unwrap_or_default();
    texts.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

/// Stored certificates as a form shows them, one a line.
pub fn written_certificates(stored: &serde_json::Value) -> String {
    let bare = |one: String| one.strip_prefix("name:").map(str::to_owned).unwrap_or(one);
    read_certificates(stored).into_iter().map(bare).collect::<Vec<_>>().join("\n")
}

/// Refuses certificates that another source already has, whosever it is.
///
/// Faults: `sources.certificate-taken` (`what`).
pub fn free_certificates(mine: &[String], others: &[Model]) -> Result<()> {
    for other in others {
        let theirs = read_certificates(&other.certificates);
        if let Some(one) = mine.iter().find(|one| theirs.contains(one)) {
            let what = one.split_once(':').map_or(one.as_str(), |(_, what)| what);
            return Err(Fault::conflict("sources.certificate-taken").with("what", what).on("certificates"));
        }
    }
    Ok(())
}

/// Addresses and networks (CIDR) in a text.
///
/// Faults, each on the field `addresses`: `sources.address` (`what`); `sources.address-too-wide` (`what`) for a network
/// of more than 65,536 IPv4 addresses or more than a /48 of IPv6; `sources.too-many-addresses` (`limit`).
pub fn networks(text: &str) -> Result<Vec<IpNet>> {
    let mut all = Vec::new();
    for word in text.split(|c: char| c.is_whitespace() || c == ',' || c == ';').filter(|word| !word.is_empty()) {
        let shown: String = word.chars().take(60).collect();
        let net = word.parse::<IpNet>().ok().or_else(|| word.parse::<IpAddr>().ok().map(IpNet::from));
        let net = net.ok_or_else(|| Fault::invalid("sources.address").with("what", &shown).on("addresses"))?.trunc();
        let narrowest = if net.addr().is_ipv4() { 16 } else { 48 };
        if net.prefix_len() < narrowest || net.addr().is_unspecified() {
            return Err(Fault::invalid("sources.address-too-wide").with("what", &shown).on("addresses"));
        }
        if !all.contains(&net) {
            all.push(net);
        }
        if all.len() > ADDRESSES {
            return Err(Fault::invalid("sources.too-many-addresses").with("limit", ADDRESSES).on("addresses"));
        }
    }
    Ok(all)
}

/// Networks as they are stored.
pub fn stored(networks: &[IpNet]) -> serde_json::Value {
    networks.iter().map(ToString::to_string).collect()
}

/// Stored networks; what does not read as one is left out.
pub fn read_networks(stored: &serde_json::Value) -> Vec<IpNet> {
    let texts = stored.as_array().map(Vec::as_slice).unwrap_or_default();
    texts.iter().filter_map(|text| text.as_str()?.parse().ok()).collect()
}

/// Refuses addresses that another source already has. Within one unit the narrower network wins, so only equal ones
/// clash; between units nothing may overlap, or one unit could take over what another sends.
///
/// Faults: `sources.address-taken` (`what`).
pub fn free(mine: &[IpNet], unit: Id, others: &[Model]) -> Result<()> {
    for other in others {
        for theirs in read_networks(&other.addresses) {
            let clash = mine.iter().find(|net| {
                let overlaps = net.contains(&theirs) || theirs.contains(*net);
                if other.unit == unit { **net == theirs } else { overlaps }
            });
            if let Some(net) = clash {
                return Err(Fault::conflict("sources.address-taken").with("what", net).on("addresses"));
            }
        }
    }
    Ok(())
}

/// What may be done with a source next: pause, resume, close, take records.
///
/// Faults: `sources.closed` once it is closed; `sources.same` when it stands so already.
pub fn turn(from: &str, to: &'static str) -> Result<()> {
    if from == CLOSED {
        return Err(Fault::conflict("sources.closed"));
    }
    if from == to {
        return Err(Fault::conflict("sources.same"));
    }
    Ok(())
}

/// Whether a source may send with its token: `sources.paused` or `sources.closed` otherwise.
pub fn may_send(status: &str) -> Result<()> {
    match status {
        ACTIVE => Ok(()),
        PAUSED => Err(Fault::forbidden("sources.paused")),
        _ => Err(Fault::forbidden("sources.closed")),
    }
}

/// Whether a source gets a token as it is added: syslog only where nothing else would tell whose it is. Any source may
/// get one later.
pub fn starts_with_token(fields: &Fields) -> bool {
    fields.kind != SYSLOG || (fields.addresses.is_empty() && fields.certificates.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + minutes * 60, 0).unwrap()
    }

    fn source(unit: u128, addresses: &[&str]) -> Model {
        Model {
            id: Id::from_u128(9),
            name: "s".into(),
            search_key: "s".into(),
            system: Id::nil(),
            unit: Id::from_u128(unit),
            kind: SYSLOG.into(),
            status: ACTIVE.into(),
            token_hash: None,
            token_end: String::new(),
            addresses: serde_json::json!(addresses),
            certificates: serde_json::json!([]),
            quota: None,
            silent_minutes: 60,
            last_event_at: Some(at(0)),
            live_until: Some(at(60)),
            silent_since: None,
            events: 1,
            failures: 0,
            failed_at: None,
            failure: None,
            failed_line: None,
            created_at: at(0),
            created_by: None,
            updated_at: at(0),
        }
    }

    #[test]
    fn a_source_is_live_until_its_limit_and_silent_from_then_on() {
        let until = Some(live_until(at(0), 60));
        assert_eq!(state(ACTIVE, until, at(59)), State::Live);
        assert_eq!(state(ACTIVE, until, at(60)), State::Silent);
        assert_eq!(state(ACTIVE, None, at(60)), State::Never);
        assert_eq!(state(PAUSED, until, at(1)), State::Paused);
        assert_eq!(state(CLOSED, until, at(1)), State::Closed);
    }

    #[test]
    fn silence_is_told_once_and_only_after_we_listened_long_enough() {
        let mut silent = source(1, &[]);
        assert!(!fell_silent(&silent, at(-100), at(59)), "still live");
        assert!(fell_silent(&silent, at(-100), at(60)));
        assert!(!fell_silent(&silent, at(30), at(70)), "the centre itself was away until minute 30");
        assert!(fell_silent(&silent, at(30), at(90)));
        silent.silent_since = Some(at(0));
        assert!(!fell_silent(&silent, at(-100), at(61)), "told already");
    }

    #[test]
    fn addresses_are_read_and_refused_with_what_was_typed() {
        let all = networks("10.1.2.3, 192.0.2.0/24\n2001:db8::/64;10.1.2.3").unwrap();
        let texts: Vec<String> = all.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["10.1.2.3/32", "192.0.2.0/24", "2001:db8::/64"]);
        assert_eq!(networks("10.1.2.300").unwrap_err().to_string(), "sources.address what=10.1.2.300");
        for wide in ["0.0.0.0/0", "10.0.0.0/8", "::/0", "2001:db8::/32"] {
            assert_eq!(networks(wide).unwrap_err().code, "sources.address-too-wide", "{wide}");
        }
        let many: Vec<String> = (0..60).map(|n| format!("10.0.0.{n}")).collect();
        assert_eq!(networks(&many.join(" ")).unwrap_err().code, "sources.too-many-addresses");
    }

    #[test]
    fn one_unit_may_nest_networks_and_another_may_not_reach_into_them() {
        let others = [source(1, &["10.1.0.0/16"])];
        let inside = networks("10.1.2.3").unwrap();
        assert!(free(&inside, Id::from_u128(1), &others).is_ok());
        assert_eq!(free(&inside, Id::from_u128(2), &others).unwrap_err().code, "sources.address-taken");
        let same = networks("10.1.0.0/16").unwrap();
        assert_eq!(free(&same, Id::from_u128(1), &others).unwrap_err().code, "sources.address-taken");
        assert!(free(&networks("10.2.0.1").unwrap(), Id::from_u128(2), &others).is_ok());
    }

    #[test]
    fn a_form_is_checked_field_by_field() {
        let good = Asked {
            name: " Tường lửa ".into(),
            kind: SYSLOG.into(),
            addresses: "10.0.0.1".into(),
            silent_minutes: 60,
            ..Asked::default()
        };
        assert_eq!(check(&good).unwrap().name, "Tường lửa");
        let bad = |change: fn(&mut Asked)| {
            let mut asked = good.clone();
            change(&mut asked);
            check(&asked).unwrap_err().field.map(std::borrow::Cow::into_owned)
        };
        assert_eq!(bad(|a| a.name = "  ".into()).as_deref(), Some("name"));
        assert_eq!(bad(|a| a.kind = "ftp".into()).as_deref(), Some("kind"));
        assert_eq!(bad(|a| a.silent_minutes = 0).as_deref(), Some("silent_minutes"));
        assert_eq!(bad(|a| a.addresses = "10.0.0.x".into()).as_deref(), Some("addresses"));
        assert_eq!(bad(|a| a.quota = "0".into()).as_deref(), Some("quota"));
        assert_eq!(bad(|a| a.certificates = "sha256:12".into()).as_deref(), Some("certificates"));
        let nothing = check(&Asked { addresses: String::new(), ..good.clone() }).unwrap();
        assert!(starts_with_token(&nothing) && !starts_with_token(&check(&good).unwrap()), "known by something");
        let other = Asked { kind: FILE.into(), addresses: "nonsense".into(), ..good.clone() };
        assert!(check(&other).unwrap().addresses.is_empty(), "only syslog has addresses");
    }

    #[test]
    fn certificates_are_read_as_openssl_writes_them_and_belong_to_one_source() {
        let digits = "AB".repeat(32);
        let colons: Vec<String> = (0..32).map(|_| "ab".to_owned()).collect();
        let text = format!("{digits}\nSHA256:{}\n May01.bacninh.gov.vn \nMáy Chủ", colons.join(":"));
        let all = certificates(&text).unwrap();
        assert_eq!(
            all,
            [format!("sha256:{}", "ab".repeat(32)), "name:may01.bacninh.gov.vn".into(), "name:máy chủ".into()]
        );
        let taken = Model { certificates: serde_json::json!(["name:may01.bacninh.gov.vn"]), ..source(1, &[]) };
        assert_eq!(written_certificates(&taken.certificates), "may01.bacninh.gov.vn");
        let fault = free_certificates(&all, &[taken]).unwrap_err();
        assert_eq!(fault.to_string(), "sources.certificate-taken what=may01.bacninh.gov.vn");
        let many: Vec<String> = (0..60).map(|n| format!("m{n}")).collect();
        assert_eq!(certificates(&many.join("\n")).unwrap_err().code, "sources.too-many-certificates");
    }

    #[test]
    fn a_closed_source_stays_closed() {
        assert!(turn(ACTIVE, PAUSED).is_ok() && turn(PAUSED, ACTIVE).is_ok() && turn(PAUSED, CLOSED).is_ok());
        assert_eq!(turn(CLOSED, ACTIVE).unwrap_err().code, "sources.closed");
        assert_eq!(turn(PAUSED, PAUSED).unwrap_err().code, "sources.same");
        assert_eq!(may_send(PAUSED).unwrap_err().code, "sources.paused");
    }

    #[test]
    fn slices_start_at_whole_ten_minutes() {
        let at: DateTime<Utc> = "2026-10-01T02:19:59.5Z".parse().unwrap();
        assert_eq!(slice(at).to_rfc3339(), "2026-10-01T02:10:00+00:00");
    }
}
