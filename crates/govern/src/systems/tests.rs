//! The register as its users meet it.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use khien_base::ports::{Systems, Watch};
use khien_base::{Id, Reach, Result, Role};
use khien_directory::testing::TestApp;
use khien_web::testing::Browser;

use super::port::Register;

/// Central monitoring that hears from these systems.
struct Hears(std::sync::Mutex<HashSet<Id>>);

impl Watch for Hears {
    fn connected(&self, _now: DateTime<Utc>) -> BoxFuture<'_, Result<HashSet<Id>>> {
        let heard = self.0.lock().unwrap().clone();
        Box::pin(async move { Ok(heard) })
    }
}

async fn app() -> (TestApp, Arc<Hears>) {
    let hears = Arc::new(Hears(std::sync::Mutex::new(HashSet::new())));
    let watch = Arc::clone(&hears);
    let app = TestApp::plugged(vec![super::MODULE], |kit| kit.watch = Some(watch)).await.unwrap();
    (app, hears)
}

async fn add(app: &TestApp, browser: &mut Browser, unit: &str, name: &str, level: &str) -> String {
    let unit = app.unit(unit).unwrap().to_string();
    let state = if level.is_empty() { "none" } else { "appraising" };
    let fields = [("name", name), ("owner", &unit), ("operator", &unit), ("level", level), ("level_state", state)];
    let answer = browser.post("/systems", &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.location().to_owned()
}

#[tokio::test]
async fn a_focal_point_registers_the_own_system_and_an_officer_records_the_approval() {
    let (app, hears) = app().await;
    let (_, mut focal) = app.sign_in(Role::FocalPoint, "so-y-te").await.unwrap();
    let (_, mut officer) = app.sign_in(Role::Officer, "24").await.unwrap();
    let path = add(&app, &mut focal, "so-y-te", "Hồ sơ sức khỏe điện tử", "3").await;
    assert!(focal.get(&path).await.text().contains("Đã gửi thẩm định"));
    assert_eq!(
        focal.post(&format!("{path}/approve"), &[("decision", "1"), ("decided_on", "2026-09-30")]).await.status,
        403
    );
    let future =
        officer.post(&format!("{path}/approve"), &[("decision", "19/QĐ-UBND"), ("decided_on", "2027-01-01")]).await;
    assert_eq!(future.status, 422);
    let done =
        officer.post(&format!("{path}/approve"), &[("decision", "19/QĐ-UBND"), ("decided_on", "2026-09-30")]).await;
    assert_eq!(done.status, 303, "{}", done.text());
    let decided = focal.get(&format!("/api/v1{path}")).await.json();
    assert_eq!((decided["decision"].as_str(), decided["level_state"].as_str()), (Some("19/QĐ-UBND"), Some("approved")));
    let page = focal.get(&path).await.text();
    assert!(page.contains("Đã được phê duyệt"), "{page}");
    let id: Id = path.rsplit('/').next().unwrap().parse().unwrap();
    hears.0.lock().unwrap().insert(id);
    let list = officer.get("/api/v1/systems?connected=yes").await.json();
    assert_eq!(list["systems"][0]["name"], "Hồ sơ sức khỏe điện tử");
    assert_eq!(officer.get("/api/v1/systems?connected=no").await.json()["pager"]["total"], 0);
}

#[tokio::test]
async fn who_proposed_a_level_does_not_approve_it() {
    let (app, _) = app().await;
    let (_, mut officer) = app.sign_in(Role::Officer, "24").await.unwrap();
    let path = add(&app, &mut officer, "so-y-te", "Cổng thông tin", "2").await;
    let refused = officer.post(&format!("{path}/approve"), &[("decision", "1/QĐ"), ("decided_on", "2026-09-01")]).await;
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains("Nhờ cán bộ khác"), "{}", refused.text());
}

#[tokio::test]
async fn a_neighbour_sees_and_changes_nothing() {
    let (app, _) = app().await;
    let (_, mut owner) = app.sign_in(Role::FocalPoint, "so-y-te").await.unwrap();
    let (_, mut neighbour) = app.sign_in(Role::FocalPoint, "so-tai-chinh").await.unwrap();
    let path = add(&app, &mut owner, "so-y-te", "Hồ sơ sức khỏe", "3").await;
    assert!(!neighbour.get("/systems").await.text().contains("Hồ sơ sức khỏe"));
    assert_eq!(neighbour.get(&path).await.status, 404);
    assert_eq!(neighbour.get(&format!("/api/v1{path}")).await.status, 404);
    assert_eq!(neighbour.get(&format!("{path}/edit")).await.status, 404);
    let unit = app.unit("so-tai-chinh").unwrap().to_string();
    let fields = [("name", "Chiếm"), ("owner", unit.as_str()), ("operator", unit.as_str())];
    assert_eq!(neighbour.post(&path, &fields).await.status, 404);
    assert_eq!(neighbour.post(&format!("{path}/end"), &[]).await.status, 404);
    let foreign = app.unit("so-y-te").unwrap().to_string();
    let fields = [("name", "Gài"), ("owner", foreign.as_str()), ("operator", foreign.as_str())];
    assert_eq!(neighbour.post("/systems", &fields).await.status, 404, "not for another's unit");
    assert!(owner.get("/systems").await.text().contains("Hồ sơ sức khỏe"));
}

#[tokio::test]
async fn figures_count_running_systems_within_reach() {
    let (app, hears) = app().await;
    let (_, mut officer) = app.sign_in(Role::Officer, "24").await.unwrap();
    let a = add(&app, &mut officer, "so-y-te", "Một", "3").await;
    add(&app, &mut officer, "so-y-te", "Hai", "").await;
    let ended = add(&app, &mut officer, "so-tai-chinh", "Ba", "").await;
    officer.post(&format!("{ended}/end"), &[]).await;
    hears.0.lock().unwrap().insert(a.rsplit('/').next().unwrap().parse().unwrap());
    let connected = app.kit.measures().find(|measure| measure.id == "systems.connected").unwrap();
    let figure = (connected.compute)(&app.kit, &Reach::All, app.kit.now()).await.unwrap();
    assert_eq!((figure.numerator, figure.denominator), (1, Some(2)));
    let only = Reach::Units([app.unit("so-tai-chinh").unwrap()].into());
    assert_eq!((connected.compute)(&app.kit, &only, app.kit.now()).await.unwrap().value(), None);
    let register = Register::new(app.kit.db.clone());
    assert_eq!(register.within(Reach::All).await.unwrap().len(), 2);
}

#[tokio::test]
async fn two_people_do_not_overwrite_each_other() {
    let (app, _) = app().await;
    let (_, mut officer) = app.sign_in(Role::Officer, "24").await.unwrap();
    let path = add(&app, &mut officer, "so-y-te", "Một", "").await;
    let version = officer.get(&format!("/api/v1{path}/edit")).await.json()["version"].as_str().unwrap().to_owned();
    let unit = app.unit("so-y-te").unwrap().to_string();
    let fields =
        [("name", "Hai"), ("owner", unit.as_str()), ("operator", unit.as_str()), ("version", version.as_str())];
    app.clock.advance(chrono::TimeDelta::minutes(1));
    assert_eq!(officer.post(&path, &fields).await.status, 303);
    assert_eq!(officer.post(&path, &fields).await.status, 409);
}

#[tokio::test]
async fn every_page_shows_its_samples_in_both_languages() {
    let (app, _) = app().await;
    khien_web::testing::render_samples(&app.kit).unwrap();
}
