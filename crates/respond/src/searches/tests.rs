//! Searches as people keep them, and as they run by themselves.

use chrono::TimeDelta;
use khien_base::event::Hot;
use khien_base::{Event, Id, LogSource, Record, Role};
use khien_web::testing::Browser;
use serde_json::Value;

use super::jobs;
use crate::sources::tests::Centre;

fn event(centre: &Centre, unit: &str, ago: i64, raw: &str) {
    let at = centre.app.kit.now() - TimeDelta::minutes(ago);
    let record = Record {
        time: Some(at),
        log: LogSource::default(),
        hot: Hot::default(),
        fields: serde_json::Map::new().into(),
        raw: raw.to_owned(),
        key: None,
    };
    let (id, unit) = (centre.app.kit.id(), centre.app.unit(unit).unwrap());
    let event = Event { id, time: at, received: at, source: Id::from_u128(5), system: centre.hospital, unit, record };
    centre.events.0.lock().unwrap().push(event);
}

async fn run(centre: &Centre) {
    (jobs::JOBS[0].run)(&centre.app.kit, &Value::Null).await.unwrap();
}

async fn save(browser: &mut Browser, fields: &[(&str, &str)]) {
    let saved = browser.post("/searches", fields).await;
    assert_eq!(saved.status, 303, "{}", saved.text());
}

async fn rows(browser: &mut Browser) -> Vec<Value> {
    browser.get("/api/v1/searches").await.json()["rows"].as_array().unwrap().clone()
}

