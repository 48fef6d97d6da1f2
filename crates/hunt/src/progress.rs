//! A line on the terminal that says how far the reading is.

use std::io::Write;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How often the line changes.
const EVERY: Duration = Duration::from_millis(150);
/// Characters of the bar.
const WIDTH: u64 = 24;

/// Tells of the progress, or is silent.
pub(crate) struct Progress<'p> {
    state: Option<Mutex<State<'p>>>,
    total: u64,
    start: Instant,
}

struct State<'p> {
    to: &'p mut (dyn Write + Send),
    next: Instant,
    shown: bool,
}

impl<'p> Progress<'p> {
    /// Tells on `to`, where there is a terminal, how many of `total` bytes are read.
    pub(crate) fn new(to: Option<&'p mut (dyn Write + Send)>, total: u64) -> Self {
        let start = Instant::now();
        let state = to.map(|to| Mutex::new(State { to, next: start + EVERY, shown: false }));
        Self { state, total, start }
    }

    /// Draws the line anew, if it is time. Threads that find another drawing pass by.
    pub(crate) fn tell(&self, done: u64, events: u64, matches: u64) {
        let Some(Ok(mut state)) = self.state.as_ref().map(Mutex::try_lock) else { return };
        let now = Instant::now();
        if now < state.next {
            return;
        }
        state.next = now + EVERY;
        state.shown = true;
        let line = line(done, self.total, events, matches, self.start.elapsed());
        write!(state.to, "\r{line}\x1b[K").and_then(|()| state.to.flush()).ok();
    }

    /// Takes the line away.
    pub(crate) fn end(self) {
        if let Some(Ok(state)) = self.state.map(Mutex::into_inner)
            && state.shown
        {
            write!(state.to, "\r\x1b[K").and_then(|()| state.to.flush()).ok();
        }
    }
}

fn line(done: u64, total: u64, events: u64, matches: u64, since: Duration) -> String {
    let done = done.min(total);
    let share = |of: u64| done.saturating_mul(of).checked_div(total).unwrap_or(of);
    let (full, percent) = (share(WIDTH), share(100));
    let bar: String = (0..WIDTH).map(|at| if at < full { '█' } else { '░' }).collect();
    let mib = |bytes: u64| bytes >> 20;
    let seconds = since.as_secs();
    let left = seconds.saturating_mul(total - done).checked_div(done).unwrap_or_default();
    format!("{bar} {percent:>3} %  {}/{} MiB  {events} ◇  {matches} ⚑  {seconds} s (−{left} s)", mib(done), mib(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_how_far_it_is() {
        let line = line(50 << 20, 200 << 20, 7, 1, Duration::from_secs(10));
        assert_eq!(line, "██████░░░░░░░░░░░░░░░░░░  25 %  50/200 MiB  7 ◇  1 ⚑  10 s (−30 s)");
        assert!(super::line(0, 0, 0, 0, Duration::ZERO).contains("100 %"));
    }
}
