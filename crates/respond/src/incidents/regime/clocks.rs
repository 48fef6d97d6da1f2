//! Legal clocks: which apply, from when, until when, and how they stand.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use khien_base::clock::day_in_vietnam;
use serde::{Deserialize, Serialize};

use super::{Basis, Calendar, Certainty};

/// One duty to tell somebody within a time. Kept whole with each clock that was made of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockRule {
    /// `nd331-report-72h`
    pub id: String,
    /// Name in Vietnamese.
    pub name_vi: String,
    /// Name in English.
    pub name_en: String,
    /// What starts it.
    pub starts_at: Start,
    /// How it counts.
    pub count: Count,
    /// Hours; none where the law names no limit.
    #[serde(default)]
    pub hours: Option<u32>,
    /// Days, where it counts days.
    #[serde(default)]
    pub days: Option<u32>,
    /// Without delay: the law names no minutes, and [`ClockRule::remind_minutes`] is when we start to press.
    #[serde(default)]
    pub at_once: bool,
    /// Minutes after the start from which a duty without delay is pressed for.
    #[serde(default)]
    pub remind_minutes: Option<u32>,
    /// Hours before the end at which we remind.
    #[serde(default)]
    pub remind_hours_left: Vec<u32>,
    /// All conditions given must hold.
    pub applies_when: When,
    /// Who must be told.
    pub to: Addressee,
    /// Form of the notice, in `incident-forms.yaml`.
    #[serde(default)]
    pub form: Option<String>,
    /// Which kind of that form.
    #[serde(default)]
    pub form_kind: Option<String>,
    /// By which channel, in Vietnamese.
    #[serde(default)]
    pub channel_vi: Option<String>,
    /// By which channel, in English.
    #[serde(default)]
    pub channel_en: Option<String>,
    /// What it rests on.
    pub basis: Basis,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day; none while in force.
    #[serde(default)]
    pub valid_to: Option<NaiveDate>,
    /// How sure it is.
    #[serde(default)]
    pub certainty: Certainty,
    /// A remark in Vietnamese.
    #[serde(default)]
    pub note_vi: Option<String>,
    /// A remark in English.
    #[serde(default)]
    pub note_en: Option<String>,
}

/// What starts a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// T0: the incident was detected.
    Detection,
    /// The violation of personal data was detected.
    ViolationDetection,
    /// The incident was closed.
    Closure,
    /// The contact changed; no incident starts it.
    ContactChange,
}

/// How a clock counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    /// Hours through nights, weekends and holidays.
    Hours,
    /// Days of 24 hours.
    Days,
    /// Working days, the day of the start not counted, to the end of the last one.
    WorkingDays,
}

/// When a clock applies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct When {
    /// One of these levels.
    pub levels: Vec<String>,
    /// At least one of these flags.
    pub any_flags: Vec<String>,
    /// Whether the system is critical to national security.
    pub system_critical: Option<bool>,
}

/// Who must be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addressee {
    /// `bca-specialist`
    pub key: String,
    /// Name in Vietnamese.
    pub vi: String,
    /// Name in English.
    pub en: String,
}

/// What the clocks of an incident depend on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// T0.
    pub detected_at: DateTime<Utc>,
    /// When the violation of personal data was detected.
    pub violation_at: Option<DateTime<Utc>>,
    /// When the incident was closed.
    pub closed_at: Option<DateTime<Utc>>,
    /// `M1`–`M4`
    pub level: String,
    /// Flags set.
    pub flags: Vec<String>,
    /// Whether the system is critical to national security.
    pub system_critical: bool,
}

/// How a clock stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// What starts it has not happened yet.
    Waiting,
    /// It runs, and the law names no limit.
    Open,
    /// Time is left.
    Running,
    /// The time is over and nothing was sent.
    Overdue,
    /// Sent in time.
    Met,
    /// Sent too late.
    MetLate,
    /// Level or flags changed, or it was no incident: the duty fell away.
    Dropped,
}

impl ClockRule {
    /// Whether it is in force on a day; first and last day are both included.
    pub fn in_force(&self, day: NaiveDate) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|last| day <= last)
    }

    /// When it starts; none while that has not happened.
    pub fn start(&self, facts: &Facts) -> Option<DateTime<Utc>> {
        match self.starts_at {
            Start::Detection => Some(facts.detected_at),
            Start::ViolationDetection => facts.violation_at,
            Start::Closure => facts.closed_at,
            Start::ContactChange => None,
        }
    }

    /// Whether the incident owes it: its conditions hold, and it is in force on the day on which the incident
    /// (or the violation) was detected.
    pub fn applies(&self, facts: &Facts) -> bool {
        let when = &self.applies_when;
        let known = match self.starts_at {
            Start::ViolationDetection => facts.violation_at.unwrap_or(facts.detected_at),
            Start::Detection | Start::Closure => facts.detected_at,
            Start::ContactChange => return false,
        };
        self.in_force(day_in_vietnam(known))
            && (when.levels.is_empty() || when.levels.contains(&facts.level))
            && (when.any_flags.is_empty() || when.any_flags.iter().any(|flag| facts.flags.contains(flag)))
            && when.system_critical.is_none_or(|critical| critical == facts.system_critical)
    }

    /// When it ends; none where the law names no limit. A duty without delay ends, for the page's countdown, when
    /// we start to press for it.
    pub fn due(&self, start: DateTime<Utc>, calendar: &Calendar) -> Option<DateTime<Utc>> {
        if self.at_once {
            return Some(start + TimeDelta::minutes(i64::from(self.remind_minutes.unwrap_or(0))));
        }
        match self.count {
            Count::WorkingDays => self.days.map(|days| calendar.after(start, days)),
            Count::Days => self.days.map(|days| start + TimeDelta::days(i64::from(days))),
            Count::Hours => self.hours.map(|hours| start + TimeDelta::hours(i64::from(hours))),
        }
    }

    /// Hours before the end at which a reminder is due, most first.
    pub fn reminders(&self) -> Vec<u32> {
        let mut hours = self.remind_hours_left.clone();
        hours.sort_unstable_by(|a, b| b.cmp(a));
        hours.dedup();
        hours
    }
}

