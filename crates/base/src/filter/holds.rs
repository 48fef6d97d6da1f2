//! Whether an event fits a condition, told plainly: what stores are held to.

use std::net::IpAddr;

use serde_json::{Map, Value};

use super::{Filter, Held, Name, Test};
use crate::Event;
use crate::key::nfc;

impl Filter {
    /// Whether an event fits.
    pub fn holds(&self, event: &Event) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(event)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(event)),
            Self::Not(part) => !part.holds(event),
            Self::Word(word) => occurs(&event.record.raw, word),
            Self::Like(pattern) => Test::Wildcard(format!("*{pattern}*")).holds(&event.record.raw),
            // However an address is written, it is the one that its canonical form is.
            Self::Is(Name::Column(column), Test::Equals(text)) if column.held == Held::Address => {
                let written = address(text).map_or_else(|| text.clone(), |address| address.to_string());
                column.value(event).is_some_and(|value| same(&value, &written))
            }
            Self::Is(Name::Column(column), test) => column.value(event).is_some_and(|value| test.holds(&value)),
            Self::Is(Name::Field(name), test) => found(&event.record.fields, name, &mut |value| test.holds(value)),
        }
    }
}

impl Test {
    /// Whether a value passes.
    pub fn holds(&self, value: &str) -> bool {
        match self {
            Self::Equals(text) => same(value, text) || same(value, &nfc(text)),
            Self::Wildcard(pattern) => fits(value, pattern) || fits(value, &nfc(pattern)),
            Self::Cidr(net) => address(value).is_some_and(|address| net.contains(&address)),
            Self::Compare(order, to) => value.trim().parse().is_ok_and(|value: f64| order.holds(value, *to)),
            Self::Exists => !value.is_empty(),
        }
    }
}

/// The address that a value is, IPv4 inside IPv6 as IPv4.
fn address(value: &str) -> Option<IpAddr> {
    let bare = value.trim();
    let bare = bare.strip_prefix('[').and_then(|bare| bare.strip_suffix(']')).unwrap_or(bare);
    bare.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

fn lower(text: &str) -> impl Iterator<Item = char> + Clone {
    text.chars().flat_map(char::to_lowercase)
}

fn same(value: &str, text: &str) -> bool {
    lower(value).eq(lower(text))
}

fn occurs(raw: &str, word: &str) -> bool {
    let raw: String = lower(raw).collect();
    let within = |word: &str| raw.contains(&lower(word).collect::<String>());
    within(word) || within(&nfc(word))
}

/// Whether a whole value fits a pattern. Each `*` takes as little as it can and gives more when what follows does not
/// fit: no more steps than the lengths multiplied.
fn fits(value: &str, pattern: &str) -> bool {
    let (value, pattern): (Vec<char>, Vec<char>) = (lower(value).collect(), lower(pattern).collect());
    let (mut v, mut p) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(c) = value.get(v) {
        match pattern.get(p) {
            Some('*') => {
                star = Some((v, p));
                p += 1;
            }
            Some(one) if *one == '?' || one == c => {
                v += 1;
                p += 1;
            }
            _ => {
                let Some((taken, at)) = star else { return false };
                star = Some((taken + 1, at));
                (v, p) = (taken + 1, at + 1);
            }
        }
    }
    pattern.get(p..).is_none_or(|rest| rest.iter().all(|c| *c == '*'))
}

/// Whether a value of the field passes: of the field that has the whole name, dots and all, or where dots lead into maps.
fn found(fields: &Map<String, Value>, name: &str, passes: &mut dyn FnMut(&str) -> bool) -> bool {
    fields.iter().any(|(key, value)| {
        if key.eq_ignore_ascii_case(name) {
            return any(value, passes);
        }
        match (inner(key, name), value) {
            (Some(rest), Value::Object(map)) => found(map, rest, passes),
            _ => false,
        }
    })
}

/// What is left of a name within the map that the field of this key holds.
pub(super) fn inner<'n>(key: &str, name: &'n str) -> Option<&'n str> {
    let head = name.get(..key.len())?;
    if head.eq_ignore_ascii_case(key) { name.get(key.len()..)?.strip_prefix('.') } else { None }
}

/// Whether a value passes, or one of a list; a map passes as its JSON text.
fn any(value: &Value, passes: &mut dyn FnMut(&str) -> bool) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => passes(text),
        Value::Array(list) => list.iter().any(|one| any(one, passes)),
        other => passes(&other.to_string()),
    }
}

/// The values of a field of an event as text: each of a list, none where there is no such field.
pub fn values(fields: &Map<String, Value>, name: &str) -> Vec<String> {
    let mut all = Vec::new();
    found(fields, name, &mut |value| {
        all.push(value.to_owned());
        false
    });
    all
}
