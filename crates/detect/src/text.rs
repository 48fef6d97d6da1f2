//! Text patterns: wildcards, their escapes, and letters without regard to case.
//!
//! Sigma specification 2.1, "String Wildcard" and "Escaping": `*` is any number of characters, `?` exactly
//! one; a backslash before `*`, `?` or `\` makes it plain, and stands for itself before anything else.

/// One character of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Token {
    /// This character.
    Char(char),
    /// Exactly one character, `?`.
    One,
    /// Any number of characters, `*`.
    Any,
    /// One of the characters that Windows programs take before an option ([`DASHES`]).
    Dash,
}

/// Hyphen, slash, en dash, em dash, horizontal bar (modifier `windash`).
pub(crate) const DASHES: [char; 5] = ['-', '/', '\u{2013}', '\u{2014}', '\u{2015}'];

/// Reads wildcards and escapes.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut out = Vec::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        out.push(match c {
            '*' => Token::Any,
            '?' => Token::One,
            '\\' => Token::Char(chars.next_if(|c| matches!(c, '*' | '?' | '\\')).unwrap_or('\\')),
            c => Token::Char(c),
        });
    }
    out
}

/// Text that has no wildcards at all, whatever characters it holds.
pub(crate) fn plain(text: &str) -> Vec<Token> {
    text.chars().map(Token::Char).collect()
}

/// Lower case, character by character: what has no single lower-case character stays as it is, so that the
/// number of characters never changes and `?` counts the same before and after.
pub(crate) fn fold(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

/// [`fold`] of every character.
pub(crate) fn fold_text(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { text.chars().map(fold).collect() }
}

/// A pattern ready to be compared with a whole value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Pattern {
    /// Whether case counts; otherwise values are given folded.
    pub(crate) cased: bool,
    open_start: bool,
    open_end: bool,
    /// What stands between the `*`s, in order; none is empty.
    segments: Vec<Segment>,
}

/// A stretch without `*`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Segment {
    Literal(String),
    Mixed(Vec<Token>),
}

impl Pattern {
    pub(crate) fn new(tokens: &[Token], cased: bool) -> Self {
        let segments = tokens.split(|t| *t == Token::Any).filter(|s| !s.is_empty()).map(|s| Segment::new(s, cased));
        Self {
            cased,
            open_start: tokens.first() == Some(&Token::Any),
            open_end: tokens.last() == Some(&Token::Any),
            segments: segments.collect(),
        }
    }

    /// What the pattern comes to, for an index.
    pub(crate) fn shape(&self) -> Shape {
        match (self.segments.as_slice(), self.cased) {
            ([], _) if self.open_start => Shape::Anything,
            ([], _) => Shape::Literal(String::new(), false, false),
            ([Segment::Literal(literal)], false) => Shape::Literal(literal.clone(), self.open_start, self.open_end),
            (segments, _) => {
                let longest = segments.iter().filter_map(Segment::longest).max_by_key(String::len);
                longest.map_or(Shape::Anything, Shape::Holding)
            }
        }
    }

    /// The same as patterns in which each dash is one of [`DASHES`]; the pattern itself where they would be too many.
    pub(crate) fn spelled(&self) -> Vec<Self> {
        let mut spelled = vec![Vec::new()];
        for segment in &self.segments {
            let known = std::mem::take(&mut spelled);
            let Some(ways) = segment.spelled().filter(|ways| known.len() * ways.len() <= SPELLINGS) else {
                return vec![self.clone()];
            };
            for before in known {
                spelled.extend(ways.iter().map(|way| [before.as_slice(), std::slice::from_ref(way)].concat()));
            }
        }
        spelled.into_iter().map(|segments| Self { segments, ..self.clone() }).collect()
    }

