//! What was acknowledged survives `kill -9`, exactly once.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use khien_base::ports::EventStore;
use khien_base::{Clock, Id, Reach};

use super::{Maker, open, unit};
use crate::{Lake, Settings};

/// Where the child finds its lake, and from which number it counts identities.
const DIR: &str = "KHIEN_LAKE_CRASH_DIR";
const SEED: &str = "KHIEN_LAKE_CRASH_SEED";

/// Not a test of its own: what the child process of the test below runs. Appends for ever from four callers,
/// tidies meanwhile, and says which events were acknowledged.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "runs in a child process of another test"]
async fn child_that_appends() {
    #[expect(clippy::disallowed_methods, reason = "a child process is told its folder so")]
    let (Ok(dir), Ok(seed)) = (std::env::var(DIR), std::env::var(SEED)) else { return };
    let seed: u64 = seed.parse().unwrap();
    // Small steps, so that a kill meets each of them.
    let settings = Settings { flush_after: Duration::from_millis(30), ..Settings::default() };
    let lake = Lake::open_with(dir.as_ref(), Clock::System, settings).await.unwrap();
    let lake = std::sync::Arc::new(lake);
    for caller in 0..4 {
        let lake = std::sync::Arc::clone(&lake);
        tokio::spawn(async move {
            let mut maker = Maker::new(seed + caller * 1_000_000);
            loop {
                let events = maker.events(unit(1), 3);
                let ids: Vec<String> = events.iter().map(|event| event.id.to_string()).collect();
                lake.append(events).await.unwrap();
                println!("acknowledged {}", ids.join(" "));
            }
        });
    }
    loop {
        lake.tidy().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_there_once_after_kill_9() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged: Vec<Id> = Vec::new();
    for round in 0_u64..5 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "tests::crash::child_that_appends", "--ignored", "--nocapture", "--test-threads=1"])
            .env(DIR, dir.path())
            .env(SEED, (round * 100_000_000).to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let out = child.stdout.take().unwrap();
        let reader = std::thread::spawn(move || {
            let lines = BufReader::new(out).lines().map_while(Result::ok);
            lines.filter(|line| line.starts_with("acknowledged ")).collect::<Vec<_>>()
        });
        // A moment of no particular meaning to the writer.
        let mut random = [0; 2];
        std::io::Read::read_exact(&mut std::fs::File::open("/dev/urandom").unwrap(), &mut random).unwrap();
        let moment = 400 + u64::from(u16::from_le_bytes(random)) % 900;
        std::thread::sleep(Duration::from_millis(moment));
        child.kill().unwrap();
        child.wait().unwrap();
        let lines = reader.join().unwrap();
        // The last line may be cut off in the middle: whole identities of it count.
        let ids = lines.iter().flat_map(|line| line.split(' ').skip(1));
        acknowledged.extend(ids.filter_map(|id| id.parse::<Id>().ok()));

        let lake = open(dir.path()).await;
        let rows = lake.holdings().await.unwrap().events;
        let mut seen: HashMap<Id, u32> = HashMap::new();
        let mut offset = 0;
        while u64::try_from(offset).unwrap() < rows {
            let sql = format!("SELECT id FROM events ORDER BY id LIMIT 10000 OFFSET {offset}");
            for row in lake.sql(sql, Reach::All, 10_000).await.unwrap().rows {
                *seen.entry(row["id"].as_str().unwrap().parse().unwrap()).or_default() += 1;
            }
            offset += 10_000;
        }
        assert!(seen.values().all(|count| *count == 1), "an event is there twice");
        let lost = acknowledged.iter().filter(|id| !seen.contains_key(id)).count();
        println!(
            "round {round}: killed after {moment} ms, {} acknowledged, {} held, {lost} lost",
            acknowledged.len(),
            seen.len()
        );
        assert_eq!(lost, 0);
        lake.close().await.unwrap();
    }
    assert!(acknowledged.len() > 100, "the children hardly wrote: {}", acknowledged.len());
}
