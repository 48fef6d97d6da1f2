//! Conditions: `selection and not 1 of filter_*` (Sigma specification 2.1, "Condition").
//!
//! Binding, loosest first: `or`, `and`, `not`, `x of …`, brackets.

use crate::limits;

/// A condition whose names have become positions of search identifiers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Expr {
    Selection(usize),
    Not(Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    /// At least so many of these.
    Of(usize, Vec<usize>),
}

/// Why a condition cannot be read; `offset` is counted in characters from its start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConditionFault {
    pub(crate) code: &'static str,
    pub(crate) offset: usize,
    pub(crate) what: String,
    pub(crate) mend: String,
}

/// Reads a condition over search identifiers.
pub(crate) fn parse(text: &str, names: &[&str]) -> Result<Expr, ConditionFault> {
    if text.len() > limits::CONDITION_BYTES {
        return Err(fault(
            "detect.condition-too-long",
            0,
            format!("The condition is longer than {} bytes.", limits::CONDITION_BYTES),
            "Use `1 of name*`, or split the rule.",
        ));
    }
    let words = words(text)?;
    let mut reader = Reader { words: &words, next: 0, depth: 0, names, end: text.chars().count() };
    let expr = reader.or()?;
    match reader.words.get(reader.next) {
        None => Ok(expr),
        Some(word) => Err(fault(
            "detect.condition-syntax",
            word.offset,
            format!("'{}' stands where `and`, `or` or the end is expected.", word.text),
            "Join the parts with `and` or `or`, and count the brackets.",
        )),
    }
}

struct Word {
    text: String,
    offset: usize,
}

fn fault(code: &'static str, offset: usize, what: String, mend: &str) -> ConditionFault {
    ConditionFault { code, offset, what, mend: mend.to_owned() }
}

/// Names, brackets and keywords with their places.
fn words(text: &str) -> Result<Vec<Word>, ConditionFault> {
    let mut words: Vec<Word> = Vec::new();
    let mut open = false;
    for (offset, c) in text.chars().enumerate() {
        match c {
            c if c.is_whitespace() => open = false,
            '(' | ')' => {
                words.push(Word { text: c.to_string(), offset });
                open = false;
            }
            '|' => {
                return Err(fault(
                    "detect.condition-aggregation",
                    offset,
                    "Aggregations in conditions (`| count() …`) were taken out of Sigma 2.".to_owned(),
                    "Write a correlation rule instead.",
                ));
            }
            c if c.is_alphanumeric() || "_*-.".contains(c) => match words.last_mut() {
                Some(word) if open => word.text.push(c),
                _ => {
                    words.push(Word { text: c.to_string(), offset });
                    open = true;
                }
            },
            c => {
                return Err(fault(
                    "detect.condition-syntax",
                    offset,
                    format!("The character '{c}' has no meaning in a condition."),
                    "Use names of search identifiers, `and`, `or`, `not`, `1 of`, `all of`, `them` and brackets.",
                ));
            }
        }
    }
    Ok(words)
}

struct Reader<'w> {
    words: &'w [Word],
    next: usize,
    depth: usize,
    names: &'w [&'w str],
    end: usize,
}

