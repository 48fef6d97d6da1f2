//! Which patterns are asked for a line: by its program, by its form, by texts that they need.

use std::collections::HashMap;

use aho_corasick::AhoCorasick;
use regex::Captures;
use serde_json::{Map, Value};

use super::apply::Fields;
use super::needles::needles;
use super::shape::{Form, Parser, Pattern};

/// A place of a pattern: its parser and its own.
type Place = (usize, usize);

/// Parsers, ready to be asked.
#[derive(Debug, Default)]
pub(crate) struct Index {
    parsers: Vec<Parser>,
    /// Program in lower case -> parsers.
    programs: HashMap<String, Vec<usize>>,
    /// Patterns of each form, in order.
    forms: [Vec<Place>; Form::COUNT],
    /// Patterns for lines that no program claims, in order.
    bare: Vec<Place>,
    /// Of `bare`, those that are always tried.
    always: Vec<usize>,
    /// Texts without which no other of `bare` matches, and whose they are.
    needles: Option<AhoCorasick>,
    whose: Vec<usize>,
}

/// A pattern that holds for a line.
pub(crate) struct Hit<'p, 'm> {
    pub(crate) parser: &'p Parser,
    pub(crate) pattern: &'p Pattern,
    pub(crate) captures: Option<Captures<'m>>,
}

impl Index {
    pub(crate) fn new(parsers: Vec<Parser>) -> Self {
        let mut index = Self::default();
        let mut texts: Vec<Vec<u8>> = Vec::new();
        for (at, parser) in parsers.iter().enumerate() {
            for program in &parser.programs {
                index.programs.entry(program.to_lowercase()).or_default().push(at);
            }
            for (place, pattern) in parser.patterns.iter().enumerate() {
                if let Some(list) = parser.form.and_then(|form| index.forms.get_mut(form.place())) {
                    list.push((at, place));
                }
                if !parser.bare {
                    continue;
                }
                let bare = index.bare.len();
                index.bare.push((at, place));
                match pattern.regex.as_ref().and_then(|expression| needles(expression.regex.as_str())) {
                    None => index.always.push(bare),
                    Some(needed) => {
                        index.whose.extend(std::iter::repeat_n(bare, needed.len()));
                        texts.extend(needed);
                    }
                }
            }
        }
        // Too many texts to be looked for at once would only make it slower: then each pattern is tried.
        index.needles = AhoCorasick::new(&texts).ok();
        if index.needles.is_none() {
            index.always = (0..index.bare.len()).collect();
        }
        index.parsers = parsers;
        index
    }

    /// The parsers.
    pub(crate) fn parsers(&self) -> &[Parser] {
        &self.parsers
    }

    fn pattern(&self, (parser, pattern): Place) -> Option<(&Parser, &Pattern)> {
        let parser = self.parsers.get(parser)?;
        Some((parser, parser.patterns.get(pattern)?))
    }

    /// Parsers of a program, in order.
    pub(crate) fn of_program(&self, program: &str) -> impl Iterator<Item = &Parser> {
        let lower = program.to_lowercase();
        let found = self.programs.get(&lower).or_else(|| self.programs.get(lower.split_once('/')?.0));
        found.into_iter().flatten().filter_map(|at| self.parsers.get(*at))
    }

    /// The first pattern of these parsers that holds.
    pub(crate) fn first_of<'p, 'm>(
        parsers: impl Iterator<Item = &'p Parser>,
        message: &'m str,
        fields: &dyn Fields,
    ) -> Option<Hit<'p, 'm>> {
        let patterns = parsers.flat_map(|parser| parser.patterns.iter().map(move |pattern| (parser, pattern)));
        patterns.into_iter().find_map(|(parser, pattern)| hit(parser, pattern, message, fields))
    }

    /// The first pattern of a form that holds.
    pub(crate) fn of_form<'p, 'm>(
        &'p self,
        form: Form,
        message: &'m str,
        fields: &Map<String, Value>,
    ) -> Option<Hit<'p, 'm>> {
        let places = self.forms.get(form.place()).into_iter().flatten();
        places
            .filter_map(|place| self.pattern(*place))
            .find_map(|(parser, pattern)| hit(parser, pattern, message, fields))
    }

    /// The first pattern for lines of nobody that holds.
    pub(crate) fn bare<'p, 'm>(&'p self, message: &'m str, fields: &dyn Fields) -> Option<Hit<'p, 'm>> {
        let mut candidates = self.always.clone();
        if let Some(needles) = &self.needles {
            for found in needles.find_overlapping_iter(message) {
                if let Some(whose) = self.whose.get(found.pattern().as_usize())
                    && !candidates.contains(whose)
                {
                    candidates.push(*whose);
                }
            }
        }
        candidates.sort_unstable();
        let places = candidates.into_iter().filter_map(|at| self.bare.get(at));
        places
            .filter_map(|place| self.pattern(*place))
            .find_map(|(parser, pattern)| hit(parser, pattern, message, fields))
    }

    /// The names of bare patterns that are tried on each line.
    #[cfg(test)]
    pub(crate) fn always(&self) -> Vec<&str> {
        self.always.iter().filter_map(|at| Some(self.pattern(*self.bare.get(*at)?)?.0.name.as_str())).collect()
    }
}

fn hit<'p, 'm>(parser: &'p Parser, pattern: &'p Pattern, message: &'m str, fields: &dyn Fields) -> Option<Hit<'p, 'm>> {
    if !pattern.has.iter().all(|name| fields.said(name).is_some()) {
        return None;
    }
    let holds = |name: &str, wanted: &[String]| {
        fields.said(name).is_some_and(|said| wanted.iter().any(|pattern| super::apply::fits(pattern, &said)))
    };
    if !pattern.when.iter().all(|(name, wanted)| holds(name, wanted)) {
        return None;
    }
    let captures = match &pattern.regex {
        Some(expression) => Some(expression.regex.captures(message)?),
        None => None,
    };
    Some(Hit { parser, pattern, captures })
}
