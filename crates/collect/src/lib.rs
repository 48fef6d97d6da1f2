//! Receives logs over the network.
//!
//! Bytes come in on sockets; records go out to the intake ([`khien_base::ports::Intake`]), in batches, each under the
//! source that its sender is registered as: by the token in a message, else by the certificate of its connection, else
//! by its address. The strongest that is shown decides: a token or certificate that is nobody's is not made up for by
//! an address. What comes from who is nobody is told to [`Senders::stranger`] and forgotten.
//!
//! Nothing here grows without bound: lines, connections, and the bytes that wait for the intake have limits. While the
//! intake is busy nothing more is read from TCP senders: they keep their records. UDP has no such promise (RFC 5426,
//! 4.3): what finds no room is lost, and [`Senders::lost`] hears how much.

pub mod certify;
pub mod files;
pub mod http;
mod queue;
mod seats;
mod tcp;
pub mod tls;
mod token;
mod udp;

#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use khien_base::ports::{Intake, Whose};
use khien_base::{Clock, Fault, Result};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use tls::{Certificate, Tls, TlsFiles};

/// Where syslog is received, and within which limits.
#[derive(Debug, Clone)]
pub struct SyslogListen {
    /// Address for datagrams (RFC 5426); none receives none.
    pub udp: Option<SocketAddr>,
    /// Address for connections (RFC 6587); none accepts none.
    pub tcp: Option<SocketAddr>,
    /// Address for connections over TLS (RFC 5425) with its certificate; none accepts none.
    pub tls: Option<(SocketAddr, TlsFiles)>,
    /// Connections at once, of each kind.
    pub connections: usize,
    /// Connections at once from one address.
    pub connections_per_address: usize,
    /// Bytes that may wait for the intake; no source holds more than half of it.
    pub waiting_bytes: usize,
    /// Records of one batch at most.
    pub batch: usize,
    /// How long a record may wait for others of its batch.
    pub gather: Duration,
    /// How long a connection may say nothing.
    pub idle: Duration,
}

impl Default for SyslogListen {
    fn default() -> Self {
        Self {
            udp: None,
            tcp: None,
            tls: None,
            connections: 512,
            connections_per_address: 32,
            waiting_bytes: 64 << 20,
            batch: 5_000,
            gather: Duration::from_millis(500),
            // rsyslog keeps a connection for days; one whose other end is gone must not stay for ever.
            idle: Duration::from_secs(2 * 3600),
        }
    }
}

/// What a sender shows of itself. None of it comes out of what is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Where it sends from.
    pub address: IpAddr,
    /// The certificate of its connection, signed by an authority of the listener.
    pub certificate: Option<Arc<Certificate>>,
    /// The token in its message or header.
    pub token: Option<String>,
}

/// A sender that is registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Whose records it sends.
    pub whose: Whose,
    /// Events a second that it may send; none sets no limit.
    pub quota: Option<u32>,
}

/// Finds the source of a sender; none for who is unknown or paused. Asked for each piece that a connection brings, for
/// each token, and twice a second for an address that sends datagrams: it answers from memory.
pub type WhoseOf = Arc<dyn Fn(Shown) -> BoxFuture<'static, Option<Known>> + Send + Sync>;
/// Hears of a record of a source that could not be read.
pub type Unreadable = Arc<dyn Fn(Whose, &Fault, &[u8]) + Send + Sync>;
/// Hears of a record of a sender that is nobody.
pub type Stranger = Arc<dyn Fn(&Shown, &[u8]) + Send + Sync>;

/// Hears how many datagrams were lost: of a source, because too much waited for the intake already; or, without one,
/// because the system threw them away before they could be read.
pub type Lost = Arc<dyn Fn(Option<Whose>, u64) + Send + Sync>;

/// Who sends.
#[derive(Clone)]
pub struct Senders {
    /// Finds the source of a sender.
    pub whose: WhoseOf,
    /// Hears of unreadable records.
    pub unreadable: Unreadable,
    /// Hears of strangers.
    pub stranger: Stranger,
    /// Hears of lost datagrams.
    pub lost: Lost,
}

/// Sockets that are bound and not read yet.
#[derive(Debug)]
pub struct Sockets {
    listen: SyslogListen,
    udp: Option<UdpSocket>,
    tcp: Option<TcpListener>,
    tls: Option<(TcpListener, Arc<Tls>)>,
}

/// Binds the sockets, so that a taken port and a wrong certificate are told at the start.
///
/// Faults: `collect.bind` (`address`), `collect.tls` (`file`, `what`).
pub async fn bind(listen: SyslogListen) -> Result<Sockets> {
    let taken = |address: SocketAddr| {
        move |error: std::io::Error| Fault::unavailable("collect.bind", error).with("address", address)
    };
    let udp = listen.udp.map(|address| udp::bind(address).map_err(taken(address))).transpose()?;
    let tcp = match listen.tcp {
        Some(address) => Some(TcpListener::bind(address).await.map_err(taken(address))?),
        None => None,
    };
    let tls = match &listen.tls {
        Some((address, files)) => {
            let tls = Arc::new(Tls::open(files.clone(), &[])?);
            Some((TcpListener::bind(address).await.map_err(taken(*address))?, tls))
        }
        None => None,
    };
    Ok(Sockets { listen, udp, tcp, tls })
}

impl Sockets {
    /// The address that datagrams are received on.
    pub fn udp(&self) -> Option<SocketAddr> {
        self.udp.as_ref().and_then(|socket| socket.local_addr().ok())
    }

    /// The address that connections are accepted on.
    pub fn tcp(&self) -> Option<SocketAddr> {
        self.tcp.as_ref().and_then(|socket| socket.local_addr().ok())
    }

    /// The address that connections over TLS are accepted on.
    pub fn tls(&self) -> Option<SocketAddr> {
        self.tls.as_ref().and_then(|(socket, _)| socket.local_addr().ok())
    }

    /// Receives until `shutdown`; what was read until then is handed to the intake before it returns.
    pub async fn run(self, senders: Senders, intake: Arc<dyn Intake>, clock: Clock, shutdown: CancellationToken) {
        let Self { listen, udp, tcp, tls } = self;
        let (queue, batches) = queue::start(&listen, &senders, &intake, &clock, &shutdown);
        let (listen, senders, shutdown) = (&listen, &senders, &shutdown);
        let (first, second, third) = (queue.clone(), queue.clone(), queue);
        let datagrams = async move {
            if let Some(socket) = udp {
                udp::receive(socket, senders, first, shutdown).await;
            }
        };
        let connections = async move {
            if let Some(listener) = tcp {
                tcp::accept(listener, None, listen, senders, second, shutdown).await;
            }
        };
        let secured = async move {
            if let Some((listener, tls)) = tls {
                tcp::accept(listener, Some(tls), listen, senders, third, shutdown).await;
            }
        };
        futures::future::join3(datagrams, connections, secured).await;
        if let Err(error) = batches.await {
            tracing::error!(%error, "the batches of the syslog listeners ended early");
        }
    }
}

/// Receives syslog until `shutdown`: [`bind`] and [`Sockets::run`] in one.
pub async fn syslog(
    listen: SyslogListen,
    senders: Senders,
    intake: Arc<dyn Intake>,
    clock: Clock,
    shutdown: CancellationToken,
) -> Result<()> {
    bind(listen).await?.run(senders, intake, clock, shutdown).await;
    Ok(())
}