/// Clocks that an incident owes by these rules.
pub fn owed<'r>(rules: &'r [ClockRule], facts: &Facts) -> impl Iterator<Item = &'r ClockRule> {
    rules.iter().filter(|rule| rule.applies(facts))
}

/// How a clock stands at a moment. Sent on the last moment is in time.
pub fn standing(
    started: Option<DateTime<Utc>>,
    due: Option<DateTime<Utc>>,
    sent: Option<DateTime<Utc>>,
    dropped: bool,
    now: DateTime<Utc>,
) -> Standing {
    match (sent, due) {
        (Some(sent), Some(due)) if sent > due => Standing::MetLate,
        (Some(_), _) => Standing::Met,
        (None, _) if dropped => Standing::Dropped,
        (None, _) if started.is_none() => Standing::Waiting,
        (None, None) => Standing::Open,
        (None, Some(due)) if now > due => Standing::Overdue,
        (None, Some(_)) => Standing::Running,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Regime;
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc)
    }

    fn facts(detected: &str, level: &str, flags: &[&str]) -> Facts {
        Facts {
            detected_at: at(detected),
            level: level.into(),
            flags: flags.iter().map(ToString::to_string).collect(),
            ..Facts::default()
        }
    }

    fn ids(facts: &Facts) -> Vec<&'static str> {
        owed(&Regime::get().unwrap().clocks, facts).map(|rule| rule.id.as_str()).collect()
    }

    fn due(id: &str, facts: &Facts) -> Option<DateTime<Utc>> {
        let regime = Regime::get().unwrap();
        let rule = regime.clock(id).unwrap();
        rule.start(facts).and_then(|start| rule.due(start, &regime.calendar))
    }

    #[test]
    fn a_serious_incident_owes_a_notice_in_24_hours_and_a_report_in_72() {
        let serious = facts("2026-10-01T09:17:00+07:00", "M2", &[]);
        assert_eq!(ids(&serious), ["nd331-initial-24h", "nd331-report-72h"]);
        assert_eq!(due("nd331-initial-24h", &serious), Some(at("2026-10-02T09:17:00+07:00")));
        assert_eq!(due("nd331-report-72h", &serious), Some(at("2026-10-04T09:17:00+07:00")), "a Sunday");
        assert_eq!(ids(&facts("2026-10-01T09:17:00+07:00", "M3", &[])), ["nd331-report-72h"]);
    }

    #[test]
    fn the_regime_is_that_of_the_day_of_detection_in_vietnam() {
        // 23:59 on 18/8 in Vietnam is still the old regime; a minute later it is the decree's.
        let old = facts("2026-08-18T23:59:00+07:00", "M2", &[]);
        assert_eq!(ids(&old), ["tt20-initial-5d", "tt20-closing-5d"]);
        assert_eq!(due("tt20-initial-5d", &old), Some(at("2026-08-23T23:59:00+07:00")));
        let new = facts("2026-08-19T00:00:00+07:00", "M2", &[]);
        assert_eq!(ids(&new), ["nd331-initial-24h", "nd331-report-72h"]);
    }

    #[test]
    fn signs_and_systems_add_clocks() {
        let mut all = facts("2026-10-01T09:00:00+07:00", "M1", &["public_order", "complex", "personal_data"]);
        all.system_critical = true;
        all.violation_at = Some(at("2026-10-01T15:30:00+07:00"));
        assert_eq!(
            ids(&all),
            [
                "nd331-at-once",
                "nd331-initial-24h",
                "nd331-report-72h",
                "nd331-complex-closing",
                "nd333-emergency-24h",
                "l91-personal-data-72h"
            ]
        );
        assert_eq!(due("nd331-at-once", &all), Some(at("2026-10-01T09:30:00+07:00")));
        assert_eq!(due("l91-personal-data-72h", &all), Some(at("2026-10-04T15:30:00+07:00")), "from the violation");
        assert_eq!(due("nd331-complex-closing", &all), None, "the decree names no limit");
    }

    #[test]
    fn a_clock_is_met_late_or_overdue_by_the_minute() {
        let (start, due) = (at("2026-10-01T09:00:00+07:00"), at("2026-10-02T09:00:00+07:00"));
        let minute = TimeDelta::minutes(1);
        let stands = |sent, now| standing(Some(start), Some(due), sent, false, now);
        assert_eq!(stands(None, due), Standing::Running);
        assert_eq!(stands(None, due + minute), Standing::Overdue);
        assert_eq!(stands(Some(due), due + minute), Standing::Met);
        assert_eq!(stands(Some(due + minute), due + minute), Standing::MetLate);
        assert_eq!(standing(None, None, None, false, due), Standing::Waiting);
        assert_eq!(standing(Some(start), None, None, false, due), Standing::Open);
        assert_eq!(standing(Some(start), Some(due), None, true, due + minute), Standing::Dropped);
    }
}
