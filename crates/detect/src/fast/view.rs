//! An event as the engine reads it: the fields that rules ask for, and nothing else.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use khien_base::Record;
use khien_base::event::{Scalar, TakeFields};
use rustc_hash::FxHashMap;
use serde_json::Value;

use crate::item::FieldNames;
use crate::subject;
use crate::text::fold;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Bool,
    Null,
}

/// One value that is neither list nor map; its text stands in the view's own memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leaf {
    pub(super) kind: Kind,
    start: u32,
    end: u32,
}

/// What is known of a field in this event.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    /// The event in which it was last seen.
    event: u32,
    /// Whether it stands under exactly the name that rules use.
    exact: bool,
    start: u32,
    end: u32,
}

/// The fields of one event. Made once and filled again for each event: its memory is kept.
#[derive(Debug, Default)]
pub(super) struct View {
    slots: Vec<Slot>,
    event: u32,
    present: Vec<u32>,
    leaves: Vec<Leaf>,
    /// Values inside maps, where words are searched for anywhere.
    deep: Vec<Leaf>,
    texts: String,
    /// The same without case, at the same places; empty where folding changes lengths.
    folded: String,
    line: Option<Leaf>,
    /// Fields of rules that the field under way is, and whether it bears exactly their name.
    taking: Vec<(u32, bool)>,
    taken_from: u32,
    /// Names that are not those of rules letter for letter, and the fields that they are in other case. Senders choose
    /// these names: the hash is seeded.
    learnt: HashMap<Box<str>, Arc<[u32]>, foldhash::fast::RandomState>,
}

/// Names learnt at most; a stream with more of them has names that are data.
const LEARNT: usize = 8192;

/// The fields that rules name, found by the names that events use.
#[derive(Debug, Default)]
pub(super) struct Names {
    exact: FxHashMap<Box<str>, u32>,
    folded: FxHashMap<Box<str>, Vec<u32>>,
    count: usize,
}

impl Names {
    pub(super) fn new(fields: &FieldNames) -> Self {
        let mut made = Self { count: fields.len(), ..Self::default() };
        for slot in 0..fields.len() {
            let (name, slot) = (fields.name(slot), u32::try_from(slot).unwrap_or(u32::MAX));
            made.exact.insert(name.into(), slot);
            made.folded.entry(name.to_ascii_lowercase().into()).or_default().push(slot);
        }
        made
    }
}

impl View {
    /// Reads a record: the fields that `wanted` says, the others only where words are searched for anywhere.
    pub(super) fn fill(&mut self, record: &Record, names: &Names, fields: &FieldNames, wanted: &Wanted) {
        let mut filling = Filling::new(self, names, wanted);
        for (name, value) in &record.fields {
            if filling.field(name) {
                filling.ending(value);
            }
        }
        filling.finish();
        for slot in &wanted.dotted {
            if !self.is_present(*slot) {
                self.resolve(*slot, record, fields);
            }
        }
        if wanted.everywhere {
            self.line = subject::line(record).map(|line| {
                let start = self.texts.len();
                self.texts.push_str(line);
                Leaf { kind: Kind::Text, start: narrow(start), end: narrow(self.texts.len()) }
            });
        }
    }

    /// Forgets the names of another rule set's fields.
    pub(super) fn forget(&mut self) {
        self.learnt.clear();
    }

    fn begin(&mut self, count: usize) {
        self.slots.resize(count, Slot::default());
        self.event = self.event.wrapping_add(1);
        if self.event == 0 {
            self.slots.fill(Slot::default());
            self.event = 1;
        }
        self.present.clear();
        self.leaves.clear();
        self.deep.clear();
        self.texts.clear();
        self.taking.clear();
        self.line = None;
    }

    /// Finds the fields of rules that a name of the event is.
    fn identify(&mut self, name: &str, names: &Names, wanted: &Wanted) {
        let exact = names.exact.get(name).copied();
        if let Some(slot) = exact.filter(|slot| wanted.has(*slot)) {
            self.offer(slot, true);
            // The same name in other case may be another field of rules.
            if !wanted.twins {
                return;
            }
        }
        let Some(known) = self.learnt.get(name) else {
            if self.learnt.len() >= LEARNT {
                self.learnt.clear();
            }
            let lower = name.to_ascii_lowercase();
            let slots = names.folded.get(lower.as_str()).map_or(&[][..], Vec::as_slice);
            self.learnt.insert(name.into(), slots.into());
            return self.identify(name, names, wanted);
        };
        if known.is_empty() {
            return;
        }
        let known = Arc::clone(known);
        for slot in known.iter().copied() {
            if exact != Some(slot) && wanted.has(slot) {
                self.offer(slot, false);
            }
        }
    }

