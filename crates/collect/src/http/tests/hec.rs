//! What Splunk's clients send.

use super::*;

const SPLUNK: (&str, &str) = ("authorization", "Splunk t1");
const CHANNEL: (&str, &str) = ("x-splunk-request-channel", "FE0ECFAD-13D5-401B-847D-77833BD77131");

#[tokio::test]
async fn events_are_acknowledged_when_they_are_durable() {
    let receiver = Receiver::open().await;
    let body = "{\"event\":\"one\",\"host\":\"h\"}{\"event\":{\"a\":1},\"time\":1790000000}";
    let sent = receiver.ask("POST", "/services/collector", &[SPLUNK, CHANNEL], packed_of(body)).await;
    assert_eq!(sent.status, 400, "gzip that does not say so");
    let gzip = ("content-encoding", "gzip");
    let sent = receiver.ask("POST", "/services/collector/event/1.0", &[SPLUNK, CHANNEL, gzip], packed_of(body)).await;
    assert_eq!((sent.status, sent.json()), (200, serde_json::json!({"text": "Success", "code": 0, "ackId": 0})));
    assert_eq!((receiver.count(), receiver.record(0).hot.host.as_deref()), (2, Some("h")));
    let ask = receiver.ask("POST", "/services/collector/ack", &[SPLUNK, CHANNEL], "{\"acks\":[0,1]}").await;
    assert_eq!(ask.json(), serde_json::json!({"acks": {"0": true, "1": false}}));
    let missing = receiver.ask("POST", "/services/collector/ack", &[SPLUNK], "{\"acks\":[0]}").await;
    assert_eq!((missing.status, &missing.json()["code"]), (400, &Value::from(10)));
    let plain = receiver.ask("POST", "/services/collector/event?channel=", &[SPLUNK], "{\"event\":\"x\"}").await;
    assert_eq!(plain.json(), serde_json::json!({"text": "Success", "code": 0}));
    receiver.stop().await;
}

fn packed_of(body: &str) -> Vec<u8> {
    packed(body.as_bytes())
}

#[tokio::test]
async fn raw_lines_are_lines_of_a_log() {
    let receiver = Receiver::open().await;
    let lines =
        "<38>Oct  1 09:00:00 may01 sshd[7]: Failed password for lan from 192.0.2.9 port 22 ssh2\r\n\nplain words\n";
    let path = "/services/collector/raw?host=gw%2001&sourcetype=linux_secure&time=1790000000";
    assert_eq!(receiver.ask("POST", path, &[SPLUNK], lines).await.status, 200);
    let (first, second) = (receiver.record(0), receiver.record(1));
    assert_eq!((first.hot.host.as_deref(), first.hot.src_ip.as_deref()), (Some("may01"), Some("192.0.2.9")));
    assert_eq!(
        (second.hot.host.as_deref(), &second.fields["sourcetype"]),
        (Some("gw 01"), &Value::from("linux_secure"))
    );
    assert_eq!(second.time.unwrap().timestamp(), 1_790_000_000);
    receiver.stop().await;
}

#[tokio::test]
async fn what_is_refused_is_told_by_splunks_codes() {
    let receiver = Receiver::open().await;
    let at = "/services/collector/event";
    for (headers, body, status, code) in [
        (&[][..], "{\"event\":1}", 401, 2),
        (&[("authorization", "Nonsense x")][..], "{\"event\":1}", 401, 3),
        (&[("authorization", "Splunk x")][..], "{\"event\":1}", 403, 4),
        (&[("authorization", "Splunk paused")][..], "{\"event\":1}", 403, 1),
        (&[SPLUNK][..], " \n", 400, 5),
        (&[SPLUNK][..], "{\"event\":\"a\"}{", 400, 6),
        (&[SPLUNK][..], "{\"event\":\"a\"}{\"x\":1}", 400, 12),
        (&[SPLUNK][..], "{\"event\":\"\"}", 400, 13),
        (&[SPLUNK][..], "{\"event\":\"a\",\"fields\":{\"a\":{\"b\":1}}}", 400, 15),
        (&[SPLUNK, ("x-splunk-request-channel", "a b")][..], "{\"event\":1}", 400, 11),
    ] {
        let refused = receiver.ask("POST", at, headers, body).await;
        assert_eq!((refused.status, refused.json()["code"].as_u64()), (status, Some(code)), "{body}");
    }
    assert_eq!(receiver.count(), 0, "all or none");
    assert_eq!(receiver.ask("GET", "/services/collector/health", &[], "").await.json()["code"], 17);
    assert_eq!(receiver.ask("OPTIONS", at, &[], "").await.status, 200);
    receiver.kept.broken.store(1, Ordering::SeqCst);
    let busy = receiver.ask("POST", at, &[SPLUNK], "{\"event\":1}").await;
    assert_eq!(
        (busy.status, busy.json()["code"].as_u64(), &busy.headers["retry-after"]),
        (503, Some(9), &"5".parse().unwrap())
    );
    receiver.stop().await;
}
