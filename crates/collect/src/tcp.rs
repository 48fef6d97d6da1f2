//! Syslog over TCP (RFC 6587) and TLS (RFC 5425), framed by counts or line feeds.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use khien_normalise::Framing;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::queue::Queue;
use crate::seats::Door;
use crate::tls::{self, Certificate, Tls};
use crate::{Known, Senders, Shown, SyslogListen, token};

/// Bytes that are read at a time.
const PIECE: usize = 64 << 10;
/// How long a connection of a stranger may say nothing.
const STRANGER_IDLE: Duration = Duration::from_secs(60);

/// Accepts until `shutdown`; returns when every connection has ended.
pub(crate) async fn accept(
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
    listen: &SyslogListen,
    senders: &Senders,
    queue: Queue,
    shutdown: &CancellationToken,
) {
    let connections = TaskTracker::new();
    let door = Door {
        name: "syslog",
        listener: &listener,
        most: listen.connections,
        most_per_address: listen.connections_per_address,
        open: Arc::default(),
    };
    while let Some((stream, from, seat)) = door.next(shutdown).await {
        let connection = Connection {
            from,
            certificate: None,
            senders: senders.clone(),
            queue: queue.clone(),
            idle: listen.idle,
            shutdown: shutdown.clone(),
        };
        let tls = tls.clone();
        connections.spawn(async move {
            match tls {
                None => connection.read(stream).await,
                Some(tls) => connection.secure(&tls, stream).await,
            }
            drop(seat);
        });
    }
    connections.close();
    connections.wait().await;
}

struct Connection {
    from: IpAddr,
    certificate: Option<Arc<Certificate>>,
    senders: Senders,
    queue: Queue,
    idle: Duration,
    shutdown: CancellationToken,
}

impl Connection {
    /// Reads a connection over TLS. Whoever is refused is told so by the handshake, and the log says who it was.
    async fn secure(mut self, tls: &Tls, stream: TcpStream) {
        let accepted = tokio::select! {
            () = self.shutdown.cancelled() => return,
            accepted = tls.accept(stream) => accepted,
        };
        match accepted {
            Ok(stream) => {
                self.certificate = tls::certificate(&stream).map(Arc::new);
                self.read(stream).await;
            }
            Err(error) => tracing::warn!(%error, from = %self.from, "a TLS connection was not accepted"),
        }
    }

    fn shown(&self, token: Option<String>) -> Shown {
        Shown { address: self.from, certificate: self.certificate.clone(), token }
    }

    async fn read(self, mut stream: impl AsyncRead + Unpin) {
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
            let known = (self.senders.whose)(self.shown(None)).await;
            let mut anybody = known.is_some();
            for message in framing.push(buffer.get(..length).unwrap_or_default()) {
                match message {
                    Ok(line) => anybody |= self.line(known, line).await,
                    Err(fault) => {
                        if let Some(known) = known {
                            (self.senders.unreadable)(known.whose, &fault, b"");
                        }
                        if fault.code == "logs.frame" {
                            // Nothing tells where the next message starts.
                            return;
                        }
                    }
                }
            }
            idle = if anybody { self.idle } else { STRANGER_IDLE };
        }
        if let Some(line) = framing.finish() {
            let known = (self.senders.whose)(self.shown(None)).await;
            self.line(known, line).await;
        }
    }

    /// Takes a line of the connection's source, or of the one whose token it carries; whether it was somebody's.
    async fn line(&self, known: Option<Known>, line: Vec<u8>) -> bool {
        let (shown, known, line) = match token::apart(&line) {
            Some((token, rest)) => {
                let shown = self.shown(Some(token));
                let known = (self.senders.whose)(shown.clone()).await;
                (shown, known, rest)
            }
            None => (self.shown(None), known, line),
        };
        match known {
            Some(known) => self.queue.add(known, line).await,
            None => (self.senders.stranger)(&shown, &line),
        }
        known.is_some()
    }
}
