//! What was stored stays: over reopening, merging, crashes' leftovers, and many commits.

use std::collections::HashSet;
use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use khien_base::ports::{EventStore, Search};
use khien_base::{Clock, Reach};

use super::{Maker, all, commit, noon, open, quick, said, unit};
use crate::{Lake, Settings};

#[tokio::test(flavor = "multi_thread")]
async fn a_reopened_lake_holds_the_same_and_one_process_has_it() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let mut maker = Maker::new(1);
    // Past two checkpoints, so that the state is read from one.
    for _ in 0..120 {
        commit(&lake, maker.events(unit(1), 3)).await;
    }
    let second = Lake::open_with(dir.path(), Clock::fixed(noon()), quick()).await.unwrap_err();
    assert_eq!(second.code, "lake.locked");
    let before = lake.search(all(Reach::All)).await.unwrap();
    let pointer = dir.path().join("events/_delta_log/_last_checkpoint");
    for _ in 0..200 {
        if fs::read_to_string(&pointer).is_ok_and(|text| text.contains("\"version\":100")) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(fs::read_to_string(&pointer).unwrap().contains("\"version\":100"));
    let (version, mut parts) = (lake.log.version(), lake.log.parts());
    lake.close().await.unwrap();

    let lake = open(dir.path()).await;
    assert_eq!(lake.log.version(), version);
    let mut again = lake.log.parts();
    parts.sort_by(|a, b| a.path.cmp(&b.path));
    again.sort_by(|a, b| a.path.cmp(&b.path));
    assert_eq!(parts, again);
    assert_eq!(lake.search(all(Reach::All)).await.unwrap(), before);
    commit(&lake, maker.events(unit(1), 1)).await;
    assert_eq!(lake.holdings().await.unwrap().events, 361);
    lake.close().await.unwrap();

    // A checkpoint that a loss of power has torn is not needed.
    let folder = dir.path().join("events/_delta_log");
    let torn = fs::read_dir(&folder)
        .unwrap()
        .flatten()
        .map(|e| e.path())
        .filter(|p| p.extension().is_some_and(|e| e == "parquet"));
    let newest = torn.max().unwrap();
    fs::write(&newest, b"PAR1").unwrap();
    let lake = open(dir.path()).await;
    assert_eq!(lake.holdings().await.unwrap().events, 361);
    assert!(!newest.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_crash_leaves_behind_is_neither_seen_nor_in_the_way() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let mut maker = Maker::new(1);
    commit(&lake, maker.events(unit(1), 3)).await;
    let day = dir.path().join("events/day=2026-06-10");
    let whole = lake.log.table().join(&lake.log.parts()[0].path);
    lake.close().await.unwrap();
    fs::write(day.join("part-torn.parquet"), b"PAR1 torn").unwrap();
    fs::copy(whole, day.join("part-uncommitted.parquet")).unwrap();
    fs::write(dir.path().join("tmp/draft.parquet"), b"PAR1").unwrap();
    fs::write(dir.path().join("tmp/draft.json"), b"{\"add\":").unwrap();

    let clock = Clock::fixed(noon());
    let lake = Lake::open_with(dir.path(), clock.clone(), quick()).await.unwrap();
    assert!(!dir.path().join("tmp/draft.parquet").exists());
    assert_eq!(lake.search(all(Reach::All)).await.unwrap().total, 3);
    commit(&lake, maker.events(unit(1), 2)).await;
    assert_eq!(lake.search(all(Reach::All)).await.unwrap().total, 5);
    for name in ["part-torn.parquet", "part-uncommitted.parquet"] {
        fs::File::options().append(true).open(day.join(name)).unwrap().set_modified(noon().into()).unwrap();
    }
    lake.tidy().await.unwrap();
    assert!(day.join("part-torn.parquet").exists());
    clock.advance(TimeDelta::hours(2));
    lake.tidy().await.unwrap();
    assert!(!day.join("part-torn.parquet").exists() && !day.join("part-uncommitted.parquet").exists());
    assert_eq!(lake.search(all(Reach::All)).await.unwrap().total, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn merging_keeps_every_row_while_others_append() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::fixed(noon());
    let lake = Arc::new(Lake::open_with(dir.path(), clock.clone(), quick()).await.unwrap());
    let mut maker = Maker::new(1);
    let mut ids = HashSet::new();
    for n in 0..60 {
        let mut events = maker.events(unit(n % 3), 5);
        for event in &mut events {
            event.time -= TimeDelta::days(i64::try_from(n % 4).unwrap());
        }
        ids.extend(events.iter().map(|event| event.id));
        commit(&lake, events).await;
    }
    let before = lake.search(all(Reach::All)).await.unwrap();
    assert_eq!(lake.holdings().await.unwrap().files, 60);
    let appender = {
        let lake = Arc::clone(&lake);
        let mut maker = Maker::new(1_000_000);
        tokio::spawn(async move {
            for _ in 0..40 {
                commit(&lake, maker.events(unit(9), 2)).await;
            }
        })
    };
    lake.tidy().await.unwrap();
    appender.await.unwrap();
    let reach = Reach::Units([unit(0), unit(1), unit(2)].into());
    assert_eq!(lake.search(all(reach)).await.unwrap(), before);
    assert_eq!(lake.search(all(Reach::All)).await.unwrap().total, 380);

    lake.tidy().await.unwrap();
    let tidied = lake.log.parts();
    assert!(tidied.len() < 25, "{} files", tidied.len());
    let version = lake.log.version();
    lake.tidy().await.unwrap();
    assert_eq!(lake.log.version(), version, "a compact table is left alone");
    // Days that are over are one file each.
    for back in [2, 3] {
        let day = (noon() - TimeDelta::days(back)).date_naive();
        assert_eq!(tidied.iter().filter(|part| part.day == day).count(), 1);
    }
    clock.advance(TimeDelta::hours(2));
    lake.tidy().await.unwrap();
    let on_disk: usize = fs::read_dir(dir.path().join("events"))
        .unwrap()
        .flatten()
        .filter(|folder| folder.file_name().to_string_lossy().starts_with("day="))
        .map(|folder| fs::read_dir(folder.path()).unwrap().count())
        .sum();
    assert_eq!(on_disk, lake.log.parts().len());

    let Ok(lake) = Arc::try_unwrap(lake) else { panic!("the lake is still shared") };
    lake.close().await.unwrap();
    let lake = open(dir.path()).await;
    let found = lake.search(all(Reach::All)).await.unwrap();
    assert_eq!(found.total, 380);
    assert!(ids.is_subset(&found.events.iter().map(|event| event.id).collect()));
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_at_once_share_frames_and_each_is_answered() {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings { tail_bytes: 64 * 1024, ..quick() };
    let lake = Arc::new(Lake::open_with(dir.path(), Clock::fixed(noon()), settings).await.unwrap());
    let callers: Vec<_> = (0_u64..40)
        .map(|seed| {
            let lake = Arc::clone(&lake);
            tokio::spawn(async move {
                let events = Maker::new(seed * 1_000).events(unit(1), 10);
                lake.append(events.clone()).await.unwrap();
                // Acknowledged means visible.
                assert!(lake.event(events[0].id, Reach::All).await.unwrap().is_some());
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    // More than fits in memory at once, so some of it is in files already.
    assert_eq!(lake.search(all(Reach::All)).await.unwrap().total, 400);
    lake.flush().await.unwrap();
    assert_eq!(lake.search(all(Reach::All)).await.unwrap().total, 400);
    assert!(lake.log.version() < 40, "{} commits for 40 callers", lake.log.version());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_two_hundredth_commit_costs_like_the_first() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let mut maker = Maker::new(1);
    let mut took = Vec::new();
    for _ in 0..200 {
        let events = maker.events(unit(1), 100);
        let begun = Instant::now();
        commit(&lake, events).await;
        took.push(begun.elapsed());
    }
    // The lower quartile says what a commit costs when nothing else holds the machine up.
    let quartile = |of: &[Duration]| {
        let mut of = of.to_vec();
        of.sort();
        of[of.len() / 4]
    };
    let (first, last) = (quartile(&took[..50]), quartile(&took[150..]));
    println!(
        "200 commits of 100 rows: {:?}; lower quartile of the first 50 {first:?}, of the last 50 {last:?}",
        took.iter().sum::<Duration>()
    );
    assert!(last < first * 3, "{first:?} -> {last:?}");
    lake.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_of_one_day_opens_no_file_of_another() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let mut maker = Maker::new(1);
    for back in 0..5 {
        let mut events = maker.events(unit(1), 4);
        for event in &mut events {
            event.time -= TimeDelta::days(back);
        }
        commit(&lake, events).await;
    }
    // Whoever opened a torn file would fail.
    for part in lake.log.parts().iter().filter(|part| part.day != noon().date_naive()) {
        fs::write(lake.log.table().join(&part.path), b"torn").unwrap();
    }
    let today = Search { from: Some(noon()), ..all(Reach::All) };
    assert_eq!(lake.search(today).await.unwrap().total, 4);
    let sql = "SELECT count(*) AS n FROM events WHERE day = '2026-06-10' AND raw LIKE '%dòng%'";
    assert_eq!(lake.sql(sql.into(), Reach::All, 1).await.unwrap().rows[0]["n"], 4);
    let sql = "SELECT max(raw) AS n FROM events WHERE time >= '2026-06-10T00:00:00Z'";
    assert_eq!(lake.sql(sql.into(), Reach::All, 1).await.unwrap().rows.len(), 1);
    let fault = lake.search(Search { filter: said("dòng"), ..all(Reach::All) }).await.unwrap_err();
    assert_eq!(fault.code, "lake.disk");
}
