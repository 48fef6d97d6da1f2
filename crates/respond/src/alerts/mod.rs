//! Alerts: what detection found, gathered by rule and host, until somebody has dealt with it.
//!
//! Words: *alert* — a group of events that one rule found on one host of one system, no hour without one of them and a day
//! at most; *member* — an event that is kept with its alert; *raised* — an alert that no rule made (a silent source).
//! Invariants: a batch of findings that comes again changes nothing; an alert keeps at most 200 events a day and counts
//! all; a closed alert takes nothing more, what comes after is a new one; an alert belongs to the unit that owns the
//! system and is shown to nobody beyond. It never changes an event.

mod jobs;
pub mod model;
pub mod overview;
pub mod rules;
pub mod store;

#[cfg(test)]
mod tests;
