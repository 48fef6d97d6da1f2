//! A JSON document as a flat list of its values, which point into its text: read in one pass, without a tree and
//! without an allocation once the list has grown.
//!
//! Reads what RFC 8259 allows and nothing else, as `serde_json` does: a test holds the two to each other.

mod shapes;

use std::borrow::Cow;
use std::ops::Range;

use khien_base::event::{escape, unescape};

use shapes::Shapes;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    Null,
    True,
    False,
    Number,
    Text,
    List,
    Map,
}

/// Where a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    start: u32,
    end: u32,
    /// Whether it is written with escapes.
    escaped: bool,
}

/// A value, and the name under which it stands in a map.
#[derive(Debug, Clone, Copy)]
struct Node {
    kind: Kind,
    name: Span,
    /// The text of a text or number.
    text: Span,
    /// The node after this one and all that is inside it.
    next: u32,
}

/// The list; made once and filled again.
#[derive(Debug, Default)]
pub(crate) struct Tape {
    nodes: Vec<Node>,
    open: Vec<usize>,
    shapes: Shapes,
    /// What is odd about the document.
    odd: Odd,
}

/// What may be odd about a document.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Odd {
    /// A name is written with escapes.
    pub(crate) names: bool,
    /// An escape hides a character that nobody has to escape: a letter, a digit, a space, one of `.-_:=`.
    pub(crate) hides: bool,
}

/// Why a document cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    /// It is no JSON; the byte where that shows.
    At(usize),
    /// Its brackets nest deeper than allowed.
    TooDeep,
}

const NOWHERE: Span = Span { start: 0, end: 0, escaped: false };

/// A value of a document that was read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Val<'d> {
    tape: &'d Tape,
    line: &'d str,
    at: u32,
}

impl Tape {
    /// Reads a document whose brackets nest at most `deepest` deep. Beside it, its shape: documents of one shape have the
    /// same names and kinds of values at the same places; 0 where it has none that is known.
    pub(crate) fn read<'d>(&'d mut self, line: &'d str, deepest: usize) -> Result<(Val<'d>, u32), Broken> {
        self.nodes.clear();
        self.open.clear();
        self.odd = Odd::default();
        let shape = self.shapes.begin();
        let bytes = line.as_bytes();
        // One pass that the compiler makes wide, and no question about them afterwards in nearly all lines.
        let controls = bytes.iter().fold(false, |any, byte| any | (*byte < 0x20));
        let shape = Reader { bytes, line, at: 0, shape, tape: self, deepest, controls }.document()?;
        Ok((Val { tape: self, line, at: 0 }, shape))
    }

    /// The document that was read last from this text.
    pub(crate) fn root<'d>(&'d self, line: &'d str) -> Val<'d> {
        Val { tape: self, line, at: 0 }
    }

    /// What is odd about the document that was read last.
    pub(crate) fn odd(&self) -> Odd {
        self.odd
    }

    /// How often shapes were forgotten: a shape has its number only as long as this stays the same.
    pub(crate) fn generation(&self) -> u64 {
        self.shapes.generation()
    }
}

fn text(line: &str, span: Span) -> &str {
    line.get(span.start as usize..span.end as usize).unwrap_or_default()
}

impl<'d> Val<'d> {
    fn node(&self) -> Option<&'d Node> {
        self.tape.nodes.get(self.at as usize)
    }

    /// Another value of the document, by its place.
    pub(crate) fn at(&self, place: u32) -> Self {
        Self { at: place, ..*self }
    }

    /// Its place in the list.
    pub(crate) fn place(&self) -> u32 {
        self.at
    }

    pub(crate) fn kind(&self) -> Kind {
        self.node().map_or(Kind::Null, |node| node.kind)
    }

    /// The text of a text or a number as it is written, empty for anything else.
    pub(crate) fn written(&self) -> &'d str {
        self.node().map_or("", |node| text(self.line, node.text))
    }

    /// Whether its text is written with escapes.
    pub(crate) fn is_escaped(&self) -> bool {
        self.node().is_some_and(|node| node.text.escaped)
    }

    /// The text of a text or a number, empty for anything else.
    pub(crate) fn text(&self) -> Cow<'d, str> {
        if !self.is_escaped() {
            return Cow::Borrowed(self.written());
        }
        let mut plain = String::new();
        unescape(self.written(), &mut plain);
        Cow::Owned(plain)
    }

    /// The name under which it stands, as it is written.
    pub(crate) fn name(&self) -> &'d str {
        self.node().map_or("", |node| text(self.line, node.name))
    }

    /// What stands in a map or list, in order; nothing in any other value.
    pub(crate) fn inside(&self) -> Inside<'d> {
        let end = self.node().map_or(0, |node| node.next);
        let bag = matches!(self.kind(), Kind::Map | Kind::List);
        Inside { tape: self.tape, line: self.line, places: if bag { self.at + 1..end } else { 0..0 } }
    }

    /// The value under a name of a map; of several the last, as `serde_json` has it.
    pub(crate) fn get(&self, name: &str) -> Option<Self> {
        if self.kind() != Kind::Map {
            return None;
        }
        self.inside().filter(|value| value.name() == name).last()
    }

    pub(crate) fn is_map(&self) -> bool {
        self.kind() == Kind::Map
    }
}

