//! Past events, told to a correlator as if they came now.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Bounds, Correlated, Correlator, Seen};
use crate::ruleset::Ruleset;

/// How often the correlator looks at what has passed.
const EVERY: TimeDelta = TimeDelta::minutes(1);

/// Correlations over events that are told in the order of time: the clock is that of the events.
#[derive(Debug)]
pub struct Replay {
    correlator: Correlator,
    looked: Option<DateTime<Utc>>,
}

impl Replay {
    /// Of a rule set, with nothing seen yet.
    pub fn new(set: Arc<Ruleset>) -> Self {
        Self { correlator: Correlator::new(set, Bounds::default()), looked: None }
    }

    /// Adds an event and gives what did not come before it, and what matched with it.
    pub fn see(&mut self, seen: Seen<'_>) -> Vec<Correlated> {
        let mut found = Vec::new();
        match self.looked {
            Some(looked) if seen.time - looked < EVERY => {}
            Some(_) => found = self.pass(seen.time),
            None => self.looked = Some(seen.time),
        }
        found.extend(self.correlator.see(seen));
        found
    }

    /// What did not come until now.
    pub fn pass(&mut self, now: DateTime<Utc>) -> Vec<Correlated> {
        self.looked = Some(now);
        self.correlator.tick(now)
    }
}
