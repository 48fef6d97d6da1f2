//! The health of sources as people meet it.

use chrono::TimeDelta;
use khien_base::Id;
use sea_orm::{ActiveValue, EntityTrait};

use crate::sources::jobs;
use crate::sources::model::slice;
use crate::sources::rules::slice as slice_of;
use crate::sources::tests::Centre;

/// Puts events into the hour before the present, so many days ago.
async fn came(centre: &Centre, source: Id, days: i64, events: i64) {
    let at = slice_of(centre.app.kit.now()) - TimeDelta::minutes(30) - TimeDelta::days(days);
    let row = slice::ActiveModel {
        source: ActiveValue::Set(source),
        at: ActiveValue::Set(at),
        events: ActiveValue::Set(events),
        failures: ActiveValue::Set(0),
    };
    let tx = centre.app.kit.db.begin().await.unwrap();
    slice::Entity::insert(row).exec_without_returning(tx.conn()).await.unwrap();
    tx.commit_machine().await.unwrap();
}

#[tokio::test]
async fn a_source_that_sends_less_than_it_is_used_to_stands_first() {
    let centre = Centre::new().await;
    let mut officer = centre.officer().await;
    let (id, token) = centre.add(&mut officer, centre.hospital, "ndjson", "").await;
    let (quiet, _) = centre.add(&mut officer, centre.commune, "ndjson", "").await;
    centre.app.clock.advance(TimeDelta::days(5));
    for days in 1..=4 {
        came(&centre, id, days, 1_000).await;
    }
    came(&centre, id, 0, 10).await;
    let mut machine = centre.app.stranger();
    // Written seven minutes before it comes.
    let then = (centre.app.kit.now() - TimeDelta::minutes(7)).to_rfc3339();
    let lines = format!("{{\"@timestamp\":\"{then}\",\"message\":\"x\"}}\nnot json\n");
    machine.post_token("/api/ingest/ndjson", &token, lines).await;
    jobs::flush_now(&centre.app.kit).await.unwrap();

    let mut officer = centre.officer().await;
    let seen = officer.get("/api/v1/source-health").await.json();
    let row = &seen["rows"][0];
    assert_eq!(row["id"].as_str().unwrap(), id.to_string(), "{seen}");
    assert_eq!((row["hour"].as_u64(), row["normal"].as_u64()), (Some(10), Some(1_000)));
    assert_eq!((row["lag"].as_i64(), row["failures"].as_u64()), (Some(420), Some(1)));
    assert_eq!(row["troubles"], serde_json::json!(["unreadable", "low", "late"]));
    assert_eq!(seen["rows"][1]["id"].as_str().unwrap(), quiet.to_string());
    assert_eq!(seen["rows"][1]["troubles"].as_array().unwrap().len(), 0);
    let low = officer.get("/api/v1/source-health?trouble=low").await.json();
    assert_eq!(low["rows"].as_array().unwrap().len(), 1);
    let page = officer.get("/source-health").await.text();
    assert!(page.contains("Ít hơn thường lệ") && page.contains("Đến chậm"), "{page}");

    let mut neighbour = centre.focal("09253").await;
    let own = neighbour.get("/api/v1/source-health").await.json();
    assert_eq!(own["rows"].as_array().unwrap().len(), 1);
    assert_eq!(own["rows"][0]["id"].as_str().unwrap(), quiet.to_string());
}
