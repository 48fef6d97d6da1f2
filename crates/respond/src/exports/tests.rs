//! Files of events as people ask for them.

use std::time::Duration;

use chrono::TimeDelta;
use khien_base::event::Hot;
use khien_base::{Event, Id, LogSource, Record, Role};
use khien_web::testing::Browser;
use sea_orm::EntityTrait;
use serde_json::Value;

use super::{jobs, store};
use crate::sources::tests::Centre;

/// Puts events of a unit into the store.
fn events(centre: &Centre, unit: &str, count: usize, user: &str) {
    let (now, unit) = (centre.app.kit.now(), centre.app.unit(unit).unwrap());
    let one = |_| Event {
        id: centre.app.kit.id(),
        time: now - TimeDelta::minutes(5),
        received: now,
        source: Id::from_u128(5),
        system: centre.hospital,
        unit,
        record: Record {
            time: Some(now),
            log: LogSource::default(),
            hot: Hot { user: Some(user.into()), ..Hot::default() },
            fields: serde_json::Map::new().into(),
            raw: format!("=cmd sign-in of {user}"),
            key: None,
        },
    };
    centre.events.0.lock().unwrap().extend((0..count).map(one));
}

async fn ended(browser: &mut Browser, page: &str) -> Value {
    for _ in 0..500 {
        let file = browser.get(&format!("/api/v1{page}")).await.json();
        if file["row"]["state"] != "running" {
            return file;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the file was never done");
}

async fn made(browser: &mut Browser, format: &str, personal: &str) -> (String, Value) {
    let form = [("q", ""), ("range", "24h"), ("format", format), ("personal", personal)];
    let begun = browser.post("/exports", &form).await;
    assert_eq!(begun.status, 303, "{}", begun.text());
    let page = begun.location().to_owned();
    let file = ended(browser, &page).await;
    (page, file)
}

#[tokio::test]
async fn a_file_holds_the_events_within_reach_masked_unless_asked_for() {
    let centre = Centre::new().await;
    events(&centre, "so-y-te", 2_300, "lan.tt");
    events(&centre, "09253", 7, "binh.nv");
    let mut point = centre.focal("so-y-te").await;
    let form = point.get("/exports/new?range=24h").await.text();
    assert!(form.contains("2.300 sự kiện"), "{form}");
    let (page, file) = made(&mut point, "ndjson", "").await;
    assert_eq!((file["row"]["state"].as_str(), file["row"]["rows"].as_i64()), (Some("done"), Some(2_300)), "{file}");
    let got = point.get(&format!("{page}/file")).await;
    assert_eq!(got.headers["content-type"], "application/x-ndjson");
    assert_eq!(got.headers["content-length"], got.bytes.len().to_string());
    let text = got.text();
    let ids: std::collections::HashSet<String> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 2_300);
    assert!(!text.contains("lan.tt") && !text.contains("binh") && text.contains("l•••"), "{}", &text[..300]);
    let (page, _) = made(&mut point, "csv", "true").await;
    let csv = point.get(&format!("{page}/file")).await.text();
    assert_eq!(csv.lines().count(), 2_301);
    assert!(csv.contains("\"lan.tt\"") && csv.contains("\"'=cmd sign-in of lan.tt\""), "{}", &csv[..600]);
    let (page, _) = made(&mut point, "parquet", "").await;
    assert!(
        point.get(&format!("{page}/file")).await.text().contains("l•••"),
        "the store's own writer gets masked events"
    );
    let rows = point.get("/api/v1/exports").await.json()["rows"].as_array().unwrap().len();
    assert_eq!(rows, 3);
    let wrong = point.post("/api/v1/exports", &[("q", "a OR"), ("format", "csv")]).await;
    assert_eq!(wrong.json()["fault"]["code"], "search.nothing");
    let wrong = point.post("/api/v1/exports", &[("q", "a"), ("format", "exe")]).await;
    assert_eq!(wrong.json()["fault"]["code"], "exports.format");
}

#[tokio::test]
async fn nobody_else_sees_stops_fetches_or_deletes_a_file() {
    let centre = Centre::new().await;
    events(&centre, "so-y-te", 3, "lan");
    let mut owner = centre.focal("so-y-te").await;
    let (page, _) = made(&mut owner, "csv", "").await;
    let mut officer = centre.officer().await;
    for (path, got) in [
        (page.clone(), officer.get(&page).await),
        (format!("{page}/file"), officer.get(&format!("{page}/file")).await),
        (format!("{page}/stop"), officer.post(&format!("{page}/stop"), &[]).await),
        (format!("{page}/discard"), officer.post(&format!("{page}/discard"), &[]).await),
    ] {
        assert_eq!(got.status, 404, "{path}");
    }
    assert_eq!(officer.get("/api/v1/exports").await.json()["rows"].as_array().unwrap().len(), 0);
    let (_, mut auditor) = centre.app.sign_in(Role::Auditor, "24").await.unwrap();
    let refused = auditor.post("/exports", &[("format", "csv"), ("personal", "true")]).await;
    assert_eq!(refused.status, 403, "no right to personal data");
    let (_, mut leader) = centre.app.sign_in(Role::Leader, "24").await.unwrap();
    assert_eq!(leader.get("/exports").await.status, 403);
    assert_eq!(owner.post(&format!("{page}/discard"), &[]).await.status, 303);
    assert_eq!(owner.get(&format!("{page}/file")).await.status, 404);
    let shelf = centre.app.kit.part::<super::Shelf>().unwrap();
    assert_eq!(shelf.used(), 0);
}

#[tokio::test]
async fn asking_and_fetching_are_written_down() {
    let centre = Centre::new().await;
    events(&centre, "so-y-te", 3, "lan");
    let mut owner = centre.focal("so-y-te").await;
    let (page, _) = made(&mut owner, "csv", "true").await;
    owner.get(&format!("{page}/file")).await;
    let id: Id = page.rsplit('/').next().unwrap().parse().unwrap();
    let mut did = khien_db::audit::history(centre.app.kit.db.read(), id, 10).await.unwrap();
    did.sort_by_key(|entry| entry.seq);
    let actions: Vec<&str> = did.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["exports.begin", "exports.fetch"]);
    assert_eq!((did[0].detail["personal"].as_bool(), did[1].detail["rows"].as_i64()), (Some(true), Some(3)));
}

