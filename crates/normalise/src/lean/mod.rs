//! A Windows event in JSON read for detection alone: its log source and the fields that rules name, without a tree,
//! without columns for search, without a copy of the line.
//!
//! What the plain reading ([`crate::decode_line`]) makes of a line is the definition. This one knows the two shapes in
//! which Windows events come in bulk, `{"Event":{"System":…}}` and all fields at the top level, gives the same fields
//! for them, and says of every other line that it is to be read plainly. Tests hold it to that.

mod flat;
mod nested;
mod place;

use khien_base::LogSource;
use khien_base::event::{Scalar, TakeFields};

use crate::flatten::FIXED;
use crate::ndjson::DEPTH;
use crate::tape::{Kind, Span, Tape, Val};
use crate::taxonomy;

/// Reads one line after another; its memory is kept.
#[derive(Debug, Default)]
pub struct Lean {
    tape: Tape,
    fields: Vec<Field>,
    /// Texts that stand nowhere in the line.
    made: String,
    /// Values of lists that stand nowhere in the line as a list.
    lists: Vec<u32>,
    seen: Seen,
    /// The channel of the last event: most events come from the channel of the one before.
    last: Option<(String, &'static taxonomy::Channel)>,
}

/// Names that may have come: one bit for each hash, so that most names that did not come are known not to have.
#[derive(Debug, Default)]
struct Seen([u64; 16]);

impl Seen {
    fn place(name: &str) -> (usize, u64) {
        let bytes = name.as_bytes();
        let word = |part: &[u8]| part.iter().fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
        let (head, tail) = (bytes.get(..bytes.len().min(8)), bytes.get(bytes.len().saturating_sub(8)..));
        let mixed = word(head.unwrap_or_default()).wrapping_add(word(tail.unwrap_or_default()).rotate_left(21));
        let hash = mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 54;
        ((hash >> 6) as usize, 1 << (hash & 63))
    }

    fn add(&mut self, name: &str) {
        let (word, bit) = Self::place(name);
        if let Some(word) = self.0.get_mut(word) {
            *word |= bit;
        }
    }

    fn may_have(&self, name: &str) -> bool {
        let (word, bit) = Self::place(name);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }
}

/// An event that was read.
#[derive(Debug)]
pub struct LeanEvent<'l> {
    lean: &'l Lean,
    line: &'l str,
    log: &'static LogSource,
}

#[derive(Debug, Clone, Copy)]
struct Field {
    name: Name,
    value: Value,
    /// Whether it came with EventData and not with System.
    payload: bool,
}

#[derive(Debug, Clone, Copy)]
enum Name {
    Fixed(&'static str),
    Written(Span),
    Made(u32, u32),
}

#[derive(Debug, Clone, Copy)]
enum Value {
    /// A value of the line.
    At(u32),
    /// A range of [`Lean::lists`].
    List(u32, u32),
    Text(u32, u32),
    Number(u32, u32),
    Fixed(&'static str),
}

impl Lean {
    /// Reads a line. `None` when it is to be read plainly: no JSON, another shape, or more than this reading knows.
    pub fn read<'l>(&'l mut self, line: &'l str) -> Option<LeanEvent<'l>> {
        self.fields.clear();
        self.made.clear();
        self.lists.clear();
        self.seen = Seen::default();
        let mut tape = std::mem::take(&mut self.tape);
        let line = line.trim_start_matches('\u{feff}');
        let read = tape.read(line, DEPTH);
        let log = read.ok().and_then(|root| self.event(root));
        self.tape = tape;
        Some(LeanEvent { log: log?, lean: self, line })
    }