    /// Whether the whole of `value` is what the pattern says; give it folded unless `cased`.
    pub(crate) fn matches(&self, value: &str) -> bool {
        let mut segments = self.segments.as_slice();
        if segments.is_empty() {
            return self.open_start || value.is_empty();
        }
        let mut rest = value;
        if !self.open_start {
            let Some((first, others)) = segments.split_first() else { return false };
            let Some(after) = first.strip_prefix(rest) else { return false };
            (rest, segments) = (after, others);
            if segments.is_empty() {
                return self.open_end || rest.is_empty();
            }
        }
        if !self.open_end {
            let Some((last, others)) = segments.split_last() else { return false };
            let Some(before) = last.strip_suffix(rest) else { return false };
            (rest, segments) = (before, others);
        }
        for segment in segments {
            let Some(after) = segment.skip_past(rest) else { return false };
            rest = after;
        }
        true
    }
}

/// What a pattern comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Folded text, open at its start, at its end: no more and no less.
    Literal(String, bool, bool),
    /// This folded text stands in every value that fits; not every value with it fits.
    Holding(String),
    /// Nothing that must be there.
    Anything,
}

/// Patterns at most that one with dashes is spelled out into: three dashes.
const SPELLINGS: usize = 125;

impl Segment {
    /// The segment with each dash spelled out; `None` where these would be too many.
    fn spelled(&self) -> Option<Vec<Self>> {
        let tokens = match self {
            Self::Mixed(tokens) if tokens.contains(&Token::Dash) => tokens,
            _ => return Some(vec![self.clone()]),
        };
        let mut ways = vec![Vec::with_capacity(tokens.len())];
        for token in tokens {
            if *token != Token::Dash {
                ways.iter_mut().for_each(|way| way.push(*token));
                continue;
            }
            if ways.len() * DASHES.len() > SPELLINGS {
                return None;
            }
            let with = |dash: &char| ways.iter().map(|way| [way.as_slice(), &[Token::Char(*dash)]].concat()).collect();
            ways = DASHES.iter().flat_map(|dash| -> Vec<Vec<Token>> { with(dash) }).collect();
        }
        // Dashes are the same in any case.
        Some(ways.iter().map(|way| Self::new(way, true)).collect())
    }

    /// The longest folded text that must stand in a value that fits.
    fn longest(&self) -> Option<String> {
        match self {
            Self::Literal(literal) => Some(literal.chars().map(fold).collect()),
            Self::Mixed(tokens) => {
                let runs = tokens.split(|t| !matches!(t, Token::Char(_)));
                let text = |run: &[Token]| run.iter().filter_map(Token::char).map(fold).collect::<String>();
                runs.map(text).max_by_key(String::len).filter(|run| !run.is_empty())
            }
        }
    }

    fn new(tokens: &[Token], cased: bool) -> Self {
        let chars: Option<String> = tokens
            .iter()
            .map(|t| match t {
                Token::Char(c) => Some(if cased { *c } else { fold(*c) }),
                _ => None,
            })
            .collect();
        match chars {
            Some(literal) => Self::Literal(literal),
            None if cased => Self::Mixed(tokens.to_vec()),
            None => {
                let folded = tokens.iter().map(|t| if let Token::Char(c) = t { Token::Char(fold(*c)) } else { *t });
                Self::Mixed(folded.collect())
            }
        }
    }

    /// What follows the segment if `text` starts with it.
    fn strip_prefix<'t>(&self, text: &'t str) -> Option<&'t str> {
        match self {
            Self::Literal(literal) => text.strip_prefix(literal.as_str()),
            Self::Mixed(tokens) => {
                let mut chars = text.chars();
                tokens.iter().all(|t| chars.next().is_some_and(|c| t.is(c))).then_some(chars.as_str())
            }
        }
    }

    /// What precedes the segment if `text` ends with it.
    fn strip_suffix<'t>(&self, text: &'t str) -> Option<&'t str> {
        match self {
            Self::Literal(literal) => text.strip_suffix(literal.as_str()),
            Self::Mixed(tokens) => {
                let mut chars = text.chars();
                tokens.iter().rev().all(|t| chars.next_back().is_some_and(|c| t.is(c))).then_some(chars.as_str())
            }
        }
    }

    /// What follows the first place where the segment stands.
    fn skip_past<'t>(&self, text: &'t str) -> Option<&'t str> {
        match self {
            Self::Literal(literal) => text.split_once(literal.as_str()).map(|(_, after)| after),
            Self::Mixed(_) => {
                text.char_indices().find_map(|(start, _)| text.get(start..).and_then(|from| self.strip_prefix(from)))
            }
        }
    }
}

