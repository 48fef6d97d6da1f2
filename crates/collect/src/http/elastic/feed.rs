//! From a body of `_bulk` to the intake, batch by batch, each item with its own outcome.

use std::collections::HashSet;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::HeaderValue;
use hyper::header::RETRY_AFTER;
use khien_base::ports::Whose;
use khien_base::{Fault, Kind, Result};
use khien_normalise::{Format, LONGEST_LINE, Splitter, read_line};

use super::super::body::Limit;
use super::super::reply::{self, Reply};
use super::super::route::Asked;
use super::super::way::{self, BATCH, BATCH_BYTES};
use super::bulk::{Action, Bulk, Item, Verb};
use super::outcome::{self, Outcome};
use super::recent::{EACH, Known, Recent};

const LIMIT: Limit = Limit { sent: 64 << 20, unpacked: 256 << 20 };
const LIMIT_ONE: Limit = Limit { sent: LONGEST_LINE, unpacked: LONGEST_LINE };
/// Items of one request: each has its outcome in memory.
const ITEMS: usize = 200_000;

/// `_bulk`: the body is read as it comes, and a batch is durable before more than the next one is read.
pub(super) async fn bulk(asked: &Asked, whose: Whose, index: &str, body: Incoming) -> Reply {
    let mut feed = Feed::new(asked, whose);
    if let Err(fault) = feed.read(index, body).await {
        return super::refused(&fault);
    }
    // Clients know better how to bring a whole request again than single items of it.
    if let Some(fault) = feed.fault.take().filter(|_| !feed.outcomes.iter().any(Outcome::is_here)) {
        return super::refused(&fault);
    }
    let took = (asked.state.clock.now() - asked.now).num_milliseconds().max(0);
    let brief = asked.query("filter_path").is_some();
    reply::bytes(200, "application/json", outcome::answer(&feed.outcomes, took, brief))
}

/// One record by itself.
pub(super) async fn one(
    asked: &Asked,
    whose: Whose,
    verb: Verb,
    index: &str,
    id: Option<&str>,
    body: Incoming,
) -> Reply {
    let mut feed = Feed::new(asked, whose);
    let verb = if asked.query("op_type").as_deref() == Some("create") { Verb::Create } else { verb };
    let action = Action { verb, index: Arc::from(index), id: id.map(str::to_owned) };
    let done = async {
        let _hold = asked.room(whose, LONGEST_LINE).await?;
        let line = asked.body(body, LIMIT_ONE)?.whole().await?;
        feed.add(Item::Record(action, line)).await;
        feed.send().await
    };
    if let Err(fault) = done.await {
        return super::refused(&fault);
    }
    let Some(outcome) = feed.outcomes.first() else { return super::refused(&Fault::internal("no outcome")) };
    let answer = reply::json(outcome.status(), &outcome.alone());
    if outcome.status() == 429 { reply::with(answer, RETRY_AFTER, HeaderValue::from_static("5")) } else { answer }
}

struct Feed<'a> {
    asked: &'a Asked,
    whose: Whose,
    outcomes: Vec<Outcome>,
    /// Records with the places of their outcomes, and the numbers of those that have an id.
    batch: Vec<(usize, Option<u64>, Vec<u8>)>,
    bytes: usize,
    /// Why the intake refused a batch.
    fault: Option<Fault>,
    /// What the source stored before was asked for.
    asked_before: bool,
}

impl<'a> Feed<'a> {
    fn new(asked: &'a Asked, whose: Whose) -> Self {
        Self { asked, whose, outcomes: Vec::new(), batch: Vec::new(), bytes: 0, fault: None, asked_before: false }
    }

    /// Reads a body to its end. A fault stands for the whole request: a client that sends it again stores nothing twice
    /// if it gave its items ids.
    async fn read(&mut self, index: &str, body: Incoming) -> Result<()> {
        let _hold = self.asked.room(self.whose, BATCH_BYTES).await?;
        let mut body = self.asked.body(body, LIMIT)?;
        let (mut bulk, mut splitter, mut lines) = (Bulk::new(index), Splitter::default(), Vec::new());
        loop {
            let piece = body.next().await?;
            match &piece {
                Some(piece) => splitter.push(piece, &mut lines),
                None => std::mem::take(&mut splitter).finish(&mut lines),
            }
            for line in lines.drain(..) {
                let Some(item) = bulk.push(line)? else { continue };
                if self.outcomes.len() >= ITEMS {
                    return Err(Fault::invalid("intake.too-many").with("limit", ITEMS));
                }
                self.add(item).await;
                if self.batch.len() >= BATCH || self.bytes >= BATCH_BYTES {
                    self.send().await?;
                }
            }
            if piece.is_none() {
                self.send().await?;
                return bulk.finish();
            }
        }
    }

