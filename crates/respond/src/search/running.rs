//! Statements that are being run, so that their askers can stop them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use chrono::{DateTime, Utc};
use khien_base::{Fault, Id, Kind, Result};
use tokio::sync::oneshot;

/// Statements of one person at a time.
const AT_ONCE: usize = 2;

/// A statement under way.
#[derive(Debug)]
struct Statement {
    by: Id,
    text: String,
    began: DateTime<Utc>,
    stop: Option<oneshot::Sender<()>>,
}

/// All statements under way in this process.
#[derive(Debug, Default)]
pub struct Running(Mutex<HashMap<Id, Statement>>);

/// One statement's place; it is given up when the statement ends, however it ends.
#[derive(Debug)]
pub struct Place {
    all: Arc<Running>,
    id: Id,
    /// Comes when the statement is to stop.
    pub stopped: oneshot::Receiver<()>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.all.lock().remove(&self.id);
    }
}

impl Running {
    fn lock(&self) -> MutexGuard<'_, HashMap<Id, Statement>> {
        match self.0.lock() {
            Ok(all) => all,
            Err(poisoned) => poisoned.into_inner(),
        }
    }

    /// Takes a place. Faults: `search.statements` (`limit`) where the person has too many under way, `search.twice` where
    /// the identity is taken.
    pub fn begin(self: &Arc<Self>, id: Id, by: Id, text: &str, began: DateTime<Utc>) -> Result<Place> {
        let mut all = self.lock();
        if all.contains_key(&id) {
            return Err(Fault::conflict("search.twice"));
        }
        if all.values().filter(|statement| statement.by == by).count() >= AT_ONCE {
            return Err(Fault::new(Kind::TooMany, "search.statements").with("limit", AT_ONCE));
        }
        let (stop, stopped) = oneshot::channel();
        let text = text.chars().take(2_000).collect();
        all.insert(id, Statement { by, text, began, stop: Some(stop) });
        Ok(Place { all: Arc::clone(self), id, stopped })
    }

    /// Stops a statement of a person; whether there was one.
    pub fn stop(&self, id: Id, by: Id) -> bool {
        let mut all = self.lock();
        let stop = all.get_mut(&id).filter(|statement| statement.by == by).and_then(|statement| statement.stop.take());
        stop.is_some_and(|stop| stop.send(()).is_ok())
    }

    /// Statements of a person under way: identity, text, since when; the oldest first.
    pub fn of(&self, by: Id) -> Vec<(Id, String, DateTime<Utc>)> {
        let all = self.lock();
        let own = all.iter().filter(|(_, statement)| statement.by == by);
        let mut own: Vec<_> = own.map(|(id, one)| (*id, one.text.clone(), one.began)).collect();
        own.sort_by_key(|(_, _, began)| *began);
        own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_who_asked_stops_a_statement_and_its_place_is_given_up() {
        let all = Arc::new(Running::default());
        let (one, two, lan, binh) = (Id::from_u128(1), Id::from_u128(2), Id::from_u128(8), Id::from_u128(9));
        let now = DateTime::UNIX_EPOCH;
        let mut place = all.begin(one, lan, "SELECT 1", now).unwrap();
        assert_eq!(all.begin(one, lan, "x", now).unwrap_err().code, "search.twice");
        let _second = all.begin(two, lan, "SELECT 2", now).unwrap();
        assert_eq!(all.begin(Id::from_u128(3), lan, "x", now).unwrap_err().code, "search.statements");
        assert!(!all.stop(one, binh));
        assert_eq!((all.of(lan).len(), all.of(binh).len()), (2, 0));
        assert!(all.stop(one, lan));
        (&mut place.stopped).await.unwrap();
        assert!(!all.stop(one, lan), "once");
        drop(place);
        assert_eq!(all.of(lan).len(), 1);
    }
}
