//! A condition as people write it: what is written here reads as the same tree.

use std::fmt::{self, Write};

use super::{Filter, Name, Test};

/// How tightly what stands around holds on: brackets keep apart what would be read otherwise.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Around {
    /// The whole search.
    Search,
    /// Parted by OR.
    Or,
    /// Parted by spaces.
    And,
    /// After a sign.
    Sign,
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(parts) if parts.is_empty() => Ok(()),
            whole => write(f, whole, Around::Search),
        }
    }
}

fn write(f: &mut fmt::Formatter<'_>, filter: &Filter, around: Around) -> fmt::Result {
    match filter {
        Filter::All(parts) if parts.is_empty() => f.write_str("*"),
        // Nothing holds: the opposite of everything.
        Filter::Any(parts) if parts.is_empty() => f.write_str("-*"),
        Filter::All(parts) => bracketed(f, around > Around::Or, |f| list(f, parts, " ", Around::And)),
        Filter::Any(parts) => match one_name(parts) {
            Some((name, tests)) => write_values(f, name, &tests),
            None => bracketed(f, around > Around::Search, |f| list(f, parts, " OR ", Around::Or)),
        },
        Filter::Not(part) => {
            f.write_char('-')?;
            write(f, part, Around::Sign)
        }
        Filter::Word(text) => write_text(f, text, word_is_plain(text)),
        Filter::Like(pattern) => write_pattern(f, pattern, !pattern.contains(':') && !starts_odd(pattern)),
        Filter::Is(name, test) => {
            write_name(f, name)?;
            f.write_char(':')?;
            write_test(f, test)
        }
    }
}

fn bracketed(
    f: &mut fmt::Formatter<'_>,
    needed: bool,
    inner: impl FnOnce(&mut fmt::Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    if !needed {
        return inner(f);
    }
    f.write_char('(')?;
    inner(f)?;
    f.write_char(')')
}

fn list(f: &mut fmt::Formatter<'_>, parts: &[Filter], between: &str, around: Around) -> fmt::Result {
    for (n, part) in parts.iter().enumerate() {
        if n > 0 {
            f.write_str(between)?;
        }
        write(f, part, around)?;
    }
    Ok(())
}

/// The tests of one and the same name, where the parts are nothing else.
fn one_name(parts: &[Filter]) -> Option<(&Name, Vec<&Test>)> {
    let Some(Filter::Is(name, _)) = parts.first() else { return None };
    let tests = parts.iter().map(|part| match part {
        Filter::Is(other, test) if other == name => Some(test),
        _ => None,
    });
    Some((name, tests.collect::<Option<Vec<_>>>()?)).filter(|(_, tests)| tests.len() > 1)
}

fn write_values(f: &mut fmt::Formatter<'_>, name: &Name, tests: &[&Test]) -> fmt::Result {
    write_name(f, name)?;
    f.write_str(":(")?;
    for (n, test) in tests.iter().enumerate() {
        if n > 0 {
            f.write_char(' ')?;
        }
        write_test(f, test)?;
    }
    f.write_char(')')
}

fn write_name(f: &mut fmt::Formatter<'_>, name: &Name) -> fmt::Result {
    let said = name.said();
    let first = said.chars().next().is_some_and(|c| c.is_alphabetic() || matches!(c, '_' | '@'));
    let plain = said.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '@' | '.' | '-'));
    // A few letters may begin an address or a path; quotes say that it is a name.
    let letters = said.chars().count();
    let address = letters == 1 || (letters < 5 && said.chars().all(|c| c.is_ascii_hexdigit()));
    write_text(f, said, first && plain && !address)
}

fn write_test(f: &mut fmt::Formatter<'_>, test: &Test) -> fmt::Result {
    match test {
        Test::Equals(text) => {
            let net = text.contains('/') && text.parse::<ipnet::IpNet>().is_ok();
            let odd = text.starts_with(['<', '>']) || text.starts_with("//") || text == "OR";
            write_text(f, text, bare(text) && !odd && !net && !text.contains(['*', '?']))
        }
        Test::Wildcard(pattern) => write_pattern(f, pattern, !pattern.starts_with(['<', '>'])),
        Test::Cidr(net) => write!(f, "{net}"),
        Test::Compare(order, number) => write!(f, "{}{number}", order.sign()),
        Test::Exists => f.write_char('*'),
    }
}

/// Whether a text stands without quotes as one piece.
fn bare(text: &str) -> bool {
    let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')');
    !text.is_empty() && !text.starts_with('"') && !text.starts_with("~\"") && !text.chars().any(ends)
}

fn starts_odd(text: &str) -> bool {
    text.starts_with('-') || matches!(text, "OR" | "AND" | "NOT")
}

fn word_is_plain(text: &str) -> bool {
    bare(text) && !starts_odd(text) && !text.contains(['*', '?', ':'])
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str, plain: bool) -> fmt::Result {
    if plain {
        return f.write_str(text);
    }
    write!(f, "\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A pattern; without quotes where it is one piece. It has a `*` or a `?`, which tell it from a text.
fn write_pattern(f: &mut fmt::Formatter<'_>, pattern: &str, plain: bool) -> fmt::Result {
    let plain = plain && bare(pattern) && !pattern.starts_with("//");
    if !plain {
        f.write_char('~')?;
    }
    write_text(f, pattern, plain)
}

/// The search for one value of a column or field.
pub fn pivot(name: &str, value: &str) -> String {
    Filter::equals(Name::of(name), value).to_string()
}
