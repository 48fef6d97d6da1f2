//! ArcSight Common Event Format: `CEF:0|vendor|product|version|event class|name|severity|key=value key=value…`.
//!
//! Source: "ArcSight Common Event Format (CEF) Implementation Standard", revision 25: in the header `\|` and `\\`, in
//! values `\=`, `\\`, `\n` and `\r` are escapes; a value runs up to the next key. Senders forget to escape `=` in
//! addresses: what stands before it is then no key, and it is part of the value.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde_json::{Map, Value};

/// How far into a message its mark is looked for: some senders put a name or a time in front.
const HEAD: usize = 256;
/// Most pairs of one event.
const MOST: usize = 512;
/// Longest name of a field.
const KEY: usize = 128;

/// What a message begins with.
static MARK: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("CEF:"));

/// Reads a message; `false`, and nothing added, when it is none.
pub(crate) fn read(message: &str, fields: &mut Map<String, Value>) -> bool {
    let names =
        ["CEFVersion", "DeviceVendor", "DeviceProduct", "DeviceVersion", "DeviceEventClassID", "Name", "Severity"];
    let Some(pairs) = header(message, &MARK, &names, fields) else { return false };
    extension(pairs, fields);
    labels(fields);
    true
}

/// Reads the parts of a header behind a mark into fields of these names, and gives what follows the last; `None`, and
/// nothing added, when there is no such header.
pub(crate) fn header<'m>(
    message: &'m str,
    mark: &Finder<'_>,
    names: &[&str],
    fields: &mut Map<String, Value>,
) -> Option<&'m str> {
    let mut rest = start(message, mark)?;
    let mut parts = Vec::with_capacity(names.len());
    for _ in names {
        let (said, after) = part(rest)?;
        parts.push(said);
        rest = after;
    }
    for (name, said) in names.iter().zip(parts).filter(|(_, said)| !said.is_empty()) {
        fields.insert((*name).to_owned(), Value::from(said));
    }
    Some(rest)
}

/// What follows a mark near the begin of a message, with a version.
fn start<'m>(message: &'m str, mark: &Finder<'_>) -> Option<&'m str> {
    let bytes = message.as_bytes();
    let head = bytes.get(..bytes.len().min(HEAD)).unwrap_or_default();
    let at = mark.find(head)?;
    let before = at.checked_sub(1).and_then(|before| bytes.get(before));
    let event = message.get(at + mark.needle().len()..)?;
    let fits = before.is_none_or(|b| !b.is_ascii_alphanumeric()) && event.starts_with(|c: char| c.is_ascii_digit());
    fits.then_some(event)
}

/// A part of the header and what follows its bar.
fn part(text: &str) -> Option<(String, &str)> {
    let mut said = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '|' => return Some((said.trim().to_owned(), text.get(at + 1..)?)),
            '\\' => match chars.next() {
                Some((_, c @ ('|' | '\\'))) => said.push(c),
                Some((_, c)) => said.extend(['\\', c]),
                None => said.push('\\'),
            },
            c => said.push(c),
        }
    }
    None
}

fn extension(text: &str, fields: &mut Map<String, Value>) {
    let mut key: Option<&str> = None;
    // Where the value of `key` begins, and where the search for the next `=` goes on.
    let (mut begin, mut from, mut count) = (0, 0, 0);
    while let Some(at) = memchr::memchr(b'=', text.as_bytes().get(from..).unwrap_or_default()).map(|at| at + from) {
        from = at + 1;
        let value = text.get(begin..at).unwrap_or_default();
        let name_at = value.rfind([' ', '\t']).map_or(0, |blank| blank + 1);
        let name = value.get(name_at..).unwrap_or_default();
        if !is_key(name) || key.is_none() && count > 0 {
            continue;
        }
        if let Some(key) = key {
            put(key, value.get(..name_at).unwrap_or_default(), fields);
        }
        count += 1;
        if count > MOST {
            return;
        }
        (key, begin) = (Some(name), from);
    }
    if let Some(key) = key {
        put(key, text.get(begin..).unwrap_or_default(), fields);
    }
}

/// Whether a word may name a field: not the end of an address (`http://x/?a`), and not an escaped `\=`.
fn is_key(word: &str) -> bool {
    !word.is_empty()
        && word.len() <= KEY
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'[' | b']'))
}

