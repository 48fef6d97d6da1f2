//! Log sources as people and machines meet them.

mod connecting;
mod memory;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use futures::future::BoxFuture;
use khien_base::ports::{Intake, SystemCard, Systems, Watch};
use khien_base::{Id, Ids, Reach, Result, Role};
use khien_directory::testing::{TestApp, beginning};
use khien_web::Kit;
use khien_web::testing::Browser;

pub(crate) use memory::InMemory;

use super::desk::{Desk, DeskSettings, Shown};
use super::rules::State;
use super::{Watching, jobs, overview, store};
use crate::exports::Shelf;
use crate::intake::{Parts, Pipeline};
use crate::rules::loaded::{Rules, load};
use crate::search::running::Running;

/// The register of systems over a list.
pub(crate) struct Listed(pub(crate) Mutex<Vec<SystemCard>>);

impl Systems for Listed {
    fn some(&self, ids: Vec<Id>) -> BoxFuture<'_, Result<Vec<SystemCard>>> {
        let found = self.0.lock().unwrap().iter().filter(|card| ids.contains(&card.id)).cloned().collect();
        Box::pin(async move { Ok(found) })
    }

    fn within(&self, reach: Reach) -> BoxFuture<'_, Result<Vec<SystemCard>>> {
        let found = self.0.lock().unwrap().iter().filter(|card| reach.covers(card.unit)).cloned().collect();
        Box::pin(async move { Ok(found) })
    }
}

/// A centre with two systems, of Sở Y tế and of phường Nhân Hòa, and everything on the way of a record.
pub(crate) struct Centre {
    pub(crate) app: TestApp,
    pub(crate) events: Arc<InMemory>,
    pub(crate) desk: Arc<Desk>,
    pub(crate) pipeline: Arc<dyn Intake>,
    /// Of Sở Y tế.
    pub(crate) hospital: Id,
    /// Of phường Nhân Hòa.
    pub(crate) commune: Id,
    /// What the centre keeps beside its database.
    _folder: tempfile::TempDir,
}

impl Centre {
    pub(crate) async fn new() -> Self {
        Self::with(DeskSettings { syslog_tcp: Some(6514), ..DeskSettings::default() }).await
    }

    pub(crate) async fn with(settings: DeskSettings) -> Self {
        let systems = Arc::new(Listed(Mutex::new(Vec::new())));
        let events = Arc::new(InMemory::default());
        let mut made = None;
        let folder = tempfile::tempdir().unwrap();
        let plug = |kit: &mut Kit| {
            kit.systems = Some(Arc::clone(&systems) as _);
            kit.events = Some(Arc::clone(&events) as _);
            let desk = Arc::new(Desk::new(kit.db.clone(), settings, beginning()));
            let rules = Arc::new(Rules::new(load(&[], beginning())));
            kit.plug(Arc::clone(&desk));
            kit.plug(Arc::new(Running::default()));
            kit.plug(Arc::new(Shelf::new(folder.path().join("exports"))));
            kit.plug(Arc::clone(&rules));
            let parsers = Arc::new(crate::parsers::InForce::default());
            kit.plug(Arc::clone(&parsers));
            let parts = Parts {
                db: kit.db.clone(),
                clock: kit.clock.clone(),
                ids: Arc::new(Ids::seeded(1 << 40)),
                events: Arc::clone(&events) as _,
                rules,
                parsers: Arc::clone(&parsers),
                desk: Arc::clone(&desk),
                bus: kit.bus.clone(),
            };
            let pipeline: Arc<dyn Intake> = Arc::new(Pipeline::new(parts));
            kit.intake = Some(Arc::clone(&pipeline));
            made = Some((desk, pipeline));
        };
        let app = TestApp::plugged(crate::modules(), plug).await.unwrap();
        let (desk, pipeline) = made.unwrap();
        let (hospital, commune) = (Id::from_u128(71), Id::from_u128(72));
        let card = |id, name: &str, unit: &str| {
            let unit = app.unit(unit).unwrap();
            SystemCard { id, name: name.into(), unit, operator: unit, level: Some(3), approval: None }
        };
        *systems.0.lock().unwrap() =
            vec![card(hospital, "Bệnh án điện tử", "so-y-te"), card(commune, "Một cửa phường", "09253")];
        Self { app, events, desk, pipeline, hospital, commune, _folder: folder }
    }

    pub(crate) async fn officer(&self) -> Browser {
        self.app.sign_in(Role::Officer, "24").await.unwrap().1
    }

    pub(crate) async fn focal(&self, unit: &str) -> Browser {
        self.app.sign_in(Role::FocalPoint, unit).await.unwrap().1
    }

