//! A Windows event in JSON read without a tree: its log source and the fields that rules name for detection, and for
//! the store its record with columns for search.
//!
//! What the plain reading ([`crate::decode_line`]) makes of a line is the definition. This one knows the three shapes
//! in which Windows events come in bulk, `{"Event":{"System":…}}`, Winlogbeat's and all fields at the top level, gives
//! the same fields for them, and says of every other line that it is to be read plainly. Tests hold it to that.
//!
//! Where the fields of an event stand depends on the names in it and on the kinds of its values: on its *shape*. It is
//! found out once for a shape and kept as a [`Plan`].

mod flat;
mod nested;
mod place;
mod plan;
mod record;
mod winlogbeat;

use std::fmt::Write as _;

use khien_base::LogSource;
use khien_base::event::{GiveFields, Layout, Scalar, TakeFields};

use crate::ndjson::DEPTH;
use crate::tape::{Kind, Tape, Val};
use crate::taxonomy;
use plan::{Plan, Planning, Value};

/// Plans that are kept, some KiB each; events of further shapes are planned one by one.
const PLANS: usize = 2_048;

/// Reads one line after another; its memory is kept.
#[derive(Debug, Default)]
pub struct Lean {
    tape: Tape,
    /// By shape, a place in `plans`; 0 for shapes that nothing is known of.
    known: Vec<usize>,
    /// What was found out about shapes; `None` where events are to be read plainly.
    plans: Vec<Option<Plan>>,
    /// The generation of shapes that they belong to.
    generation: u64,
    /// What came beside the fields of the layout.
    beside: Beside,
}

/// What an event has that does not stand in its line.
#[derive(Debug, Default)]
struct Beside {
    /// The number of the event.
    id: Option<u64>,
    /// The same as text, where it is written otherwise.
    id_text: Option<(u32, u32)>,
    /// Fields that the table of log sources adds.
    added: Vec<Added>,
    made: String,
}

/// A field that the event does not have under this name.
#[derive(Debug, Clone, Copy)]
struct Added {
    name: &'static str,
    value: Made,
}

#[derive(Debug, Clone, Copy)]
enum Made {
    /// The value of a field of the layout.
    Of(usize),
    Text(u32, u32),
    Number(u32, u32),
    Fixed(&'static str),
}

/// An event that was read.
#[derive(Debug)]
pub struct LeanEvent<'l> {
    root: Val<'l>,
    plan: &'l Plan,
    beside: &'l Beside,
    line: &'l str,
    log: &'static LogSource,
    class_uid: u32,
    /// Whether letters may be hidden in escapes.
    hides: bool,
}

impl Lean {
    /// Reads a line. `None` when it is to be read plainly: no JSON, another shape, or more than this reading knows.
    pub fn read<'l>(&'l mut self, line: &'l str) -> Option<LeanEvent<'l>> {
        let line = line.strip_prefix('\u{feff}').unwrap_or(line);
        let (_, shape) = self.tape.read(line, DEPTH).ok()?;
        let odd = self.tape.odd();
        if odd.names {
            return None;
        }
        let place = self.plan(line, shape);
        let Self { tape, plans, beside, .. } = self;
        let root = tape.root(line);
        let plan = plans.get_mut(place)?.as_mut()?;
        beside.begin(plan.id.map(|id| root.at(id)));
        let (log, class_uid) = plan.log(root, beside)?;
        Some(LeanEvent { root, plan, beside, line, log, class_uid, hides: odd.hides })
    }

    /// Where the plan of the document that was just read stands.
    fn plan(&mut self, line: &str, shape: u32) -> usize {
        // The first place is for a plan that serves one event alone.
        if self.generation != self.tape.generation() || self.plans.is_empty() {
            self.generation = self.tape.generation();
            self.known.clear();
            self.plans.clear();
            self.plans.push(None);
        }
        if let Some(place) = self.known.get(shape as usize).filter(|place| **place > 0) {
            return *place;
        }
        let planning = Planning::of(self.tape.root(line));
        let room = self.plans.len() < PLANS;
        let again = room && shape != 0 && planning.as_ref().is_none_or(Planning::serves_shape);
        let plan = planning.map(|planning| planning.finish(again));
        if again {
            let (shape, place) = (shape as usize, self.plans.len());
            if self.known.len() <= shape {
                self.known.resize(shape + 1, 0);
            }
            if let Some(known) = self.known.get_mut(shape) {
                *known = place;
            }
            self.plans.push(plan);
            return place;
        }
        if let Some(alone) = self.plans.first_mut() {
            *alone = plan;
        }
        0
    }
}

impl Beside {
    fn begin(&mut self, id: Option<Val<'_>>) {
        self.added.clear();
        self.made.clear();
        self.id = id.and_then(|id| taxonomy::decimal_of(id.kind(), &id.text()));
        self.id_text = None;
        if let (Some(number), Some(value)) = (self.id, id)
            && (value.kind() != Kind::Number || !Scalar::is_plain(value.written()))
        {
            self.id_text = Some(self.make(|made| {
                let _ = write!(made, "{number}");
            }));
        }
    }

    fn make(&mut self, write: impl FnOnce(&mut String)) -> (u32, u32) {
        let start = self.made.len();
        write(&mut self.made);
        (narrow(start), narrow(self.made.len()))
    }

    fn made(&self, start: u32, end: u32) -> &str {
        self.made.get(start as usize..end as usize).unwrap_or_default()
    }
}

impl LeanEvent<'_> {
    /// Which rules mean the event.
    pub fn log(&self) -> &'static LogSource {
        self.log
    }
}

impl GiveFields for LeanEvent<'_> {
    fn layout(&self) -> Option<&Layout> {
        self.plan.again.then_some(&self.plan.layout)
    }

    fn give_at(&self, place: usize, to: &mut impl TakeFields) {
        match self.plan.value(place) {
            Some(Value::At(at)) => give(self.root.at(at), to),
            Some(Value::List(start, end)) => {
                self.plan.list(start, end).iter().for_each(|at| give(self.root.at(*at), to));
            }
            Some(Value::Id(at)) => match self.beside.id_text {
                Some((start, end)) => to.value(Scalar::Number(self.beside.made(start, end))),
                None => give(self.root.at(at), to),
            },
            None => {}
        }
    }

    fn give_others(&self, to: &mut impl TakeFields) {
        if !self.plan.again {
            for (place, name) in self.plan.layout.names().iter().enumerate() {
                if to.field(name) {
                    self.give_at(place, to);
                }
            }
        }
        for added in &self.beside.added {
            if !to.field(added.name) {
                continue;
            }
            match added.value {
                Made::Of(place) => self.give_at(place, to),
                Made::Text(start, end) => to.value(Scalar::Text(self.beside.made(start, end))),
                Made::Number(start, end) => to.value(Scalar::Number(self.beside.made(start, end))),
                Made::Fixed(text) => to.value(Scalar::Text(text)),
            }
        }
    }

    fn line(&self) -> Option<&str> {
        (!self.hides).then_some(self.line)
    }
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
        Kind::Text if value.is_escaped() => Scalar::Escaped(value.written()),
        Kind::Text => Scalar::Text(value.written()),
        Kind::Number => Scalar::Number(value.written()),
        Kind::True => Scalar::Bool(true),
        Kind::False => Scalar::Bool(false),
        Kind::Null => Scalar::Null,
        Kind::List | Kind::Map => return None,
    })
}

fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
