//! People and their roles as administrators, focal points and neighbours see them.

use khien_base::{Id, Role};
use khien_web::testing::{Answer, Browser};
use sea_orm::ActiveValue;

use super::store;
use crate::testing::TestApp;

async fn app() -> TestApp {
    TestApp::with(vec![]).await.unwrap()
}

/// Adds a user and gives identity and first password.
async fn add(browser: &mut Browser, name: &str, username: &str, unit: Id) -> (Id, String) {
    let unit = unit.to_string();
    let answer = browser.post("/api/v1/people", &[("name", name), ("username", username), ("unit", &unit)]).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let json = answer.json();
    (json["id"].as_str().unwrap().parse().unwrap(), json["new_password"].as_str().unwrap().to_owned())
}

async fn give(browser: &mut Browser, person: Id, role: &str, unit: Id) -> Answer {
    let unit = unit.to_string();
    let fields = [("role", role), ("unit", unit.as_str()), ("document", "QĐ 12/QĐ-CAT ngày 02/7/2026")];
    browser.post(&format!("/people/{person}/roles"), &fields).await
}

fn says(answer: &Answer, code: &str) {
    assert!(answer.text().contains(code), "{code}: {} {}", answer.status, answer.text());
}

#[tokio::test]
async fn a_new_user_signs_in_with_the_password_shown_once_and_must_change_it() {
    let app = app().await;
    let (_, mut admin) = app.sign_in(Role::Administrator, "24").await.unwrap();
    let health = app.unit("so-y-te").unwrap();
    let (id, password) = add(&mut admin, "Trần Thị Bình", "Binh.YT", health).await;
    let page = admin.get(&format!("/people/{id}")).await;
    assert!(page.text().contains("Trần Thị Bình") && !page.text().contains(&password), "{}", page.text());
    assert_eq!(give(&mut admin, id, "focal_point", health).await.status, 303);
    let mut user = app.stranger();
    let answer = user.post("/sign-in", &[("username", "binh.yt"), ("password", &password)]).await;
    assert_eq!((answer.status, answer.location()), (303, "/account"));
    assert_eq!(user.get("/people").await.location(), "/account", "nothing else before the password is changed");
    let new = "bảy con trâu gặm cỏ";
    let fields = [("current", password.as_str()), ("password", new), ("again", new)];
    assert_eq!(user.post("/account/password", &fields).await.status, 303);
    assert_eq!(user.get("/people").await.status, 200);
    let unit = health.to_string();
    let twin = admin.post("/people", &[("name", "Khác"), ("username", "BINH.yt"), ("unit", &unit)]).await;
    assert_eq!(twin.status, 409);
    says(&twin, "people.username-taken");
    let log = khien_db::audit::history(app.kit.db.read(), id, 50).await.unwrap();
    assert!(log.iter().all(|row| !row.detail.to_string().contains(&password)));
}

#[tokio::test]
async fn a_neighbour_sees_and_changes_nobody() {
    let app = app().await;
    let (officer, _) = app.sign_in(Role::FocalPoint, "so-y-te").await.unwrap();
    let (_, mut focal) = app.sign_in(Role::FocalPoint, "09253").await.unwrap();
    let list = focal.get("/api/v1/people").await.json();
    assert_eq!(list["pager"]["total"], 1, "only of the own unit: {list}");
    let health = app.unit("so-y-te").unwrap();
    assert_eq!(focal.get(&format!("/api/v1/people?unit={health}")).await.json()["pager"]["total"], 0);
    assert_eq!(focal.get(&format!("/people/{officer}")).await.status, 404);
    assert_eq!(focal.get(&format!("/api/v1/people/{officer}")).await.status, 404);
    assert_eq!(focal.post(&format!("/people/{officer}/password"), &[]).await.status, 403);
    let (_, mut admin) = app.sign_in(Role::Administrator, "09253").await.unwrap();
    for what in ["", "/active", "/password", "/second-factor"] {
        let fields = [("name", "Khác"), ("active", "false")];
        assert_eq!(admin.post(&format!("/people/{officer}{what}"), &fields).await.status, 404, "{what}");
    }
    assert_eq!(give(&mut admin, officer, "officer", app.unit("09253").unwrap()).await.status, 404);
    let unit = health.to_string();
    says(&admin.post("/people", &[("name", "Lạ"), ("unit", &unit)]).await, "people.no-unit");
}

