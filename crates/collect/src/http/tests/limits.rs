//! Nothing grows without bound, nobody is starved, and what was handed on is brought to its end.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

#[tokio::test]
async fn who_finds_no_room_is_told_when_to_come_again() {
    let receiver = Receiver::start(|listen| (listen.room, listen.room_per_source) = (4 << 10, 2 << 10)).await;
    let first = receiver.ask("POST", "/ndjson", &[T1], "{\"a\":1}\n");
    let second = receiver.ask("POST", "/_bulk", &[T1], "{\"index\":{}}\n{\"a\":2}\n");
    let waiting = async { tokio::join!(first, second) };
    let full = async {
        receiver.until("two are under way", |r| r.kept.waiting.load(Ordering::SeqCst) == 2).await;
        for (path, status) in [("/ndjson", 429), ("/_bulk", 429), ("/v1/logs", 429), ("/services/collector", 503)] {
            let headers = [T1, ("content-type", "application/x-protobuf")];
            let busy = receiver.ask("POST", path, &headers, "{\"event\":1}").await;
            assert_eq!((busy.status, &busy.headers["retry-after"]), (status, &"1".parse().unwrap()), "{path}");
        }
        // Another source still has its share.
        let other = receiver.ask("POST", "/ndjson", &[("authorization", "Bearer t2")], "{\"a\":3}\n");
        let opened = async {
            receiver.until("the other one is under way", |r| r.kept.waiting.load(Ordering::SeqCst) == 3).await;
            receiver.kept.door.close();
        };
        assert_eq!(tokio::join!(other, opened).0.status, 200);
    };
    let ((first, second), ()) = tokio::join!(waiting, full);
    assert_eq!((first.status, second.status), (200, 200));
    assert_eq!(receiver.stop().await.len(), 3, "nothing of who was sent away was taken");
}

#[tokio::test]
async fn lines_of_json_have_an_outcome_each() {
    let receiver = Receiver::start(|listen| listen.unpacked = 4 << 20).await;
    receiver.kept.door.close();
    let body = format!(
        "{{\"a\":1}}\n{{\n\n{{\"Records\":[{{\"b\":1}},{{\"b\":2}}]}}\n\"{}\"\n{{\"a\":2}}",
        "x".repeat(1 << 20)
    );
    let sent = receiver.ask("POST", "/ndjson", &[T1, ("content-encoding", "gzip")], packed(body.as_bytes())).await;
    let told = sent.json();
    assert_eq!((sent.status, told["accepted"].as_u64(), told["failed_total"].as_u64()), (200, Some(4), Some(2)));
    let mut lines: Vec<_> =
        told["failed"].as_array().unwrap().iter().map(|f| (f["line"].as_u64(), f["code"].as_str())).collect();
    lines.sort_unstable();
    assert_eq!(lines, [(Some(2), Some("logs.json")), (Some(5), Some("logs.line-too-long"))]);
    assert_eq!(receiver.ask("GET", "/ndjson", &[T1], "").await.status, 405);
    let bomb = packed(&vec![b'x'; 5 << 20]);
    let refused = receiver.ask("POST", "/ndjson", &[T1, ("content-encoding", "gzip")], bomb).await;
    assert_eq!((refused.status, refused.json()["code"].as_str()), (413, Some("intake.unpacked")));
    assert_eq!(receiver.ask("POST", "/ndjson", &[T1, ("content-encoding", "zstd")], "x").await.status, 415);
    assert_eq!(receiver.stop().await.len(), 4);
}

#[tokio::test]
async fn who_tries_tokens_is_held_up() {
    let receiver = Receiver::open().await;
    for _ in 0..30 {
        assert_eq!(receiver.ask("POST", "/ndjson", &[("authorization", "Bearer guess")], "{}").await.status, 401);
    }
    let held = receiver.ask("POST", "/ndjson", &[T1], "{}").await;
    assert_eq!((held.status, held.json()["code"].as_str()), (429, Some("collect.tokens")));
    receiver.stop().await;
}

#[tokio::test]
async fn slow_and_silent_connections_are_ended() {
    let receiver = Receiver::start(|listen| {
        listen.head = Duration::from_millis(300);
        listen.still = Duration::from_millis(300);
        listen.connections_per_address = 2;
    })
    .await;
    let mut silent = TcpStream::connect(receiver.address).await.unwrap();
    let mut slow = TcpStream::connect(receiver.address).await.unwrap();
    slow.write_all(b"POST /ndjson HTTP/1.1\r\nhost: x\r\nauthorization: Bearer t1\r\ncontent-length: 100\r\n\r\n{")
        .await
        .unwrap();
    let mut third = TcpStream::connect(receiver.address).await.unwrap();
    let mut out = Vec::new();
    assert_eq!(third.read_to_end(&mut out).await.unwrap_or_default(), 0, "two are open already");
    assert_eq!(silent.read_to_end(&mut out).await.unwrap(), 0);
    slow.read_to_end(&mut out).await.unwrap();
    assert!(out.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&out));
    receiver.stop().await;
}

#[tokio::test]
async fn what_the_intake_was_given_is_taken_though_the_end_was_asked_for() {
    let receiver = Receiver::start(|_| {}).await;
    let sending = receiver.ask("POST", "/ndjson", &[T1], "{\"a\":1}\n");
    let kept = Arc::clone(&receiver.kept);
    let ending = async {
        receiver.until("it is under way", |r| r.kept.waiting.load(Ordering::SeqCst) == 1).await;
        receiver.shutdown.cancel();
        tokio::time::sleep(Duration::from_millis(100)).await;
        kept.door.close();
    };
    let (sent, ()) = tokio::join!(sending, ending);
    assert_eq!((sent.status, sent.json()["accepted"].as_u64()), (200, Some(1)));
    assert_eq!(receiver.stop().await.len(), 1);
}
