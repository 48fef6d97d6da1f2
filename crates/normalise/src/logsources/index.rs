//! Entries by the fields that tell them apart: an event is asked once for each of its own names.

use rustc_hash::FxHashMap;
use serde_json::{Map, Value};

use super::Entry;
use super::fields::{all, at};
use crate::taxonomy::text;

/// Entries that share a key.
#[derive(Debug, Default)]
struct Key {
    /// The field, as the entries write it.
    path: String,
    /// Value in lower case -> entries.
    by_value: FxHashMap<String, Vec<usize>>,
    /// Entries of any value.
    any: Vec<usize>,
}

/// All entries.
#[derive(Debug)]
pub(super) struct Index {
    entries: Vec<Entry>,
    /// Name at the top of an event -> the keys that begin with it.
    by_name: FxHashMap<String, Vec<usize>>,
    keys: Vec<Key>,
}

impl Index {
    pub(super) fn new(mut entries: Vec<Entry>) -> Self {
        for pattern in entries.iter_mut().flat_map(|entry| entry.when.values_mut()).flatten() {
            *pattern = pattern.to_lowercase();
        }
        let mut index = Self { entries: Vec::new(), by_name: FxHashMap::default(), keys: Vec::new() };
        for (at, entry) in entries.iter().enumerate() {
            let key = index.key(&entry.key);
            let Some(key) = index.keys.get_mut(key) else { continue };
            if entry.is.is_empty() {
                key.any.push(at);
            }
            for value in &entry.is {
                key.by_value.entry(value.to_lowercase()).or_default().push(at);
            }
        }
        index.entries = entries;
        index
    }

    /// The place of a key, which is made where there is none.
    fn key(&mut self, path: &str) -> usize {
        if let Some(place) = self.keys.iter().position(|key| key.path == path) {
            return place;
        }
        let place = self.keys.len();
        self.keys.push(Key { path: path.to_owned(), ..Key::default() });
        // A name with dots may stand in the event as it is, or as objects in objects.
        let head = path.split('.').next().unwrap_or_default();
        self.by_name.entry(path.to_owned()).or_default().push(place);
        if head != path {
            self.by_name.entry(head.to_owned()).or_default().push(place);
        }
        place
    }

    /// The first entry that an event is of.
    pub(super) fn find(&self, fields: &Map<String, Value>) -> Option<&Entry> {
        let mut found: Option<usize> = None;
        let keys = fields.keys().filter_map(|name| self.by_name.get(name.as_str())).flatten();
        for key in keys.filter_map(|place| self.keys.get(*place)) {
            let values = all(fields, &key.path);
            if values.is_empty() {
                continue;
            }
            let named = values.iter().filter(|value| !key.by_value.is_empty() && !value.is_object());
            let named = named.filter_map(|value| key.by_value.get(&text(value).to_lowercase())).flatten();
            for place in key.any.iter().chain(named) {
                let earlier = found.is_none_or(|before| *place < before);
                if earlier && self.entries.get(*place).is_some_and(|entry| holds(entry, fields)) {
                    found = Some(*place);
                }
            }
        }
        self.entries.get(found?)
    }
}

fn holds(entry: &Entry, fields: &Map<String, Value>) -> bool {
    entry.has.iter().all(|path| at(fields, path).is_some())
        && entry.when.iter().all(|(path, wanted)| {
            all(fields, path).into_iter().any(|value| {
                let said = text(value).to_lowercase();
                wanted.iter().any(|pattern| fits(pattern, &said))
            })
        })
}

/// Whether a text in lower case is what a pattern says, which may have a `*` at its start and its end.
pub(crate) fn fits(pattern: &str, said: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(""), _) => true,
        (Some(tail), Some(_)) => said.contains(tail.strip_suffix('*').unwrap_or(tail)),
        (Some(tail), None) => said.ends_with(tail),
        (None, Some(head)) => said.starts_with(head),
        (None, None) => said == pattern,
    }
}