#[tokio::test]
async fn nobody_gives_more_than_the_own_reach_nor_changes_the_own_roles() {
    let app = app().await;
    let (me, mut admin) = app.sign_in(Role::Administrator, "so-y-te").await.unwrap();
    let health = app.unit("so-y-te").unwrap();
    let (id, _) = add(&mut admin, "Lê Văn An", "an.yt", health).await;
    for above in ["24", "ubnd", "so-tu-phap"] {
        let refused = give(&mut admin, id, "focal_point", app.unit(above).unwrap()).await;
        assert_eq!(refused.status, 403, "{above}");
        says(&refused, "people.beyond-reach");
    }
    assert_eq!(give(&mut admin, id, "administrator", health).await.status, 303);
    says(&give(&mut admin, id, "administrator", health).await, "people.role-held");
    says(&give(&mut admin, me, "officer", health).await, "people.own-roles");
    let own = store::all_roles(app.kit.db.read(), me).await.unwrap().remove(0);
    says(&admin.post(&format!("/people/{me}/roles/{}/end", own.id), &[]).await, "people.own-roles");
    for what in ["active", "password", "second-factor"] {
        let refused = admin.post(&format!("/people/{me}/{what}"), &[("active", "false")]).await;
        says(&refused, "people.own-account");
    }
    let unit = health.to_string();
    let bare = [("role", "officer"), ("unit", unit.as_str())];
    says(&admin.post(&format!("/people/{id}/roles"), &bare).await, "people.no-document");
}

#[tokio::test]
async fn an_account_with_more_rights_is_not_taken_over() {
    let app = app().await;
    // The centre's administrator belongs to the police unit, whose own administrator has rights over its people.
    let boss = app.founded.administrator;
    let unit = store::get(&app.kit.db, boss).await.unwrap().unit;
    let code = app.founded.units.iter().find(|(_, id)| **id == unit).unwrap().0.clone();
    let (_, mut admin) = app.sign_in(Role::Administrator, &code).await.unwrap();
    assert_eq!(admin.get(&format!("/people/{boss}")).await.status, 200);
    for what in ["active", "password", "second-factor"] {
        let refused = admin.post(&format!("/people/{boss}/{what}"), &[("active", "false")]).await;
        assert_eq!(refused.status, 403);
        says(&refused, "people.above-you");
    }
    says(&admin.post(&format!("/people/{boss}"), &[("name", "Khác")]).await, "people.above-you");
    says(&give(&mut admin, boss, "officer", unit).await, "people.above-you");
}

