//! Which rules mean the event, and the further names under which they look for its fields.

use khien_base::LogSource;
use khien_base::event::Scalar;

use super::{Lean, Name, Value};
use crate::tape::{Kind, Val};
use crate::taxonomy::{self, Form};

impl Lean {
    pub(super) fn place(&mut self, doc: Val<'_>, channel: &str, id: Option<u64>) -> Option<&'static LogSource> {
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
        matches!(value.kind(), Kind::Map | Kind::List)
            || value.kind() == Kind::Number && !Scalar::is_plain(value.text())
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
