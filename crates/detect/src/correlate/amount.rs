//! Numbers that are added up: millionths, exactly, so that a sum is the same in whatever order events come and nothing
//! is left when they have gone.

use crate::number::Number;

/// A number in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Amount(pub(crate) i128);

/// Millionths of one.
const ONE: i128 = 1_000_000;
/// The largest number, so that a million of them can still be added up and compared.
const LARGEST: i128 = 1_000_000_000_000_000_000_000_000;

impl Amount {
    /// A whole number.
    pub(crate) fn whole(n: u64) -> Self {
        Self(i128::from(n) * ONE)
    }

    /// The number that a text is. What is smaller than a millionth is rounded.
    pub(crate) fn of_text(text: &str) -> Option<Self> {
        Self::from_number(Number::of_text(text)?)
    }

    #[expect(clippy::cast_precision_loss, reason = "a bound; whether it is met to the last bit says nothing")]
    #[expect(clippy::cast_possible_truncation, reason = "within the bound it is far from the ends of 128 bits")]
    fn from_number(number: Number) -> Option<Self> {
        match number {
            Number::Integer(n) => (n.abs_diff(0) <= LARGEST.unsigned_abs()).then_some(Self(n.saturating_mul(ONE))),
            Number::Float(f) => (f.abs() <= LARGEST as f64).then(|| Self((f * ONE as f64).round() as i128)),
        }
    }

    /// Whether it is a whole number.
    pub(crate) fn is_whole(self) -> bool {
        self.0 % ONE == 0
    }

    /// How many, where it is a number of things.
    pub(crate) fn count(self) -> Option<usize> {
        usize::try_from(self.0 / ONE).ok()
    }

    /// As floating point, for people.
    #[expect(clippy::cast_precision_loss, reason = "shown to people")]
    pub(crate) fn float(self) -> f64 {
        self.0 as f64 / ONE as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_where_floating_point_is_not() {
        let tenth = Amount::of_text("0.1").unwrap();
        assert_eq!(Amount((0..10).map(|_| tenth.0).sum()), Amount::whole(1));
        assert_eq!(Amount::of_text("1500"), Some(Amount::whole(1500)));
        assert_eq!(Amount::of_text(&u64::MAX.to_string()), Some(Amount::whole(u64::MAX)));
        assert_eq!(Amount::of_text("x"), None);
        assert_eq!(Amount::of_text("1e300"), None);
        assert_eq!(Amount::of_text("-2.5").unwrap().float(), -2.5);
        assert_eq!(Amount::of_text("170141183460469231731687303715884105727"), None);
        assert_eq!(Amount::of_text("-170141183460469231731687303715884105728"), None);
    }
}
