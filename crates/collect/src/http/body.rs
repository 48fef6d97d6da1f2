//! Bodies of requests: plain or gzip, within limits of bytes and time.

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::HeaderMap;
use hyper::body::Incoming;
use hyper::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use khien_base::{Fault, Kind, Result};
use khien_normalise::Gunzip;
use tokio::time::Instant;

use super::HttpListen;

/// Bytes that are unpacked at a time: see [`Gunzip`].
const PIECE: usize = 16 << 10;

/// How large a body may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    /// Bytes as sent.
    pub(super) sent: usize,
    /// Bytes unpacked.
    pub(super) unpacked: usize,
}

/// A body that is still coming.
pub(super) struct Body {
    incoming: Incoming,
    gunzip: Option<Gunzip>,
    /// Came and is not unpacked yet.
    rest: Bytes,
    came: usize,
    limit: Limit,
    still: std::time::Duration,
    end: Instant,
    ended: bool,
}

fn too_large(limit: usize) -> Fault {
    Fault::invalid("intake.too-large").with("limit", limit >> 20)
}

impl Body {
    /// The body under these headers.
    ///
    /// Faults: `intake.encoding`; `intake.too-large` (`limit`, MiB) for one that says so at once.
    pub(super) fn of(headers: &HeaderMap, incoming: Incoming, mut limit: Limit, listen: &HttpListen) -> Result<Self> {
        limit.unpacked = limit.unpacked.min(listen.unpacked);
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?").trim().to_ascii_lowercase());
        let gunzip = match text(CONTENT_ENCODING).as_deref() {
            None | Some("" | "identity") => None,
            Some("gzip" | "x-gzip") => Some(Gunzip::new(limit.unpacked)),
            Some(_) => return Err(Fault::invalid("intake.encoding")),
        };
        if text(CONTENT_LENGTH)
            .and_then(|length| length.parse::<usize>().ok())
            .is_some_and(|length| length > limit.sent)
        {
            return Err(too_large(limit.sent));
        }
        let end = Instant::now() + listen.body;
        let (rest, still) = (Bytes::new(), listen.still);
        Ok(Self { incoming, gunzip, rest, came: 0, limit, still, end, ended: false })
    }

    /// The next bytes, unpacked; none at the end. At most 16 MiB, and mostly far less.
    ///
    /// Faults: `intake.broken-off`, `intake.slow`, `intake.too-large` (`limit`), those of [`Gunzip`].
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            if !self.rest.is_empty() {
                let Some(gunzip) = &mut self.gunzip else { return Ok(Some(std::mem::take(&mut self.rest))) };
                let part = self.rest.split_to(self.rest.len().min(PIECE));
                let mut out = Vec::new();
                gunzip.push(&part, |bytes| out.extend_from_slice(bytes))?;
                if !out.is_empty() {
                    return Ok(Some(out.into()));
                }
                continue;
            }
            if self.ended {
                let Some(gunzip) = self.gunzip.take() else { return Ok(None) };
                let mut out = Vec::new();
                gunzip.finish(|bytes| out.extend_from_slice(bytes))?;
                return Ok(Some(out.into()));
            }
            self.read().await?;
        }
    }

    async fn read(&mut self) -> Result<()> {
        let slow = || Fault::new(Kind::Invalid, "intake.slow");
        let end = self.end.min(Instant::now() + self.still);
        let frame = tokio::time::timeout_at(end, self.incoming.frame()).await.map_err(|_| slow())?;
        match frame {
            None => self.ended = true,
            Some(Err(error)) => return Err(Fault::unavailable("intake.broken-off", error)),
            Some(Ok(frame)) => {
                let Ok(data) = frame.into_data() else { return Ok(()) };
                self.came += data.len();
                if self.came > self.limit.sent {
                    return Err(too_large(self.limit.sent));
                }
                self.rest = data;
            }
        }
        Ok(())
    }

    /// The whole body.
    pub(super) async fn whole(mut self) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        while let Some(piece) = self.next().await? {
            if all.len() + piece.len() > self.limit.unpacked {
                return Err(Fault::invalid("intake.unpacked").with("limit", self.limit.unpacked >> 20));
            }
            all.extend_from_slice(&piece);
        }
        Ok(all)
    }
}
