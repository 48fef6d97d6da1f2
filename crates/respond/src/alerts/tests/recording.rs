//! Findings become alerts.

use chrono::TimeDelta;
use khien_base::{Id, Ids, Reach};
use khien_db::testing::TestDb;
use khien_detect::Level;
use khien_web::Paging;
use serde_json::json;

use super::{at, change, event, finding};
use crate::alerts::model::{self, Model};
use crate::alerts::store::{self, Closing, Filter, Raised, Sort};
use crate::finding::Finding;

async fn all(test: &TestDb) -> Vec<Model> {
    let sort = Sort { column: model::Column::FirstAt, desc: false };
    store::list(&test.db, &Reach::All, &Filter::default(), sort, Paging { page: 1, size: 200 }).await.unwrap().0
}

fn burst(rule: &str, host: &str, minutes: impl Iterator<Item = i64>) -> Vec<Finding> {
    minutes.map(|minute| finding(rule, event(host, minute, &format!("new user: {minute}")))).collect()
}

#[tokio::test]
async fn a_batch_that_comes_again_changes_nothing() {
    let (test, ids) = (TestDb::fresh().await.unwrap(), Ids::seeded(1));
    let batch = burst("r1", "srv", 0..30);
    assert_eq!(store::record(&test.db, &ids, at(30), &batch).await.unwrap(), 30);
    let before = all(&test).await;
    // The client heard no answer and sends all of it again, received later, with one line more.
    let mut again = batch.clone();
    for found in &mut again {
        change(found, |event| {
            event.received += TimeDelta::minutes(3);
            event.id = Id::from_u128(event.id.as_u128() + 1);
        });
    }
    again.push(finding("r1", event("srv", 31, "new user: x")));
    assert_eq!(store::record(&test.db, &ids, at(33), &again).await.unwrap(), 1);
    let after = all(&test).await;
    assert_eq!((before.len(), after.len()), (1, 1));
    assert_eq!((before[0].hits, after[0].hits), (30, 31));
    assert_eq!(store::member_count(&test.db, after[0].id).await.unwrap(), 31);
    assert_eq!(store::record(&test.db, &ids, at(33), &[]).await.unwrap(), 0);
}

#[tokio::test]
async fn what_lies_more_than_an_hour_apart_or_on_another_host_is_another_alert() {
    let (test, ids) = (TestDb::fresh().await.unwrap(), Ids::seeded(1));
    let mut batch = burst("r1", "srv", [0, 59, 118, 240].into_iter());
    batch.extend(burst("r1", "pc", [10].into_iter()));
    batch.extend(burst("r2", "srv", [10].into_iter()));
    let mut elsewhere = finding("r1", event("srv", 11, "other system"));
    change(&mut elsewhere, |event| event.system = Id::from_u128(77));
    batch.push(elsewhere);
    store::record(&test.db, &ids, at(240), &batch).await.unwrap();
    let groups: Vec<(String, String, i64)> =
        all(&test).await.into_iter().map(|group| (group.rule, group.host, group.hits)).collect();
    assert_eq!(groups.len(), 5, "{groups:?}");
    assert_eq!(groups[0], ("r1".into(), "srv".into(), 3));
    assert!(groups.contains(&("r1".into(), "srv".into(), 1)));
    // An event that comes late falls between and joins the first.
    store::record(&test.db, &ids, at(241), &burst("r1", "srv", [60].into_iter())).await.unwrap();
    let first = &all(&test).await[0];
    assert_eq!((first.hits, first.first_at, first.last_at), (4, at(0), at(118)));
}

