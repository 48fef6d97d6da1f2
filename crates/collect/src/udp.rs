//! Syslog over UDP (RFC 5426): one datagram, one message.
//!
//! Whoever sends datagrams cannot be held up. What finds the queue full is lost and counted for its source; what the
//! system threw away because nobody read it in time is counted too, for nobody, because it does not tell whose it was.

use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::Senders;
use crate::batch::Queue;

/// The largest datagram that UDP can carry (RFC 768).
const DATAGRAM: usize = 65_535;
/// How often the system is asked what it threw away.
const LOOK: Duration = Duration::from_secs(5);

/// Receives until `shutdown`.
pub(crate) async fn receive(socket: UdpSocket, senders: &Senders, queue: Queue, shutdown: &CancellationToken) {
    let mut buffer = vec![0; DATAGRAM];
    let mut thrown = Thrown::by(&socket);
    let mut full = 0_u64;
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let received = tokio::select! {
            () = shutdown.cancelled() => break,
            _ = look.tick() => {
                thrown.tell(senders).await;
                if full > 0 {
                    tracing::warn!(count = full, "syslog datagrams were lost: the intake is slower than they come");
                    full = 0;
                }
                continue;
            }
            received = socket.recv_from(&mut buffer) => received,
        };
        let (length, from) = match received {
            Ok(received) => received,
            Err(error) => {
                // An answer of the network to something else (ICMP); the socket goes on.
                tracing::debug!(%error, "a datagram could not be received");
                tokio::time::sleep(Duration::from_millis(10)).await;
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
                if !queue.offer(whose, line.to_vec()) {
                    full += 1;
                    (senders.lost)(Some(whose), 1);
                }
            }
        }
    }
    thrown.tell(senders).await;
}

/// What the system threw away of a socket's datagrams. Linux tells it (proc_pid_net(5), column `drops`); elsewhere it
/// is not known and nothing is told.
struct Thrown {
    /// The number by which the system lists the socket.
    inode: Option<u64>,
    told: u64,
}

impl Thrown {
    fn by(socket: &UdpSocket) -> Self {
        Self { inode: inode(socket), told: 0 }
    }

    /// Tells what was thrown away since the last time.
    async fn tell(&mut self, senders: &Senders) {
        let Some(inode) = self.inode else { return };
        let mut all = None;
        for table in ["/proc/self/net/udp", "/proc/self/net/udp6"] {
            let text = tokio::fs::read_to_string(table).await.unwrap_or_default();
            all = all.or_else(|| drops(&text, inode));
        }
        let Some(all) = all else { return };
        let fresh = all.saturating_sub(self.told);
        if fresh > 0 {
            tracing::warn!(count = fresh, "the system threw syslog datagrams away that were not read in time");
            (senders.lost)(None, fresh);
        }
        self.told = all;
    }
}

#[cfg(target_os = "linux")]
fn inode(socket: &UdpSocket) -> Option<u64> {
    use std::os::fd::AsRawFd;
    let link = std::fs::read_link(format!("/proc/self/fd/{}", socket.as_raw_fd())).ok()?;
    link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

#[cfg(not(target_os = "linux"))]
fn inode(_: &UdpSocket) -> Option<u64> {
    None
}

/// The last column of the line whose tenth is the socket's number.
fn drops(table: &str, inode: u64) -> Option<u64> {
    table.lines().skip(1).find_map(|line| {
        let mut columns = line.split_whitespace();
        let own = columns.nth(9)?.parse::<u64>().ok()? == inode;
        if own { columns.last()?.parse().ok() } else { None }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sockets_drops_are_found_by_its_number() {
        let table = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n \
            2606: 00000000:DADC 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 462429 2 00000000457a3da8 0\n \
            7134: 0100007F:AC8C 00000000:0000 07 00000000:00033C00 00:00000000 00000000     0        0 462428 2 00000000ab5770d6 2908\n";
        assert_eq!(drops(table, 462_428), Some(2908));
        assert_eq!(drops(table, 462_429), Some(0));
        assert_eq!(drops(table, 7), None);
        assert_eq!(drops("", 7), None);
    }
}
