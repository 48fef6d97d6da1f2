//! Hands blocks of files out to threads: each thread reads a file of its own, and helps others when none is left.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use khien_normalise::Format;

use crate::blocks::{Block, Opened, Opening};
use crate::sources::Source;
use crate::trouble::Troubles;

/// Files that are still to be read.
pub(crate) struct Feed<'f> {
    sources: &'f [Source],
    format: Format,
    troubles: &'f Troubles,
    state: Mutex<State>,
    /// Bytes of files that were read to their end, packed as they are.
    pub(crate) done: AtomicU64,
    /// Files that are no logs.
    pub(crate) others: AtomicU64,
}

struct State {
    pending: VecDeque<u32>,
    open: Vec<Arc<Mutex<Opened>>>,
}

/// The file that a thread reads at the moment.
pub(crate) type Own = Option<Arc<Mutex<Opened>>>;

impl<'f> Feed<'f> {
    pub(crate) fn new(sources: &'f [Source], format: Format, troubles: &'f Troubles) -> Self {
        let mut pending: Vec<u32> = (0..u32::try_from(sources.len()).unwrap_or(u32::MAX)).collect();
        // Large files first: at the end the threads share small ones.
        pending.sort_by_key(|at| std::cmp::Reverse(sources.get(*at as usize).map_or(0, |source| source.bytes)));
        let state = State { pending: pending.into(), open: Vec::new() };
        Self { sources, format, troubles, state: Mutex::new(state), done: AtomicU64::new(0), others: AtomicU64::new(0) }
    }

    /// A further block; none when all files are read.
    pub(crate) fn next(&self, own: &mut Own) -> Option<Block> {
        loop {
            if own.is_none() {
                *own = self.take();
            }
            let opened = own.as_ref()?;
            let (block, faults) = {
                let mut opened = lock(opened);
                let block = opened.next();
                (block, opened.faults().into_iter().map(|fault| (opened.file(), fault)).collect::<Vec<_>>())
            };
            for (file, fault) in faults {
                self.troubles.add(self.name(file), fault);
            }
            match block {
                Some(block) => return Some(block),
                None => self.close(own),
            }
        }
    }

    /// The name of a file.
    pub(crate) fn name(&self, file: u32) -> &str {
        self.sources.get(file as usize).map_or("", |source| &source.name)
    }

    /// A file that nobody reads yet, else one that others read.
    fn take(&self) -> Own {
        loop {
            let file = {
                let mut state = lock(&self.state);
                match state.pending.pop_front() {
                    Some(file) => file,
                    None => return state.open.first().cloned(),
                }
            };
            let source = self.sources.get(file as usize)?;
            match Opened::open(file, source, self.format) {
                Ok(Opening::Log(opened)) => {
                    let opened = Arc::new(Mutex::new(*opened));
                    lock(&self.state).open.push(Arc::clone(&opened));
                    return Some(opened);
                }
                Ok(Opening::Other) => {
                    self.others.fetch_add(1, Ordering::Relaxed);
                }
                Err(fault) => self.troubles.add(&source.name, fault),
            }
            self.done.fetch_add(source.bytes, Ordering::Relaxed);
        }
    }

    fn close(&self, own: &mut Own) {
        let Some(closed) = own.take() else { return };
        let mut state = lock(&self.state);
        let before = state.open.len();
        state.open.retain(|open| !Arc::ptr_eq(open, &closed));
        if state.open.len() < before {
            drop(state);
            let file = lock(&closed).file();
            let bytes = self.sources.get(file as usize).map_or(0, |source| source.bytes);
            self.done.fetch_add(bytes, Ordering::Relaxed);
        }
    }
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
