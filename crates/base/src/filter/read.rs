//! The language of the search bar.
//!
//! ```text
//! search = and { OR and }                      a b OR c        both a and b, or c
//! and    = one { [AND] one }                   a b             both; spaces part what must hold together
//! one    = ( - | NOT ) one | ( search ) | term -user:svc_*     not this
//! term   = word | "text" | ~"pattern"          occurs in the raw record
//!        | name:value | name:( value … )       the column or field has this value, or one of these
//! value  = text | "text" | ~"pattern"          host:may01  process:"C:\Program Files\a.exe"  file:~"C:\Program Files\*"
//!        | pattern                             user:svc_*  * any text, ? one character
//!        | network                             src_ip:10.0.0.0/8
//!        | < <= > >= number                    dst_port:>1024
//!        | *                                   user:*      there is a value
//! ```
//!
//! A name is a column ([`super::COLUMNS`]), its OCSF attribute, or a field of the source's own; an odd one stands within
//! double quotes. What stands within double quotes is taken as it is, `\"` and `\\` being `"` and `\`; a pattern within
//! `~"…"` too, but for its `*` and `?`. `OR`, `AND` and `NOT` are written in capitals. What only looks like `name:value` —
//! a link, an address, a time, a path of Windows — is a word.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{Filter, Held, Name, Order, Test};
use crate::{Fault, Result};

/// Characters of a search.
pub const LENGTH: usize = 4_000;
/// Conditions of a search.
pub const TERMS: usize = 100;
/// Brackets and signs within each other.
const DEPTH: usize = 20;

/// Reads a search.
///
/// Faults, each on the field `q`, places counted in characters from 1: `search.too-long` (`limit`),
/// `search.too-many-terms` (`limit`), `search.too-deep` (`at`, `limit`), `search.quote` (`at`: the quote that is never
/// closed), `search.bracket` (`at`: the bracket that is never closed, or never opened), `search.no-value` (`at`, `name`),
/// `search.empty-text` (`at`), `search.number` (`at`, `name`: the column holds numbers, or a sign wants one),
/// `search.nothing` (`at`: a sign or a word like OR that nothing follows).
pub fn read(text: &str) -> Result<Filter> {
    let text: Vec<char> = text.chars().collect();
    if text.len() > LENGTH {
        return Err(Fault::invalid("search.too-long").with("limit", LENGTH).on("q"));
    }
    let mut reader = Reader { text: &text, at: 0, terms: 0 };
    reader.spaces();
    if reader.peek().is_none() {
        return Ok(Filter::default());
    }
    let filter = reader.search(0)?;
    match reader.peek() {
        None => Ok(filter),
        // Only a bracket that was never opened ends a search before its text does.
        Some(_) => Err(reader.fault("search.bracket", reader.at)),
    }
}

struct Reader<'t> {
    text: &'t [char],
    at: usize,
    terms: usize,
}

