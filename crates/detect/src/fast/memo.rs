//! What values told before. The same few thousand values come again and again in logs: paths of programs, names of
//! accounts and hosts. What a value tells depends on nothing but its field, its kind and its text, so it is remembered.

use smallvec::SmallVec;

use super::formula::Atom;
use super::view::Leaf;

/// What a value says of an atom: that it holds, or that it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Told(u32);

impl Told {
    pub(super) fn holds(atom: Atom) -> Self {
        Self(atom << 1 | 1)
    }

    pub(super) fn may_hold(atom: Atom) -> Self {
        Self(atom << 1)
    }

    /// The atom, and whether it holds.
    pub(super) fn parts(self) -> (Atom, bool) {
        (self.0 >> 1, self.0 & 1 == 1)
    }
}

/// The memory of one thread: of bounded size, nothing is allocated for a value once it has grown.
#[derive(Debug, Default)]
pub(super) struct Memo {
    /// Pairs of entries.
    entries: Vec<Entry>,
    /// Of each pair, whether the second was used last.
    second: Vec<bool>,
    /// By field.
    usefulness: Vec<Usefulness>,
}

/// Values remembered at most; a power of two.
const ENTRIES: usize = 1 << 15;
/// Longer values are rarely the same.
const LONGEST: usize = 192;

/// A value with what it told. Both stand in the entry itself: a memory of this size is not in the processor's cache, and
/// each place elsewhere would be one more to wait for. All but the text is one line of the cache; a text of ordinary
/// length is the next.
#[derive(Debug)]
#[repr(C, align(64))]
struct Entry {
    key: Key,
    told: SmallVec<[Told; 6]>,
    length: u8,
    text: [u8; LONGEST],
}

impl Default for Entry {
    fn default() -> Self {
        Self { key: Key::default(), told: SmallVec::new(), length: 0, text: [0; LONGEST] }
    }
}

impl Entry {
    fn is(&self, key: Key, text: &str) -> bool {
        self.key == key && self.text.get(..usize::from(self.length)) == Some(text.as_bytes())
    }
}

/// What a value is, apart from its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Key {
    hash: u64,
    /// The field's number in the engine, from 1; 0 is nothing.
    field: u32,
    kind: u32,
}

/// Whether values of a field come again.
#[derive(Debug, Clone, Copy, Default)]
struct Usefulness {
    known: u16,
    new: u16,
    given_up: bool,
}

/// Values after which a field is judged.
const TRIAL: u16 = 2048;

impl Memo {
    /// Forgets everything, as it must when the rules are others.
    pub(super) fn forget(&mut self) {
        self.entries.clear();
        self.second.clear();
        self.usefulness.clear();
    }

    /// The key of a value; `None` when it is not to be remembered.
    pub(super) fn key(&mut self, field: u32, leaf: Leaf, text: &str) -> Option<Key> {
        if text.len() > LONGEST {
            return None;
        }
        let at = field as usize;
        if self.usefulness.len() <= at {
            self.usefulness.resize(at + 1, Usefulness::default());
        }
        if self.usefulness.get(at)?.given_up {
            return None;
        }
        let kind = leaf.code();
        Some(Key { hash: hash(text.as_bytes(), u64::from(field) << 8 | u64::from(kind)), field, kind })
    }

    /// What a value told before, unless it is new.
    pub(super) fn recall(&mut self, key: Key, text: &str) -> Option<&[Told]> {
        if self.entries.is_empty() {
            self.entries.resize_with(ENTRIES, Entry::default);
            self.second.resize(ENTRIES / 2, false);
        }
        let first = place(key);
        let second = (0..2).find(|second| self.entries.get(first + second).is_some_and(|entry| entry.is(key, text)));
        self.judge(key.field, second.is_some());
        let found = first + second?;
        if let Some(last) = self.second.get_mut(first / 2) {
            *last = found > first;
        }
        self.entries.get(found).map(|entry| entry.told.as_slice())
    }

    /// Remembers what a new value told, in place of the one of its pair that was used longer ago.
    pub(super) fn learn(&mut self, key: Key, text: &str, told: &[Told]) {
        let first = place(key);
        let Some(last) = self.second.get_mut(first / 2) else { return };
        *last = !*last;
        let Some(entry) = self.entries.get_mut(first + usize::from(*last)) else { return };
        let (Ok(length), Some(room)) = (u8::try_from(text.len()), entry.text.get_mut(..text.len())) else { return };
        room.copy_from_slice(text.as_bytes());
        entry.length = length;
        entry.key = key;
        entry.told.clear();
        entry.told.extend_from_slice(told);
    }

    fn judge(&mut self, field: u32, found: bool) {
        let Some(judged) = self.usefulness.get_mut(field as usize) else { return };
        let count = if found { &mut judged.known } else { &mut judged.new };
        *count += 1;
        if judged.known + judged.new >= TRIAL {
            // Remembering costs about a quarter of looking.
            *judged = Usefulness { known: 0, new: 0, given_up: judged.known < TRIAL / 4 };
        }
    }
}

/// The first of the pair of entries that a value may be in.
fn place(key: Key) -> usize {
    (key.hash >> 32) as usize & (ENTRIES - 2)
}

/// A hash that is fast on short texts; two texts of one hash only take each other's place.
fn hash(bytes: &[u8], seed: u64) -> u64 {
    const ODD: u64 = 0x9E37_79B9_7F4A_7C15;
    let mix = |hash: u64, word: u64| {
        let product = u128::from(hash ^ word) * u128::from(ODD);
        (product as u64) ^ (product >> 64) as u64
    };
    let mut hash = mix(seed.wrapping_add(ODD), bytes.len() as u64);
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        hash = mix(hash, chunk.try_into().map_or(0, u64::from_le_bytes));
    }
    let rest = chunks.remainder().iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    mix(hash, rest)
}
