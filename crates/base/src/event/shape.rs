//! Fields told by pointing into the raw text.
//!
//! The fields of an event repeat what its raw text says, in another order and under other names. So a file keeps the
//! raw text whole, and of the fields only their *shape*: the JSON text of the fields in which each value that stands
//! in the raw text too is replaced by a reference to it. Events of one kind have one shape, which a dictionary stores
//! once; on Windows events this takes a tenth of what the fields take as text.
//!
//! **Stored format, version 1; it never changes.** Tokens of the raw text are numbered from 0: a text between two
//! quotes (a backslash takes the next byte with it) is one token without its quotes; a quote that is not closed is
//! nothing; elsewhere a token is a longest run of bytes that are neither white space nor one of `,:;={}[]()<>|"`.
//! A reference is `\x01`, the token's number, for a span of tokens also `-` and the number of the last one or `$`
//! for the raw text's last token, then `\x02`. It stands for the raw text from the first byte of the first token to
//! the last byte of the last one. JSON text has no control characters, so nothing else is taken for a reference.

/// Starts a reference.
const OPEN: char = '\u{1}';
/// Ends a reference.
const CLOSE: char = '\u{2}';
/// Tokens of a raw text that references may point to. Longer texts keep their fields in full.
pub const TOKENS: usize = 1_024;

/// Whether a byte parts tokens.
fn parts(byte: u8) -> bool {
    matches!(
        byte,
        b' ' | b'\t'
            | b'\n'
            | b'\r'
            | 0x0c
            | b','
            | b':'
            | b';'
            | b'='
            | b'{'
            | b'}'
            | b'['
            | b']'
            | b'('
            | b')'
            | b'<'
            | b'>'
            | b'|'
            | b'"'
    )
}

/// The closing quote of a text that starts at `from`, the byte after its opening quote.
fn quoted(text: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text.get(at) == Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

/// First byte and the byte after the last of each token; `None` when there are too many.
fn tokens(text: &str) -> Option<Vec<(usize, usize)>> {
    let bytes = text.as_bytes();
    let mut found = Vec::with_capacity(64);
    // Once a quote is left open, all that follow are.
    let mut open = false;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let end = if *byte == b'"' && !open { quoted(bytes, at + 1) } else { None };
        if let Some(end) = end {
            found.push((at + 1, end));
            at = end + 1;
        } else if parts(*byte) {
            open |= *byte == b'"';
            at += 1;
        } else {
            let rest = bytes.get(at..).unwrap_or_default();
            let end = at + rest.iter().position(|byte| parts(*byte)).unwrap_or(rest.len());
            found.push((at, end));
            at = end;
        }
        if found.len() > TOKENS {
            return None;
        }
    }
    Some(found)
}

/// Where a value stands among the tokens: the first and the last of them. Looked for from `from` on, then from the
/// start, since fields follow the raw text's order as a rule.
fn place(raw: &str, tokens: &[(usize, usize)], value: &str, from: usize) -> Option<(usize, usize)> {
    let order = || (from..tokens.len()).chain(0..from.min(tokens.len()));
    let whole = |at: &usize| {
        tokens.get(*at).is_some_and(|(start, end)| end - start == value.len() && raw.get(*start..*end) == Some(value))
    };
    if let Some(at) = order().find(whole) {
        return Some((at, at));
    }
    // A single token was looked for already.
    value.bytes().any(parts).then_some(())?;
    order().find_map(|at| {
        let (start, _) = tokens.get(at)?;
        raw.get(*start..)?.starts_with(value).then_some(())?;
        let last = tokens.binary_search_by_key(&(start + value.len()), |(_, end)| *end).ok()?;
        Some((at, last))
    })
}

/// The shape of fields (as JSON text) beside their raw text; `None` when the fields are better kept in full.
pub fn shape(fields: &str, raw: &str) -> Option<String> {
    let tokens = tokens(raw)?;
    let bytes = fields.as_bytes();
    let mut out = String::with_capacity(fields.len());
    let (mut done, mut at, mut next) = (0, 0, 0);
    while let Some(byte) = bytes.get(at) {
        let (start, end, after) = match byte {
            b'"' => {
                let end = quoted(bytes, at + 1)?;
                (at + 1, end, end + 1)
            }
            b'-' | b'0'..=b'9' => {
                let rest = bytes.get(at..)?;
                let length = rest.iter().position(|b| matches!(b, b',' | b'}' | b']')).unwrap_or(rest.len());
                (at, at + length, at + length)
            }
            _ => {
                at += 1;
                continue;
            }
        };
        at = after;
        // Names stay: they make the shape.
        let value = fields.get(start..end)?;
        if bytes.get(after) == Some(&b':') || value.is_empty() {
            continue;
        }
        if let Some((first, last)) = place(raw, &tokens, value, next) {
            out.push_str(fields.get(done..start)?);
            refer(&mut out, first, last, tokens.len());
            done = end;
            next = last + 1;
        }
    }
    out.push_str(fields.get(done..)?);
    (done > 0 && put(&out, raw, &tokens).as_deref() == Some(fields)).then_some(out)
}

