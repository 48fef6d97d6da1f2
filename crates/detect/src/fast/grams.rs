//! Which of many literals stand in a text.
//!
//! Every literal is known by four of its bytes (its *gram*), the four that the fewest other literals and the least
//! ordinary text have. A text is passed over once; a small bitmap says at almost every place that no literal can stand
//! there, and only where it does not are literals compared whole. The cost is that of the text, whether there are fifty
//! literals or ten thousand. (The idea is Wu and Manber's, "A fast algorithm for multi-pattern searching", 1994, with
//! the gram chosen by rarity instead of place.)
//!
//! Of literals that are long enough four grams are known, one for each remainder of its place by four. Wherever such a
//! literal stands, one of them is at a place that four divides, so that only every fourth place is looked at.

use rustc_hash::FxHashMap;

/// Bytes of a gram.
pub(super) const GRAM: usize = 4;
/// From this length on a literal has a gram of every remainder.
const LONG: usize = 2 * GRAM - 1;

/// Literals of four bytes and more.
#[derive(Debug, Default)]
pub(super) struct Grams {
    /// Looked for at every place.
    short: Table,
    /// Looked for at every fourth place.
    long: Table,
}

/// What is done about the case of ASCII letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Case {
    /// Literals and texts were folded.
    #[default]
    Folded,
    /// Literals were folded, texts were not.
    Ignored,
}

impl Grams {
    /// Takes in literals, each with what is to be told when it is found. None may be shorter than a gram.
    pub(super) fn new(literals: Vec<(Box<[u8]>, u32)>, case: Case) -> Self {
        let mut common: FxHashMap<u32, u32> = FxHashMap::default();
        for window in ORDINARY.as_bytes().windows(GRAM) {
            common.entry(case.gram(window)).or_insert(1000);
        }
        for window in literals.iter().flat_map(|(literal, _)| literal.windows(GRAM)) {
            *common.entry(case.gram(window)).or_insert(0) += 1;
        }
        let (long, short) = literals.into_iter().partition(|(literal, _)| literal.len() >= LONG);
        Self { short: Table::new(short, 1, case, &common), long: Table::new(long, GRAM, case, &common) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.short.literals.is_empty() && self.long.literals.is_empty()
    }

    /// Tells of every literal that stands in the text, at least once and perhaps more often.
    pub(super) fn find(&self, text: &[u8], tell: &mut impl FnMut(u32)) {
        let mut go_on = |told| {
            tell(told);
            false
        };
        self.search(text, &mut go_on);
    }

    /// Whether any literal stands in the text.
    pub(super) fn stands_in(&self, text: &[u8]) -> bool {
        self.search(text, &mut |_| true)
    }

    /// Tells of literals in the text until it is told to stop; whether it was.
    fn search(&self, text: &[u8], stop: &mut impl FnMut(u32) -> bool) -> bool {
        let mut places = text.chunks_exact(GRAM).enumerate();
        if !self.long.literals.is_empty() && places.any(|(n, window)| self.long.at(n * GRAM, window, text, stop)) {
            return true;
        }
        let mut places = text.windows(GRAM).enumerate();
        !self.short.literals.is_empty() && places.any(|(place, window)| self.short.at(place, window, text, stop))
    }
}

impl Case {
    /// Four bytes as a number, alike for letters that differ in case alone where that is not to count.
    fn gram(self, window: &[u8]) -> u32 {
        let gram = window.try_into().map_or(0, u32::from_le_bytes);
        if self == Self::Folded { gram } else { gram | 0x2020_2020 }
    }

    fn starts(self, text: &[u8], literal: &[u8]) -> bool {
        match self {
            Self::Folded => text.starts_with(literal),
            Self::Ignored => text.get(..literal.len()).is_some_and(|start| start.eq_ignore_ascii_case(literal)),
        }
    }
}

/// Literals by their grams.
#[derive(Debug, Default)]
struct Table {
    case: Case,
    /// Which hashes of grams there are.
    bitmap: Vec<u64>,
    shift: u32,
    /// Gram -> a range of `entries`.
    at: FxHashMap<u32, (u32, u32)>,
    entries: Vec<Entry>,
    /// Each with what its finder is told.
    literals: Vec<(Box<[u8]>, u32)>,
}

#[derive(Debug)]
struct Entry {
    literal: u32,
    /// Where the gram stands in the literal.
    offset: u32,
}

impl Table {
    fn new(literals: Vec<(Box<[u8]>, u32)>, step: usize, case: Case, common: &FxHashMap<u32, u32>) -> Self {
        let mut by_gram: FxHashMap<u32, Vec<Entry>> = FxHashMap::default();
        for (number, (literal, _)) in (0..).zip(&literals) {
            for first in 0..step {
                let windows = literal.windows(GRAM).enumerate().skip(first).step_by(step);
                let rarest = windows
                    .map(|(offset, window)| (offset, case.gram(window)))
                    .min_by_key(|(_, gram)| common.get(gram).copied().unwrap_or(0));
                if let Some((offset, gram)) = rarest {
                    by_gram.entry(gram).or_default().push(Entry { literal: number, offset: narrow(offset) });
                }
            }
        }
        // At most one bit in sixteen is set: few places of a text look like a gram that is none.
        let bits = (by_gram.len() * 16).next_power_of_two().clamp(1 << 10, 1 << 20).ilog2();
        let mut made = Self { case, shift: 32 - bits, literals, ..Self::default() };
        made.bitmap = vec![0; 1 << (bits - 6)];
        for (gram, entries) in by_gram {
            let slot = made.slot(gram);
            if let Some(word) = made.bitmap.get_mut(slot >> 6) {
                *word |= 1 << (slot & 63);
            }
            let start = made.entries.len();
            made.entries.extend(entries);
            made.at.insert(gram, (narrow(start), narrow(made.entries.len())));
        }
        made
    }

