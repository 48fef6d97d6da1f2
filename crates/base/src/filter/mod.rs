//! What a search asks of an event: a tree of conditions, and its written form for people.
//!
//! [`read()`] makes the tree of what stands in a search bar (the language is told there), `Display` writes it back so that
//! it reads as the same tree, [`Filter::holds`] says whether an event fits. A store may answer in its own way; what it
//! finds must be what `holds` says.
//!
//! *In any case* means: equal once both are in lower case, letter by letter (Unicode, no locale). Diacritics count:
//! `hoa` does not find `hòa`. A text that is typed decomposed also fits where it was sent composed.

mod holds;
mod json;
mod name;
mod print;
mod read;
#[cfg(test)]
mod tests;

use ipnet::IpNet;

pub use holds::values;
pub use json::json_values;
pub use name::{COLUMNS, Column, Held, Name};
pub use print::pivot;
pub use read::{LENGTH, TERMS, read};

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Filter {
    /// All of these hold; none at all holds for every event.
    All(Vec<Filter>),
    /// One of these holds.
    Any(Vec<Filter>),
    /// This does not hold. What an event does not have at all does not hold either, so its opposite does.
    Not(Box<Filter>),
    /// A text occurs in the raw record, in any case.
    Word(String),
    /// A pattern (`*` any text, `?` one character) occurs in the raw record, in any case.
    Like(String),
    /// A column or a field of the source's own passes a test.
    Is(Name, Test),
}

/// A test of one value. A list passes if one of its values does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Test {
    /// The whole value is this text, in any case. A number column holds this number, an address column this address
    /// however it is written.
    Equals(String),
    /// The whole value fits a pattern (`*` any text, `?` one character), in any case.
    Wildcard(String),
    /// The value is an address in this network; IPv4 written inside IPv6 counts as IPv4.
    Cidr(IpNet),
    /// The value is a number and stands so to this one.
    Compare(Order, i64),
    /// There is a value, and it is not empty.
    Exists,
}

/// How one number stands to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
}

impl Default for Filter {
    fn default() -> Self {
        Self::All(Vec::new())
    }
}

impl Filter {
    /// The text of a column or field is this one.
    pub fn equals(name: Name, value: impl Into<String>) -> Self {
        Self::Is(name, Test::Equals(value.into()))
    }

    /// Both this and another.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::All(mut all), Self::All(more)) => {
                all.extend(more);
                Self::All(all)
            }
            (Self::All(mut all), one) => {
                all.push(one);
                Self::of_all(all)
            }
            (one, Self::All(mut all)) => {
                all.insert(0, one);
                Self::of_all(all)
            }
            (one, two) => Self::All(vec![one, two]),
        }
    }

    /// All of these; one alone stands for itself.
    pub fn of_all(mut parts: Vec<Self>) -> Self {
        match parts.len() {
            1 => parts.remove(0),
            _ => Self::All(parts),
        }
    }

    /// One of these; one alone stands for itself.
    pub fn of_any(mut parts: Vec<Self>) -> Self {
        match parts.len() {
            1 => parts.remove(0),
            _ => Self::Any(parts),
        }
    }

    /// Conditions in it, parts of parts included.
    pub fn leaves(&self) -> usize {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::leaves).sum(),
            Self::Not(part) => part.leaves(),
            Self::Word(_) | Self::Like(_) | Self::Is(..) => 1,
        }
    }

    /// The longest text in it, in characters.
    pub fn longest(&self) -> usize {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::longest).max().unwrap_or(0),
            Self::Not(part) => part.longest(),
            Self::Word(text) | Self::Like(text) => text.chars().count(),
            Self::Is(name, test) => name.said().chars().count().max(match test {
                Test::Equals(text) | Test::Wildcard(text) => text.chars().count(),
                Test::Cidr(_) | Test::Compare(..) | Test::Exists => 0,
            }),
        }
    }

    /// How deep it is; a condition alone is 1.
    pub fn depth(&self) -> usize {
        match self {
            Self::All(parts) | Self::Any(parts) => 1 + parts.iter().map(Self::depth).max().unwrap_or(0),
            Self::Not(part) => 1 + part.depth(),
            Self::Word(_) | Self::Like(_) | Self::Is(..) => 1,
        }
    }
}

impl Order {
    /// As it is written.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
        }
    }

    /// Whether a number stands so to another.
    pub fn holds(self, value: f64, to: i64) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "bounds of ports, sizes and codes are far below 2^53")]
        let to = to as f64;
        match self {
            Self::Less => value < to,
            Self::AtMost => value <= to,
            Self::More => value > to,
            Self::AtLeast => value >= to,
        }
    }
}
