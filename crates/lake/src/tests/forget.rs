//! What is deleted is gone, what is held stays, and nobody else's events are touched.

use chrono::{NaiveDate, TimeDelta};
use khien_base::ports::{EventStore, Held, Search};
use khien_base::{Event, Id, Reach};

use super::{Maker, all, noon, open, unit};

fn system(n: u128) -> Id {
    Id::from_u128(0x5000 + n)
}

fn day() -> NaiveDate {
    (noon() - TimeDelta::days(40)).date_naive()
}

/// Events of three systems on two old days, in several files.
fn old(maker: &mut Maker) -> Vec<Vec<Event>> {
    (0..6)
        .map(|n| {
            let mut events = maker.events(unit(n % 3), 10);
            for event in &mut events {
                event.system = system(n % 3);
                event.time -= TimeDelta::days(if n < 3 { 40 } else { 41 });
            }
            events
        })
        .collect()
}

fn of(n: u128) -> Search {
    Search { system: Some(system(n)), ..all(Reach::All) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_a_system_is_forgotten_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    for batch in old(&mut Maker::new(1)) {
        lake.append(batch).await.unwrap();
        lake.flush().await.unwrap();
    }
    // One file for each day, so that it must be written anew.
    lake.tidy().await.unwrap();
    let before = lake.shares().await.unwrap();
    assert_eq!(before.len(), 6);
    assert_eq!(before.iter().map(|share| share.events).sum::<u64>(), 60);

    let held = Held {
        system: Some(system(1)),
        from: None,
        to: Some(noon() - TimeDelta::days(40) + TimeDelta::milliseconds(15)),
    };
    let wanted = vec![system(0), system(1), system(9)];
    let would = lake.forgettable(day(), wanted.clone(), vec![held.clone()]).await.unwrap();
    let kept = lake
        .search(of(1))
        .await
        .unwrap()
        .events
        .iter()
        .filter(|e| e.time.date_naive() == day() && Some(e.time) < held.to)
        .count() as u64;
    assert!(kept > 0 && kept < 10, "{kept}");
    assert_eq!(would, [(system(0), 10), (system(1), 10 - kept)]);
    let gone = lake.forget(day(), wanted.clone(), vec![held.clone()]).await.unwrap();
    assert_eq!(gone, would);
    for (n, left) in [(0, 10), (1, 10 + kept), (2, 20)] {
        assert_eq!(lake.search(of(n)).await.unwrap().total, left, "system {n}");
    }
    assert!(lake.forget(day(), wanted.clone(), vec![held]).await.unwrap().is_empty(), "nothing is left to forget");
    assert!(lake.forget(day(), vec![], vec![]).await.unwrap().is_empty());
    let all_held = Held { system: None, from: None, to: None };
    assert!(lake.forget(day(), wanted, vec![all_held]).await.unwrap().is_empty());
    let shares = lake.shares().await.unwrap();
    assert_eq!(shares.iter().map(|share| share.events).sum::<u64>(), 40 + kept);
    lake.close().await.unwrap();

    // Another reader of the table sees the same.
    let lake = open(dir.path()).await;
    assert_eq!(lake.holdings().await.unwrap().events, 40 + kept);
    assert_eq!(lake.search(all(Reach::All)).await.unwrap().total, 40 + kept);
    lake.append(Maker::new(900).events(unit(1), 3)).await.unwrap();
    lake.flush().await.unwrap();
    lake.tidy().await.unwrap();
    assert_eq!(lake.search(all(Reach::All)).await.unwrap().total, 43 + kept);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_forgotten_systems_alone_is_dropped_whole() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    for batch in old(&mut Maker::new(1)) {
        lake.append(batch).await.unwrap();
        lake.flush().await.unwrap();
    }
    lake.tidy().await.unwrap();
    let files = lake.holdings().await.unwrap().files;
    let everything = vec![system(0), system(1), system(2)];
    let gone = lake.forget(day(), everything, vec![]).await.unwrap();
    assert_eq!(gone.iter().map(|(_, n)| n).sum::<u64>(), 30);
    let days = lake.days().await.unwrap();
    assert_eq!(days.len(), 1, "{days:?}");
    assert_eq!((days[0].day, days[0].events), (day() - TimeDelta::days(1), 30));
    assert!(lake.holdings().await.unwrap().files < files);
    assert_eq!(lake.holdings().await.unwrap().oldest, Some(day() - TimeDelta::days(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn forgetting_and_merging_and_appending_at_once_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let lake = std::sync::Arc::new(open(dir.path()).await);
    let mut maker = Maker::new(1);
    for _ in 0..5 {
        for batch in old(&mut maker) {
            lake.append(batch).await.unwrap();
            lake.flush().await.unwrap();
        }
    }
    let appender = {
        let lake = std::sync::Arc::clone(&lake);
        let mut maker = Maker::new(1_000_000);
        tokio::spawn(async move {
            for _ in 0..30 {
                let mut events = maker.events(unit(5), 2);
                for event in &mut events {
                    event.system = system(2);
                    event.time -= TimeDelta::days(40);
                }
                lake.append(events).await.unwrap();
                lake.flush().await.unwrap();
            }
        })
    };
    let (tidied, gone) = tokio::join!(lake.tidy(), lake.forget(day(), vec![system(0)], vec![]));
    tidied.unwrap();
    assert_eq!(gone.unwrap(), [(system(0), 50)]);
    appender.await.unwrap();
    lake.tidy().await.unwrap();
    assert_eq!(lake.search(of(0)).await.unwrap().total, 50);
    assert_eq!(lake.search(of(2)).await.unwrap().total, 100 + 60);
    assert_eq!(lake.search(all(Reach::All)).await.unwrap().total, 300 - 50 + 60);
}
