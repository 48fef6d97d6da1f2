//! Many rules against one event, at a cost that grows with the event and not with the rules.
//!
//! 1. *Route.* The log source of the event says which rules mean it at all. They are compiled together the first time
//!    that an event of the log source comes ([`route`]).
//! 2. *Atoms.* What rules ask is cut into atoms, "this field has one of these values"; the same atom of many rules is
//!    one. For each field there are indexes over all of its values ([`field`]): a hash of whole values and numbers,
//!    the ends of texts, and [`grams`] for what may stand anywhere in them. Each value of the event passes them once
//!    and tells which atoms hold, and which regular expressions may.
//! 3. *Wake.* For each rule the rarest atoms of which one must hold were found beforehand ([`formula`]). Only rules of
//!    which such an atom came are looked at. Where a rule has nothing rarer than a test that no index decides, the test
//!    is run on each value that is new.
//! 4. *Decide.* The formula of a rule is worked out over atoms. What no index decides (regular expressions, networks,
//!    order, absence) is tested only now, and once.
//!
//! [`Engine::fired`] gives exactly the rules that [`Ruleset::matches`](crate::Ruleset::matches) gives: the plain
//! matcher is the definition, and tests hold this one to it.

mod ends;
mod field;
mod formula;
mod grams;
mod memo;
mod names;
mod required;
mod route;
mod shorts;
mod sieve;
mod view;

use std::sync::{Arc, RwLock};

use khien_base::event::GiveFields;
use khien_base::{LogSource, Record};
use rustc_hash::FxHashMap;
use serde_json::Value;

use crate::item::Test;
use crate::matcher;
use crate::ruleset::{Match, Ruleset};
use crate::subject::Leaf as PlainLeaf;
use field::Field;
use formula::Atom;
use memo::{Memo, Told};
use names::{Layouts, Names};
use route::{Known, Route};
use view::{Filling, Kind, Leaf, Room, View};

/// Log sources whose compiled rules are kept; events of made-up log sources must not fill the memory.
const ROUTES: usize = 1024;

/// A rule set made fast. Share it in an `Arc`; each thread has a [`Scratch`] of its own.
#[derive(Debug)]
pub struct Engine {
    set: Arc<Ruleset>,
    names: Names,
    routes: RwLock<Routes>,
}

#[derive(Debug, Default)]
struct Routes {
    by_source: FxHashMap<LogSource, Arc<Route>>,
    /// Log sources that mean the same rules have one route.
    by_rules: FxHashMap<Vec<u32>, Arc<Route>>,
    /// How many fields all routes have.
    fields: u32,
}

/// The memory of one thread: nothing is allocated for an event once it has grown.
#[derive(Debug, Default)]
pub struct Scratch {
    view: View,
    board: Board,
    room: Room,
    told: Vec<Told>,
    memo: Memo,
    layouts: Layouts,
    fired: Vec<u32>,
    last: Option<(LogSource, Arc<Route>)>,
    /// The rule set that what is kept from event to event belongs to.
    set: Option<Arc<Ruleset>>,
}

/// What is known of atoms and rules in this event.
#[derive(Debug, Default)]
struct Board {
    atoms: Vec<State>,
    touched: Vec<Atom>,
    woken: Vec<bool>,
    candidates: Vec<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Unknown,
    May,
    Holds,
    Fails,
}

impl Engine {
    /// Makes a rule set fast.
    pub fn new(set: Arc<Ruleset>) -> Self {
        let names = Names::new(set.fields());
        Self { set, names, routes: RwLock::default() }
    }

    /// The rule set.
    pub fn ruleset(&self) -> &Arc<Ruleset> {
        &self.set
    }

    /// Compiles the rules of a log source, which else happens when its first event comes.
    pub fn prepare(&self, log: &LogSource) {
        self.route(log, &mut Scratch::default());
    }

