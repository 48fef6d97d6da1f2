//! Events that are under way at once, shared among sources: one that brings more than the centre can take waits for
//! itself, not for or before the others.
//!
//! A source may have as many under way as are still free, so one alone uses half of the room and there is always some
//! for who comes next. Who has least under way is next.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use khien_base::Id;
use tokio::sync::oneshot;

struct Waiter {
    number: u64,
    source: Id,
    weight: usize,
    tell: oneshot::Sender<()>,
}

#[derive(Default)]
struct State {
    used: usize,
    by_source: HashMap<Id, usize>,
    waiting: Vec<Waiter>,
    number: u64,
}

/// Room for events under way.
pub(super) struct Room {
    all: usize,
    state: Mutex<State>,
}

/// The room of a batch, or its place among those who wait for it. Given back when dropped.
struct Seat<'a> {
    room: &'a Room,
    number: u64,
    source: Id,
    weight: usize,
}

/// Room that a batch has.
pub(super) struct Taken<'a> {
    _seat: Seat<'a>,
}

impl Room {
    /// Room for so many events.
    pub(super) fn new(all: usize) -> Self {
        Self { all, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Events for which there is room.
    pub(super) fn free(&self) -> usize {
        self.all.saturating_sub(self.state().used)
    }

    /// Waits for room for a batch of a source.
    pub(super) async fn take(&self, source: Id, events: usize) -> Taken<'_> {
        let weight = events.clamp(1, self.all);
        let (tell, told) = oneshot::channel();
        let seat = {
            let mut state = self.state();
            state.number += 1;
            let number = state.number;
            state.waiting.push(Waiter { number, source, weight, tell });
            self.let_in(&mut state);
            Seat { room: self, number, source, weight }
        };
        // The sender stays in the list until it has told.
        told.await.ok();
        Taken { _seat: seat }
    }

    /// Lets in who may go now.
    fn let_in(&self, state: &mut State) {
        loop {
            let own = |source: Id| state.by_source.get(&source).copied().unwrap_or(0);
            let free = self.all - state.used;
            // Within its share: who has nothing under way is, whatever it brings.
            let within = |waiter: &&Waiter| own(waiter.source) == 0 || own(waiter.source) + waiter.weight <= free;
            let next = state.waiting.iter().filter(within).min_by_key(|waiter| (own(waiter.source), waiter.number));
            // Who is next is not passed over for being large: it would wait for ever.
            let Some(number) = next.filter(|waiter| waiter.weight <= free).map(|waiter| waiter.number) else { return };
            let Some(place) = state.waiting.iter().position(|waiter| waiter.number == number) else { return };
            let waiter = state.waiting.remove(place);
            state.used += waiter.weight;
            *state.by_source.entry(waiter.source).or_default() += waiter.weight;
            waiter.tell.send(()).ok();
        }
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut state = self.room.state();
        if let Some(place) = state.waiting.iter().position(|waiter| waiter.number == self.number) {
            // Gave up before it was let in.
            state.waiting.remove(place);
        } else {
            state.used = state.used.saturating_sub(self.weight);
            let left = state.by_source.get(&self.source).copied().unwrap_or(0).saturating_sub(self.weight);
            if left == 0 {
                state.by_source.remove(&self.source);
            } else {
                state.by_source.insert(self.source, left);
            }
        }
        self.room.let_in(&mut state);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::FutureExt;

    use super::*;

    fn id(source: u128) -> Id {
        Id::from_u128(source)
    }

    #[tokio::test]
    async fn one_that_brings_much_waits_and_another_does_not() {
        let room = Room::new(100);
        let mut flood = Vec::new();
        for _ in 0..5 {
            flood.push(room.take(id(1), 10).await);
        }
        assert!(room.take(id(1), 10).now_or_never().is_none(), "half of the room is its share");
        assert_eq!(room.free(), 50, "who gives up leaves nothing behind");
        let small = room.take(id(2), 10).now_or_never().unwrap();
        let mut third = Box::pin(room.take(id(3), 45));
        let mut again = Box::pin(room.take(id(1), 1));
        assert!(third.as_mut().now_or_never().is_none(), "40 are free");
        drop(small);
        // Who has nothing under way goes first, and what is larger is not passed over.
        let third = third.as_mut().now_or_never().unwrap();
        assert!(again.as_mut().now_or_never().is_none());
        flood.clear();
        assert!(again.as_mut().now_or_never().is_some());
        drop(third);
    }

    #[tokio::test]
    async fn everybody_comes_through_and_nothing_is_left() {
        let room = Room::new(50);
        let each = |source: u128| {
            let room = &room;
            async move {
                for n in 0..40 {
                    let taken = room.take(id(source), 1 + (n * 7) % 60).await;
                    tokio::time::sleep(Duration::from_micros(50)).await;
                    drop(taken);
                }
            }
        };
        let all = futures::future::join_all((0..12).map(|n| each(n % 5)));
        tokio::time::timeout(Duration::from_secs(20), all).await.unwrap();
        assert_eq!(room.free(), 50);
        assert!(room.state().by_source.is_empty() && room.state().waiting.is_empty());
    }
}
