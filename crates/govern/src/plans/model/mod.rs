//! What is kept of plans: tables, and the words that may stand in them.

pub mod agency;
pub mod duty;
pub mod plan;
pub mod target;
pub mod task;
pub mod work;

use chrono::NaiveDate;
use khien_planread::model::{Due, Every};

/// Where a plan stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Under review by who took it in.
    Draft,
    /// Waits for a second person.
    Submitted,
    /// In force: its tasks are owed.
    Live,
    /// Out of force; its records stay.
    Archived,
    /// Kept to be read: binds nobody here (another province's plan, a superior programme).
    Reference,
}

impl State {
    /// All states, in the order in which pages list them.
    pub const ALL: [Self; 5] = [Self::Draft, Self::Submitted, Self::Live, Self::Archived, Self::Reference];

    /// The name that is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::Live => "live",
            Self::Archived => "archived",
            Self::Reference => "reference",
        }
    }

    /// The state of a stored name; an unknown one is a draft, which binds nobody.
    pub fn of(name: &str) -> Self {
        Self::ALL.into_iter().find(|state| state.name() == name).unwrap_or(Self::Draft)
    }
}

/// `lead`: answers for the task.
pub const LEAD: &str = "lead";
/// `coordinate`: helps the lead.
pub const COORDINATE: &str = "coordinate";
/// `from`: owes the report.
pub const FROM: &str = "from";
/// `to`: gets the report.
pub const TO: &str = "to";
/// `via`: passes the report on.
pub const VIA: &str = "via";

/// Names of [`khien_planread::model::Comparator`] as they are stored.
pub const COMPARATORS: [&str; 7] = ["at_least", "more_than", "at_most", "less_than", "equal", "between", "qualitative"];
/// Names of [`Every`] as they are stored.
pub const EVERY: [&str; 4] = ["month", "quarter", "half_year", "year"];
/// Names of [`Due`]'s kinds as they are stored.
pub const DUES: [&str; 5] = ["standing", "recurring", "window", "by", "reach_then_maintain"];

/// The name of a period.
pub fn every_name(every: Every) -> &'static str {
    match every {
        Every::Month => "month",
        Every::Quarter => "quarter",
        Every::HalfYear => "half_year",
        Every::Year => "year",
    }
}

/// The period of a name.
pub fn every_of(name: &str) -> Option<Every> {
    match name {
        "month" => Some(Every::Month),
        "quarter" => Some(Every::Quarter),
        "half_year" => Some(Every::HalfYear),
        "year" => Some(Every::Year),
        _ => None,
    }
}

/// A deadline as it lies in the columns of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DueColumns {
    /// One of [`DUES`].
    pub kind: Option<String>,
    /// First day of a window.
    pub from: Option<NaiveDate>,
    /// Last day on which it is in time.
    pub to: Option<NaiveDate>,
    /// One of [`EVERY`].
    pub every: Option<String>,
}

impl DueColumns {
    /// The columns of a deadline.
    pub fn of(due: Option<&Due>) -> Self {
        let kind = |name: &str| Some(name.to_owned());
        match due {
            None => Self::default(),
            Some(Due::Standing) => Self { kind: kind("standing"), ..Self::default() },
            Some(Due::Recurring { every }) => {
                Self { kind: kind("recurring"), every: Some(every_name(*every).to_owned()), ..Self::default() }
            }
            Some(Due::Window { from, to }) => {
                Self { kind: kind("window"), from: Some(*from), to: Some(*to), every: None }
            }
            Some(Due::By { date }) => Self { kind: kind("by"), to: Some(*date), ..Self::default() },
            Some(Due::ReachThenMaintain { date }) => {
                Self { kind: kind("reach_then_maintain"), to: Some(*date), ..Self::default() }
            }
        }
    }
}

/// The deadline that the columns of a row say; none where they say too little.
pub(crate) fn due_of(
    kind: Option<&str>,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    every: Option<&str>,
) -> Option<Due> {
    match kind? {
        "standing" => Some(Due::Standing),
        "recurring" => Some(Due::Recurring { every: every_of(every?)? }),
        "window" => Some(Due::Window { from: from?, to: to? }),
        "by" => Some(Due::By { date: to? }),
        "reach_then_maintain" => Some(Due::ReachThenMaintain { date: to? }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_deadline_survives_the_table() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let read =
            |columns: DueColumns| due_of(columns.kind.as_deref(), columns.from, columns.to, columns.every.as_deref());
        for due in [
            Due::Standing,
            Due::Recurring { every: Every::HalfYear },
            Due::Window { from: day("2026-01-01"), to: day("2027-12-31") },
            Due::By { date: day("2026-06-09") },
            Due::ReachThenMaintain { date: day("2026-12-31") },
        ] {
            assert_eq!(read(DueColumns::of(Some(&due))), Some(due));
        }
        assert_eq!(read(DueColumns::of(None)), None);
        assert_eq!(read(DueColumns { kind: Some("by".into()), ..DueColumns::default() }), None);
    }
}
