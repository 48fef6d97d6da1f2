//! Which of many literals a text starts or ends with.

use rustc_hash::FxHashMap;

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
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_stands_at_an_end_is_found_and_nothing_else(
            literals in prop::collection::vec("[ab]{1,11}", 0..40),
            text in "[ab]{0,14}",
        ) {
            for end in [End::Start, End::Last] {
                let numbered = (0..).zip(&literals).map(|(n, literal)| (literal.as_bytes().into(), n)).collect();
                let mut seen = BTreeSet::new();
                Ends::new(end, numbered).find(end, text.as_bytes(), &mut |n| {
                    seen.insert(n);
                });
                for (n, literal) in (0..).zip(&literals) {
                    let fits = if end == End::Start { text.starts_with(literal) } else { text.ends_with(literal) };
                    prop_assert_eq!(seen.contains(&n), fits);
                }
            }
        }
    }
}
