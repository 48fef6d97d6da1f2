//! How far a right reaches down the units.

use std::collections::HashSet;

use crate::Id;

/// The units whose rows an actor may see or change with one permission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Every unit of this centre.
    All,
    /// These units only; empty reaches nothing.
    Units(HashSet<Id>),
}

impl Reach {
    /// Reaches nothing.
    pub fn nothing() -> Self {
        Self::Units(HashSet::new())
    }

    /// Whether a unit's rows are within reach.
    pub fn covers(&self, unit: Id) -> bool {
        match self {
            Self::All => true,
            Self::Units(units) => units.contains(&unit),
        }
    }

    /// What both reach.
    #[must_use]
    pub fn common(self, other: &Self) -> Self {
        match (self, other) {
            (Self::Units(a), Self::Units(b)) => Self::Units(a.intersection(b).copied().collect()),
            (Self::All, other) => other.clone(),
            (units, Self::All) => units,
        }
    }

    /// Both reaches together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Units(mut a), Self::Units(b)) => {
                a.extend(b);
                Self::Units(a)
            }
            _ => Self::All,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reach_adds_up_and_never_shrinks() {
        let (a, b) = (Id::from_u128(1), Id::from_u128(2));
        let both = Reach::Units([a].into()).and(Reach::Units([b].into()));
        assert!(both.covers(a) && both.covers(b));
        assert!(!Reach::nothing().covers(a));
        assert_eq!(both.clone().and(Reach::All), Reach::All);
        assert_eq!(both.clone().common(&Reach::Units([b].into())), Reach::Units([b].into()));
        assert_eq!(Reach::All.common(&both), both);
        assert_eq!(both.clone().common(&Reach::All), both);
    }
}
