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
            fields: serde_json::json!({"a": {"b": "<sâu>"}, "n": 7}).as_object().unwrap().clone().into(),
            raw: (*raw).to_owned(),
            key: None,
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

/// The JSON twin of a page; links in JSON lead there already.
fn api(link: &str) -> String {
    if link.starts_with("/api/") { link.to_owned() } else { format!("/api/v1{link}") }
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
    assert_eq!(all["rows"][0]["cells"][0]["value"], "may01", "newest first");
    let drawn: u64 = all["chart"]["series"][0]["data"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(drawn, 2);
    let one = browser.get("/api/v1/events?q=host:MAY02+%22failed+password%22").await.json();
    let host = one["rows"][0]["cells"][0]["value"].as_str();
    assert_eq!((one["pager"]["total"].as_u64(), host), (Some(1), Some("may02")));
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
    let values = neighbour.get("/api/v1/events/values?of=host").await.json();
    assert_eq!((values["total"].as_u64(), values["rows"].as_array().unwrap().len()), (Some(0), 0));
    let pivot = neighbour.get("/api/v1/events/pivot?name=host&value=may01").await.json();
    assert_eq!((pivot["total"].as_u64(), pivot["systems"].as_array().unwrap().len()), (Some(0), 0), "{pivot}");
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
        (found["pager"]["total"].as_u64(), found["rows"][0]["cells"][0]["value"].as_str()),
        (Some(1), Some("may 01")),
        "{pivot}"
    );
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

#[tokio::test]
async fn conditions_are_written_as_the_language_has_them() {
    let centre = Centre::new().await;
    store(&centre, &[("so-y-te", "may01", 5, "một"), ("so-y-te", "may02", 6, "hai"), ("so-y-te", "web01", 7, "ba")]);
    let mut browser = centre.officer().await;
    for (q, total) in [
        ("host:may*", 2),
        ("-host:may*", 1),
        ("host:(may01 web01)", 2),
        ("một OR ba", 2),
        ("a.b:*", 3),
        ("n:>6", 3),
        ("n:>7", 0),
        ("device.hostname:web01", 1),
    ] {
        let q = khien_web::router::percent(q);
        let found = browser.get(&format!("/api/v1/events?q={q}")).await.json();
        assert_eq!(found["pager"]["total"].as_u64(), Some(total), "{q}: {found}");
    }
    let list = browser.get("/api/v1/events?q=host:may*&cols=n,host").await.json();
    let headings: Vec<&str> =
        list["headings"].as_array().unwrap().iter().map(|h| h["name"].as_str().unwrap()).collect();
    assert_eq!(headings, ["n", "host"]);
    let cell = &list["rows"][0]["cells"][0];
    assert_eq!(cell["value"], "7");
    let narrowed = browser.get(&api(cell["add"].as_str().unwrap())).await.json();
    assert_eq!((narrowed["q"].as_str(), narrowed["pager"]["total"].as_u64()), (Some("host:may* \"n\":7"), Some(2)));
    let proposals = list["proposals"].as_array().unwrap();
    assert!(proposals.contains(&"host".into()) && proposals.contains(&"a".into()), "{proposals:?}");
}

#[tokio::test]
async fn the_chart_leads_to_its_slices() {
    let centre = Centre::new().await;
    store(&centre, &[("so-y-te", "may01", 5, "một"), ("so-y-te", "may01", 500, "hai")]);
    let mut browser = centre.officer().await;
    let page = browser.get("/api/v1/events?q=host:may01").await.json();
    let counts = page["chart"]["series"][0]["data"].as_array().unwrap();
    let links = page["chart"]["links"].as_array().unwrap();
    assert_eq!((counts.len(), links.len()), (48, 48));
    assert_eq!(page["chart"]["drag"]["edges"].as_array().unwrap().len(), 49);
    let mut found = 0;
    for (count, link) in counts.iter().zip(links) {
        let slice = browser.get(&api(link.as_str().unwrap())).await.json();
        assert_eq!(slice["q"], "host:may01");
        assert!(slice["pager"]["total"].as_u64() >= count.as_u64(), "{link}");
        found += count.as_u64().unwrap();
    }
    assert_eq!(found, 2);
}

#[tokio::test]
async fn values_are_counted_and_lead_on() {
    let centre = Centre::new().await;
    store(
        &centre,
        &[
            ("so-y-te", "may01", 5, "a"),
            ("so-y-te", "may01", 6, "b"),
            ("so-y-te", "may02", 7, "c"),
            ("09253", "x", 8, "d"),
        ],
    );
    let mut point = centre.focal("so-y-te").await;
    let values = point.get("/api/v1/events/values?of=host&range=1h").await.json();
    assert_eq!((values["having"].as_u64(), values["total"].as_u64()), (Some(3), Some(3)));
    let row = &values["rows"][0];
    assert_eq!(
        (row["shown"].as_str(), row["count"].as_u64(), row["share"].as_f64()),
        (Some("may01"), Some(2), Some(66.6))
    );
    let with = point.get(&api(row["add"].as_str().unwrap())).await.json();
    let without = point.get(&api(row["without"].as_str().unwrap())).await.json();
    assert_eq!((with["pager"]["total"].as_u64(), without["pager"]["total"].as_u64()), (Some(2), Some(1)));
    assert_eq!(without["q"], "-host:may01");
    let systems = point.get("/api/v1/events/values?of=system&range=1h").await.json();
    assert_eq!(systems["rows"][0]["shown"], "Bệnh án điện tử");
    let column = point.get("/api/v1/events/values?of=a.b&range=1h").await.json();
    let list = point.get(&api(column["column"].as_str().unwrap())).await.json();
    assert_eq!(list["rows"][0]["cells"].as_array().unwrap().last().unwrap()["value"], "<sâu>");
    assert_eq!(point.get("/api/v1/events/values?of=").await.json()["fault"]["code"], "search.of");
    assert!(point.get("/events/values?of=host&range=1h").await.text().contains("Chỉ lấy may01"));
}

#[tokio::test]
async fn personal_data_are_masked_until_who_may_asks_and_that_is_written_down() {
    let centre = Centre::new().await;
    store(&centre, &[("so-y-te", "may01", 5, "Failed password for lan")]);
    let id = centre.events.0.lock().unwrap()[0].id;
    let mut point = centre.focal("so-y-te").await;
    let (_, mut auditor) = centre.app.sign_in(Role::Auditor, "24").await.unwrap();
    let paths = ["/events?cols=user".to_owned(), format!("/events/{id}?x=1"), "/events/values?of=user".to_owned()];
    for path in &paths {
        for browser in [&mut point, &mut auditor] {
            let text = browser.get(&format!("/api/v1{path}")).await.text();
            assert!(text.contains("l•••") && !text.contains("lan"), "{path}: {text}");
        }
        let asked = format!("/api/v1{path}&personal=1");
        let before = last_entry(&centre).await.seq;
        let plain = point.get(&asked).await.text();
        assert!(plain.contains("lan"), "{path}: {plain}");
        let logged = last_entry(&centre).await;
        assert!(logged.seq > before && logged.action == "events.unmask", "{path}: {}", logged.action);
        let refused = auditor.get(&asked).await.text();
        assert!(refused.contains("l•••") && !refused.contains("lan"), "{path}: no right to see: {refused}");
    }
    let page = point.get("/events").await.text();
    assert!(page.contains("Hiện dữ liệu cá nhân"));
    assert!(!auditor.get("/events").await.text().contains("Hiện dữ liệu cá nhân"));
    assert_eq!(auditor.post("/events/sql", &[("statement", "SELECT \"user\" FROM events")]).await.status, 403);
}

#[tokio::test]
async fn who_else_has_seen_a_value_is_told_with_alerts() {
    let centre = Centre::new().await;
    let mut officer = centre.officer().await;
    let (source, token) = centre.add(&mut officer, centre.hospital, "ndjson", "").await;
    let event = serde_json::json!({
        "EventID": 1102, "Channel": "Security", "Provider_Name": "Microsoft-Windows-Eventlog", "Computer": "may01",
        "UtcTime": "2026-10-01 01:59:00.000", "SubjectUserName": "lan", "IpAddress": "203.0.113.9",
    });
    assert_eq!(centre.app.stranger().post_token("/api/ingest/ndjson", &token, event.to_string()).await.status, 200);
    let pivot = officer.get("/api/v1/events/pivot?name=IpAddress&value=203.0.113.9").await.json();
    assert_eq!((pivot["total"].as_u64(), pivot["whole"].as_bool()), (Some(1), Some(true)), "{pivot}");
    assert_eq!(pivot["systems"][0]["name"], "Bệnh án điện tử");
    assert_eq!(pivot["sources"][0]["id"], source.to_string());
    assert!(!pivot["alerts"].as_array().unwrap().is_empty(), "{pivot}");
    let shown = officer.get(&api(pivot["sources"][0]["href"].as_str().unwrap())).await.json();
    assert_eq!(shown["pager"]["total"], 1);
    let mut neighbour = centre.focal("09253").await;
    let none = neighbour.get("/api/v1/events/pivot?name=IpAddress&value=203.0.113.9").await.json();
    assert_eq!((none["total"].as_u64(), none["alerts"].as_array().unwrap().len()), (Some(0), 0));
    assert_eq!(officer.get("/api/v1/events/pivot?name=&value=x").await.json()["fault"]["code"], "search.of");
}

#[tokio::test]
async fn a_statement_is_stopped_by_its_asker_only() {
    let centre = Centre::new().await;
    let (mut officer, mut second) = (centre.officer().await, centre.officer().await);
    let run = Id::from_u128(4711);
    let stop = format!("/events/sql/{run}/stop");
    assert_eq!(officer.post(&stop, &[]).await.status, 404, "nothing runs yet");
    let mut asker = officer.clone();
    let text = run.to_string();
    let work = tokio::spawn(async move {
        asker.post("/api/v1/events/sql", &[("statement", "SELECT wait FROM events"), ("run", &text)]).await
    });
    let mut seen = String::new();
    for _ in 0..200 {
        seen = officer.get("/events/sql").await.text();
        if seen.contains("SELECT wait") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(seen.contains("SELECT wait"), "it is listed while it runs");
    assert!(!second.get("/events/sql").await.text().contains("SELECT wait"));
    assert_eq!(second.post(&stop, &[]).await.status, 404);
    assert_eq!(officer.post(&stop, &[]).await.status, 303);
    let ended = work.await.unwrap();
    assert_eq!((ended.status, ended.json()["fault"]["code"].as_str()), (409, Some("search.stopped")));
    assert!(!officer.get("/events/sql").await.text().contains("SELECT wait"));
}
