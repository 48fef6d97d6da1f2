//! Shapes of documents: their names and the kinds of their values, in order. Programs write the same shapes again and
//! again, so a reader that knows them has to compare a name instead of finding where it ends, and what was found out
//! about one document holds for all of its shape.

use super::Kind;

/// The shapes that came so far, as a tree: each state is what was read up to some place of a document.
#[derive(Debug)]
pub(super) struct Shapes {
    states: Vec<State>,
    generation: u64,
}

#[derive(Debug, Default)]
struct State {
    /// Names that come next, with quotes and colon, and where they lead.
    names: Vec<(Box<[u8]>, u32)>,
    /// Where a value of each kind leads.
    kinds: [u32; 7],
    /// Where the end of a map or list leads.
    closed: u32,
}

/// No shape; the first state is that of nothing read.
const NONE: u32 = 0;
const START: u32 = 1;
/// States at most: with more of them, shapes are forgotten and learnt anew.
const STATES: usize = 1 << 15;
/// Names that may come next at most: with more of them, names are data.
const NAMES: usize = 64;

impl Default for Shapes {
    fn default() -> Self {
        Self { states: vec![State::default(), State::default()], generation: 0 }
    }
}

impl Shapes {
    /// The state of a document that begins.
    pub(super) fn begin(&mut self) -> u32 {
        if self.states.len() >= STATES {
            self.states.truncate(1);
            self.states.push(State::default());
            self.generation += 1;
        }
        START
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// If the text starts with a name that may come next, its length with quotes and colon, and where it leads.
    pub(super) fn expected(&mut self, state: u32, text: &[u8]) -> Option<(usize, u32)> {
        let names = &mut self.states.get_mut(state as usize)?.names;
        let at = names.iter().position(|(name, _)| text.starts_with(name))?;
        // What came last comes next, more often than not.
        names.swap(0, at);
        names.first().map(|(name, next)| (name.len(), *next))
    }

    /// Where a name leads.
    pub(super) fn named(&mut self, state: u32, name: &str) -> u32 {
        let Some(known) = self.states.get(state as usize).filter(|_| state != NONE) else { return NONE };
        let is = |quoted: &[u8]| quoted.get(1..quoted.len().saturating_sub(2)) == Some(name.as_bytes());
        if let Some((_, next)) = known.names.iter().find(|(quoted, _)| is(quoted)) {
            return *next;
        }
        if known.names.len() >= NAMES {
            return NONE;
        }
        let next = self.grow();
        if let Some(known) = self.states.get_mut(state as usize).filter(|_| next != NONE) {
            known.names.push((format!("\"{name}\":").into_bytes().into(), next));
        }
        next
    }

    /// Where a value of a kind leads.
    pub(super) fn of_kind(&mut self, state: u32, kind: Kind) -> u32 {
        self.follow(state, |state| state.kinds.get_mut(kind as usize))
    }

    /// Where the end of a map or list leads.
    pub(super) fn closed(&mut self, state: u32) -> u32 {
        self.follow(state, |state| Some(&mut state.closed))
    }

    fn follow(&mut self, state: u32, edge: impl Fn(&mut State) -> Option<&mut u32>) -> u32 {
        if state == NONE {
            return NONE;
        }
        let known = self.states.get_mut(state as usize).and_then(&edge).copied();
        if let Some(next) = known.filter(|next| *next != NONE) {
            return next;
        }
        let next = self.grow();
        if let Some(edge) = self.states.get_mut(state as usize).and_then(edge) {
            *edge = next;
        }
        next
    }

    /// A new state, as long as there is room.
    fn grow(&mut self) -> u32 {
        // The room beyond is for the rest of the document that is being read.
        if self.states.len() >= STATES {
            return NONE;
        }
        self.states.push(State::default());
        u32::try_from(self.states.len() - 1).unwrap_or(NONE)
    }
}
