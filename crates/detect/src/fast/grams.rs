//! Which of many literals stand in a text.
//!
//! Every literal is known by four of its bytes (its *gram*), the four that the fewest other literals and the least
//! ordinary text have. A text is passed over once; a small bitmap says at almost every place that no literal can stand
//! there, and only where it does not are literals compared whole. The cost is that of the text, whether there are fifty
//! literals or ten thousand. (The idea is Wu and Manber's, "A fast algorithm for multi-pattern searching", 1994, with
//! the gram chosen by rarity instead of place.)
//!
//! Of literals that are long enough several grams are known: four (or eight), one for each remainder of its place by
//! four (or eight). Wherever such a literal stands, one of them is at a place that four (or eight) divides, so that only
//! every fourth (or eighth) place is looked at.

use rustc_hash::FxHashMap;

/// Bytes of a gram.
pub(super) const GRAM: usize = 4;
/// From these lengths on a literal has a gram of every remainder by four, by eight.
const LONG: usize = GRAM + 3;
const LONGER: usize = GRAM + 7;

/// Literals of four bytes and more.
#[derive(Debug, Default)]
pub(super) struct Grams {
    /// Looked for at every place.
    short: Table,
    /// Looked for at every fourth place.
    long: Table,
    /// Looked for at every eighth place.
    longer: Table,
}

impl Grams {
    /// Takes in literals, each with what is to be told when it is found. None may be shorter than a gram.
    pub(super) fn new(literals: Vec<(Box<[u8]>, u32)>) -> Self {
        let mut common: FxHashMap<u32, u32> = FxHashMap::default();
        for window in ORDINARY.as_bytes().windows(GRAM) {
            common.entry(gram(window)).or_insert(1000);
        }
        for window in literals.iter().flat_map(|(literal, _)| literal.windows(GRAM)) {
            *common.entry(gram(window)).or_insert(0) += 1;
        }
        let (rest, longer): (Vec<_>, _) = literals.into_iter().partition(|(literal, _)| literal.len() < LONGER);
        let (short, long) = rest.into_iter().partition(|(literal, _)| literal.len() < LONG);
        let table = |literals, step| Table::new(literals, step, &common, gram);
        Self { short: table(short, 1), long: table(long, 4), longer: table(longer, 8) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.short.is_empty() && self.long.is_empty() && self.longer.is_empty()
    }

    /// Tells of every literal that stands in the text, at least once and perhaps more often.
    pub(super) fn find(&self, text: &[u8], tell: &mut impl FnMut(u32)) {
        if !self.short.is_empty() {
            self.short.find(text, tell);
        }
        if !self.long.is_empty() {
            self.long.find_by::<4>(text, tell);
        }
        if !self.longer.is_empty() {
            self.longer.find_by::<8>(text, tell);
        }
    }
}

/// Whether any of some long words, all in lower case, stands in a text in any case.
#[derive(Debug)]
pub(super) struct Words {
    table: Table,
    /// Which hashes of grams there are; of one size, so that no place in it has to be checked.
    bitmap: Box<[u64; 256]>,
    /// Only the places that it divides are looked at: 4 to 8, the more the longer the shortest word is.
    step: usize,
}

impl Words {
    /// Takes in words of seven bytes and more.
    pub(super) fn new(words: &[&[u8]]) -> Self {
        let shortest = words.iter().map(|word| word.len()).min().unwrap_or_default();
        let step = (shortest + 1).saturating_sub(GRAM).clamp(4, 8);
        let ordinary = ORDINARY.as_bytes().windows(GRAM).map(|window| (folded(window), 1000));
        let literals = words.iter().map(|word| ((*word).into(), 0));
        let table = Table::new(literals.collect(), step, &ordinary.collect(), folded);
        let mut bitmap = Box::new([0; 256]);
        for gram in table.at.keys() {
            let (word, bit) = Self::slot(*gram);
            if let Some(word) = bitmap.get_mut(word) {
                *word |= 1 << bit;
            }
        }
        Self { table, bitmap, step }
    }