async fn alerts(browser: &mut Browser) -> Vec<Value> {
    browser.get("/api/v1/alerts?state=all").await.json()["rows"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_search_is_kept_shared_changed_and_removed_by_its_maker_only() {
    let centre = Centre::new().await;
    let (mut lan, mut colleague) = (centre.focal("so-y-te").await, centre.focal("so-y-te").await);
    let (mut neighbour, mut officer) = (centre.focal("09253").await, centre.officer().await);
    save(&mut lan, &[("name", "Của tôi"), ("q", "failed"), ("range", "7d")]).await;
    assert_eq!(rows(&mut lan).await.len(), 1);
    assert_eq!(rows(&mut colleague).await.len(), 0, "not shared");
    let row = rows(&mut lan).await[0].clone();
    assert_eq!(row["href"], "/events?range=7d&q=failed");
    let page = format!("/searches/{}", row["id"].as_str().unwrap());
    let edit = lan.get(&format!("/api/v1{page}")).await.json();
    let seen = edit["updated_at"].as_str().unwrap().to_owned();
    let form = [("name", "Chung"), ("q", "failed"), ("shared", "true"), ("updated_at", seen.as_str())];
    centre.app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(lan.post(&page, &form).await.status, 303);
    assert_eq!(lan.post(&page, &form).await.status, 409, "changed meanwhile");
    assert_eq!(rows(&mut colleague).await[0]["name"], "Chung");
    assert_eq!(rows(&mut officer).await.len(), 1, "whose reach holds the unit");
    assert_eq!(rows(&mut neighbour).await.len(), 0);
    assert_eq!(neighbour.get(&page).await.status, 404);
    for other in [&mut colleague, &mut officer] {
        assert_eq!(other.get(&page).await.status, 200);
        assert_eq!(other.post(&page, &form).await.status, 403);
        assert_eq!(other.post(&format!("{page}/remove"), &[]).await.status, 403);
    }
    assert_eq!(neighbour.post(&format!("{page}/remove"), &[]).await.status, 404);
    assert_eq!(lan.post(&format!("{page}/remove"), &[]).await.status, 303);
    assert_eq!(rows(&mut lan).await.len(), 0);
    let id: Id = row["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(khien_db::audit::history(centre.app.kit.db.read(), id, 10).await.unwrap().len(), 3);
    for (fields, code) in [
        (vec![("name", ""), ("q", "a")], "searches.name"),
        (vec![("name", "x"), ("q", "a OR")], "search.nothing"),
        (vec![("name", "x"), ("q", "a"), ("every", "3")], "searches.every"),
        (vec![("name", "x"), ("q", "a"), ("threshold", "0")], "searches.threshold"),
        (vec![("name", "x"), ("q", "a"), ("level", "worst")], "searches.level"),
    ] {
        let answer = lan.post("/api/v1/searches", &fields).await;
        assert_eq!((answer.status, answer.json()["fault"]["code"].as_str()), (422, Some(code)));
    }
    let (_, mut auditor) = centre.app.sign_in(Role::Auditor, "24").await.unwrap();
    assert_eq!(auditor.post("/searches", &[("name", "x"), ("q", "a"), ("every", "60")]).await.status, 403);
    let (_, mut leader) = centre.app.sign_in(Role::Leader, "24").await.unwrap();
    assert_eq!(leader.get("/searches").await.status, 403);
}

#[tokio::test]
async fn a_scheduled_search_raises_one_alert_of_its_unit_s_events() {
    let centre = Centre::new().await;
    let mut lan = centre.focal("so-y-te").await;
    let fields = [("name", "Dò mật khẩu"), ("q", "failed"), ("every", "15"), ("threshold", "2"), ("level", "high")];
    save(&mut lan, &fields).await;
    for _ in 0..5 {
        event(&centre, "09253", 3, "failed of a neighbour");
    }
    event(&centre, "so-y-te", 3, "failed once");
    run(&centre).await;
    assert_eq!(alerts(&mut lan).await.len(), 0, "one is under the threshold, and a neighbour's do not count");
    assert_eq!(rows(&mut lan).await[0]["last_count"], 1);
    centre.app.clock.advance(TimeDelta::minutes(15));
    event(&centre, "so-y-te", 5, "failed");
    event(&centre, "so-y-te", 4, "failed again");
    run(&centre).await;
    run(&centre).await;
    let raised = alerts(&mut lan).await;
    assert_eq!(raised.len(), 1, "{raised:?}");
    assert_eq!((raised[0]["title"].as_str(), raised[0]["level"].as_str()), (Some("Dò mật khẩu"), Some("high")));
    let page = format!("/alerts/{}", raised[0]["id"].as_str().unwrap());
    let alert = lan.get(&format!("/api/v1{page}")).await.json();
    let found = lan.get(&format!("/api/v1{}", alert["found"].as_str().unwrap())).await.json();
    assert_eq!(found["pager"]["total"], 2, "the link leads to what was found: {alert}");
    assert!(lan.get(&page).await.text().contains("Xem sự kiện tìm thấy"));
    let mut neighbour = centre.focal("09253").await;
    assert_eq!(alerts(&mut neighbour).await.len(), 0);
    centre.app.clock.advance(TimeDelta::minutes(15));
    for _ in 0..4 {
        event(&centre, "so-y-te", 2, "failed anew");
    }
    run(&centre).await;
    assert_eq!(alerts(&mut lan).await.len(), 1, "while it is open no other is raised");
    let close = [("alert", raised[0]["id"].as_str().unwrap()), ("reason", "handled"), ("next", "/alerts")];
    assert_eq!(lan.post("/alerts/close", &close).await.status, 303);
    centre.app.clock.advance(TimeDelta::minutes(15));
    run(&centre).await;
    assert_eq!(alerts(&mut lan).await.len(), 1, "nothing new, no alert");
    event(&centre, "so-y-te", -10, "failed");
    event(&centre, "so-y-te", -10, "failed");
    centre.app.clock.advance(TimeDelta::minutes(15));
    run(&centre).await;
    assert_eq!(alerts(&mut lan).await.len(), 2, "what comes after is told anew");
}

#[tokio::test]
async fn a_search_of_the_centre_finds_events_of_all_units() {
    let centre = Centre::new().await;
    let mut officer = centre.officer().await;
    save(&mut officer, &[("name", "Cả tỉnh"), ("q", "failed"), ("every", "5")]).await;
    event(&centre, "so-y-te", 3, "failed");
    event(&centre, "09253", 3, "failed");
    run(&centre).await;
    assert_eq!(rows(&mut officer).await[0]["last_count"], 2);
}
