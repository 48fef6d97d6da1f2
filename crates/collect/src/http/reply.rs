//! Answers, and how faults are told over HTTP.

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};
use khien_base::{Fault, Kind};
use serde_json::Value;

/// An answer.
pub(super) type Reply = Response<BoxBody<Bytes, Infallible>>;

/// Seconds after which who was sent away may come again, where the fault does not say it.
const AGAIN: u64 = 5;

/// An answer of these bytes.
pub(super) fn bytes(status: u16, kind: &'static str, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(body.into()).boxed());
    *reply.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    reply
}

/// An answer in JSON.
pub(super) fn json(status: u16, value: &Value) -> Reply {
    bytes(status, "application/json", value.to_string())
}

/// Adds a header.
pub(super) fn with(mut reply: Reply, name: HeaderName, value: impl Into<HeaderValue>) -> Reply {
    reply.headers_mut().insert(name, value.into());
    reply
}

/// Adds `Retry-After` where coming again helps.
pub(super) fn again(reply: Reply, fault: &Fault) -> Reply {
    match fault.kind {
        Kind::TooMany | Kind::Unavailable => with(reply, RETRY_AFTER, HeaderValue::from(seconds(fault))),
        _ => reply,
    }
}

/// After how many seconds to come again.
pub(super) fn seconds(fault: &Fault) -> u64 {
    let said = fault.args.iter().find(|(name, _)| name == "seconds");
    said.and_then(|(_, value)| value.parse().ok()).unwrap_or(AGAIN)
}

/// The status of a fault. A body that is too large or came too slowly has its own.
pub(super) fn status(fault: &Fault) -> u16 {
    match (fault.kind, fault.code.as_ref()) {
        (_, "intake.too-large" | "intake.unpacked" | "intake.too-many") => 413,
        (_, "intake.slow") => 408,
        (_, "intake.encoding") => 415,
        (Kind::NotFound, _) => 404,
        (Kind::Unauthenticated, _) => 401,
        (Kind::Forbidden | Kind::Conflict, _) => 403,
        (Kind::Invalid, _) => 400,
        (Kind::TooMany, _) => 429,
        (Kind::Unavailable, _) => 503,
        (Kind::Internal, _) => 500,
    }
}

/// A sentence for who reads a client's log: the code with its values, and nothing internal.
pub(super) fn sentence(fault: &Fault) -> String {
    let mut said = String::from(match fault.kind {
        Kind::Unauthenticated => "no log source has this token",
        Kind::Forbidden | Kind::Conflict => "this log source may not send now",
        Kind::TooMany => "too much is under way; send again later",
        Kind::Unavailable => "not now; send again later",
        Kind::Internal => "an error of the server",
        Kind::NotFound => "there is no such thing here",
        Kind::Invalid => "this cannot be read",
    });
    said.push_str(" (");
    said.push_str(&fault.code);
    for (name, value) in &fault.args {
        said.push_str(&format!(" {name}={value}"));
    }
    said.push(')');
    said
}
