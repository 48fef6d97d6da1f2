//! Who may sign in, decided from the record, the moment and what was typed.

use chrono::{DateTime, TimeDelta, Utc};
use khien_base::{Fault, Result};
use khien_web::Owed;

use crate::people::model::Model;
use crate::setting::PasswordPolicy;

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

/// Whether a password was too old at a moment. One whose moment is not known is as old as its person's record.
pub fn too_old(person: &Model, policy: PasswordPolicy, at: DateTime<Utc>) -> bool {
    let since = person.password_at.unwrap_or(person.created_at);
    policy.max_age_days > 0 && at - since >= TimeDelta::days(policy.max_age_days.into())
}

/// What a person owes in a session that began at a moment: the password first, since who knows the one that somebody
/// else set could set a second factor too. A password that grows too old is owed at the next sign-in, not in the
/// middle of work. An API token owes no password (a reset ends it), but its person must have the second factor.
pub fn owed(person: &Model, policy: PasswordPolicy, began: DateTime<Utc>, api: bool) -> Option<Owed> {
    if !api && (person.must_change || too_old(person, policy, began)) {
        return Some(Owed::Password);
    }
    (policy.second_factor && person.totp_secret.is_none()).then_some(Owed::SecondFactor)
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
            totp_step: None,
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

    #[test]
    fn a_password_is_owed_at_the_first_sign_in_after_it_grew_too_old() {
        let policy = PasswordPolicy { max_age_days: 90, ..PasswordPolicy::default() };
        let set = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let known = Model { password_at: Some(set), ..person(0, None) };
        let (before, after) = (set + TimeDelta::days(90) - TimeDelta::seconds(1), set + TimeDelta::days(90));
        assert_eq!(owed(&known, policy, before, false), None);
        assert_eq!(owed(&known, policy, after, false), Some(Owed::Password));
        assert_eq!(owed(&known, policy, after, true), None, "a program cannot change it");
        assert_eq!(owed(&known, PasswordPolicy::default(), after, false), None, "0 days is never");
        let unknown = Model { created_at: set, ..person(0, None) };
        assert_eq!(owed(&unknown, policy, after, false), Some(Owed::Password), "as old as its record");
    }

    #[test]
    fn the_password_comes_before_the_second_factor() {
        let policy = PasswordPolicy { second_factor: true, ..PasswordPolicy::default() };
        let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let new = Model { must_change: true, ..person(0, None) };
        assert_eq!(owed(&new, policy, now, false), Some(Owed::Password));
        assert_eq!(owed(&new, policy, now, true), Some(Owed::SecondFactor));
        assert_eq!(owed(&person(0, None), policy, now, false), Some(Owed::SecondFactor));
        let set = Model { totp_secret: Some("v1:".into()), ..person(0, None) };
        assert_eq!(owed(&set, policy, now, false), None);
        assert_eq!(owed(&person(0, None), PasswordPolicy::default(), now, false), None);
    }
}