    /// A field under its exact name stands before the same name in other case, which stands before later ones.
    fn offer(&mut self, slot: u32, exact: bool) {
        if self.known(slot).is_none_or(|known| exact && !known.exact) {
            self.taking.push((slot, exact));
        }
    }

    /// Ends the field under way.
    fn close(&mut self) {
        for n in 0..self.taking.len() {
            if let Some((slot, exact)) = self.taking.get(n).copied() {
                self.put(slot, exact, self.taken_from);
            }
        }
        self.taking.clear();
    }

    fn put(&mut self, slot: u32, exact: bool, start: u32) {
        let (event, end) = (self.event, self.next());
        if !self.is_present(slot) {
            self.present.push(slot);
        }
        if let Some(known) = self.slots.get_mut(slot as usize) {
            *known = Slot { event, exact, start, end };
        }
    }

    /// A name with dots is a path where it is no name.
    fn resolve(&mut self, slot: u32, record: &Record, fields: &FieldNames) {
        let found = subject::find(&record.fields, fields.name(slot as usize));
        if found.present {
            let start = self.next();
            for leaf in &found.leaves {
                let leaf = of_value(leaf.value, &mut self.texts);
                self.leaves.push(leaf);
            }
            self.put(slot, true, start);
        }
    }

    fn next(&self) -> u32 {
        narrow(self.leaves.len())
    }

    fn known(&self, slot: u32) -> Option<&Slot> {
        self.slots.get(slot as usize).filter(|known| known.event == self.event)
    }

    /// Whether the event has the field, whatever it holds.
    pub(super) fn is_present(&self, slot: u32) -> bool {
        self.known(slot).is_some()
    }

    /// The fields that the event has.
    pub(super) fn present(&self) -> &[u32] {
        &self.present
    }

    /// The values of a field.
    pub(super) fn leaves(&self, slot: u32) -> &[Leaf] {
        let known = self.known(slot).copied().unwrap_or_default();
        self.leaves.get(known.start as usize..known.end as usize).unwrap_or_default()
    }

    /// Folds all texts at once. ASCII keeps its places; other texts are folded one by one where they are asked for.
    pub(super) fn fold(&mut self) {
        self.folded.clear();
        if self.texts.is_ascii() {
            self.folded.push_str(&self.texts);
            self.folded.make_ascii_lowercase();
        }
    }

    /// All texts without case, one after another without anything between; `None` when they were not folded together.
    pub(super) fn all_folded(&self) -> Option<&str> {
        (self.folded.len() == self.texts.len()).then_some(self.folded.as_str())
    }

    /// A value without case, in `buffer` where it has to be made.
    pub(super) fn folded<'v>(&'v self, leaf: Leaf, buffer: &'v mut String) -> &'v str {
        match self.all_folded() {
            Some(all) => all.get(leaf.start as usize..leaf.end as usize).unwrap_or_default(),
            None => {
                buffer.clear();
                buffer.extend(self.text(leaf).chars().map(fold));
                buffer
            }
        }
    }

    /// Every value of the record, where words are searched for anywhere.
    pub(super) fn everywhere(&self) -> impl Iterator<Item = Leaf> {
        self.leaves.iter().chain(&self.deep).copied()
    }

    /// The log line, where people wrote it.
    pub(super) fn line(&self) -> Option<Leaf> {
        self.line
    }

    /// A value as text; empty for null.
    pub(super) fn text(&self, leaf: Leaf) -> &str {
        self.texts.get(leaf.start as usize..leaf.end as usize).unwrap_or_default()
    }
}

