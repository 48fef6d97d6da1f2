//! Names matched without regard to case, diacritics or tone placement: Hòa = Hoà = hoa.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The search key of a Vietnamese name: lower case, no diacritics, đ as d, single spaces, letters and digits only.
pub fn key(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfd() {
        if is_combining_mark(c) {
            continue;
        }
        match c {
            'đ' | 'Đ' => out.push('d'),
            c if c.is_alphanumeric() => out.extend(c.to_lowercase()),
            _ if out.ends_with(' ') || out.is_empty() => {}
            _ => out.push(' '),
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// The text in composed form (NFC), as everything is stored.
pub fn nfc(text: &str) -> String {
    text.nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tone_placement_and_case_do_not_matter() {
        assert_eq!(key("Phường Nhân Hòa"), key("phường  Nhân Hoà "));
        assert_eq!(key("Sở Giáo dục và Đào tạo"), "so giao duc va dao tao");
        assert_eq!(key("TP. Hồ Chí Minh"), "tp ho chi minh");
        assert_eq!(key("  —  "), "");
    }
}
