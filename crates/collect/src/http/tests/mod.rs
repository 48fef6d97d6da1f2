//! Real sockets on the loopback address, asked as clients ask.

mod elastic;
mod hec;
mod limits;
mod otlp;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::{http1, http2};
use hyper::{HeaderMap, Request};
use hyper_util::rt::{TokioExecutor, TokioIo};
use khien_base::ports::{Intake, Whose};
use khien_base::{Clock, Fault, Id, Kind, Record, Result};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{HttpListen, HttpSenders, bind};
use crate::Known;

/// What the intake keeps, behind a door.
struct Kept {
    records: Mutex<Vec<(Whose, Record)>>,
    /// One permit lets one batch in; closed lets all in.
    door: Semaphore,
    waiting: AtomicUsize,
    /// So many batches are refused.
    broken: AtomicUsize,
}

impl Intake for Kept {
    fn take(&self, whose: Whose, records: Vec<Record>) -> BoxFuture<'_, Result<usize>> {
        Box::pin(async move {
            self.waiting.fetch_add(1, Ordering::SeqCst);
            if let Ok(permit) = self.door.acquire().await {
                permit.forget();
            }
            if self.broken.load(Ordering::SeqCst) > 0 {
                self.broken.fetch_sub(1, Ordering::SeqCst);
                return Err(Fault::unavailable("lake.disk", "no room"));
            }
            let count = records.len();
            self.records.lock().unwrap().extend(records.into_iter().map(|record| (whose, record)));
            Ok(count)
        })
    }

    fn keys(&self, source: Id, most: usize) -> BoxFuture<'_, Result<Vec<u64>>> {
        let records = self.records.lock().unwrap();
        let own = records.iter().filter(|(whose, _)| whose.source == source);
        let keys: Vec<u64> = own.map(|(_, record)| record.key.unwrap_or_default()).collect();
        Box::pin(async move { Ok(keys[keys.len().saturating_sub(most)..].to_vec()) })
    }
}

struct Receiver {
    kept: Arc<Kept>,
    unreadable: Arc<Mutex<Vec<String>>>,
    address: SocketAddr,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

fn whose(n: u128) -> Whose {
    Whose { source: Id::from_u128(n), system: Id::from_u128(n + 100), unit: Id::from_u128(n + 200) }
}

/// `t1` and `t2` are tokens of two sources, `paused` of one that may not send.
fn senders(unreadable: &Arc<Mutex<Vec<String>>>) -> HttpSenders {
    let faults = Arc::clone(unreadable);
    HttpSenders {
        whose: Arc::new(|shown| {
            Box::pin(async move {
                match shown.token.as_deref() {
                    Some("t1") => Ok(Known { whose: whose(1), quota: None }),
                    Some("t2") => Ok(Known { whose: whose(2), quota: None }),
                    Some("paused") => Err(Fault::conflict("sources.paused")),
                    _ => Err(Fault::new(Kind::Unauthenticated, "sources.token")),
                }
            })
        }),
        unreadable: Arc::new(move |_, fault, _| faults.lock().unwrap().push(fault.code.to_string())),
    }
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    trailers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }
}

impl Receiver {
    async fn open() -> Self {
        let receiver = Self::start(|_| {}).await;
        receiver.kept.door.close();
        receiver
    }

    /// A receiver whose intake lets nothing in yet.
    async fn start(change: impl FnOnce(&mut HttpListen)) -> Self {
        let kept = Kept {
            records: Mutex::default(),
            door: Semaphore::new(0),
            waiting: AtomicUsize::new(0),
            broken: AtomicUsize::new(0),
        };
        Self::over(Arc::new(kept), change).await
    }

    /// A receiver before an intake that there is already.
    async fn over(kept: Arc<Kept>, change: impl FnOnce(&mut HttpListen)) -> Self {
        let mut listen = HttpListen::at("127.0.0.1:0".parse().unwrap());
        listen.patience = Duration::from_millis(300);
        change(&mut listen);
        let socket = bind(listen).await.unwrap();
        let address = socket.address().unwrap();
        let unreadable = Arc::new(Mutex::new(Vec::new()));
        let shutdown = CancellationToken::new();
        let running = socket.run(senders(&unreadable), Arc::clone(&kept) as _, Clock::System, shutdown.clone());
        let task = tokio::spawn(running);
        Self { kept, unreadable, address, shutdown, task }
    }

    fn count(&self) -> usize {
        self.kept.records.lock().unwrap().len()
    }

    fn record(&self, n: usize) -> Record {
        self.kept.records.lock().unwrap()[n].1.clone()
    }

    async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        for _ in 0..1000 {
            if holds(self) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("waited five seconds until {what}; {} records came", self.count());
    }

    /// A request over HTTP/1.1.
    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Answer {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        answer(sender.send_request(self.request(method, path, headers, body)).await.unwrap()).await
    }

    /// A request over HTTP/2 without TLS.
    async fn ask2(&self, path: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Answer {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        answer(sender.send_request(self.request("POST", path, headers, body)).await.unwrap()).await
    }

    fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Request<Full<Bytes>> {
        let mut request = Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Full::new(body.into())).unwrap()
    }

    async fn stop(self) -> Vec<(Whose, Record)> {
        self.shutdown.cancel();
        tokio::time::timeout(Duration::from_secs(8), self.task).await.unwrap().unwrap();
        std::mem::take(&mut self.kept.records.lock().unwrap())
    }
}

async fn answer(response: hyper::Response<hyper::body::Incoming>) -> Answer {
    let (head, body) = response.into_parts();
    let collected = body.collect().await.unwrap();
    let trailers = collected.trailers().cloned().unwrap_or_default();
    Answer { status: head.status.as_u16(), headers: head.headers, trailers, body: collected.to_bytes() }
}

const T1: (&str, &str) = ("authorization", "Bearer t1");

fn packed(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
