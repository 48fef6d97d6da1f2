//! The one call of gRPC that is answered: unary, with one message each way.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::{BufMut, Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use khien_base::{Fault, Kind, Result};
use khien_normalise::Gunzip;
use prost::Message;

use super::status::Status;
use super::{LIMIT, Response, take};
use crate::http::body::Limit;
use crate::http::reply::{self, Reply};
use crate::http::route::Asked;

const EXPORT: [&str; 2] = ["opentelemetry.proto.collector.logs.v1.LogsService", "Export"];
const GRPC: &str = "application/grpc";
const CODE: HeaderName = HeaderName::from_static("grpc-status");
const TEXT: HeaderName = HeaderName::from_static("grpc-message");
const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
/// Flag and length before a message.
const PREFIX: usize = 5;

/// Answers a call.
pub(in crate::http) async fn answer(asked: &Asked, steps: &[&str], body: Incoming) -> Reply {
    match export(asked, steps, body).await {
        Ok(response) => {
            let message = response.encode_to_vec();
            let mut framed = BytesMut::with_capacity(PREFIX + message.len());
            framed.put_u8(0);
            framed.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
            framed.extend_from_slice(&message);
            let mut trailers = HeaderMap::new();
            trailers.insert(CODE, HeaderValue::from_static("0"));
            let body = Full::new(framed.freeze()).with_trailers(std::future::ready(Some(Ok(trailers))));
            let mut reply = reply::bytes(200, GRPC, Bytes::new());
            *reply.body_mut() = body.boxed();
            reply
        }
        Err(fault) => refused(&Status::of(&fault)),
    }
}

/// A status without a message stands in the headers.
fn refused(status: &Status) -> Reply {
    let mut reply = reply::bytes(200, GRPC, Bytes::new());
    let headers = reply.headers_mut();
    headers.insert(CODE, HeaderValue::from(status.code));
    if let Ok(text) = HeaderValue::from_str(&status.percent()) {
        headers.insert(TEXT, text);
    }
    if !status.details.is_empty()
        && let Ok(details) = HeaderValue::from_str(&STANDARD_NO_PAD.encode(status.encode_to_vec()))
    {
        headers.insert(DETAILS, details);
    }
    reply
}

async fn export(asked: &Asked, steps: &[&str], body: Incoming) -> Result<Response> {
    if steps != EXPORT {
        return Err(Fault::new(Kind::NotFound, "otlp.logs-only"));
    }
    let whose = asked.whose().await?;
    let _hold = asked.room(whose, LIMIT.unpacked).await?;
    // Messages are packed by themselves, not the body.
    let limit = Limit { sent: LIMIT.sent + PREFIX, unpacked: LIMIT.unpacked + PREFIX };
    let framed = asked.body(body, limit)?.whole().await?;
    let message = message(&framed, asked.header("grpc-encoding"))?;
    take(asked, whose, message, false).await
}

/// The one message of a unary call.
///
/// Faults: `otlp.frame`; `intake.encoding`, and those of [`Gunzip`].
fn message(framed: &[u8], encoding: &str) -> Result<Vec<u8>> {
    let frame = || Fault::invalid("otlp.frame");
    let (prefix, message) = framed.split_first_chunk::<PREFIX>().ok_or_else(frame)?;
    let [packed, length @ ..] = prefix;
    if usize::try_from(u32::from_be_bytes(*length)).ok() != Some(message.len()) {
        return Err(frame());
    }
    match (packed, encoding) {
        (0, _) => Ok(message.to_vec()),
        (1, "gzip") => {
            let mut out = Vec::new();
            let mut gunzip = Gunzip::new(LIMIT.unpacked);
            gunzip.push(message, |bytes| out.extend_from_slice(bytes))?;
            gunzip.finish(|bytes| out.extend_from_slice(bytes))?;
            Ok(out)
        }
        (1, _) => Err(Fault::invalid("intake.encoding")),
        _ => Err(frame()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_holds_one_message_and_no_more() {
        assert_eq!(message(&[0, 0, 0, 0, 2, 7, 8], "").unwrap(), [7, 8]);
        for framed in [&[][..], &[0, 0, 0, 0], &[0, 0, 0, 0, 3, 7, 8], &[0, 0, 0, 0, 1, 7, 8], &[2, 0, 0, 0, 0]] {
            assert_eq!(message(framed, "").unwrap_err().code, "otlp.frame", "{framed:?}");
        }
        assert_eq!(message(&[1, 0, 0, 0, 1, 7], "zstd").unwrap_err().code, "intake.encoding");
        assert_eq!(message(&[1, 0, 0, 0, 1, 7], "gzip").unwrap_err().code, "intake.gzip");
    }
}
