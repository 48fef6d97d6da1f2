//! Alerts as people see them.

use std::sync::Arc;

use chrono::TimeDelta;
use futures::future::BoxFuture;
use khien_base::ports::{Sheet, Sheets, SystemCard, Systems};
use khien_base::{Event, Id, Reach, Result, Role};
use khien_detect::Level;
use khien_directory::testing::TestApp;
use khien_web::testing::Browser;
use serde_json::json;

use super::{event, finding};
use crate::alerts::{self, overview, store};
use crate::finding::{Finding, Hits, SILENT_JOB, Silence};
use crate::rules::{self, Rules};

/// A register of systems over a list.
struct Register(Vec<SystemCard>);

impl Systems for Register {
    fn some(&self, ids: Vec<Id>) -> BoxFuture<'_, Result<Vec<SystemCard>>> {
        let found = self.0.iter().filter(|system| ids.contains(&system.id)).cloned().collect();
        Box::pin(futures::future::ready(Ok(found)))
    }

    fn within(&self, reach: Reach) -> BoxFuture<'_, Result<Vec<SystemCard>>> {
        let found = self.0.iter().filter(|system| reach.covers(system.unit)).cloned().collect();
        Box::pin(futures::future::ready(Ok(found)))
    }
}

/// Lists as lines of cells with tabs between them.
struct Lines;

impl Sheets for Lines {
    fn csv(&self, sheet: &Sheet) -> Result<Vec<u8>> {
        let lines = std::iter::once(&sheet.columns).chain(&sheet.rows).map(|cells| cells.join("\t"));
        Ok(lines.collect::<Vec<_>>().join("\n").into_bytes())
    }

    fn xlsx(&self, sheet: &Sheet) -> Result<Vec<u8>> {
        self.csv(sheet)
    }
}

const MAIL: u128 = 21;

async fn centre() -> TestApp {
    let found = TestApp::with(vec![]).await.unwrap();
    // Identities are seeded, so that the units of every centre of the tests are the same.
    let unit = found.unit("so-y-te").unwrap();
    let mail = SystemCard {
        id: Id::from_u128(MAIL),
        name: "Thư điện tử công vụ".into(),
        unit,
        operator: unit,
        level: Some(3),
        approval: None,
    };
    let app = TestApp::plugged(vec![alerts::MODULE, rules::MODULE], |kit| {
        kit.systems = Some(Arc::new(Register(vec![mail])));
        kit.sheets = Some(Arc::new(Lines));
        kit.plug(Arc::new(Rules::new(rules::load(&[], kit.now()))));
    })
    .await
    .unwrap();
    assert_eq!(app.unit("so-y-te").unwrap(), unit);
    app
}

/// A line that our own rule "account with the identity of root" fires on.
const LINE: &str = "new user: name=sysadm, UID=0, GID=0, home=/root, shell=/bin/bash, from=/dev/pts/0";

/// What the rules in force find in an event.
fn detect(app: &TestApp, event: &Event) -> Vec<Finding> {
    let loaded = rules::loaded::of(&app.kit).unwrap().current();
    let found = loaded.ruleset.matches(&event.record);
    let finding = |found: khien_detect::Match<'_>| Finding {
        rule_id: found.rule.id.clone(),
        rule_title: found.rule.title.clone(),
        level: found.rule.level,
        techniques: found.rule.tags.techniques.clone(),
        event: event.clone().into(),
        hits: Hits::Known(found.hits),
        together: None,
    };
    found.into_iter().map(finding).collect()
}

fn of_unit(app: &TestApp, unit: &str, host: &str, minutes: i64, raw: &str) -> Event {
    let mut event = event(host, minutes, raw);
    (event.unit, event.system) = (app.unit(unit).unwrap(), Id::from_u128(MAIL));
    event
}

async fn record(app: &TestApp, findings: &[Finding]) -> usize {
    let new = store::record(&app.kit.db, &app.kit.ids, app.kit.now(), findings).await.unwrap();
    if new > 0 {
        store::tell(&app.kit.bus, findings.iter().map(|finding| finding.event.unit));
    }
    new
}

