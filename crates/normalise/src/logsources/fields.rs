//! Fields of an event by their paths, and the further names that are given to them.

use std::collections::HashMap;
use std::net::IpAddr;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::taxonomy::text;

/// Most values that one name is given.
const MOST: usize = 256;

/// A field that is added under a further name; one that is there stays.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Copying {
    to: String,
    /// The first of these paths that leads to something.
    from: Vec<String>,
    /// What stands between several values that become one text; without it they stay a list.
    join: Option<String>,
    #[serde(rename = "as")]
    form: Option<Form>,
    /// Exact values and what they are called.
    #[serde(default)]
    values: HashMap<String, String>,
    /// Whether it takes the place of a field that has the name already.
    #[serde(default)]
    over: bool,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Form {
    /// Lists and objects as the text that they are in JSON: rules look for words in it.
    Json,
    /// What stands after the last dot: `#microsoft.graph.x` becomes `x`.
    Tail,
    /// What stands after the last slash: `projects/p/logs/x` becomes `x`.
    Name,
    /// What stands after the `?` of an address.
    Query,
    /// The ending of an address' path, without its dot.
    Extension,
}

impl Copying {
    pub(super) fn apply(&self, fields: &mut Map<String, Value>) {
        if !self.over && fields.contains_key(&self.to) {
            return;
        }
        let Some(found) = self.from.iter().map(|path| all(fields, path)).find(|found| !found.is_empty()) else {
            return;
        };
        let value = match (found.as_slice(), &self.join) {
            ([one], _) => (*one).clone(),
            (several, None) => Value::Array(several.iter().map(|value| (*value).clone()).collect()),
            (several, Some(join)) => Value::from(several.iter().map(|v| text(v)).collect::<Vec<_>>().join(join)),
        };
        let value = match (self.form, value) {
            (None, value) => value,
            (Some(Form::Json), value @ Value::String(_)) => value,
            (Some(Form::Json), value) => Value::from(value.to_string()),
            (Some(Form::Tail), value) => {
                let said = text(&value);
                Value::from(said.rsplit_once('.').map_or(said.as_str(), |(_, tail)| tail))
            }
            (Some(Form::Name), value) => {
                let said = text(&value);
                Value::from(said.rsplit_once('/').map_or(said.as_str(), |(_, name)| name))
            }
            (Some(Form::Query), value) => match query(&text(&value)) {
                Some(query) => Value::from(query),
                None => return,
            },
            (Some(Form::Extension), value) => match extension(&text(&value)) {
                Some(extension) => Value::from(extension),
                None => return,
            },
        };
        let value = match self.values.get(&text(&value)) {
            Some(known) => Value::from(known.as_str()),
            None => value,
        };
        fields.insert(self.to.clone(), value);
    }
}

/// The value at a path of names parted by dots, or under the whole path as one name; none of null.
pub(crate) fn at<'a>(fields: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    match fields.get(path) {
        Some(Value::Null) => None,
        Some(value) => Some(value),
        None => {
            let (first, rest) = path.split_once('.')?;
            at(fields.get(first)?.as_object()?, rest)
        }
    }
}

/// Every value at a path: lists on the way and at the end stand for their elements.
pub(super) fn all<'a>(fields: &'a Map<String, Value>, path: &str) -> Vec<&'a Value> {
    let mut found = Vec::new();
    gather(fields, path, &mut found);
    found
}

fn gather<'a>(fields: &'a Map<String, Value>, path: &str, found: &mut Vec<&'a Value>) {
    if let Some(value) = fields.get(path) {
        each(value, &mut |value| {
            if !value.is_null() && found.len() < MOST {
                found.push(value);
            }
        });
        return;
    }
    let Some((first, rest)) = path.split_once('.') else { return };
    if let Some(value) = fields.get(first) {
        each(value, &mut |value| {
            if let Value::Object(inner) = value {
                gather(inner, rest, found);
            }
        });
    }
}

fn each<'a>(value: &'a Value, take: &mut impl FnMut(&'a Value)) {
    match value {
        Value::Array(items) => items.iter().for_each(take),
        one => take(one),
    }
}

/// The first value at a path that is neither list nor object and says something, as text.
pub(super) fn first(fields: &Map<String, Value>, path: &str) -> Option<String> {
    let plain = |value: &&Value| !value.is_array() && !value.is_object();
    all(fields, path).into_iter().filter(plain).map(text).find(|said| !said.is_empty())
}

/// Makes the members of an object fields of the event too; those that are there stay.
pub(super) fn lift(fields: &mut Map<String, Value>, path: &str) {
    let Some(Value::Object(members)) = at(fields, path).cloned() else { return };
    for (name, value) in members {
        fields.entry(name).or_insert(value);
    }
}

/// Makes fields of a list of names and values.
pub(super) fn spread(fields: &mut Map<String, Value>, from: &str, name: &str, value: &str) {
    let made: Vec<(String, Value)> = all(fields, from)
        .into_iter()
        .filter_map(|one| {
            let one = one.as_object()?;
            Some((text(one.get(name)?).to_lowercase(), one.get(value)?.clone()))
        })
        .collect();
    for (name, value) in made {
        fields.entry(name).or_insert(value);
    }
}

/// What stands after the `?` of an address.
pub(crate) fn query(address: &str) -> Option<&str> {
    address.split_once('?').map(|(_, query)| query)
}

/// The host of an address (`https://host:port/…`, `host:port`, `//host/…`), without its port.
pub(crate) fn host(address: &str) -> Option<&str> {
    let rest = address.split_once("//").map_or(address, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    Some(host).filter(|host| !host.is_empty())
}

/// The ending of the path of an address, without its dot.
pub(crate) fn extension(address: &str) -> Option<&str> {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let path = path.split_once("://").map_or(path, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    let (_, ending) = path.rsplit('/').next()?.rsplit_once('.')?;
    Some(ending).filter(|ending| !ending.is_empty() && ending.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// A request to an address inside is one to our web server; a request to one outside is what a proxy would see.
pub(super) fn category_of_request(to: Option<&str>) -> &'static str {
    let inside = match to.and_then(|address| address.parse().ok()) {
        Some(IpAddr::V4(ip)) => ip.is_private(),
        Some(IpAddr::V6(ip)) => ip.is_unique_local(),
        None => false,
    };
    if inside { "webserver" } else { "proxy" }
}

#[cfg(test)]
mod tests {
    use super::{extension, host, query};

    #[test]
    fn addresses_are_taken_apart() {
        for (address, ending, asked) in [
            ("http://x.example.net/a/b.exe?c=d.e", Some("exe"), Some("c=d.e")),
            ("http://x.example.net", None, None),
            ("/a.b/c", None, None),
            ("/tai-lieu.tar.gz", Some("gz"), None),
            ("/a.", None, None),
            ("x.example.net:443", None, None),
            ("?", None, Some("")),
        ] {
            let at = if address.contains("x.example.net") { Some("x.example.net") } else { None };
            assert!(at.is_none() || host(address) == at, "{address}: {:?}", host(address));
            assert_eq!((extension(address), query(address)), (ending, asked), "{address}");
        }
    }
}
