//! A JSON document as a flat list of its values, which point into its text: read in one pass, without a tree and
//! without an allocation once the list has grown.
//!
//! Reads what RFC 8259 allows and nothing else, as `serde_json` does: a test holds the two to each other.

use std::ops::Range;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
pub(crate) struct Span {
    start: u32,
    end: u32,
    /// Whether it was written with escapes and stands, without them, in [`Tape::plain`].
    rewritten: bool,
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
    /// Texts without their escapes.
    plain: String,
    open: Vec<usize>,
}

/// Why a document cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    /// It is no JSON; the byte where that shows.
    At(usize),
    /// Its brackets nest deeper than allowed.
    TooDeep,
}

const NOWHERE: Span = Span { start: 0, end: 0, rewritten: false };

/// A value of a document that was read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Val<'d> {
    tape: &'d Tape,
    line: &'d str,
    at: u32,
}

impl Tape {
    /// Reads a document whose brackets nest at most `deepest` deep.
    pub(crate) fn read<'d>(&'d mut self, line: &'d str, deepest: usize) -> Result<Val<'d>, Broken> {
        self.nodes.clear();
        self.plain.clear();
        self.open.clear();
        Reader { bytes: line.as_bytes(), line, at: 0, tape: self, deepest }.document()?;
        Ok(Val { tape: self, line, at: 0 })
    }

    /// The document that was read last from this text.
    pub(crate) fn root<'d>(&'d self, line: &'d str) -> Val<'d> {
        Val { tape: self, line, at: 0 }
    }

    /// The text of a span.
    fn text<'d>(&'d self, line: &'d str, span: Span) -> &'d str {
        let from = if span.rewritten { &self.plain } else { line };
        from.get(span.start as usize..span.end as usize).unwrap_or_default()
    }
}

impl<'d> Val<'d> {
    fn node(&self) -> Option<&'d Node> {
        self.tape.nodes.get(self.at as usize)
    }

    /// Another value of the document, by its place.
    pub(crate) fn at(&self, place: u32) -> Self {
        Self { at: place, ..*self }
    }

    /// The text of a span of the document.
    pub(crate) fn span(&self, span: Span) -> &'d str {
        self.tape.text(self.line, span)
    }

    /// Its place in the list.
    pub(crate) fn place(&self) -> u32 {
        self.at
    }

    pub(crate) fn kind(&self) -> Kind {
        self.node().map_or(Kind::Null, |node| node.kind)
    }

    /// The text of a text or a number, empty for anything else.
    pub(crate) fn text(&self) -> &'d str {
        self.node().map_or("", |node| self.tape.text(self.line, node.text))
    }

    /// The name under which it stands.
    pub(crate) fn name(&self) -> &'d str {
        self.node().map_or("", |node| self.tape.text(self.line, node.name))
    }

    /// Where its name stands.
    pub(crate) fn name_span(&self) -> Span {
        self.node().map_or(NOWHERE, |node| node.name)
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
    tape: &'r mut Tape,
    deepest: usize,
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

    fn document(mut self) -> Result<(), Broken> {
        self.blank();
        let mut more = self.value(NOWHERE)?;
        while more {
            more = self.go_on()?;
        }
        self.blank();
        if self.at < self.bytes.len() { self.broken() } else { Ok(()) }
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
            name = self.string()?;
            self.blank();
            self.expect(b':')?;
            self.blank();
        }
        self.value(name)
    }

    fn push(&mut self, kind: Kind, name: Span, text: Span) {
        let next = narrow(self.tape.nodes.len() + 1);
        self.tape.nodes.push(Node { kind, name, text, next });
    }

    fn close(&mut self) {
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
        Ok(Span { start: narrow(start), end: narrow(self.at), rewritten: false })
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

    /// A string whose opening quote is next.
    fn string(&mut self) -> Result<Span, Broken> {
        self.at += 1;
        let start = self.at;
        let rest = self.bytes.get(start..).unwrap_or_default();
        let Some(end) = memchr::memchr2(b'"', b'\\', rest) else { return self.broken() };
        let part = rest.get(..end).unwrap_or_default();
        if part.iter().any(|byte| *byte < 0x20) {
            return self.broken();
        }
        self.at = start + end;
        if self.peek() == Some(b'"') {
            self.at += 1;
            return Ok(Span { start: narrow(start), end: narrow(start + end), rewritten: false });
        }
        self.escaped(start)
    }

    /// The rest of a string in which a backslash was met; it is written anew without escapes.
    fn escaped(&mut self, start: usize) -> Result<Span, Broken> {
        let begun = self.tape.plain.len();
        let mut from = start;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let Some(end) = memchr::memchr2(b'"', b'\\', rest) else { return self.broken() };
            if rest.get(..end).unwrap_or_default().iter().any(|byte| *byte < 0x20) {
                return self.broken();
            }
            self.at += end;
            self.tape.plain.push_str(self.line.get(from..self.at).unwrap_or_default());
            self.at += 1;
            if rest.get(end) == Some(&b'"') {
                let span = Span { start: narrow(begun), end: narrow(self.tape.plain.len()), rewritten: true };
                return Ok(span);
            }
            let letter = self.escape()?;
            self.tape.plain.push(letter);
            from = self.at;
        }
    }

    /// The character that an escape stands for; its backslash is behind.
    fn escape(&mut self) -> Result<char, Broken> {
        let Some(byte) = self.peek() else { return self.broken() };
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.four_digits()?;
                let unit = match first {
                    0xD800..=0xDBFF => {
                        self.expect(b'\\')?;
                        self.expect(b'u')?;
                        let second = self.four_digits()?;
                        if !(0xDC00..=0xDFFF).contains(&second) {
                            return self.broken();
                        }
                        0x1_0000 + ((first - 0xD800) << 10 | (second - 0xDC00))
                    }
                    unit => unit,
                };
                match char::from_u32(unit) {
                    Some(letter) => letter,
                    None => return self.broken(),
                }
            }
            _ => return self.broken(),
        })
    }

    fn four_digits(&mut self) -> Result<u32, Broken> {
        let digits = self.line.get(self.at..self.at + 4).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        let Some(unit) = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) else { return self.broken() };
        self.at += 4;
        Ok(unit)
    }
}

/// A place in a line; lines are far below 4 GiB.
fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