/// Writes a value's text down.
fn of_value(value: &Value, texts: &mut String) -> Leaf {
    let start = narrow(texts.len());
    let kind = match value {
        Value::String(text) => {
            texts.push_str(text);
            Kind::Text
        }
        Value::Number(number) => {
            let _ = write!(texts, "{number}");
            Kind::Number
        }
        Value::Bool(flag) => {
            texts.push_str(if *flag { "true" } else { "false" });
            Kind::Bool
        }
        _ => Kind::Null,
    };
    Leaf { kind, start, end: narrow(texts.len()) }
}

/// The same of a value that stands in a line.
fn of_scalar(value: Scalar<'_>, texts: &mut String) -> Leaf {
    match value {
        Scalar::Text(text) => {
            let start = narrow(texts.len());
            texts.push_str(text);
            Leaf { kind: Kind::Text, start, end: narrow(texts.len()) }
        }
        Scalar::Number(number) if Scalar::is_plain(number) => {
            let start = narrow(texts.len());
            texts.push_str(number);
            Leaf { kind: Kind::Number, start, end: narrow(texts.len()) }
        }
        // A number is the same however it is written: 1e2 is 100.0.
        Scalar::Number(number) => of_value(&number.parse().map_or(Value::Null, Value::Number), texts),
        Scalar::Bool(flag) => of_value(&Value::Bool(flag), texts),
        Scalar::Null => of_value(&Value::Null, texts),
    }
}

/// A view that is being filled.
pub(super) struct Filling<'f> {
    view: &'f mut View,
    names: &'f Names,
    wanted: &'f Wanted,
}

impl<'f> Filling<'f> {
    pub(super) fn new(view: &'f mut View, names: &'f Names, wanted: &'f Wanted) -> Self {
        view.begin(names.count);
        Self { view, names, wanted }
    }

    pub(super) fn finish(self) {
        self.view.close();
    }

    fn ending(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.ending(item)),
            Value::Object(map) => map.values().for_each(|value| self.inside(value)),
            _ => {
                let leaf = of_value(value, &mut self.view.texts);
                self.view.leaves.push(leaf);
            }
        }
    }

    fn inside(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.inside(item)),
            Value::Object(map) => map.values().for_each(|value| self.inside(value)),
            _ if self.wanted.everywhere => {
                let leaf = of_value(value, &mut self.view.texts);
                self.view.deep.push(leaf);
            }
            _ => {}
        }
    }
}

impl TakeFields for Filling<'_> {
    fn field(&mut self, name: &str) -> bool {
        self.view.close();
        self.view.taken_from = self.view.next();
        self.view.identify(name, self.names, self.wanted);
        self.wanted.everywhere || !self.view.taking.is_empty()
    }

    fn value(&mut self, value: Scalar<'_>) {
        let leaf = of_scalar(value, &mut self.view.texts);
        self.view.leaves.push(leaf);
    }

    fn deep(&mut self, value: Scalar<'_>) {
        if self.wanted.everywhere {
            let leaf = of_scalar(value, &mut self.view.texts);
            self.view.deep.push(leaf);
        }
    }
}

/// Texts of one event are far below 4 GiB: a line has at most a few MiB.
fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Which fields the rules of a log source ask for.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    slots: Vec<bool>,
    /// Those whose names have dots.
    dotted: Vec<u32>,
    /// Whether words are searched for anywhere.
    everywhere: bool,
    /// Whether two of the fields differ in case alone.
    twins: bool,
}

impl Wanted {
    pub(super) fn new(wanted: impl IntoIterator<Item = u32>, fields: &FieldNames, everywhere: bool) -> Self {
        let mut made = Self { slots: vec![false; fields.len()], everywhere, ..Self::default() };
        let mut lower = std::collections::HashSet::new();
        for slot in wanted {
            let Some(place) = made.slots.get_mut(slot as usize) else { continue };
            if std::mem::replace(place, true) {
                continue;
            }
            let name = fields.name(slot as usize);
            if name.contains('.') {
                made.dotted.push(slot);
            }
            made.twins |= !lower.insert(name.to_ascii_lowercase());
        }
        made
    }

    /// Whether fields handed over one by one are not enough: names with dots may be paths.
    pub(super) fn needs_record(&self) -> bool {
        !self.dotted.is_empty()
    }

    fn has(&self, slot: u32) -> bool {
        self.slots.get(slot as usize).copied().unwrap_or(false)
    }
}
