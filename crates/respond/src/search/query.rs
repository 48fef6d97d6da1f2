//! The bar of the search page: `host:may01 event_code:4625 "failed password" admin`. Pure.
//!
//! Terms are parted by spaces and all must hold. `name:value` asks a column; anything else must occur in the raw text.
//! Text with spaces, quotes or a colon stands within double quotes; inside them `\"` and `\\` stand for themselves.

use std::fmt;

use khien_base::event::ASKED;
use khien_base::{Fault, Result};

/// Characters of a search.
const LENGTH: usize = 2_000;
/// Terms of a search.
const TERMS: usize = 30;

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Term {
    /// A column equals a value, in any case.
    Column(&'static str, String),
    /// A text occurs in the raw record, in any case.
    Words(String),
}

/// Conditions that must all hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// The conditions, in the order in which they were written.
    pub terms: Vec<Term>,
}

/// Reads a search.
///
/// Faults, each on the field `q`, places counted in characters from 1: `search.too-long` (`limit`),
/// `search.too-many-terms` (`limit`), `search.quote` (`at`: the quote that is never closed), `search.column` (`at`, `name`,
/// `columns`), `search.no-value` (`at`, `name`), `search.empty-text` (`at`).
pub fn parse(text: &str) -> Result<Query> {
    if text.chars().count() > LENGTH {
        return Err(Fault::invalid("search.too-long").with("limit", LENGTH).on("q"));
    }
    let mut reader = Reader { rest: text.chars().peekable(), at: 1 };
    let mut terms = Vec::new();
    while reader.skip_spaces() {
        if terms.len() == TERMS {
            return Err(Fault::invalid("search.too-many-terms").with("limit", TERMS).on("q"));
        }
        terms.push(reader.term()?);
    }
    Ok(Query { terms })
}