    /// Has what the source stored before this server started known, once. When the store does not say, events are taken
    /// in all the same: one that is there twice is better than one that is lost.
    async fn remember(&self) {
        let (recent, source) = (&self.asked.state.recent, self.whose.source);
        if !recent.is_new(source) {
            return;
        }
        let keys = self.asked.state.way.keys(source, EACH).await.unwrap_or_else(|fault| {
            tracing::warn!(%fault, %source, "what a source sent before the start is not known again");
            Vec::new()
        });
        recent.before(source, keys);
    }

    async fn add(&mut self, item: Item) {
        let asked = self.asked;
        match item {
            Item::Refused(action, fault) => {
                let mut outcome = Outcome::open(action);
                outcome.refused(400, "illegal_argument_exception", reply::sentence(&fault));
                self.outcomes.push(outcome);
                if fault.code != "bulk.unchangeable" {
                    asked.unreadable(self.whose, &fault, b"");
                }
            }
            Item::Record(action, line) => {
                let recent = &asked.state.recent;
                let number = action.id.as_ref().map(|id| Recent::number(&action.index, id));
                if number.is_some() && !std::mem::replace(&mut self.asked_before, true) {
                    self.remember().await;
                }
                let mut outcome = Outcome::open(action);
                let known = number.map(|number| recent.claim(self.whose.source, number, &line));
                match known {
                    None | Some(Known::Fresh) => {
                        self.bytes += line.len();
                        self.batch.push((self.outcomes.len(), number, line));
                    }
                    // It comes again, and is known then.
                    Some(Known::UnderWay) => {}
                    Some(Known::Same) => outcome.known(),
                    Some(Known::Other) => outcome.other(),
                }
                self.outcomes.push(outcome);
            }
        }
    }

    /// Hands the batch on and notes what became of it.
    async fn send(&mut self) -> Result<()> {
        if self.batch.is_empty() {
            return Ok(());
        }
        self.bytes = 0;
        let (source, now) = (self.whose.source, self.asked.now);
        let (mut places, mut lines) = (Vec::with_capacity(self.batch.len()), Vec::with_capacity(self.batch.len()));
        let mut claim = Claims { recent: Arc::clone(&self.asked.state.recent), source, numbers: Vec::new() };
        for (place, number, line) in self.batch.drain(..) {
            claim.numbers.extend(number);
            places.push((place, number));
            lines.push(line);
        }
        let decoded = way::decode(lines, move |line| read_line(line, Format::Ndjson, now, 1)).await?;
        let (mut records, mut taken, mut unread) = (Vec::with_capacity(decoded.len()), Vec::new(), HashSet::new());
        for ((place, number), one) in places.into_iter().zip(decoded) {
            match one {
                Ok(mut record) => {
                    record.key = number;
                    records.push(record);
                    taken.push(place);
                }
                Err(failed) => {
                    let (fault, line) = *failed;
                    self.asked.unreadable(self.whose, &fault, &line);
                    if let Some(outcome) = self.outcomes.get_mut(place) {
                        outcome.refused(400, "document_parsing_exception", reply::sentence(&fault));
                    }
                    unread.extend(number);
                }
            }
        }
        if !unread.is_empty() {
            claim.numbers.retain(|number| !unread.contains(number));
            claim.recent.settle(source, &unread.into_iter().collect::<Vec<_>>(), false);
        }
        let settled = move |done: Result<usize>| {
            claim.end(done.is_ok());
            done
        };
        let done = self.asked.state.way.take(self.whose, records, settled).await?;
        if let Err(fault) = &done {
            self.fault.get_or_insert_with(|| fault.clone());
        }
        for place in taken {
            let Some(outcome) = self.outcomes.get_mut(place) else { continue };
            match &done {
                Ok(_) => outcome.taken(),
                Err(fault) if matches!(fault.kind, Kind::TooMany | Kind::Unavailable | Kind::Conflict) => {
                    outcome.refused(429, "es_rejected_execution_exception", reply::sentence(fault));
                }
                Err(fault) => outcome.refused(500, "exception", reply::sentence(fault)),
            }
        }
        Ok(())
    }
}

/// Ids that are under way; free again when they were not taken, however it ends.
struct Claims {
    recent: Arc<Recent>,
    source: khien_base::Id,
    numbers: Vec<u64>,
}

impl Claims {
    fn end(mut self, taken: bool) {
        self.recent.settle(self.source, &std::mem::take(&mut self.numbers), taken);
    }
}

impl Drop for Claims {
    fn drop(&mut self) {
        if !self.numbers.is_empty() {
            self.recent.settle(self.source, &self.numbers, false);
        }
    }
}

impl Drop for Feed<'_> {
    fn drop(&mut self) {
        let numbers: Vec<u64> = self.batch.iter().filter_map(|(_, number, _)| *number).collect();
        if !numbers.is_empty() {
            self.asked.state.recent.settle(self.whose.source, &numbers, false);
        }
    }
}