    /// Positions in [`Ruleset::rules`] of the rules that fire on a record, in order.
    pub fn fired<'s>(&self, record: &Record, scratch: &'s mut Scratch) -> &'s [u32] {
        scratch.fired.clear();
        let Some(route) = self.route(&record.log, scratch) else { return &[] };
        scratch.view.fill(record, &self.names, self.set.fields(), &route.wanted);
        scratch.decide(&route);
        &scratch.fired
    }

    /// The rules that fire on a record, each with the values that made it fire.
    pub fn matches(&self, record: &Record, scratch: &mut Scratch) -> Vec<Match<'_>> {
        let fired = self.fired(record, scratch);
        if fired.is_empty() { Vec::new() } else { self.set.told(record, fired) }
    }

    /// [`Engine::fired`] for an event that can be asked for its fields: only those that rules want are handed over.
    /// `None` when the rules of its log source need the whole record; lines of text that people write are not searched.
    pub fn fired_on<'s>(
        &self,
        log: &LogSource,
        event: &impl GiveFields,
        scratch: &'s mut Scratch,
    ) -> Option<&'s [u32]> {
        scratch.fired.clear();
        let Some(route) = self.route(log, scratch) else { return Some(&[]) };
        if route.wanted.needs_record() {
            return None;
        }
        let Scratch { view, layouts, room, .. } = scratch;
        let mut filling = Filling::new(view, &self.names, &route.wanted);
        let laid = event.layout().map(|layout| layouts.laid(layout, route.number, &self.names, &route.wanted));
        for (place, slots) in laid.into_iter().flat_map(|laid| &laid.wanted) {
            filling.take(slots, |filling| event.give_at(*place, filling));
        }
        let others = filling.view().end();
        event.give_others(&mut filling);
        filling.finish();
        let words = route.wanted.everywhere && {
            let sieve = route.sieve.as_ref().zip(event.line());
            sieve.is_none_or(|(sieve, line)| {
                let others = filling.view().written_since(others);
                sieve.lets_pass(line, &mut room.folded) || sieve.lets_pass(others, &mut room.folded)
            })
        };
        for place in laid.into_iter().flat_map(|laid| &laid.rest).filter(|_| words) {
            filling.take(&[], |filling| event.give_at(*place, filling));
        }
        scratch.decide_with(&route, words);
        Some(&scratch.fired)
    }

    /// The compiled rules of a log source; `None` when no rule means it.
    fn route(&self, log: &LogSource, scratch: &mut Scratch) -> Option<Arc<Route>> {
        if !scratch.set.as_ref().is_some_and(|set| Arc::ptr_eq(set, &self.set)) {
            scratch.set = Some(Arc::clone(&self.set));
            scratch.last = None;
            scratch.view.forget();
            scratch.memo.forget();
            scratch.layouts.forget();
        }
        if let Some((known, route)) = &scratch.last
            && known == log
        {
            return Some(Arc::clone(route)).filter(|route| !route.rules.is_empty());
        }
        let found = match self.routes.read() {
            Ok(routes) => routes.by_source.get(log).cloned(),
            Err(poisoned) => poisoned.into_inner().by_source.get(log).cloned(),
        };
        let route = found.unwrap_or_else(|| self.compile(log));
        scratch.last = Some((log.clone(), Arc::clone(&route)));
        Some(route).filter(|route| !route.rules.is_empty())
    }

    fn compile(&self, log: &LogSource) -> Arc<Route> {
        let mut routes = match self.routes.write() {
            Ok(routes) => routes,
            Err(poisoned) => poisoned.into_inner(),
        };
        if let Some(route) = routes.by_source.get(log) {
            return Arc::clone(route);
        }
        let positions: Vec<u32> =
            self.set.positions_for(log).into_iter().filter_map(|p| u32::try_from(p).ok()).collect();
        let route = match routes.by_rules.get(&positions) {
            Some(route) => Arc::clone(route),
            None => {
                let rules = positions.iter().filter_map(|p| Some((*p, self.set.detection(*p as usize)?)));
                let rules: Vec<_> = rules.collect();
                let mut route = Route::new(&rules, self.set.fields(), &mut routes.fields);
                route.number = u32::try_from(routes.by_rules.len()).unwrap_or(u32::MAX);
                let route = Arc::new(route);
                routes.by_rules.insert(positions, Arc::clone(&route));
                route
            }
        };
        if routes.by_source.len() >= ROUTES {
            routes.by_source.clear();
        }
        routes.by_source.insert(log.clone(), Arc::clone(&route));
        route
    }
}