#[tokio::test]
async fn files_go_after_a_day_and_what_nobody_knows_goes_at_once() {
    let centre = Centre::new().await;
    events(&centre, "so-y-te", 3, "lan");
    let mut owner = centre.focal("so-y-te").await;
    let (page, _) = made(&mut owner, "csv", "").await;
    let shelf = centre.app.kit.part::<super::Shelf>().unwrap();
    shelf.create(Id::from_u128(99), super::shelf::Format::Csv).unwrap();
    let clear = jobs::JOBS[0].run;
    clear(&centre.app.kit, &Value::Null).await.unwrap();
    assert_eq!(shelf.found().len(), 1, "the stray one is gone");
    assert_eq!(owner.get(&format!("{page}/file")).await.status, 200);
    // A session that nobody uses ends within hours.
    for _ in 0..50 {
        centre.app.clock.advance(TimeDelta::minutes(30));
        assert_eq!(owner.get("/exports").await.status, 200);
    }
    assert_eq!(owner.get(&format!("{page}/file")).await.status, 404, "over, though nobody has cleared yet");
    clear(&centre.app.kit, &Value::Null).await.unwrap();
    assert_eq!(shelf.found().len(), 0);
    assert_eq!(owner.get(&format!("/api/v1{page}")).await.json()["row"]["state"], "gone");
    centre.app.clock.advance(TimeDelta::days(31));
    clear(&centre.app.kit, &Value::Null).await.unwrap();
    let id: Id = page.rsplit('/').next().unwrap().parse().unwrap();
    assert!(super::model::Entity::find_by_id(id).one(centre.app.kit.db.read()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_file_that_its_program_left_behind_is_given_up() {
    let centre = Centre::new().await;
    events(&centre, "so-y-te", 3, "lan");
    let mut owner = centre.focal("so-y-te").await;
    let (page, _) = made(&mut owner, "csv", "").await;
    let id: Id = page.rsplit('/').next().unwrap().parse().unwrap();
    let tx = centre.app.kit.db.begin().await.unwrap();
    assert!(store::turn(tx.conn(), id, "done", "running").await.unwrap());
    tx.commit_machine().await.unwrap();
    centre.app.clock.advance(TimeDelta::minutes(11));
    assert_eq!(owner.get(&format!("/api/v1{page}")).await.json()["row"]["state"], "failed", "shown at once");
    (jobs::JOBS[0].run)(&centre.app.kit, &Value::Null).await.unwrap();
    let file = owner.get(&format!("/api/v1{page}")).await.json();
    assert!(file["fault"].as_str().unwrap().contains("dừng giữa chừng"), "{file}");
    assert_eq!(owner.post(&format!("{page}/stop"), &[]).await.status, 303, "nothing to stop is no fault");
}
