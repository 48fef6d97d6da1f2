//! The rules of one log source, compiled together.

use rustc_hash::FxHashMap;

use super::field::{Field, Gathering};
use super::formula::{Atom, Formulas, Node, Witness};
use super::grams::ORDINARY;
use super::names::Wanted;
use super::required;
use super::sieve::Sieve;
use crate::condition::Expr;
use crate::detection::{Detection, Selection};
use crate::item::{Expected, FieldNames, Item, Test};
use crate::text::{Pattern, Shape};

/// Everything that is done for an event of one log source.
#[derive(Debug, Default)]
pub(super) struct Route {
    /// Its number in the engine.
    pub(super) number: u32,
    /// Positions of the rules in the rule set, in its order.
    pub(super) rules: Vec<u32>,
    /// The formula of each rule.
    pub(super) nodes: Vec<Node>,
    pub(super) formulas: Formulas,
    pub(super) atoms: Vec<Known>,
    /// Rules to be looked at when an atom holds or may hold.
    pub(super) wakes: Wakes,
    /// Rules that nothing wakes: they are looked at with every event.
    pub(super) always: Vec<u32>,
    /// By field.
    pub(super) fields: Vec<Option<Box<Field>>>,
    /// Words that may stand anywhere.
    pub(super) anywhere: Option<Box<Field>>,
    /// Says of a text that no such word can stand in it; only where that decides all that is asked of words.
    pub(super) sieve: Option<Sieve>,
    pub(super) wanted: Wanted,
}

/// The rules that each atom wakes: close together, because every event asks for some.
#[derive(Debug, Default)]
pub(super) struct Wakes {
    /// Where the rules of each atom begin; they end where the next atom's begin.
    starts: Vec<u32>,
    rules: Vec<u32>,
}

impl Wakes {
    fn new(of_atoms: Vec<Vec<u32>>) -> Self {
        let mut made = Self::default();
        let end = |rules: &Vec<u32>| u32::try_from(rules.len()).unwrap_or(u32::MAX);
        for mut rules in of_atoms {
            rules.dedup();
            made.starts.push(end(&made.rules));
            made.rules.append(&mut rules);
        }
        made.starts.push(end(&made.rules));
        made
    }

    /// The rules of an atom.
    pub(super) fn of(&self, atom: Atom) -> &[u32] {
        match self.starts.get(atom as usize..) {
            Some([start, end, ..]) => self.rules.get(*start as usize..*end as usize).unwrap_or_default(),
            _ => &[],
        }
    }
}

/// An atom, compiled.
#[derive(Debug)]
pub(super) struct Known {
    /// The field; `None` for words that may stand anywhere.
    pub(super) slot: Option<u32>,
    /// Tests that the indexes do not decide.
    pub(super) tests: Vec<Test>,
    /// Whether the tests have to be run though no index found anything.
    pub(super) open: bool,
    /// Its number among the fields of the engine, where its tests ask for nothing but single values.
    pub(super) number: Option<u32>,
}

/// What makes two tests the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Text(Pattern),
    Regex(String),
    /// Any other test, as it is written for people who mend programs.
    Other(String),
}

impl Key {
    fn of(test: &Test) -> Self {
        match test {
            Test::Text(pattern) => Self::Text(pattern.clone()),
            Test::Regex(regex) => Self::Regex(regex.as_str().to_owned()),
            other => Self::Other(format!("{other:?}")),
        }
    }
}

#[derive(Debug, Default)]
struct Compiling {
    route: Route,
    tests: FxHashMap<(Option<u32>, Key), u32>,
    /// How many atoms use each test.
    uses: Vec<u32>,
    atoms: FxHashMap<(Option<u32>, Vec<u32>), Atom>,
    /// The tests of each atom.
    of_atom: Vec<Vec<u32>>,
    all_tests: Vec<Test>,
}

impl Route {
    /// Compiles rules: each with its position in the rule set. The fields are numbered on from `number`.
    pub(super) fn new(rules: &[(u32, &Detection)], fields: &FieldNames, number: &mut u32) -> Self {
        let mut compiling = Compiling::default();
        for (position, detection) in rules {
            let node = compiling.detection(detection);
            compiling.route.rules.push(*position);
            compiling.route.nodes.push(node);
        }
        compiling.finish(fields, number)
    }
}

impl Compiling {
    fn detection(&mut self, detection: &Detection) -> Node {
        let mut known: Vec<Option<Node>> = vec![None; detection.selections.len()];
        let conditions: Vec<Node> =
            detection.conditions.iter().map(|c| self.expr(c, &detection.selections, &mut known)).collect();
        self.route.formulas.any(&conditions)
    }

