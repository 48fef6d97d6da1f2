//! The ways in for logs, as the settings open them: syslog, HTTP, files that are followed.

use std::path::Path;
use std::sync::Arc;

use khien_base::{Clock, Fault, Result};
use khien_collect::files::Files;
use khien_collect::http::{self, HttpListen, HttpSenders};
use khien_collect::{Known, Senders, Shown, SyslogListen};
use khien_respond::sources::desk::{self, Desk};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::config::files::WatchedFiles;
use crate::wiring::Centre;

/// Starts receiving where the settings say so; the tasks end after `stop`.
///
/// Faults: `collect.bind`, `collect.tls`.
pub async fn start(
    centre: &Centre,
    data: &Path,
    config: &Config,
    stop: CancellationToken,
) -> Result<Vec<JoinHandle<()>>> {
    let mut tasks = Vec::new();
    let receive = &config.receive;
    let tls = receive.syslog_tls.map(|address| (address, receive.tls(data)));
    let intake = Arc::clone(centre.kit.intake()?);
    let clock = centre.kit.clock.clone();
    let senders = senders(&centre.desk, &clock);
    if config.syslog_udp.is_some() || config.syslog_tcp.is_some() || tls.is_some() {
        let listen = SyslogListen { udp: config.syslog_udp, tcp: config.syslog_tcp, tls, ..SyslogListen::default() };
        let sockets = khien_collect::bind(listen).await?;
        tasks.push(tokio::spawn(sockets.run(senders.clone(), Arc::clone(&intake), clock.clone(), stop.clone())));
    }
    if let Some(address) = receive.http {
        let tls = receive.http_tls.then(|| receive.tls(data));
        let socket = http::bind(HttpListen { tls, ..HttpListen::at(address) }).await?;
        let senders = http_senders(&centre.desk, &clock, &senders);
        tasks.push(tokio::spawn(socket.run(senders, Arc::clone(&intake), clock.clone(), stop.clone())));
    }
    if !receive.files.is_empty() {
        let (desk, now) = (Arc::clone(&centre.desk), clock.clone());
        let files = Files {
            watches: receive.files.iter().map(WatchedFiles::watch).collect(),
            places: data.join("collect").join("files.json"),
            named: Arc::new(move |name| {
                let (desk, now) = (Arc::clone(&desk), now.now());
                Box::pin(async move { desk.named(&name, now).await })
            }),
            unreadable: senders.unreadable,
            intake,
            clock,
        };
        tasks.push(tokio::spawn(async move {
            if let Err(fault) = files.follow(stop).await {
                tell(&fault);
            }
        }));
    }
    Ok(tasks)
}

fn tell(fault: &Fault) {
    tracing::error!(%fault, "files are followed no more");
}

/// Who sends, as the desk of the log sources knows them.
fn senders(desk: &Arc<Desk>, clock: &Clock) -> Senders {
    let (finds, hears, meets, misses) = (Arc::clone(desk), Arc::clone(desk), Arc::clone(desk), Arc::clone(desk));
    let (found, heard, met, missed) = (clock.clone(), clock.clone(), clock.clone(), clock.clone());
    Senders {
        whose: Arc::new(move |shown| {
            let (desk, now) = (Arc::clone(&finds), found.now());
            Box::pin(async move {
                let known = desk.sender(as_desk(&shown), now).await?;
                Some(Known { whose: known.whose, quota: known.quota })
            })
        }),
        unreadable: Arc::new(move |whose, fault, line| hears.unreadable(whose, fault, line, heard.now())),
        stranger: Arc::new(move |shown, line| meets.stranger(&as_desk(shown), line, met.now())),
        lost: Arc::new(move |whose, count| misses.losses.note(whose.map(|whose| whose.source), count, missed.now())),
    }
}

/// Who sends over HTTP: never known by an address alone.
fn http_senders(desk: &Arc<Desk>, clock: &Clock, senders: &Senders) -> HttpSenders {
    let (desk, clock) = (Arc::clone(desk), clock.clone());
    HttpSenders {
        whose: Arc::new(move |shown| {
            let (desk, now) = (Arc::clone(&desk), clock.now());
            Box::pin(async move {
                let known = desk.request(as_desk(&shown), now).await?;
                Ok(Known { whose: known.whose, quota: known.quota })
            })
        }),
        unreadable: Arc::clone(&senders.unreadable),
    }
}

/// What a sender shows, in the desk's words.
fn as_desk(shown: &Shown) -> desk::Shown<'_> {
    let certificate = shown
        .certificate
        .as_deref()
        .map(|certificate| desk::Certificate { fingerprint: &certificate.fingerprint, names: &certificate.names });
    desk::Shown { address: shown.address, certificate, token: shown.token.as_deref() }
}
