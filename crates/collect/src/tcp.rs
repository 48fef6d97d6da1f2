//! Syslog over TCP (RFC 6587), framed by counts or line feeds.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use khien_normalise::Framing;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::batch::Queue;
use crate::seats::Open;
use crate::{Senders, SyslogListen};

/// Bytes that are read at a time.
const PIECE: usize = 64 << 10;
/// How long a connection of a stranger may say nothing.
const STRANGER_IDLE: Duration = Duration::from_secs(60);

/// Accepts until `shutdown`; returns when every connection has ended.
pub(crate) async fn accept(
    listener: TcpListener,
    listen: &SyslogListen,
    senders: &Senders,
    queue: Queue,
    shutdown: &CancellationToken,
) {
    let open = Arc::new(Open::default());
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, from) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, mostly: others will end.
                tracing::warn!(%error, "a syslog connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let Some(seat) = open.seat(from.ip(), listen.connections, listen.connections_per_address) else {
            tracing::warn!(from = %from.ip(), "too many syslog connections; this one is closed");
            continue;
        };
        let connection = Connection {
            from: from.ip(),
            senders: senders.clone(),
            queue: queue.clone(),
            idle: listen.idle,
            shutdown: shutdown.clone(),
        };
        connections.spawn(async move {
            connection.read(stream).await;
            drop(seat);
        });
    }
    connections.close();
    connections.wait().await;
}

struct Connection {
    from: IpAddr,
    senders: Senders,
    queue: Queue,
    idle: Duration,
    shutdown: CancellationToken,
}

impl Connection {
    async fn read(self, mut stream: TcpStream) {
        let mut framing = Framing::new();
        let mut buffer = vec![0; PIECE];
        let mut idle = STRANGER_IDLE;
        loop {
            let read = tokio::select! {
                () = self.shutdown.cancelled() => break,
                read = tokio::time::timeout(idle, stream.read(&mut buffer)) => read,
            };
            let length = match read {
                Ok(Ok(length)) if length > 0 => length,
                Ok(Ok(_)) => break,
                Ok(Err(error)) => {
                    tracing::debug!(%error, from = %self.from, "a syslog connection broke off");
                    break;
                }
                Err(_) => return,
            };
            // Asked anew each time: who was registered meanwhile need not connect again.
            let whose = (self.senders.whose)(self.from).await;
            idle = if whose.is_some() { self.idle } else { STRANGER_IDLE };
            for message in framing.push(buffer.get(..length).unwrap_or_default()) {
                match (message, whose) {
                    (Ok(line), Some(whose)) => self.queue.add(whose, line).await,
                    (Ok(line), None) => (self.senders.stranger)(self.from, &line),
                    (Err(fault), whose) => {
                        if let Some(whose) = whose {
                            (self.senders.unreadable)(whose, &fault, b"");
                        }
                        if fault.code == "logs.frame" {
                            // Nothing tells where the next message starts.
                            return;
                        }
                    }
                }
            }
        }
        if let (Some(line), Some(whose)) = (framing.finish(), (self.senders.whose)(self.from).await) {
            self.queue.add(whose, line).await;
        }
    }
}
