//! Statuses of gRPC, and how they are written.
//!
//! Sources: gRPC over HTTP2 (Length-Prefixed-Message, Trailers-Only, percent-encoding of messages); google/rpc
//! `status.proto`, `error_details.proto`; OTLP 1.x, "Failures" and "OTLP/gRPC Throttling".

use khien_base::{Fault, Kind};
use prost::Message;

use crate::http::reply;

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Status {
    /// A code of gRPC.
    #[prost(int32, tag = "1")]
    pub(super) code: i32,
    /// For who reads the client's log.
    #[prost(string, tag = "2")]
    pub(super) message: String,
    /// More, for the client.
    #[prost(message, repeated, tag = "3")]
    pub(super) details: Vec<Detail>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Detail {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// `google.rpc.RetryInfo` with its `google.protobuf.Duration`.
#[derive(Clone, PartialEq, prost::Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    delay: Option<Delay>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Delay {
    #[prost(int64, tag = "1")]
    seconds: i64,
}

impl Status {
    /// The status of a fault. Without [`RetryInfo`] a client would not come again after RESOURCE_EXHAUSTED.
    pub(super) fn of(fault: &Fault) -> Self {
        let (code, again) = match fault.kind {
            Kind::Unauthenticated => (16, false),
            Kind::Forbidden | Kind::Conflict => (7, false),
            Kind::TooMany => (8, true),
            Kind::Unavailable => (14, true),
            Kind::NotFound => (12, false),
            Kind::Invalid => (3, false),
            Kind::Internal => (13, false),
        };
        let seconds = i64::try_from(reply::seconds(fault)).unwrap_or(i64::MAX);
        let info = RetryInfo { delay: Some(Delay { seconds }) };
        let detail =
            Detail { type_url: "type.googleapis.com/google.rpc.RetryInfo".into(), value: info.encode_to_vec() };
        Self { code, message: reply::sentence(fault), details: if again { vec![detail] } else { Vec::new() } }
    }

    /// The message as a header may carry it.
    pub(super) fn percent(&self) -> String {
        let mut out = String::with_capacity(self.message.len());
        for byte in self.message.bytes() {
            match byte {
                b' '..=b'~' if byte != b'%' => out.push(char::from(byte)),
                _ => out.push_str(&format!("%{byte:02X}")),
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_to_come_again_is_told_when() {
        let status = Status::of(&Fault::new(Kind::TooMany, "collect.busy").with("seconds", 7));
        assert_eq!((status.code, status.details.len()), (8, 1));
        let info = RetryInfo::decode(status.details[0].value.as_slice()).unwrap();
        assert_eq!(info.delay.unwrap().seconds, 7);
        assert!(Status::of(&Fault::invalid("otlp.json")).details.is_empty());
        let odd = Status { message: "50 %\nđ".into(), ..Status::default() };
        assert_eq!(odd.percent(), "50 %25%0A%C4%91");
    }
}
