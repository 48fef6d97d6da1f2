//! Conditions on the time alone. A file that lies wholly within them need not be compared row by row.

use datafusion::logical_expr::{Expr, Operator};
use datafusion::scalar::ScalarValue;

use crate::columns::DAY;
use crate::part::Part;
use crate::scan::days;

/// The columns of times that files are known by.
pub(crate) const TIMES: [&str; 2] = ["time", DAY];

/// A comparison of the time, or of its day, with a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    /// Microseconds since 1970.
    Time(Operator, i64),
    /// Days since 1970.
    Day(Operator, i32),
}

/// The comparison that a condition is; `None` where it is anything else.
fn bound(condition: &Expr) -> Option<Bound> {
    let Expr::BinaryExpr(both) = condition else { return None };
    let (column, op, value) = match (both.left.as_ref(), both.right.as_ref()) {
        (Expr::Column(column), Expr::Literal(value, _)) => (column, both.op, value),
        (Expr::Literal(value, _), Expr::Column(column)) => (column, both.op.swap()?, value),
        _ => return None,
    };
    matches!(op, Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq | Operator::Eq).then_some(())?;
    match (column.name.as_str(), value) {
        ("time", ScalarValue::TimestampMicrosecond(Some(at), _)) => Some(Bound::Time(op, *at)),
        (DAY, ScalarValue::Date32(Some(day))) => Some(Bound::Day(op, *day)),
        _ => None,
    }
}

/// Whether all values between these two pass.
fn pass<T: PartialOrd>((least, most): (T, T), op: Operator, to: T) -> bool {
    match op {
        Operator::Lt => most < to,
        Operator::LtEq => most <= to,
        Operator::Gt => least > to,
        Operator::GtEq => least >= to,
        _ => least == to && most == to,
    }
}

/// Whether a condition looks at the time alone.
pub(crate) fn is_of_time(condition: &Expr) -> bool {
    bound(condition).is_some()
}

/// Whether all rows of a file pass these conditions, as far as they look at the time alone.
pub(crate) fn within(part: &Part, conditions: &[Expr]) -> bool {
    conditions.iter().filter_map(bound).all(|bound| match bound {
        Bound::Time(op, to) => pass(part.times, op, to),
        Bound::Day(op, to) => pass((days(part), days(part)), op, to),
    })
}

#[cfg(test)]
mod tests {
    use datafusion::logical_expr::{col, lit};

    use super::*;
    use crate::scan::moment;

    #[test]
    fn a_file_is_within_when_its_first_and_last_row_are() {
        let at = |hour: i64| chrono::DateTime::from_timestamp(hour * 3_600, 0).unwrap();
        let stats = r#"{"numRecords":1,"minValues":{"time":"1970-01-02T01:00:00Z"},"maxValues":{"time":"1970-01-02T05:00:00Z"}}"#;
        let day = [(DAY.to_owned(), Some("1970-01-02".to_owned()))].into();
        let part = Part::named("x".into(), 1, &day, Some(stats)).unwrap();
        let is = |condition: Expr| (is_of_time(&condition), within(&part, &[condition]));
        let day = |n| lit(ScalarValue::Date32(Some(n)));
        assert_eq!(is(col("time").gt_eq(moment(at(25)))), (true, true));
        assert_eq!(is(col("time").gt(moment(at(25)))), (true, false));
        assert_eq!(is(col("time").lt_eq(moment(at(29)))), (true, true));
        assert_eq!(is(moment(at(29)).gt(col("time"))), (true, false));
        assert_eq!(is(moment(at(30)).gt(col("time"))), (true, true));
        assert_eq!(is(col("time").eq(moment(at(25)))), (true, false));
        assert_eq!(is(col(DAY).eq(day(1))), (true, true));
        assert_eq!(is(col(DAY).gt(day(1))), (true, false));
        // What is no bound of the time holds nothing back here: it is compared elsewhere.
        for other in [col("time").not_eq(moment(at(25))), col("received").gt(moment(at(40))), col("host").eq(lit("a"))]
        {
            assert_eq!(is(other), (false, true));
        }
        assert!(!within(&part, &[col("time").gt(moment(at(20))), col("time").lt(moment(at(29)))]));
        // A file that the log tells nothing of may have rows of any time.
        let unknown = Part::named(
            "x".into(),
            1,
            &[(DAY.to_owned(), Some("1970-01-02".into()))].into(),
            Some(r#"{"numRecords":1}"#),
        );
        assert!(!within(&unknown.unwrap(), &[col("time").gt(moment(at(0)))]));
    }
}
