//! What was acknowledged survives `kill -9`, exactly once; another reader of Delta tables reads the same.

use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use deltalake::DeltaTableBuilder;
use khien_base::ports::EventStore;
use khien_base::{Clock, Id, Reach};

use super::journal::break_off;
use super::{Maker, open, unit};
use crate::{Lake, Settings};

/// Where the child finds its lake, and from which number it counts identities.
const DIR: &str = "KHIEN_LAKE_CRASH_DIR";
const SEED: &str = "KHIEN_LAKE_CRASH_SEED";
/// How often to kill; 8 times when it is not said.
const ROUNDS: &str = "KHIEN_CRASH_ROUNDS";

#[expect(clippy::disallowed_methods, reason = "a child process is told its folder so, and a proof its rounds")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Not a test of its own: what the child process of the test below runs. Appends for ever from four callers,
/// flushes and tidies meanwhile, and says which events were acknowledged.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "runs in a child process of another test"]
async fn child_that_appends() {
    let (Some(dir), Some(seed)) = (variable(DIR), variable(SEED)) else { return };
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
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Runs the child for a while, kills it, and gives what it said was acknowledged.
fn killed(dir: &Path, round: u64) -> (u64, Vec<Id>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tests::crash::child_that_appends", "--ignored", "--nocapture", "--test-threads=1"])
        .env(DIR, dir)
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
    let moment = 300 + u64::from(u16::from_le_bytes(random)) % 900;
    std::thread::sleep(Duration::from_millis(moment));
    child.kill().unwrap();
    child.wait().unwrap();
    // The last line may be cut off in the middle: whole identities of it count.
    let lines = reader.join().unwrap();
    let ids = lines.iter().flat_map(|line| line.split(' ').skip(1)).filter_map(|id| id.parse::<Id>().ok());
    (moment, ids.collect())
}

/// All identities that the lake finds, and how many rows those are.
pub(super) async fn held(lake: &Lake) -> (HashSet<Id>, usize) {
    let (mut seen, mut rows, mut last) = (HashSet::new(), 0, Id::nil());
    loop {
        let sql = format!("SELECT id FROM events WHERE id > '{last}' ORDER BY id LIMIT 10000");
        let page = lake.sql(sql, Reach::All, 10_000).await.unwrap().rows;
        let Some(end) = page.last() else { return (seen, rows) };
        last = end["id"].as_str().unwrap().parse().unwrap();
        rows += page.len();
        seen.extend(page.iter().map(|row| row["id"].as_str().unwrap().parse::<Id>().unwrap()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_there_once_after_kill_9() {
    let rounds = variable(ROUNDS).map_or(8, |rounds| rounds.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged: Vec<Id> = Vec::new();
    for round in 0..rounds {
        let (moment, ids) = killed(dir.path(), round);
        acknowledged.extend(ids);
        let lake = open(dir.path()).await;
        let sql = "SELECT count(*) AS n, count(DISTINCT id) AS d FROM events".to_owned();
        let counts = lake.sql(sql, Reach::All, 1).await.unwrap().rows;
        let (n, d) = (counts[0]["n"].as_u64().unwrap(), counts[0]["d"].as_u64().unwrap());
        let waiting = lake.holdings().await.unwrap().waiting;
        println!(
            "killed after {moment} ms: {} acknowledged, {n} held, {waiting} out of the journal",
            acknowledged.len()
        );
        assert_eq!(n, d, "an event is there twice");
        if round % 10 == 9 || round + 1 == rounds {
            let (seen, rows) = held(&lake).await;
            assert_eq!(seen.len(), rows);
            assert_eq!(acknowledged.iter().filter(|id| !seen.contains(id)).count(), 0, "acknowledged and lost");
        }
        if round + 1 < rounds && round % 2 == 0 {
            // As it is: the next child finds the journal.
            break_off(lake).await;
            continue;
        }
        lake.close().await.unwrap();
    }
    assert!(acknowledged.len() > 100, "the children hardly wrote: {}", acknowledged.len());

    let url = url::Url::from_directory_path(dir.path().canonicalize().unwrap().join("events")).unwrap();
    let table = DeltaTableBuilder::from_url(url).unwrap().load().await.unwrap();
    let files = table.snapshot().unwrap().log_data().iter().map(|file| file.num_records().unwrap()).sum::<usize>();
    let lake = open(dir.path()).await;
    assert_eq!(u64::try_from(files).unwrap(), lake.holdings().await.unwrap().events);
}