impl Scratch {
    /// Decides on an event whose values were all taken.
    fn decide(&mut self, route: &Route) {
        let texts = self.view.written_since(0);
        let sieve = route.sieve.as_ref();
        let words = route.wanted.everywhere && sieve.is_none_or(|sieve| sieve.lets_pass(texts, &mut self.room.folded));
        self.decide_with(route, words);
    }

    /// Decides; `words` says whether any word that may stand anywhere can stand in the event.
    fn decide_with(&mut self, route: &Route, words: bool) {
        let Self { view, board, room, told, memo, fired, .. } = self;
        board.begin(route);
        let mut teller = Teller { board, route };
        for slot in view.present() {
            let Some(Some(field)) = route.fields.get(*slot as usize) else { continue };
            field.wakes.iter().for_each(|rule| teller.board.wake(*rule));
            if field.is_silent() {
                continue;
            }
            for leaf in view.leaves(*slot) {
                teller.value(field, *leaf, view, memo, room, told);
            }
        }
        if let Some(anywhere) = route.anywhere.as_ref().filter(|_| words) {
            for leaf in view.everywhere().chain(view.line()) {
                told.clear();
                let (text, folded) = view.folded(leaf, room);
                anywhere.read(leaf.kind, text, folded, told);
                teller.tell(told);
            }
        }
        route.always.iter().for_each(|rule| board.wake(*rule));
        let Board { atoms, candidates, touched, .. } = board;
        candidates.sort_unstable();
        let mut asked = Asked { route, view, memo, room };
        for rule in candidates.iter() {
            let Some(node) = route.nodes.get(*rule as usize) else { continue };
            if route.formulas.holds(*node, &mut |atom| asked.atom(atom, atoms, touched)) {
                fired.extend(route.rules.get(*rule as usize));
            }
        }
    }
}

/// What atoms are asked of.
struct Asked<'e> {
    route: &'e Route,
    view: &'e View,
    memo: &'e mut Memo,
    room: &'e mut Room,
}

impl Asked<'_> {
    /// Whether an atom holds; what no index told is tested now and remembered.
    fn atom(&mut self, atom: Atom, atoms: &mut [State], touched: &mut Vec<Atom>) -> bool {
        let Some(state) = atoms.get_mut(atom as usize) else { return false };
        match *state {
            State::Holds => true,
            State::Fails => false,
            State::Unknown | State::May => {
                let Some(known) = self.route.atoms.get(atom as usize) else { return false };
                if *state == State::Unknown && !known.open {
                    return false;
                }
                let holds = self.passes(known);
                if *state == State::Unknown {
                    touched.push(atom);
                }
                *state = if holds { State::Holds } else { State::Fails };
                holds
            }
        }
    }

    /// Whether any value passes any test, as [`matcher`] defines it.
    fn passes(&mut self, known: &Known) -> bool {
        let Some(slot) = known.slot else {
            let (view, room) = (self.view, &mut self.room.plain);
            let line = |test: &Test, text: &str| matches!(test, Test::Regex(regex) if regex.is_match(text));
            return known.tests.iter().any(|test| {
                view.everywhere().any(|leaf| one(test, leaf, view, room))
                    || view.line().is_some_and(|leaf| line(test, view.text(leaf, room)))
            });
        };
        match known.number {
            Some(number) => self.view.leaves(slot).iter().any(|leaf| self.remembered(number, &known.tests, *leaf)),
            None => known.tests.iter().any(|test| of_field(test, slot, self.view, &mut self.room.plain)),
        }
    }

    /// Whether a value passes any of some tests that ask for nothing but the value.
    fn remembered(&mut self, number: u32, tests: &[Test], leaf: Leaf) -> bool {
        let written = self.view.written(leaf);
        let key = self.memo.key(number, leaf, written);
        if let Some(known) = key.and_then(|key| self.memo.recall(key, written)) {
            return !known.is_empty();
        }
        let passes = tests.iter().any(|test| one(test, leaf, self.view, &mut self.room.plain));
        if let Some(key) = key {
            self.memo.learn(key, written, passes.then(|| Told::holds(0)).as_slice());
        }
        passes
    }
}

