//! Receives logs over HTTP, from what agencies already run: one listener that speaks the bulk interface of
//! Elasticsearch, the event collector of Splunk, OTLP of OpenTelemetry (over HTTP and over gRPC), and plain JSON lines.
//!
//! Words: *token* — the secret of a source, which every request carries; *hold* — the bytes that a request may have in
//! memory.
//! Invariants: what was answered as taken is durable; whose a record is tells the token alone, never the content; a
//! request that finds no room within [`HttpListen::patience`] is told when to come again and nothing of it is taken;
//! a record that was handed to the intake is brought to its end, whether its sender waits or went away.
//! It never stores an index, a template or a pipeline that a client asks for: such requests are answered so that the
//! client goes on to send.

mod around;
mod body;
mod credentials;
pub mod elastic;
pub mod hec;
mod ndjson;
pub mod otlp;
mod reply;
mod room;
mod route;
mod serve;
mod way;

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use khien_base::ports::Intake;
use khien_base::{Clock, Fault, Result};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{Known, Shown, Tls, TlsFiles, Unreadable};
use route::State;

/// Where logs are received over HTTP, and within which limits.
#[derive(Debug, Clone)]
pub struct HttpListen {
    /// The address.
    pub address: SocketAddr,
    /// Certificate and key, for HTTPS; none speaks plain HTTP.
    pub tls: Option<TlsFiles>,
    /// Connections at once.
    pub connections: usize,
    /// Connections at once from one address.
    pub connections_per_address: usize,
    /// Bytes of requests under way.
    pub room: usize,
    /// Bytes of requests under way of one source.
    pub room_per_source: usize,
    /// Bytes that the body of one request may unpack to.
    pub unpacked: usize,
    /// How long a request waits for room.
    pub patience: Duration,
    /// How long a connection may take for the head of a request, and between two requests.
    pub head: Duration,
    /// How long a request may stand still while its body comes.
    pub still: Duration,
    /// How long a body may take in all.
    pub body: Duration,
}

impl HttpListen {
    /// The usual limits.
    pub fn at(address: SocketAddr) -> Self {
        Self {
            address,
            tls: None,
            connections: 1024,
            connections_per_address: 128,
            room: 64 << 20,
            room_per_source: 32 << 20,
            unpacked: 256 << 20,
            patience: Duration::from_secs(5),
            head: Duration::from_secs(60),
            still: Duration::from_secs(30),
            body: Duration::from_secs(300),
        }
    }
}

/// Finds the source of a sender by its token, or by its certificate where it shows no token. Asked for each request: it
/// answers from memory.
///
/// Faults: `Unauthenticated` for who is nobody, `Forbidden` or `Conflict` for a source that may not send now, `TooMany`
/// (with `seconds`) for one that comes too often.
pub type WhoseRequest = Arc<dyn Fn(Shown) -> BoxFuture<'static, Result<Known>> + Send + Sync>;

/// Who sends over HTTP.
#[derive(Clone)]
pub struct HttpSenders {
    /// Finds the source of a sender.
    pub whose: WhoseRequest,
    /// Hears of records that could not be read.
    pub unreadable: Unreadable,
}

/// A socket that is bound and not read yet.
#[derive(Debug)]
pub struct HttpSocket {
    listen: HttpListen,
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
}

/// Binds the socket, so that a taken port is told at the start.
///
/// Faults: `collect.bind` (`address`), `collect.tls` (`file`, `what`).
pub async fn bind(listen: HttpListen) -> Result<HttpSocket> {
    let taken = |error| Fault::unavailable("collect.bind", error).with("address", listen.address);
    let listener = TcpListener::bind(listen.address).await.map_err(taken)?;
    let tls = match listen.tls.clone() {
        Some(files) => Some(Arc::new(Tls::open(files, &["h2", "http/1.1"])?)),
        None => None,
    };
    Ok(HttpSocket { listen, listener, tls })
}

impl HttpSocket {
    /// The address that connections are accepted on.
    pub fn address(&self) -> Option<SocketAddr> {
        self.listener.local_addr().ok()
    }

    /// Receives until `shutdown`; what the intake was given until then is brought to its end before it returns.
    pub async fn run(self, senders: HttpSenders, intake: Arc<dyn Intake>, clock: Clock, shutdown: CancellationToken) {
        let state = Arc::new(State::new(self.listen, senders, intake, clock));
        serve::accept(self.listener, self.tls, &state, &shutdown).await;
        state.way.end().await;
    }
}
