//! Suricata's EVE JSON (Suricata user guide, "Eve JSON Output"): alerts, flows, and what it saw of protocols.

use std::net::IpAddr;

use khien_base::event::Hot;
use khien_base::{LogSource, Record};
use serde_json::{Map, Value};

use crate::{hot, stamp};

/// Whether an object is of EVE's shape.
pub(crate) fn is_eve(object: &Map<String, Value>) -> bool {
    object.get("event_type").is_some_and(Value::is_string)
        && object.contains_key("timestamp")
        && ["flow_id", "src_ip", "stats"].iter().any(|name| object.contains_key(*name))
}

/// Names that Sigma's categories `dns`, `proxy` and `webserver`, and `firewall` use, and where EVE has them.
const NAMES: [(&str, &[&str]); 14] = [
    ("dst_ip", &["/dest_ip"]),
    ("dst_port", &["/dest_port"]),
    ("query", &["/dns/rrname", "/dns/queries/0/rrname", "/dns/query/0/rrname"]),
    ("record_type", &["/dns/rrtype", "/dns/queries/0/rrtype", "/dns/query/0/rrtype"]),
    ("answer", &["/dns/answers/0/rdata"]),
    ("cs-method", &["/http/http_method"]),
    ("c-uri", &["/http/url"]),
    ("cs-uri-query", &["/http/url"]),
    ("cs-host", &["/http/hostname"]),
    ("cs-user-agent", &["/http/http_user_agent"]),
    ("c-useragent", &["/http/http_user_agent"]),
    ("cs-referer", &["/http/http_refer"]),
    ("sc-status", &["/http/status"]),
    ("action", &["/alert/action"]),
];

/// The record of an EVE object.
pub(crate) fn record(object: Map<String, Value>, raw: String) -> Record {
    let kind = object.get("event_type").and_then(Value::as_str).unwrap_or_default().to_owned();
    let whole = Value::Object(object);
    let found = |paths: &[&str]| paths.iter().find_map(|path| whole.pointer(path)).cloned();
    let time = whole.get("timestamp").and_then(stamp::of_value);
    let added: Vec<_> = NAMES.iter().filter_map(|(name, paths)| Some(((*name).to_owned(), found(paths)?))).collect();
    let domain = found(&["/http/hostname", "/tls/sni", "/quic/sni"]);
    let signature = found(&["/alert/signature"]);
    let severity = found(&["/alert/severity"]).and_then(|v| v.as_u64());
    let mut fields = match whole {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    for (name, value) in added {
        fields.entry(name).or_insert(value);
    }
    let mut columns = Hot::default();
    for (column, from) in [
        ("host", "host"),
        ("src_ip", "src_ip"),
        ("src_port", "src_port"),
        ("dst_ip", "dst_ip"),
        ("dst_port", "dst_port"),
        ("domain", "query"),
        ("event_code", "event_type"),
    ] {
        hot::fill(&mut columns, column, &fields, from);
    }
    let said = |v: Option<Value>| v.and_then(|v| v.as_str().map(str::to_owned));
    columns.domain = columns.domain.or_else(|| said(domain));
    columns.message = said(signature);
    columns.class_uid = class(&kind);
    // Suricata's 1 is the gravest.
    columns.severity_id = match severity {
        Some(1) => 4,
        Some(2) => 3,
        Some(_) => 2,
        None => 1,
    };
    columns.channel = Some(format!("eve/{kind}"));
    let category = category(&kind, columns.dst_ip.as_deref());
    let log =
        LogSource { product: Some("suricata".into()), service: Some(kind), category: category.map(str::to_owned) };
    Record { time, log, hot: columns, fields: fields.into(), raw, key: None }
}

fn class(kind: &str) -> u32 {
    match kind {
        "alert" => 2004,
        "dns" => 4003,
        "http" => 4002,
        "ssh" => 4007,
        "smb" => 4006,
        "fileinfo" => 1001,
        "flow" | "netflow" | "tls" | "drop" => 4001,
        _ => 0,
    }
}

/// A request to an address inside is one to our web server; a request to one outside is what a proxy would see.
fn category(kind: &str, to: Option<&str>) -> Option<&'static str> {
    match kind {
        "dns" => Some("dns"),
        "drop" => Some("firewall"),
        "http" if to.is_some_and(is_inside) => Some("webserver"),
        "http" => Some("proxy"),
        _ => None,
    }
}

fn is_inside(address: &str) -> bool {
    match address.parse() {
        Ok(IpAddr::V4(ip)) => ip.is_private(),
        Ok(IpAddr::V6(ip)) => ip.is_unique_local(),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: &Value) -> Record {
        let object = value.as_object().unwrap().clone();
        assert!(is_eve(&object));
        record(object, value.to_string())
    }

    #[test]
    fn dns_is_named_as_rules_name_it_in_both_of_eves_versions() {
        for dns in [
            json!({"rrname": "x.example.net", "rrtype": "TXT"}),
            json!({"version": 3, "queries": [{"rrname": "x.example.net", "rrtype": "TXT"}]}),
        ] {
            let record =
                read(&json!({"timestamp": "2026-06-10T08:00:00.000000+0700", "flow_id": 1, "event_type": "dns",
                "src_ip": "10.0.0.9", "src_port": 5353, "dest_ip": "10.0.0.1", "dest_port": 53, "dns": dns}));
            assert_eq!(
                (&record.fields["query"], &record.fields["record_type"]),
                (&json!("x.example.net"), &json!("TXT"))
            );
            assert_eq!(record.log.category.as_deref(), Some("dns"));
            assert_eq!(record.hot.domain.as_deref(), Some("x.example.net"));
            assert_eq!((record.hot.class_uid, record.hot.dst_port), (4003, Some(53)));
            assert_eq!(record.time.unwrap().to_rfc3339(), "2026-06-10T01:00:00+00:00");
        }
    }

    #[test]
    fn an_alert_says_its_signature_and_how_grave_it_is() {
        let record = read(&json!({"timestamp": "2026-06-10T08:00:00+0700", "flow_id": 1, "event_type": "alert",
            "src_ip": "203.0.113.1", "dest_ip": "10.0.0.1", "alert": {"signature": "SCAN", "severity": 1, "action": "allowed"}}));
        assert_eq!(record.hot.message.as_deref(), Some("SCAN"));
        assert_eq!((record.hot.class_uid, record.hot.severity_id), (2004, 4));
    }

    #[test]
    fn http_inwards_is_for_web_server_rules_and_outwards_for_proxy_rules() {
        let request = |to: &str| {
            read(&json!({"timestamp": "2026-06-10T08:00:00+0700", "event_type": "http",
            "src_ip": "203.0.113.1", "dest_ip": to, "http": {"url": "/a?b", "hostname": "h", "status": 200}}))
        };
        assert_eq!(request("10.0.0.8").log.category.as_deref(), Some("webserver"));
        assert_eq!(request("198.51.100.2").log.category.as_deref(), Some("proxy"));
        assert_eq!(request("10.0.0.8").fields["cs-uri-query"], "/a?b");
    }
}
