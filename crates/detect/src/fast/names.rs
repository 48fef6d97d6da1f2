//! The fields that rules name, found by the names that events use.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use khien_base::event::Layout;
use rustc_hash::FxHashMap;

use crate::item::FieldNames;

/// The fields that rules name.
#[derive(Debug, Default)]
pub(super) struct Names {
    exact: FxHashMap<Box<str>, u32>,
    folded: FxHashMap<Box<str>, Vec<u32>>,
    pub(super) count: usize,
}

impl Names {
    pub(super) fn new(fields: &FieldNames) -> Self {
        let mut made = Self { count: fields.len(), ..Self::default() };
        for slot in 0..fields.len() {
            let (name, slot) = (fields.name(slot), u32::try_from(slot).unwrap_or(u32::MAX));
            made.exact.insert(name.into(), slot);
            made.folded.entry(name.to_ascii_lowercase().into()).or_default().push(slot);
        }
        made
    }

    fn alike(&self, name: &str) -> &[u32] {
        self.folded.get(name.to_ascii_lowercase().as_str()).map_or(&[][..], Vec::as_slice)
    }
}

/// Which fields the rules of a log source ask for.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    slots: Vec<bool>,
    /// Those whose names have dots.
    pub(super) dotted: Vec<u32>,
    /// Whether words are searched for anywhere.
    pub(super) everywhere: bool,
    /// Whether two of the fields differ in case alone.
    twins: bool,
}

impl Wanted {
    pub(super) fn new(wanted: impl IntoIterator<Item = u32>, fields: &FieldNames, everywhere: bool) -> Self {
        let mut made = Self { slots: vec![false; fields.len()], everywhere, ..Self::default() };
        let mut lower = HashSet::new();
        for slot in wanted {
            let Some(place) = made.slots.get_mut(slot as usize) else { continue };
            if std::mem::replace(place, true) {
                continue;
            }
            let name = fields.name(slot as usize);
            if name.contains('.') {
                made.dotted.push(slot);
            }
            made.twins |= !lower.insert(name.to_ascii_lowercase());
        }
        made
    }

    /// Whether fields handed over one by one are not enough: names with dots may be paths.
    pub(super) fn needs_record(&self) -> bool {
        !self.dotted.is_empty()
    }

    fn has(&self, slot: u32) -> bool {
        self.slots.get(slot as usize).copied().unwrap_or(false)
    }
}

/// Names that are not those of rules letter for letter, and the fields that they are in other case. Senders choose
/// these names: the hash is seeded.
#[derive(Debug, Default)]
pub(super) struct Learnt(HashMap<Box<str>, Arc<[u32]>, foldhash::fast::RandomState>);

/// Names learnt at most; a stream with more of them has names that are data.
const LEARNT: usize = 8192;

impl Learnt {
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }

    /// Offers the fields that a name is, and for each whether it bears exactly that name.
    pub(super) fn identify(&mut self, name: &str, names: &Names, wanted: &Wanted, mut offer: impl FnMut(u32, bool)) {
        let exact = names.exact.get(name).copied();
        if let Some(slot) = exact.filter(|slot| wanted.has(*slot)) {
            offer(slot, true);
            // The same name in other case may be another field of rules.
            if !wanted.twins {
                return;
            }
        }
        if !self.0.contains_key(name) {
            if self.0.len() >= LEARNT {
                self.0.clear();
            }
            self.0.insert(name.into(), names.alike(name).into());
        }
        for slot in self.0.get(name).into_iter().flat_map(|slots| slots.iter().copied()) {
            if exact != Some(slot) && wanted.has(slot) {
                offer(slot, false);
            }
        }
    }
}

/// What the rules of a route want of a layout.
#[derive(Debug, Default)]
pub(super) struct Laid {
    /// Places of the layout, and the fields of rules that each is; whether it bears exactly their name.
    pub(super) wanted: Vec<(usize, Vec<(u32, bool)>)>,
    /// All other places.
    pub(super) rest: Vec<usize>,
}

impl Laid {
    fn new(layout: &Layout, names: &Names, wanted: &Wanted) -> Self {
        let mut of_slot: FxHashMap<u32, (usize, bool)> = FxHashMap::default();
        for (place, name) in layout.names().iter().enumerate() {
            let exact = names.exact.get(name).copied();
            for slot in names.alike(name).iter().copied().filter(|slot| wanted.has(*slot)) {
                let exact = exact == Some(slot);
                let known = of_slot.entry(slot).or_insert((place, exact));
                // Exactly its name stands before the same name in other case, which stands before later ones.
                if exact && !known.1 {
                    *known = (place, true);
                }
            }
        }
        let mut made = Self::default();
        for place in 0..layout.names().len() {
            let mut slots: Vec<(u32, bool)> =
                of_slot.iter().filter(|(_, (at, _))| *at == place).map(|(slot, (_, exact))| (*slot, *exact)).collect();
            slots.sort_unstable();
            if slots.is_empty() { made.rest.push(place) } else { made.wanted.push((place, slots)) }
        }
        made
    }
}

/// What routes want of the layouts that came.
#[derive(Debug, Default)]
pub(super) struct Layouts {
    known: FxHashMap<(u64, u32), Laid>,
}

/// Layouts known at most.
const LAYOUTS: usize = 4096;

impl Layouts {
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }

    /// What a route, known by its number, wants of a layout.
    pub(super) fn laid(&mut self, layout: &Layout, route: u32, names: &Names, wanted: &Wanted) -> &Laid {
        if self.known.len() >= LAYOUTS && !self.known.contains_key(&(layout.id(), route)) {
            self.known.clear();
        }
        self.known.entry((layout.id(), route)).or_insert_with(|| Laid::new(layout, names, wanted))
    }
}
