//! Text that can be printed: what comes from users, without the characters that would break a file or fool a reader.

use unicode_normalization::UnicodeNormalization;

/// Whether a character has no place on paper: control characters (XML 1.0 §2.2 forbids most of them), direction
/// overrides that make a name read backwards (Unicode TR #36), and code points that are no characters.
fn unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{feff}' | '\u{fff9}'..='\u{fffb}')
        || (c as u32) & 0xfffe == 0xfffe
        || matches!(c, '\u{fdd0}'..='\u{fdef}')
}

/// The text in one line: composed (NFC, as TCVN 6909:2001 keyboards write), white space runs as one space.
pub(crate) fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfc() {
        if c == '\n' || c == '\t' || c == '\r' || c == ' ' || c == '\u{2028}' || c == '\u{2029}' {
            if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
        } else if !unprintable(c) {
            out.push(c);
        }
    }
    out.truncate(out.trim_end_matches(' ').len());
    out
}

/// The lines of a text that are not empty.
pub(crate) fn lines(text: &str) -> Vec<String> {
    text.split(['\n', '\r', '\u{2028}', '\u{2029}']).map(line).filter(|l| !l.is_empty()).collect()
}

/// The text without the sign that the form itself puts at its end.
pub(crate) fn without_sign(text: &str) -> String {
    line(text).trim_end_matches([';', '.', ',', ' ']).to_owned()
}

/// The text without a leading dash, which the form puts there itself.
pub(crate) fn without_dash(text: &str) -> String {
    without_sign(text).trim_start_matches(['-', '–', ' ']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_direction_overrides_go_and_spaces_fold() {
        assert_eq!(line("a\u{0}b\u{1b}[31mc \t\r\n d\u{202e}e\u{feff}\u{ffff} "), "ab[31mc de");
    }

    #[test]
    fn decomposed_vietnamese_is_composed() {
        assert_eq!(line("Ba\u{306}\u{301}c Ninh"), "Bắc Ninh");
    }

    #[test]
    fn the_form_sets_signs_itself() {
        assert_eq!(without_sign("Luật An ninh mạng;"), "Luật An ninh mạng");
        assert_eq!(without_dash("- Lưu: VT, PA05."), "Lưu: VT, PA05");
        assert_eq!(lines("một\n\n hai \r\n"), ["một", "hai"]);
    }
}
