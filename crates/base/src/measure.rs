//! A figure that is computed from rows, never typed.

use serde::Serialize;

/// The value of a measure at a moment, for a scope of units.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Figure {
    /// Rows that count.
    pub numerator: u64,
    /// Rows that could count; `None` where the measure is a plain count.
    pub denominator: Option<u64>,
}

impl Figure {
    /// A plain count.
    pub fn count(numerator: u64) -> Self {
        Self { numerator, denominator: None }
    }

    /// A share of `denominator`.
    pub fn share(numerator: u64, denominator: u64) -> Self {
        Self { numerator, denominator: Some(denominator) }
    }

    /// The value to compare with a target: percent (0–100) for a share, the count itself otherwise.
    /// `None` for a share of nothing: there is no figure yet, which is neither 0 % nor 100 %.
    #[expect(clippy::cast_precision_loss, reason = "counts of rows stay far below 2^52")]
    pub fn value(self) -> Option<f64> {
        match self.denominator {
            None => Some(self.numerator as f64),
            Some(0) => None,
            Some(all) => Some(self.numerator as f64 * 100.0 / all as f64),
        }
    }
}

/// The unit that a measure is given in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Percent of the denominator.
    Percent,
    /// A number of rows.
    Count,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_nothing_has_no_value() {
        assert_eq!(Figure::share(0, 0).value(), None);
        assert_eq!(Figure::share(1, 4).value(), Some(25.0));
        assert_eq!(Figure::count(3).value(), Some(3.0));
    }
}