/// Whether any value of a field passes a test.
fn of_field(test: &Test, slot: u32, view: &View, room: &mut String) -> bool {
    let leaves = view.leaves(slot);
    match test {
        Test::Null => !view.is_present(slot) || leaves.iter().any(|leaf| leaf.kind == Kind::Null),
        Test::Exists(wanted) => view.is_present(slot) == *wanted,
        Test::Field { field, starts, ends, cased } => {
            let others = u32::try_from(*field).map_or(&[][..], |field| view.leaves(field));
            leaves.iter().any(|leaf| {
                let own = plain(*leaf, view, room);
                others.iter().any(|other| {
                    let other = plain(*other, view, room);
                    let (own, other) = (PlainLeaf::new(String::new(), &own), PlainLeaf::new(String::new(), &other));
                    matcher::related(&own, &other, *starts, *ends, *cased)
                })
            })
        }
        _ => leaves.iter().any(|leaf| one(test, *leaf, view, room)),
    }
}

/// Whether a value passes a test that asks for nothing but the value.
fn one(test: &Test, leaf: Leaf, view: &View, room: &mut String) -> bool {
    match test {
        Test::Regex(regex) => leaf.kind != Kind::Null && regex.is_match(view.text(leaf, room)),
        Test::Network(network) => leaf.kind != Kind::Null && matcher::in_network(network, view.text(leaf, room)),
        _ => {
            let value = plain(leaf, view, room);
            matcher::value(test, &PlainLeaf::new(String::new(), &value))
        }
    }
}

/// A value as it stood in the record.
fn plain(leaf: Leaf, view: &View, room: &mut String) -> Value {
    let text = view.text(leaf, room);
    match leaf.kind {
        Kind::Text => Value::from(text),
        Kind::Number => text.parse().map_or(Value::Null, Value::Number),
        Kind::Bool => Value::Bool(text == "true"),
        Kind::Null => Value::Null,
    }
}

impl Board {
    fn begin(&mut self, route: &Route) {
        for atom in self.touched.drain(..) {
            if let Some(state) = self.atoms.get_mut(atom as usize) {
                *state = State::Unknown;
            }
        }
        for rule in self.candidates.drain(..) {
            if let Some(woken) = self.woken.get_mut(rule as usize) {
                *woken = false;
            }
        }
        if self.atoms.len() < route.atoms.len() {
            self.atoms.resize(route.atoms.len(), State::Unknown);
        }
        if self.woken.len() < route.rules.len() {
            self.woken.resize(route.rules.len(), false);
        }
    }

    fn wake(&mut self, rule: u32) {
        if let Some(woken) = self.woken.get_mut(rule as usize)
            && !std::mem::replace(woken, true)
        {
            self.candidates.push(rule);
        }
    }
}

/// Writes what fields tell onto the board.
struct Teller<'b> {
    board: &'b mut Board,
    route: &'b Route,
}

impl Teller<'_> {
    /// A value of a field: what it told before, or what the indexes of the field find in it.
    fn value(
        &mut self,
        field: &Field,
        leaf: Leaf,
        view: &View,
        memo: &mut Memo,
        room: &mut Room,
        told: &mut Vec<Told>,
    ) {
        let written = view.written(leaf);
        let key = memo.key(field.number, leaf, written);
        if let Some(known) = key.and_then(|key| memo.recall(key, written)) {
            return self.tell(known);
        }
        told.clear();
        let (text, folded) = view.folded(leaf, room);
        field.read(leaf.kind, text, folded, told);
        for (atom, tests) in &field.tests {
            if tests.iter().any(|test| one(test, leaf, view, &mut room.plain)) {
                told.push(Told::holds(*atom));
            }
        }
        if let Some(key) = key {
            memo.learn(key, written, told);
        }
        self.tell(told);
    }

    fn tell(&mut self, told: &[Told]) {
        for told in told {
            let (atom, holds) = told.parts();
            self.set(atom, if holds { State::Holds } else { State::May });
        }
    }

    fn set(&mut self, atom: Atom, to: State) {
        let Some(state) = self.board.atoms.get_mut(atom as usize) else { return };
        let before = *state;
        if before == State::Holds || before == to {
            return;
        }
        *state = to;
        if before == State::Unknown {
            self.board.touched.push(atom);
            self.route.wakes.of(atom).iter().for_each(|rule| self.board.wake(*rule));
        }
    }
}
