//! Splunk's HTTP Event Collector: `/services/collector/event` and `/raw`, with acknowledgement.
//!
//! Sources: Splunk, "Format events for HTTP Event Collector", "About HTTP Event Collector Indexer Acknowledgment",
//! "Troubleshoot HTTP Event Collector" (codes), REST reference "Input endpoints".
//!
//! An answer of success means that all events of the request are durable, and so does an acknowledgement: it is true
//! from then on. A request of which one event cannot be read is refused whole, before anything of it is taken: its
//! client sends it again whole.

mod acks;
pub mod events;

use hyper::Method;
use hyper::body::Incoming;
use khien_base::ports::Whose;
use khien_base::{Fault, Kind, Record};
use khien_normalise::Splitter;
use serde_json::{Value, json};

pub(super) use acks::Acks;

use super::around::{self, Around};
use super::body::Limit;
use super::reply::{self, Reply};
use super::route::Asked;
use super::way;
use events::{Event, Wrong};

/// A request is held whole.
const LIMIT: Limit = Limit { sent: 16 << 20, unpacked: 16 << 20 };
/// Acknowledgements are asked for with short lists.
const LIMIT_ASK: Limit = Limit { sent: 256 << 10, unpacked: 256 << 10 };

/// An answer: HTTP status, code and text as Splunk documents them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Code(u16, u8, &'static str);

const SUCCESS: Code = Code(200, 0, "Success");
const DISABLED: Code = Code(403, 1, "Token disabled");
const NO_TOKEN: Code = Code(401, 2, "Token is required");
const NO_AUTHORIZATION: Code = Code(401, 3, "Invalid authorization");
const WRONG_TOKEN: Code = Code(403, 4, "Invalid token");
const NO_DATA: Code = Code(400, 5, "No data");
const FORMAT: Code = Code(400, 6, "Invalid data format");
const INTERNAL: Code = Code(500, 8, "Internal server error");
const BUSY: Code = Code(503, 9, "Server is busy");
const NO_CHANNEL: Code = Code(400, 10, "Data channel is missing");
const WRONG_CHANNEL: Code = Code(400, 11, "Invalid data channel");
const NO_EVENT: Code = Code(400, 12, "Event field is required");
const BLANK_EVENT: Code = Code(400, 13, "Event field cannot be blank");
const FIELDS: Code = Code(400, 15, "Error in handling indexed fields");
const HEALTHY: Code = Code(200, 17, "HEC is healthy");
const FULL: Code = Code(503, 18, "HEC is unhealthy, queues are full");

impl Code {
    fn reply(self) -> Reply {
        reply::json(self.0, &json!({"text": self.2, "code": self.1}))
    }

    fn of(wrong: Wrong) -> Self {
        match wrong {
            Wrong::Format => FORMAT,
            Wrong::NoEvent => NO_EVENT,
            Wrong::BlankEvent => BLANK_EVENT,
            Wrong::Fields => FIELDS,
        }
    }

    /// What a fault means for a client of Splunk.
    fn of_fault(fault: &Fault) -> Self {
        match (fault.kind, fault.code.as_ref()) {
            (_, "collect.no-token") => NO_TOKEN,
            (Kind::Unauthenticated, _) => WRONG_TOKEN,
            (Kind::Forbidden | Kind::Conflict, _) => DISABLED,
            (Kind::TooMany | Kind::Unavailable, _) => BUSY,
            (Kind::Invalid | Kind::NotFound, _) => FORMAT,
            (Kind::Internal, _) => INTERNAL,
        }
    }
}

fn refused(fault: &Fault) -> Reply {
    let code = Code::of_fault(fault);
    let status = if code == FORMAT { reply::status(fault) } else { code.0 };
    let mut told = json!({"text": code.2, "code": code.1});
    if let Value::Object(told) = &mut told {
        told.insert("detail".into(), Value::from(reply::sentence(fault)));
    }
    reply::again(reply::json(status, &told), fault)
}

/// Answers a request under `/services/collector`.
pub(super) async fn answer(asked: &Asked, steps: &[&str], body: Incoming) -> Reply {
    let steps = match steps {
        // The version of the interface may stand at the end.
        [rest @ .., "1.0"] => rest,
        steps => steps,
    };
    match (&asked.head.method, steps) {
        (&Method::GET | &Method::HEAD, ["health"]) => {
            if asked.state.room.is_full() {
                FULL.reply()
            } else {
                HEALTHY.reply()
            }
        }
        // Docker's driver asks so whether somebody is there.
        (&Method::OPTIONS, _) => SUCCESS.reply(),
        (&Method::POST, [] | ["event"]) => told(take(asked, false, body).await),
        (&Method::POST, ["raw"]) => told(take(asked, true, body).await),
        (&Method::POST, ["ack"]) => told(ask(asked, body).await),
        (_, [] | ["event" | "raw" | "ack" | "health"]) => {
            reply::json(405, &json!({"text": "Method Not Allowed", "code": 405}))
        }
        _ => reply::json(404, &json!({"text": "The requested URL was not found on this server.", "code": 404})),
    }
}

/// What went wrong with a request.
enum Failed {
    Fault(Fault),
    Code(Code),
    /// The event of this number from 0.
    Event(Code, usize),
}

