//! Searching as people do.

use chrono::TimeDelta;
use khien_base::event::Hot;
use khien_base::{Event, Id, LogSource, Record, Role};

use crate::sources::tests::Centre;

/// Puts events into the store: `(unit, host, minutes ago, raw)`.
fn store(centre: &Centre, all: &[(&str, &str, i64, &str)]) {
    let now = centre.app.kit.now();
    for (unit, host, minutes, raw) in all {
        let record = Record {
            time: Some(now - TimeDelta::minutes(*minutes)),
            log: LogSource { product: Some("linux".into()), ..LogSource::default() },
            hot: Hot { host: Some((*host).to_owned()), user: Some("lan".into()), ..Hot::default() },
            fields: serde_json::json!({"a": {"b": "<sâu>"}, "n": 7}).as_object().unwrap().clone(),
            raw: (*raw).to_owned(),
        };
        let event = Event {
            id: centre.app.kit.id(),
            time: now - TimeDelta::minutes(*minutes),
            received: now,
            source: Id::from_u128(5),
            system: centre.hospital,
            unit: centre.app.unit(unit).unwrap(),
            record,
        };
        centre.events.0.lock().unwrap().push(event);
    }
}

#[tokio::test]
async fn terms_narrow_the_list_and_the_chart_counts_the_same() {
    let centre = Centre::new().await;
    store(
        &centre,
        &[
            ("so-y-te", "may01", 5, "Failed password for lan"),
            ("so-y-te", "may02", 30, "Failed password for minh"),
            ("so-y-te", "may01", 3000, "Failed password long ago"),
        ],
    );
    let mut browser = centre.officer().await;
    let all = browser.get("/api/v1/events").await.json();
    assert_eq!(all["pager"]["total"], 2, "a day, unless something else is asked for");
    assert_eq!(all["rows"][0]["host"], "may01", "newest first");
    let drawn: u64 = all["chart"]["series"][0]["data"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(drawn, 2);
    let one = browser.get("/api/v1/events?q=host:MAY02+%22failed+password%22").await.json();
    assert_eq!((one["pager"]["total"].as_u64(), one["rows"][0]["host"].as_str()), (Some(1), Some("may02")));
    assert_eq!(browser.get("/api/v1/events?range=7d").await.json()["pager"]["total"], 3);
    assert_eq!(browser.get("/api/v1/events?range=15m").await.json()["pager"]["total"], 1);
    let own = browser.get("/api/v1/events?from=2026-09-29T00:00&to=2026-09-29T23:59").await.json();
    assert_eq!(own["pager"]["total"], 1, "{own}");
    assert_eq!(own["from"], "2026-09-29T00:00");
}

#[tokio::test]
async fn a_system_shows_its_own_events_only() {
    let centre = Centre::new().await;
    store(&centre, &[("so-y-te", "may01", 5, "of the hospital")]);
    let mut browser = centre.officer().await;
    let own = browser.get(&format!("/api/v1/events?system={}", centre.hospital)).await.json();
    assert_eq!(own["pager"]["total"], 1, "{own}");
    assert_ne!(own["system_name"], "", "{own}");
    let other = browser.get(&format!("/api/v1/events?system={}", centre.commune)).await.json();
    assert_eq!(other["pager"]["total"], 0, "events of another system stay out: {other}");
}

#[tokio::test]
async fn a_wrong_search_keeps_what_was_typed_and_says_where() {
    let centre = Centre::new().await;
    let mut browser = centre.officer().await;
    let page = browser.get("/events?q=host:may01+%22open").await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("ở vị trí 12 chưa được đóng"), "{}", page.text());
    assert!(page.text().contains("host:may01 &quot;open"), "{}", page.text());
    let fault = browser.get("/api/v1/events?q=dst_port:web").await;
    assert_eq!(
        (fault.status, fault.json()["fault"]["code"].as_str().unwrap().to_owned()),
        (422, "search.number".into())
    );
    let time = browser.get("/api/v1/events?from=2026-10-02T00:00&to=2026-10-01T00:00").await;
    assert_eq!(time.json()["fault"]["code"], "search.time-order");
    for odd in ["from=0001-01-01T00:00", "to=9999-12-31T23:59", "from=x"] {
        assert_eq!(browser.get(&format!("/api/v1/events?{odd}")).await.json()["fault"]["code"], "search.time", "{odd}");
    }
}