#[tokio::test]
async fn a_storm_keeps_two_hundred_events_a_day_and_counts_all_once() {
    let (test, ids) = (TestDb::fresh().await.unwrap(), Ids::seeded(1));
    let storm: Vec<Finding> = (0..2500).map(|n| finding("r1", event("srv", n / 100, &format!("line {n}")))).collect();
    assert_eq!(store::record(&test.db, &ids, at(30), &storm).await.unwrap(), 2500);
    assert_eq!(store::record(&test.db, &ids, at(31), &storm).await.unwrap(), 0, "counted events are known too");
    let group = all(&test).await.remove(0);
    assert_eq!((group.hits, group.kept), (2500, 200));
    assert_eq!(store::member_count(&test.db, group.id).await.unwrap(), 200);
    // The next day in Vietnam (it is 09:00 there at the beginning) keeps some again.
    let next: Vec<Finding> = (0..3).map(|n| finding("r1", event("srv", 70, &format!("next {n}")))).collect();
    store::record(&test.db, &ids, at(16 * 60), &next).await.unwrap();
    let group = all(&test).await.remove(0);
    assert_eq!((group.hits, group.kept), (2503, 3));
    assert_eq!(store::member_count(&test.db, group.id).await.unwrap(), 203);
}

#[tokio::test]
async fn a_closed_alert_takes_nothing_more() {
    let (test, ids) = (TestDb::fresh().await.unwrap(), Ids::seeded(1));
    store::record(&test.db, &ids, at(1), &burst("r1", "srv", 0..2)).await.unwrap();
    let group = all(&test).await.remove(0);
    let tx = test.db.begin().await.unwrap();
    let closing = Closing { reason: "benign", note: "", at: at(5) };
    assert_eq!(store::close(tx.conn(), &[group.id], closing).await.unwrap(), 1);
    tx.commit_machine().await.unwrap();
    assert_eq!(store::record(&test.db, &ids, at(6), &burst("r1", "srv", 0..4)).await.unwrap(), 2);
    let groups = all(&test).await;
    let states: Vec<(&str, i64)> = groups.iter().map(|group| (group.state.as_str(), group.hits)).collect();
    assert_eq!(states, [("closed", 2), ("new", 2)]);
}

#[tokio::test]
async fn alerts_join_one_incident_and_stay_there() {
    let (test, ids) = (TestDb::fresh().await.unwrap(), Ids::seeded(1));
    store::record(&test.db, &ids, at(1), &burst("r1", "srv", 0..2)).await.unwrap();
    let group = all(&test).await.remove(0);
    let (one, other) = (Id::from_u128(501), Id::from_u128(502));
    for (incident, joined) in [(one, 1), (other, 0)] {
        let tx = test.db.begin().await.unwrap();
        assert_eq!(store::join(tx.conn(), &[group.id], incident).await.unwrap(), joined);
        tx.commit_machine().await.unwrap();
    }
    assert_eq!(store::of_incident(&test.db, one).await.unwrap()[0].state, model::INCIDENT);
    assert!(store::of_incident(&test.db, other).await.unwrap().is_empty());
    // What the attacker does next belongs to the same alert.
    store::record(&test.db, &ids, at(20), &burst("r1", "srv", 10..12)).await.unwrap();
    assert_eq!(store::of_incident(&test.db, one).await.unwrap()[0].hits, 4);
}

#[tokio::test]
async fn a_silent_source_is_one_alert_until_it_is_closed() {
    let (test, ids) = (TestDb::fresh().await.unwrap(), Ids::seeded(1));
    let raised = || Raised {
        kind: model::SILENT,
        title: "Nguồn im lặng".into(),
        level: Level::Medium,
        unit: Id::from_u128(3),
        system: Some(Id::from_u128(2)),
        host: "fw-01".into(),
        detail: json!({"after_minutes": 60}),
    };
    assert!(store::raise(&test.db, &ids, at(0), raised()).await.unwrap());
    assert!(!store::raise(&test.db, &ids, at(5), raised()).await.unwrap());
    assert_eq!(all(&test).await.len(), 1);
    let passed = store::Settled {
        kind: model::SILENT,
        system: Id::from_u128(2),
        source: Id::from_u128(5),
        host: "fw-01",
        note: "",
    };
    let done = store::settle(&test.db, at(9), passed).await.unwrap();
    assert_eq!(done, 1);
    assert!(store::raise(&test.db, &ids, at(90), raised()).await.unwrap());
    assert_eq!(all(&test).await.len(), 2);
}
