//! The whole record of an event that was read without a tree: columns, time, and the text of its fields.
//!
//! Where the fields of an event stand in its line depends on its shape alone, and so does nearly all of the text of its
//! fields and of their shape ([`khien_base::event::shape`]): it is made once for a shape, as a [`Template`], and only the
//! values are put in for each event.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use khien_base::Record;
use khien_base::event::{Fields, Scalar, shape};
use serde_json::Number;

use super::plan::{Plan, Value};
use super::{LeanEvent, Made};
use crate::hot::{Said, windows};
use crate::stamp;
use crate::tape::{Kind, Val};
use crate::taxonomy;

/// Bytes of what is added to the fields, about.
const ROOM: usize = 128;

/// What the texts of the fields of all events of a shape have in common.
#[derive(Debug)]
pub(super) struct Template {
    parts: Vec<Part>,
    /// What comes behind the last value.
    end: String,
    /// Bytes that a shape takes, about.
    room: usize,
    /// By the numbers of fields that columns are filled from, their places in the layout.
    cells: Vec<Option<usize>>,
}

/// A value, and what stands before it.
#[derive(Debug)]
struct Part {
    before: String,
    /// Its place in the line.
    at: u32,
    /// Whether it is the number of the event.
    is_id: bool,
    /// What stands for it in a shape.
    reference: String,
}

impl LeanEvent<'_> {
    /// The record, as the plain reading makes it. `None` when it is to be read plainly.
    pub fn record(&self) -> Option<Record> {
        let template = self.plan.template(self.root)?;
        let channel = match self.plan.channel.map(|at| Cell::Val(self.root.at(at))) {
            Some(channel) if !channel.is_text() => return None,
            Some(channel) => channel.text()?.into_owned(),
            None => String::new(),
        };
        let cells = Cells { event: self, template, added: self.added() };
        let hot = windows::columns_of(&cells, &channel, self.class_uid);
        let (full, shape) = template.texts(self)?;
        Some(Record {
            time: self.time(),
            log: self.log.clone(),
            hot,
            fields: Fields::told(full, shape),
            raw: self.line.to_owned(),
            key: None,
        })
    }

    /// The first of the values that may say it which is a time.
    fn time(&self) -> Option<DateTime<Utc>> {
        self.plan.times.iter().find_map(|(at, utc)| {
            let value = self.root.at(*at);
            match value.kind() {
                Kind::Text if *utc => stamp::of_utc_text(&value.text()),
                Kind::Text => stamp::of_text(&value.text()),
                Kind::Number => stamp::of_number(&value.written().parse().ok()?),
                _ => None,
            }
        })
    }

    /// Fields that the event does not have under the names that columns are filled from.
    fn added(&self) -> Vec<(usize, Made)> {
        let added = self.beside.added.iter();
        added.filter_map(|added| Some((windows::number(added.name)?, added.value))).collect()
    }
}

impl Plan {
    /// What the texts of all events of the shape have in common; `None` where the shape cannot be told.
    fn template(&self, root: Val<'_>) -> Option<&Template> {
        self.template.get_or_init(|| Template::new(self, root)).as_ref()
    }
}

impl Template {
    fn new(plan: &Plan, root: Val<'_>) -> Option<Self> {
        let mut making = Making { tokens: Vec::new(), parts: Vec::new(), pending: "{".to_owned() };
        let mut tokens = 0;
        making.count(root, false, &mut tokens);
        if tokens > shape::TOKENS {
            return None;
        }
        let mut cells = vec![None; windows::count()];
        for (place, name) in plan.layout.names().iter().enumerate() {
            if let Some(cell) = windows::number(name).and_then(|number| cells.get_mut(number)) {
                *cell = Some(place);
            }
            making.pending.push_str(if place > 0 { "," } else { "" });
            making.pending.push_str(&quoted(name));
            making.pending.push(':');
            match plan.value(place)? {
                Value::At(at) => making.value(root.at(at)),
                Value::Id(at) => making.part(root.at(at), true),
                Value::List(start, end) => making.list(plan.list(start, end).iter().map(|at| root.at(*at))),
            }
        }
        let own: usize = making.parts.iter().map(|part| part.before.len() + part.reference.len()).sum();
        Some(Self { room: own + making.pending.len() + ROOM, parts: making.parts, end: making.pending, cells })
    }

