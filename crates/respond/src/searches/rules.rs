//! When a search runs, and over which span. Pure.

use chrono::{DateTime, TimeDelta, Utc};
use khien_base::filter;
use khien_base::{Fault, Result};

use super::model::Model;

/// Minutes between runs that may be chosen: 5 minutes to a day.
pub const EVERY: [i32; 6] = [5, 15, 60, 240, 720, 1_440];
/// How long a run waits for events that are on their way: what happened within it is looked at by the next run.
pub const SETTLE: TimeDelta = TimeDelta::minutes(1);
/// Spans that one run makes up for, where the program stood still.
const MISSED: i32 = 12;
/// Characters of a name.
pub const NAME: usize = 200;

/// The span that is due: where the last run ended, up to now less [`SETTLE`]; `None` where nothing is due. After a longer
/// standstill only the last [`MISSED`] spans are looked at.
pub fn due(search: &Model, now: DateTime<Utc>) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let every = TimeDelta::minutes(i64::from(search.every_minutes?));
    let to = now - SETTLE;
    let from = search.covered_at.unwrap_or(to - every);
    (to - from >= every).then(|| (from.max(to - every * MISSED), to))
}

/// A name as a form gives it. Fault: `searches.name`.
pub fn name(given: &str) -> Result<String> {
    let name = given.trim();
    if name.is_empty() || name.chars().count() > NAME {
        return Err(Fault::invalid("searches.name").on("name").with("limit", NAME));
    }
    Ok(name.to_owned())
}

/// What the bar says, if it can be read.
pub fn bar(given: &str) -> Result<String> {
    filter::read(given)?;
    Ok(given.trim().to_owned())
}

/// Minutes between runs as a form gives them. Fault: `searches.every`.
pub fn every(given: &str) -> Result<Option<i32>> {
    if given.is_empty() {
        return Ok(None);
    }
    let minutes = given.parse().ok().filter(|minutes| EVERY.contains(minutes));
    minutes.map(Some).ok_or_else(|| Fault::invalid("searches.every").on("every"))
}

/// A threshold as a form gives it. Fault: `searches.threshold`.
pub fn threshold(given: &str) -> Result<i64> {
    let count = if given.trim().is_empty() { Some(1) } else { given.trim().parse().ok() };
    let count = count.filter(|count| (1..=1_000_000_000).contains(count));
    count.ok_or_else(|| Fault::invalid("searches.threshold").on("threshold"))
}

#[cfg(test)]
mod tests {
    use khien_base::Id;

    use super::*;

    fn search(every: Option<i32>, covered: Option<DateTime<Utc>>) -> Model {
        let at = DateTime::UNIX_EPOCH;
        Model {
            id: Id::nil(),
            unit: Id::nil(),
            by: Id::nil(),
            by_name: String::new(),
            name: String::new(),
            q: String::new(),
            range: String::new(),
            source: None,
            system: None,
            shared: false,
            every_minutes: every,
            threshold: 1,
            level: 3,
            covered_at: covered,
            last_count: None,
            last_fault: None,
            created_at: at,
            updated_at: at,
        }
    }

    #[test]
    fn each_moment_is_looked_at_once() {
        let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let minutes = TimeDelta::minutes;
        assert_eq!(due(&search(None, None), now), None);
        assert_eq!(due(&search(Some(5), None), now), Some((now - minutes(6), now - minutes(1))));
        assert_eq!(due(&search(Some(5), Some(now - minutes(5))), now), None, "four minutes are not five");
        let (from, to) = due(&search(Some(5), Some(now - minutes(8))), now).unwrap();
        assert_eq!((from, to), (now - minutes(8), now - minutes(1)));
        assert_eq!(due(&search(Some(5), Some(to)), now + minutes(4)), None);
        assert_eq!(due(&search(Some(5), Some(to)), now + minutes(5)).unwrap().0, to, "no gap, no overlap");
        let long = due(&search(Some(60), Some(now - TimeDelta::days(9))), now).unwrap();
        assert_eq!(long.1 - long.0, TimeDelta::hours(12));
    }

    #[test]
    fn forms_are_checked() {
        assert_eq!(name(" a ").unwrap(), "a");
        assert_eq!(name(" ").unwrap_err().code, "searches.name");
        assert_eq!(bar("a OR").unwrap_err().code, "search.nothing");
        assert_eq!((every("").unwrap(), every("60").unwrap()), (None, Some(60)));
        assert_eq!(every("7").unwrap_err().code, "searches.every");
        assert_eq!((threshold("").unwrap(), threshold("20").unwrap()), (1, 20));
        assert_eq!(threshold("0").unwrap_err().code, "searches.threshold");
    }
}
