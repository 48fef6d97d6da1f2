//! What is acknowledged is found at once and survives, wherever it is on its way into the table.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::TimeDelta;
use futures::TryStreamExt;
use khien_base::ports::{EventStore, Search};
use khien_base::{Clock, Event, Id, Reach};
use proptest::prelude::*;

use super::{Maker, all, commit, noon, open, quick, unit};
use crate::{Lake, Settings};

fn segments(dir: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(dir.join("journal"))
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|it| it == "log"))
        .collect();
    paths.sort();
    paths
}

/// Ends a lake as a kill does: nothing is written any more, and the lock is let go of.
pub(super) async fn break_off(lake: Lake) {
    let Lake { queue, writer, open, tasks, .. } = lake;
    for task in &tasks {
        task.abort();
    }
    for task in tasks {
        task.await.ok();
    }
    drop((queue, open));
    tokio::task::spawn_blocking(move || writer.join()).await.unwrap().unwrap();
}

async fn ids(lake: &Lake) -> Vec<Id> {
    let mut ids: Vec<Id> = lake.search(all(Reach::All)).await.unwrap().events.iter().map(|event| event.id).collect();
    ids.sort();
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_found_at_once_and_after_a_kill_and_once() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let mut maker = Maker::new(1);
    let events = maker.events(unit(1), 30);
    commit(&lake, events[..10].to_vec()).await;
    lake.append(events[10..20].to_vec()).await.unwrap();
    assert_eq!(ids(&lake).await.len(), 20);
    assert_eq!(lake.event(events[15].id, Reach::All).await.unwrap(), Some(events[15].clone()));
    assert_eq!(lake.log.parts().iter().map(|part| part.rows).sum::<u64>(), 10, "not yet in the table");
    let held = lake.holdings().await.unwrap();
    assert_eq!((held.events, held.oldest), (20, Some(noon().date_naive())));
    break_off(lake).await;

    let lake = open(dir.path()).await;
    assert_eq!(ids(&lake).await.len(), 20);
    assert_eq!(lake.event(events[15].id, Reach::All).await.unwrap(), Some(events[15].clone()));
    lake.append(events[20..].to_vec()).await.unwrap();
    lake.flush().await.unwrap();
    break_off(lake).await;

    let lake = open(dir.path()).await;
    let mut found = lake.search(all(Reach::All)).await.unwrap().events;
    found.reverse();
    assert_eq!(found, events);
    assert_eq!(lake.log.parts().iter().map(|part| part.rows).sum::<u64>(), 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_table_cannot_be_written_events_are_taken_in_and_found() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let mut maker = Maker::new(1);
    commit(&lake, maker.events(unit(1), 1)).await;
    // A folder where the next entry belongs cannot be linked over, and is no entry to reload either.
    let next = dir.path().join("events/_delta_log/00000000000000000002.json");
    fs::create_dir(&next).unwrap();
    for _ in 0..3 {
        lake.append(maker.events(unit(1), 3)).await.unwrap();
        assert!(lake.flush().await.is_err());
    }
    lake.append(maker.events(unit(2), 5)).await.unwrap();
    assert_eq!(ids(&lake).await.len(), 15);
    assert_eq!(lake.search(all(Reach::Units([unit(2)].into()))).await.unwrap().total, 5);
    assert_eq!(lake.holdings().await.unwrap().events, 15);
    assert_eq!(segments(dir.path()).len(), 1, "what is in files is in the journal no more than by its last segment");
    break_off(lake).await;

    // Neither files nor journal are lost over a start, with the table still in the way.
    let lake = open(dir.path()).await;
    assert_eq!(ids(&lake).await.len(), 15);
    assert!(lake.flush().await.is_err());
    fs::remove_dir(&next).unwrap();
    lake.flush().await.unwrap();
    assert_eq!(ids(&lake).await.len(), 15);
    assert_eq!(lake.log.parts().iter().map(|part| part.rows).sum::<u64>(), 15);
    lake.close().await.unwrap();
    let lake = open(dir.path()).await;
    assert_eq!(ids(&lake).await.len(), 15);
    assert_eq!(fs::read_dir(dir.path().join("staged")).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_is_full_refuses_and_goes_on_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings { journal_bytes: 40_000, ..quick() };
    let lake = Lake::open_with(dir.path(), Clock::fixed(noon()), settings).await.unwrap();
    let mut maker = Maker::new(1);
    let mut taken = 0;
    let fault = loop {
        match lake.append(maker.events(unit(1), 10)).await {
            Ok(()) => taken += 10,
            Err(fault) => break fault,
        }
        assert!(taken < 10_000, "never full");
    };
    assert_eq!((fault.code.as_ref(), fault.kind), ("lake.full", khien_base::Kind::Unavailable));
    assert!(taken > 10, "{taken}");
    assert!(lake.shared.is_full());
    assert_eq!(ids(&lake).await.len(), taken.min(1_000));
    lake.flush().await.unwrap();
    lake.append(maker.events(unit(1), 10)).await.unwrap();
    assert!(!lake.shared.is_full());
    assert_eq!(lake.holdings().await.unwrap().events, u64::try_from(taken).unwrap() + 10);
    lake.close().await.unwrap();

    // A disk without the room that is to be left free.
    let settings = Settings { keep_free: u64::MAX / 2, ..quick() };
    let lake = Lake::open_with(dir.path(), Clock::fixed(noon()), settings).await.unwrap();
    assert_eq!(lake.append(maker.events(unit(1), 1)).await.unwrap_err().code, "lake.full");
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_see_each_event_once_while_it_moves() {
    let dir = tempfile::tempdir().unwrap();
    let lake = Arc::new(open(dir.path()).await);
    let done = Arc::new(AtomicBool::new(false));
    let reader = {
        let (lake, done) = (Arc::clone(&lake), Arc::clone(&done));
        tokio::spawn(async move {
            let mut before = 0;
            let mut looks = 0;
            while !done.load(Ordering::Acquire) {
                let sql = "SELECT count(*) AS n, count(DISTINCT id) AS d FROM events".to_owned();
                let rows = lake.sql(sql, Reach::All, 1).await.unwrap().rows;
                let (n, d) = (rows[0]["n"].as_u64().unwrap(), rows[0]["d"].as_u64().unwrap());
                assert_eq!(n, d, "an event is seen twice");
                assert!(n >= before, "{before} -> {n}: events are gone");
                (before, looks) = (n, looks + 1);
            }
            looks
        })
    };
    let mut maker = Maker::new(1);
    for n in 0..60 {
        lake.append(maker.events(unit(1), 7)).await.unwrap();
        if n % 3 == 0 {
            lake.flush().await.unwrap();
        }
    }
    done.store(true, Ordering::Release);
    assert!(reader.await.unwrap() > 5);
    assert_eq!(ids(&lake).await.len(), 420);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_torn_anywhere_keeps_what_was_acknowledged_before() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let mut maker = Maker::new(1);
    let mut ends = Vec::new();
    for _ in 0..4 {
        lake.append(maker.events(unit(1), 2)).await.unwrap();
        ends.push(fs::metadata(&segments(dir.path())[0]).unwrap().len());
    }
    break_off(lake).await;
    let segment = segments(dir.path()).remove(0);
    let whole = fs::read(&segment).unwrap();
    let step = whole.len() / 40;
    for cut in (0..whole.len()).step_by(step.max(1)).chain([whole.len() - 1]) {
        let copy = tempfile::tempdir().unwrap();
        fs::create_dir_all(copy.path().join("journal")).unwrap();
        fs::copy(dir.path().join("journal/name"), copy.path().join("journal/name")).unwrap();
        fs::write(copy.path().join("journal").join(segment.file_name().unwrap()), &whole[..cut]).unwrap();
        let lake = open(copy.path()).await;
        let kept = ends.iter().filter(|end| **end <= u64::try_from(cut).unwrap()).count();
        assert_eq!(ids(&lake).await.len(), kept * 2, "cut at {cut}");
        lake.append(Maker::new(99).events(unit(1), 1)).await.unwrap();
        assert_eq!(ids(&lake).await.len(), kept * 2 + 1);
    }
    // Damage in the middle is set aside; what follows it counts.
    let mut damaged = whole.clone();
    damaged[usize::try_from(ends[0]).unwrap() + 40] ^= 1;
    fs::write(&segment, &damaged).unwrap();
    let lake = open(dir.path()).await;
    assert_eq!(ids(&lake).await.len(), 6);
    assert_eq!(fs::read_dir(dir.path().join("set-aside")).unwrap().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_back_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::fixed(noon());
    let lake = Lake::open_with(dir.path(), clock.clone(), quick()).await.unwrap();
    let mut maker = Maker::new(1);
    for n in 0..12 {
        commit(&lake, maker.events(unit(1), 3)).await;
        clock.advance(TimeDelta::hours(if n % 2 == 0 { -100 } else { 7 }));
        lake.append(maker.events(unit(1), 2)).await.unwrap();
        lake.tidy().await.unwrap();
    }
    assert_eq!(ids(&lake).await.len(), 60);
    break_off(lake).await;
    let lake = Lake::open_with(dir.path(), clock, quick()).await.unwrap();
    assert_eq!(ids(&lake).await.len(), 60);
}

/// One step of a lake's life.
#[derive(Debug, Clone)]
enum Step {
    Append(u8),
    Flush,
    Stage,
    Kill,
    Tidy,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => (1_u8..40).prop_map(Step::Append),
        2 => Just(Step::Flush),
        2 => Just(Step::Stage),
        1 => Just(Step::Kill),
        1 => Just(Step::Tidy),
    ];
    proptest::collection::vec(step, 1..14)
}

async fn lives(steps: Vec<Step>) {
    let dir = tempfile::tempdir().unwrap();
    let mut lake = open(dir.path()).await;
    let mut maker = Maker::new(1);
    let mut kept: Vec<Event> = Vec::new();
    for step in steps {
        match step {
            Step::Append(count) => {
                let mut events = maker.events(unit(u128::from(count % 3)), usize::from(count));
                for event in &mut events {
                    event.time -= TimeDelta::days(i64::from(count % 2));
                    event.record.time = Some(event.time);
                }
                kept.extend(events.iter().cloned());
                lake.append(events).await.unwrap();
            }
            Step::Flush => lake.flush().await.unwrap(),
            Step::Stage => lake.flusher.stage().await.unwrap(),
            Step::Tidy => lake.tidy().await.unwrap(),
            Step::Kill => {
                break_off(lake).await;
                lake = open(dir.path()).await;
            }
        }
    }
    kept.sort_by_key(|event| std::cmp::Reverse((event.time, event.id)));
    let mut counts: BTreeMap<Id, u64> = BTreeMap::new();
    kept.iter().for_each(|event| *counts.entry(event.unit).or_default() += 1);
    let found = lake.newest(all(Reach::All), 10_000).try_concat().await.unwrap();
    assert!(found == kept, "{} found of {}", found.len(), kept.len());
    for (unit, count) in counts {
        let ours = Reach::Units([unit].into());
        let query = Search { filter: khien_base::Filter::Word("dòng".into()), ..all(ours.clone()) };
        assert_eq!(lake.search(query).await.unwrap().total, count);
        let slices = lake.histogram(all(ours.clone()), 5).await.unwrap();
        assert_eq!(slices.iter().map(|slice| slice.count).sum::<u64>(), count);
        let sql = "SELECT count(*) AS n FROM events WHERE host IS NOT NULL".to_owned();
        assert_eq!(lake.sql(sql, ours, 1).await.unwrap().rows[0]["n"], count);
    }
    assert_eq!(lake.holdings().await.unwrap().events, u64::try_from(kept.len()).unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn whatever_becomes_of_events_all_are_found_once(steps in steps()) {
        tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(lives(steps));
    }
}
