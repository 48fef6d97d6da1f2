//! Conditions of a search as the engine's expressions. What they find is what [`khien_base::Filter::holds`] says.
//!
//! Where an exact comparison says the same as one in any case, the exact one is taken: the statistics of files and their
//! bloom filters know only that.

use std::net::IpAddr;

use datafusion::logical_expr::{Expr, Like, ScalarUDF, col, lit};
use datafusion::scalar::ScalarValue;
use ipnet::IpNet;
use khien_base::filter::{Held, Name, Order, Test};
use khien_base::key::nfc;
use khien_base::{Fault, Filter, Kind, Result};

use crate::functions::{FieldPasses, FirstValue, TextPasses};

/// Conditions of one search, characters of one of them, and how deep they stand within each other.
const CONDITIONS: usize = 200;
const LENGTH: usize = 1_000;
const DEPTH: usize = 50;

/// The conditions, each of which must hold.
pub(crate) fn expressions(filter: &Filter) -> Result<Vec<Expr>> {
    let too_many = |code: &'static str, limit: usize| Fault::new(Kind::TooMany, code).with("limit", limit);
    if filter.depth() > DEPTH {
        return Err(too_many("lake.condition-depth", DEPTH));
    }
    if filter.leaves() > CONDITIONS {
        return Err(too_many("lake.conditions", CONDITIONS));
    }
    if filter.longest() > LENGTH {
        return Err(too_many("lake.condition-length", LENGTH));
    }
    Ok(match filter {
        Filter::All(parts) => parts.iter().map(expression).collect(),
        one => vec![expression(one)],
    })
}

fn expression(filter: &Filter) -> Expr {
    match filter {
        Filter::All(parts) => parts.iter().map(expression).reduce(Expr::and).unwrap_or_else(|| lit(true)),
        Filter::Any(parts) => parts.iter().map(expression).reduce(Expr::or).unwrap_or_else(|| lit(false)),
        // What is not known to hold does not: an event without a user is not one of `user:svc_*`.
        Filter::Not(part) => expression(part).is_not_true(),
        Filter::Word(word) if word.is_empty() => lit(true),
        Filter::Word(word) => in_both_forms(word, |word| like("raw", &format!("%{}%", literal(word)))),
        Filter::Like(pattern) => in_both_forms(pattern, |pattern| like("raw", &format!("%{}%", wild(pattern)))),
        Filter::Is(Name::Column(column), test) => match column.held {
            Held::Number => number(column.name, test),
            held => text(column.name, held, test),
        },
        Filter::Is(Name::Field(name), test) => field(name, test),
    }
}

/// A test of a field of the source's own: the one place that knows how such fields are stored.
fn field(name: &str, test: &Test) -> Expr {
    ScalarUDF::from(FieldPasses::new(name.to_owned(), test.clone())).call(vec![col("fields")])
}

/// The first value of a column or field as text; beside [`field`] the only place that knows how fields are stored.
pub(crate) fn value(of: &Name) -> Expr {
    match of {
        Name::Column(column) if column.held != Held::Number => col(column.name),
        Name::Column(column) => {
            datafusion::logical_expr::cast(col(column.name), datafusion::arrow::datatypes::DataType::Utf8)
        }
        Name::Field(name) => ScalarUDF::from(FirstValue::new(name.clone())).call(vec![col("fields")]),
    }
}

fn number(column: &'static str, test: &Test) -> Expr {
    let column = col(column);
    match test {
        Test::Equals(text) => text.trim().parse::<i32>().map_or_else(|_| lit(false), |n| column.eq(lit(n))),
        Test::Compare(order, to) => {
            // Whatever lies beyond what the column can hold compares as its edge does: one step beyond.
            let Ok(to) = i32::try_from(*to) else {
                let above = *to > 0;
                let holds = match order {
                    Order::Less | Order::AtMost => above,
                    Order::More | Order::AtLeast => !above,
                };
                return if holds { column.is_not_null() } else { lit(false) };
            };
            match order {
                Order::Less => column.lt(lit(to)),
                Order::AtMost => column.lt_eq(lit(to)),
                Order::More => column.gt(lit(to)),
                Order::AtLeast => column.gt_eq(lit(to)),
            }
        }
        Test::Exists => column.is_not_null(),
        Test::Wildcard(_) | Test::Cidr(_) => {
            passes(datafusion::logical_expr::cast(column, datafusion::arrow::datatypes::DataType::Utf8), test)
        }
    }
}

fn text(column: &'static str, held: Held, test: &Test) -> Expr {
    match test {
        Test::Equals(value) => match value.trim().parse::<IpAddr>() {
            Ok(address) if held == Held::Address => col(column).eq(lit(address.to_canonical().to_string())),
            _ => in_both_forms(value, |value| match exact(value) {
                true => col(column).eq(lit(value)),
                false => like(column, &literal(value)),
            }),
        },
        Test::Wildcard(pattern) => in_both_forms(pattern, |pattern| like(column, &wild(pattern))),
        Test::Cidr(net) => {
            let within = passes(col(column), test);
            match prefix(*net).filter(|_| held == Held::Address) {
                // Statistics know beginnings of texts; whole bytes of IPv4 need no second look.
                Some((start, whole)) if whole => starts(column, &start),
                Some((start, _)) => starts(column, &start).and(within),
                None => within,
            }
        }
        Test::Compare(..) => passes(col(column), test),
        Test::Exists => col(column).not_eq(lit("")),
    }
}

fn passes(value: Expr, test: &Test) -> Expr {
    ScalarUDF::from(TextPasses::new(test.clone())).call(vec![value])
}

/// How every address of an IPv4 network begins, and whether every address that begins so is in it.
fn prefix(net: IpNet) -> Option<(String, bool)> {
    let IpNet::V4(net) = net else { return None };
    let bytes = usize::from(net.prefix_len() / 8);
    let octets = net.addr().octets();
    if bytes == 4 {
        return None;
    }
    let start: String = octets.iter().take(bytes).map(|octet| format!("{octet}.")).collect();
    (bytes > 0).then_some((start, net.prefix_len() % 8 == 0))
}

/// Whether a text has no letters that have another case.
fn exact(value: &str) -> bool {
    value.chars().all(|c| c.to_lowercase().eq([c]) && c.to_uppercase().eq([c]))
}

/// The condition with the text as it was typed, or composed: where sources write a text composed and it was typed
/// decomposed, both forms count.
fn in_both_forms(value: &str, condition: impl Fn(&str) -> Expr) -> Expr {
    let composed = nfc(value);
    let plain = condition(value);
    if composed == value { plain } else { plain.or(condition(&composed)) }
}

/// A text as a pattern of SQL that stands for itself.
fn literal(value: &str) -> String {
    let mut pattern = String::with_capacity(value.len());
    for c in value.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

/// A pattern with `*` and `?` as a pattern of SQL.
fn wild(value: &str) -> String {
    literal(value).replace('*', "%").replace('?', "_")
}

/// `column ILIKE pattern`, or `LIKE` where case makes no difference.
fn like(column: &str, pattern: &str) -> Expr {
    Expr::Like(Like::new(false, Box::new(col(column)), Box::new(lit(pattern)), None, !exact(pattern)))
}

fn starts(column: &str, start: &str) -> Expr {
    let pattern = ScalarValue::Utf8(Some(format!("{start}%")));
    Expr::Like(Like::new(false, Box::new(col(column)), Box::new(lit(pattern)), None, false))
}