    fn event(&mut self, root: Val<'_>) -> Option<&'static LogSource> {
        if !root.is_map() || repeats(root) {
            return None;
        }
        let shape = Shape::of(root);
        if let Some(event) = shape.event.filter(|event| event.get("System").is_some_and(|system| system.is_map())) {
            return self.nested(event);
        }
        if shape.odd {
            return None;
        }
        if shape.system.is_some_and(|system| system.is_map()) && shape.event_data {
            return self.nested(root);
        }
        if shape.id && shape.channel { self.flat(root) } else { None }
    }

    // What stands in the line or was made.

    fn name<'l>(&'l self, doc: Val<'l>, name: Name) -> &'l str {
        match name {
            Name::Fixed(name) => name,
            Name::Written(span) => doc.span(span),
            Name::Made(start, end) => self.made.get(start as usize..end as usize).unwrap_or_default(),
        }
    }

    fn find(&self, doc: Val<'_>, name: &str) -> Option<usize> {
        if !self.seen.may_have(name) {
            return None;
        }
        self.fields.iter().position(|field| self.name(doc, field.name) == name)
    }

    fn find_in(&self, doc: Val<'_>, name: &str, payload: bool) -> Option<usize> {
        if !self.seen.may_have(name) {
            return None;
        }
        self.fields.iter().position(|field| field.payload == payload && self.name(doc, field.name) == name)
    }

    fn make(&mut self, write: impl FnOnce(&mut String)) -> (u32, u32) {
        let start = self.made.len();
        write(&mut self.made);
        (narrow(start), narrow(self.made.len()))
    }

    fn push(&mut self, text: &str, name: Name, value: Value, payload: bool) {
        self.seen.add(text);
        self.fields.push(Field { name, value, payload });
    }

    /// Sets a field of System, unless there is nothing to say.
    fn set(&mut self, doc: Val<'_>, name: &'static str, value: Option<Val<'_>>) {
        let Some(value) = value.filter(|value| value.kind() != Kind::Null) else { return };
        let value = Value::At(value.place());
        match self.find_in(doc, name, false) {
            Some(at) => self.replace(at, value),
            None => self.push(name, Name::Fixed(name), value, false),
        }
    }

    fn replace(&mut self, at: usize, value: Value) {
        if let Some(field) = self.fields.get_mut(at) {
            field.value = value;
        }
    }

    /// The event's number, as a number.
    fn set_id(&mut self, doc: Val<'_>, value: Option<Val<'_>>) -> Option<u64> {
        let number = value.and_then(|value| taxonomy::decimal_of(value.kind(), value.text()));
        match number {
            None => self.set(doc, "EventID", value),
            Some(number) => {
                let (start, end) = self.make(|made| made.push_str(&number.to_string()));
                self.push("EventID", Name::Fixed("EventID"), Value::Number(start, end), false);
            }
        }
        number
    }

    /// Puts payload and System together: the payload wins, but for what tells the event apart. `None` where a name that
    /// this makes is there already.
    fn settle(&mut self, doc: Val<'_>) -> Option<()> {
        let mut at = 0;
        while let Some(field) = self.fields.get(at).copied() {
            at += 1;
            if field.payload {
                continue;
            }
            let Name::Fixed(name) = field.name else { continue };
            let Some(twin) = self.find_in(doc, name, true) else { continue };
            let (of, renamed) = if FIXED.contains(&name) { ("EventData", twin) } else { ("System", at - 1) };
            let longer = format!("{of}_{name}");
            if self.find(doc, &longer).is_some() {
                return None;
            }
            let (start, end) = self.make(|made| made.push_str(&longer));
            self.seen.add(&longer);
            if let Some(field) = self.fields.get_mut(renamed) {
                field.name = Name::Made(start, end);
            }
        }
        Some(())
    }
}

/// What the names at the top of a document tell of its shape.
#[derive(Default)]
struct Shape<'l> {
    event: Option<Val<'l>>,
    system: Option<Val<'l>>,
    event_data: bool,
    id: bool,
    channel: bool,
    /// A shape that only the plain reading knows.
    odd: bool,
}

impl<'l> Shape<'l> {
    fn of(root: Val<'l>) -> Self {
        let mut shape = Self::default();
        for value in root.inside() {
            match value.name() {
                "Event" if value.is_map() => shape.event = Some(value),
                "System" => shape.system = Some(value),
                "EventData" => shape.event_data = true,
                "EventID" => shape.id = true,
                "Channel" | "SourceName" => shape.channel = true,
                // Suricata and Winlogbeat; the latter also writes "winlog.event_id".
                "event_type" | "event_data" | "winlog" => shape.odd = true,
                name => shape.odd |= name.starts_with("winlog."),
            }
        }
        shape
    }
}

impl LeanEvent<'_> {
    /// Which rules mean the event.
    pub fn log(&self) -> &'static LogSource {
        self.log
    }

    /// Hands over every field.
    pub fn give(&self, to: &mut impl TakeFields) {
        let doc = self.lean.tape.root(self.line);
        for field in &self.lean.fields {
            if !to.field(self.lean.name(doc, field.name)) {
                continue;
            }
            match field.value {
                Value::At(place) => give(doc.at(place), to),
                Value::List(start, end) => {
                    let places = self.lean.lists.get(start as usize..end as usize).unwrap_or_default();
                    places.iter().for_each(|place| give(doc.at(*place), to));
                }
                Value::Text(start, end) => to.value(Scalar::Text(self.made(start, end))),
                Value::Number(start, end) => to.value(Scalar::Number(self.made(start, end))),
                Value::Fixed(text) => to.value(Scalar::Text(text)),
            }
        }
    }

    fn made(&self, start: u32, end: u32) -> &str {
        self.lean.made.get(start as usize..end as usize).unwrap_or_default()
    }
}

/// Whether a map anywhere in a value has a name twice: the plain reading knows the last of them only.
fn repeats(value: Val<'_>) -> bool {
    let mut seen = Seen::default();
    value.inside().any(|inner| {
        let before = |other: &Val<'_>| other.place() < inner.place();
        let again = value.is_map()
            && seen.may_have(inner.name())
            && value.inside().take_while(before).any(|other| other.name() == inner.name());
        seen.add(inner.name());
        again || matches!(inner.kind(), Kind::Map | Kind::List) && repeats(inner)
    })
}

fn give(value: Val<'_>, to: &mut impl TakeFields) {
    match scalar(value) {
        Some(scalar) => to.value(scalar),
        None if value.kind() == Kind::List => value.inside().for_each(|inside| give(inside, to)),
        None => deep(value, to),
    }
}

fn deep(value: Val<'_>, to: &mut impl TakeFields) {
    for inside in value.inside() {
        match scalar(inside) {
            Some(scalar) => to.deep(scalar),
            None => deep(inside, to),
        }
    }
}

fn scalar(value: Val<'_>) -> Option<Scalar<'_>> {
    Some(match value.kind() {
        Kind::Text => Scalar::Text(value.text()),
        Kind::Number => Scalar::Number(value.text()),
        Kind::True => Scalar::Bool(true),
        Kind::False => Scalar::Bool(false),
        Kind::Null => Scalar::Null,
        Kind::List | Kind::Map => return None,
    })
}

fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
