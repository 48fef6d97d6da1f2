//! A unit sees its own events and nobody else's, however it asks.

use khien_base::ports::{EventStore, Search};
use khien_base::{Event, Id, Reach};

use super::{Maker, all, open, said, unit};
use crate::Lake;

/// A lake with 20 events of our unit and 30 of a neighbour in the same files; the neighbour's last event.
async fn shared(dir: &std::path::Path) -> (Lake, Event) {
    let lake = open(dir).await;
    let mut maker = Maker::new(1);
    for n in 0..10 {
        let mut batch = maker.events(unit(1), 2);
        batch.extend((0..3).map(|_| maker.event(unit(2), "mật của hàng xóm")));
        lake.append(batch).await.unwrap();
        if n == 5 {
            // Half of it in the table, half not yet.
            lake.flush().await.unwrap();
        }
    }
    let secret = maker.event(unit(2), "mật của hàng xóm");
    lake.append(vec![secret.clone()]).await.unwrap();
    (lake, secret)
}

fn ours() -> Reach {
    Reach::Units([unit(1)].into())
}

#[tokio::test(flavor = "multi_thread")]
async fn search_event_and_histogram_stop_at_the_reach() {
    let dir = tempfile::tempdir().unwrap();
    let (lake, secret) = shared(dir.path()).await;
    let found = lake.search(all(ours())).await.unwrap();
    assert_eq!(found.total, 20);
    assert!(found.events.iter().all(|event| event.unit == unit(1)));
    let words = Search { filter: said("\"hàng xóm\""), ..all(ours()) };
    assert_eq!(lake.search(words.clone()).await.unwrap().total, 0);
    assert_eq!(lake.histogram(words, 3).await.unwrap(), []);
    assert_eq!(lake.histogram(all(ours()), 3).await.unwrap().iter().map(|b| b.count).sum::<u64>(), 20);
    assert_eq!(lake.event(secret.id, ours()).await.unwrap(), None);
    assert!(lake.event(secret.id, Reach::All).await.unwrap().is_some());
    assert_eq!(lake.search(all(Reach::nothing())).await.unwrap().total, 0);
    assert_eq!(lake.search(all(Reach::All)).await.unwrap().total, 51);
    let both = Reach::Units([unit(1), unit(2)].into());
    assert_eq!(lake.search(all(both)).await.unwrap().total, 51);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_statement_sees_past_the_reach() {
    let dir = tempfile::tempdir().unwrap();
    let (lake, secret) = shared(dir.path()).await;
    let neighbour: Id = unit(2);
    let tricks = [
        "SELECT * FROM events".to_owned(),
        format!("SELECT * FROM events WHERE unit = '{neighbour}'"),
        format!("SELECT * FROM events WHERE true OR unit = '{neighbour}'"),
        "SELECT * FROM events UNION ALL SELECT * FROM events".to_owned(),
        "SELECT * FROM events EXCEPT SELECT * FROM events WHERE user = 'x'".to_owned(),
        "SELECT * FROM (SELECT * FROM events) AS e".to_owned(),
        "WITH e AS (SELECT * FROM events), f AS (SELECT * FROM e) SELECT * FROM f".to_owned(),
        "WITH events AS (SELECT * FROM events) SELECT * FROM events".to_owned(),
        "SELECT b.* FROM events a JOIN events b ON a.host = b.host".to_owned(),
        "SELECT b.* FROM events a CROSS JOIN (SELECT max(raw), max(unit) FROM events) AS b".to_owned(),
        "SELECT b.* FROM events a RIGHT JOIN events b ON a.id = b.id AND false".to_owned(),
        "SELECT * FROM events WHERE id IN (SELECT id FROM events)".to_owned(),
        "SELECT * FROM events e WHERE EXISTS (SELECT 1 FROM events f WHERE f.host = e.host)".to_owned(),
        "SELECT *, (SELECT max(raw) FROM events) AS m FROM events".to_owned(),
        "SELECT *, count(*) OVER (PARTITION BY unit) AS n FROM events".to_owned(),
        "SELECT DISTINCT * FROM \"events\" ORDER BY time DESC".to_owned(),
        "SELECT * FROM Events AS unit_events".to_owned(),
        format!("SELECT * FROM events WHERE id = '{}'", secret.id),
    ];
    for trick in tricks {
        let rows = lake.sql(trick.clone(), ours(), 10_000).await.unwrap_or_else(|fault| panic!("{trick}: {fault}"));
        let text = serde_json::to_string(&rows).unwrap();
        assert!(!text.contains(&neighbour.to_string()) && !text.contains("hàng xóm"), "{trick}");
        let all =
            lake.sql(trick.clone(), Reach::nothing(), 10_000).await.unwrap_or_else(|fault| panic!("{trick}: {fault}"));
        assert!(all.rows.is_empty(), "{trick}");
    }
    for (count, expected) in [
        ("SELECT count(*) AS n FROM events", 20),
        ("SELECT count(id) AS n FROM events", 20),
        ("SELECT count(DISTINCT unit) AS n FROM events", 1),
        ("SELECT count(*) AS n FROM (SELECT * FROM events UNION ALL SELECT * FROM events)", 40),
        ("SELECT count(*) AS n FROM events WHERE day >= '2026-06-10'", 20),
    ] {
        let rows = lake.sql(count.into(), ours(), 1).await.unwrap();
        assert_eq!(rows.rows[0]["n"], expected, "{count}");
    }
    let latest = "SELECT max(time) AS t FROM events";
    let (of_ours, of_all) =
        (lake.sql(latest.into(), ours(), 1).await.unwrap(), lake.sql(latest.into(), Reach::All, 1).await.unwrap());
    assert_ne!(of_ours.rows, of_all.rows);
}
