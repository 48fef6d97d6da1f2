//! What a text must hold for a regular expression to match it at all.

use regex_syntax::hir::{Hir, HirKind};

/// Most alternatives that are told apart.
const MOST: usize = 24;
/// Shortest text that is worth looking for.
const SHORTEST: usize = 2;

/// Texts of which one at least stands in whatever the expression matches; `None` where there is nothing to look for.
pub(super) fn needles(regex: &str) -> Option<Vec<Vec<u8>>> {
    let hir = regex_syntax::parse(regex).ok()?;
    of(&hir).filter(|texts| shortest(texts) >= SHORTEST)
}

fn shortest(texts: &[Vec<u8>]) -> usize {
    texts.iter().map(Vec::len).min().unwrap_or(0)
}

fn of(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    match hir.kind() {
        HirKind::Literal(text) => Some(vec![text.0.to_vec()]),
        HirKind::Capture(capture) => of(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => of(&repetition.sub),
        // All parts of a sequence stand in the text: the one that is rarest by its length is looked for.
        HirKind::Concat(parts) => parts.iter().filter_map(of).max_by_key(|texts| shortest(texts)),
        HirKind::Alternation(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(of(part)?);
            }
            (all.len() <= MOST).then_some(all)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::needles;

    fn told(regex: &str) -> Option<Vec<String>> {
        Some(needles(regex)?.into_iter().map(|text| String::from_utf8(text).unwrap()).collect())
    }

    #[test]
    fn the_longest_text_that_must_be_there() {
        assert_eq!(
            told(r"%(?:ASA|FTD)-(?<a>\d)-(?<c>3020\d+): Built outbound (?<p>\S+)"),
            Some(vec![": Built outbound ".into()])
        );
        assert_eq!(told(r"^(?:FAILED su|Accepted) (?<u>\S+)$"), Some(vec!["FAILED su".into(), "Accepted".into()]));
        assert_eq!(told(r"^(?:optional)?\d+"), None);
        assert_eq!(told(r"(?i)any case"), None);
        assert_eq!(told(r"^\d{4}-\d\d"), None);
    }
}
