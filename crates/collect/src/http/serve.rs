//! Connections: HTTP/1.1, or HTTP/2 from who begins with its preface (gRPC without TLS does, RFC 9113, 3.3).

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::route::{self, State};
use crate::seats::Door;
use crate::{Certificate, Tls, tls};

/// What a connection of HTTP/2 begins with.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Bytes of the head of a request.
const HEAD_BYTES: usize = 64 << 10;
/// How long requests that are being answered are waited for at the end.
const LAST: Duration = Duration::from_secs(5);

/// Accepts until `shutdown`; returns when the connections have ended, or after [`LAST`].
pub(super) async fn accept(
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
    state: &Arc<State>,
    shutdown: &CancellationToken,
) {
    let connections = TaskTracker::new();
    let door = Door {
        name: "http",
        listener: &listener,
        most: state.listen.connections,
        most_per_address: state.listen.connections_per_address,
        open: Arc::default(),
    };
    while let Some((stream, from, seat)) = door.next(shutdown).await {
        let from = from.to_canonical();
        let (state, tls, shutdown) = (Arc::clone(state), tls.clone(), shutdown.clone());
        connections.spawn(async move {
            match tls {
                None => begin(stream, from, state, shutdown).await,
                Some(tls) => begin_secretly(stream, &tls, from, state, shutdown).await,
            };
            drop(seat);
        });
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(LAST, connections.wait()).await.is_err() {
        tracing::warn!("some connections over HTTP were cut at the end");
    }
}

async fn begin(stream: TcpStream, from: IpAddr, state: Arc<State>, shutdown: CancellationToken) {
    stream.set_nodelay(true).ok();
    let second = tokio::select! {
        () = shutdown.cancelled() => return,
        second = tokio::time::timeout(state.listen.head, is_second(&stream)) => second,
    };
    match second {
        Ok(Ok(second)) => speak(stream, second, Peer { from, certificate: None }, state, shutdown).await,
        Ok(Err(error)) => tracing::debug!(%error, %from, "a connection over HTTP broke off"),
        Err(_) => {}
    }
}

/// Over TLS it is agreed on in the handshake which version is spoken (RFC 7301).
async fn begin_secretly(stream: TcpStream, tls: &Tls, from: IpAddr, state: Arc<State>, shutdown: CancellationToken) {
    stream.set_nodelay(true).ok();
    let stream = tokio::select! {
        () = shutdown.cancelled() => return,
        stream = tls.accept(stream) => stream,
    };
    match stream {
        Ok(stream) => {
            let second = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            let certificate = tls::certificate(&stream).map(Arc::new);
            speak(stream, second, Peer { from, certificate }, state, shutdown).await;
        }
        Err(error) => tracing::debug!(%error, %from, "a handshake over HTTP failed"),
    }
}

/// Who is at the other end of a connection.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    /// Its address.
    pub(super) from: IpAddr,
    /// The certificate that it showed.
    pub(super) certificate: Option<Arc<Certificate>>,
}

/// Whether the connection begins as HTTP/2 does. Nothing is taken off it.
async fn is_second(stream: &TcpStream) -> std::io::Result<bool> {
    let mut head = [0; PREFACE.len()];
    loop {
        let length = stream.peek(&mut head).await?;
        let came = head.get(..length).unwrap_or_default();
        if length == 0 || !PREFACE.starts_with(came) {
            return Ok(false);
        }
        if length == PREFACE.len() {
            return Ok(true);
        }
        // What is there stays readable, so that nothing tells when more has come.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Answers the requests of a connection until it ends.
async fn speak<S>(stream: S, second: bool, peer: Peer, state: Arc<State>, shutdown: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let listen = state.listen.clone();
    let from = peer.from;
    let service = service_fn(move |request| {
        let (state, peer) = (Arc::clone(&state), peer.clone());
        async move { Ok::<_, Infallible>(route::answer(state, peer, request).await) }
    });
    let ended = if second {
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(Some(listen.head))
            .keep_alive_timeout(Duration::from_secs(20))
            .max_concurrent_streams(32)
            .max_header_list_size(u32::try_from(HEAD_BYTES).unwrap_or(u32::MAX))
            .initial_stream_window_size(1 << 20)
            .initial_connection_window_size(4 << 20)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        tokio::select! {
            ended = connection.as_mut() => ended,
            () = shutdown.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        }
    } else {
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(listen.head)
            .max_headers(100)
            .max_buf_size(HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        tokio::select! {
            ended = connection.as_mut() => ended,
            () = shutdown.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, %from, "a connection over HTTP ended early");
    }
}
