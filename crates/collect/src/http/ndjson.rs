//! `POST /ndjson`: one JSON object per line, as it is or as gzip. What is unreadable is told by its line and never stops
//! the rest.

use hyper::body::Incoming;
use hyper::header::{HeaderValue, WWW_AUTHENTICATE};
use khien_base::ports::Whose;
use khien_base::{Fault, Record, Result};
use khien_normalise::{Format, Splitter, apart, read_line};
use serde_json::{Value, json};

use super::body::Limit;
use super::reply::{self, Reply};
use super::route::Asked;
use super::way::{self, BATCH, BATCH_BYTES};

const LIMIT: Limit = Limit { sent: 64 << 20, unpacked: 256 << 20 };
/// Unreadable lines that are told one by one.
const TOLD: usize = 100;

/// What became of a body.
#[derive(Default)]
struct Outcome {
    accepted: usize,
    failed: Vec<Value>,
    failed_total: usize,
}

pub(super) async fn answer(asked: &Asked, body: Incoming) -> Reply {
    let mut outcome = Outcome::default();
    let done = feed(asked, body, &mut outcome).await;
    let mut told =
        json!({"accepted": outcome.accepted, "failed": outcome.failed, "failed_total": outcome.failed_total});
    let Err(fault) = done else { return reply::json(200, &told) };
    // What was taken before the fault stays taken, and the sender learns how much that is.
    if let Value::Object(told) = &mut told {
        told.insert("code".into(), Value::from(fault.code.as_ref()));
        told.insert("message".into(), Value::from(reply::sentence(&fault)));
    }
    let answer = reply::again(reply::json(reply::status(&fault), &told), &fault);
    if fault.kind == khien_base::Kind::Unauthenticated {
        return reply::with(answer, WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    answer
}

async fn feed(asked: &Asked, body: Incoming, outcome: &mut Outcome) -> Result<()> {
    let whose = asked.whose().await?;
    let _hold = asked.room(whose, BATCH_BYTES).await?;
    let mut body = asked.body(body, LIMIT)?;
    let (mut splitter, mut lines, mut batch, mut bytes) = (Splitter::default(), Vec::new(), Vec::new(), 0);
    loop {
        let piece = body.next().await?;
        match &piece {
            Some(piece) => splitter.push(piece, &mut lines),
            None => std::mem::take(&mut splitter).finish(&mut lines),
        }
        for (number, line) in lines.drain(..) {
            match line {
                Ok(line) => {
                    bytes += line.len();
                    batch.push((number, line));
                }
                Err(fault) => outcome.fail(asked, whose, number, &fault, b""),
            }
            if batch.len() >= BATCH || bytes >= BATCH_BYTES {
                bytes = 0;
                send(asked, whose, std::mem::take(&mut batch), outcome).await?;
            }
        }
        if piece.is_none() {
            return send(asked, whose, batch, outcome).await;
        }
    }
}

type Read = (u64, std::result::Result<Record, (Fault, Vec<u8>)>);

async fn send(asked: &Asked, whose: Whose, batch: Vec<(u64, Vec<u8>)>, outcome: &mut Outcome) -> Result<()> {
    let now = asked.now;
    let work = move || {
        let one = |number, line: Vec<u8>| {
            let read = read_line(&line, Format::Ndjson, now, number);
            (number, read.map_err(|fault| (fault, line)))
        };
        let mut read: Vec<Read> = Vec::with_capacity(batch.len());
        for (number, line) in batch {
            match apart(&line) {
                Some(events) => read.extend(events.into_iter().map(|event| one(number, event))),
                None => read.push(one(number, line)),
            }
        }
        read
    };
    let mut records = Vec::new();
    for (number, read) in way::off_thread(work).await? {
        match read {
            Ok(record) => records.push(record),
            Err((fault, line)) => outcome.fail(asked, whose, number, &fault, &line),
        }
    }
    outcome.accepted += asked.state.way.take(whose, records, |taken| taken).await??;
    Ok(())
}

impl Outcome {
    fn fail(&mut self, asked: &Asked, whose: Whose, line: u64, fault: &Fault, bytes: &[u8]) {
        asked.unreadable(whose, fault, bytes);
        self.failed_total += 1;
        if self.failed.len() < TOLD {
            self.failed.push(json!({"line": line, "code": fault.code, "message": reply::sentence(fault)}));
        }
    }
}
