//! Which of many literals of one to three bytes stand in a text.

use rustc_hash::FxHashMap;

/// Literals too short for a gram.
#[derive(Debug, Default)]
pub(super) struct Shorts {
    /// Of one byte.
    single: Vec<(u8, u32)>,
    /// Which pairs of bytes begin a longer one; empty where there is none.
    pairs: Vec<u64>,
    /// First two bytes -> the third, where there is one, and what its finder is told.
    at: FxHashMap<u16, Vec<(Option<u8>, u32)>>,
}

impl Shorts {
    /// Takes in a literal with what is to be told when it is found.
    pub(super) fn add(&mut self, literal: &[u8], told: u32) {
        match *literal {
            [one] => self.single.push((one, told)),
            [first, second] => self.pair(first, second, None, told),
            [first, second, third] => self.pair(first, second, Some(third), told),
            _ => {}
        }
    }

    fn pair(&mut self, first: u8, second: u8, third: Option<u8>, told: u32) {
        self.pairs.resize(1 << 10, 0);
        let pair = u16::from_le_bytes([first, second]);
        if let Some(word) = self.pairs.get_mut(usize::from(pair >> 6)) {
            *word |= 1 << (pair & 63);
        }
        self.at.entry(pair).or_default().push((third, told));
    }

    /// Tells of every literal that stands in the text, at least once and perhaps more often.
    pub(super) fn find(&self, text: &[u8], tell: &mut impl FnMut(u32)) {
        self.single.iter().filter(|(byte, _)| text.contains(byte)).for_each(|(_, told)| tell(*told));
        if self.pairs.is_empty() {
            return;
        }
        for (place, window) in text.windows(2).enumerate() {
            let pair = window.try_into().map_or(0, u16::from_le_bytes);
            let word = self.pairs.get(usize::from(pair >> 6)).copied().unwrap_or(0);
            if word >> (pair & 63) & 1 == 1 {
                let next = text.get(place + 2);
                for (third, told) in self.at.get(&pair).map_or(&[][..], Vec::as_slice) {
                    if third.is_none() || third.as_ref() == next {
                        tell(*told);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_stands_in_a_text_is_found_and_nothing_else(
            literals in prop::collection::vec("[ab\\\\]{1,3}", 0..20),
            text in "[ab\\\\c]{0,12}",
        ) {
            let mut shorts = Shorts::default();
            (0..).zip(&literals).for_each(|(n, literal)| shorts.add(literal.as_bytes(), n));
            let mut seen = BTreeSet::new();
            shorts.find(text.as_bytes(), &mut |n| {
                seen.insert(n);
            });
            for (n, literal) in (0..).zip(&literals) {
                prop_assert_eq!(seen.contains(&n), text.contains(literal.as_str()));
            }
        }
    }
}
