//! Regular expressions that are compiled when a text is first held against them: of some hundred in a large rule set a
//! log wakes a few, and compiling takes a quarter of the time of loading.
//!
//! What is wrong with an expression is told when its rule is read, all the same: its syntax is always looked at, and one
//! that may grow large is compiled at once.

use std::sync::{Arc, OnceLock};

use regex::{Error, Regex, RegexBuilder};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

use crate::limits;

/// A regular expression without faults.
#[derive(Debug, Clone)]
pub(crate) struct Expression(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    text: Box<str>,
    compiled: OnceLock<Option<Regex>>,
}

/// Levels of nesting.
const NEST: u32 = 50;
/// Bytes of a compiled expression for each character and range in it: a guess far above what was measured (`\w`, of 770
/// ranges, takes 50 KiB).
const PIECE: u64 = 128;
/// An expression that may take more is compiled when it is read; an eighth of the limit.
const SMALL: u64 = limits::REGEX_PROGRAM_BYTES as u64 / 8;

impl Expression {
    /// An expression, or what is wrong with it.
    pub(crate) fn new(text: &str) -> Result<Self, Error> {
        let read = ParserBuilder::new().nest_limit(NEST).build().parse(text);
        let small = read.is_ok_and(|hir| pieces(&hir).saturating_mul(PIECE) <= SMALL);
        let compiled = if small { OnceLock::new() } else { OnceLock::from(Some(build(text)?)) };
        Ok(Self(Arc::new(Inner { text: text.into(), compiled })))
    }

    /// The expression as it was written, with its flags.
    pub(crate) fn as_str(&self) -> &str {
        &self.0.text
    }

    /// Whether the expression is found in a text.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        let compiled = self.0.compiled.get_or_init(|| build(&self.0.text).ok());
        compiled.as_ref().is_some_and(|regex| regex.is_match(text))
    }
}

fn build(text: &str) -> Result<Regex, Error> {
    RegexBuilder::new(text)
        .size_limit(limits::REGEX_PROGRAM_BYTES)
        .dfa_size_limit(limits::REGEX_CACHE_BYTES)
        .nest_limit(NEST)
        .build()
}

/// Characters and ranges of an expression, with repetitions written out.
fn pieces(hir: &Hir) -> u64 {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len() as u64,
        HirKind::Class(Class::Unicode(class)) => class.ranges().len() as u64 + 1,
        HirKind::Class(Class::Bytes(class)) => class.ranges().len() as u64 + 1,
        HirKind::Repetition(repetition) => {
            let times = u64::from(repetition.max.unwrap_or(repetition.min).max(repetition.min).max(1));
            pieces(&repetition.sub).saturating_mul(times).saturating_add(1)
        }
        HirKind::Capture(capture) => pieces(&capture.sub).saturating_add(2),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().map(pieces).fold(1, u64::saturating_add),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_compiled_when_it_is_needed_and_once_for_all_its_copies() {
        let expression = Expression::new("(?i)power[s]hell").unwrap();
        let copy = expression.clone();
        assert!(expression.0.compiled.get().is_none());
        assert!(copy.is_match("PowerShell.exe") && !copy.is_match("pwsh"));
        assert!(expression.0.compiled.get().is_some());
        assert_eq!(expression.as_str(), "(?i)power[s]hell");
    }

    #[test]
    fn what_is_wrong_is_told_when_it_is_read() {
        for wrong in ["(", "a{2,1}", "(?=x)", "\\1", &"(".repeat(60)] {
            assert!(matches!(Expression::new(wrong), Err(Error::Syntax(_))), "{wrong}");
        }
        for large in ["\\w{200}", "(\\w{20}){20}", "((a{100}){100}){100}"] {
            assert!(matches!(Expression::new(large), Err(Error::CompiledTooBig(_))), "{large}");
        }
        assert!(Expression::new("\\w{60}").unwrap().0.compiled.get().is_some(), "it may be too large: seen at once");
    }

    /// The guess never calls an expression small that is refused when it is compiled.
    #[test]
    fn what_waits_can_always_be_compiled() {
        for piece in ["\\w", "\\W", "\\pL", "[a-zơ-ỹ]", "(?i)straße", ".", "(?s).", "\\S+", "[^\\x00-\\x7f]", "\\d{3}"]
        {
            for times in [1, 3, 10, 40, 100, 400] {
                for text in [format!("(?:{piece}){{{times}}}"), format!("(?:{piece}|x)+").repeat(times)] {
                    let Ok(expression) = Expression::new(&text) else { continue };
                    assert!(build(expression.as_str()).is_ok(), "{piece} {times}");
                }
            }
        }
    }
}
