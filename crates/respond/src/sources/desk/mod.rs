//! What is known of sources while records stream in, kept in memory: who may send, how much came, who is unknown.
//! One is shared by the pages, the intake and the syslog receivers; several servers on one database agree within
//! [`register::KEEP`].

pub mod losses;
pub mod rates;
pub mod recent;
pub mod register;
pub mod standstill;
pub mod stats;
pub mod strangers;

use chrono::{DateTime, Utc};
use khien_base::ports::Whose;
use khien_base::{Fault, Result};
use khien_db::Db;

pub use losses::{Losses, Lost};
pub use rates::Rates;
pub use recent::Recent;
pub use register::{Certificate, Known, Register, Shown};
pub use standstill::{Halt, Standstill};
pub use stats::Stats;
pub use strangers::{Stranger, Strangers};

use super::model::{ACTIVE, SYSLOG};

/// Where logs are received, and how much one source may send.
#[derive(Debug, Clone)]
pub struct DeskSettings {
    /// The port that syslog over TCP is received on.
    pub syslog_tcp: Option<u16>,
    /// The port that syslog over UDP is received on.
    pub syslog_udp: Option<u16>,
    /// The port that syslog over TLS is received on.
    pub syslog_tls: Option<u16>,
    /// The port of the listener over HTTP.
    pub http: Option<u16>,
    /// Whether that listener speaks TLS.
    pub http_tls: bool,
    /// Requests a minute of one source.
    pub requests_per_minute: u32,
    /// Events a minute of one source.
    pub events_per_minute: u32,
}

impl Default for DeskSettings {
    fn default() -> Self {
        Self {
            syslog_tcp: None,
            syslog_udp: None,
            syslog_tls: None,
            http: None,
            http_tls: false,
            requests_per_minute: 12_000,
            events_per_minute: 6_000_000,
        }
    }
}

/// What is known of sources while records stream in.
#[derive(Debug)]
pub struct Desk {
    /// Settings.
    pub settings: DeskSettings,
    /// Since when this server listens.
    pub since: DateTime<Utc>,
    /// Who may send.
    pub register: Register,
    /// How much came since the last flush.
    pub stats: Stats,
    /// What arrives at this moment.
    pub recent: Recent,
    /// Who sends without being registered.
    pub strangers: Strangers,
    /// What was lost on the way in.
    pub losses: Losses,
    /// Whether the centre takes records in.
    pub standstill: Standstill,
    /// How often each source came this minute.
    pub rates: Rates,
    /// Files that are read at the same time: each is held in memory.
    pub files: tokio::sync::Semaphore,
}

/// Files that are read at the same time.
const FILES: usize = 2;

impl Desk {
    /// The desk of a server that begins to listen at `since`.
    pub fn new(db: Db, settings: DeskSettings, since: DateTime<Utc>) -> Self {
        let rates = Rates::new(settings.requests_per_minute, settings.events_per_minute);
        Self {
            settings,
            since,
            register: Register::new(db),
            stats: Stats::default(),
            recent: Recent::default(),
            strangers: Strangers::default(),
            losses: Losses::default(),
            standstill: Standstill::default(),
            rates,
            files: tokio::sync::Semaphore::new(FILES),
        }
    }

    /// The source of a sender; none for who is unknown or paused. An address alone is good for syslog only.
    pub async fn sender(&self, shown: Shown<'_>, now: DateTime<Utc>) -> Option<Known> {
        let known = match self.register.by_shown(shown, now).await {
            Ok(known) => known?,
            Err(fault) => {
                tracing::error!(%fault, from = %shown.address, "the register of sources cannot be read");
                return None;
            }
        };
        let more = shown.token.is_some() || shown.certificate.is_some();
        (known.status == ACTIVE && (more || known.kind == SYSLOG)).then_some(known)
    }

    /// Whose a watched file is, by the name or identity of its source; none for who is unknown or paused.
    pub async fn named(&self, name: &str, now: DateTime<Utc>) -> Option<Whose> {
        let known = match self.register.named(name, now).await {
            Ok(known) => known?,
            Err(fault) => {
                tracing::error!(%fault, "the register of sources cannot be read");
                return None;
            }
        };
        (known.status == ACTIVE).then_some(known.whose)
    }

    /// Notes a record of a sender that [`Desk::sender`] does not know. Who is paused is known.
    pub fn stranger(&self, shown: &Shown<'_>, line: &[u8], now: DateTime<Utc>) {
        if !self.register.knows(shown) {
            self.strangers.note(shown, line, now);
        }
    }

    /// Notes a record of a source that could not be read.
    pub fn unreadable(&self, whose: Whose, fault: &Fault, line: &[u8], now: DateTime<Utc>) {
        self.stats.failed(whose.source, fault, line, now);
    }

    /// The source of a request: of its token, or of its certificate where it shows no token. An address is not enough.
    ///
    /// Faults: `sources.token` (nobody's) as unauthenticated; `sources.paused`; `sources.too-many` for a source that comes
    /// too often.
    pub async fn request(&self, shown: Shown<'_>, now: DateTime<Utc>) -> Result<Known> {
        let nobody = || Fault::new(khien_base::Kind::Unauthenticated, "sources.token");
        if shown.token.is_none() && shown.certificate.is_none() {
            return Err(nobody());
        }
        let known = self.register.by_shown(shown, now).await?.ok_or_else(nobody)?;
        super::rules::may_send(&known.status)?;
        self.rates.request(known.whose.source, known.quota, now)?;
        Ok(known)
    }

    /// The source of a token: see [`Desk::request`].
    pub async fn by_token(&self, token: &str, now: DateTime<Utc>) -> Result<Known> {
        let nowhere = std::net::IpAddr::from([0, 0, 0, 0]);
        self.request(Shown { token: Some(token), ..Shown::at(nowhere) }, now).await
    }
}
