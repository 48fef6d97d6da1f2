//! All that the rules of a route ask of one field, as indexes.

use rustc_hash::FxHashMap;

use super::ends::{End, Ends};
use super::formula::Atom;
use super::grams::{GRAM, Grams};
use super::memo::Told;
use super::required;
use super::shorts::Shorts;
use super::sieve::Sieve;
use super::view::Kind;
use crate::item::Test;
use crate::number::Number;
use crate::text::{Pattern, Shape};

/// What a find in a text means.
#[derive(Debug, Clone)]
enum Finding {
    /// The atom holds.
    Holds(Atom),
    /// The atom holds if the whole pattern fits.
    IfFits(Atom, Pattern),
    /// The atom may hold: its tests have to be run when a rule asks.
    MayHold(Atom),
}

/// The indexes of one field.
#[derive(Debug, Default)]
pub(super) struct Field {
    /// Whole folded values.
    exact: FxHashMap<Box<str>, Vec<u32>>,
    starts: Ends,
    ends: Ends,
    holding: Grams,
    short: Shorts,
    /// Told of every text.
    any: Vec<u32>,
    numbers: FxHashMap<i128, Vec<Atom>>,
    findings: Vec<Vec<Finding>>,
    /// Whether any text is looked for.
    reads_text: bool,
    /// Tests that no index decides and that something waits for: run on every value that is new.
    pub(super) tests: Vec<(Atom, Vec<Test>)>,
    /// Its number in the engine.
    pub(super) number: u32,
    /// Rules to be looked at whenever the field is there.
    pub(super) wakes: Vec<u32>,
}

/// Where a literal has to stand.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Place {
    Exact(String),
    Start(String),
    Last(String),
    Inside(String),
    Anywhere,
}

/// A field whose tests are still being gathered.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    places: FxHashMap<Place, Vec<Finding>>,
    numbers: FxHashMap<i128, Vec<Atom>>,
}

impl Gathering {
    /// Takes in a test of an atom; `false` when the index cannot tell when the test may pass.
    pub(super) fn add(&mut self, atom: Atom, test: &Test) -> bool {
        match test {
            Test::Text(pattern) => pattern.spelled().iter().for_each(|pattern| self.pattern(atom, pattern)),
            Test::Number(Number::Integer(n)) => self.numbers.entry(*n).or_default().push(atom),
            Test::Bool(flag) => self.put(Place::Exact(flag.to_string()), Finding::Holds(atom)),
            Test::Regex(regex) => {
                let Some(literals) = required::literals(regex.as_str()) else { return false };
                for literal in literals {
                    self.put(Place::Inside(literal), Finding::MayHold(atom));
                }
            }
            _ => return false,
        }
        true
    }

    fn pattern(&mut self, atom: Atom, pattern: &Pattern) {
        let holds = Finding::Holds(atom);
        let fits = || Finding::IfFits(atom, pattern.clone());
        match pattern.shape() {
            Shape::Literal(text, false, false) => self.put(Place::Exact(text), holds),
            Shape::Literal(text, false, true) => self.put(Place::Start(text), holds),
            Shape::Literal(text, true, false) => self.put(Place::Last(text), holds),
            Shape::Literal(text, true, true) => self.put(Place::Inside(text), holds),
            Shape::Holding(text) => self.put(Place::Inside(text), fits()),
            Shape::Anything => self.put(Place::Anywhere, fits()),
        }
    }

    fn put(&mut self, place: Place, finding: Finding) {
        self.places.entry(place).or_default().push(finding);
    }

