//! What conditions ask of the tables. They never ask for more than the conditions do: a block that the tables rule out
//! holds no row that a condition could find.

use datafusion::logical_expr::{Expr, Like, Operator};
use datafusion::scalar::ScalarValue;

use super::marks;
use crate::columns::{BLOOMED, RAW};

/// Places of one text that are asked for; more hardly rule out more.
const MOST: usize = 96;

/// What a block must have marked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Question {
    All(Vec<Self>),
    Any(Vec<Self>),
    /// All these places of a column.
    Has(&'static str, Vec<u16>),
}

impl Question {
    /// What all of these conditions together ask; `None` where the tables know nothing of them.
    pub(crate) fn of<'f>(filters: impl IntoIterator<Item = &'f Expr>) -> Option<Self> {
        let asked: Vec<Self> = filters.into_iter().filter_map(asked).collect();
        (!asked.is_empty()).then_some(Self::All(asked))
    }
}

fn asked(condition: &Expr) -> Option<Question> {
    match condition {
        Expr::BinaryExpr(both) => {
            let (left, right) = (both.left.as_ref(), both.right.as_ref());
            match both.op {
                Operator::And => Question::of([left, right]),
                Operator::Or => Some(Question::Any(vec![asked(left)?, asked(right)?])),
                Operator::Eq => equals(left, right).or_else(|| equals(right, left)),
                _ => None,
            }
        }
        Expr::InList(list) if !list.negated => {
            list.list.iter().map(|one| equals(&list.expr, one)).collect::<Option<_>>().map(Question::Any)
        }
        Expr::Like(like) if !like.negated => fits(like),
        _ => None,
    }
}

/// The column, where it has a table.
fn column(of: &Expr) -> Option<&'static str> {
    let Expr::Column(column) = of else { return None };
    BLOOMED.into_iter().chain([RAW]).find(|name| *name == column.name)
}

fn text(of: &Expr) -> Option<&str> {
    let Expr::Literal(value, _) = of else { return None };
    ScalarValue::try_as_str(value).flatten()
}

/// An empty text names no places, and texts that are too short neither.
fn has(column: &'static str, places: impl Iterator<Item = u16>) -> Option<Question> {
    let mut places: Vec<u16> = places.take(MOST).collect();
    places.sort_unstable();
    places.dedup();
    (!places.is_empty()).then_some(Question::Has(column, places))
}

fn whole(column: &'static str, value: &str) -> Option<Question> {
    if column == RAW { has(column, marks::threes(value)) } else { has(column, marks::value(value).into_iter()) }
}

fn equals(of: &Expr, to: &Expr) -> Option<Question> {
    whole(column(of)?, text(to)?)
}

fn fits(like: &Like) -> Option<Question> {
    if like.escape_char.is_some_and(|c| c != '\\') {
        return None;
    }
    let (column, pattern) = (column(&like.expr)?, text(&like.pattern)?);
    let pieces = pieces(pattern)?;
    match pieces.as_slice() {
        [value] => whole(column, value),
        [start, end] if column != RAW => {
            let network = marks::network(start).filter(|network| network == start && end.is_empty())?;
            ["src_ip", "dst_ip"].contains(&column).then(|| whole(column, network)).flatten()
        }
        pieces if column == RAW => has(column, pieces.iter().flat_map(|piece| marks::threes(piece))),
        _ => None,
    }
}

/// A pattern's texts between what stands for others; `None` where an escape escapes nothing.
fn pieces(pattern: &str) -> Option<Vec<String>> {
    let mut pieces = vec![String::new()];
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        match c {
            '%' | '_' => pieces.push(String::new()),
            c => {
                let plain = if c == '\\' { rest.next().filter(|c| matches!(c, '%' | '_' | '\\'))? } else { c };
                pieces.last_mut()?.push(plain);
            }
        }
    }
    Some(pieces)
}

#[cfg(test)]
mod tests {
    use datafusion::logical_expr::{col, lit};

    use super::*;

    fn value(column: &'static str, text: &str) -> Option<Question> {
        whole(column, text)
    }

    #[test]
    fn conditions_ask_for_what_they_cannot_do_without() {
        let one = |expr: Expr| asked(&expr);
        assert_eq!(one(col("host").eq(lit("May01"))), value("host", "may01"));
        assert_eq!(one(lit("May01").eq(col("host"))), value("host", "may01"));
        assert_eq!(one(col("host").ilike(lit("may\\_01"))), value("host", "MAY_01"));
        assert_eq!(one(col("src_ip").like(lit("10.1.2.%"))), value("src_ip", "10.1.2."));
        assert_eq!(one(col("raw").ilike(lit("%mimikatz%"))), value("raw", "mimikatz"));
        let either = Question::Any(vec![value("user", "a").unwrap(), value("user", "b").unwrap()]);
        assert_eq!(one(col("user").in_list(vec![lit("a"), lit("b")], false)), Some(either.clone()));
        assert_eq!(one(col("user").eq(lit("a")).or(col("user").eq(lit("b")))), Some(either));
        // The other side of an "and" may be anything, that of an "or" not.
        let all = Question::All(vec![value("user", "a").unwrap()]);
        assert_eq!(one(col("user").eq(lit("a")).and(col("dst_port").gt(lit(5)))), Some(all));
        assert_eq!(one(col("user").eq(lit("a")).or(col("dst_port").gt(lit(5)))), None);
    }

    #[test]
    fn what_the_tables_do_not_know_they_are_not_asked() {
        for condition in [
            col("process").eq(lit("a.exe")),
            col("user").not_eq(lit("a")),
            col("user").in_list(vec![lit("a")], true),
            col("user").like(lit("svc_%")),
            col("user").like(lit("svc%")),
            col("src_ip").like(lit("10.1.%")),
            col("src_ip").like(lit("10.1.2.3%")),
            col("host").like(lit("10.1.2.%")),
            col("raw").not_ilike(lit("%mimikatz%")),
            col("raw").ilike(lit("%ab%")),
            col("raw").ilike(lit("a\\b and more")),
            col("user").eq(lit("a")).is_not_true(),
        ] {
            assert_eq!(asked(&condition), None, "{condition}");
        }
    }
}