    /// The JSON text of the fields, and its shape beside the line.
    fn texts(&self, event: &LeanEvent<'_>) -> Option<(String, String)> {
        let mut full = String::with_capacity(event.line.len() + ROOM);
        let mut shape = String::with_capacity(self.room);
        for part in &self.parts {
            full.push_str(&part.before);
            shape.push_str(&part.before);
            let value = event.root.at(part.at);
            let shown = match event.beside.id_text {
                Some((start, end)) if part.is_id => Some(event.beside.made(start, end).to_owned()),
                None if part.is_id && value.kind() != Kind::Number => Some(json(Cell::Val(value))?),
                _ => shown(value)?,
            };
            match shown {
                None => {
                    full.push_str(value.written());
                    shape.push_str(&part.reference);
                }
                Some(text) => {
                    full.push_str(&text);
                    shape.push_str(&text);
                }
            }
        }
        let mut rest = self.end.clone();
        for (n, added) in event.beside.added.iter().enumerate() {
            rest.push_str(if n > 0 || !self.is_empty() { "," } else { "" });
            rest.push_str(&quoted(added.name));
            rest.push(':');
            rest.push_str(&json(Cell::of(event, added.value))?);
        }
        rest.push('}');
        full.push_str(&rest);
        shape.push_str(&rest);
        Some((full, shape))
    }

    fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.end.len() == 1
    }
}

/// How a text or number is to be written, without the quotes of a text; nothing where it is written so already. `None` for
/// a number that is none.
fn shown(value: Val<'_>) -> Option<Option<String>> {
    let written = value.written();
    Some(match value.kind() {
        Kind::Number if Scalar::is_plain(written) => None,
        Kind::Number => Some(written.parse::<Number>().ok()?.to_string()),
        _ if !value.is_escaped() || is_shortest(written) => None,
        _ => {
            let quoted = quoted(&value.text());
            quoted.get(1..quoted.len().saturating_sub(1)).map(str::to_owned)
        }
    })
}

/// Whether each escape of a text is the shortest for its character, and needed.
fn is_shortest(written: &str) -> bool {
    let mut bytes = written.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'\\' && matches!(bytes.next(), None | Some(b'/' | b'u')) {
            return false;
        }
    }
    true
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A field that does not stand in the line as it is told, as JSON; `None` for a list or map, which are never copied.
fn json(cell: Cell<'_>) -> Option<String> {
    Some(match cell {
        Cell::Val(value) if value.kind() == Kind::Null => "null".to_owned(),
        cell if cell.is_text() => quoted(&cell.text()?),
        cell => cell.text()?.into_owned(),
    })
}

/// A template that is being made.
struct Making {
    /// By place in the line, the number of a value's token in the raw text.
    tokens: Vec<usize>,
    parts: Vec<Part>,
    pending: String,
}

impl Making {
    /// Counts the tokens of a value: each name is one, and each value that is neither list nor map.
    fn count(&mut self, value: Val<'_>, is_named: bool, tokens: &mut usize) {
        *tokens += usize::from(is_named);
        let at = value.place() as usize;
        if self.tokens.len() <= at {
            self.tokens.resize(at + 1, 0);
        }
        if matches!(value.kind(), Kind::List | Kind::Map) {
            value.inside().for_each(|inside| self.count(inside, value.is_map(), tokens));
            return;
        }
        if let Some(token) = self.tokens.get_mut(at) {
            *token = *tokens;
        }
        *tokens += 1;
    }

