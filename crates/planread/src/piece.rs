//! What a document is made of before anybody asks what it means: paragraphs and table rows.

use std::borrow::Cow;

/// A paragraph, or a row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// A paragraph, its marks of emphasis gone.
    Paragraph {
        /// Its text on one line.
        text: String,
        /// Whether the document itself calls it a heading (`# …`, an outline level), and how deep (1 is outermost).
        heading: Option<u8>,
    },
    /// A row; a merged cell's text stands in its first column, the others are empty.
    Row {
        /// Its cells, left to right.
        cells: Vec<String>,
        /// Which table of the document it belongs to, from 0.
        table: usize,
    },
}

impl Piece {
    /// A paragraph without a heading mark.
    pub(crate) fn paragraph(text: impl Into<String>) -> Self {
        Self::Paragraph { text: text.into(), heading: None }
    }
}

/// The text on one line: composed characters, single spaces, no marks of emphasis, no invisible characters.
pub(crate) fn clean(text: &str) -> String {
    // Composed Vietnamese needs no second look; letters with loose marks do.
    let plain = |c: char| matches!(c, '\0'..='\u{2ff}' | '\u{1e00}'..='\u{1eff}' | '\u{2010}'..='\u{2027}');
    let composed = if text.chars().all(plain) { Cow::Borrowed(text) } else { Cow::Owned(khien_base::key::nfc(text)) };
    let mut out = String::with_capacity(composed.len());
    let chars: Vec<char> = composed.chars().collect();
    for (i, &c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|i| chars.get(i)).copied().unwrap_or(' ');
        let after = chars.get(i + 1).copied().unwrap_or(' ');
        match c {
            // "**bold**", "*italic*"; "3*4" and "3 * 4" stay.
            '*' if before.is_ascii_digit() && after.is_ascii_digit() => out.push(c),
            '*' if before.is_whitespace() && after.is_whitespace() && i > 0 && i + 1 < chars.len() => out.push(c),
            '*' => {}
            '\u{200b}' | '\u{200c}' | '\u{200d}' | '\u{feff}' | '\u{00ad}' => {}
            '\u{2011}' | '\u{2010}' => out.push('-'),
            c if c.is_whitespace() || c.is_control() => {
                if !out.is_empty() && !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            c => out.push(c),
        }
    }
    out.truncate(out.trim_end().len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emphasis_goes_and_multiplication_stays() {
        assert_eq!(clean("(**trước ngày 05/12**) *qua  Công an tỉnh*"), "(trước ngày 05/12) qua Công an tỉnh");
        assert_eq!(clean("***Nơi nhận:***"), "Nơi nhận:");
        assert_eq!(clean("3*4 và 3 * 4"), "3*4 và 3 * 4");
        assert_eq!(clean("ho\u{0300}a\u{00a0}bình\u{200b}"), "hòa bình");
    }
}
