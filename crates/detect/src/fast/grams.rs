//! Which of many literals stand in a text.
//!
//! Every literal is known by four of its bytes (its *gram*), the four that the fewest other literals and the least
//! ordinary text have. A text is passed over once, four bytes at a time; a small bitmap says at almost every place
//! that no literal can stand there, and only where it does not are literals compared whole. The cost is that of the
//! text, whether there are fifty literals or ten thousand. (The idea is Wu and Manber's, "A fast algorithm for
//! multi-pattern searching", 1994, with the gram chosen by rarity instead of place.)

use std::collections::HashMap;

use rustc_hash::FxHashMap;

/// Literals of four bytes and more, by their grams.
#[derive(Debug, Default)]
pub(super) struct Grams {
    /// Which hashes of grams there are.
    bitmap: Vec<u64>,
    shift: u32,
    /// Gram -> its literals: a range of `entries`.
    at: FxHashMap<u32, (u32, u32)>,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    literal: Box<[u8]>,
    /// Where the gram stands in the literal.
    offset: u32,
    /// What its finder is told.
    told: u32,
}

/// Bytes of a gram.
const GRAM: usize = 4;

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
        let mut by_gram: HashMap<u32, Vec<Entry>> = HashMap::new();
        for (literal, told) in literals {
            let weight = |(_, window): &(usize, &[u8])| common.get(&gram(window)).copied().unwrap_or(0);
            let Some((offset, window)) = literal.windows(GRAM).enumerate().min_by_key(weight) else { continue };
            let (gram, offset) = (gram(window), u32::try_from(offset).unwrap_or(0));
            by_gram.entry(gram).or_default().push(Entry { literal, offset, told });
        }
        // At most one bit in sixteen is set: few places of a text look like a gram that is none.
        let bits = (by_gram.len() * 16).next_power_of_two().clamp(1 << 10, 1 << 20).ilog2();
        let mut made = Self { shift: 32 - bits, ..Self::default() };
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

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn slot(&self, gram: u32) -> usize {
        (gram.wrapping_mul(0x9E37_79B1) >> self.shift) as usize
    }

    /// Tells of every literal that stands in the text, at least once and perhaps more often.
    pub(super) fn find(&self, text: &[u8], tell: &mut impl FnMut(u32)) {
        for (place, window) in text.windows(GRAM).enumerate() {
            let gram = gram(window);
            let slot = self.slot(gram);
            let word = self.bitmap.get(slot >> 6).copied().unwrap_or(0);
            if word >> (slot & 63) & 1 == 1 {
                self.compare(gram, place, text, tell);
            }
        }
    }

    /// Whether any literal stands in the text.
    pub(super) fn stands_in(&self, text: &[u8]) -> bool {
        let mut found = false;
        self.find(text, &mut |_| found = true);
        found
    }

    #[inline(never)]
    fn compare(&self, gram: u32, place: usize, text: &[u8], tell: &mut impl FnMut(u32)) {
        let Some((start, end)) = self.at.get(&gram) else { return };
        for entry in self.entries.get(*start as usize..*end as usize).unwrap_or_default() {
            let from = place.checked_sub(entry.offset as usize).and_then(|start| text.get(start..));
            if from.is_some_and(|from| from.starts_with(&entry.literal)) {
                tell(entry.told);
            }
        }
    }
}

fn gram(window: &[u8]) -> u32 {
    window.try_into().map_or(0, u32::from_le_bytes)
}

/// A position of a list that is far below 2³².
fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Literals by the bytes at their end, each with what its finder is told.
type Tips = FxHashMap<u64, Vec<(Box<[u8]>, u32)>>;

/// Literals that stand at one end of a text.
#[derive(Debug, Default)]
pub(super) struct Ends {
    /// Bytes that are looked at, and what they lead to: literals of at least so many bytes.
    by_length: Vec<(usize, Tips)>,
}

/// At which end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Start,
    Last,
}

impl Ends {
    /// Takes in literals, each with what is to be told when it is found. None may be empty.
    pub(super) fn new(end: End, literals: Vec<(Box<[u8]>, u32)>) -> Self {
        let mut made = Self::default();
        for (literal, told) in literals {
            let length = match literal.len() {
                8.. => 8,
                4.. => 4,
                short => short,
            };
            let Some(key) = key(end, &literal, length) else { continue };
            let place = made.by_length.iter().position(|(known, _)| *known == length);
            let place = place.unwrap_or_else(|| {
                made.by_length.push((length, FxHashMap::default()));
                made.by_length.len() - 1
            });
            if let Some((_, map)) = made.by_length.get_mut(place) {
                map.entry(key).or_default().push((literal, told));
            }
        }
        made
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_length.is_empty()
    }

    /// Tells of every literal that stands at this end.
    pub(super) fn find(&self, end: End, text: &[u8], tell: &mut impl FnMut(u32)) {
        for (length, map) in &self.by_length {
            let Some(known) = key(end, text, *length).and_then(|key| map.get(&key)) else { continue };
            for (literal, told) in known {
                let fits = if end == End::Start { text.starts_with(literal) } else { text.ends_with(literal) };
                if fits {
                    tell(*told);
                }
            }
        }
    }
}

/// The first or last bytes as a number; up to eight.
fn key(end: End, text: &[u8], length: usize) -> Option<u64> {
    let from = if end == End::Start { 0 } else { text.len().checked_sub(length)? };
    let part = text.get(from..from + length)?;
    Some(part.iter().fold(0, |key, byte| key << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn numbered(literals: &[String]) -> Vec<(Box<[u8]>, u32)> {
        (0..).zip(literals).map(|(n, literal)| (literal.as_bytes().into(), n)).collect()
    }

    fn found(find: impl FnOnce(&mut dyn FnMut(u32))) -> std::collections::BTreeSet<u32> {
        let mut all = std::collections::BTreeSet::new();
        find(&mut |n| {
            all.insert(n);
        });
        all
    }

    proptest! {
        #[test]
        fn what_stands_in_a_text_is_found_and_nothing_else(
            literals in prop::collection::vec("[ab\\\\.đ]{4,9}", 0..40),
            text in "[ab\\\\.đ]{0,60}",
        ) {
            let literals: Vec<String> = literals.into_iter().filter(|l| l.len() >= GRAM).collect();
            let grams = Grams::new(numbered(&literals));
            let seen = found(|mut tell| grams.find(text.as_bytes(), &mut tell));
            for (n, literal) in (0..).zip(&literals) {
                prop_assert_eq!(seen.contains(&n), text.contains(literal.as_str()));
            }
        }

        #[test]
        fn what_stands_at_an_end_is_found_and_nothing_else(
            literals in prop::collection::vec("[ab]{1,11}", 0..40),
            text in "[ab]{0,14}",
        ) {
            for end in [End::Start, End::Last] {
                let ends = Ends::new(end, numbered(&literals));
                let seen = found(|mut tell| ends.find(end, text.as_bytes(), &mut tell));
                for (n, literal) in (0..).zip(&literals) {
                    let fits = if end == End::Start { text.starts_with(literal) } else { text.ends_with(literal) };
                    prop_assert_eq!(seen.contains(&n), fits);
                }
            }
        }
    }
}
