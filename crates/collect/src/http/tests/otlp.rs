//! What exporters of OpenTelemetry send.

use prost::Message;

use super::*;
use crate::http::otlp::messages::{Any, AnyValue, LogRecord, Pair, PartialSuccess, Resource, Response};

const EXPORT: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");
const GRPC: (&str, &str) = ("content-type", "application/grpc+proto");

fn text(text: &str) -> Option<AnyValue> {
    Some(AnyValue { value: Some(Any::StringValue(text.into())) })
}

#[derive(Clone, PartialEq, prost::Message)]
struct Request {
    #[prost(message, repeated, tag = "1")]
    of_resource: Vec<OfResource>,
}

/// With its parts the wrong way round, as the format allows.
#[derive(Clone, PartialEq, prost::Message)]
struct OfResource {
    #[prost(message, repeated, tag = "2")]
    of_scope: Vec<OfScope>,
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(string, tag = "3")]
    schema: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct OfScope {
    #[prost(message, repeated, tag = "2")]
    records: Vec<LogRecord>,
}

fn request(texts: &[&str]) -> Vec<u8> {
    let record =
        |body: &&str| LogRecord { body: text(body), time_unix_nano: 1_790_000_000_000_000_000, ..LogRecord::default() };
    let resource = Resource { attributes: vec![Pair { key: "host.name".into(), value: text("web01") }] };
    let of_scope = vec![OfScope { records: texts.iter().map(record).collect() }];
    let of_resource = vec![OfResource { of_scope, resource: Some(resource), schema: "s".into() }];
    Request { of_resource }.encode_to_vec()
}

fn framed(message: &[u8], packed: bool) -> Vec<u8> {
    let mut out = vec![u8::from(packed)];
    out.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    out.extend(message);
    out
}

#[tokio::test]
async fn protobuf_and_json_over_http() {
    let receiver = Receiver::open().await;
    let sent = receiver.ask("POST", "/v1/logs", &[T1, PROTOBUF], request(&["one", "two", " "])).await;
    assert_eq!(sent.status, 200);
    let partial = Response::decode(sent.body).unwrap().partial_success;
    assert_eq!(
        partial,
        Some(PartialSuccess { rejected_log_records: 1, error_message: "this cannot be read (otlp.empty)".into() })
    );
    assert_eq!((receiver.record(1).raw.as_str(), receiver.record(1).hot.host.as_deref()), ("two", Some("web01")));
    let json = "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"body\":{\"stringValue\":\"three\"}}]}]}]}";
    let headers = [T1, ("content-type", "application/json; charset=utf-8"), ("content-encoding", "gzip")];
    let sent = receiver.ask("POST", "/v1/logs", &headers, packed(json.as_bytes())).await;
    assert_eq!((sent.status, sent.json()), (200, serde_json::json!({})));
    for (kind, body, status) in [
        ("application/x-protobuf", &b"\x0a\x05\x01"[..], 400),
        ("application/json", b"{\"resourceLogs\":1}", 400),
        ("text/plain", b"", 415),
    ] {
        let refused = receiver.ask("POST", "/v1/logs", &[T1, ("content-type", kind)], body).await;
        assert_eq!(refused.status, status, "{kind}");
    }
    assert_eq!(receiver.ask("POST", "/v1/logs", &[PROTOBUF], request(&["x"])).await.status, 401);
    assert_eq!(receiver.ask("POST", "/v1/traces", &[T1, PROTOBUF], "").await.status, 404);
    receiver.kept.broken.store(1, Ordering::SeqCst);
    let busy = receiver.ask("POST", "/v1/logs", &[T1, PROTOBUF], request(&["x"])).await;
    assert_eq!((busy.status, &busy.headers["retry-after"]), (503, &"5".parse().unwrap()));
    assert_eq!(receiver.stop().await.len(), 3);
}

#[tokio::test]
async fn the_call_of_grpc() {
    let receiver = Receiver::open().await;
    let sent = receiver.ask2(EXPORT, &[T1, GRPC], framed(&request(&["one"]), false)).await;
    assert_eq!((sent.status, &sent.trailers["grpc-status"]), (200, &"0".parse().unwrap()));
    assert_eq!((&sent.body[..], &sent.headers["content-type"]), (&[0_u8; 5][..], &"application/grpc".parse().unwrap()));
    let gzip = ("grpc-encoding", "gzip");
    let sent = receiver.ask2(EXPORT, &[T1, GRPC, gzip], framed(&packed(&request(&["two", "three"])), true)).await;
    assert_eq!(sent.trailers["grpc-status"], "0");
    receiver.kept.broken.store(1, Ordering::SeqCst);
    let code = |answer: Answer| answer.headers["grpc-status"].to_str().unwrap().to_owned();
    let busy = receiver.ask2(EXPORT, &[T1, GRPC], framed(&request(&["x"]), false)).await;
    assert!(busy.headers.contains_key("grpc-status-details-bin"));
    assert_eq!(code(busy), "14");
    assert_eq!(code(receiver.ask2(EXPORT, &[GRPC], framed(&request(&["x"]), false)).await), "16");
    assert_eq!(code(receiver.ask2(EXPORT, &[T1, GRPC], "x").await), "3");
    let traces = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    assert_eq!(code(receiver.ask2(traces, &[T1, GRPC], framed(b"", false)).await), "12");
    assert_eq!(receiver.stop().await.len(), 3);
}
