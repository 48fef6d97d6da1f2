//! Real sockets on the loopback address.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use khien_base::ports::{Intake, Whose};
use khien_base::{Clock, Fault, Id, Record, Result};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpStream, UdpSocket};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::*;

mod fair;
mod identity;

/// What the intake keeps: records in memory, and a door that can be closed.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) records: Mutex<Vec<(Whose, Record)>>,
    batches: AtomicUsize,
    pub(crate) closed: AtomicBool,
    broken: AtomicUsize,
}

impl Intake for Kept {
    fn take(&self, whose: Whose, records: Vec<Record>) -> BoxFuture<'_, Result<usize>> {
        Box::pin(async move {
            while self.closed.load(Ordering::SeqCst) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            if self.broken.load(Ordering::SeqCst) > 0 {
                self.broken.fetch_sub(1, Ordering::SeqCst);
                return Err(Fault::unavailable("lake.disk", "no room"));
            }
            self.batches.fetch_add(1, Ordering::SeqCst);
            let count = records.len();
            self.records.lock().unwrap().extend(records.into_iter().map(|record| (whose, record)));
            Ok(count)
        })
    }

    fn keys(&self, _: Id, _: usize) -> BoxFuture<'_, Result<Vec<u64>>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

/// Datagrams that were lost: of the source, and before they were read.
#[derive(Default)]
struct Lost {
    full: AtomicUsize,
    unread: AtomicUsize,
}

struct Receiver {
    kept: Arc<Kept>,
    strangers: Arc<Mutex<Vec<String>>>,
    unreadable: Arc<Mutex<Vec<String>>>,
    registered: Arc<AtomicBool>,
    lost: Arc<Lost>,
    udp: SocketAddr,
    tcp: SocketAddr,
    tls: Option<SocketAddr>,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

fn local() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

/// Who a sender is to these tests: source 1 by its address, 2 with the token `two`, 3 with a certificate of the name
/// `three`; nobody with any other token or certificate.
fn source(shown: &Shown) -> u128 {
    match (&shown.token, &shown.certificate) {
        (Some(token), _) => u128::from(token == "two") * 2,
        (None, Some(certificate)) => u128::from(certificate.names.iter().any(|name| name == "three")) * 3,
        (None, None) => 1,
    }
}

impl Receiver {
    async fn start(change: impl FnOnce(&mut SyslogListen)) -> Self {
        Self::start_after(change, |_| {}).await
    }

    /// With something done between binding and reading.
    async fn start_after(change: impl FnOnce(&mut SyslogListen), before: impl FnOnce(&Sockets)) -> Self {
        let mut listen = SyslogListen {
            udp: Some(local()),
            tcp: Some(local()),
            gather: Duration::from_millis(50),
            ..Default::default()
        };
        change(&mut listen);
        let sockets = bind(listen).await.unwrap();
        let (udp, tcp, tls) = (sockets.udp().unwrap(), sockets.tcp().unwrap(), sockets.tls());
        before(&sockets);
        let kept = Arc::new(Kept::default());
        let strangers = Arc::new(Mutex::new(Vec::new()));
        let unreadable = Arc::new(Mutex::new(Vec::new()));
        let registered = Arc::new(AtomicBool::new(true));
        let lost = Arc::new(Lost::default());
        let (known, losses) = (Arc::clone(&registered), Arc::clone(&lost));
        let (heard, faults) = (Arc::clone(&strangers), Arc::clone(&unreadable));
        let senders = Senders {
            whose: Arc::new(move |shown| {
                let known = known.load(Ordering::SeqCst);
                let source = source(&shown);
                let whose = Whose { source: Id::from_u128(source), system: Id::from_u128(2), unit: Id::from_u128(3) };
                Box::pin(async move { (known && source > 0).then_some(Known { whose, quota: None }) })
            }),
            unreadable: Arc::new(move |_, fault, _| faults.lock().unwrap().push(fault.to_string())),
            stranger: Arc::new(move |shown, line| {
                heard.lock().unwrap().push(format!("{} {}", shown.address, String::from_utf8_lossy(line)));
            }),
            lost: Arc::new(move |whose, count| {
                let of = if whose.is_some() { &losses.full } else { &losses.unread };
                of.fetch_add(usize::try_from(count).unwrap(), Ordering::SeqCst);
            }),
        };
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(sockets.run(senders, Arc::clone(&kept) as _, Clock::System, shutdown.clone()));
        Self { kept, strangers, unreadable, registered, lost, udp, tcp, tls, shutdown, task }
    }

