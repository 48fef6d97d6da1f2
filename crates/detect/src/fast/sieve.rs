//! Whether any of the words that may stand anywhere can stand in an event, told from its text as it came.

use super::grams::{Case, GRAM, Grams};

/// Of each word the longest stretch that stands in a text letter for letter, whatever encloses and escapes the rest.
#[derive(Debug)]
pub(super) struct Sieve(Grams);

/// What JSON writes as it is.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" .-_:=".contains(&byte)
}

impl Sieve {
    /// A sieve for folded words; `None` when one of them has no stretch that is long enough.
    pub(super) fn new<'w>(words: impl Iterator<Item = &'w str>) -> Option<Self> {
        let stretch = |word: &'w str| word.as_bytes().split(|byte| !is_plain(*byte)).max_by_key(|part| part.len());
        let parts = words.map(|word| stretch(word).filter(|part| part.len() >= GRAM).map(|part| (part.into(), 0)));
        Some(Self(Grams::together(parts.collect::<Option<_>>()?, Case::Ignored)))
    }

    /// Whether a word may stand in a text: never `false` when one does, whether the text is written with the escapes of
    /// JSON (of which none hides a letter of a stretch) or without.
    pub(super) fn lets_pass(&self, text: &str) -> bool {
        // The only character beyond ASCII whose lower case is in it.
        let kelvin = !text.is_ascii() && text.contains('\u{212a}');
        kelvin || self.0.stands_in(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::fold;

    #[test]
    fn no_other_character_folds_into_ascii() {
        let folding: Vec<char> = ('\u{80}'..=char::MAX).filter(|c| fold(*c).is_ascii()).collect();
        assert_eq!(folding, ['\u{212a}']);
    }

    #[test]
    fn words_pass_in_any_case_with_escapes_or_without() {
        let sieve = Sieve::new([r"\\evil-host\admin$", "mật khẩu: rõ"].into_iter()).unwrap();
        assert!(sieve.lets_pass(r#"{"a":"x \\\\EVIL-Host\\admin$ y"}"#) && sieve.lets_pass(r"\\evil-host\admin$"));
        assert!(sieve.lets_pass("\u{212a}") && !sieve.lets_pass("nothing of it, not even evil host"));
        assert!(Sieve::new(["a/b/c"].into_iter()).is_none(), "no stretch of four");
    }
}
