//! Sigma rules on Windows events: ours beside rsigma, in one run on one machine.
//!
//! `cargo run --release -- [CORPUS]`, where CORPUS is the folder with `sigma/` and `evtx/attack-samples/`
//! (default: `../../../shared/data`). Each figure is the median of five rounds, in which all take turns on one part of
//! the lines after the other: whatever slows the machine for a while slows them alike. Times of one thread are processor
//! time, so that other work on the machine does not count; of two, they are wall time. A part of the lines is matched by
//! the plain matcher first, and a round of ours that gives another number of matches ends the bench.

mod corpus;
mod ours;
mod peer;

use corpus::Shape;
use std::path::PathBuf;
use std::time::Instant;

/// Events that the plain matcher is held against: all attack samples three times.
const HELD: usize = 25_000;
/// Rounds of each measurement.
const ROUNDS: usize = 5;
/// Lines after which the next has its turn.
const PART: usize = 50_000;

fn main() {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        // A process of its own for each, so that one's memory is not the other's.
        Some("--ours") => alone(&folder(arguments.next())),
        Some("--once") => once(&folder(arguments.next())),
        Some("--growth") => growth(&folder(arguments.next())),
        Some("--load") => load(&arguments.next().unwrap_or_default(), &folder(arguments.next())),
        first => all(&folder(first.map(str::to_owned))),
    }
}

fn folder(given: Option<String>) -> PathBuf {
    given.map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")), PathBuf::from)
}

/// Loads the rules, says how long it took and how much memory the process has now.
fn load(which: &str, corpus: &std::path::Path) {
    let files = corpus::rules(corpus, usize::MAX);
    let start = Instant::now();
    let rules = match which {
        "ours" => ours::Ours::new(&files).rules(),
        _ => peer::Peer::new(&files).rules(),
    };
    let took = start.elapsed();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("?").trim().to_owned();
    println!(
        "{which:<8} {rules:>6} rules loaded and ready in {:>6.0} ms, at most {resident} of memory",
        took.as_secs_f64() * 1e3
    );
}

/// Ours alone on few events, twice, of which the second is to be looked at: for
/// `valgrind --tool=callgrind --toggle-collect='*second*'`.
fn once(corpus: &std::path::Path) {
    let ours = ours::Ours::new(&corpus::rules(corpus, usize::MAX));
    let lines = corpus::lines(corpus, Shape::Message);
    let mut memory = ours::Memory::default();
    let few = lines.get(..10_000).unwrap_or(&lines);
    println!("{} matches in {} events", ours.with(few, &mut memory), few.len());
    println!("{} matches again", second(&ours, few, &mut memory));
}

#[inline(never)]
fn second(ours: &ours::Ours, lines: &[String], memory: &mut ours::Memory) -> usize {
    ours.with(lines, memory)
}

/// Ours alone, again and again: for profilers.
fn alone(corpus: &std::path::Path) {
    let ours = ours::Ours::new(&corpus::rules(corpus, usize::MAX));
    for shape in [Shape::Message, Shape::Fields] {
        let lines = corpus::lines(corpus, shape);
        let cost = |work: &dyn Fn()| {
            let seconds = median((0..ROUNDS).map(|_| spent(work)).collect());
            seconds * 1e6 / lines.len() as f64
        };
        let whole = cost(&|| assert!(ours.with(&lines, &mut ours::Memory::default()) > 0));
        let read = cost(&|| ours.read_only(&lines));
        println!("{shape:?}: {whole:.2} µs an event, {read:.2} of it reading");
    }
}

fn all(corpus: &std::path::Path) {
    let own = std::env::current_exe().expect("the bench knows its own path");
    for which in ["ours", "rsigma"] {
        let run = std::process::Command::new(&own).args(["--load", which]).arg(corpus).status();
        assert!(run.is_ok_and(|status| status.success()), "loading failed");
    }
    for shape in [Shape::Message, Shape::Fields] {
        beside(corpus, shape);
    }
    growth(corpus);
}