    fn count(&self) -> usize {
        self.kept.records.lock().unwrap().len()
    }

    fn messages(&self) -> Vec<String> {
        let records = self.kept.records.lock().unwrap();
        records.iter().map(|(_, record)| record.hot.message.clone().unwrap_or_default()).collect()
    }

    async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        for _ in 0..1000 {
            if holds(self) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("waited ten seconds until {what}; {} records came", self.count());
    }

    async fn stop(self) {
        self.shutdown.cancel();
        tokio::time::timeout(Duration::from_secs(5), self.task).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn datagrams_become_records_of_the_source() {
    let receiver = Receiver::start(|_| {}).await;
    let socket = UdpSocket::bind(local()).await.unwrap();
    for n in 0..20 {
        let line = format!("<38>Oct  1 09:00:00 may01 sshd[7]: Failed password for lan from 192.0.2.{n} port 22 ssh2");
        socket.send_to(line.as_bytes(), receiver.udp).await.unwrap();
    }
    socket.send_to(b"  \n", receiver.udp).await.unwrap();
    receiver.until("20 datagrams", |r| r.count() == 20).await;
    {
        let records = receiver.kept.records.lock().unwrap();
        assert!(records.iter().all(|(whose, record)| {
            whose.source == Id::from_u128(1) && record.hot.host.as_deref() == Some("may01")
        }));
    }
    assert!(receiver.kept.batches.load(Ordering::SeqCst) <= 20);
    receiver.stop().await;
}

#[tokio::test]
async fn datagrams_that_find_no_room_are_counted_for_their_source() {
    let receiver = Receiver::start(|listen| listen.waiting_bytes = 1 << 10).await;
    receiver.kept.closed.store(true, Ordering::SeqCst);
    let socket = UdpSocket::bind(local()).await.unwrap();
    for n in 0..50 {
        socket.send_to(format!("<13>Oct  1 09:00:00 h a: {n}").as_bytes(), receiver.udp).await.unwrap();
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let lost = |r: &Receiver| r.lost.full.load(Ordering::SeqCst);
    // One alone holds half of the room, which is six lines.
    receiver.until("a full queue", |r| lost(r) >= 34).await;
    receiver.kept.closed.store(false, Ordering::SeqCst);
    receiver.until("the rest", |r| r.count() + lost(r) == 50).await;
    assert_eq!(receiver.lost.unread.load(Ordering::SeqCst), 0);
    receiver.stop().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn datagrams_that_nobody_read_in_time_are_counted_too() {
    const SENT: usize = 60_000;
    // More than the socket holds, before anybody reads it.
    let fill = |sockets: &Sockets| {
        let socket = std::net::UdpSocket::bind(local()).unwrap();
        let line = format!("<13>Oct  1 09:00:00 h a: {}", "x".repeat(1000));
        for _ in 0..SENT {
            socket.send_to(line.as_bytes(), sockets.udp().unwrap()).unwrap();
        }
    };
    let receiver = Receiver::start_after(|_| {}, fill).await;
    receiver
        .until("the system's count", |r| {
            let unread = r.lost.unread.load(Ordering::SeqCst);
            unread > 0 && r.count() + r.lost.full.load(Ordering::SeqCst) + unread == SENT
        })
        .await;
    receiver.stop().await;
}

#[tokio::test]
async fn both_framings_come_in_over_tcp_and_the_last_line_needs_no_end() {
    let receiver = Receiver::start(|_| {}).await;
    let mut stream = TcpStream::connect(receiver.tcp).await.unwrap();
    stream.write_all(b"32 <13>Oct  1 09:00:00 h a: counted<13>Oct  1 09:00:00 h a: line\n").await.unwrap();
    stream.write_all(b"<13>Oct  1 09:00:00 h a: la").await.unwrap();
    stream.write_all(b"st").await.unwrap();
    stream.shutdown().await.unwrap();
    receiver.until("three messages", |r| r.count() == 3).await;
    assert_eq!(receiver.messages(), ["counted", "line", "last"]);
    receiver.stop().await;
}

#[tokio::test]
async fn what_devices_put_between_and_behind_messages_is_no_part_of_them() {
    let receiver = Receiver::start(|_| {}).await;
    let mut stream = TcpStream::connect(receiver.tcp).await.unwrap();
    // A line feed or NUL that is counted, one behind a counted message, CR LF, NUL instead of a line feed (RFC 6587, 3.4.2).
    let stream_of = b"29 <13>Oct  1 09:00:00 h a: one\n29 <13>Oct  1 09:00:00 h a: two\0\n\
        28 <13>Oct  1 09:00:00 h a: tre\n<13>Oct  1 09:00:00 h a: four\r\n<13>Oct  1 09:00:00 h a: five\0\
        2026-10-01T09:00:00Z h a: six\n\n\0<13>Oct  1 09:00:00 h a: seven\n";
    stream.write_all(stream_of).await.unwrap();
    receiver.until("seven messages", |r| r.count() == 7).await;
    let records = receiver.kept.records.lock().unwrap().clone();
    assert!(records.iter().all(|(_, record)| !record.raw.ends_with(['\n', '\r', '\0'])), "{records:?}");
    assert_eq!(receiver.messages()[..5], ["one", "two", "tre", "four", "five"]);
    let socket = UdpSocket::bind(local()).await.unwrap();
    socket.send_to(b"<13>Oct  1 09:00:00 h a: datagram\n\0", receiver.udp).await.unwrap();
    receiver.until("the datagram", |r| r.count() == 8).await;
    assert_eq!(receiver.messages()[7], "datagram");
    receiver.stop().await;
}

#[tokio::test]
async fn what_strangers_send_is_heard_of_and_not_kept() {
    let receiver = Receiver::start(|_| {}).await;
    receiver.registered.store(false, Ordering::SeqCst);
    let socket = UdpSocket::bind(local()).await.unwrap();
    socket.send_to(b"<13>udp", receiver.udp).await.unwrap();
    let mut stream = TcpStream::connect(receiver.tcp).await.unwrap();
    stream.write_all(b"<13>tcp\n").await.unwrap();
    receiver.until("two strangers", |r| r.strangers.lock().unwrap().len() == 2).await;
    let mut heard = receiver.strangers.lock().unwrap().clone();
    heard.sort();
    assert_eq!(heard, ["127.0.0.1 <13>tcp", "127.0.0.1 <13>udp"]);
    assert_eq!(receiver.count(), 0);
    // Registered meanwhile: the same connection goes on.
    receiver.registered.store(true, Ordering::SeqCst);
    stream.write_all(b"<13>Oct  1 09:00:00 h a: now known\n").await.unwrap();
    receiver.until("a known sender", |r| r.count() == 1).await;
    receiver.stop().await;
}

#[tokio::test]
async fn a_busy_intake_holds_the_sender_up_and_loses_nothing() {
    let receiver = Receiver::start(|listen| listen.waiting_bytes = 64 << 10).await;
    receiver.kept.closed.store(true, Ordering::SeqCst);
    let mut stream = TcpStream::connect(receiver.tcp).await.unwrap();
    let filler = "x".repeat(1000);
    let writing = tokio::spawn(async move {
        for n in 0..20_000 {
            let line = format!("<13>Oct  1 09:00:00 h a: {n} {filler}\n");
            stream.write_all(line.as_bytes()).await.unwrap();
        }
        stream.shutdown().await.unwrap();
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!writing.is_finished(), "20 MB went out while nobody took them");
    receiver.kept.closed.store(false, Ordering::SeqCst);
    writing.await.unwrap();
    receiver.until("20,000 lines", |r| r.count() == 20_000).await;
    let numbers: Vec<String> =
        receiver.messages().iter().map(|m| m.split(' ').next().unwrap_or_default().to_owned()).collect();
    assert!(numbers.iter().enumerate().all(|(n, got)| *got == n.to_string()), "in order, none twice");
    receiver.stop().await;
}

#[tokio::test]
async fn an_intake_that_fails_is_tried_again() {
    let receiver = Receiver::start(|_| {}).await;
    receiver.kept.broken.store(2, Ordering::SeqCst);
    let mut stream = TcpStream::connect(receiver.tcp).await.unwrap();
    stream.write_all(b"<13>Oct  1 09:00:00 h a: kept\n").await.unwrap();
    receiver.until("the record", |r| r.count() == 1).await;
    assert_eq!(receiver.kept.broken.load(Ordering::SeqCst), 0);
    receiver.stop().await;
}

#[tokio::test]
async fn an_endless_line_and_a_broken_count_are_told() {
    let receiver = Receiver::start(|_| {}).await;
    let mut stream = TcpStream::connect(receiver.tcp).await.unwrap();
    stream.write_all(&vec![b'x'; (1 << 20) + 70_000]).await.unwrap();
    stream.write_all(b"\n<13>Oct  1 09:00:00 h a: after\n").await.unwrap();
    receiver.until("the line after", |r| r.count() == 1).await;
    assert_eq!(receiver.messages(), ["after"]);
    stream.write_all(b"9999999 <13>x").await.unwrap();
    receiver.until("two faults", |r| r.unreadable.lock().unwrap().len() == 2).await;
    let faults = receiver.unreadable.lock().unwrap().clone();
    assert!(faults[0].starts_with("logs.line-too-long") && faults[1].starts_with("logs.frame"), "{faults:?}");
    let mut rest = [0; 1];
    let closed = tokio::io::AsyncReadExt::read(&mut stream, &mut rest).await;
    assert!(matches!(closed, Ok(0) | Err(_)), "the connection is closed");
    receiver.stop().await;
}

#[tokio::test]
async fn connections_beyond_the_limit_are_closed_and_a_seat_is_given_back() {
    let receiver = Receiver::start(|listen| listen.connections_per_address = 2).await;
    let line = b"<13>Oct  1 09:00:00 h a: x\n";
    let mut open = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(receiver.tcp).await.unwrap();
        stream.write_all(line).await.unwrap();
        open.push(stream);
    }
    receiver.until("two records", |r| r.count() == 2).await;
    let mut third = TcpStream::connect(receiver.tcp).await.unwrap();
    let mut rest = [0; 1];
    let ended =
        tokio::time::timeout(Duration::from_secs(5), tokio::io::AsyncReadExt::read(&mut third, &mut rest)).await;
    assert!(matches!(ended, Ok(Ok(0) | Err(_))), "the third is closed");
    open.clear();
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let mut again = TcpStream::connect(receiver.tcp).await.unwrap();
        again.write_all(line).await.ok();
        again.shutdown().await.ok();
        if receiver.count() > 2 {
            break;
        }
    }
    receiver.until("a third record", |r| r.count() > 2).await;
    receiver.stop().await;
}

#[tokio::test]
async fn what_was_read_is_handed_on_before_the_end() {
    let receiver = Receiver::start(|listen| listen.gather = Duration::from_secs(30)).await;
    let mut stream = TcpStream::connect(receiver.tcp).await.unwrap();
    stream.write_all(b"<13>Oct  1 09:00:00 h a: last words\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(receiver.count(), 0, "still gathering");
    let kept = Arc::clone(&receiver.kept);
    receiver.stop().await;
    assert_eq!(kept.records.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_taken_port_is_told() {
    let receiver = Receiver::start(|_| {}).await;
    let listen = SyslogListen { tcp: Some(receiver.tcp), ..SyslogListen::default() };
    assert_eq!(bind(listen).await.unwrap_err().code, "collect.bind");
    receiver.stop().await;
}
