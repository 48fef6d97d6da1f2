//! What one thread does: takes blocks, reads their events, asks the engine, keeps what was found.

use std::borrow::Cow;

use khien_base::{Fault, Record, Result};
use khien_detect::Scratch;
use khien_normalise::{Format, LONGEST_LINE, Lean, Rendered, apart, decode_line, evtx_chunk, sniff};

use crate::blocks::{Block, Content};
use crate::correlation::Trace;
use crate::feed::Feed;
use crate::found::Found;
use crate::order::Order;
use crate::rules::{Rules, Use};
use crate::tally::Tally;
use crate::trouble::Troubles;

/// Events of a block, decoded as far as can be done without rules.
#[derive(Debug)]
pub(crate) struct Events {
    file: u32,
    kind: Kind,
    /// Bytes that it takes.
    pub(crate) weight: usize,
}

#[derive(Debug)]
enum Kind {
    /// Records with their places.
    Rendered(Vec<(u64, Rendered)>),
    Lines(u64, Vec<u8>, Format),
    Objects(Vec<(u64, Vec<u8>)>),
}

/// Decodes a block; what cannot be read is told.
pub(crate) fn decode(block: Block, feed: &Feed<'_>, troubles: &Troubles) -> Events {
    let Block { file, content } = block;
    let name = feed.name(file);
    match content {
        Content::Lines(first, bytes, format) => {
            Events { file, weight: bytes.len(), kind: Kind::Lines(first, bytes, format) }
        }
        Content::Objects(objects) => {
            let weight = objects.iter().map(|(_, object)| object.len()).sum();
            Events { file, weight, kind: Kind::Objects(objects) }
        }
        Content::Chunks(first, chunks) => {
            let (mut rendered, mut weight) = (Vec::new(), 0);
            for (chunk, bytes) in (first..).zip(chunks) {
                let mut place = chunk << 16;
                evtx_chunk(bytes, chunk, &mut |record| match record {
                    Ok(record) => {
                        weight += record.json.len() + size_of::<Rendered>();
                        rendered.push((place, record));
                        place += 1;
                    }
                    Err(fault) => troubles.add(name, fault),
                });
            }
            Events { file, weight, kind: Kind::Rendered(rendered) }
        }
    }
}

/// The memory of a thread.
pub(crate) struct Worker<'w> {
    order: &'w Order,
    rules: &'w Rules,
    troubles: &'w Troubles,
    lean: Lean,
    scratch: Scratch,
    fired: Vec<u32>,
    /// Matches that were not handed over yet.
    pub(crate) found: Vec<Found>,
    /// Events for correlations that were not handed over yet.
    pub(crate) traces: Vec<Trace>,
    pub(crate) tally: Tally,
}

impl<'w> Worker<'w> {
    pub(crate) fn new(order: &'w Order, rules: &'w Rules, troubles: &'w Troubles) -> Self {
        Self {
            order,
            rules,
            troubles,
            lean: Lean::default(),
            scratch: Scratch::default(),
            fired: Vec::new(),
            found: Vec::new(),
            traces: Vec::new(),
            tally: Tally::default(),
        }
    }

    /// Matches the events of a block.
    pub(crate) fn matched(&mut self, events: Events, feed: &Feed<'_>) {
        let name = feed.name(events.file);
        match events.kind {
            Kind::Rendered(rendered) => {
                for (place, record) in rendered {
                    self.tally.bytes += record.json.len() as u64;
                    if let Err(fault) = self.rendered(events.file, place, record) {
                        self.troubles.add(name, fault);
                    }
                }
            }
            Kind::Objects(objects) => {
                for (number, object) in objects {
                    self.tally.bytes += object.len() as u64;
                    if let Err(fault) = self.line(events.file, number, &object, Format::Ndjson) {
                        self.troubles.add(name, fault);
                    }
                }
            }
            Kind::Lines(first, bytes, format) => {
                let bytes = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
                for (number, line) in (first..).zip(bytes.split(|byte| *byte == b'\n')) {
                    self.tally.bytes += line.len() as u64 + 1;
                    if line.iter().all(u8::is_ascii_whitespace) {
                        continue;
                    }
                    if let Err(fault) = self.line(events.file, number, line, format) {
                        self.troubles.add(name, fault);
                    }
                }
            }
        }
    }

