//! A Windows event in JSON read for detection alone: its log source and the fields that rules name, without a tree,
//! without columns for search, without a copy of the line.
//!
//! What the plain reading ([`crate::decode_line`]) makes of a line is the definition. This one knows the two shapes in
//! which Windows events come in bulk, `{"Event":{"System":…}}` and all fields at the top level, gives the same fields
//! for them, and says of every other line that it is to be read plainly. Tests hold it to that.

use khien_base::LogSource;
use khien_base::event::{Scalar, TakeFields};

use crate::flatten::FIXED;
use crate::ndjson::DEPTH;
use crate::tape::{Kind, Span, Tape, Val};
use crate::taxonomy::{self, Form};

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
        let read = tape.read(line.trim_start_matches('\u{feff}'), DEPTH);
        let log = read.ok().and_then(|root| self.event(root));
        self.tape = tape;
        Some(LeanEvent { log: log?, lean: self, line: line.trim_start_matches('\u{feff}') })
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

    // {"Event":{"System":…}}

    fn nested(&mut self, event: Val<'_>) -> Option<&'static LogSource> {
        let system = event.get("System")?;
        let id = self.system(event, system);
        let channel = system.get("Channel").map(content).filter(|channel| channel.kind() != Kind::Null);
        for part in ["EventData", "UserData", "ProcessingErrorData", "DebugData", "BinaryEventData"] {
            if let Some(value) = event.get(part) {
                self.payload(event, part, value)?;
            }
        }
        // Attributes beside their element (`EventData_attributes`).
        for attributes in event.inside().filter(|value| value.is_map() && value.name().ends_with("_attributes")) {
            let part = attributes.name().trim_end_matches("_attributes");
            if ["EventData", "UserData", "ProcessingErrorData", "DebugData", "BinaryEventData"].contains(&part) {
                return None;
            }
        }
        if let Some(message) = event.get("RenderingInfo").and_then(|info| info.get("Message")) {
            self.set(event, "Message", Some(message));
        }
        self.settle(event);
        let channel = channel.map(|channel| channel.text()).unwrap_or_default();
        self.place(event, channel, id)
    }

    fn system(&mut self, doc: Val<'_>, system: Val<'_>) -> Option<u64> {
        let mut id = None;
        for value in system.inside() {
            let attribute = |name: &'static str| attribute(value, name);
            match value.name() {
                "Provider" | "Provider_attributes" => {
                    self.set(doc, "Provider_Name", attribute("Name"));
                    self.set(doc, "Provider_Guid", attribute("Guid"));
                    self.set(doc, "Provider_EventSourceName", attribute("EventSourceName"));
                }
                "EventID" => {
                    id = self.set_id(doc, Some(content(value)));
                    self.set(doc, "Qualifiers", attribute("Qualifiers"));
                }
                "EventID_attributes" => self.set(doc, "Qualifiers", attribute("Qualifiers")),
                "Version" => self.set(doc, "Version", Some(content(value))),
                "Level" => self.set(doc, "Level", Some(content(value))),
                "Task" => self.set(doc, "Task", Some(content(value))),
                "Opcode" => self.set(doc, "Opcode", Some(content(value))),
                "Keywords" => self.set(doc, "Keywords", Some(content(value))),
                "Channel" => self.set(doc, "Channel", Some(content(value))),
                "Computer" => self.set(doc, "Computer", Some(content(value))),
                "EventRecordID" => self.set(doc, "RecordID", Some(content(value))),
                "Correlation" | "Correlation_attributes" => {
                    self.set(doc, "ActivityID", attribute("ActivityID"));
                    self.set(doc, "RelatedActivityID", attribute("RelatedActivityID"));
                }
                "Execution" | "Execution_attributes" => {
                    self.set(doc, "ProcessId", attribute("ProcessID"));
                    self.set(doc, "ThreadId", attribute("ThreadID"));
                }
                "Security" | "Security_attributes" => self.set(doc, "UserID", attribute("UserID")),
                _ => {}
            }
        }
        id
    }

    /// Fields of an element of the payload; `None` where the plain reading knows more.
    fn payload(&mut self, doc: Val<'_>, element: &str, value: Val<'_>) -> Option<()> {
        match value.kind() {
            Kind::Null => {}
            Kind::Map if element != "Data" || value.get("#text").is_none() => {
                for inside in value.inside() {
                    match (inside.name(), inside.kind()) {
                        ("#attributes", Kind::Map) => self.named_attributes(doc, element, inside),
                        ("#text", _) => return None,
                        ("Data", Kind::List) => self.unnamed(doc, inside),
                        (name, Kind::Map) => self.payload(doc, name, inside)?,
                        (name, _) => self.put(
                            doc,
                            element,
                            name,
                            Some(inside.name_span()),
                            Value::At(inside.place()),
                            inside.kind(),
                        ),
                    }
                }
            }
            Kind::Map => match value.get("#text") {
                Some(text) if text.kind() == Kind::List => self.unnamed(doc, text),
                Some(_) | None => return None,
            },
            Kind::List => self.unnamed(doc, value),
            _ => return None,
        }
        Some(())
    }

    fn named_attributes(&mut self, doc: Val<'_>, element: &str, attributes: Val<'_>) {
        for value in attributes.inside() {
            if value.name() != "xmlns" && !value.name().starts_with("xmlns:") {
                let name = format!("{element}_{}", value.name());
                self.put(doc, element, &name, None, Value::At(value.place()), value.kind());
            }
        }
    }

    /// `Data` elements: those with a name are fields, the others stay together as the list `Data`.
    fn unnamed(&mut self, doc: Val<'_>, list: Val<'_>) {
        let start = narrow(self.lists.len());
        for value in list.inside() {
            let name = value.get("@Name").or_else(|| value.get("Name"));
            let name = name.or_else(|| value.get("#attributes")?.get("Name"));
            match name.filter(|name| name.kind() == Kind::Text) {
                Some(name) => {
                    let text = value.get("#text").or_else(|| value.get("content"));
                    if let Some(text) = text {
                        self.put(doc, "EventData", name.text(), None, Value::At(text.place()), text.kind());
                    }
                }
                None if value.kind() == Kind::Null => {}
                None => self.lists.push(content(value).place()),
            }
        }
        let end = narrow(self.lists.len());
        if end > start {
            self.put(doc, "EventData", "Data", None, Value::List(start, end), Kind::List);
        }
    }

    /// Adds a field of the payload under its name without spaces; a second one of a name says of which element it is.
    fn put(&mut self, doc: Val<'_>, element: &str, name: &str, span: Option<Span>, value: Value, kind: Kind) {
        if kind == Kind::Null {
            return;
        }
        let spaced = name.contains(char::is_whitespace);
        let bare;
        let (text, made) = if spaced {
            bare = name.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            (bare.as_str(), None)
        } else {
            (name, span.map(Name::Written))
        };
        if self.find_in(doc, text, true).is_some() {
            let longer = format!("{element}_{text}");
            match self.find_in(doc, &longer, true) {
                Some(at) => self.replace(at, value),
                None => {
                    let (start, end) = self.make(|made| made.push_str(&longer));
                    self.push(&longer, Name::Made(start, end), value, true);
                }
            }
            return;
        }
        let name = match made {
            Some(name) => name,
            None => {
                let (start, end) = self.make(|made| made.push_str(text));
                Name::Made(start, end)
            }
        };
        self.push(text, name, value, true);
    }

    /// Puts payload and System together: the payload wins, but for what tells the event apart.
    fn settle(&mut self, doc: Val<'_>) {
        let mut at = 0;
        while let Some(field) = self.fields.get(at).copied() {
            at += 1;
            if field.payload {
                continue;
            }
            let Name::Fixed(name) = field.name else { continue };
            let Some(twin) = self.find_in(doc, name, true) else { continue };
            if FIXED.contains(&name) {
                let (start, end) = self.make(|made| made.extend(["EventData_", name]));
                if let Some(twin) = self.fields.get_mut(twin) {
                    twin.name = Name::Made(start, end);
                }
                self.seen.add(&format!("EventData_{name}"));
            } else {
                let (start, end) = self.make(|made| made.extend(["System_", name]));
                self.seen.add(&format!("System_{name}"));
                if let Some(field) = self.fields.get_mut(at - 1) {
                    field.name = Name::Made(start, end);
                }
            }
        }
    }

    // All fields at the top level.

    fn flat(&mut self, root: Val<'_>) -> Option<&'static LogSource> {
        // For each field of System the best of the names under which shippers write it.
        let mut best: [Option<(usize, Val<'_>)>; 7] = [None; 7];
        for value in root.inside() {
            if value.name() == "StringInserts" {
                return None;
            }
            if matches!(value.kind(), Kind::Null | Kind::Map) {
                continue;
            }
            if let Some((field, rank)) = of_system(value.name())
                && let Some(best) = best.get_mut(field)
                && best.is_none_or(|(known, _)| rank < known)
            {
                *best = Some((rank, value));
            }
        }
        let (mut id, mut channel) = (None, "");
        for (ours, best) in SYSTEM.iter().zip(best) {
            let Some((_, value)) = best else { continue };
            match *ours {
                "EventID" => id = self.set_id(root, Some(value)),
                "Channel" => {
                    channel =
                        if matches!(value.kind(), Kind::Text | Kind::Number) { value.text() } else { return None };
                    self.set(root, "Channel", Some(value));
                }
                ours => self.set(root, ours, Some(value)),
            }
        }
        for value in root.inside() {
            let taken = best.iter().flatten().any(|(_, taken)| taken.place() == value.place());
            if !taken && value.kind() != Kind::Null {
                if value.name().contains(char::is_whitespace) {
                    return None;
                }
                self.push(value.name(), Name::Written(value.name_span()), Value::At(value.place()), true);
            }
        }
        self.settle(root);
        self.place(root, channel, id)
    }

    // Where rules look for it.

    fn place(&mut self, doc: Val<'_>, channel: &str, id: Option<u64>) -> Option<&'static LogSource> {
        let known = match &self.last {
            Some((last, known)) if last == channel => *known,
            _ => {
                let known = taxonomy::channel(channel);
                self.last = Some((channel.to_owned(), known));
                known
            }
        };
        let mut category = None;
        for entry in known.entries(id) {
            let names = entry.when.keys().chain(entry.copy.iter().flat_map(|copying| &copying.from));
            if names.filter_map(|name| self.find(doc, name)).any(|at| self.shown_otherwise(doc, at)) {
                return None;
            }
            if category.is_some() && entry.category.is_some() || !self.holds(doc, &entry.when) {
                continue;
            }
            category = category.or(entry.category.as_deref());
            for copying in &entry.copy {
                self.copy(doc, copying);
            }
        }
        Some(known.log(category))
    }

    fn holds(&self, doc: Val<'_>, when: &std::collections::HashMap<String, Vec<String>>) -> bool {
        when.iter().all(|(name, wanted)| {
            let have = self.find(doc, name).and_then(|at| self.text(doc, at)).unwrap_or_default();
            wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(have))
        })
    }

    /// Whether the text of a field is another than what stands in the line: a list, a map, or a number such as `50e3`,
    /// which the plain reading shows as 50000.0.
    fn shown_otherwise(&self, doc: Val<'_>, at: usize) -> bool {
        let value = match self.fields.get(at).map(|field| field.value) {
            Some(Value::At(place)) => doc.at(place),
            Some(Value::List(..)) => return true,
            _ => return false,
        };
        let digits = value.text().strip_prefix('-').unwrap_or(value.text());
        let whole = digits.len() <= 18 && digits.bytes().all(|b| b.is_ascii_digit()) && value.text() != "-0";
        matches!(value.kind(), Kind::Map | Kind::List) || value.kind() == Kind::Number && !whole
    }

    /// A field as text; `None` for a list or map, whose text nobody compares.
    fn text<'l>(&'l self, doc: Val<'l>, at: usize) -> Option<&'l str> {
        match self.fields.get(at)?.value {
            Value::At(place) => match doc.at(place) {
                value if matches!(value.kind(), Kind::Text | Kind::Number) => Some(value.text()),
                value if value.kind() == Kind::True => Some("true"),
                value if value.kind() == Kind::False => Some("false"),
                _ => None,
            },
            Value::Text(start, end) | Value::Number(start, end) => self.made.get(start as usize..end as usize),
            Value::Fixed(text) => Some(text),
            Value::List(..) => None,
        }
    }

    fn copy(&mut self, doc: Val<'_>, copying: &'static taxonomy::Copying) {
        if self.find(doc, &copying.to).is_some() {
            return;
        }
        let parts: Vec<usize> = copying.from.iter().filter_map(|name| self.find(doc, name)).collect();
        let said: Vec<(usize, String)> = parts
            .into_iter()
            .filter_map(|at| Some((at, self.text(doc, at)?.to_owned())))
            .filter(|(_, text)| !text.is_empty() && text != "-")
            .collect();
        let value = match said.as_slice() {
            [] => return,
            [(at, text)] => (self.fields.get(*at).map(|field| field.value), text.clone()),
            several => (None, several.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(&copying.join)),
        };
        let made = match (value, copying.form) {
            ((Some(value), text), None) => self.known(copying, &text).unwrap_or(value),
            ((None, text), None) => self.known(copying, &text).unwrap_or_else(|| self.text_value(&text)),
            ((value, text), Some(Form::Decimal)) => match (taxonomy::decimal_of(Kind::Text, &text), value) {
                (Some(number), _) => {
                    let (start, end) = self.make(|made| made.push_str(&number.to_string()));
                    Value::Number(start, end)
                }
                (None, Some(value)) => value,
                (None, None) => self.text_value(&text),
            },
            ((_, text), Some(Form::Registry)) => {
                let path = taxonomy::registry(&text);
                self.known(copying, &path).unwrap_or_else(|| self.text_value(&path))
            }
        };
        self.push(&copying.to, Name::Fixed(&copying.to), made, true);
    }

    fn known(&self, copying: &'static taxonomy::Copying, text: &str) -> Option<Value> {
        copying.values.get(text).map(|known| Value::Fixed(known))
    }

    fn text_value(&mut self, text: &str) -> Value {
        let (start, end) = self.make(|made| made.push_str(text));
        Value::Text(start, end)
    }
}

/// Fields of System in flat events, in the order in which the plain reading looks for them.
const SYSTEM: [&str; 7] = ["Provider_Name", "Provider_Guid", "EventID", "Channel", "Computer", "RecordID", "Level"];

/// Which field of [`SYSTEM`] a shipper means by a name, and how far behind its other names this one stands.
fn of_system(name: &str) -> Option<(usize, usize)> {
    Some(match name {
        "Provider_Name" => (0, 0),
        "ProviderName" => (0, 1),
        "SourceName" => (0, 2),
        "Provider" => (0, 3),
        "Provider_Guid" => (1, 0),
        "ProviderGuid" => (1, 1),
        "EventID" => (2, 0),
        "Channel" => (3, 0),
        "Computer" => (4, 0),
        "Hostname" => (4, 1),
        "ComputerName" => (4, 2),
        "MachineName" => (4, 3),
        "host" => (4, 4),
        "RecordID" => (5, 0),
        "EventRecordID" => (5, 1),
        "RecordNumber" => (5, 2),
        "Level" => (6, 0),
        "Severity" => (6, 1),
        _ => return None,
    })
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

/// The text of an element that may also have attributes.
fn content(value: Val<'_>) -> Val<'_> {
    value.get("#text").unwrap_or(value)
}

/// An attribute of an element, in each of the ways that XML is written as JSON; of `X_attributes` itself.
fn attribute<'l>(element: Val<'l>, name: &str) -> Option<Val<'l>> {
    if !element.is_map() {
        return None;
    }
    let inside = element.get("#attributes").and_then(|attributes| attributes.get(name));
    inside
        .or_else(|| element.inside().filter(|value| value.name().strip_prefix('@') == Some(name)).last())
        .or_else(|| element.get(name))
}

fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