/// Appends the reference to one token of the raw text.
pub fn refer_to(out: &mut String, token: usize) {
    refer(out, token, token, usize::MAX);
}

fn refer(out: &mut String, first: usize, last: usize, all: usize) {
    out.push(OPEN);
    out.push_str(&first.to_string());
    if last + 1 == all && last > first {
        out.push_str("-$");
    } else if last > first {
        out.push('-');
        out.push_str(&last.to_string());
    }
    out.push(CLOSE);
}

/// The JSON text of the fields out of their shape; `None` when the shape does not belong to the raw text.
pub fn full(shape: &str, raw: &str) -> Option<String> {
    put(shape, raw, &tokens(raw)?)
}

fn put(shape: &str, raw: &str, tokens: &[(usize, usize)]) -> Option<String> {
    let mut out = String::with_capacity(shape.len() + raw.len());
    let mut rest = shape;
    while let Some((before, after)) = rest.split_once(OPEN) {
        let (reference, after) = after.split_once(CLOSE)?;
        let (first, last) = match reference.split_once('-') {
            None => (reference.parse().ok()?, reference.parse().ok()?),
            Some((first, "$")) => (first.parse::<usize>().ok()?, tokens.len().checked_sub(1)?),
            Some((first, last)) => (first.parse().ok()?, last.parse::<usize>().ok()?),
        };
        out.push_str(before);
        out.push_str(raw.get(tokens.get(first)?.0..tokens.get(last)?.1)?);
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both_ways(fields: &str, raw: &str) -> Option<String> {
        let shape = shape(fields, raw)?;
        assert_eq!(full(&shape, raw).unwrap(), fields);
        Some(shape)
    }

    #[test]
    fn the_stored_format_of_version_1() {
        let raw = r#"{"Event":{"EventID":7,"Image":"C:\\a b\\x.exe","Time":"2026-06-10 01:02:03","n":-1.5}}"#;
        let fields = r#"{"EventID":7,"Image":"C:\\a b\\x.exe","When":"2026-06-10 01:02:03","n":-1.5,"own":"?"}"#;
        let told = "{\"EventID\":\u{1}2\u{2},\"Image\":\"\u{1}4\u{2}\",\"When\":\"\u{1}6\u{2}\",\"n\":\u{1}8\u{2},\"own\":\"?\"}";
        assert_eq!(both_ways(fields, raw).unwrap(), told);

        let raw = "<13>Oct 11 22:14:15 máy-01 sshd[42]: Failed password for root from 10.0.0.7 port 22";
        let fields =
            r#"{"program":"sshd","pid":42,"message":"Failed password for root from 10.0.0.7 port 22","ip":"10.0.0.7"}"#;
        let told =
            "{\"program\":\"\u{1}7\u{2}\",\"pid\":\u{1}8\u{2},\"message\":\"\u{1}9-$\u{2}\",\"ip\":\"\u{1}14\u{2}\"}";
        assert_eq!(both_ways(fields, raw).unwrap(), told);
    }

    #[test]
    fn events_of_one_kind_have_one_shape() {
        let of = |id: u32, name: &str| {
            let raw = format!(r#"{{"EventID":{id},"User":"{name}","Level":4}}"#);
            both_ways(&format!(r#"{{"id":{id},"TargetUserName":"{name}"}}"#), &raw).unwrap()
        };
        assert_eq!(of(4625, "an"), of(4624, "Nguyễn Văn Ánh"));
    }

    #[test]
    fn what_does_not_stand_in_the_raw_text_stays_in_full() {
        assert_eq!(both_ways(r#"{"a":"b"}"#, "nothing of it"), None);
        assert_eq!(both_ways("{}", ""), None);
        assert_eq!(both_ways(r#"{"a":"x"}"#, &"x ".repeat(TOKENS + 1)), None);
        // An escape of one side only is another text.
        assert_eq!(both_ways(r#"{"a":"C:\\x"}"#, r"C:\x"), None);
    }

    #[test]
    fn broken_quotes_and_shapes_of_other_texts_are_no_panic() {
        assert!(both_ways(r#"{"a":"say","b":"x"}"#, r#""unclosed say "x" \"#).is_some());
        assert_eq!(full("\u{1}9\u{2}", "a b"), None);
        assert_eq!(full("\u{1}1-0\u{2}", "a b"), None);
        assert_eq!(full("\u{1}", "a b"), None);
        assert_eq!(full("\u{1}0-$\u{2}", ""), None);
        assert_eq!(full("{\"a\":\u{1}0\u{2}}", "1").unwrap(), "{\"a\":1}");
    }

    proptest::proptest! {
        #[test]
        fn any_fields_beside_any_text_come_back(
            values in proptest::collection::vec("[a-c \"\\\\:=<é]{0,6}", 0..6),
            raw in "[a-c \"\\\\:=<é]{0,40}",
        ) {
            let map: serde_json::Map<_, _> =
                values.into_iter().enumerate().map(|(at, value)| (at.to_string(), value.into())).collect();
            let fields = serde_json::to_string(&map).unwrap();
            both_ways(&fields, &raw);
            let line = serde_json::to_string(&serde_json::json!({ "deep": map })).unwrap();
            both_ways(&fields, &line);
        }
    }
}
