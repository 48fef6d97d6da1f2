//! Who a sender is: by token, by certificate, by address.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use super::*;
use crate::certify::{self, Pair};

/// An authority, a server's files in a folder, and what clients need.
struct Papers {
    folder: tempfile::TempDir,
    authority: Pair,
}

impl Papers {
    fn new() -> Self {
        let papers = Self {
            folder: tempfile::tempdir().unwrap(),
            authority: certify::authority("Thử", Clock::System.now()).unwrap(),
        };
        papers.write("ca.pem", &papers.authority.cert);
        papers.renew();
        papers
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// A new certificate of the server.
    fn renew(&self) -> Pair {
        let pair = certify::server(&self.authority, &["localhost".to_owned()], Clock::System.now()).unwrap();
        self.write("server.pem", &pair.cert);
        self.write("server.key", &pair.key);
        pair
    }

    fn files(&self) -> TlsFiles {
        let file = |name: &str| self.folder.path().join(name);
        TlsFiles { cert: file("server.pem"), key: file("server.key"), client_ca: Some(file("ca.pem")) }
    }

    fn connector(&self, client: Option<&Pair>) -> TlsConnector {
        let provider = Arc::new(crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.authority.cert.as_bytes()).unwrap()).unwrap();
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match client {
            None => builder.with_no_client_auth(),
            Some(pair) => {
                let chain = vec![CertificateDer::from_pem_slice(pair.cert.as_bytes()).unwrap()];
                let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        };
        TlsConnector::from(Arc::new(config))
    }

    async fn receiver(&self) -> Receiver {
        let files = self.files();
        Receiver::start(|listen| listen.tls = Some((local(), files))).await
    }
}

async fn connect(
    receiver: &Receiver,
    connector: &TlsConnector,
) -> std::io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    let stream = TcpStream::connect(receiver.tls.unwrap()).await?;
    connector.connect(ServerName::try_from("localhost").unwrap(), stream).await
}

fn sources(receiver: &Receiver) -> Vec<u128> {
    receiver.kept.records.lock().unwrap().iter().map(|(whose, _)| whose.source.as_u128()).collect()
}

#[tokio::test]
async fn a_certificate_says_whose_a_connection_is_and_its_absence_leaves_the_address() {
    let papers = Papers::new();
    let receiver = papers.receiver().await;
    let three = certify::client(&papers.authority, "three", Clock::System.now()).unwrap();
    for (client, message) in [(Some(&three), "with"), (None, "without")] {
        let mut stream = connect(&receiver, &papers.connector(client)).await.unwrap();
        let line = format!("<13>Oct  1 09:00:00 h a: {message}");
        stream.write_all(format!("{} {line}", line.len()).as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        receiver.until("the line", |r| r.messages().contains(&message.to_owned())).await;
    }
    assert_eq!(sources(&receiver), [3, 1]);
    receiver.stop().await;
}

#[tokio::test]
async fn a_certificate_that_is_nobodys_is_a_stranger_whatever_its_address() {
    let papers = Papers::new();
    let receiver = papers.receiver().await;
    let four = certify::client(&papers.authority, "four", Clock::System.now()).unwrap();
    let mut stream = connect(&receiver, &papers.connector(Some(&four))).await.unwrap();
    stream.write_all(b"<13>Oct  1 09:00:00 h a: x\n").await.unwrap();
    stream.flush().await.unwrap();
    receiver.until("a stranger", |r| r.strangers.lock().unwrap().len() == 1).await;
    assert_eq!(receiver.count(), 0);
    receiver.stop().await;
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_refused() {
    let papers = Papers::new();
    let receiver = papers.receiver().await;
    let foreign = certify::authority("Khác", Clock::System.now()).unwrap();
    let three = certify::client(&foreign, "three", Clock::System.now()).unwrap();
    // In TLS 1.3 the client learns of it when it reads.
    let refused = match connect(&receiver, &papers.connector(Some(&three))).await {
        Err(_) => true,
        Ok(mut stream) => {
            stream.write_all(b"<13>Oct  1 09:00:00 h a: x\n").await.ok();
            let mut rest = [0; 1];
            let read = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut rest)).await.unwrap();
            matches!(read, Ok(0) | Err(_))
        }
    };
    assert!(refused);
    assert_eq!(receiver.count(), 0);
    receiver.stop().await;
}

#[tokio::test]
async fn a_token_in_a_message_decides_and_is_not_kept() {
    let receiver = Receiver::start(|_| {}).await;
    let line = |token: &str, text: &str| {
        format!("<13>1 2026-10-01T09:00:00Z máy-7 app - - [khien@32473 token=\"{token}\"] {text}\n")
    };
    let mut stream = TcpStream::connect(receiver.tcp).await.unwrap();
    let plain = "<13>Oct  1 09:00:00 h a: by address\n";
    stream.write_all(format!("{}{plain}{}", line("two", "tcp"), line("wrong", "nobody")).as_bytes()).await.unwrap();
    receiver.until("two records", |r| r.count() == 2).await;
    let socket = UdpSocket::bind(local()).await.unwrap();
    socket.send_to(line("two", "udp").as_bytes(), receiver.udp).await.unwrap();
    receiver.until("three records", |r| r.count() == 3).await;
    let mut came = sources(&receiver);
    came.sort_unstable();
    assert_eq!(came, [1, 2, 2]);
    let records = receiver.kept.records.lock().unwrap().clone();
    assert!(records.iter().all(|(_, record)| !record.raw.contains("khien@") && !record.raw.contains("two\"")));
    let host = |record: &Record| record.hot.host.clone();
    assert!(records.iter().filter(|(_, r)| host(r).as_deref() == Some("máy-7")).count() == 2, "the host is kept");
    assert_eq!(receiver.strangers.lock().unwrap().len(), 1);
    receiver.stop().await;
}

#[tokio::test]
async fn a_renewed_certificate_is_used_and_a_broken_one_is_not() {
    let papers = Papers::new();
    let tls = Tls::open(papers.files(), &[]).unwrap();
    let listener = tokio::net::TcpListener::bind(local()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let fingerprint =
        |pem: &str| Certificate::read(&CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).fingerprint;
    let shown = async || {
        let client = async {
            let stream = TcpStream::connect(address).await.unwrap();
            let name = ServerName::try_from("localhost").unwrap();
            let stream = papers.connector(None).connect(name, stream).await.unwrap();
            Certificate::read(&stream.get_ref().1.peer_certificates().unwrap()[0]).fingerprint
        };
        let server = async { tls.accept(listener.accept().await.unwrap().0).await.unwrap() };
        futures::future::join(client, server).await.0
    };
    papers.write("server.key", "half a ke");
    tls.look_now();
    let first = shown().await;
    let renewed = papers.renew();
    tls.look_now();
    let second = shown().await;
    assert_ne!(first, second);
    assert_eq!(second, fingerprint(&renewed.cert));
    papers.write("server.pem", "");
    let fault = Tls::open(papers.files(), &[]).unwrap_err();
    assert_eq!(fault.code, "collect.tls");
    assert!(fault.args.iter().any(|(name, file)| name == "file" && file.ends_with("server.pem")), "{fault}");
}
