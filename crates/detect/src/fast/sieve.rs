//! Whether any of the words that may stand anywhere can stand in an event, told from its text as it came.

use aho_corasick::AhoCorasick;
use aho_corasick::packed::{Config, Searcher};

use super::grams::{GRAM, ORDINARY, Words};

/// Of each word a stretch that stands in a text letter for letter, whatever encloses and escapes the rest.
#[derive(Debug)]
pub(super) enum Sieve {
    /// All stretches are long: only every so many bytes of a text are looked at.
    Stepped(Words),
    /// With the vector instructions of the machine, where it has them and the words are not too many.
    Packed(Searcher),
    Plain(AhoCorasick),
}

/// What JSON writes as it is.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" .-_:=".contains(&byte)
}

/// The longest stretch of a word.
fn stretch(word: &str) -> Option<&[u8]> {
    word.as_bytes().split(|byte| !is_plain(*byte)).max_by_key(|part| part.len()).filter(|part| part.len() >= GRAM)
}

/// The part of a stretch to be looked for: from the four bytes on that ordinary text has least.
fn part(stretch: &[u8]) -> Option<&[u8]> {
    let ordinary = |window: &[u8]| ORDINARY.as_bytes().windows(GRAM).filter(|known| *known == window).count();
    let start = stretch.windows(GRAM).enumerate().min_by_key(|(_, window)| ordinary(window)).map(|(start, _)| start)?;
    stretch.get(start..)
}

/// Bytes from which on a stretch is long.
const LONG: usize = GRAM + 3;

impl Sieve {
    /// A sieve for folded words; `None` when one of them has no stretch that is long enough.
    pub(super) fn new<'w>(words: impl Iterator<Item = &'w str>) -> Option<Self> {
        let mut parts: Vec<&[u8]> = words.map(stretch).collect::<Option<_>>()?;
        let long = parts.iter().all(|part| part.len() >= LONG);
        if !long {
            parts = parts.into_iter().map(part).collect::<Option<_>>()?;
        }
        parts.sort_unstable();
        parts.dedup();
        if long {
            return Some(Self::Stepped(Words::new(&parts)));
        }
        match Config::new().builder().extend(&parts).build() {
            Some(packed) => Some(Self::Packed(packed)),
            None => AhoCorasick::new(&parts).ok().map(Self::Plain),
        }
    }

    /// Whether a word may stand in a text: never `false` when one does, whether the text is written with the escapes of
    /// JSON (of which none hides a letter of a stretch) or without. The lower case of the text may be written to `room`.
    pub(super) fn lets_pass(&self, text: &str, room: &mut String) -> bool {
        // The only character beyond ASCII whose lower case is in it.
        if !text.is_ascii() && text.contains('\u{212a}') {
            return true;
        }
        if let Self::Stepped(words) = self {
            return words.any(text.as_bytes());
        }
        room.clear();
        room.push_str(text);
        room.make_ascii_lowercase();
        match self {
            Self::Stepped(words) => words.any(room.as_bytes()),
            Self::Packed(packed) => packed.find(room.as_bytes()).is_some(),
            Self::Plain(plain) => plain.is_match(room.as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::fold;

    #[test]
    fn no_other_character_folds_into_ascii() {
        let folding: Vec<char> = ('\u{80}'..=char::MAX).filter(|c| fold(*c).is_ascii()).collect();
        assert_eq!(folding, ['\u{212a}']);
    }

    #[test]
    fn words_pass_in_any_case_with_escapes_or_without() {
        let few = [r"\\evil-host\admin$", "mật khẩu: rõ"];
        let many: Vec<String> = (0..300).map(|n| format!("word {n}")).collect();
        let long = [r"\\evil-host\admin$"];
        let more = few.into_iter().chain(many.iter().map(String::as_str)).collect();
        for words in [long.to_vec(), few.to_vec(), more] {
            let sieve = Sieve::new(words.into_iter()).unwrap();
            let passes = |text: &str| sieve.lets_pass(text, &mut String::new());
            assert!(passes(r#"{"a":"x \\\\EVIL-Host\\admin$ y"}"#) && passes(r"\\evil-host\admin$"));
            assert!(passes("\u{212a}") && !passes("nothing of it, not even evil host"));
        }
        assert!(Sieve::new(["a/b/c"].into_iter()).is_none(), "no stretch of four");
    }

    proptest! {
        #[test]
        fn long_words_pass_wherever_they_stand(
            words in prop::collection::vec("[a-c:. -]{7,14}", 1..8),
            text in "[a-cA-C:. -]{0,60}",
            at in 0..60_usize,
            word in any::<prop::sample::Index>(),
        ) {
            let sieve = Sieve::new(words.iter().map(String::as_str)).unwrap();
            let holds = |text: &str| words.iter().any(|word| text.to_ascii_lowercase().contains(word.as_str()));
            prop_assert_eq!(sieve.lets_pass(&text, &mut String::new()), holds(&text));
            let mut with = text;
            let at = at.min(with.len());
            with.insert_str(at, &word.get(&words).to_ascii_uppercase());
            prop_assert!(sieve.lets_pass(&with, &mut String::new()));
        }
    }
}
