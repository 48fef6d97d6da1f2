//! Things that are costly to make and good to use again, one for each thread that uses one at the moment.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Those that nobody uses now.
#[derive(Debug)]
pub struct Pool<T> {
    idle: Mutex<Vec<Box<T>>>,
    most: usize,
}

impl<T: Default> Pool<T> {
    /// A pool that keeps at most so many for later.
    pub const fn new(most: usize) -> Self {
        Self { idle: Mutex::new(Vec::new()), most }
    }

    /// Does some work with one of them, which is made where none is idle. One is lost when the work panics.
    pub fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        let mut one = self.idle().pop().unwrap_or_default();
        let done = work(&mut one);
        let mut idle = self.idle();
        if idle.len() < self.most {
            idle.push(one);
        }
        done
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Box<T>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_is_used_again_and_no_more_than_allowed_are_kept() {
        let pool = Pool::<Vec<u8>>::new(1);
        pool.with(|outer| {
            outer.push(1);
            pool.with(|inner| assert!(inner.is_empty(), "one each"));
        });
        assert_eq!(pool.idle().len(), 1);
        pool.with(|_| ());
        assert_eq!(pool.idle().len(), 1);
    }
}
