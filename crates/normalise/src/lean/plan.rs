//! Where the fields of events of one shape stand.

use std::collections::HashSet;
use std::sync::OnceLock;

use khien_base::event::Layout;

use super::place::Placing;
use super::record::Template;
use crate::flatten::FIXED;
use crate::ndjson::is_windows;
use crate::tape::{Kind, Val};

/// Where the fields of an event stand.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) layout: Layout,
    /// Whether it serves all events of a shape.
    pub(super) again: bool,
    /// By place of the layout.
    values: Vec<Value>,
    /// Values of lists that stand nowhere in the line as a list.
    lists: Vec<u32>,
    /// Where the number of the event stands.
    pub(super) id: Option<u32>,
    /// Where the channel stands.
    pub(super) channel: Option<u32>,
    /// What the channels and numbers that came mean.
    pub(super) placings: Vec<Placing>,
    /// Values that may say when it happened, the first that does counts, and whether each is UTC by its meaning.
    pub(super) times: Vec<(u32, bool)>,
    pub(super) template: OnceLock<Option<Template>>,
}

/// The value of a field.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value {
    /// A value of the line.
    At(u32),
    /// A range of [`Plan::lists`].
    List(u32, u32),
    /// The number of the event.
    Id(u32),
}

impl Plan {
    pub(super) fn value(&self, place: usize) -> Option<Value> {
        self.values.get(place).copied()
    }

    pub(super) fn list(&self, start: u32, end: u32) -> &[u32] {
        self.lists.get(start as usize..end as usize).unwrap_or_default()
    }

    /// The place of a name in the layout.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.layout.names().iter().position(|known| **known == *name)
    }
}

/// A plan that is being made.
#[derive(Debug)]
pub(super) struct Planning<'l> {
    pub(super) root: Val<'l>,
    fields: Vec<Field>,
    pub(super) lists: Vec<u32>,
    id: Option<u32>,
    pub(super) channel: Option<u32>,
    pub(super) times: Vec<(u32, bool)>,
    /// Whether the names of fields stand in values.
    pub(super) named_by_values: bool,
}

#[derive(Debug)]
struct Field {
    name: String,
    value: Value,
    /// Whether it came with EventData and not with System.
    payload: bool,
}

impl<'l> Planning<'l> {
    /// Plans for events such as this one; `None` when they are to be read plainly.
    pub(super) fn of(root: Val<'l>) -> Option<Self> {
        if !root.is_map() || repeats(root) {
            return None;
        }
        let mut planning = Self {
            root,
            fields: Vec::new(),
            lists: Vec::new(),
            id: None,
            channel: None,
            times: Vec::new(),
            named_by_values: false,
        };
        let shape = Shape::of(root);
        if let Some(event) = shape.event.filter(|event| event.get("System").is_some_and(|system| system.is_map())) {
            planning.nested(event)?;
        } else if shape.odd {
            return None;
        } else if shape.system.is_some_and(|system| system.is_map()) && shape.event_data {
            planning.nested(root)?;
        } else if let Some(log) = shape.winlog {
            planning.winlogbeat(log)?;
        } else if shape.id && shape.windows {
            planning.flat()?;
        } else {
            return None;
        }
        planning.settle()?;
        Some(planning)
    }

    /// Whether all events of the shape have their fields where this one has them.
    pub(super) fn serves_shape(&self) -> bool {
        !self.named_by_values
    }

    pub(super) fn finish(self, again: bool) -> Plan {
        let (names, values) = self.fields.into_iter().map(|field| (field.name.into(), field.value)).unzip();
        Plan {
            layout: Layout::new(names),
            again,
            values,
            lists: self.lists,
            id: self.id,
            channel: self.channel,
            placings: Vec::new(),
            times: self.times,
            template: OnceLock::new(),
        }
    }

    pub(super) fn find(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.name == name)
    }

    /// The value of a field of the payload.
    pub(super) fn value_of(&self, name: &str) -> Option<Value> {
        self.fields.iter().find(|field| field.payload && field.name == name).map(|field| field.value)
    }

    /// Adds what a shipper says beside the event, under its own name, unless the event says it.
    pub(super) fn put_beside(&mut self, name: &str, value: Val<'_>) {
        if self.value_of(name).is_none() {
            self.fields.push(Field { name: name.to_owned(), value: Value::At(value.place()), payload: true });
        }
    }

    fn find_in(&mut self, name: &str, payload: bool) -> Option<&mut Field> {
        self.fields.iter_mut().find(|field| field.payload == payload && field.name == name)
    }

    /// Sets a field of System, unless there is nothing to say.
    pub(super) fn set(&mut self, name: &str, value: Option<Val<'_>>) {
        let Some(value) = value.filter(|value| value.kind() != Kind::Null) else { return };
        self.set_value(name, Value::At(value.place()));
    }

    fn set_value(&mut self, name: &str, value: Value) {
        match self.find_in(name, false) {
            Some(field) => field.value = value,
            None => self.fields.push(Field { name: name.to_owned(), value, payload: false }),
        }
    }

    /// The event's number.
    pub(super) fn set_id(&mut self, value: Option<Val<'_>>) {
        if let Some(value) = value.filter(|value| value.kind() != Kind::Null) {
            self.id = Some(value.place());
            self.set_value("EventID", Value::Id(value.place()));
        }
    }

    /// Adds a field of the payload under its name without spaces; a second one of a name says of which element it is.
    pub(super) fn put(&mut self, element: &str, name: &str, value: Value) {
        let name: String = name.chars().filter(|c| !c.is_whitespace()).collect();
        if self.find_in(&name, true).is_none() {
            return self.fields.push(Field { name, value, payload: true });
        }
        let longer = format!("{element}_{name}");
        match self.find_in(&longer, true) {
            Some(field) => field.value = value,
            None => self.fields.push(Field { name: longer, value, payload: true }),
        }
    }

    /// Puts payload and System together: the payload wins, but for what tells the event apart. `None` where a name that
    /// this makes is there already.
    fn settle(&mut self) -> Option<()> {
        for at in 0..self.fields.len() {
            let Some(field) = self.fields.get(at).filter(|field| !field.payload) else { continue };
            let name = field.name.clone();
            if !self.fields.iter().any(|other| other.payload && other.name == name) {
                continue;
            }
            let fixed = FIXED.contains(&name.as_str());
            let longer = format!("{}_{name}", if fixed { "EventData" } else { "System" });
            if self.find(&longer) {
                return None;
            }
            if let Some(renamed) = self.find_in(&name, fixed) {
                renamed.name = longer;
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
    winlog: Option<Val<'l>>,
    id: bool,
    windows: bool,
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
                name if is_windows(name) => shape.windows = true,
                "winlog" if value.is_map() => shape.winlog = Some(value),
                // Suricata, and Winlogbeat before 7; some write "winlog.event_id".
                "event_type" | "event_data" | "winlog" => shape.odd = true,
                name => shape.odd |= name.starts_with("winlog."),
            }
        }
        shape
    }
}

/// Whether a map anywhere in a value has a name twice: the plain reading knows the last of them only.
fn repeats(value: Val<'_>) -> bool {
    let mut seen = HashSet::new();
    value.inside().any(|inner| value.is_map() && !seen.insert(inner.name()) || repeats(inner))
}