/// Values inside a map or list.
#[derive(Debug, Clone)]
pub(crate) struct Inside<'d> {
    tape: &'d Tape,
    line: &'d str,
    places: Range<u32>,
}

impl<'d> Iterator for Inside<'d> {
    type Item = Val<'d>;

    fn next(&mut self) -> Option<Val<'d>> {
        if self.places.is_empty() {
            return None;
        }
        let at = self.places.start;
        self.places.start = self.tape.nodes.get(at as usize)?.next;
        Some(Val { tape: self.tape, line: self.line, at })
    }
}

struct Reader<'r> {
    bytes: &'r [u8],
    line: &'r str,
    at: usize,
    /// The shape of what was read so far.
    shape: u32,
    tape: &'r mut Tape,
    deepest: usize,
    /// Whether there are control characters in the line.
    controls: bool,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn broken<T>(&self) -> Result<T, Broken> {
        Err(Broken::At(self.at))
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), Broken> {
        if self.peek() != Some(byte) {
            return self.broken();
        }
        self.at += 1;
        Ok(())
    }

    fn document(mut self) -> Result<u32, Broken> {
        self.blank();
        let mut more = self.value(NOWHERE)?;
        while more {
            more = self.go_on()?;
        }
        self.blank();
        if self.at < self.bytes.len() { self.broken() } else { Ok(self.shape) }
    }

    /// Reads a value, or opens the map or list that begins here. Whether something is open afterwards.
    fn value(&mut self, name: Span) -> Result<bool, Broken> {
        let kind = match self.peek() {
            Some(b'"') => {
                let text = self.string()?;
                self.push(Kind::Text, name, text);
                return Ok(!self.tape.open.is_empty());
            }
            Some(b'{') => Kind::Map,
            Some(b'[') => Kind::List,
            Some(b'-' | b'0'..=b'9') => {
                let text = self.number()?;
                self.push(Kind::Number, name, text);
                return Ok(!self.tape.open.is_empty());
            }
            _ => {
                let words = [("null", Kind::Null), ("true", Kind::True), ("false", Kind::False)];
                let rest = self.bytes.get(self.at..).unwrap_or_default();
                let Some((word, kind)) = words.into_iter().find(|(word, _)| rest.starts_with(word.as_bytes())) else {
                    return self.broken();
                };
                self.at += word.len();
                self.push(kind, name, NOWHERE);
                return Ok(!self.tape.open.is_empty());
            }
        };
        self.at += 1;
        if self.tape.open.len() >= self.deepest {
            return Err(Broken::TooDeep);
        }
        self.tape.open.push(self.tape.nodes.len());
        self.push(kind, name, NOWHERE);
        self.blank();
        let end = if kind == Kind::Map { b'}' } else { b']' };
        if self.peek() == Some(end) {
            self.at += 1;
            self.close();
            return Ok(!self.tape.open.is_empty());
        }
        self.member(kind)
    }

    /// After a value inside a map or list: the next one, or the end.
    fn go_on(&mut self) -> Result<bool, Broken> {
        let Some(kind) = self.tape.open.last().and_then(|at| self.tape.nodes.get(*at)).map(|node| node.kind) else {
            return Ok(false);
        };
        self.blank();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                self.blank();
                self.member(kind)
            }
            Some(end) if end == if kind == Kind::Map { b'}' } else { b']' } => {
                self.at += 1;
                self.close();
                Ok(!self.tape.open.is_empty())
            }
            _ => self.broken(),
        }
    }

    fn member(&mut self, kind: Kind) -> Result<bool, Broken> {
        let mut name = NOWHERE;
        if kind == Kind::Map {
            if self.peek() != Some(b'"') {
                return self.broken();
            }
            name = self.name()?;
            self.blank();
        }
        self.value(name)
    }

    /// A name with its colon. Most documents have the same names in the same order as one before: the name that is
    /// expected is only compared.
    fn name(&mut self) -> Result<Span, Broken> {
        let start = self.at + 1;
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if let Some((length, next)) = self.tape.shapes.expected(self.shape, rest) {
            self.shape = next;
            self.at += length;
            // Behind the name are its quote and the colon.
            return Ok(Span { start: narrow(start), end: narrow(self.at - 2), escaped: false });
        }
        let name = self.string()?;
        self.tape.odd.names |= name.escaped;
        // Names with escapes are in no shape: what is expected must end where its quote stands.
        self.shape = if name.escaped { 0 } else { self.tape.shapes.named(self.shape, text(self.line, name)) };
        self.blank();
        self.expect(b':')?;
        Ok(name)
    }

    fn push(&mut self, kind: Kind, name: Span, text: Span) {
        self.shape = self.tape.shapes.of_kind(self.shape, kind);
        let next = narrow(self.tape.nodes.len() + 1);
        self.tape.nodes.push(Node { kind, name, text, next });
    }

    fn close(&mut self) {
        self.shape = self.tape.shapes.closed(self.shape);
        let next = narrow(self.tape.nodes.len());
        if let Some(node) = self.tape.open.pop().and_then(|at| self.tape.nodes.get_mut(at)) {
            node.next = next;
        }
    }

    fn number(&mut self) -> Result<Span, Broken> {
        let start = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return self.broken(),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.some_digits()?;
        }
        let exponent = matches!(self.peek(), Some(b'e' | b'E'));
        if exponent {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            self.some_digits()?;
        }
        // A number that no float holds is refused, as the plain reading refuses it; no shorter one is so large.
        if (exponent || self.at - start > 300) && !self.finite(start) {
            return self.broken();
        }
        Ok(Span { start: narrow(start), end: narrow(self.at), escaped: false })
    }

    fn digits(&mut self) {
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
    }

    fn finite(&self, start: usize) -> bool {
        let text = self.bytes.get(start..self.at).and_then(|bytes| std::str::from_utf8(bytes).ok());
        text.and_then(|text| text.parse::<f64>().ok()).is_some_and(f64::is_finite)
    }

    fn some_digits(&mut self) -> Result<(), Broken> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return self.broken();
        }
        self.digits();
        Ok(())
    }

    /// A string whose opening quote is next. Looks at eight bytes at a time.
    fn string(&mut self) -> Result<Span, Broken> {
        let start = self.at + 1;
        let (mut at, mut escaped) = (start, false);
        'bytes: while let Some(eight) = self.bytes.get(at..).and_then(<[u8]>::first_chunk) {
            let word = u64::from_le_bytes(*eight);
            let mut found = ends(word) | if self.controls { controls(word) } else { 0 };
            while found != 0 {
                let place = found.trailing_zeros() / 8;
                let here = at + place as usize;
                match (word >> (place * 8)) as u8 {
                    b'"' => return Ok(self.ended(start, here, escaped)),
                    b'\\' => escaped = true,
                    _ => return self.broken_at(here),
                }
                if place < 6 && is_short_escape((word >> (place * 8 + 8)) as u8) {
                    found &= u64::MAX << (place * 8 + 16);
                    continue;
                }
                at = here + self.escape_length(here)?;
                continue 'bytes;
            }
            at += 8;
        }
        loop {
            match self.bytes.get(at) {
                Some(b'"') => return Ok(self.ended(start, at, escaped)),
                Some(b'\\') => {
                    escaped = true;
                    at += self.escape_length(at)?;
                }
                Some(0x20..) => at += 1,
                _ => return self.broken_at(at),
            }
        }
    }

    fn ended(&mut self, start: usize, end: usize, escaped: bool) -> Span {
        self.at = end + 1;
        Span { start: narrow(start), end: narrow(end), escaped }
    }

    fn broken_at<T>(&mut self, at: usize) -> Result<T, Broken> {
        self.at = at;
        self.broken()
    }

    fn escape_length(&mut self, at: usize) -> Result<usize, Broken> {
        if self.bytes.get(at + 1).copied().is_some_and(is_short_escape) { Ok(2) } else { self.long_escape(at) }
    }

    /// An escape with digits; its length.
    #[cold]
    fn long_escape(&mut self, at: usize) -> Result<usize, Broken> {
        let Some((letter, length)) = self.line.get(at..).and_then(escape) else {
            self.at = at;
            return self.broken();
        };
        // The Kelvin sign is a letter k to who compares without case.
        self.tape.odd.hides |= letter.is_ascii_alphanumeric() || " .-_:=\u{212a}".contains(letter);
        Ok(length)
    }
}

fn is_short_escape(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't')
}

const ONES: u64 = 0x0101_0101_0101_0101;

/// The high bit of each byte that is zero (Warren, "Hacker's Delight", 6-1).
fn zeros(word: u64) -> u64 {
    const LOW: u64 = ONES * 0x7F;
    !(((word & LOW) + LOW) | word | LOW)
}

/// The high bit of each byte that is a quote or a backslash.
fn ends(word: u64) -> u64 {
    zeros(word ^ (ONES * b'"' as u64)) | zeros(word ^ (ONES * b'\\' as u64))
}

/// The high bit of each byte that is a control character.
fn controls(word: u64) -> u64 {
    zeros(word & (ONES * 0xE0))
}

/// A place in a line; lines are far below 4 GiB.
fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
