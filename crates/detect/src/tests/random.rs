//! What must hold for any pattern, value and rule.

use proptest::prelude::*;
use regex::Regex;
use serde_json::json;

use super::{load, record, rule};
use crate::text::{Pattern, Token, fold, fold_text, plain, tokens};

/// The same pattern as a regular expression over the whole value, letters folded.
fn as_regex(tokens: &[Token]) -> Regex {
    let body: String = tokens
        .iter()
        .map(|t| match t {
            Token::Char(c) => regex::escape(&fold(*c).to_string()),
            Token::One => "(?s:.)".to_owned(),
            Token::Any => "(?s:.*)".to_owned(),
            Token::Dash => r"[-/\u{2013}\u{2014}\u{2015}]".to_owned(),
        })
        .collect();
    Regex::new(&format!(r"\A{body}\z")).unwrap()
}

fn token() -> impl Strategy<Value = Token> {
    prop_oneof![
        4 => prop::sample::select(vec!['a', 'b', 'A', '-', 'Đ', '\n']).prop_map(Token::Char),
        1 => Just(Token::One),
        2 => Just(Token::Any),
        1 => Just(Token::Dash),
    ]
}

/// Pieces of rules, so that chance finds its way past the first lines.
fn piece() -> impl Strategy<Value = String> {
    let pieces = vec![
        "sel:",
        "    ",
        "\n",
        "- ",
        "A",
        "|contains",
        "|re",
        "|base64offset",
        "|windash",
        "|all",
        "|cidr",
        "|fieldref",
        "|wide",
        "|neq",
        "|exists",
        "|gt",
        "|hour",
        ": ",
        "'",
        "\"",
        "*",
        "?",
        "\\",
        "1",
        "null",
        "true",
        "[",
        "]",
        "{",
        "}",
        ", ",
        "&a ",
        "*a",
        "condition: ",
        "sel",
        " and ",
        " or ",
        "not ",
        "1 of ",
        "them",
        "(",
        ")",
        "%x%",
        "10.0.0.0/8",
        "---\n",
        "# ",
        "ơ",
    ];
    prop_oneof![9 => prop::sample::select(pieces).prop_map(str::to_owned), 1 => ".{0,4}"]
}

proptest! {
    #[test]
    fn a_pattern_is_the_regular_expression_that_it_looks_like(
        tokens in prop::collection::vec(token(), 0..10),
        value in "[abAđ\n–-]{0,12}",
    ) {
        let folded = fold_text(&value);
        prop_assert_eq!(Pattern::new(&tokens, false).matches(&folded), as_regex(&tokens).is_match(&folded));
    }

    #[test]
    fn plain_text_matches_itself_and_its_escape_too(value in ".{0,20}") {
        let escaped: String = value
            .chars()
            .flat_map(|c| matches!(c, '*' | '?' | '\\').then_some('\\').into_iter().chain([c]))
            .collect();
        prop_assert_eq!(tokens(&escaped), plain(&value));
        prop_assert!(Pattern::new(&plain(&value), true).matches(&value));
    }

    #[test]
    fn no_rule_makes_the_program_stumble(pieces in prop::collection::vec(piece(), 0..60)) {
        let (set, faults) = load(&rule(&pieces.concat()));
        prop_assert!(!set.rules().is_empty() || !faults.is_empty());
        set.matches(&record(&json!({"A": ["x", 1, null, {"b": true}], "sel": "10.0.0.1"})));
    }
}
