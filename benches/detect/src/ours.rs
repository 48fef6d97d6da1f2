//! Our engine.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use khien_base::Record;
use khien_detect::{Engine, Ruleset, Scratch};
use khien_normalise::{Format, Lean, decode_line};

pub struct Ours {
    engine: Engine,
}

/// What one thread keeps from event to event.
#[derive(Default)]
pub struct Memory {
    lean: Lean,
    scratch: Scratch,
}

/// Lines that a thread takes at a time, as a reader hands them out.
const BATCH: usize = 100;

/// Batches of the lines on as many threads as there are memories, and what comes out of them together.
fn on_threads<M: Send>(
    lines: &[String],
    memories: &mut [M],
    work: impl Fn(&[String], &mut M) -> usize + Sync,
) -> usize {
    let (next, work) = (&std::sync::Mutex::new(lines.chunks(BATCH)), &work);
    let one = |memory: &mut M| {
        let take = || next.lock().expect("no batch panics").next();
        std::iter::from_fn(take).map(|batch| work(batch, memory)).sum::<usize>()
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = memories.iter_mut().map(|memory| scope.spawn(move || one(memory))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread's batches")).sum()
    })
}

fn record(line: &str) -> Record {
    decode_line(line.as_bytes(), Format::Ndjson, DateTime::<Utc>::UNIX_EPOCH, 1).expect("a line of JSON")
}

impl Ours {
    pub fn new(files: &[(String, String)]) -> Self {
        let (set, faults) = Ruleset::load(files.iter().cloned());
        assert!(faults.is_empty(), "{}", faults[0]);
        let engine = Engine::new(Arc::new(set));
        // Rules are compiled for the log sources that events have: all of those here belong to loading.
        for rule in engine.ruleset().rules() {
            engine.prepare(&rule.logsource);
        }
        Self { engine }
    }

    pub fn rules(&self) -> usize {
        self.engine.ruleset().rules().len()
    }

    /// Matches of the plain matcher.
    pub fn plain(&self, lines: &[String]) -> usize {
        let mut threads = vec![(); std::thread::available_parallelism().map_or(1, usize::from)];
        on_threads(lines, &mut threads, |lines, ()| {
            lines.iter().map(|line| self.engine.ruleset().matches(&record(line)).len()).sum()
        })
    }

    /// Matches of the fast matcher on lines read for detection alone, on a thread for each memory.
    pub fn lean(&self, lines: &[String], memories: &mut [Memory]) -> usize {
        on_threads(lines, memories, |lines, memory| self.with(lines, memory))
    }

    /// The same on this thread.
    pub fn with(&self, lines: &[String], memory: &mut Memory) -> usize {
        let Memory { lean, scratch } = memory;
        let mut matches = 0;
        for line in lines {
            let fast = lean.read(line);
            let fired = fast.and_then(|event| self.engine.fired_on(event.log(), &event, scratch).map(<[u32]>::len));
            matches += fired.unwrap_or_else(|| self.engine.fired(&record(line), scratch).len());
        }
        matches
    }

    /// The same without matching.
    pub fn read_only(&self, lines: &[String]) {
        let mut lean = Lean::default();
        let known = lines.iter().filter(|line| lean.read(line).is_some()).count();
        assert!(known > lines.len() / 2);
    }

    /// Matches of the fast matcher on records as they are stored, with all that searches need.
    pub fn whole(&self, lines: &[String]) -> usize {
        let mut scratch = Scratch::default();
        lines.iter().map(|line| self.engine.fired(&record(line), &mut scratch).len()).sum()
    }
}