    fn rendered(&mut self, file: u32, place: u64, record: Rendered) -> Result<()> {
        match self.quick(&record.json) {
            Some(false) => {}
            Some(true) => {
                let number = record.number;
                let record = record.record()?;
                self.keep(file, place, number, record);
            }
            None => {
                let number = record.number;
                let record = record.record()?;
                self.plain(file, place, number, record);
            }
        }
        self.tally.events += 1;
        Ok(())
    }

    /// A line: an event, or an envelope of several.
    fn line(&mut self, file: u32, number: u64, line: &[u8], format: Format) -> Result<()> {
        let Some(events) = (if format == Format::Ndjson { apart(line) } else { None }) else {
            return self.event(file, number, number << 16, line, format);
        };
        for (place, event) in (number << 16..).zip(events) {
            self.event(file, number, place, &event, format)?;
        }
        Ok(())
    }

    fn event(&mut self, file: u32, number: u64, place: u64, line: &[u8], format: Format) -> Result<()> {
        let now = self.order.now;
        let format = if format == Format::Auto { sniff(line) } else { format };
        let text = match format {
            Format::Ndjson if line.len() <= LONGEST_LINE => String::from_utf8_lossy(line),
            _ => Cow::Borrowed(""),
        };
        // A line that is not UTF-8 is marked by the plain reading.
        let quick = if let Cow::Borrowed(text) = text { self.quick(text.trim_end_matches('\r')) } else { None };
        if quick != Some(false) {
            let record = decode_line(line, format, now, number)?;
            match quick {
                Some(_) => self.keep(file, place, number, record),
                None => self.plain(file, place, number, record),
            }
        }
        self.tally.events += 1;
        Ok(())
    }

    /// Whether a rule that counts fires on an event in JSON, whose rules are then in `fired`; none when it is to be read
    /// plainly.
    fn quick(&mut self, json: &str) -> Option<bool> {
        let event = self.lean.read(json)?;
        let fired = self.rules.engine.fired_on(event.log(), &event, &mut self.scratch)?;
        self.fired.clear();
        self.fired.extend(fired.iter().filter(|at| self.rules.uses(**at) != Use::default()));
        Some(!self.fired.is_empty())
    }

    fn plain(&mut self, file: u32, place: u64, number: u64, record: Record) {
        let fired = self.rules.engine.fired(&record, &mut self.scratch);
        self.fired.clear();
        self.fired.extend(fired.iter().filter(|at| self.rules.uses(**at) != Use::default()));
        if !self.fired.is_empty() {
            self.keep(file, place, number, record);
        }
    }

    /// Keeps the matches of a record on which the rules in `fired` fired.
    fn keep(&mut self, file: u32, place: u64, number: u64, record: Record) {
        if !self.order.span.holds(record.time) {
            return;
        }
        let number = record.fields.get("RecordID").and_then(serde_json::Value::as_u64).unwrap_or(number);
        let rules = self.rules;
        let told: Vec<u32> = self.fired.iter().copied().filter(|at| rules.uses(*at).told).collect();
        for found in rules.engine.ruleset().told(&record, &told) {
            let Some(at) = rules.place(&found.rule.id) else { continue };
            let row = Found::new(file, place, number, at, &record, &found.hits);
            self.tally.add(&row, found.rule.level);
            self.found.push(row);
        }
        self.fired.retain(|at| rules.uses(*at).correlated);
        if !self.fired.is_empty() {
            self.traces.extend(Trace::new(file, place, number, self.fired.clone(), record));
        }
    }
}

/// A fault of a run that cannot go on: a thread that ended early is our own defect.
pub(crate) fn ended() -> Fault {
    Fault::internal("a thread of the reading ended early")
}