    fn expr(&mut self, expr: &Expr, selections: &[Selection], known: &mut [Option<Node>]) -> Node {
        match expr {
            Expr::Selection(index) => self.named(*index, selections, known),
            Expr::Not(inner) => {
                let inner = self.expr(inner, selections, known);
                self.route.formulas.not(inner)
            }
            Expr::And(parts) => {
                let nodes: Vec<Node> = parts.iter().map(|part| self.expr(part, selections, known)).collect();
                self.route.formulas.all(&nodes)
            }
            Expr::Or(parts) => {
                let nodes: Vec<Node> = parts.iter().map(|part| self.expr(part, selections, known)).collect();
                self.route.formulas.any(&nodes)
            }
            Expr::Of(least, members) => {
                let nodes: Vec<Node> = members.iter().map(|index| self.named(*index, selections, known)).collect();
                self.route.formulas.least(*least, &nodes)
            }
        }
    }

    fn named(&mut self, index: usize, selections: &[Selection], known: &mut [Option<Node>]) -> Node {
        if let Some(node) = known.get(index).copied().flatten() {
            return node;
        }
        let alternatives = selections.get(index).map_or(&[][..], |selection| selection.alternatives.as_slice());
        let mut any = Vec::with_capacity(alternatives.len());
        for items in alternatives {
            let all: Vec<Node> = items.iter().map(|item| self.item(item)).collect();
            any.push(self.route.formulas.all(&all));
        }
        let node = self.route.formulas.any(&any);
        if let Some(place) = known.get_mut(index) {
            *place = Some(node);
        }
        node
    }

    fn item(&mut self, item: &Item) -> Node {
        let slot = item.field.and_then(|field| u32::try_from(field).ok());
        let node = if item.all {
            let each: Vec<Node> =
                item.values.iter().map(|value| self.atom(slot, std::slice::from_ref(value))).collect();
            self.route.formulas.all(&each)
        } else {
            self.atom(slot, &item.values)
        };
        if item.negated { self.route.formulas.not(node) } else { node }
    }

    /// The atom of one of these values.
    fn atom(&mut self, slot: Option<u32>, values: &[Expected]) -> Node {
        let mut tests: Vec<u32> =
            values.iter().flat_map(|value| &value.tests).map(|test| self.test(slot, test)).collect();
        tests.sort_unstable();
        tests.dedup();
        let atom = match self.atoms.get(&(slot, tests.clone())) {
            Some(atom) => *atom,
            None => {
                let atom = u32::try_from(self.of_atom.len()).unwrap_or(u32::MAX);
                self.of_atom.push(tests.clone());
                self.route.atoms.push(Known { slot, tests: Vec::new(), open: false, number: None });
                self.atoms.insert((slot, tests), atom);
                atom
            }
        };
        for test in self.of_atom.get(atom as usize).into_iter().flatten() {
            if let Some(uses) = self.uses.get_mut(*test as usize) {
                *uses += 1;
            }
        }
        self.route.formulas.atom(atom)
    }

    fn test(&mut self, slot: Option<u32>, test: &Test) -> u32 {
        let next = u32::try_from(self.all_tests.len()).unwrap_or(u32::MAX);
        let number = *self.tests.entry((slot, Key::of(test))).or_insert(next);
        if number == next {
            self.all_tests.push(test.clone());
            self.uses.push(0);
        }
        number
    }

    fn finish(mut self, fields: &FieldNames, number: &mut u32) -> Route {
        let mut gathering: FxHashMap<Option<u32>, Gathering> = FxHashMap::default();
        for ((atom, tests), known) in (0..).zip(&self.of_atom).zip(&mut self.route.atoms) {
            let place = gathering.entry(known.slot).or_default();
            for test in tests.iter().filter_map(|test| self.all_tests.get(*test as usize)) {
                let indexed = place.add(atom, test);
                if !indexed || matches!(test, Test::Regex(_)) {
                    known.tests.push(test.clone());
                }
                known.open |= !indexed;
            }
        }
        let mut slots: Vec<u32> = self.route.atoms.iter().filter_map(|known| known.slot).collect();
        slots.extend(self.all_tests.iter().filter_map(|test| match test {
            Test::Field { field, .. } => u32::try_from(*field).ok(),
            _ => None,
        }));
        self.route.fields.resize_with(fields.len(), || None);
        for known in self.route.atoms.iter_mut().filter(|known| !known.tests.is_empty()) {
            let wider = |test: &Test| matches!(test, Test::Null | Test::Exists(_) | Test::Field { .. });
            if !known.tests.iter().any(wider) {
                *number += 1;
                known.number = Some(*number);
            }
        }
        let open = self.route.atoms.iter().any(|known| known.slot.is_none() && known.open);
        for (slot, gathered) in gathering {
            if slot.is_none() && !open {
                self.route.sieve = gathered.sieve();
            }
            *number += 1;
            let field = Some(Box::new(gathered.build(*number)));
            match slot {
                None => self.route.anywhere = field,
                Some(slot) => {
                    if let Some(place) = self.route.fields.get_mut(slot as usize) {
                        *place = field;
                    }
                }
            }
        }
        self.route.wanted = Wanted::new(slots, fields, self.route.anywhere.is_some());
        self.wake();
        self.route
    }