/// Ours and the peer in turns, on events of one shape.
fn beside(corpus: &std::path::Path, shape: Shape) {
    let lines = corpus::lines(corpus, shape);
    let bytes: usize = lines.iter().map(String::len).sum();
    println!("\n{} events of {} bytes on average ({shape:?})", lines.len(), bytes / lines.len().max(1));
    let files = corpus::rules(corpus, usize::MAX);
    let ours = ours::Ours::new(&files);
    let peer = peer::Peer::new(&files);
    let few = lines.get(..HELD).unwrap_or(&lines);
    let plain = ours.plain(few);
    assert_eq!(ours.with(few, &mut ours::Memory::default()), plain, "the fast matcher differs from the plain one");
    // Records as they are stored are read in another way: what both ways find on all events is the same.
    let expected = ours.whole(&lines);
    println!("{expected} matches; {plain} in the first {} events, as by the plain matcher", few.len());
    let mut memories: [ours::Memory; 2] = Default::default();
    let mut times: [Vec<f64>; 5] = Default::default();
    // Memories are filled in a round that does not count: those of a running program are.
    for round in 0..=ROUNDS {
        let (mut seconds, mut found) = ([0.0; 5], [0; 3]);
        for part in lines.chunks(PART) {
            seconds[0] += spent(|| found[0] += ours.with(part, &mut memories[0]));
            seconds[1] += spent(|| {
                peer.matches(part);
            });
            seconds[2] += timed(|| found[1] += ours.lean(part, &mut memories));
            seconds[3] += spent(|| ours.read_only(part));
            seconds[4] += spent(|| found[2] += ours.whole(part));
        }
        assert_eq!(found, [expected; 3], "two ways to the matches differ");
        if round > 0 {
            times.iter_mut().zip(seconds).for_each(|(of, seconds)| of.push(seconds));
        }
    }
    let told = |what: &str, own: &[f64]| {
        println!(
            "{what:<46} {:>10.0} events/s {:>8.2} µs an event   {}",
            lines.len() as f64 / median(own.to_vec()),
            median(own.to_vec()) * 1e6 / lines.len() as f64,
            Ratios::of(&times[1], own).told("× rsigma"),
        );
    };
    told("ours, one thread", &times[0]);
    told("ours, two threads", &times[2]);
    told("ours, one thread, reading only", &times[3]);
    told("ours, one thread, from whole records as stored", &times[4]);
    told("rsigma, routed, one thread", &times[1]);
    println!("rsigma found {} matches", peer.matches(&lines));
    println!("two threads are {}", Ratios::of(&times[0], &times[2]).told("× one"));
}

/// How many times one thing is another, round by round.
struct Ratios(Vec<f64>);

impl Ratios {
    fn of(these: &[f64], those: &[f64]) -> Self {
        let mut ratios: Vec<f64> = these.iter().zip(those).map(|(this, that)| this / that).collect();
        ratios.sort_by(f64::total_cmp);
        Self(ratios)
    }

    /// The median, the least and the most.
    fn told(&self, unit: &str) -> String {
        let at = |place: usize| self.0.get(place).copied().unwrap_or(f64::NAN);
        let count = self.0.len();
        format!("{:.2} {unit} (rounds {:.2} to {:.2})", at(count / 2), at(0), at(count.saturating_sub(1)))
    }
}

/// What an event costs as rules become more. All sets take turns on one part of the lines after the other, so that
/// whatever else slows the machine for a while slows them alike; each ratio is the median of those of the rounds.
fn growth(corpus: &std::path::Path) {
    let lines = corpus::lines(corpus, Shape::Message);
    let sets: Vec<ours::Ours> =
        [500, 1000, 2000, 4000].into_iter().map(|most| ours::Ours::new(&corpus::rules(corpus, most))).collect();
    let mut memories: Vec<ours::Memory> = sets.iter().map(|_| ours::Memory::default()).collect();
    let mut rounds: Vec<Vec<f64>> = sets.iter().map(|_| Vec::new()).collect();
    // What is allocated once is allocated in a round that does not count.
    for round in 0..=ROUNDS {
        let mut spent_by = vec![0.0; sets.len()];
        for part in lines.chunks(PART) {
            for ((set, memory), seconds) in sets.iter().zip(&mut memories).zip(&mut spent_by) {
                *seconds += spent(|| {
                    std::hint::black_box(set.with(part, memory));
                });
            }
        }
        if round > 0 {
            rounds.iter_mut().zip(spent_by).for_each(|(of, seconds)| of.push(seconds));
        }
    }
    println!();
    for (set, seconds) in sets.iter().zip(&rounds) {
        println!(
            "{:>5} rules: {:>6.2} µs an event, {}",
            set.rules(),
            median(seconds.clone()) * 1e6 / lines.len() as f64,
            Ratios::of(seconds, &rounds[0]).told("× of 500"),
        );
    }
}

fn timed(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

/// Seconds that this thread spent on a processor: the same whatever else the machine does.
fn spent(work: impl FnOnce()) -> f64 {
    let now = || -> Option<f64> {
        let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        Some(stat.split_whitespace().next()?.parse::<f64>().ok()? / 1e9)
    };
    let (before, wall) = (now(), Instant::now());
    work();
    before.and_then(|before| Some(now()? - before)).unwrap_or_else(|| wall.elapsed().as_secs_f64())
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of.get(of.len() / 2).copied().unwrap_or(f64::NAN)
}
