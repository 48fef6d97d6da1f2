//! What of a text the tables know: the places that it names. These functions are part of the stored format.

use super::TURNS;

/// Stands for every letter that is not ASCII.
const OTHER: u8 = 0x80;

/// A text without case, one byte for each character. Characters that are the same but for their case, as Unicode folds
/// single characters, give the same byte: besides ASCII's own only two fold to an ASCII letter.
pub(crate) fn folded(text: &str) -> impl Iterator<Item = u8> {
    text.chars().map(|c| match u8::try_from(c) {
        Ok(byte) if byte.is_ascii() => byte.to_ascii_lowercase(),
        _ if c == '\u{212A}' => b'k',
        _ if c == '\u{17F}' => b's',
        _ => OTHER,
    })
}

/// Spreads a number over all its bits (the last step of SplitMix64).
fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

/// The places of a whole value (FNV-1a, mixed).
pub(crate) fn value(text: &str) -> [u16; TURNS] {
    let hash = folded(text)
        .fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3));
    let [a, b, c, d, e, f, _, _] = mixed(hash).to_le_bytes();
    [[a, b], [c, d], [e, f]].map(u16::from_le_bytes)
}

/// The network of an address whose first three bytes are written in whole: the text through its third dot.
pub(crate) fn network(text: &str) -> Option<&str> {
    let (end, _) = text.match_indices('.').nth(2)?;
    text.get(..=end)
}

/// The places of each three characters that follow each other.
pub(crate) fn threes(text: &str) -> impl Iterator<Item = u16> {
    let mut window = 0_u32;
    folded(text).enumerate().filter_map(move |(at, byte)| {
        window = (window << 8 | u32::from(byte)) & 0x00FF_FFFF;
        let [.., high, top] = window.wrapping_mul(0x9E37_79B1).to_le_bytes();
        (at >= 2).then(|| u16::from_le_bytes([high, top]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_differ_in_case_only_fold_to_the_same() {
        for c in ('\0'..=char::MAX).filter(|c| c.is_alphabetic()) {
            let pattern = regex::RegexBuilder::new(&format!("^{c}$")).case_insensitive(true).build().unwrap();
            let one = c.to_string();
            let cases = c.to_lowercase().chain(c.to_uppercase()).map(String::from);
            for other in cases.chain(["k", "s", "K", "S"].map(str::to_owned)).filter(|other| pattern.is_match(other)) {
                assert!(folded(&one).eq(folded(&other)), "{one} and {other}");
            }
        }
    }

    #[test]
    fn places_never_change() {
        assert_eq!(value("10.0.0.1"), value("10.0.0.1"));
        assert_eq!(value("PC-0001.Tinh.VN"), value("pc-0001.tinh.vn"));
        assert_eq!((value("198.51.100.77"), value("Máy3")), ([61836, 47581, 64485], [17617, 64946, 9216]));
        assert_eq!(threes("Mimi").collect::<Vec<_>>(), [61157, 27946]);
        assert_eq!(threes("đă").count() + threes("").count(), 0);
        assert_eq!(network("10.1.2.3"), Some("10.1.2."));
        assert_eq!((network("10.1.2"), network("::1")), (None, None));
    }
}