impl<'w> Reader<'w> {
    fn peek(&self) -> Option<&'w Word> {
        self.words.get(self.next)
    }

    /// Passes over `keyword` if it comes next, in any case.
    fn eat(&mut self, keyword: &str) -> bool {
        let found = self.peek().is_some_and(|w| w.text.eq_ignore_ascii_case(keyword));
        self.next += usize::from(found);
        found
    }

    fn or(&mut self) -> Result<Expr, ConditionFault> {
        let mut parts = vec![self.and()?];
        while self.eat("or") {
            parts.push(self.and()?);
        }
        Ok(joined(parts, Expr::Or))
    }

    fn and(&mut self) -> Result<Expr, ConditionFault> {
        let mut parts = vec![self.not()?];
        while self.eat("and") {
            parts.push(self.not()?);
        }
        Ok(joined(parts, Expr::And))
    }

    fn not(&mut self) -> Result<Expr, ConditionFault> {
        if !self.eat("not") {
            return self.part();
        }
        self.deeper()?;
        let inner = self.not()?;
        self.depth -= 1;
        Ok(Expr::Not(Box::new(inner)))
    }

    fn deeper(&mut self) -> Result<(), ConditionFault> {
        self.depth += 1;
        if self.depth <= limits::CONDITION_DEPTH {
            return Ok(());
        }
        Err(fault(
            "detect.condition-too-deep",
            self.peek().map_or(self.end, |w| w.offset),
            format!("Brackets and `not` stand more than {} deep in each other.", limits::CONDITION_DEPTH),
            "Write the condition flatter.",
        ))
    }

    fn part(&mut self) -> Result<Expr, ConditionFault> {
        let Some(word) = self.peek() else {
            return Err(fault(
                "detect.condition-syntax",
                self.end,
                "The condition ends where a search identifier is expected.".to_owned(),
                "Complete it.",
            ));
        };
        self.next += 1;
        if word.text == "(" {
            self.deeper()?;
            let inner = self.or()?;
            self.depth -= 1;
            if !self.eat(")") {
                let offset = self.peek().map_or(self.end, |w| w.offset);
                let what = "A bracket is opened and not closed.".to_owned();
                return Err(fault("detect.condition-syntax", offset, what, "Close it with `)`."));
            }
            return Ok(inner);
        }
        if self.eat("of") {
            return self.of(word);
        }
        if word.text == ")" || ["and", "or", "of"].iter().any(|k| word.text.eq_ignore_ascii_case(k)) {
            let what = format!("'{}' stands where a search identifier is expected.", word.text);
            return Err(fault("detect.condition-syntax", word.offset, what, "Put a search identifier before it."));
        }
        match self.names.iter().position(|n| *n == word.text) {
            Some(index) => Ok(Expr::Selection(index)),
            None => Err(self.unknown(word)),
        }
    }

    /// `1 of them`, `all of selection_*`, `2 of x*`; `of` has been read.
    fn of(&mut self, quantity: &Word) -> Result<Expr, ConditionFault> {
        let Some(target) = self.peek().filter(|w| w.text != "(" && w.text != ")") else {
            let offset = self.peek().map_or(self.end, |w| w.offset);
            let what = "`of` names nothing.".to_owned();
            return Err(fault("detect.condition-syntax", offset, what, "Write `of them` or `of name*`."));
        };
        self.next += 1;
        let them = target.text.eq_ignore_ascii_case("them");
        let members: Vec<usize> = (0..)
            .zip(self.names)
            .filter(|(_, name)| if them { !name.starts_with('_') } else { fits(&target.text, name) })
            .map(|(index, _)| index)
            .collect();
        if members.is_empty() {
            return Err(self.unknown(target));
        }
        let least = match quantity.text.to_ascii_lowercase().as_str() {
            "all" => members.len(),
            "any" => 1,
            number => match number.parse::<usize>() {
                Ok(n) if (1..=members.len()).contains(&n) => n,
                _ => {
                    return Err(fault(
                        "detect.condition-quantity",
                        quantity.offset,
                        format!("'{}' of {} search identifiers cannot be counted.", quantity.text, members.len()),
                        "Write `all`, `any` or a number from 1 to the number of identifiers.",
                    ));
                }
            },
        };
        Ok(Expr::Of(least, members))
    }

    fn unknown(&self, word: &Word) -> ConditionFault {
        let what = format!("No search identifier is named '{}'.", word.text);
        let mend = format!("Use one of: {}.", self.names.join(", "));
        fault("detect.condition-unknown", word.offset, what, &mend)
    }
}

fn joined(mut parts: Vec<Expr>, join: fn(Vec<Expr>) -> Expr) -> Expr {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            join(parts)
        }
        None => join(parts),
    }
}

/// Whether a name is what a pattern with `*`s says; case counts.
fn fits(pattern: &str, name: &str) -> bool {
    use crate::text::{Pattern, Token};
    let tokens: Vec<Token> = pattern.chars().map(|c| if c == '*' { Token::Any } else { Token::Char(c) }).collect();
    Pattern::new(&tokens, true).matches(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 4] = ["sel_a", "sel_b", "filter", "_hidden"];

    fn read(text: &str) -> Expr {
        parse(text, &NAMES).unwrap()
    }

    fn code(text: &str) -> (&'static str, usize) {
        let fault = parse(text, &NAMES).unwrap_err();
        (fault.code, fault.offset)
    }

    #[test]
    fn not_binds_before_and_before_or() {
        let expected = Expr::Or(vec![
            Expr::Selection(0),
            Expr::And(vec![Expr::Selection(1), Expr::Not(Box::new(Expr::Selection(2)))]),
        ]);
        assert_eq!(read("sel_a or sel_b and not filter"), expected);
        assert_eq!(read("sel_a OR (sel_b AND (NOT filter))"), expected);
        assert_eq!(read("sel_a\n  or\n  sel_b and not filter"), expected);
    }

    #[test]
    fn quantities_count_identifiers() {
        assert_eq!(read("1 of sel_*"), Expr::Of(1, vec![0, 1]));
        assert_eq!(read("all of sel*"), Expr::Of(2, vec![0, 1]));
        assert_eq!(read("2 of them"), Expr::Of(2, vec![0, 1, 2]), "names that start with _ are not `them`");
        assert_eq!(read("any of *_b"), Expr::Of(1, vec![1]));
        assert_eq!(read("1 of s*_a*"), Expr::Of(1, vec![0]));
        assert_eq!(read("1 of _hidden"), Expr::Of(1, vec![3]));
    }

    #[test]
    fn what_cannot_be_read_says_where() {
        assert_eq!(code("sel_a and selb"), ("detect.condition-unknown", 10));
        assert_eq!(code("1 of none*"), ("detect.condition-unknown", 5));
        assert_eq!(code("sel_a and"), ("detect.condition-syntax", 9));
        assert_eq!(code("(sel_a"), ("detect.condition-syntax", 6));
        assert_eq!(code("sel_a sel_b"), ("detect.condition-syntax", 6));
        assert_eq!(code("sel_a | count() > 5"), ("detect.condition-aggregation", 6));
        assert_eq!(code("4 of them"), ("detect.condition-quantity", 0));
        assert_eq!(code("0 of them"), ("detect.condition-quantity", 0));
        assert_eq!(code(""), ("detect.condition-syntax", 0));
        assert_eq!(code(&"(".repeat(40)), ("detect.condition-too-deep", 33));
        assert_eq!(code(&"not ".repeat(40)).0, "detect.condition-too-deep");
    }
}
