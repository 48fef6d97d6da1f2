//! Syslog over UDP (RFC 5426): one datagram, one message.

use tokio::net::UdpSocket;
use tokio_util::sync::CancellationToken;

use crate::Senders;
use crate::batch::Queue;

/// The largest datagram that UDP can carry (RFC 768).
const DATAGRAM: usize = 65_535;

/// Receives until `shutdown`.
pub(crate) async fn receive(socket: UdpSocket, senders: &Senders, queue: Queue, shutdown: &CancellationToken) {
    let mut buffer = vec![0; DATAGRAM];
    loop {
        let received = tokio::select! {
            () = shutdown.cancelled() => return,
            received = socket.recv_from(&mut buffer) => received,
        };
        let (length, from) = match received {
            Ok(received) => received,
            Err(error) => {
                // An answer of the network to something else (ICMP); the socket goes on.
                tracing::debug!(%error, "a datagram could not be received");
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                continue;
            }
        };
        let line = buffer.get(..length).unwrap_or_default();
        if line.trim_ascii().is_empty() {
            continue;
        }
        match (senders.whose)(from.ip()).await {
            None => (senders.stranger)(from.ip(), line),
            Some(whose) => {
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    () = queue.add(whose, line.to_vec()) => {}
                }
            }
        }
    }
}