    /// The word of the bitmap and the bit in it.
    fn slot(gram: u32) -> (usize, u32) {
        let hash = gram.wrapping_mul(SPREAD);
        ((hash >> 24) as usize, hash >> 18 & 63)
    }

    /// Whether any of them stands in a text.
    pub(super) fn any(&self, text: &[u8]) -> bool {
        match self.step {
            4 => self.any_by::<4, 16>(text),
            5 => self.any_by::<5, 20>(text),
            6 => self.any_by::<6, 24>(text),
            7 => self.any_by::<7, 28>(text),
            _ => self.any_by::<8, 32>(text),
        }
    }

    /// The same, told from the places that `STEP` divides; four of them (`STRIDE` bytes) are looked at together, so that
    /// the processor decides once whether to look closer.
    fn any_by<const STEP: usize, const STRIDE: usize>(&self, text: &[u8]) -> bool {
        let may = |gram: u32| {
            let (word, bit) = Self::slot(gram);
            self.bitmap.get(word).copied().unwrap_or_default() >> bit & 1
        };
        let grams =
            |stride| <[u8]>::as_chunks::<STEP>(stride).0.iter().filter_map(|part| part.first_chunk()).map(small);
        let (strides, rest) = text.as_chunks::<STRIDE>();
        let near = (0..).step_by(STRIDE).zip(strides).any(|(from, stride)| {
            grams(stride).fold(0, |any, gram| any | may(gram)) == 1
                && (from..).step_by(STEP).zip(grams(stride)).any(|(at, gram)| self.table.stands(gram, at, text))
        });
        let last = (text.len() - rest.len()..).step_by(STEP);
        let ends = rest.chunks(STEP).filter_map(|part| part.first_chunk()).map(small);
        near || last.zip(ends).any(|(at, gram)| may(gram) == 1 && self.table.stands(gram, at, text))
    }
}

/// Makes letters small, and some other characters the same as each other.
const SMALL: u32 = 0x2020_2020;

/// Four bytes as a number, the same in any case.
fn small(bytes: &[u8; GRAM]) -> u32 {
    u32::from_le_bytes(*bytes) | SMALL
}

/// The same of a window.
fn folded(window: &[u8]) -> u32 {
    gram(window) | SMALL
}

/// Four bytes as a number.
fn gram(window: &[u8]) -> u32 {
    window.try_into().map_or(0, u32::from_le_bytes)
}

/// Spreads grams over the bitmap (Knuth's multiplicative hashing).
const SPREAD: u32 = 0x9E37_79B1;

/// Literals by their grams.
#[derive(Debug, Default)]
struct Table {
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
    fn new(
        literals: Vec<(Box<[u8]>, u32)>,
        step: usize,
        common: &FxHashMap<u32, u32>,
        gram: impl Fn(&[u8]) -> u32,
    ) -> Self {
        let mut by_gram: FxHashMap<u32, Vec<Entry>> = FxHashMap::default();
        for (number, (literal, _)) in (0..).zip(&literals) {
            for first in 0..step {
                let windows = literal.windows(GRAM).enumerate().skip(first).step_by(step);
                let rarest = windows
                    .map(|(offset, window)| (offset, gram(window)))
                    .min_by_key(|(_, gram)| common.get(gram).copied().unwrap_or(0));
                if let Some((offset, gram)) = rarest {
                    by_gram.entry(gram).or_default().push(Entry { literal: number, offset: narrow(offset) });
                }
            }
        }
        // At most one bit in 32 is set: few places of a text look like a gram that is none.
        let bits = (by_gram.len() * 32).next_power_of_two().clamp(1 << 10, 1 << 20).ilog2();
        let mut made = Self { shift: 32 - bits, literals, ..Self::default() };
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
        (gram.wrapping_mul(SPREAD) >> self.shift) as usize
    }

    fn is_empty(&self) -> bool {
        self.literals.is_empty()
    }

    /// Looks at every place.
    fn find(&self, text: &[u8], tell: &mut impl FnMut(u32)) {
        let may = self.may();
        for (place, window) in text.windows(GRAM).enumerate() {
            let gram = gram(window);
            if may(gram) {
                self.compare(gram, place, text, tell);
            }
        }
    }