    /// Whether a text can tell anything, for texts in which words may stand anywhere.
    pub(super) fn sieve(&self) -> Option<Sieve> {
        let word = |place: &'_ Place| match place {
            Place::Exact(text) | Place::Start(text) | Place::Last(text) | Place::Inside(text) => Some(text.clone()),
            Place::Anywhere => None,
        };
        let words: Vec<String> = self.places.keys().map(word).collect::<Option<_>>()?;
        if self.numbers.is_empty() { Sieve::new(words.iter().map(String::as_str)) } else { None }
    }

    /// The finished indexes.
    pub(super) fn build(self, number: u32) -> Field {
        let reads_text = !self.places.is_empty();
        let mut field = Field { number, reads_text, numbers: self.numbers, ..Field::default() };
        let (mut starts, mut lasts, mut inside) = (Vec::new(), Vec::new(), Vec::new());
        for (place, findings) in self.places {
            let told = u32::try_from(field.findings.len()).unwrap_or(u32::MAX);
            field.findings.push(findings);
            match place {
                Place::Exact(text) => field.exact.entry(text.into()).or_default().push(told),
                Place::Start(text) => starts.push((text.into_bytes().into(), told)),
                Place::Last(text) => lasts.push((text.into_bytes().into(), told)),
                Place::Inside(text) if text.len() < GRAM => field.short.add(text.as_bytes(), told),
                Place::Inside(text) => inside.push((text.into_bytes().into(), told)),
                Place::Anywhere => field.any.push(told),
            }
        }
        field.starts = Ends::new(End::Start, starts);
        field.ends = Ends::new(End::Last, lasts);
        field.holding = Grams::new(inside);
        field
    }
}

impl Field {
    /// Whether no value can tell anything.
    pub(super) fn is_silent(&self) -> bool {
        !self.reads_text && self.numbers.is_empty() && self.tests.is_empty()
    }

    /// What a value tells: its kind, its text as it is and folded. Adds to `told`.
    pub(super) fn read(&self, kind: Kind, text: &str, folded: &str, told: &mut Vec<Told>) {
        if kind == Kind::Null {
            return;
        }
        if !self.numbers.is_empty() && kind != Kind::Bool {
            self.number(text, told);
        }
        if !self.reads_text {
            return;
        }
        let mut found = |n: u32| self.found(n, text, folded, told);
        if let Some(exact) = self.exact.get(folded) {
            exact.iter().for_each(|n| found(*n));
        }
        self.any.iter().for_each(|n| found(*n));
        let bytes = folded.as_bytes();
        self.starts.find(End::Start, bytes, &mut found);
        self.ends.find(End::Last, bytes, &mut found);
        self.short.find(bytes, &mut found);
        if !self.holding.is_empty() {
            self.holding.find(bytes, &mut found);
        }
        told.sort_unstable();
        told.dedup();
    }

    fn found(&self, n: u32, text: &str, folded: &str, told: &mut Vec<Told>) {
        for finding in self.findings.get(n as usize).map_or(&[][..], Vec::as_slice) {
            match finding {
                Finding::Holds(atom) => told.push(Told::holds(*atom)),
                Finding::MayHold(atom) => told.push(Told::may_hold(*atom)),
                Finding::IfFits(atom, pattern) => {
                    if pattern.matches(if pattern.cased { text } else { folded }) {
                        told.push(Told::holds(*atom));
                    }
                }
            }
        }
    }

    fn number(&self, text: &str, told: &mut Vec<Told>) {
        match Number::of_text(text.trim()) {
            Some(Number::Integer(n)) => self.integer(n, told),
            // A fraction is compared as floating point, in which many whole numbers may be one.
            Some(found @ Number::Float(_)) => {
                for (n, atoms) in &self.numbers {
                    if Number::Integer(*n).compare(found) == Some(std::cmp::Ordering::Equal) {
                        told.extend(atoms.iter().map(|atom| Told::holds(*atom)));
                    }
                }
            }
            None => {}
        }
    }

    fn integer(&self, n: i128, told: &mut Vec<Told>) {
        if let Some(atoms) = self.numbers.get(&n) {
            told.extend(atoms.iter().map(|atom| Told::holds(*atom)));
        }
    }
}