#[tokio::test]
async fn a_neighbour_finds_none_of_it() {
    let centre = Centre::new().await;
    store(&centre, &[("so-y-te", "may01", 5, "bí mật của Sở Y tế")]);
    let id = centre.events.0.lock().unwrap()[0].id;
    let mut neighbour = centre.focal("09253").await;
    assert!(!neighbour.get("/events").await.text().contains("bí mật"));
    assert_eq!(neighbour.get("/api/v1/events").await.json()["pager"]["total"], 0);
    assert_eq!(neighbour.get(&format!("/events/{id}")).await.status, 404);
    assert_eq!(neighbour.get(&format!("/api/v1/events/{id}")).await.status, 404);
    assert_eq!(neighbour.get("/events?format=ndjson").await.bytes, b"");
    assert_eq!(neighbour.get("/events/sql").await.status, 403);
    assert_eq!(neighbour.post("/events/sql", &[("statement", "SELECT raw FROM events")]).await.status, 403);
    let mut owner = centre.focal("so-y-te").await;
    assert!(owner.get("/events").await.text().contains("bí mật"));
    let (_, mut leader) = centre.app.sign_in(Role::Leader, "24").await.unwrap();
    assert_eq!(leader.get("/events").await.status, 403);
}

#[tokio::test]
async fn an_event_shows_all_of_it_and_leads_on() {
    let centre = Centre::new().await;
    store(&centre, &[("so-y-te", "may 01", 5, "<b>raw</b>"), ("so-y-te", "may02", 6, "other")]);
    let id = centre.events.0.lock().unwrap()[0].id;
    let mut browser = centre.officer().await;
    let page = browser.get(&format!("/events/{id}")).await.text();
    assert!(page.contains("&lt;b&gt;raw") && page.contains("a.b") && page.contains("&lt;sâu&gt;"), "{page}");
    let json = browser.get(&format!("/api/v1/events/{id}")).await.json();
    let host = json["columns"].as_array().unwrap().iter().find(|f| f["name"] == "device.hostname").unwrap();
    let pivot = host["pivot"].as_str().unwrap();
    let found = browser.get(&format!("/api/v1{pivot}")).await.json();
    assert_eq!(
        (found["pager"]["total"].as_u64(), found["rows"][0]["host"].as_str()),
        (Some(1), Some("may 01")),
        "{pivot}"
    );
}

#[tokio::test]
async fn more_than_a_page_of_the_store_is_taken_away_and_logged() {
    let centre = Centre::new().await;
    let many: Vec<_> = (0..2_300).map(|_| ("so-y-te", "may01", 5, "line")).collect();
    store(&centre, &many);
    let mut browser = centre.officer().await;
    let file = browser.get("/events?q=line&format=ndjson").await;
    assert_eq!(file.headers["content-type"], "application/x-ndjson");
    let ids: std::collections::HashSet<String> = file
        .text()
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 2_300);
    let logged = last_entry(&centre).await;
    assert_eq!((logged.action.as_str(), logged.detail["rows"].as_u64()), ("events.export", Some(2_300)));
}

async fn last_entry(centre: &Centre) -> khien_db::audit::Model {
    use sea_orm::{EntityTrait, QueryOrder};
    let newest = khien_db::audit::Entity::find().order_by_desc(khien_db::audit::Column::Seq);
    newest.one(centre.app.kit.db.read()).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_statement_that_fails_shows_the_words_of_the_engine_and_is_logged() {
    let centre = Centre::new().await;
    let mut browser = centre.officer().await;
    let page = browser.post("/events/sql", &[("statement", "SELECT x FROM events")]).await.text();
    assert!(page.contains("no such column: x") && page.contains("SELECT x FROM events"), "{page}");
    assert_eq!(last_entry(&centre).await.detail["statement"], "SELECT x FROM events");
    let fault = browser.post("/api/v1/events/sql", &[("statement", "SELECT x FROM events")]).await;
    assert_eq!((fault.status, fault.json()["fault"]["code"].as_str().unwrap().to_owned()), (422, "lake.sql".into()));
}