/// A piece of text and how it was written.
enum Piece {
    /// As it is: it stood within quotes.
    Exact(String),
    /// Within `~"…"`.
    Pattern(String),
    /// Without quotes.
    Bare(String),
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn takes(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn spaces(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn fault(&self, code: &'static str, at: usize) -> Fault {
        Fault::invalid(code).with("at", at + 1).on("q")
    }

    /// Whether one of the words in capitals stands here, as a word of its own.
    fn keyword(&self, word: &str) -> bool {
        let length = word.len();
        let same = word.chars().enumerate().all(|(n, c)| self.text.get(self.at + n) == Some(&c));
        same && self.text.get(self.at + length).is_none_or(|c| c.is_whitespace() || matches!(c, '(' | ')'))
    }

    fn search(&mut self, depth: usize) -> Result<Filter> {
        let mut parts = vec![self.and(depth)?];
        while self.keyword("OR") {
            self.at += 2;
            parts.push(self.and(depth)?);
        }
        Ok(Filter::of_any(parts))
    }

    fn and(&mut self, depth: usize) -> Result<Filter> {
        let mut parts = Vec::new();
        let mut waits = None;
        loop {
            self.spaces();
            if self.peek().is_none_or(|c| c == ')') || self.keyword("OR") {
                break;
            }
            if self.keyword("AND") && !parts.is_empty() && waits.is_none() {
                waits = Some(self.at);
                self.at += 3;
                continue;
            }
            waits = None;
            parts.push(self.one(depth)?);
        }
        match waits {
            None if !parts.is_empty() => Ok(Filter::of_all(parts)),
            _ => Err(self.fault("search.nothing", waits.unwrap_or(self.at.saturating_sub(1)))),
        }
    }

    fn one(&mut self, depth: usize) -> Result<Filter> {
        if depth >= DEPTH {
            return Err(self.fault("search.too-deep", self.at).with("limit", DEPTH));
        }
        let start = self.at;
        if self.keyword("NOT") {
            self.at += 3;
        } else if !self.takes('-') {
            return self.plain(depth);
        }
        self.spaces();
        if self.peek().is_none_or(|c| c == ')') {
            return Err(self.fault("search.nothing", start));
        }
        Ok(Filter::Not(Box::new(self.one(depth + 1)?)))
    }

    fn plain(&mut self, depth: usize) -> Result<Filter> {
        let start = self.at;
        if !self.takes('(') {
            return self.term();
        }
        let inner = self.search(depth + 1)?;
        self.spaces();
        if self.takes(')') { Ok(inner) } else { Err(self.fault("search.bracket", start)) }
    }

    fn count(&mut self) -> Result<()> {
        self.terms += 1;
        if self.terms > TERMS {
            return Err(Fault::invalid("search.too-many-terms").with("limit", TERMS).on("q"));
        }
        Ok(())
    }

    fn term(&mut self) -> Result<Filter> {
        let start = self.at;
        let piece = match self.peek() {
            Some('"') => Piece::Exact(self.quoted()?),
            Some('~') if self.text.get(start + 1) == Some(&'"') => {
                self.at += 1;
                Piece::Pattern(self.quoted()?)
            }
            _ => Piece::Bare(self.bare(true)),
        };
        if self.peek() == Some(':') && !matches!(piece, Piece::Pattern(_)) {
            let (Piece::Exact(name) | Piece::Bare(name) | Piece::Pattern(name)) = &piece;
            let quoted = matches!(piece, Piece::Exact(_));
            if !name.trim().is_empty() && (quoted || self.names(start, name)) {
                self.at += 1;
                return self.values(start, &Name::of(name));
            }
        }
        if matches!(piece, Piece::Bare(_)) {
            self.at = start;
        }
        self.count()?;
        match piece {
            Piece::Exact(text) if text.trim().is_empty() => Err(self.fault("search.empty-text", start)),
            Piece::Exact(text) => Ok(Filter::Word(text)),
            Piece::Pattern(text) => self.word(start, text),
            Piece::Bare(_) => {
                let text = self.bare(false);
                self.word(start, text)
            }
        }
    }

    /// A word, or a pattern where it has `*` or `?`.
    fn word(&mut self, start: usize, text: String) -> Result<Filter> {
        if text.trim().is_empty() {
            // A character that begins no word: a quote is the only one that may stand here.
            return Err(self.fault("search.empty-text", start));
        }
        if text.chars().all(|c| c == '*') {
            return Ok(Filter::default());
        }
        Ok(if text.contains(['*', '?']) { Filter::Like(text) } else { Filter::Word(text) })
    }

    /// Whether a text before a colon is a name: what only looks so is a link, an address, a time or a path.
    fn names(&self, start: usize, name: &str) -> bool {
        let first = name.chars().next().is_some_and(|c| c.is_alphabetic() || matches!(c, '_' | '@'));
        let plain = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '@' | '.' | '-'));
        let after = |n: usize| self.text.get(self.at + n).copied();
        let link = after(1) == Some('/') && after(2) == Some('/');
        let path = name.chars().count() == 1 && matches!(after(1), Some('\\' | '/'));
        if !first || !plain || link || path {
            return false;
        }
        let rest = self.text.get(start..).unwrap_or_default();
        let whole: String = rest.iter().take_while(|c| !c.is_whitespace() && !matches!(c, '(' | ')' | '"')).collect();
        let address = whole.parse::<IpAddr>().is_ok() || whole.parse::<IpNet>().is_ok();
        let hex = |part: &str| part.len() == 2 && part.chars().all(|c| c.is_ascii_hexdigit());
        let hardware = whole.split(':').count() == 6 && whole.split(':').all(hex);
        !address && !hardware
    }

