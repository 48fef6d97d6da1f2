//! kill -9 in the middle of taking logs in: what was acknowledged is there.

use std::collections::HashSet;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use hyper_util::rt::TokioIo;

use crate::centre::Centre;

/// Times that the server is killed.
const ROUNDS: u64 = 20;

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn start(data: &Path, port: u16) -> Server {
    let child = Command::new(env!("CARGO_BIN_EXE_khien"))
        .args(["serve", "--data"])
        .arg(data)
        .args(["--listen", &format!("127.0.0.1:{port}")])
        .env("KHIEN_LOG", "error")
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    Server(child)
}

/// Sends one batch; true only when the server said that it holds it.
async fn send(port: u16, token: &str, body: String) -> bool {
    let Ok(stream) = tokio::net::TcpStream::connect(("127.0.0.1", port)).await else { return false };
    let Ok((mut sender, connection)) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await else {
        return false;
    };
    let driver = tokio::spawn(connection);
    let request = Request::post("/api/ingest/ndjson")
        .header("host", "127.0.0.1")
        .header("authorization", format!("Bearer {token}"))
        .body(Body::from(body))
        .unwrap();
    let good = match sender.send_request(request).await {
        Ok(response) if response.status().is_success() => {
            http_body_util::BodyExt::collect(response.into_body()).await.is_ok()
        }
        _ => false,
    };
    driver.abort();
    good
}

/// The markers that the store holds, read a page at a time.
fn held(data: &Path) -> HashSet<String> {
    const PAGE: usize = 10_000;
    let mut held = HashSet::new();
    for offset in (0..).step_by(PAGE) {
        let statement =
            format!("SELECT raw FROM events WHERE raw LIKE '%marker%' ORDER BY id LIMIT {PAGE} OFFSET {offset}");
        let found = Command::new(env!("CARGO_BIN_EXE_khien"))
            .args(["search", &statement, "--limit", &PAGE.to_string(), "--data"])
            .arg(data)
            .output()
            .unwrap();
        assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
        let text = String::from_utf8(found.stdout).unwrap();
        let rows = text.lines().count();
        for line in text.lines() {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            let raw: serde_json::Value = serde_json::from_str(row["raw"].as_str().unwrap()).unwrap();
            held.insert(raw["marker"].as_str().unwrap().to_owned());
        }
        if rows < PAGE {
            break;
        }
    }
    held
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_kills_lose_no_acknowledged_event() {
    let centre = Centre::new().await;
    let (data, folder, token) = centre.hand_over().await;
    let port = 20_000 + u16::try_from(std::process::id() % 20_000).unwrap();
    let acknowledged: Arc<Mutex<HashSet<String>>> = Arc::new(Mutex::new(HashSet::new()));
    for round in 0..ROUNDS {
        let mut server = start(&data, port);
        let senders: Vec<_> = (0..3)
            .map(|sender| {
                let (acknowledged, token) = (Arc::clone(&acknowledged), token.clone());
                tokio::spawn(async move {
                    for batch in 0..200 {
                        let ids: Vec<String> = (0..20).map(|n| format!("m{round}-{sender}-{batch}-{n}")).collect();
                        let body =
                            ids.iter().map(|id| format!("{{\"marker\":\"{id}\",\"message\":\"x\"}}\n")).collect();
                        if send(port, &token, body).await {
                            acknowledged.lock().unwrap().extend(ids);
                        } else {
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                    }
                })
            })
            .collect();
        // Long enough for the server to be up and in the middle of something, never the same.
        let before = acknowledged.lock().unwrap().len();
        for _ in 0..400 {
            tokio::time::sleep(Duration::from_millis(25)).await;
            if acknowledged.lock().unwrap().len() > before {
                break;
            }
        }
        tokio::time::sleep(Duration::from_millis(40 + round * 37 % 400)).await;
        server.0.kill().unwrap();
        server.0.wait().unwrap();
        for sender in &senders {
            sender.abort();
        }
        for sender in senders {
            sender.await.ok();
        }
        assert!(acknowledged.lock().unwrap().len() > before, "round {round}: nothing was acknowledged");
    }
    let held = held(&data);
    let acknowledged = acknowledged.lock().unwrap();
    let lost: Vec<_> = acknowledged.difference(&held).take(5).collect();
    assert!(lost.is_empty(), "{} acknowledged, {} held, lost: {lost:?}", acknowledged.len(), held.len());
    assert!(acknowledged.len() >= 20 * usize::try_from(ROUNDS).unwrap());
    drop(folder);
}