    fn slot(&self, gram: u32) -> usize {
        (gram.wrapping_mul(0x9E37_79B1) >> self.shift) as usize
    }

    /// Tells of the literals whose gram stands at a place; whether it was told to stop.
    fn at(&self, place: usize, window: &[u8], text: &[u8], stop: &mut impl FnMut(u32) -> bool) -> bool {
        let gram = self.case.gram(window);
        let slot = self.slot(gram);
        let word = self.bitmap.get(slot >> 6).copied().unwrap_or(0);
        word >> (slot & 63) & 1 == 1 && self.compare(gram, place, text, stop)
    }

    #[inline(never)]
    fn compare(&self, gram: u32, place: usize, text: &[u8], stop: &mut impl FnMut(u32) -> bool) -> bool {
        let Some((start, end)) = self.at.get(&gram) else { return false };
        let entries = self.entries.get(*start as usize..*end as usize).unwrap_or_default();
        entries.iter().any(|entry| {
            let Some((literal, told)) = self.literals.get(entry.literal as usize) else { return false };
            let from = place.checked_sub(entry.offset as usize).and_then(|start| text.get(start..));
            from.is_some_and(|from| self.case.starts(from, literal)) && stop(*told)
        })
    }
}

/// A position of a list that is far below 2³².
fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// What logs are full of: a gram of this says little.
const ORDINARY: &str = concat!(
    r"c:\windows\system32\ c:\windows\syswow64\ c:\program files (x86)\ c:\program files\ c:\programdata\ ",
    r"c:\users\administrator\appdata\local\temp\ appdata\roaming\microsoft\windows\ \downloads\ \desktop\ ",
    r"hklm\software\microsoft\windows nt\currentversion\ hklm\system\currentcontrolset\services\ hku\s-1-5-21- ",
    r"powershell.exe cmd.exe /c svchost.exe -k netsvcs rundll32.exe regsvr32.exe explorer.exe services.exe .dll,.exe ",
    r"\registry\machine\software\classes\ windowspowershell\v1.0\powershell.exe -noprofile -command -executionpolicy ",
    r#"http:// https:// www. .com .net .org content-type: text/html host: user-agent: mozilla/5.0 " -- "#,
    "the and for with from this that file process system event user name security network service command string ",
    "     00000000 0000-0000-0000 2019 2020 2021 2022 2023 2024 2025 2026 ",
);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_stands_in_a_text_is_found_and_nothing_else(
            literals in prop::collection::vec("[ab\\\\.đ]{4,12}", 0..40),
            text in "[ab\\\\.đ]{0,60}",
        ) {
            let numbered = (0..).zip(&literals).map(|(n, literal)| (literal.as_bytes().into(), n)).collect();
            let grams = Grams::new(numbered, Case::Folded);
            let mut seen = BTreeSet::new();
            grams.find(text.as_bytes(), &mut |n| {
                seen.insert(n);
            });
            for (n, literal) in (0..).zip(&literals) {
                prop_assert_eq!(seen.contains(&n), text.contains(literal.as_str()));
            }
            prop_assert_eq!(grams.stands_in(text.as_bytes()), !seen.is_empty());
        }

        #[test]
        fn case_is_ignored_where_it_is_to_be(
            literals in prop::collection::vec("[ab.0@`]{4,12}", 0..40),
            text in "[abAB.0@`]{0,60}",
        ) {
            let numbered = (0..).zip(&literals).map(|(n, literal)| (literal.as_bytes().into(), n)).collect();
            let found = Grams::new(numbered, Case::Ignored).stands_in(text.as_bytes());
            let lower = text.to_ascii_lowercase();
            prop_assert_eq!(found, literals.iter().any(|literal| lower.contains(literal.as_str())));
        }
    }
}