    /// Looks at the places that `STEP` divides.
    fn find_by<const STEP: usize>(&self, text: &[u8], tell: &mut impl FnMut(u32)) {
        let may = self.may();
        let (chunks, rest) = text.as_chunks::<STEP>();
        let starts = chunks.iter().filter_map(|chunk| chunk.first_chunk()).chain(rest.first_chunk());
        for (place, bytes) in (0..).step_by(STEP).zip(starts) {
            let gram = u32::from_le_bytes(*bytes);
            if may(gram) {
                self.compare(gram, place, text, tell);
            }
        }
    }

    /// Whether the literal of a gram stands around a place of a text, in any case.
    #[inline(never)]
    fn stands(&self, gram: u32, place: usize, text: &[u8]) -> bool {
        let Some((start, end)) = self.at.get(&gram) else { return false };
        self.entries.get(*start as usize..*end as usize).unwrap_or_default().iter().any(|entry| {
            let Some((literal, _)) = self.literals.get(entry.literal as usize) else { return false };
            let from = place.checked_sub(entry.offset as usize);
            from.and_then(|start| text.get(start..start + literal.len()))
                .is_some_and(|text| text.eq_ignore_ascii_case(literal))
        })
    }

    /// Whether a gram may be that of a literal.
    fn may(&self) -> impl Fn(u32) -> bool {
        let (shift, bitmap) = (self.shift, self.bitmap.as_slice());
        move |gram| {
            let slot = (gram.wrapping_mul(SPREAD) >> shift) as usize;
            bitmap.get(slot >> 6).is_some_and(|word| word >> (slot & 63) & 1 == 1)
        }
    }

    #[inline(never)]
    fn compare(&self, gram: u32, place: usize, text: &[u8], tell: &mut impl FnMut(u32)) {
        let Some((start, end)) = self.at.get(&gram) else { return };
        for entry in self.entries.get(*start as usize..*end as usize).unwrap_or_default() {
            let Some((literal, told)) = self.literals.get(entry.literal as usize) else { continue };
            let from = place.checked_sub(entry.offset as usize).and_then(|start| text.get(start..));
            if from.is_some_and(|from| from.starts_with(literal)) {
                tell(*told);
            }
        }
    }
}

/// A position of a list that is far below 2³².
fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// What logs are full of: a gram of this says little.
pub(super) const ORDINARY: &str = concat!(
    r"c:\windows\system32\ c:\windows\syswow64\ c:\program files (x86)\ c:\program files\ c:\programdata\ ",
    r"c:\users\administrator\appdata\local\temp\ appdata\roaming\microsoft\windows\ \downloads\ \desktop\ ",
    r"hklm\software\microsoft\windows nt\currentversion\ hklm\system\currentcontrolset\services\ hku\s-1-5-21- ",
    r"powershell.exe cmd.exe /c svchost.exe -k netsvcs rundll32.exe regsvr32.exe explorer.exe services.exe .dll,.exe ",
    r"\registry\machine\software\classes\ windowspowershell\v1.0\powershell.exe -noprofile -command -executionpolicy ",
    r#"http:// https:// www. .com .net .org content-type: text/html host: user-agent: mozilla/5.0 " -- "#,
    "the and for with from this that file process system event user name security network service command string ",
    "microsoft corporation microsoft windows operating system nt authority\\system local service ",
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
            literals in prop::collection::vec("[ab\\\\.đ]{4,16}", 0..40),
            text in "[ab\\\\.đ]{0,60}",
        ) {
            let numbered = (0..).zip(&literals).map(|(n, literal)| (literal.as_bytes().into(), n)).collect();
            let grams = Grams::new(numbered);
            let mut seen = BTreeSet::new();
            grams.find(text.as_bytes(), &mut |n| {
                seen.insert(n);
            });
            for (n, literal) in (0..).zip(&literals) {
                prop_assert_eq!(seen.contains(&n), text.contains(literal.as_str()));
            }
        }
    }
}
