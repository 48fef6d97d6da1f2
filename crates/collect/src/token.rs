//! A source's token inside a message: `[khien@32473 token="…"]` in the structured data of RFC 5424.
//!
//! Machines behind one address (NAT) or with changing ones (DHCP) are told apart by it where they have no certificate.
//! The element is taken out before anything else sees the line: a secret is not stored with events. 32473 is the
//! enterprise number that RFC 5612 keeps for examples; any number is understood.

use std::sync::LazyLock;

use memchr::memmem::{self, Finder};

const NAME: &[u8] = b"[khien@";
static MARK: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(NAME));
/// How far into a line the element is looked for.
const WITHIN: usize = 2048;
/// Characters of a token.
const TOKEN: usize = 200;

/// The token in a line, and the line without it; none where the structured data has no such element.
pub(crate) fn apart(line: &[u8]) -> Option<(String, Vec<u8>)> {
    let head = line.get(..line.len().min(WITHIN))?;
    MARK.find(head)?;
    let data = structured_data(line)?;
    let mut at = data;
    // Element after element: what looks like one inside of a value or of the message is none.
    while line.get(at) == Some(&b'[') {
        let end = element(line, at)?;
        let inside = line.get(at..end)?;
        if inside.starts_with(NAME) {
            let token = value(inside)?;
            let (before, after) = (line.get(..at)?, line.get(end..)?);
            let mut rest = before.to_vec();
            // RFC 5424, 6.3: no element at all is written as a hyphen.
            if at == data && after.first() != Some(&b'[') {
                rest.push(b'-');
            }
            rest.extend_from_slice(after);
            return Some((token, rest));
        }
        at = end;
    }
    None
}

/// Where the structured data of a line begins: after `<PRI>1`, time, host, application, process and message kind.
fn structured_data(line: &[u8]) -> Option<usize> {
    let close = line.iter().take(5).position(|byte| *byte == b'>')?;
    if line.first() != Some(&b'<') || !line.get(close + 1..)?.starts_with(b"1 ") {
        return None;
    }
    let mut spaces = line.iter().enumerate().skip(close).filter(|(_, byte)| **byte == b' ').map(|(place, _)| place);
    spaces.nth(5).map(|place| place + 1)
}

/// Where the element that begins at `at` ends, past its bracket. In values `\`, `"` and `]` are escaped by `\`.
fn element(line: &[u8], at: usize) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (place, byte) in line.iter().enumerate().skip(at) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b']' if !quoted => return Some(place + 1),
            _ => {}
        }
    }
    None
}

fn value(element: &[u8]) -> Option<String> {
    const KEY: &[u8] = b" token=\"";
    let start = memmem::find(element, KEY)? + KEY.len();
    let rest = element.get(start..)?;
    let token = rest.get(..rest.iter().position(|byte| *byte == b'"')?)?;
    let plain =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'+' | b'/' | b'=');
    if token.is_empty() || token.len() > TOKEN || !token.iter().all(plain) {
        return None;
    }
    String::from_utf8(token.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(line: &str) -> Option<(String, String)> {
        apart(line.as_bytes()).map(|(token, rest)| (token, String::from_utf8(rest).unwrap()))
    }

    #[test]
    fn the_element_is_taken_out_wherever_it_stands() {
        let head = "<34>1 2026-10-01T09:00:00Z may01 sshd 7 ID47";
        let token = "[khien@32473 token=\"a-b_c\"]";
        let other = "[x@1 k=\"a \\\" \\] [khien@1 token=\\\"no\\\"]\"]";
        let case = |data: &str| text(&format!("{head} {data} message [khien@1 token=\"m\"]"));
        let left = |data: &str| Some(("a-b_c".to_owned(), format!("{head} {data} message [khien@1 token=\"m\"]")));
        assert_eq!(case(token), left("-"));
        assert_eq!(case(&format!("{other}{token}")), left(other));
        assert_eq!(case(&format!("{token}{other}")), left(other));
        assert_eq!(case(&format!("{other}{token}{other}")), left(&format!("{other}{other}")));
        assert_eq!(case("-"), None, "what stands in the message is no token");
        assert_eq!(case(other), None);
    }

    #[test]
    fn lines_of_other_kinds_have_none() {
        for line in [
            "<13>Oct  1 09:00:00 h a: [khien@1 token=\"x\"]",
            "[khien@1 token=\"x\"]",
            "<34>1 - - - - - [khien@1 token=\"\"] x",
            "<34>1 - - - - - [khien@1 token=\"x",
            "<34>1 - - - - - [khien@1 other=\"x\"] x",
        ] {
            assert_eq!(text(line), None, "{line}");
        }
        assert_eq!(text("<34>1 - - - - - [khien@1 token=\"x\"]"), Some(("x".into(), "<34>1 - - - - - -".into())));
    }

    proptest! {
        #[test]
        fn no_line_is_too_odd(line in "(<1?>1? ?)?[ \\[\\]\"\\\\a-z@=khien]{0,80}") {
            let _ = apart(line.as_bytes());
        }
    }
}