struct Reader<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    at: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let next = self.rest.next();
        self.at += usize::from(next.is_some());
        next
    }

    /// Passes over spaces; whether something follows.
    fn skip_spaces(&mut self) -> bool {
        while self.rest.next_if(|c| c.is_whitespace()).is_some() {
            self.at += 1;
        }
        self.rest.peek().is_some()
    }

    fn term(&mut self) -> Result<Term> {
        let start = self.at;
        if self.rest.peek() == Some(&'"') {
            let words = self.quoted()?;
            return if words.trim().is_empty() {
                Err(Fault::invalid("search.empty-text").with("at", start).on("q"))
            } else {
                Ok(Term::Words(words))
            };
        }
        let mut word = String::new();
        while let Some(c) = self.rest.next_if(|c| !c.is_whitespace() && *c != ':') {
            self.at += 1;
            word.push(c);
        }
        if self.rest.peek() != Some(&':') {
            return Ok(Term::Words(word));
        }
        self.next();
        let Some(column) = ASKED.into_iter().find(|column| word.eq_ignore_ascii_case(column)) else {
            let fault = Fault::invalid("search.column").with("at", start).with("name", word);
            return Err(fault.with("columns", ASKED.join(", ")).on("q"));
        };
        let value = if self.rest.peek() == Some(&'"') { self.quoted()? } else { self.bare() };
        if value.trim().is_empty() {
            return Err(Fault::invalid("search.no-value").with("at", start).with("name", column).on("q"));
        }
        Ok(Term::Column(column, value))
    }

    /// Up to the next space: a value may hold colons (`src_ip:2001:db8::1`).
    fn bare(&mut self) -> String {
        let mut value = String::new();
        while let Some(c) = self.rest.next_if(|c| !c.is_whitespace()) {
            self.at += 1;
            value.push(c);
        }
        value
    }

    fn quoted(&mut self) -> Result<String> {
        let start = self.at;
        self.next();
        let mut text = String::new();
        while let Some(c) = self.next() {
            match c {
                '"' => return Ok(text),
                '\\' => match self.rest.next_if(|c| matches!(c, '"' | '\\')) {
                    Some(escaped) => {
                        self.at += 1;
                        text.push(escaped);
                    }
                    // A path of Windows within quotes needs no care.
                    None => text.push('\\'),
                },
                c => text.push(c),
            }
        }
        Err(Fault::invalid("search.quote").with("at", start).on("q"))
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, term) in self.terms.iter().enumerate() {
            if position > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{term}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column(column, value) => {
                write!(f, "{column}:")?;
                let plain = !value.starts_with('"') && !value.chars().any(char::is_whitespace);
                write_text(f, value, plain)
            }
            Self::Words(words) => {
                let plain = !words.starts_with('"') && !words.chars().any(|c| c.is_whitespace() || c == ':');
                write_text(f, words, plain)
            }
        }
    }
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str, plain: bool) -> fmt::Result {
    if plain && !text.is_empty() {
        return f.write_str(text);
    }
    write!(f, "\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

impl Query {
    /// Words for the store.
    pub fn words(&self) -> Vec<String> {
        let words = self.terms.iter().filter_map(|term| match term {
            Term::Words(words) => Some(words.clone()),
            Term::Column(..) => None,
        });
        words.collect()
    }

    /// Columns and values for the store.
    pub fn equals(&self) -> Vec<(String, String)> {
        let equals = self.terms.iter().filter_map(|term| match term {
            Term::Column(column, value) => Some(((*column).to_owned(), value.clone())),
            Term::Words(_) => None,
        });
        equals.collect()
    }
}

/// The search for one value of a column.
pub fn pivot(column: &'static str, value: &str) -> String {
    Term::Column(column, value.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fault(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn terms_are_columns_and_words() {
        let query =
            parse("host:may01  EVENT_CODE:4625 \"failed password\" user:\"NT AUTHORITY\\SYSTEM\" admin").unwrap();
        assert_eq!(query.words(), ["failed password", "admin"]);
        let equals = query.equals();
        assert_eq!(equals[0], ("host".into(), "may01".into()));
        assert_eq!(equals[1], ("event_code".into(), "4625".into()));
        assert_eq!(equals[2], ("user".into(), "NT AUTHORITY\\SYSTEM".into()));
        assert_eq!(parse("src_ip:2001:db8::1").unwrap().equals()[0].1, "2001:db8::1");
        assert_eq!(parse("  ").unwrap(), Query::default());
    }

    #[test]
    fn faults_say_where() {
        assert_eq!(fault("a \"open"), "search.quote at=3");
        assert!(fault("ờ máy:1").starts_with("search.column at=3 name=máy columns=host, user"), "{}", fault("ờ máy:1"));
        assert_eq!(fault("x host:"), "search.no-value at=3 name=host");
        assert_eq!(fault("host:\" \""), "search.no-value at=1 name=host");
        assert_eq!(fault("\"\""), "search.empty-text at=1");
        assert_eq!(fault(&"a ".repeat(31)), "search.too-many-terms limit=30");
        assert_eq!(fault(&"a".repeat(2001)), "search.too-long limit=2000");
    }

    fn term() -> impl Strategy<Value = Term> {
        let column = (0..ASKED.len(), "\\PC{1,20}").prop_map(|(n, value)| Term::Column(ASKED[n], value));
        let words = "\\PC{1,20}".prop_map(Term::Words);
        let odd = prop::collection::vec(prop::sample::select(vec!['"', '\\', ':', ' ', 'a', 'ạ']), 1..8)
            .prop_map(|chars| Term::Words(chars.into_iter().collect()));
        let said = |term: &Term| match term {
            Term::Column(_, text) | Term::Words(text) => !text.trim().is_empty(),
        };
        prop_oneof![column, words, odd].prop_filter("says something", said)
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_as_the_same(terms in prop::collection::vec(term(), 0..6)) {
            let query = Query { terms };
            prop_assert_eq!(parse(&query.to_string()).unwrap(), query);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,100}") {
            if let Ok(query) = parse(&text) {
                prop_assert_eq!(parse(&query.to_string()).unwrap(), query);
            }
        }
    }
}
