//! The fields of a record: a map, or the JSON text of one that is read when somebody asks.

use std::borrow::Cow;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::OnceLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// All fields of a record, by the source's own names; values may be nested. It is used as the map that it stands for.
///
/// Most events are matched and stored without anybody looking at them: a decoder that knows the text of their fields
/// [tells](Self::told) it, and no map is made.
#[derive(Clone, Default)]
pub struct Fields {
    told: Option<Box<Told>>,
    own: Map<String, Value>,
}

#[derive(Clone)]
struct Told {
    full: String,
    shape: String,
    map: OnceLock<Map<String, Value>>,
}

impl Told {
    fn map(&self) -> &Map<String, Value> {
        self.map.get_or_init(|| read(&self.full))
    }
}

/// Who tells fields tells JSON; what is none has no fields.
fn read(full: &str) -> Map<String, Value> {
    serde_json::from_str(full).unwrap_or_default()
}

/// Bytes of the fields of most events.
const ROOM: usize = 768;

fn written(map: &Map<String, Value>) -> String {
    let mut text = Vec::with_capacity(ROOM);
    // A map of strings and values is always written, and as UTF-8.
    let done = serde_json::to_writer(&mut text, map);
    done.ok().and_then(|()| String::from_utf8(text).ok()).unwrap_or_default()
}

impl Fields {
    /// Fields that were read out of the record's raw text without a map: their JSON text, and their [shape](super::shape)
    /// beside that raw text.
    pub fn told(full: String, shape: String) -> Self {
        Self { told: Some(Box::new(Told { full, shape, map: OnceLock::new() })), own: Map::new() }
    }

    /// Whether they are as they were told: reading the raw text again in the same way gives them again.
    pub fn is_lean(&self) -> bool {
        self.told.is_some()
    }

    /// Their JSON text.
    pub fn text(&self) -> Cow<'_, str> {
        match &self.told {
            Some(told) => Cow::Borrowed(&told.full),
            None => Cow::Owned(written(&self.own)),
        }
    }

    /// Their shape beside the record's raw text, where it was told.
    pub fn shape(&self) -> Option<&str> {
        self.told.as_ref().map(|told| told.shape.as_str())
    }

    /// The map.
    pub fn into_map(self) -> Map<String, Value> {
        match self.told {
            Some(told) => told.map.into_inner().unwrap_or_else(|| read(&told.full)),
            None => self.own,
        }
    }

    /// Their shape where it was told, else their JSON text.
    pub fn into_kept(self) -> Kept {
        match self.told {
            Some(told) => Kept::Shape(told.shape),
            None => Kept::Full(self.text().into_owned()),
        }
    }
}

/// How fields are kept.
#[derive(Debug)]
pub enum Kept {
    /// As JSON text.
    Full(String),
    /// As a shape beside the raw text.
    Shape(String),
}

impl Deref for Fields {
    type Target = Map<String, Value>;

    fn deref(&self) -> &Self::Target {
        self.told.as_ref().map_or(&self.own, |told| told.map())
    }
}

impl DerefMut for Fields {
    /// From here on they are nobody's telling any more.
    fn deref_mut(&mut self) -> &mut Self::Target {
        if self.told.is_some() {
            self.own = std::mem::take(self).into_map();
        }
        &mut self.own
    }
}

impl From<Map<String, Value>> for Fields {
    fn from(own: Map<String, Value>) -> Self {
        Self { told: None, own }
    }
}

impl FromIterator<(String, Value)> for Fields {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(fields: I) -> Self {
        Map::from_iter(fields).into()
    }
}

impl IntoIterator for Fields {
    type Item = (String, Value);
    type IntoIter = serde_json::map::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        self.into_map().into_iter()
    }
}

impl<'f> IntoIterator for &'f Fields {
    type Item = (&'f String, &'f Value);
    type IntoIter = serde_json::map::Iter<'f>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl PartialEq for Fields {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(to)
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Map::deserialize(from).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told() -> Fields {
        Fields::told(r#"{"a":1,"b":["x"]}"#.to_owned(), "{\"a\":\u{1}1\u{2},\"b\":[\"\u{1}3\u{2}\"]}".to_owned())
    }

    #[test]
    fn what_was_told_is_the_map_that_it_stands_for() {
        let map = json!({"a": 1, "b": ["x"]}).as_object().unwrap().clone();
        let own = Fields::from(map.clone());
        assert_eq!(told(), own);
        assert_eq!(told()["b"][0], "x");
        assert_eq!(told().into_map(), map);
        assert_eq!(told().text(), own.text());
        assert_eq!(serde_json::to_value(told()).unwrap(), serde_json::to_value(&own).unwrap());
        assert_eq!(serde_json::from_value::<Fields>(json!(map)).unwrap(), own);
        assert!(told().is_lean() && !own.is_lean());
    }

    #[test]
    fn a_change_ends_the_telling() {
        let mut fields = told();
        assert!(fields.shape().is_some());
        fields.insert("c".into(), Value::Null);
        assert!(!fields.is_lean() && fields.shape().is_none());
        assert_eq!(fields.text(), r#"{"a":1,"b":["x"],"c":null}"#);
        assert!(matches!(fields.into_kept(), Kept::Full(_)));
        assert!(matches!(told().into_kept(), Kept::Shape(_)));
    }
}