    fn value(&mut self, value: Val<'_>) {
        match value.kind() {
            Kind::Null => self.pending.push_str("null"),
            Kind::True => self.pending.push_str("true"),
            Kind::False => self.pending.push_str("false"),
            Kind::Number => self.part(value, false),
            Kind::Text => {
                self.pending.push('"');
                self.part(value, false);
                self.pending.push('"');
            }
            Kind::List => self.list(value.inside()),
            Kind::Map => {
                self.pending.push('{');
                for (n, inside) in value.inside().enumerate() {
                    self.pending.push_str(if n > 0 { "," } else { "" });
                    self.pending.push_str(&quoted(inside.name()));
                    self.pending.push(':');
                    self.value(inside);
                }
                self.pending.push('}');
            }
        }
    }

    fn list<'l>(&mut self, values: impl Iterator<Item = Val<'l>>) {
        self.pending.push('[');
        for (n, value) in values.enumerate() {
            self.pending.push_str(if n > 0 { "," } else { "" });
            self.value(value);
        }
        self.pending.push(']');
    }

    fn part(&mut self, value: Val<'_>, is_id: bool) {
        let mut reference = String::new();
        shape::refer_to(&mut reference, self.tokens.get(value.place() as usize).copied().unwrap_or_default());
        let before = std::mem::take(&mut self.pending);
        self.parts.push(Part { before, at: value.place(), is_id, reference });
    }
}

/// The fields of an event by the numbers that columns have for them.
struct Cells<'e> {
    event: &'e LeanEvent<'e>,
    template: &'e Template,
    added: Vec<(usize, Made)>,
}

impl windows::Cells for Cells<'_> {
    fn cell(&self, number: usize) -> Option<impl Said> {
        let own = self.template.cells.get(number).copied().flatten().map(Made::Of);
        let added = || self.added.iter().find(|(of, _)| *of == number).map(|(_, made)| *made);
        own.or_else(added).map(|made| Cell::of(self.event, made))
    }
}

/// The value of a field.
#[derive(Clone, Copy)]
enum Cell<'e> {
    Val(Val<'e>),
    Id(u64),
    Text(&'e str),
    Number(&'e str),
    /// A list of values that stand nowhere as a list.
    List,
}

impl<'e> Cell<'e> {
    fn of(event: &'e LeanEvent<'_>, made: Made) -> Self {
        match made {
            Made::Text(start, end) => Self::Text(event.beside.made(start, end)),
            Made::Number(start, end) => Self::Number(event.beside.made(start, end)),
            Made::Fixed(text) => Self::Text(text),
            Made::Of(place) => match (event.plan.value(place), event.beside.id) {
                (Some(Value::Id(_)), Some(id)) => Self::Id(id),
                (Some(Value::At(at) | Value::Id(at)), _) => Self::Val(event.root.at(at)),
                (Some(Value::List(..)) | None, _) => Self::List,
            },
        }
    }
}

impl Said for Cell<'_> {
    fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Id(id) => Some(id.to_string().into()),
            Self::Text(text) | Self::Number(text) => Some((*text).into()),
            Self::List => None,
            Self::Val(value) => match value.kind() {
                Kind::Null => Some("".into()),
                Kind::True => Some("true".into()),
                Kind::False => Some("false".into()),
                Kind::Number => Some(shown(*value)?.map_or_else(|| value.text(), Cow::Owned)),
                Kind::Text => Some(value.text()),
                Kind::List | Kind::Map => None,
            },
        }
    }

    fn is_text(&self) -> bool {
        matches!(self, Self::Text(_)) || matches!(self, Self::Val(value) if value.kind() == Kind::Text)
    }

    fn decimal(&self) -> Option<u64> {
        match self {
            Self::Id(id) => Some(*id),
            Self::Text(text) => taxonomy::decimal_of(Kind::Text, text),
            Self::Number(text) => taxonomy::decimal_of(Kind::Number, text),
            Self::Val(value) => taxonomy::decimal_of(value.kind(), &value.text()),
            Self::List => None,
        }
    }
}