impl From<Fault> for Failed {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

fn told(done: std::result::Result<Reply, Failed>) -> Reply {
    match done {
        Ok(reply) => reply,
        Err(Failed::Fault(fault)) => refused(&fault),
        Err(Failed::Code(code)) => code.reply(),
        Err(Failed::Event(code, number)) => {
            reply::json(code.0, &json!({"text": code.2, "code": code.1, "invalid-event-number": number}))
        }
    }
}

async fn whose(asked: &Asked) -> std::result::Result<Whose, Failed> {
    match asked.whose().await {
        // There is something in the header, but no token.
        Err(fault) if fault.code == "collect.no-token" && !asked.header("authorization").is_empty() => {
            Err(Failed::Code(NO_AUTHORIZATION))
        }
        whose => Ok(whose?),
    }
}

/// The channel that acknowledgements are counted in: a GUID, in a header or in the query.
fn channel(asked: &Asked) -> std::result::Result<Option<String>, Failed> {
    let header = asked.header("x-splunk-request-channel");
    let said = if header.is_empty() { asked.query("channel").unwrap_or_default() } else { header.to_owned() };
    if said.is_empty() {
        return Ok(None);
    }
    let plain = said.len() <= 64 && said.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    if plain { Ok(Some(said.to_ascii_lowercase())) } else { Err(Failed::Code(WRONG_CHANNEL)) }
}

async fn take(asked: &Asked, raw: bool, body: Incoming) -> std::result::Result<Reply, Failed> {
    let whose = whose(asked).await?;
    let channel = channel(asked)?;
    let _hold = asked.room(whose, LIMIT.unpacked).await?;
    let bytes = asked.body(body, LIMIT)?.whole().await?;
    if bytes.trim_ascii().is_empty() {
        return Err(Failed::Code(NO_DATA));
    }
    let now = asked.now;
    let records = if raw {
        let around = RawAround::of(asked);
        let read = way::off_thread(move || lines(&bytes, &around, now)).await?;
        for (fault, line) in read.1 {
            asked.unreadable(whose, &fault, &line);
        }
        read.0
    } else {
        match way::off_thread(move || events(&bytes, now)).await? {
            Ok(records) => records,
            Err((wrong, number, part)) => {
                asked.unreadable(whose, &Fault::invalid("collect.hec-event"), &part);
                return Err(Failed::Event(Code::of(wrong), number));
            }
        }
    };
    asked.state.way.take(whose, records, |taken| taken).await??;
    let mut told = json!({"text": SUCCESS.2, "code": SUCCESS.1});
    if let (Some(channel), Value::Object(told)) = (channel, &mut told) {
        told.insert("ackId".into(), Value::from(asked.state.acks.give(whose.source, &channel)));
    }
    Ok(reply::json(SUCCESS.0, &told))
}

type Unread = (Wrong, usize, Vec<u8>);

/// The records of a body of events, all or none.
fn events(bytes: &[u8], now: chrono::DateTime<chrono::Utc>) -> std::result::Result<Vec<Record>, Unread> {
    let mut records = Vec::new();
    for (number, event) in Event::all(bytes).enumerate() {
        let part = |event: &[u8]| event.get(..event.len().min(2048)).unwrap_or_default().to_vec();
        let event = event.map_err(|(wrong, at)| (wrong, number, part(bytes.get(at..).unwrap_or_default())))?;
        let raw = event.raw;
        records.push(event.record(now).map_err(|_| (Wrong::Format, number, part(raw)))?);
    }
    Ok(records)
}

/// What the query of `/raw` says of all of its lines.
#[derive(Debug, Clone)]
struct RawAround {
    time: Option<String>,
    host: Option<String>,
    names: Vec<(&'static str, String)>,
}

impl RawAround {
    fn of(asked: &Asked) -> Self {
        let named = |name: &'static str| asked.query(name).map(|value| (name, value));
        let names = ["host", "source", "sourcetype", "index"].into_iter().filter_map(named).collect();
        Self { time: asked.query("time"), host: asked.query("host"), names }
    }

    fn around(&self) -> Around {
        Around {
            time: self.time.as_deref().and_then(|time| events::time(&Value::from(time))),
            host: self.host.clone(),
            fields: self.names.iter().map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str()))).collect(),
            ..Around::default()
        }
    }
}

type Lines = (Vec<Record>, Vec<(Fault, Vec<u8>)>);

/// The records of a raw body: a line, a record.
fn lines(bytes: &[u8], around: &RawAround, now: chrono::DateTime<chrono::Utc>) -> Lines {
    let (mut splitter, mut lines) = (Splitter::default(), Vec::new());
    splitter.push(bytes, &mut lines);
    splitter.finish(&mut lines);
    let (mut records, mut unread) = (Vec::with_capacity(lines.len()), Vec::new());
    for (_, line) in lines {
        let text = line.map(|line| String::from_utf8_lossy(&line).into_owned());
        match text.map(|text| (around::of_text(&text, around.around(), now), text)) {
            Ok((Ok(record), _)) => records.push(record),
            Ok((Err(fault), text)) => unread.push((fault, text.into_bytes())),
            Err(fault) => unread.push((fault, Vec::new())),
        }
    }
    (records, unread)
}

/// `ack`: which of these are durable.
async fn ask(asked: &Asked, body: Incoming) -> std::result::Result<Reply, Failed> {
    let whose = whose(asked).await?;
    let channel = channel(asked)?.ok_or(Failed::Code(NO_CHANNEL))?;
    let bytes = asked.body(body, LIMIT_ASK)?.whole().await?;
    let said: Value = serde_json::from_slice(&bytes).map_err(|_| Failed::Code(FORMAT))?;
    let asked_for = said.get("acks").and_then(Value::as_array).ok_or(Failed::Code(FORMAT))?;
    let ids: Vec<u64> = asked_for.iter().filter_map(Value::as_u64).collect();
    let acks: serde_json::Map<String, Value> = asked
        .state
        .acks
        .ask(whose.source, &channel, &ids)
        .into_iter()
        .map(|(id, durable)| (id.to_string(), Value::from(durable)))
        .collect();
    Ok(reply::json(200, &json!({"acks": acks})))
}
