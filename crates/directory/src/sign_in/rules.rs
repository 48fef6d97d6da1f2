//! Who may sign in, decided from the record, the moment and what was typed.

use chrono::{DateTime, TimeDelta, Utc};
use khien_base::{Fault, Result};

use crate::people::model::Model;

/// Wrong passwords in a row that close an account for a while.
pub const FAILURES: i32 = 5;
/// For how long.
pub const LOCK: TimeDelta = TimeDelta::minutes(15);
/// How long a session lasts at most.
pub const SESSION: TimeDelta = TimeDelta::hours(12);
/// How long an API token lasts at most.
pub const TOKEN: TimeDelta = TimeDelta::days(365);

/// What is written down after a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct After {
    /// Wrong passwords in a row, now.
    pub failures: i32,
    /// Closed until then.
    pub locked_until: Option<DateTime<Utc>>,
}

/// Whether the account is closed at this moment.
pub fn locked(person: &Model, now: DateTime<Utc>) -> Result<()> {
    match person.locked_until {
        Some(until) if until > now => {
            let minutes = ((until - now).num_seconds() + 59) / 60;
            Err(Fault::forbidden("sign_in.locked").with("minutes", minutes))
        }
        _ => Ok(()),
    }
}

/// The record after a wrong password or code.
pub fn failed(person: &Model, now: DateTime<Utc>) -> After {
    let failures = person.failures + 1;
    if failures >= FAILURES {
        After { failures: 0, locked_until: Some(now + LOCK) }
    } else {
        After { failures, locked_until: person.locked_until }
    }
}

/// The one answer to a wrong name, a wrong password and a closed record.
pub fn refused() -> Fault {
    Fault::forbidden("sign_in.refused")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(failures: i32, locked_until: Option<DateTime<Utc>>) -> Model {
        Model {
            id: uuid::Uuid::nil(),
            name: "Trần Thị Bình".into(),
            search_key: "tran thi binh".into(),
            post: String::new(),
            unit: uuid::Uuid::nil(),
            email: String::new(),
            phone: String::new(),
            username: Some("binh".into()),
            password_hash: None,
            password_at: None,
            must_change: false,
            totp_secret: None,
            failures,
            locked_until,
            active: true,
            created_at: DateTime::from_timestamp(0, 0).unwrap(),
        }
    }

    #[test]
    fn the_fifth_wrong_password_closes_for_a_quarter_of_an_hour() {
        let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        assert_eq!(failed(&person(3, None), now), After { failures: 4, locked_until: None });
        let after = failed(&person(4, None), now);
        assert_eq!(after.locked_until, Some(now + LOCK));
        let closed = person(0, after.locked_until);
        let fault = locked(&closed, now + TimeDelta::minutes(14)).unwrap_err();
        assert_eq!(fault.args, [("minutes".into(), "1".to_owned())]);
        locked(&closed, now + LOCK).unwrap();
    }
}
