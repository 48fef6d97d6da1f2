//! Events whose fields are handed over one by one, so that nothing has to be built for those that nobody asks for.

use std::sync::atomic::{AtomicU64, Ordering};

/// A value of a field that is neither list nor map, where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scalar<'t> {
    /// Text.
    Text(&'t str),
    /// Text as it stands between the quotes of a JSON document, with its escapes ([`unescape`]).
    Escaped(&'t str),
    /// A number, as it was written.
    Number(&'t str),
    /// A truth value.
    Bool(bool),
    /// Nothing.
    Null,
}

impl Scalar<'_> {
    /// Whether a number is shown as it is written: a whole number of at most 18 digits. `50e3` is shown as 50000.0.
    pub fn is_plain(number: &str) -> bool {
        let digits = number.strip_prefix('-').unwrap_or(number);
        let whole = digits.len() <= 18 && digits.bytes().all(|b| b.is_ascii_digit());
        whole && (!digits.starts_with('0') || number == "0")
    }
}

/// Takes the fields of an event one after another.
pub trait TakeFields {
    /// A field begins. Whether its values are wanted: else they are not handed over.
    fn field(&mut self, name: &str) -> bool;
    /// A value of the field; a list is all of its values.
    fn value(&mut self, value: Scalar<'_>);
    /// A value inside a map that the field holds.
    fn deep(&mut self, value: Scalar<'_>);
}

/// An event that can be asked for its fields. Each has one name, and no name comes twice.
pub trait GiveFields {
    /// The names of the fields that it shares with all events of its shape, where it has a shape that may come again.
    fn layout(&self) -> Option<&Layout>;
    /// Hands over the values of the field at a place of the layout, without its name.
    fn give_at(&self, place: usize, to: &mut impl TakeFields);
    /// Hands over the fields that the layout does not have, with their names; all of them, where there is no layout.
    fn give_others(&self, to: &mut impl TakeFields);
    /// The JSON text that all values of the layout stand in, where no letter, digit, space, `.`, `-`, `_`, `:` or `=` of
    /// them is written as an escape.
    fn line(&self) -> Option<&str>;

    /// Hands over all fields.
    fn give(&self, to: &mut impl TakeFields) {
        for (place, name) in self.layout().map(Layout::names).unwrap_or_default().iter().enumerate() {
            if to.field(name) {
                self.give_at(place, to);
            }
        }
        self.give_others(to);
    }
}

/// Names of the fields of many events. What has been found out about them once holds for each layout of this identity.
#[derive(Debug)]
pub struct Layout {
    id: u64,
    names: Vec<Box<str>>,
}

impl Layout {
    /// A layout of its own.
    pub fn new(names: Vec<Box<str>>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self { id: NEXT.fetch_add(1, Ordering::Relaxed), names }
    }

    /// Its identity in this process.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The names, by place.
    pub fn names(&self) -> &[Box<str>] {
        &self.names
    }
}

/// Appends the text that a JSON string stands for, given what is between its quotes (RFC 8259 §7). What is no JSON
/// stays as it is.
pub fn unescape(written: &str, to: &mut String) {
    let mut rest = written;
    while let Some(at) = rest.bytes().position(|byte| byte == b'\\') {
        to.push_str(rest.get(..at).unwrap_or_default());
        let from = rest.get(at..).unwrap_or_default();
        let (letter, length) = escape(from).unwrap_or(('\\', 1));
        to.push(letter);
        rest = from.get(length..).unwrap_or_default();
    }
    to.push_str(rest);
}

/// The character that an escape at the start of a text stands for, and the length of the escape; `None` where there is
/// none.
pub fn escape(text: &str) -> Option<(char, usize)> {
    let bytes = text.as_bytes();
    Some(match bytes.get(1)? {
        byte @ (b'"' | b'\\' | b'/') => (char::from(*byte), 2),
        b'b' => ('\u{8}', 2),
        b'f' => ('\u{c}', 2),
        b'n' => ('\n', 2),
        b'r' => ('\r', 2),
        b't' => ('\t', 2),
        b'u' => match four_digits(bytes.get(2..6)?)? {
            high @ 0xD800..=0xDBFF => {
                let second = bytes.get(6..12)?.strip_prefix(b"\\u")?;
                let low = four_digits(second).filter(|low| (0xDC00..=0xDFFF).contains(low))?;
                (char::from_u32(0x1_0000 + ((high - 0xD800) << 10 | (low - 0xDC00)))?, 12)
            }
            unit => (char::from_u32(unit)?, 6),
        },
        _ => return None,
    })
}

fn four_digits(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone_as_rfc_8259_has_them() {
        let plain = |written: &str| {
            let mut text = String::new();
            unescape(written, &mut text);
            text
        };
        assert_eq!(plain(r#"C:\\Users\\\u0110\"\/\n\t\b\f\r"#), "C:\\Users\\Đ\"/\n\t\u{8}\u{c}\r");
        assert_eq!(plain(r"\ud83d\ude00x"), "😀x");
        assert_eq!(plain("đường dẫn"), "đường dẫn");
        for odd in [r"\ud83d", r"\ud83dx\u0041", r"\udc00", r"\x", r"\u12", r"\u+123", "\\"] {
            assert_eq!(escape(odd), None, "{odd}");
        }
    }

    #[test]
    fn whole_numbers_are_shown_as_they_are_written() {
        assert!(Scalar::is_plain("0") && Scalar::is_plain("-12") && Scalar::is_plain("123456789012345678"));
        for odd in ["1.0", "1e3", "-0", "1234567890123456789"] {
            assert!(!Scalar::is_plain(odd), "{odd}");
        }
    }
}
