//! Logs over OTLP: `POST /v1/logs` in protobuf or JSON, and the unary call
//! `opentelemetry.proto.collector.logs.v1.LogsService/Export` of gRPC.
//!
//! Source: OpenTelemetry, "OTLP Specification 1.x". A request is answered when its records are durable; records that
//! cannot be read are counted in `partialSuccess` and told to who watches over the source, and the others are taken.

mod grpc;
pub mod messages;
mod record;
mod status;
mod wire;

use hyper::body::Incoming;
use hyper::header::{HeaderValue, WWW_AUTHENTICATE};
use khien_base::ports::Whose;
use khien_base::{Fault, Kind, Result};
use prost::Message;
use serde_json::json;

pub(super) use grpc::answer as grpc;
pub use record::{Read, of_json, of_protobuf};

use super::body::Limit;
use super::reply::{self, Reply};
use super::route::Asked;
use super::way;
use messages::{PartialSuccess, Response};

/// A request is held whole.
const LIMIT: Limit = Limit { sent: 16 << 20, unpacked: 16 << 20 };
/// JSON is held as messages too, which may be many times larger than a body that is made for it.
const LIMIT_JSON: Limit = Limit { sent: 4 << 20, unpacked: 4 << 20 };

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

/// `POST /v1/logs`.
pub(super) async fn http(asked: &Asked, body: Incoming) -> Reply {
    let kind = asked.header("content-type").split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_json = kind == JSON;
    let done = async {
        if !is_json && kind != PROTOBUF {
            return Err(Fault::invalid("intake.encoding"));
        }
        let whose = asked.whose().await?;
        let limit = if is_json { LIMIT_JSON } else { LIMIT };
        let _hold = asked.room(whose, limit.unpacked).await?;
        let bytes = asked.body(body, limit)?.whole().await?;
        take(asked, whose, bytes, is_json).await
    };
    match done.await {
        Ok(response) if is_json => {
            let told = response.partial_success.map_or_else(
                || json!({}),
                |part| json!({"partialSuccess": {"rejectedLogRecords": part.rejected_log_records.to_string(), "errorMessage": part.error_message}}),
            );
            reply::json(200, &told)
        }
        Ok(response) => reply::bytes(200, PROTOBUF, response.encode_to_vec()),
        Err(fault) => refused(&fault, is_json),
    }
}

fn refused(fault: &Fault, is_json: bool) -> Reply {
    let told = status::Status::of(fault);
    // Clients come again after 429, 502, 503 and 504 only.
    let number = if fault.kind == Kind::Internal { 503 } else { reply::status(fault) };
    let answer = if is_json {
        reply::json(number, &json!({"code": told.code, "message": told.message}))
    } else {
        reply::bytes(number, PROTOBUF, told.encode_to_vec())
    };
    let answer = reply::again(answer, fault);
    if fault.kind == Kind::Unauthenticated {
        return reply::with(answer, WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    answer
}

/// Reads a request and hands its records on.
async fn take(asked: &Asked, whose: Whose, bytes: Vec<u8>, is_json: bool) -> Result<Response> {
    let now = asked.now;
    let work = move || {
        let read = if is_json { of_json(&bytes, now) } else { of_protobuf(&bytes, now) };
        (read, bytes)
    };
    let (read, bytes) = way::off_thread(work).await?;
    let read = match read {
        Ok(read) => read,
        Err(fault) => {
            let shown = if is_json { bytes.get(..bytes.len().min(2048)).unwrap_or_default() } else { b"" };
            asked.unreadable(whose, &fault, shown);
            return Err(fault);
        }
    };
    drop(bytes);
    asked.state.way.take(whose, read.records, |taken| taken).await??;
    let partial_success = read.fault.map(|fault| {
        for _ in 0..read.refused {
            asked.unreadable(whose, &fault, b"");
        }
        PartialSuccess {
            rejected_log_records: i64::try_from(read.refused).unwrap_or(i64::MAX),
            error_message: reply::sentence(&fault),
        }
    });
    Ok(Response { partial_success })
}