    /// Adds a source; gives its identity and token.
    pub(crate) async fn add(&self, browser: &mut Browser, system: Id, kind: &str, addresses: &str) -> (Id, String) {
        let system = system.to_string();
        let form = [
            ("name", "Máy chủ web"),
            ("system", &system),
            ("kind", kind),
            ("addresses", addresses),
            ("silent_minutes", "60"),
        ];
        let made = browser.post("/api/v1/sources", &form).await;
        assert_eq!(made.status, 200, "{}", made.text());
        let json = made.json();
        (json["row"]["id"].as_str().unwrap().parse().unwrap(), json["new_token"].as_str().unwrap().to_owned())
    }
}

#[tokio::test]
async fn every_page_shows_its_samples_in_both_languages() {
    let centre = Centre::new().await;
    khien_web::testing::render_samples(&centre.app.kit).unwrap();
}

#[tokio::test]
async fn a_focal_point_adds_a_source_and_its_token_is_shown_once() {
    let centre = Centre::new().await;
    let mut browser = centre.focal("so-y-te").await;
    let form = browser.get("/sources/new").await.text();
    assert!(form.contains("Bệnh án điện tử") && !form.contains("Một cửa phường"), "{form}");
    let (id, token) = centre.add(&mut browser, centre.hospital, "ndjson", "").await;
    assert!(token.len() > 40);
    let page = browser.get(&format!("/sources/{id}")).await.text();
    assert!(!page.contains(&token), "shown once");
    assert!(page.contains(&token[token.len() - 4..]) && page.contains("Chưa gửi lần nào"));
    let row = store::get(centre.app.kit.db.read(), id).await.unwrap();
    assert_eq!(row.token_hash.unwrap(), khien_web::guard::token_hash(&token));
    let history = khien_db::audit::history(centre.app.kit.db.read(), id, 10).await.unwrap();
    assert_eq!(history.len(), 1);
    assert!(!history[0].detail.to_string().contains(&token));
}

#[tokio::test]
async fn a_neighbour_sees_and_changes_nothing() {
    let centre = Centre::new().await;
    let mut owner = centre.focal("so-y-te").await;
    let (id, _) = centre.add(&mut owner, centre.hospital, "ndjson", "").await;
    let mut neighbour = centre.focal("09253").await;
    assert!(!neighbour.get("/sources").await.text().contains("Máy chủ web"));
    assert_eq!(neighbour.get("/api/v1/sources").await.json()["rows"].as_array().unwrap().len(), 0);
    assert_eq!(neighbour.get("/sources?format=csv").await.status, 500, "no maker of files in this test");
    for path in [format!("/sources/{id}"), format!("/api/v1/sources/{id}")] {
        assert_eq!(neighbour.get(&path).await.status, 404, "{path}");
    }
    let edit = [("name", "x"), ("silent_minutes", "60"), ("updated_at", "2026-10-01T02:00:00Z")];
    assert_eq!(neighbour.post(&format!("/sources/{id}"), &edit).await.status, 404);
    for verb in ["token", "pause", "resume", "close"] {
        assert_eq!(neighbour.post(&format!("/sources/{id}/{verb}"), &[]).await.status, 404, "{verb}");
    }
    let upload = neighbour.upload(&format!("/sources/{id}/upload"), "a.ndjson", b"{\"a\":1}\n", &[]).await;
    assert_eq!(upload.status, 404);
    let system = centre.hospital.to_string();
    let form = [("name", "x"), ("system", system.as_str()), ("kind", "ndjson"), ("silent_minutes", "60")];
    let refused = neighbour.post("/api/v1/sources", &form).await;
    assert_eq!(
        (refused.status, refused.json()["fault"]["code"].as_str().unwrap().to_owned()),
        (422, "sources.system".into())
    );
    let (_, mut leader) = centre.app.sign_in(Role::Leader, "24").await.unwrap();
    assert_eq!(leader.get(&format!("/sources/{id}")).await.status, 200);
    assert_eq!(leader.post(&format!("/sources/{id}/pause"), &[]).await.status, 403);
}

#[tokio::test]
async fn two_edits_at_once_do_not_overwrite_each_other() {
    let centre = Centre::new().await;
    let mut browser = centre.officer().await;
    let (id, _) = centre.add(&mut browser, centre.hospital, "ndjson", "").await;
    let seen = browser.get(&format!("/api/v1/sources/{id}")).await.json()["updated_at"].as_str().unwrap().to_owned();
    centre.app.clock.advance(TimeDelta::seconds(1));
    let form = |name: &'static str| [("name", name), ("silent_minutes", "30"), ("updated_at", seen.as_str())];
    assert_eq!(browser.post(&format!("/sources/{id}"), &form("Một")).await.status, 303);
    let second = browser.post(&format!("/sources/{id}"), &form("Hai")).await;
    assert_eq!(second.status, 409, "{}", second.text());
    let row = store::get(centre.app.kit.db.read(), id).await.unwrap();
    assert_eq!((row.name.as_str(), row.silent_minutes), ("Một", 30));
}

