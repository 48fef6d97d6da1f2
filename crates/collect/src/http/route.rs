//! Which of the protocols a request speaks.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use hyper::body::Incoming;
use hyper::header::{ALLOW, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Request};
use khien_base::ports::{Intake, Whose};
use khien_base::{Clock, Fault, Kind, Result};
use serde_json::json;

use super::body::{Body, Limit};
use super::credentials::{Wrong, token};
use super::elastic::Recent;
use super::hec::Acks;
use super::reply::{self, Reply};
use super::room::{Hold, Room};
use super::serve::Peer;
use super::way::Way;
use super::{HttpListen, HttpSenders, elastic, hec, ndjson, otlp};
use crate::Shown;

/// What all requests share.
pub(super) struct State {
    pub(super) listen: HttpListen,
    pub(super) senders: HttpSenders,
    pub(super) clock: Clock,
    pub(super) room: Room,
    pub(super) way: Way,
    pub(super) wrong: Wrong,
    pub(super) recent: Arc<Recent>,
    pub(super) acks: Acks,
}

impl State {
    pub(super) fn new(listen: HttpListen, senders: HttpSenders, intake: Arc<dyn Intake>, clock: Clock) -> Self {
        Self {
            room: Room::new(listen.room, listen.room_per_source, listen.patience),
            listen,
            senders,
            clock,
            way: Way::new(intake),
            wrong: Wrong::default(),
            recent: Arc::default(),
            acks: Acks::default(),
        }
    }
}

/// A request.
pub(super) struct Asked {
    pub(super) state: Arc<State>,
    pub(super) peer: Peer,
    pub(super) head: Parts,
    /// When it came.
    pub(super) now: DateTime<Utc>,
}

impl Asked {
    /// Whose records it brings.
    ///
    /// Faults: `collect.no-token` without one; `collect.tokens` for who tries many; those of
    /// [`HttpSenders::whose`].
    pub(super) async fn whose(&self) -> Result<Whose> {
        let (address, certificate) = (self.peer.from, self.peer.certificate.clone());
        let token = token(&self.head.headers);
        if token.is_none() && (certificate.is_none() || self.head.headers.contains_key(AUTHORIZATION)) {
            return Err(Fault::new(Kind::Unauthenticated, "collect.no-token"));
        }
        self.state.wrong.look(address, self.now)?;
        let found = (self.state.senders.whose)(Shown { address, certificate, token }).await;
        if found.as_ref().is_err_and(|fault| fault.kind == Kind::Unauthenticated) {
            self.state.wrong.note(address, self.now);
        }
        Ok(found?.whose)
    }

    /// The body within these limits.
    pub(super) fn body(&self, incoming: Incoming, limit: Limit) -> Result<Body> {
        Body::of(&self.head.headers, incoming, limit, &self.state.listen)
    }

    /// Room for a body that is held whole, or for one batch of a body that is read as it comes.
    pub(super) async fn room(&self, whose: Whose, most: usize) -> Result<Hold> {
        self.state.room.hold(whose.source, self.announced().min(most)).await
    }

    /// Bytes that a body says that it brings; as gzip eight times that, which is what logs are packed by.
    fn announced(&self) -> usize {
        let Ok(said) = self.header("content-length").parse::<usize>() else { return usize::MAX };
        let packed = !self.header("content-encoding").is_empty() || !self.header("grpc-encoding").is_empty();
        if packed { said.saturating_mul(8) } else { said }
    }

    /// Values of the query, by name; the last of a name counts.
    pub(super) fn query(&self, name: &str) -> Option<String> {
        let query = self.head.uri.query()?;
        let pairs: Vec<(String, String)> = serde_html_form::from_str(query).ok()?;
        pairs.into_iter().rev().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    /// A header as text.
    pub(super) fn header(&self, name: &str) -> &str {
        self.head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Tells who watches over the source that a record could not be read.
    pub(super) fn unreadable(&self, whose: Whose, fault: &Fault, bytes: &[u8]) {
        (self.state.senders.unreadable)(whose, fault, bytes);
    }
}

/// Answers a request.
pub(super) async fn answer(state: Arc<State>, peer: Peer, request: Request<Incoming>) -> Reply {
    let (head, body) = request.into_parts();
    let now = state.clock.now();
    let asked = Asked { state, peer, head, now };
    let path = asked.head.uri.path().to_owned();
    let steps: Vec<&str> = path.split('/').filter(|step| !step.is_empty()).collect();
    let is_grpc =
        asked.head.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
    match steps.as_slice() {
        _ if is_grpc => otlp::grpc(&asked, &steps, body).await,
        ["services", "collector", rest @ ..] => hec::answer(&asked, rest, body).await,
        ["v1", "logs"] if asked.head.method == Method::POST => otlp::http(&asked, body).await,
        ["ndjson"] if asked.head.method == Method::POST => ndjson::answer(&asked, body).await,
        ["v1", "logs"] | ["ndjson"] => {
            let refused = reply::json(405, &json!({"code": "collect.method", "message": "POST records here"}));
            reply::with(refused, ALLOW, HeaderValue::from_static("POST"))
        }
        ["v1", "metrics" | "traces" | "profiles"] => {
            reply::json(404, &json!({"code": "collect.logs-only", "message": "only logs are taken, at /v1/logs"}))
        }
        steps => elastic::answer(&asked, steps, body).await,
    }
}
