//! An event as the engine reads it: the fields that rules ask for, and nothing else.

use std::fmt::Write as _;

use khien_base::Record;
use khien_base::event::{Scalar, TakeFields, unescape};
use serde_json::Value;

use super::names::{Learnt, Names, Wanted};
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
    /// Whether the text is written with the escapes of JSON.
    escaped: bool,
    start: u32,
    end: u32,
}

impl Leaf {
    /// Its kind and the way its text is written, as a number.
    pub(super) fn code(self) -> u32 {
        self.kind as u32 * 2 + u32::from(self.escaped)
    }
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
    line: Option<Leaf>,
    /// Fields of rules that the field under way is, and whether it bears exactly their name.
    taking: Vec<(u32, bool)>,
    taken_from: u32,
    learnt: Learnt,
}

/// Room for texts that have to be made out of those of a view.
#[derive(Debug, Default)]
pub(super) struct Room {
    pub(super) plain: String,
    pub(super) folded: String,
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
            self.line = subject::line(record).map(|line| of_text(line, false, &mut self.texts));
        }
    }

    /// Forgets the names of another rule set's fields.
    pub(super) fn forget(&mut self) {
        self.learnt.forget();
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

    /// A field under its exact name stands before the same name in other case, which stands before later ones.
    fn identify(&mut self, name: &str, names: &Names, wanted: &Wanted) {
        let Self { slots, event, taking, learnt, .. } = self;
        learnt.identify(name, names, wanted, |slot, exact| {
            let known = slots.get(slot as usize).filter(|known| known.event == *event);
            if known.is_none_or(|known| exact && !known.exact) {
                taking.push((slot, exact));
            }
        });
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
        let Some(known) = self.slots.get_mut(slot as usize) else { return };
        if known.event != event {
            self.present.push(slot);
        }
        *known = Slot { event, exact, start, end };
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

    /// Where the text of the next value will stand.
    pub(super) fn end(&self) -> usize {
        self.texts.len()
    }

    /// The texts that were taken since, as they were written, without anything between.
    pub(super) fn written_since(&self, end: usize) -> &str {
        self.texts.get(end..).unwrap_or_default()
    }

    /// Every value of the record, where words are searched for anywhere.
    pub(super) fn everywhere(&self) -> impl Iterator<Item = Leaf> {
        self.leaves.iter().chain(&self.deep).copied()
    }

    /// The log line, where people wrote it.
    pub(super) fn line(&self) -> Option<Leaf> {
        self.line
    }

    /// The text of a value as it was written; empty for null.
    pub(super) fn written(&self, leaf: Leaf) -> &str {
        self.texts.get(leaf.start as usize..leaf.end as usize).unwrap_or_default()
    }

    /// A value as text, made in `room` where it was written with escapes; empty for null.
    pub(super) fn text<'v>(&'v self, leaf: Leaf, room: &'v mut String) -> &'v str {
        if !leaf.escaped {
            return self.written(leaf);
        }
        room.clear();
        unescape(self.written(leaf), room);
        room
    }

    /// A value as text, and the same without case.
    pub(super) fn folded<'v>(&'v self, leaf: Leaf, room: &'v mut Room) -> (&'v str, &'v str) {
        let Room { plain, folded } = room;
        let text = self.text(leaf, plain);
        folded.clear();
        if text.is_ascii() {
            folded.push_str(text);
            folded.make_ascii_lowercase();
        } else {
            folded.extend(text.chars().map(fold));
        }
        (text, folded)
    }
}

fn of_text(text: &str, escaped: bool, texts: &mut String) -> Leaf {
    let start = narrow(texts.len());
    texts.push_str(text);
    Leaf { kind: Kind::Text, escaped, start, end: narrow(texts.len()) }
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
    Leaf { kind, escaped: false, start, end: narrow(texts.len()) }
}

/// The same of a value that stands in a line.
fn of_scalar(value: Scalar<'_>, texts: &mut String) -> Leaf {
    match value {
        Scalar::Text(text) => of_text(text, false, texts),
        Scalar::Escaped(text) => of_text(text, true, texts),
        Scalar::Number(number) if Scalar::is_plain(number) => {
            Leaf { kind: Kind::Number, ..of_text(number, false, texts) }
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

    /// Takes values for these fields of rules: each with whether the field under way bears exactly its name.
    pub(super) fn take(&mut self, slots: &[(u32, bool)], give: impl FnOnce(&mut Self)) {
        let start = self.view.next();
        give(self);
        slots.iter().for_each(|(slot, exact)| self.view.put(*slot, *exact, start));
    }

    /// Ends the last field that began.
    pub(super) fn finish(&mut self) {
        self.view.close();
    }

    /// What was taken so far.
    pub(super) fn view(&self) -> &View {
        self.view
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
