//! Nobody starves: real sockets, one source that floods and one that says little.

use std::collections::HashMap;
use std::time::Instant;

use super::*;

/// An intake that takes so many events a second of each source and no more, and notes when each came.
#[derive(Default)]
struct Slow {
    micros: u64,
    came: Mutex<HashMap<u128, Vec<(String, Instant)>>>,
}

impl Intake for Slow {
    fn take(&self, whose: Whose, records: Vec<Record>) -> BoxFuture<'_, Result<usize>> {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_micros(self.micros * records.len() as u64)).await;
            let mut came = self.came.lock().unwrap();
            let of = came.entry(whose.source.as_u128()).or_default();
            of.extend(records.iter().map(|r| (r.hot.message.clone().unwrap_or_default(), Instant::now())));
            Ok(records.len())
        })
    }

    fn keys(&self, _: Id, _: usize) -> BoxFuture<'_, Result<Vec<u64>>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

struct Centre {
    slow: Arc<Slow>,
    lost: Arc<AtomicUsize>,
    tcp: SocketAddr,
    udp: SocketAddr,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Centre {
    /// Source 2 by its token, with this quota; source 1 by its address, without one.
    async fn start(micros: u64, quota: Option<u32>) -> Self {
        let listen = SyslogListen {
            udp: Some(local()),
            tcp: Some(local()),
            gather: Duration::from_millis(50),
            waiting_bytes: 16 << 20,
            batch: 200,
            ..Default::default()
        };
        let sockets = bind(listen).await.unwrap();
        let (udp, tcp) = (sockets.udp().unwrap(), sockets.tcp().unwrap());
        let lost = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&lost);
        let senders = Senders {
            whose: Arc::new(move |shown| {
                let source = source(&shown);
                let whose = Whose { source: Id::from_u128(source), system: Id::nil(), unit: Id::nil() };
                let quota = if source == 2 { quota } else { None };
                Box::pin(async move { Some(Known { whose, quota }) })
            }),
            unreadable: Arc::new(|_, _, _| {}),
            stranger: Arc::new(|_, _| {}),
            lost: Arc::new(move |_, count| {
                counted.fetch_add(usize::try_from(count).unwrap(), Ordering::SeqCst);
            }),
        };
        let (slow, shutdown) = (Arc::new(Slow { micros, ..Slow::default() }), CancellationToken::new());
        let task = tokio::spawn(sockets.run(senders, Arc::clone(&slow) as _, Clock::System, shutdown.clone()));
        Self { slow, lost, tcp, udp, shutdown, task }
    }

    fn count(&self, source: u128) -> usize {
        self.slow.came.lock().unwrap().get(&source).map_or(0, Vec::len)
    }

    async fn stop(self) {
        self.shutdown.cancel();
        tokio::time::timeout(Duration::from_secs(20), self.task).await.unwrap().unwrap();
    }
}

fn of_two(number: usize) -> String {
    format!("<13>1 2026-10-01T09:00:00Z h a - - [khien@1 token=\"two\"] {number}\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trickle_gets_through_a_flood_and_both_stay_in_order() {
    // The flood's eight thousand lines that wait are four seconds of work: in one line with them the trickle would wait
    // as long.
    let centre = Centre::start(500, None).await;
    let mut flood = TcpStream::connect(centre.tcp).await.unwrap();
    let flooding = tokio::spawn(async move {
        let lines: String = (0..1000).map(|n| format!("<13>Oct  1 09:00:00 h a: {n}\n")).collect();
        for _ in 0..20 {
            flood.write_all(lines.as_bytes()).await.unwrap();
        }
        flood.shutdown().await.unwrap();
    });
    while centre.count(1) < 1000 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut trickle = TcpStream::connect(centre.tcp).await.unwrap();
    let mut sent = Vec::new();
    for number in 0..30 {
        trickle.write_all(of_two(number).as_bytes()).await.unwrap();
        sent.push(Instant::now());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(centre.count(1) < 20_000, "the flood goes on");
    for _ in 0..500 {
        if centre.count(2) == 30 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    {
        let came = centre.slow.came.lock().unwrap();
        let numbers: Vec<String> = came[&2].iter().map(|(text, _)| text.clone()).collect();
        assert_eq!(numbers, (0..30).map(|n| n.to_string()).collect::<Vec<_>>());
        let late = came[&2].iter().zip(&sent).map(|((_, came), sent)| came.saturating_duration_since(*sent)).max();
        assert!(late.unwrap() < Duration::from_secs(2), "{late:?}");
    }
    flooding.await.unwrap();
    for _ in 0..3000 {
        if centre.count(1) == 20_000 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let flood: Vec<String> = centre.slow.came.lock().unwrap()[&1].iter().map(|(text, _)| text.clone()).collect();
    assert_eq!(flood.len(), 20_000, "and none of the flood is lost");
    assert!(flood.iter().enumerate().all(|(place, text)| *text == (place % 1000).to_string()), "in order");
    centre.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quota_holds_tcp_back_and_loses_udp_by_count() {
    let centre = Centre::start(50, Some(100)).await;
    let mut stream = TcpStream::connect(centre.tcp).await.unwrap();
    let lines: String = (0..400).map(of_two).collect();
    let began = Instant::now();
    stream.write_all(lines.as_bytes()).await.unwrap();
    while centre.count(2) < 400 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        assert!(began.elapsed() < Duration::from_secs(10), "{} came", centre.count(2));
    }
    // Two seconds of its quota at once, the other two hundred at a hundred a second.
    assert!(began.elapsed() > Duration::from_millis(1500), "{:?}", began.elapsed());
    assert_eq!(centre.lost.load(Ordering::SeqCst), 0);
    let socket = UdpSocket::bind(local()).await.unwrap();
    for number in 0..1000 {
        socket.send_to(of_two(number).as_bytes(), centre.udp).await.unwrap();
        if number % 50 == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    let told = || centre.lost.load(Ordering::SeqCst);
    for _ in 0..1000 {
        if centre.count(2) - 400 + told() == 1000 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(centre.count(2) - 400 + told(), 1000, "each datagram is stored or told");
    assert!(told() >= 500, "{}", told());
    centre.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn datagrams_of_a_busy_network_are_read_in_time() {
    // In one second; without optimisation, and beside other tests, a fifth of it.
    const SENT: usize = if cfg!(debug_assertions) { 10_000 } else { 50_000 };
    let receiver = Receiver::start(|listen| listen.waiting_bytes = 256 << 20).await;
    let udp = receiver.udp;
    let sender = std::thread::spawn(move || {
        let socket = std::net::UdpSocket::bind(local()).unwrap();
        let began = Instant::now();
        for n in 0..SENT {
            let line =
                format!("<38>Oct  1 09:00:00 may01 sshd[7]: Failed password for lan from 192.0.2.1 port {n} ssh2");
            socket.send_to(line.as_bytes(), udp).unwrap();
            if n % 50 == 49 {
                let due = Duration::from_micros((1_000_000 / SENT * n) as u64);
                std::thread::sleep(due.saturating_sub(began.elapsed()));
            }
        }
    });
    receiver
        .until("all datagrams", |r| {
            let lost = r.lost.unread.load(Ordering::SeqCst) + r.lost.full.load(Ordering::SeqCst);
            r.count() + lost == SENT
        })
        .await;
    sender.join().unwrap();
    let lost = receiver.lost.unread.load(Ordering::SeqCst) + receiver.lost.full.load(Ordering::SeqCst);
    println!("{SENT} datagrams in one second, {lost} lost");
    assert!(lost <= SENT / 100, "{lost} of {SENT} were lost");
    receiver.stop().await;
}
