//! Figures for those who size a machine: run with `cargo test -p khien-lake measure -- --ignored --nocapture`.

use std::time::Instant;

use chrono::TimeDelta;
use khien_base::ports::{EventStore, Search};
use khien_base::{Clock, Reach};

use super::{Maker, all, noon, said, unit};
use crate::{Lake, Settings};

/// Memory of this process in MiB, as Linux counts it; 0 elsewhere.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a minute; gives figures"]
async fn measure() {
    let dir = tempfile::tempdir().unwrap();
    println!("before: {} MiB", resident());
    let lake = Lake::open_with(dir.path(), Clock::fixed(noon()), Settings::default()).await.unwrap();
    println!("open and empty: {} MiB", resident());
    let mut maker = Maker::new(1);
    let begun = Instant::now();
    for day in 0..10 {
        let mut batches = Vec::new();
        for _ in 0..10 {
            let mut events = maker.events(unit(1), 1_000);
            for event in &mut events {
                event.time -= TimeDelta::days(day);
            }
            batches.push(events);
        }
        futures::future::try_join_all(batches.into_iter().map(|batch| lake.append(batch))).await.unwrap();
    }
    println!("100,000 events appended by 10 callers at once: {:?}, {} MiB", begun.elapsed(), resident());
    for (name, query) in [
        ("newest 50", Search { limit: 50, ..all(Reach::All) }),
        ("newest 50 of a unit", Search { limit: 50, ..all(Reach::Units([unit(1)].into())) }),
        ("a word", Search { limit: 50, filter: said("\"DÒNG 77 \""), ..all(Reach::All) }),
        ("one day", Search { limit: 50, from: Some(noon()), ..all(Reach::All) }),
    ] {
        let begun = Instant::now();
        let found = lake.search(query).await.unwrap();
        println!("{name}: {} found in {:?}, {} MiB", found.total, begun.elapsed(), resident());
    }
    let held = lake.holdings().await.unwrap();
    println!("{held:?}, {} bytes an event", held.bytes / held.events);
    let begun = Instant::now();
    lake.tidy().await.unwrap();
    println!("tidied in {:?}: {} files, {} MiB", begun.elapsed(), lake.log.parts().len(), resident());
    lake.close().await.unwrap();
    println!("closed: {} MiB", resident());
}