impl Token {
    fn char(&self) -> Option<char> {
        if let Self::Char(c) = self { Some(*c) } else { None }
    }

    /// Whether one character is what the token asks for.
    fn is(self, c: char) -> bool {
        match self {
            Self::Char(own) => own == c,
            Self::One | Self::Any => true,
            Self::Dash => DASHES.contains(&c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, value: &str) -> bool {
        Pattern::new(&tokens(pattern), false).matches(&fold_text(value))
    }

    #[test]
    fn wildcards_stand_for_any_number_or_exactly_one() {
        assert!(fits("prog?.exe", "progA.exe") && fits("PROG?.EXE", "prog1.exe"));
        assert!(!fits("prog?.exe", "prog.exe") && !fits("prog?.exe", "progAB.exe"));
        assert!(fits("antivirus_V*.exe", "antivirus_V21.2.1.exe") && fits("antivirus_V*.exe", "antivirus_V.exe"));
        assert!(fits("*", "") && fits("*", "x") && fits("", "") && !fits("", "x"));
        assert!(fits("a*b*c", "aXbYbZc") && !fits("a*b*c", "acb"));
        assert!(!fits("ab*ba", "aba"), "start and end may not share characters");
        assert!(fits("*a?c*", "xxabcxx") && !fits("*a?c", "abcx"));
        assert!(fits("*\nx", "line\nx") && fits("a*b", "a\r\nb"), "* crosses line breaks");
    }

    #[test]
    fn escapes_follow_the_table_of_the_specification() {
        assert!(fits(r"a\b", r"a\b") && fits(r"a\\b", r"a\b"));
        assert!(fits(r"\*", "*") && !fits(r"\*", "x") && fits(r"\?", "?") && !fits(r"\?", "x"));
        assert!(fits(r"dir\\*", r"dir\file"), "escaped backslash, then a wildcard");
        assert!(fits(r"dir\\\*", r"dir\*") && !fits(r"dir\\\*", r"dir\x"));
        assert!(fits(r"\\\\host", r"\\host") && fits(r"\\\host", r"\\host"));
        assert!(fits(r"end\", r"end\"));
    }

    #[test]
    fn dashes_are_spelled_out() {
        let with = |text: &str| -> Vec<Token> {
            tokens(text).into_iter().map(|t| if t == Token::Char('-') { Token::Dash } else { t }).collect()
        };
        let pattern = Pattern::new(&with("* -a*-b"), false);
        let spelled = pattern.spelled();
        assert_eq!(spelled.len(), 25);
        for value in ["x /a –b", "x -a /b", "x /a b", " -a-b", "a-b"] {
            assert_eq!(spelled.iter().any(|one| one.matches(value)), pattern.matches(value), "{value}");
        }
        assert!(
            spelled.iter().all(|one| one.shape() == Shape::Holding(" /a".into()) || one.shape() != Shape::Anything)
        );
        let one = Pattern::new(&with("*-c*"), false).spelled();
        assert!(one.iter().all(|one| matches!(one.shape(), Shape::Literal(_, true, true))));
        let many = Pattern::new(&with("-a-b-c-d"), false);
        assert_eq!(many.spelled(), [many]);
    }

    #[test]
    fn case_is_folded_without_changing_lengths() {
        assert!(fits("ĐƯỜNG*", "đường dẫn"));
        assert!(fits("?x", "İx"), "a letter whose lower case is two characters stays one");
        assert!(!Pattern::new(&tokens("Abc"), true).matches("abc"));
    }
}
