//! Receives logs over the network.
//!
//! Bytes come in on sockets; records go out to the intake ([`khien_base::ports::Intake`]), in batches, each under the
//! source that its sender's address is registered for. What comes from an address that is nobody's is told to
//! [`Senders::stranger`] and forgotten.
//!
//! Nothing here grows without bound: lines, connections, and the bytes that wait for the intake have limits. While the
//! intake is busy nothing more is read from TCP senders: they keep their records. UDP has no such promise (RFC 5426,
//! 4.3): what finds no room is lost, and [`Senders::lost`] hears how much.

mod batch;
mod seats;
mod tcp;
mod udp;

#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use khien_base::ports::{Intake, Whose};
use khien_base::{Clock, Fault, Result};
use tokio::net::{TcpListener, UdpSocket};
use tokio_util::sync::CancellationToken;

/// Where syslog is received, and within which limits.
#[derive(Debug, Clone)]
pub struct SyslogListen {
    /// Address for datagrams (RFC 5426); none receives none.
    pub udp: Option<SocketAddr>,
    /// Address for connections (RFC 6587); none accepts none.
    pub tcp: Option<SocketAddr>,
    /// Connections at once.
    pub connections: usize,
    /// Connections at once from one address.
    pub connections_per_address: usize,
    /// Bytes that may wait for the intake, per listener.
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
            connections: 512,
            connections_per_address: 32,
            waiting_bytes: 64 << 20,
            batch: 2_000,
            gather: Duration::from_millis(500),
            // rsyslog keeps a connection for days; one whose other end is gone must not stay for ever.
            idle: Duration::from_secs(2 * 3600),
        }
    }
}

/// Finds the source of an address; none for who is unknown or paused. Asked for each datagram and each piece that a
/// connection brings: it answers from memory.
pub type WhoseOf = Arc<dyn Fn(IpAddr) -> BoxFuture<'static, Option<Whose>> + Send + Sync>;
/// Hears of a record of a source that could not be read.
pub type Unreadable = Arc<dyn Fn(Whose, &Fault, &[u8]) + Send + Sync>;
/// Hears of a record of an address that is nobody's.
pub type Stranger = Arc<dyn Fn(IpAddr, &[u8]) + Send + Sync>;

/// Hears how many datagrams were lost: of a source, because too much waited for the intake already; or, without one,
/// because the system threw them away before they could be read.
pub type Lost = Arc<dyn Fn(Option<Whose>, u64) + Send + Sync>;

/// Who sends.
#[derive(Clone)]
pub struct Senders {
    /// Finds the source of an address.
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
}

/// Binds the sockets, so that a taken port is told at the start.
///
/// Faults: `collect.bind` (`address`).
pub async fn bind(listen: SyslogListen) -> Result<Sockets> {
    let taken = |address: SocketAddr| {
        move |error: std::io::Error| Fault::unavailable("collect.bind", error).with("address", address)
    };
    let udp = match listen.udp {
        Some(address) => Some(UdpSocket::bind(address).await.map_err(taken(address))?),
        None => None,
    };
    let tcp = match listen.tcp {
        Some(address) => Some(TcpListener::bind(address).await.map_err(taken(address))?),
        None => None,
    };
    Ok(Sockets { listen, udp, tcp })
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

    /// Receives until `shutdown`; what was read until then is handed to the intake before it returns.
    pub async fn run(self, senders: Senders, intake: Arc<dyn Intake>, clock: Clock, shutdown: CancellationToken) {
        let Self { listen, udp, tcp } = self;
        let desk = |name| batch::start(name, &listen, &senders, &intake, &clock, &shutdown);
        let datagrams = async {
            if let Some(socket) = udp {
                let (queue, batches) = desk("udp");
                udp::receive(socket, &senders, queue, &shutdown).await;
                ended(batches).await;
            }
        };
        let connections = async {
            if let Some(listener) = tcp {
                let (queue, batches) = desk("tcp");
                tcp::accept(listener, &listen, &senders, queue, &shutdown).await;
                ended(batches).await;
            }
        };
        futures::future::join(datagrams, connections).await;
    }
}

async fn ended(batches: tokio::task::JoinHandle<()>) {
    if let Err(error) = batches.await {
        tracing::error!(%error, "the batches of a syslog listener ended early");
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