/// Identities of the alerts that a browser is shown, newest first.
async fn listed(browser: &mut Browser, query: &str) -> Vec<String> {
    let answer = browser.get(&format!("/api/v1/alerts{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let rows = answer.json()["rows"].clone();
    rows.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_alert_says_what_matched_and_what_to_do() {
    let app = centre().await;
    let findings = detect(&app, &of_unit(&app, "so-y-te", "mail-01", 0, LINE));
    assert!(!findings.is_empty());
    record(&app, &findings).await;
    let (_, mut officer) = app.sign_in(Role::Officer, "24").await.unwrap();
    let page = officer.get("/alerts").await;
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(page.text().contains("Tạo tài khoản có quyền root") && page.text().contains("mail-01"));
    assert!(page.text().contains("data-live=\"alerts\"") && page.text().contains("Thư điện tử công vụ"));
    let id = listed(&mut officer, "").await.remove(0);
    let page = officer.get(&format!("/alerts/{id}")).await.text();
    for part in ["<mark>new user:</mark>", "T1136.001", "Local Account", "coi máy đã bị chiếm quyền", "pts&#x2f;0"]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    officer.get("/language?to=en&next=/alerts").await;
    let page = officer.get(&format!("/alerts/{id}")).await.text();
    assert!(page.contains("Account Created With the Identity of Root"), "{page}");
    assert!(page.contains("treat the machine as taken over"), "{page}");
}

#[tokio::test]
async fn a_neighbour_neither_sees_nor_changes_an_alert() {
    let app = centre().await;
    record(&app, &detect(&app, &of_unit(&app, "so-y-te", "mail-01", 0, LINE))).await;
    let (_, mut own) = app.sign_in(Role::FocalPoint, "so-y-te").await.unwrap();
    let (_, mut neighbour) = app.sign_in(Role::FocalPoint, "09253").await.unwrap();
    let id = listed(&mut own, "").await.remove(0);
    assert!(listed(&mut neighbour, "?state=all").await.is_empty());
    assert!(!neighbour.get("/alerts?state=all").await.text().contains("mail-01"));
    for path in [format!("/alerts/{id}"), format!("/api/v1/alerts/{id}")] {
        assert_eq!(neighbour.get(&path).await.status, 404);
        assert_eq!(own.get(&path).await.status, 200);
    }
    for path in ["/alerts/close", "/api/v1/alerts/close", "/alerts/seen"] {
        assert_eq!(neighbour.post(path, &[("alert", &id), ("reason", "benign")]).await.status, 404);
    }
    let (_, mut leader) = app.sign_in(Role::Leader, "24").await.unwrap();
    assert_eq!(leader.post("/alerts/close", &[("alert", &id), ("reason", "benign")]).await.status, 403);
    assert_eq!(own.get(&format!("/api/v1/alerts/{id}")).await.json()["alert"]["state"], "new");
}

#[tokio::test]
async fn several_alerts_are_closed_with_one_reason() {
    let app = centre().await;
    let hosts: Vec<Finding> = ["a", "b", "c"]
        .iter()
        .map(|host| finding("r1", of_unit(&app, "so-y-te", host, 0, &format!("line of {host}"))))
        .collect();
    assert_eq!(record(&app, &hosts).await, 3);
    let (_, mut officer) = app.sign_in(Role::Officer, "24").await.unwrap();
    let ids = listed(&mut officer, "").await;
    let two = [("alert", ids[0].as_str()), ("alert", ids[1].as_str()), ("note", "Diễn tập"), ("next", "/alerts?q=x")];
    let refused = officer.post("/alerts/close", &two).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("chọn lý do"), "{}", refused.text());
    let with_reason: Vec<_> = two.iter().copied().chain([("reason", "benign")]).collect();
    let done = officer.post("/alerts/close", &with_reason).await;
    assert_eq!((done.status, done.location()), (303, "/alerts?q=x"));
    assert_eq!(listed(&mut officer, "").await, ids[2..]);
    assert_eq!(listed(&mut officer, "?state=closed").await.len(), 2);
    assert_eq!(officer.post("/alerts/close", &with_reason).await.status, 409, "nothing is open any more");
    assert_eq!(officer.post("/alerts/close", &[("reason", "benign")]).await.status, 422);
    let page = officer.get(&format!("/alerts/{}", ids[0])).await.text();
    assert!(page.contains("Đúng nhưng vô hại · Diễn tập"), "{page}");
    officer.post("/alerts/seen", &[("alert", &ids[2])]).await;
    assert_eq!(officer.get(&format!("/api/v1/alerts/{}", ids[2])).await.json()["alert"]["state"], "seen");
}

#[tokio::test]
async fn lists_are_narrowed_sorted_and_counted() {
    let app = centre().await;
    let mut all = detect(&app, &of_unit(&app, "so-y-te", "mail-01", 0, LINE));
    let own = all.len();
    all.extend([0, 1, 2].map(|n| finding("r1", of_unit(&app, "09253", "pc-7", n, &format!("line {n}")))));
    let mut old = finding("r2", of_unit(&app, "09253", "pc-8", -3 * 24 * 60, "old"));
    old.level = Level::Low;
    all.push(old);
    record(&app, &all).await;
    let (_, mut officer) = app.sign_in(Role::Officer, "24").await.unwrap();
    assert_eq!(listed(&mut officer, "").await.len(), own + 2);
    assert_eq!(listed(&mut officer, "?host=pc-7").await.len(), 1);
    assert_eq!(listed(&mut officer, "?level=low&host=pc-8").await.len(), 1);
    assert_eq!(listed(&mut officer, "?level=critical&q=t%C3%A0i+khoan+CO+quyen").await.len(), 1, "title in Vietnamese");
    assert_eq!(listed(&mut officer, "?q=pc-8").await.len(), 1);
    assert_eq!(listed(&mut officer, &format!("?unit={}", app.unit("09253").unwrap())).await.len(), 2);
    assert_eq!(listed(&mut officer, "?from=2026-10-01").await.len(), own + 1);
    assert_eq!(listed(&mut officer, "?to=2026-09-30").await.len(), 1);
    let by_hits = officer.get("/api/v1/alerts?sort=-hits").await.json();
    assert_eq!(by_hits["rows"][0]["host"], "pc-7");
    assert_eq!(by_hits["counts"][1]["alerts"], 1, "one of level high: {}", by_hits["counts"]);
    let file = officer.get("/alerts?host=pc-7&format=csv").await.text();
    let lines: Vec<Vec<&str>> = file.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!((lines.len(), lines[0].len(), lines[1].len()), (2, 11, 11), "{file}");
    assert_eq!((lines[0][5], lines[1][5], lines[1][8], lines[1][9]), ("Máy", "pc-7", "3", "Mới"), "{file}");
    for wrong in ["?level=severe", "?state=odd", "?unit=1", "?from=yesterday"] {
        let answer = officer.get(&format!("/alerts{wrong}")).await;
        assert_eq!(answer.status, 422, "{wrong}");
    }
    let reach = Reach::Units([app.unit("09253").unwrap()].into());
    let hours = overview::last_24h(&app.kit, &reach, app.kit.now()).await.unwrap();
    assert_eq!(hours.iter().map(|hour| (hour.level, hour.alerts, hour.events)).collect::<Vec<_>>(), [("high", 1, 3)]);
    let open = overview::open_counts(&app.kit, &reach).await.unwrap();
    let of = |level: &str| open.iter().find(|count| count.level == level).map(|count| (count.new, count.seen));
    assert_eq!((of("high"), of("low"), of("critical")), (Some((1, 0)), Some((1, 0)), Some((0, 0))));
}

#[tokio::test]
async fn news_reach_open_pages_of_those_who_may_see_and_the_list_gives_its_rows() {
    let app = centre().await;
    let mut heard = app.kit.bus.listen();
    let findings = detect(&app, &of_unit(&app, "so-y-te", "mail-01", 0, LINE));
    record(&app, &findings).await;
    let news = heard.try_recv().unwrap();
    assert_eq!((news.topic, news.permission, news.unit), ("alerts", "alerts:read", Some(app.unit("so-y-te").unwrap())));
    assert_eq!(record(&app, &findings).await, 0);
    assert!(heard.try_recv().is_err(), "a batch that comes again is no news, and one batch is told once for a unit");
}

#[tokio::test]
async fn an_open_list_hears_of_new_alerts_and_fetches_its_rows() {
    let app = centre().await;
    let (_, mut own) = app.sign_in(Role::FocalPoint, "so-y-te").await.unwrap();
    let (_, mut neighbour) = app.sign_in(Role::FocalPoint, "09253").await.unwrap();
    let before = own.fragment("/alerts").await.text();
    assert!(!before.contains("<html") && !before.contains("mail-01"), "{before}");
    let (mut hears, mut deaf) = (own.live().await, neighbour.live().await);
    record(&app, &detect(&app, &of_unit(&app, "so-y-te", "mail-01", 0, LINE))).await;
    assert!(next_event(&mut hears).await.is_some_and(|said| said.contains("event: alerts")));
    assert_eq!(next_event(&mut deaf).await, None);
    let after = own.fragment("/alerts").await.text();
    assert!(!after.contains("<html") && after.contains("mail-01"), "{after}");
}

/// The next server-sent event within a moment; heartbeats are passed over.
async fn next_event<B: AsRef<[u8]>, E>(
    stream: &mut (impl futures::Stream<Item = std::result::Result<B, E>> + Unpin),
) -> Option<String> {
    loop {
        let next = tokio::time::timeout(std::time::Duration::from_millis(300), futures::StreamExt::next(stream)).await;
        let text = String::from_utf8_lossy(next.ok()??.ok()?.as_ref()).into_owned();
        if text.contains("event:") {
            return Some(text);
        }
    }
}

#[tokio::test]
async fn a_silent_source_becomes_an_alert_of_its_unit() {
    let app = centre().await;
    let silence = Silence {
        source: Id::from_u128(5),
        name: "Tường lửa Sở Y tế".into(),
        system: Id::from_u128(MAIL),
        unit: app.unit("so-y-te").unwrap(),
        since: app.kit.now() - TimeDelta::hours(2),
        after_minutes: 60,
    };
    let job = alerts::MODULE.jobs.iter().find(|job| job.kind == SILENT_JOB).unwrap();
    let payload = json!(silence);
    (job.run)(&app.kit, &payload).await.unwrap();
    (job.run)(&app.kit, &payload).await.unwrap();
    let (_, mut own) = app.sign_in(Role::FocalPoint, "so-y-te").await.unwrap();
    let ids = listed(&mut own, "").await;
    assert_eq!(ids.len(), 1);
    let page = own.get(&format!("/alerts/{}", ids[0])).await.text();
    assert!(page.contains("Nguồn nhật ký im lặng: Tường lửa Sở Y tế") && page.contains("Kiểm tra máy"), "{page}");
    assert!(page.contains("07:00 01&#x2f;10&#x2f;2026"), "two hours before the beginning, in Vietnam: {page}");
}

#[tokio::test]
async fn every_page_shows_its_samples_in_both_languages() {
    let app = centre().await;
    khien_web::testing::render_samples(&app.kit).unwrap();
}
