//! A sentence as words, so that grammar is written as words and not as bytes.

/// A word, a number or one mark of punctuation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// In lower case.
    pub(crate) low: String,
    /// First byte in the sentence.
    pub(crate) start: usize,
    /// Byte after the last.
    pub(crate) end: usize,
}

/// The words of a sentence.
#[derive(Debug, Clone)]
pub(crate) struct Words<'a> {
    text: &'a str,
    list: Vec<Word>,
}

impl<'a> Words<'a> {
    /// Parts a sentence: letters together, digits together, every other mark alone.
    pub(crate) fn new(text: &'a str) -> Self {
        let mut list: Vec<Word> = Vec::new();
        let mut kind = ' ';
        for (start, c) in text.char_indices() {
            let this = if c.is_alphabetic() {
                'a'
            } else if c.is_ascii_digit() {
                '0'
            } else if c.is_whitespace() {
                ' '
            } else {
                '.'
            };
            let end = start + c.len_utf8();
            match list.last_mut() {
                Some(word) if this == kind && this != '.' && this != ' ' => {
                    lower(c, &mut word.low);
                    word.end = end;
                }
                _ if this != ' ' => {
                    let mut low = String::new();
                    lower(c, &mut low);
                    list.push(Word { low, start, end });
                }
                _ => {}
            }
            kind = this;
        }
        Self { text, list }
    }

    /// How many.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// The word in lower case; empty past the end.
    pub(crate) fn low(&self, i: usize) -> &str {
        self.list.get(i).map_or("", |w| w.low.as_str())
    }

    /// The word before `i` in lower case; empty at the start.
    pub(crate) fn before(&self, i: usize) -> &str {
        i.checked_sub(1).map_or("", |i| self.low(i))
    }

    /// The word as written; empty past the end.
    pub(crate) fn raw(&self, i: usize) -> &'a str {
        self.list.get(i).and_then(|w| self.text.get(w.start..w.end)).unwrap_or("")
    }

    /// Whether the word begins with a capital letter.
    pub(crate) fn capital(&self, i: usize) -> bool {
        self.raw(i).chars().next().is_some_and(char::is_uppercase)
    }

    /// First byte of word `i`; the end of the sentence past the last.
    pub(crate) fn start(&self, i: usize) -> usize {
        self.list.get(i).map_or(self.text.len(), |w| w.start)
    }

    /// Byte after the word before `i`.
    pub(crate) fn end_before(&self, i: usize) -> usize {
        i.checked_sub(1).and_then(|i| self.list.get(i)).map_or(0, |w| w.end)
    }

    /// The text from word `from` up to (not with) word `to`.
    pub(crate) fn span(&self, from: usize, to: usize) -> &'a str {
        self.text.get(self.start(from)..self.end_before(to)).unwrap_or("").trim()
    }

    /// How many words of `phrase` (parted by spaces) stand at `i`: all of them or none.
    pub(crate) fn at(&self, i: usize, phrase: &str) -> Option<usize> {
        let mut n = 0;
        for word in phrase.split(' ') {
            if self.low(i + n) != word {
                return None;
            }
            n += 1;
        }
        Some(n)
    }

    /// The longest of `phrases` that stands at `i`.
    pub(crate) fn any(&self, i: usize, phrases: &[&str]) -> Option<usize> {
        let first = self.list.get(i)?.low.as_bytes();
        let mut longest = None;
        for phrase in phrases {
            // Nearly every phrase is turned away by its first bytes; this is the innermost loop of the crate.
            if phrase.as_bytes().starts_with(first) {
                longest = longest.max(self.at(i, phrase));
            }
        }
        longest
    }

    /// Where one of `phrases` first stands from `from` on, and how many words it has.
    pub(crate) fn find(&self, from: usize, phrases: &[&str]) -> Option<(usize, usize)> {
        (from..self.len()).find_map(|i| self.any(i, phrases).map(|n| (i, n)))
    }

    /// The whole number at `i`.
    pub(crate) fn number(&self, i: usize) -> Option<u32> {
        self.low(i).parse().ok().filter(|_| self.low(i).len() <= 6)
    }

    /// Whether word `i` touches the one before it.
    pub(crate) fn tight(&self, i: usize) -> bool {
        i > 0 && self.start(i) == self.end_before(i)
    }
}

/// Most letters are in lower case already; only the others are looked up.
fn lower(c: char, into: &mut String) {
    if c.is_ascii() {
        into.push(c.to_ascii_lowercase());
    } else if c.is_lowercase() {
        into.push(c);
    } else {
        into.extend(c.to_lowercase());
    }
}

/// Cuts a paragraph into sentences at ". " before a capital; abbreviations ("TP. Hồ Chí Minh") stay whole.
pub(crate) fn sentences(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut from = 0;
    for (at, _) in text.match_indices(". ") {
        let rest = text.get(at + 2..).unwrap_or("").trim_start();
        let last = text.get(from..at).unwrap_or("").rsplit([' ', '.']).next().unwrap_or("");
        let abbreviated = last.chars().count() <= 4 && !last.is_empty() && last.chars().all(char::is_uppercase)
            || matches!(last, "Tp" | "tp" | "TS" | "ThS" | "PGS" | "GS");
        let ends = rest.chars().next().is_some_and(|c| c.is_uppercase() || c == '“' || c == '"' || c == '(');
        if ends && !abbreviated {
            out.push(text.get(from..=at).unwrap_or("").trim());
            from = at + 2;
        }
    }
    out.push(text.get(from..).unwrap_or("").trim());
    out.retain(|s| !s.is_empty());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_numbers_and_marks() {
        let words = Words::new("Quý I/2026, 100% hệ");
        let all: Vec<&str> = (0..words.len()).map(|i| words.low(i)).collect();
        assert_eq!(all, ["quý", "i", "/", "2026", ",", "100", "%", "hệ"]);
        assert_eq!(words.at(0, "quý i"), Some(2));
        assert_eq!(words.span(0, 4), "Quý I/2026");
        assert!(words.tight(2) && !words.tight(1));
    }

    #[test]
    fn sentences_end_before_a_capital() {
        assert_eq!(
            sentences("Rà soát. Báo cáo TP. Hồ Chí Minh. xong."),
            ["Rà soát.", "Báo cáo TP. Hồ Chí Minh. xong."]
        );
    }
}