    /// Up to the next space or bracket; `name` ends at a colon too.
    fn bare(&mut self, name: bool) -> String {
        let mut text = String::new();
        while let Some(c) = self.peek() {
            if c.is_whitespace() || matches!(c, '(' | ')') || (name && c == ':') {
                break;
            }
            text.push(c);
            self.at += 1;
        }
        text
    }

    fn quoted(&mut self) -> Result<String> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        while let Some(c) = self.peek() {
            self.at += 1;
            match c {
                '"' => return Ok(text),
                // A path of Windows within quotes needs no care.
                '\\' => match self.peek().filter(|c| matches!(c, '"' | '\\')) {
                    Some(escaped) => {
                        self.at += 1;
                        text.push(escaped);
                    }
                    None => text.push('\\'),
                },
                c => text.push(c),
            }
        }
        Err(self.fault("search.quote", start))
    }

    /// What follows `name:`.
    fn values(&mut self, start: usize, name: &Name) -> Result<Filter> {
        let bracket = self.at;
        if !self.takes('(') {
            return self.value(start, name);
        }
        let mut parts = Vec::new();
        loop {
            self.spaces();
            if self.takes(')') {
                break;
            }
            if self.peek().is_none() {
                return Err(self.fault("search.bracket", bracket));
            }
            if self.keyword("OR") && !parts.is_empty() {
                self.at += 2;
                continue;
            }
            parts.push(self.value(start, name)?);
        }
        if parts.is_empty() {
            return Err(self.fault("search.no-value", start).with("name", name.said()));
        }
        Ok(Filter::of_any(parts))
    }

    fn value(&mut self, start: usize, name: &Name) -> Result<Filter> {
        self.count()?;
        let none = |reader: &Self| reader.fault("search.no-value", start).with("name", name.said());
        let number = |reader: &Self| reader.fault("search.number", start).with("name", name.said());
        let piece = match self.peek() {
            Some('"') => Piece::Exact(self.quoted()?),
            Some('~') if self.text.get(self.at + 1) == Some(&'"') => {
                self.at += 1;
                Piece::Pattern(self.quoted()?)
            }
            _ => Piece::Bare(self.bare(false)),
        };
        let test = match piece {
            Piece::Exact(text) | Piece::Pattern(text) | Piece::Bare(text) if text.trim().is_empty() => {
                return Err(none(self));
            }
            Piece::Exact(text) => Test::Equals(text),
            Piece::Pattern(text) => pattern(text),
            Piece::Bare(text) => bare_test(text).ok_or_else(|| number(self))?,
        };
        let numbers = matches!(name, Name::Column(column) if column.held == Held::Number);
        let fits = match &test {
            Test::Equals(text) => text.parse::<i64>().is_ok(),
            Test::Compare(..) | Test::Exists => true,
            Test::Wildcard(_) | Test::Cidr(_) => false,
        };
        if numbers && !fits { Err(number(self)) } else { Ok(Filter::Is(name.clone(), test)) }
    }
}

/// A pattern; stars alone mean that there is a value, and without any it is a text.
fn pattern(text: String) -> Test {
    if text.chars().all(|c| c == '*') {
        Test::Exists
    } else if text.contains(['*', '?']) {
        Test::Wildcard(text)
    } else {
        Test::Equals(text)
    }
}

/// What a value without quotes means; `None` where a sign wants a number and has none.
fn bare_test(text: String) -> Option<Test> {
    let signs = [(">=", Order::AtLeast), ("<=", Order::AtMost), (">", Order::More), ("<", Order::Less)];
    for (sign, order) in signs {
        if let Some(number) = text.strip_prefix(sign) {
            return number.parse().ok().map(|number| Test::Compare(order, number));
        }
    }
    if text.contains('/')
        && let Ok(net) = text.parse::<IpNet>()
    {
        return Some(Test::Cidr(net.trunc()));
    }
    Some(pattern(text))
}
