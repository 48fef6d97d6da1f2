//! The listener over HTTP as the settings open it: what shippers send is stored, and seen by the unit of the source
//! whose token they carry.

use std::net::SocketAddr;

use axum::body::Body;
use axum::http::Request;
use hyper_util::rt::TokioIo;
use khien::config::Config;
use khien_base::Reach;
use khien_base::ports::Search;
use tokio_util::sync::CancellationToken;

use crate::centre::Centre;

/// A port that nobody uses at this moment.
fn free() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

async fn post(to: SocketAddr, path: &str, authorization: &str, kind: &str, body: &'static str) -> (u16, String) {
    let stream = tokio::net::TcpStream::connect(to).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    let driver = tokio::spawn(connection);
    let request = Request::post(path)
        .header("host", to.to_string())
        .header("authorization", authorization)
        .header("content-type", kind)
        .body(Body::from(body))
        .unwrap();
    let response = sender.send_request(request).await.unwrap();
    let status = response.status().as_u16();
    let bytes = http_body_util::BodyExt::collect(response.into_body()).await.unwrap().to_bytes();
    driver.abort();
    (status, String::from_utf8_lossy(&bytes).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_shippers_send_is_the_sources_and_its_units() {
    let centre = Centre::new().await;
    let address = free();
    let mut config = Config::default();
    config.receive.http = Some(address);
    let stop = CancellationToken::new();
    let tasks = khien::receive::start(&centre.open, centre.data(), &config, stop.clone()).await.unwrap();
    let bearer = format!("Bearer {}", centre.token);
    let json = "application/json";

    let bulk = "{\"create\":{\"_index\":\"l\",\"_id\":\"1\"}}\n{\"message\":\"one\",\"unit\":\"somebody-else\"}\n";
    let (status, told) = post(address, "/_bulk", &bearer, "application/x-ndjson", bulk).await;
    assert!(status == 200 && told.contains("\"status\":201"), "{status} {told}");
    let (_, again) = post(address, "/_bulk", &bearer, "application/x-ndjson", bulk).await;
    assert!(again.contains("\"status\":409"), "{again}");
    let hec = "{\"event\":\"two\",\"host\":\"may01\"}";
    let splunk = format!("Splunk {}", centre.token);
    assert_eq!(post(address, "/services/collector", &splunk, json, hec).await.0, 200);
    let otlp = "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"body\":{\"stringValue\":\"three\"}}]}]}]}";
    assert_eq!(post(address, "/v1/logs", &bearer, json, otlp).await.0, 200);
    assert_eq!(post(address, "/ndjson", "Bearer nobody", json, "{\"message\":\"four\"}").await.0, 401);

    let events = centre.open.kit.events().unwrap();
    let total = async |reach| events.search(Search { limit: 10, ..Search::within(reach) }).await.unwrap();
    let own = total(Reach::Units([centre.whose.unit].into())).await;
    assert_eq!(own.total, 3);
    assert!(own.events.iter().all(|event| (event.source, event.system) == (centre.whose.source, centre.whose.system)));
    assert_eq!(total(Reach::Units([centre.founded.units["so-tai-chinh"]].into())).await.total, 0);

    stop.cancel();
    for task in tasks {
        task.await.unwrap();
    }
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "closed with the centre");
    centre.close().await;
}
