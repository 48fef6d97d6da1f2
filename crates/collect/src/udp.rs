//! Syslog over UDP (RFC 5426): one datagram, one message.
//!
//! Whoever sends datagrams cannot be held up. A thread of its own empties the socket as fast as the system lets it, so
//! that other work of the program never lets the socket's buffer run over. What finds no room in the queue is lost and
//! counted for its source; what the system threw away because nobody read it in time is counted too, for nobody,
//! because it does not tell whose it was.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::queue::Queue;
use crate::{Known, Senders, Shown, token};

/// The largest datagram that UDP can carry (RFC 768).
const DATAGRAM: usize = 65_535;
/// How often the system is asked what it threw away.
const LOOK: Duration = Duration::from_secs(5);
/// How long the socket is waited for before the end is looked for.
const WAIT: Duration = Duration::from_millis(100);
/// Bytes of the socket's buffer that are asked for: half a second of 50,000 datagrams. Linux gives no more than
/// `net.core.rmem_max`.
const BUFFER: usize = 32 << 20;
/// Addresses that are remembered until the next look.
const SEEN: usize = 1024;
/// How long it is remembered whose an address is.
const REMEMBERED: Duration = Duration::from_millis(500);

/// Binds the socket, with as large a buffer as the system gives.
pub(crate) fn bind(address: SocketAddr) -> std::io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_recv_buffer_size(BUFFER).ok();
    socket.bind(&address.into())?;
    socket.set_read_timeout(Some(WAIT))?;
    if let Ok(got) = socket.recv_buffer_size() {
        tracing::info!(bytes = got, "receive buffer of syslog over UDP");
    }
    Ok(socket.into())
}

/// Receives until `shutdown`.
pub(crate) async fn receive(socket: UdpSocket, senders: &Senders, queue: Queue, shutdown: &CancellationToken) {
    let reader = Reader {
        thrown: Thrown::by(&socket),
        socket,
        senders: senders.clone(),
        queue,
        full: 0,
        looked: Instant::now(),
        known: Vec::new(),
        known_at: Instant::now(),
        runtime: Handle::current(),
        shutdown: shutdown.clone(),
    };
    let thread = std::thread::Builder::new().name("syslog-udp".to_owned());
    let (done, ended) = tokio::sync::oneshot::channel();
    let started = thread.spawn(move || {
        reader.read();
        done.send(()).ok();
    });
    match started {
        Ok(_) => drop(ended.await),
        Err(error) => tracing::error!(%error, "no thread for syslog over UDP"),
    }
}

struct Reader {
    socket: UdpSocket,
    thrown: Thrown,
    senders: Senders,
    queue: Queue,
    full: u64,
    looked: Instant,
    /// Whose the last addresses are.
    known: Vec<(IpAddr, Option<Known>)>,
    known_at: Instant,
    runtime: Handle,
    shutdown: CancellationToken,
}

impl Reader {
    fn read(mut self) {
        let mut buffer = vec![0; DATAGRAM];
        while !self.shutdown.is_cancelled() {
            if self.looked.elapsed() >= LOOK {
                self.look();
            }
            match self.socket.recv_from(&mut buffer) {
                Ok((length, from)) => self.datagram(from.ip(), buffer.get(..length).unwrap_or_default()),
                Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                }
                Err(error) => {
                    // An answer of the network to something else (ICMP); the socket goes on.
                    tracing::debug!(%error, "a datagram could not be received");
                    std::thread::sleep(Duration::from_millis(10));
                }
            }
        }
        self.look();
    }

    fn datagram(&mut self, from: IpAddr, line: &[u8]) {
        // Some devices end their datagrams with a line feed or NUL.
        let end = line.iter().rposition(|byte| !matches!(byte, 0 | b'\n' | b'\r' | b' ')).map_or(0, |last| last + 1);
        let line = line.get(..end).unwrap_or_default();
        if line.is_empty() {
            return;
        }
        let shown = Shown { address: from, certificate: None, token: None };
        let (shown, known, line) = match token::apart(line) {
            Some((token, rest)) => {
                let shown = Shown { token: Some(token), ..shown };
                let known = self.runtime.block_on((self.senders.whose)(shown.clone()));
                (shown, known, rest)
            }
            None => (shown.clone(), self.by_address(shown), line.to_vec()),
        };
        match known {
            None => (self.senders.stranger)(&shown, &line),
            Some(known) => {
                if !self.queue.offer(known, line) {
                    self.full += 1;
                    (self.senders.lost)(Some(known.whose), 1);
                }
            }
        }
    }

    fn by_address(&mut self, shown: Shown) -> Option<Known> {
        if self.known_at.elapsed() >= REMEMBERED || self.known.len() >= SEEN {
            self.known.clear();
            self.known_at = Instant::now();
        }
        if let Some((_, known)) = self.known.iter().find(|(address, _)| *address == shown.address) {
            return *known;
        }
        let address = shown.address;
        let known = self.runtime.block_on((self.senders.whose)(shown));
        self.known.push((address, known));
        known
    }

    fn look(&mut self) {
        self.looked = Instant::now();
        self.thrown.tell(&self.senders);
        if self.full > 0 {
            tracing::warn!(count = self.full, "syslog datagrams were lost: the intake is slower than they come");
            self.full = 0;
        }
    }
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
    fn tell(&mut self, senders: &Senders) {
        let Some(inode) = self.inode else { return };
        let mut all = None;
        for table in ["/proc/self/net/udp", "/proc/self/net/udp6"] {
            let text = std::fs::read_to_string(table).unwrap_or_default();
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
