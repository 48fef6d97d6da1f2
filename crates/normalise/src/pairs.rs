//! `key=value` lists, as the kernel's packet filter and the Linux audit system write them.

/// Most pairs that one line may have.
const MOST: usize = 512;

/// One pair; `quoted` tells a text from a number or from hexadecimal.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Pair<'a> {
    pub(crate) key: &'a str,
    pub(crate) value: &'a str,
    pub(crate) quoted: bool,
}

/// The pairs of a line, in order. Words without `=` are passed over. Blanks and the audit system's separator of its
/// translated part (0x1d) part them; `"…"` and `'…'` hold blanks.
pub(crate) fn pairs(text: &str) -> Vec<Pair<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while found.len() < MOST {
        rest = rest.trim_start_matches(is_gap);
        if rest.is_empty() {
            break;
        }
        let word = rest.find(|c| c == '=' || is_gap(c)).unwrap_or(rest.len());
        let (key, after) = rest.split_at_checked(word).unwrap_or((rest, ""));
        let Some(value) = after.strip_prefix('=') else {
            rest = after;
            continue;
        };
        let (value, quoted, after) = read_value(value);
        if !key.is_empty() {
            found.push(Pair { key, value, quoted });
        }
        rest = after;
    }
    found
}

/// Whether a message is nothing but such a list: it begins with a pair, and has three at least near its begin.
pub(crate) fn is_list(message: &str) -> bool {
    let head = message.trim_start();
    let name =
        head.bytes().take(64).take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')).count();
    let begins = name > 0 && head.as_bytes().get(name) == Some(&b'=');
    begins && head.bytes().take(1024).filter(|b| *b == b'=').count() >= 3 && pairs(head).len() >= 3
}

fn is_gap(c: char) -> bool {
    c.is_whitespace() || c == '\u{1d}' || c == ','
}

fn read_value(text: &str) -> (&str, bool, &str) {
    for quote in ['"', '\''] {
        if let Some((value, after)) = text.strip_prefix(quote).and_then(|inside| inside.split_once(quote)) {
            return (value, true, after);
        }
    }
    let end = text.find(|c: char| c.is_whitespace() || c == '\u{1d}').unwrap_or(text.len());
    let (value, after) = text.split_at_checked(end).unwrap_or((text, ""));
    (value, false, after)
}

/// Text that the audit system wrote as hexadecimal because it holds blanks or quotes; NUL parts arguments.
pub(crate) fn from_hex(value: &str) -> Option<String> {
    if value.len() < 2 || !value.len().is_multiple_of(2) || !value.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let nibble = |b: &u8| char::from(*b).to_digit(16).unwrap_or(0);
    let bytes: Vec<u8> = value
        .as_bytes()
        .chunks(2)
        .filter_map(|pair| u8::try_from(pair.iter().map(nibble).fold(0, |sum, n| sum * 16 + n)).ok())
        .map(|b| if b == 0 { b' ' } else { b })
        .collect();
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_blanks_and_lone_words_are_passed_over() {
        let found = pairs("a=1 DF b=\"x y\" c='op=p acct=\"r\"'\u{1d}D=e f= =g");
        let told: Vec<_> = found.iter().map(|p| (p.key, p.value, p.quoted)).collect();
        assert_eq!(
            told,
            [
                ("a", "1", false),
                ("b", "x y", true),
                ("c", "op=p acct=\"r\"", true),
                ("D", "e", false),
                ("f", "", false)
            ]
        );
    }

    #[test]
    fn hexadecimal_is_text_again() {
        assert_eq!(from_hex("2F62696E2F7368002D63").as_deref(), Some("/bin/sh -c"));
        assert_eq!(from_hex("2F6"), None);
        assert_eq!(from_hex("zz"), None);
    }
}
