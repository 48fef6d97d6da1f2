//! Which rules mean the event, and the further names under which they look for its fields.

use std::borrow::Cow;

use khien_base::LogSource;
use khien_base::event::Scalar;

use super::plan::{Plan, Value};
use super::{Added, Beside, Made};
use crate::tape::{Kind, Val};
use crate::taxonomy::{self, Channel, Copying, Entry, Form};

/// What a channel and a number mean for events of a shape.
#[derive(Debug)]
pub(super) struct Placing {
    channel: String,
    id: Option<u64>,
    known: &'static Channel,
    steps: Vec<Step>,
}

/// An entry of the table, with where the fields that it names stand.
#[derive(Debug)]
struct Step {
    entry: &'static Entry,
    when: Vec<(Source, &'static [String])>,
    copies: Vec<Copy>,
}

#[derive(Debug)]
struct Copy {
    copying: &'static Copying,
    from: Vec<Source>,
    /// Whether the event has a field of the new name already.
    there: bool,
}

/// A name of the table, and its place in the layout.
type Source = (&'static str, Option<usize>);

/// Placings kept of a shape.
const KEPT: usize = 8;

impl Plan {
    /// The log source and the OCSF class; adds the fields that the table adds. `None` where the plain reading knows more.
    pub(super) fn log(&mut self, root: Val<'_>, beside: &mut Beside) -> Option<(&'static LogSource, u32)> {
        let channel = self.channel.map(|channel| root.at(channel).text()).unwrap_or_default();
        let is = |placing: &Placing| placing.id == beside.id && placing.channel == channel;
        let known = match self.placings.iter().position(is) {
            Some(known) => known,
            None => {
                if self.placings.len() >= KEPT {
                    self.placings.remove(0);
                }
                let placing = self.placing(&channel, beside.id);
                self.placings.push(placing);
                self.placings.len() - 1
            }
        };
        let placing = self.placings.get(known)?;
        let (mut category, mut class_uid) = (None, 0);
        let mut at = At { plan: self, root, beside };
        for step in &placing.steps {
            let copied = step.copies.iter().flat_map(|copy| &copy.from);
            if step.when.iter().map(|(source, _)| source).chain(copied).any(|source| at.shown_otherwise(*source)) {
                return None;
            }
            if category.is_some() && step.entry.category.is_some() || !at.holds(&step.when) {
                continue;
            }
            category = category.or(step.entry.category.as_deref());
            class_uid = if class_uid == 0 { step.entry.class } else { class_uid };
            step.copies.iter().for_each(|copy| at.copy(copy));
        }
        Some((placing.known.log(category), class_uid))
    }

    fn placing(&self, channel: &str, id: Option<u64>) -> Placing {
        let known = taxonomy::channel(channel);
        let source = |name: &'static String| (name.as_str(), self.find(name));
        let step = |entry: &'static Entry| Step {
            entry,
            when: entry.when.iter().map(|(name, wanted)| (source(name), wanted.as_slice())).collect(),
            copies: (entry.copy.iter())
                .map(|copying| Copy {
                    copying,
                    from: copying.from.iter().map(source).collect(),
                    there: self.find(&copying.to).is_some(),
                })
                .collect(),
        };
        Placing { channel: channel.to_owned(), id, known, steps: known.entries(id).map(step).collect() }
    }
}

/// An event that is being placed.
struct At<'p> {
    plan: &'p Plan,
    root: Val<'p>,
    beside: &'p mut Beside,
}

impl At<'_> {
    /// The value of a field of the event or of one that was added.
    fn find(&self, (name, place): Source) -> Option<Made> {
        let added = || self.beside.added.iter().find(|added| added.name == name).map(|added| added.value);
        place.map(Made::Of).or_else(added)
    }

    fn value(&self, made: Made) -> Option<Val<'_>> {
        let Made::Of(place) = made else { return None };
        match self.plan.value(place)? {
            Value::At(at) => Some(self.root.at(at)),
            Value::Id(at) => self.beside.id.is_none().then(|| self.root.at(at)),
            Value::List(..) => None,
        }
    }

    fn holds(&self, when: &[(Source, &'static [String])]) -> bool {
        when.iter().all(|(source, wanted)| {
            let have = self.find(*source).and_then(|made| self.text(made)).unwrap_or_default();
            wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(&have))
        })
    }

    /// Whether the text of a field is another than what stands in the line: a list, a map, or a number such as `50e3`,
    /// which the plain reading shows as 50000.0.
    fn shown_otherwise(&self, source: Source) -> bool {
        let Some(made) = self.find(source) else { return false };
        if let Made::Of(place) = made
            && matches!(self.plan.value(place), Some(Value::List(..)))
        {
            return true;
        }
        self.value(made).is_some_and(|value| match value.kind() {
            Kind::Map | Kind::List => true,
            Kind::Number => !Scalar::is_plain(value.written()),
            _ => false,
        })
    }

    /// A value as text; `None` for a list or map, whose text nobody compares.
    fn text(&self, made: Made) -> Option<Cow<'_, str>> {
        match made {
            Made::Text(start, end) | Made::Number(start, end) => Some(self.beside.made(start, end).into()),
            Made::Fixed(text) => Some(text.into()),
            Made::Of(place) => match self.value(made) {
                Some(value) => match value.kind() {
                    Kind::Text | Kind::Number => Some(value.text()),
                    Kind::True => Some("true".into()),
                    Kind::False => Some("false".into()),
                    _ => None,
                },
                None if matches!(self.plan.value(place), Some(Value::Id(_))) => {
                    self.beside.id.map(|id| id.to_string().into())
                }
                None => None,
            },
        }
    }

    fn copy(&mut self, copy: &Copy) {
        let Copy { copying, from, there } = copy;
        if *there || self.beside.added.iter().any(|added| added.name == copying.to) {
            return;
        }
        let said: Vec<(Made, String)> = (from.iter())
            .filter_map(|source| self.find(*source))
            .filter_map(|made| Some((made, self.text(made)?.into_owned())))
            .filter(|(_, text)| !text.is_empty() && text != "-")
            .collect();
        let (one, text) = match said.as_slice() {
            [] => return,
            [(made, text)] => (Some(*made), text.clone()),
            several => (None, several.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(&copying.join)),
        };
        let translated = |text: &str| copying.values.get(text).map(|known| Made::Fixed(known));
        let value = match copying.form {
            None => translated(&text).or(one).unwrap_or_else(|| self.text_value(&text)),
            Some(Form::Decimal) => match taxonomy::decimal_of(Kind::Text, &text) {
                Some(number) => {
                    let (start, end) = self.beside.make(|made| made.push_str(&number.to_string()));
                    Made::Number(start, end)
                }
                None => one.unwrap_or_else(|| self.text_value(&text)),
            },
            Some(Form::Registry) => {
                let path = taxonomy::registry(&text);
                translated(&path).unwrap_or_else(|| self.text_value(&path))
            }
        };
        self.beside.added.push(Added { name: &copying.to, value });
    }

    fn text_value(&mut self, text: &str) -> Made {
        let (start, end) = self.beside.make(|made| made.push_str(text));
        Made::Text(start, end)
    }
}