#[tokio::test]
async fn a_new_token_ends_the_old_one_and_a_pause_refuses() {
    let centre = Centre::new().await;
    let mut browser = centre.officer().await;
    let (id, old) = centre.add(&mut browser, centre.hospital, "ndjson", "").await;
    let made = browser.post(&format!("/api/v1/sources/{id}/token"), &[]).await;
    let new = made.json()["new_token"].as_str().unwrap().to_owned();
    let mut machine = centre.app.stranger();
    let line = "{\"message\":\"x\"}\n";
    assert_eq!(machine.post_token("/api/ingest/ndjson", &old, line).await.status, 401);
    assert_eq!(machine.post_token("/api/ingest/ndjson", &new, line).await.status, 200);
    assert_eq!(browser.post(&format!("/sources/{id}/pause"), &[]).await.status, 303);
    let refused = machine.post_token("/api/ingest/ndjson", &new, line).await;
    assert_eq!(
        (refused.status, refused.json()["fault"]["code"].as_str().unwrap().to_owned()),
        (403, "sources.paused".into())
    );
    assert_eq!(browser.post(&format!("/sources/{id}/resume"), &[]).await.status, 303);
    assert_eq!(machine.post_token("/api/ingest/ndjson", &new, line).await.status, 200);
    assert_eq!(browser.post(&format!("/sources/{id}/close"), &[]).await.status, 303);
    assert_eq!(machine.post_token("/api/ingest/ndjson", &new, line).await.status, 401);
    assert_eq!(browser.post(&format!("/sources/{id}/resume"), &[]).await.status, 409);
    assert_eq!(centre.events.0.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_source_falls_silent_once_and_comes_back() {
    let centre = Centre::new().await;
    let kit = &centre.app.kit;
    let mut browser = centre.officer().await;
    let (id, token) = centre.add(&mut browser, centre.hospital, "ndjson", "").await;
    let mut machine = centre.app.stranger();
    let check = async || jobs::check_silence(kit, &serde_json::Value::Null).await.unwrap();
    check().await;
    assert_eq!(machine.post_token("/api/ingest/ndjson", &token, "{\"a\":1}\n").await.status, 200);
    check().await;
    let watching = Watching::new(kit.db.clone());
    assert_eq!(watching.connected(kit.now()).await.unwrap(), HashSet::from([centre.hospital]));
    assert_eq!(overview::counts(kit, &Reach::All, kit.now()).await.unwrap().live, 1);

    centre.app.clock.advance(TimeDelta::minutes(61));
    check().await;
    check().await;
    let due = khien_db::jobs::due(&kit.db, kit.now(), 10).await.unwrap();
    let silent: Vec<_> = due.iter().filter(|job| job.kind == crate::finding::SILENT_JOB).collect();
    assert_eq!(silent.len(), 1, "one silence, one job");
    let told: crate::finding::Silence = serde_json::from_value(silent[0].payload.clone()).unwrap();
    assert_eq!((told.source, told.since, told.after_minutes), (id, beginning(), 60));
    assert!(watching.connected(kit.now()).await.unwrap().is_empty());
    let listed = overview::silent(kit, &Reach::All, kit.now(), 10).await.unwrap();
    assert_eq!(listed.iter().map(|source| source.id).collect::<Vec<_>>(), [id]);
    let none =
        overview::silent(kit, &Reach::Units([centre.app.unit("09253").unwrap()].into()), kit.now(), 10).await.unwrap();
    assert!(none.is_empty(), "a neighbour's overview");
    let page = browser.get("/sources?state=silent").await.text();
    assert!(page.contains("Máy chủ web") && page.contains("Im lặng"), "{page}");

    // The alert is there, and ends when the source speaks again.
    let card =
        crate::modules().into_iter().flat_map(|module| module.jobs).find(|job| job.kind == crate::finding::SILENT_JOB);
    (card.unwrap().run)(kit, &silent[0].payload).await.unwrap();
    assert_eq!(open_alerts(&centre).await, 1);
    // Renamed meanwhile, it is the same source: the alert raised under its old name ended never.
    let seen = store::get(kit.db.read(), id).await.unwrap().updated_at.to_rfc3339();
    let form = [("name", "Máy chủ cổng thông tin"), ("silent_minutes", "60"), ("updated_at", seen.as_str())];
    assert_eq!(browser.post(&format!("/sources/{id}"), &form).await.status, 303);
    assert_eq!(machine.post_token("/api/ingest/ndjson", &token, "{\"a\":2}\n").await.status, 200);
    jobs::flush_now(kit).await.unwrap();
    assert_eq!(open_alerts(&centre).await, 0);
    let row = store::get(kit.db.read(), id).await.unwrap();
    assert_eq!((row.silent_since, row.events), (None, 2));
    assert_eq!(super::rules::state(&row.status, row.live_until, kit.now()), State::Live);
}

#[tokio::test]
async fn a_silent_source_that_is_closed_leaves_no_alert_behind() {
    let centre = Centre::new().await;
    let kit = &centre.app.kit;
    let mut browser = centre.officer().await;
    let (id, token) = centre.add(&mut browser, centre.hospital, "ndjson", "").await;
    let mut machine = centre.app.stranger();
    assert_eq!(machine.post_token("/api/ingest/ndjson", &token, "{\"a\":1}\n").await.status, 200);
    jobs::check_silence(kit, &serde_json::Value::Null).await.unwrap();
    centre.app.clock.advance(TimeDelta::minutes(61));
    jobs::check_silence(kit, &serde_json::Value::Null).await.unwrap();
    let due = khien_db::jobs::due(&kit.db, kit.now(), 10).await.unwrap();
    let silent = due.iter().find(|job| job.kind == crate::finding::SILENT_JOB).unwrap();
    let all = crate::modules();
    let job = all.iter().flat_map(|module| module.jobs).find(|job| job.kind == silent.kind).unwrap();
    (job.run)(kit, &silent.payload).await.unwrap();
    assert_eq!(open_alerts(&centre).await, 1);
    assert_eq!(browser.post(&format!("/sources/{id}/close"), &[]).await.status, 303);
    assert_eq!(open_alerts(&centre).await, 0);
}

async fn open_alerts(centre: &Centre) -> usize {
    use sea_orm::EntityTrait;
    let all = crate::alerts::model::Entity::find().all(centre.app.kit.db.read()).await.unwrap();
    all.iter()
        .filter(|alert| alert.kind == crate::alerts::model::SILENT && alert.state != crate::alerts::model::CLOSED)
        .count()
}

#[tokio::test]
async fn syslog_is_known_by_its_address_and_strangers_are_only_counted() {
    let centre = Centre::new().await;
    let mut officer = centre.officer().await;
    let (outer, _) = centre.add(&mut officer, centre.hospital, "syslog", "10.1.0.0/16").await;
    let (inner, token) = centre.add(&mut officer, centre.hospital, "syslog", "10.1.2.3").await;
    assert_eq!(token, "", "an address needs no token");
    let now = centre.app.kit.now();
    let sender = async |address: &str| {
        let shown = Shown::at(address.parse().unwrap());
        centre.desk.sender(shown, now).await.map(|known| known.whose.source)
    };
    assert_eq!(sender("10.1.2.3").await, Some(inner), "the narrower network wins");
    assert_eq!(sender("::ffff:10.1.9.9").await, Some(outer));
    assert_eq!(sender("192.0.2.9").await, None);
    let mut neighbour = centre.focal("09253").await;
    let system = centre.commune.to_string();
    let form = [
        ("name", "x"),
        ("system", system.as_str()),
        ("kind", "syslog"),
        ("addresses", "10.1.2.3"),
        ("silent_minutes", "60"),
    ];
    assert_eq!(neighbour.post("/sources", &form).await.status, 409, "another unit's address");

    centre.desk.stranger(&Shown::at("192.0.2.9".parse().unwrap()), b"<13>who am I", now);
    centre.desk.stranger(&Shown::at("10.1.2.3".parse().unwrap()), b"<13>known", now);
    let page = officer.get("/sources").await.text();
    assert!(page.contains("192.0.2.9") && page.contains("who am I"), "{page}");
    assert!(!neighbour.get("/sources").await.text().contains("who am I"), "it may be anybody's");
    let (_, _) = centre.add(&mut officer, centre.commune, "syslog", "192.0.2.9").await;
    assert!(centre.desk.strangers.all().is_empty(), "registered now");
    assert_eq!(officer.post(&format!("/sources/{inner}/pause"), &[]).await.status, 303);
    assert_eq!(sender("10.1.2.3").await, None, "paused");
}

#[tokio::test]
async fn lost_datagrams_are_shown_at_their_source_and_those_of_nobody_to_the_centre() {
    let centre = Centre::new().await;
    let mut officer = centre.officer().await;
    let (id, _) = centre.add(&mut officer, centre.hospital, "syslog", "10.1.2.3").await;
    assert!(!officer.get("/sources").await.text().contains("gói UDP bị mất"));
    let now = centre.app.kit.now();
    centre.desk.losses.note(Some(id), 1_234, now);
    centre.desk.losses.note(None, 2_908, now);
    let list = officer.get("/sources").await.text();
    assert!(list.contains("1.234 gói UDP bị mất") && list.contains("đã bỏ 2.908 gói"), "{list}");
    let one = officer.get(&format!("/api/v1/sources/{id}")).await.json();
    assert_eq!((one["row"]["lost"].as_u64(), one["lost_at"].is_string()), (Some(1_234), true));
    assert!(officer.get(&format!("/sources/{id}")).await.text().contains("1.234 gói UDP của nguồn này bị mất"));
    let all = officer.get("/api/v1/sources").await.json();
    assert_eq!((all["unread"].as_u64(), all["rows"][0]["lost"].as_u64()), (Some(2_908), Some(1_234)));
    // Whose they were is not known: a unit's focal point is not told of the others' records.
    let mut focal = centre.focal("so-y-te").await;
    let own = focal.get("/api/v1/sources").await.json();
    assert_eq!((own["unread"].as_u64(), own["rows"][0]["lost"].as_u64()), (Some(0), Some(1_234)));
    assert_eq!(centre.focal("09253").await.get("/api/v1/sources").await.json()["rows"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn rates_and_the_last_unreadable_line_are_shown() {
    let centre = Centre::new().await;
    let mut browser = centre.officer().await;
    let (id, token) = centre.add(&mut browser, centre.hospital, "ndjson", "").await;
    let mut machine = centre.app.stranger();
    machine.post_token("/api/ingest/ndjson", &token, "{\"a\":1}\n{\"a\":2}\n{broken <b>\n").await;
    jobs::flush_now(&centre.app.kit).await.unwrap();
    centre.app.clock.advance(TimeDelta::hours(3));
    machine.post_token("/api/ingest/ndjson", &token, "{\"a\":3}\n").await;
    jobs::flush_now(&centre.app.kit).await.unwrap();
    let one = browser.get(&format!("/api/v1/sources/{id}")).await.json();
    assert_eq!(
        (one["row"]["hour"].as_i64(), one["row"]["day"].as_i64(), one["events"].as_i64()),
        (Some(1), Some(3), Some(3))
    );
    assert_eq!(one["row"]["failures"], 1);
    assert_eq!(one["failed_line"], "{broken <b>");
    let page = browser.get(&format!("/sources/{id}")).await.text();
    assert!(page.contains("{broken &lt;b&gt;") && page.contains("Không phải JSON đúng"), "{page}");
    centre.app.clock.advance(TimeDelta::days(30));
    jobs::trim(&centre.app.kit, &serde_json::Value::Null).await.unwrap();
    assert!(store::slices(&centre.app.kit.db, id, beginning()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_file_is_uploaded_on_the_page_of_its_source() {
    let centre = Centre::new().await;
    let mut browser = centre.focal("so-y-te").await;
    let (id, _) = centre.add(&mut browser, centre.hospital, "file", "").await;
    let file = b"{\"message\":\"one\"}\nnot json\n{\"message\":\"two\"}\n";
    let answer = browser.upload(&format!("/sources/{id}/upload"), "logs.ndjson", file, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.text().contains("2 bản ghi đã nhận, 1 bản ghi không đọc được"), "{}", answer.text());
    assert_eq!(centre.events.0.lock().unwrap().len(), 2);
    let unit = centre.app.unit("so-y-te").unwrap();
    assert!(
        centre.events.0.lock().unwrap().iter().all(|e| e.unit == unit && e.source == id && e.system == centre.hospital)
    );
    let broken = browser.upload(&format!("/sources/{id}/upload"), "a.evtx", b"ElfFile\0 cut", &[]).await;
    assert_eq!(broken.status, 422);
}

#[tokio::test]
async fn a_file_of_some_megabytes_is_taken_in_too() {
    let centre = Centre::new().await;
    let mut browser = centre.focal("so-y-te").await;
    let (id, _) = centre.add(&mut browser, centre.hospital, "file", "").await;
    let line = format!("{{\"message\":\"{}\"}}\n", "x".repeat(100_000));
    let file = line.repeat(30);
    let answer = browser.upload(&format!("/sources/{id}/upload"), "logs.ndjson", file.as_bytes(), &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(centre.events.0.lock().unwrap().len(), 30);
}