fn put(key: &str, value: &str, fields: &mut Map<String, Value>) {
    let value = unescape(value.trim_end());
    if !value.is_empty() {
        fields.insert(key.to_owned(), Value::from(value));
    }
}

fn unescape(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let mut said = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            said.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => said.push('\n'),
            Some('r') => said.push('\r'),
            Some(c @ ('=' | '\\' | '|')) => said.push(c),
            Some(c) => said.extend(['\\', c]),
            None => said.push('\\'),
        }
    }
    said
}

/// Custom fields say what they are in a field beside them (`cs1Label=Rule cs1=…`): they get that name too.
fn labels(fields: &mut Map<String, Value>) {
    let named: Vec<(String, Value)> = fields
        .iter()
        .filter_map(|(name, label)| {
            let of = fields.get(name.strip_suffix("Label")?)?;
            let label = label.as_str().filter(|label| !label.starts_with('_') && label.len() <= KEY)?;
            Some((label.to_owned(), of.clone()))
        })
        .collect();
    for (name, value) in named {
        fields.entry(name).or_insert(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn fields(message: &str) -> Map<String, Value> {
        let mut fields = Map::new();
        assert!(read(message, &mut fields), "{message}");
        fields
    }

    #[test]
    fn the_escapes_of_the_standard() {
        let event = fields(
            r"CEF:0|security|threat\|manager|1\\0|100|detected a \| in message|10|src=10.0.0.1 act=blocked a \\ \= dst=1.1.1.1 msg=two\nlines cs1Label=Tên luật cs1=chặn hết ",
        );
        assert_eq!(event["DeviceProduct"], "threat|manager");
        assert_eq!((&event["DeviceVersion"], &event["Name"]), (&json!("1\\0"), &json!("detected a | in message")));
        assert_eq!((&event["act"], &event["dst"]), (&json!("blocked a \\ ="), &json!("1.1.1.1")));
        assert_eq!((&event["msg"], &event["Tên luật"]), (&json!("two\nlines"), &json!("chặn hết")));
        assert_eq!(event["Severity"], "10");
    }

    #[test]
    fn an_address_with_signs_of_equality_stays_whole() {
        let event = fields("CEF:1|v|p|1|2|n|5| request=https://x.example.net/a?b=c&d=e fname=a b=c.txt ad.x[0]=1");
        assert_eq!(event["request"], "https://x.example.net/a?b=c&d=e");
        assert_eq!((&event["fname"], &event["b"], &event["ad.x[0]"]), (&json!("a"), &json!("c.txt"), &json!("1")));
    }

    #[test]
    fn a_name_before_the_mark_and_no_pairs_behind_it() {
        assert_eq!(fields("fw1 CEF:0|v|p|1|2|n|Low|")["Severity"], "Low");
        for none in ["CEF:0|v|p", "CEF:x|1|2|3|4|5|6|", "XCEF:0|1|2|3|4|5|6|", "", "CEF:"] {
            assert!(!read(none, &mut Map::new()), "{none}");
        }
    }

    proptest! {
        #[test]
        fn what_was_escaped_comes_back(values in prop::collection::vec("[ -~ạđ]{1,20}[!-~]", 1..6), header in "[ -~]{0,12}[!-~]") {
            let escape = |text: &str| text.replace('\\', "\\\\").replace('=', "\\=");
            let extension: Vec<String> = values.iter().enumerate().map(|(n, v)| format!("k{n}={}", escape(v.trim()))).collect();
            let name = header.trim().replace('\\', "\\\\").replace('|', "\\|");
            let event = fields(&format!("CEF:0|v|p|1|2|{name}|3|{}", extension.join(" ")));
            prop_assert_eq!(event["Name"].as_str().unwrap(), header.trim());
            for (n, value) in values.iter().enumerate() {
                prop_assert_eq!(event[&format!("k{n}")].as_str().unwrap(), value.trim());
            }
        }

        #[test]
        fn no_text_stops_it(text in "(CEF:0)?[|\\\\= a\u{1ea1}\"-]{0,60}") {
            read(&text, &mut Map::new());
        }
    }
}