#[tokio::test]
async fn the_last_administrator_of_the_centre_stays() {
    let app = app().await;
    let boss = app.founded.administrator;
    let role = store::all_roles(app.kit.db.read(), boss).await.unwrap().remove(0);
    let (deputy, mut admin) = app.sign_in(Role::Administrator, "24").await.unwrap();
    let own = store::all_roles(app.kit.db.read(), deputy).await.unwrap().remove(0);
    // The deputy's role has a last day, so the founder is the only one who stays.
    let tx = app.kit.db.begin().await.unwrap();
    store::end_role(tx.conn(), own.clone(), "2026-12-31".parse().unwrap()).await.unwrap();
    tx.commit_machine().await.unwrap();
    let end = format!("/people/{boss}/roles/{}/end", role.id);
    says(&admin.post(&format!("/people/{boss}/active"), &[("active", "false")]).await, "people.last-administrator");
    says(&admin.post(&end, &[]).await, "people.last-administrator");
    let json = admin.get(&format!("/api/v1/people/{boss}/edit")).await.json();
    let text = |name: &str| json[name].as_str().unwrap().to_owned();
    let fields =
        [("name", text("name")), ("unit", text("unit")), ("version", text("version")), ("username", String::new())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    says(&admin.post(&format!("/people/{boss}"), &fields).await, "people.last-administrator");
    // With another one there, the founder can go.
    let (third, _) = add(&mut admin, "Phạm Thu Hà", "ha.pt", app.unit("24").unwrap()).await;
    assert_eq!(give(&mut admin, third, "administrator", app.unit("24").unwrap()).await.status, 303);
    assert_eq!(admin.post(&end, &[("last", "2026-09-30")]).await.status, 303);
    assert_eq!(admin.post(&format!("/people/{boss}/active"), &[("active", "false")]).await.status, 303);
    assert!(!store::get(&app.kit.db, boss).await.unwrap().active);
}

#[tokio::test]
async fn a_reset_ends_sessions_and_an_inactive_person_is_out() {
    let app = app().await;
    let (_, mut admin) = app.sign_in(Role::Administrator, "24").await.unwrap();
    let (id, mut user) = app.sign_in(Role::FocalPoint, "so-y-te").await.unwrap();
    assert_eq!(user.get("/account").await.status, 200);
    let reset = admin.post(&format!("/api/v1/people/{id}/password"), &[]).await.json();
    assert!(reset["new_password"].as_str().unwrap().len() >= 20);
    assert_eq!(user.get("/account").await.status, 303, "the session ended");
    assert!(store::get(&app.kit.db, id).await.unwrap().must_change);
    says(&admin.post(&format!("/people/{id}/second-factor"), &[]).await, "people.no-second-factor");
    let person = store::get(&app.kit.db, id).await.unwrap();
    let tx = app.kit.db.begin().await.unwrap();
    store::update(tx.conn(), person, |row| row.totp_secret = ActiveValue::Set(Some("JBSWY3DPEHPK3PXP".into())))
        .await
        .unwrap();
    tx.commit_machine().await.unwrap();
    assert_eq!(admin.post(&format!("/people/{id}/second-factor"), &[]).await.status, 303);
    assert_eq!(store::get(&app.kit.db, id).await.unwrap().totp_secret, None);
    let (other, mut second) = app.sign_in(Role::FocalPoint, "so-y-te").await.unwrap();
    assert_eq!(admin.post(&format!("/people/{other}/active"), &[("active", "false")]).await.status, 303);
    assert_eq!(second.get("/account").await.status, 303);
    assert_eq!(admin.post(&format!("/people/{other}/active"), &[("active", "true")]).await.status, 303);
    assert!(store::get(&app.kit.db, other).await.unwrap().active);
    says(&admin.post(&format!("/people/{other}/active"), &[("active", "maybe")]).await, "people.active");
}

#[tokio::test]
async fn a_role_ends_on_its_last_day_and_two_edits_do_not_cross() {
    let app = app().await;
    let (_, mut admin) = app.sign_in(Role::Administrator, "24").await.unwrap();
    let (id, mut user) = app.sign_in(Role::Leader, "so-y-te").await.unwrap();
    let role = store::all_roles(app.kit.db.read(), id).await.unwrap().remove(0);
    let end = format!("/people/{id}/roles/{}/end", role.id);
    says(&admin.post(&end, &[("last", "2026-09-29")]).await, "people.end-date");
    assert_eq!(admin.post(&end, &[("last", "2026-10-01")]).await.status, 303);
    assert_eq!(user.get("/units").await.status, 200, "the last day still counts");
    app.clock.advance(chrono::TimeDelta::hours(16));
    let (_, mut fresh) = app.sign_in(Role::Administrator, "24").await.unwrap();
    says(&fresh.post(&end, &[]).await, "people.role-over");
    let held = store::roles(&app.kit.db, id, khien_base::clock::day_in_vietnam(app.kit.now())).await.unwrap();
    assert!(held.is_empty());
    assert_eq!(fresh.post(&format!("/people/{id}/roles/{id}/end"), &[]).await.status, 404);
    let json = fresh.get(&format!("/api/v1/people/{id}/edit")).await.json();
    let text = |name: &str| json[name].as_str().unwrap().to_owned();
    let (unit, version, username) = (text("unit"), text("version"), text("username"));
    let fields =
        [("name", "Tên mới"), ("unit", unit.as_str()), ("version", version.as_str()), ("username", username.as_str())];
    assert_eq!(fresh.post(&format!("/people/{id}"), &fields).await.status, 303);
    let late = fresh.post(&format!("/people/{id}"), &fields).await;
    assert_eq!(late.status, 409);
    says(&late, "people.changed");
    assert!(fresh.get("/people?q=ten+moi").await.text().contains("Tên mới"));
}
