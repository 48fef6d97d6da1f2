//! Literals of which one must stand in a text that a regular expression matches.

use regex_syntax::Parser;
use regex_syntax::hir::{Hir, HirKind};

use crate::text::fold;

/// Literals told for one expression; more would make the search wider than the expression.
const MOST: usize = 64;
/// Characters of a literal that are worth looking for.
const SHORTEST: usize = 3;

/// Folded literals of which at least one stands in the folded text of every match. `None` when there is nothing that
/// a match must hold.
pub(super) fn literals(pattern: &str) -> Option<Vec<String>> {
    let hir = Parser::new().parse(pattern).ok()?;
    let found = required(&hir)?;
    let fine = !found.is_empty() && found.len() <= MOST && found.iter().all(|l| l.chars().count() >= SHORTEST);
    fine.then_some(found)
}

/// The one character that all of a class fold to: `[aA]`, as `(?i)a` is written out.
fn one_letter(hir: &Hir) -> Option<char> {
    let HirKind::Class(regex_syntax::hir::Class::Unicode(class)) = hir.kind() else { return None };
    let mut letters = class.iter().flat_map(|range| range.start()..=range.end()).take(5).map(fold);
    let first = letters.next()?;
    let few = class.iter().map(|range| range.len()).sum::<usize>() <= 4;
    (few && letters.all(|letter| letter == first)).then_some(first)
}

/// The text that an expression always is, folded.
fn fixed(hir: &Hir) -> Option<String> {
    match hir.kind() {
        HirKind::Literal(literal) => std::str::from_utf8(&literal.0).ok().map(|text| text.chars().map(fold).collect()),
        HirKind::Class(_) => one_letter(hir).map(String::from),
        HirKind::Capture(capture) => fixed(&capture.sub),
        HirKind::Concat(parts) => parts.iter().map(fixed).collect(),
        _ => None,
    }
}

fn required(hir: &Hir) -> Option<Vec<String>> {
    if let Some(text) = fixed(hir) {
        return Some(vec![text]);
    }
    match hir.kind() {
        HirKind::Capture(capture) => required(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => required(&repetition.sub),
        HirKind::Alternation(parts) => {
            let all: Option<Vec<Vec<String>>> = parts.iter().map(required).collect();
            all.map(|all| all.into_iter().flatten().collect())
        }
        HirKind::Concat(parts) => concat(parts),
        _ => None,
    }
}

/// The best of: a run of fixed parts, or what one part requires.
fn concat(parts: &[Hir]) -> Option<Vec<String>> {
    let mut choices: Vec<Vec<String>> = Vec::new();
    let mut run = String::new();
    for part in parts {
        match fixed(part) {
            Some(text) => run.push_str(&text),
            None => {
                choices.push(vec![std::mem::take(&mut run)]);
                choices.extend(required(part));
            }
        }
    }
    choices.push(vec![run]);
    let worth = |choice: &Vec<String>| {
        let shortest = choice.iter().map(|literal| literal.chars().count()).min().unwrap_or(0);
        (shortest.min(8), std::cmp::Reverse(choice.len()))
    };
    choices.into_iter().filter(|choice| choice.iter().all(|l| !l.is_empty()) && !choice.is_empty()).max_by_key(worth)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pattern: &str) -> Option<Vec<String>> {
        literals(pattern)
    }

    #[test]
    fn what_must_be_there_is_told() {
        assert_eq!(of(r"(?:\{\d\}){5,}|Invoke-Abc"), None, "one branch has nothing that must be there");
        assert_eq!(of(r"\\PowerShell\.exe$"), Some(vec![r"\powershell.exe".into()]));
        assert_eq!(of(r"(?i)cmd\.exe.*(foo|bar)baz"), Some(vec!["cmd.exe".into()]));
        assert_eq!(of(r"x(alpha|beta)+y"), Some(vec!["alpha".into(), "beta".into()]));
        assert_eq!(of(r"a?b*"), None);
        assert_eq!(of(r"\d{4}-ab"), Some(vec!["-ab".into()]));
        assert_eq!(of(r"[^\s]{10}"), None);
    }

    #[test]
    fn a_letter_that_folds_to_several_ends_a_literal() {
        // (?i)k is also the Kelvin sign, which folds to k; (?i)s is also the long s, which does not fold to s.
        assert_eq!(of(r"(?i)kelvin"), Some(vec!["kelvin".into()]));
        assert_eq!(of(r"(?i)invoke-mass"), Some(vec!["invoke-ma".into()]));
    }
}
