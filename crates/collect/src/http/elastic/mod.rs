//! The part of Elasticsearch's interface that shippers of logs speak: `_bulk`, and what they ask before they send.
//!
//! Sources: Elasticsearch reference, "Bulk API", "Index API", "Info API"; the elasticsearch output of Beats, Logstash,
//! Fluent Bit and Vector; rsyslog's omelasticsearch; the Python client.
//!
//! Every item has its own outcome: 201 taken and durable, 400 unreadable (coming again does not help), 409 or 200 known
//! already, 429 not now (the client sends that item again). An item is known again by the `_id` that its client gave it,
//! among the last ids of its source ([`Recent`]). Logs are not changed afterwards: `update`
//! and `delete` are refused.

pub mod bulk;
mod feed;
mod handshake;
mod outcome;
mod recent;

use hyper::Method;
use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue, WWW_AUTHENTICATE};
use khien_base::{Fault, Kind};
use serde_json::{Value, json};

pub(super) use recent::Recent;

use super::reply::{self, Reply};
use super::route::Asked;
use bulk::Verb;

/// Answers a request under any path that is nobody else's.
pub(super) async fn answer(asked: &Asked, steps: &[&str], body: Incoming) -> Reply {
    let reply = match asked.whose().await {
        Err(fault) => refused(&fault),
        Ok(whose) => {
            let sends = matches!(asked.head.method, Method::POST | Method::PUT);
            match steps {
                ["_bulk"] if sends => feed::bulk(asked, whose, "", body).await,
                // Clients of version 6 name a type between the two.
                [index, "_bulk"] | [index, _, "_bulk"] if sends && is_index(index) => {
                    feed::bulk(asked, whose, index, body).await
                }
                [index, "_doc"] if sends && is_index(index) => {
                    feed::one(asked, whose, Verb::Index, index, None, body).await
                }
                [index, "_doc", id] if sends && is_index(index) => {
                    feed::one(asked, whose, Verb::Index, index, Some(id), body).await
                }
                [index, "_create", id] if sends && is_index(index) => {
                    feed::one(asked, whose, Verb::Create, index, Some(id), body).await
                }
                steps => handshake::answer(asked, steps),
            }
        }
    };
    product(reply)
}

/// Names of indexes begin with a letter or a figure; what begins with `_` is a command.
fn is_index(name: &str) -> bool {
    !name.starts_with('_')
}

/// Clients since 7.14 send nothing to who does not say that it is Elasticsearch.
fn product(reply: Reply) -> Reply {
    reply::with(reply, HeaderName::from_static("x-elastic-product"), HeaderValue::from_static("Elasticsearch"))
}

/// A whole request that is refused.
fn refused(fault: &Fault) -> Reply {
    let status = reply::status(fault);
    let kind = match fault.kind {
        Kind::Unauthenticated | Kind::Forbidden | Kind::Conflict => "security_exception",
        Kind::TooMany | Kind::Unavailable => "es_rejected_execution_exception",
        _ => "illegal_argument_exception",
    };
    let answer = reply::again(error(status, kind, &reply::sentence(fault)), fault);
    if status == 401 {
        return reply::with(answer, WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"khien\", ApiKey"));
    }
    answer
}

/// An error as Elasticsearch writes it.
fn error(status: u16, kind: &str, reason: &str) -> Reply {
    let cause = json!({"type": kind, "reason": reason});
    let mut value = json!({"error": {"root_cause": [cause], "type": kind, "reason": reason}});
    if let Value::Object(value) = &mut value {
        value.insert("status".into(), Value::from(status));
    }
    reply::json(status, &value)
}