    /// Decides what wakes each rule. Where that is an atom that no index decides, its tests are run on each new value of
    /// its field; what they say is remembered with the rest that the value tells.
    fn wake(&mut self) {
        let witnesses: Vec<Option<Witness>> =
            self.route.nodes.iter().map(|node| self.route.formulas.witness(*node, &|atom| self.of(atom))).collect();
        for atom in witnesses.iter().flatten().flat_map(|witness| &witness.atoms) {
            let Some(known) = self.route.atoms.get_mut(*atom as usize) else { continue };
            let field = known.slot.and_then(|slot| self.route.fields.get_mut(slot as usize)?.as_mut());
            if let Some(field) = field
                && std::mem::take(&mut known.open)
            {
                field.tests.push((*atom, known.tests.clone()));
            }
        }
        let mut wakes = vec![Vec::new(); self.route.atoms.len()];
        for (rule, witness) in (0..).zip(witnesses) {
            let Some(witness) = witness else {
                self.route.always.push(rule);
                continue;
            };
            for atom in witness.atoms {
                if let Some(woken) = wakes.get_mut(atom as usize) {
                    woken.push(rule);
                }
            }
            for slot in witness.fields {
                if let Some(Some(field)) = self.route.fields.get_mut(slot as usize) {
                    field.wakes.push(rule);
                }
            }
        }
        self.route.wakes = Wakes::new(wakes);
        for field in self.route.fields.iter_mut().flatten() {
            field.wakes.dedup();
        }
    }

    fn of(&self, atom: Atom) -> Option<Witness> {
        let known = self.route.atoms.get(atom as usize)?;
        let tests = self.of_atom.get(atom as usize)?.iter();
        let tests: Vec<(&Test, u32)> = tests
            .filter_map(|n| Some((self.all_tests.get(*n as usize)?, self.uses.get(*n as usize).copied()?)))
            .collect();
        let slots: Vec<u32> = known.slot.into_iter().collect();
        let told = |cost| Some(Witness { cost, atoms: vec![atom], fields: Vec::new() });
        if !known.open {
            return told(tests.iter().map(|(test, uses)| frequency(test) * (1.0 + f64::from(*uses) / 4.0)).sum());
        }
        if known.number.is_some() && known.slot.is_some() {
            return told(PRESENT);
        }
        let needs_field = tests.iter().all(|(test, _)| !matches!(test, Test::Null | Test::Exists(false)));
        (needs_field && known.slot.is_some()).then_some(Witness { cost: PRESENT, atoms: Vec::new(), fields: slots })
    }
}

/// Events of a million that have a field which their rules ask for.
const PRESENT: f64 = 500_000.0;

/// How many events of a million are expected to hold a text that logs are full of.
const OFTEN: f64 = 200_000.0;

/// How many events of a million are expected to pass a test: a guess that only speed depends on.
fn frequency(test: &Test) -> f64 {
    let by_length = |text: &str| match text.chars().count() {
        4.. if ORDINARY.contains(text) => OFTEN,
        0 => 300_000.0,
        1 => 250_000.0,
        2 => 100_000.0,
        3 => 40_000.0,
        4 => 10_000.0,
        5..=6 => 3_000.0,
        7..=9 => 1_000.0,
        _ => 300.0,
    };
    match test {
        Test::Text(pattern) => match pattern.shape() {
            Shape::Literal(text, open_start, open_end) => {
                by_length(&text) * if open_start || open_end { 1.0 } else { 0.7 }
            }
            Shape::Holding(text) => by_length(&text),
            Shape::Anything => PRESENT,
        },
        Test::Number(_) => 100_000.0,
        Test::Bool(_) => 300_000.0,
        Test::Regex(regex) => {
            let literals = required::literals(regex.as_str()).unwrap_or_default();
            literals.iter().map(|literal| by_length(literal)).sum::<f64>() + 10_000.0
        }
        _ => PRESENT,
    }
}
