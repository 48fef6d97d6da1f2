//! The tree as administrators and focal points see it.

use khien_base::{Id, Role};
use khien_web::testing::Browser;

use super::store;
use crate::testing::TestApp;
use crate::tree::Tree;

async fn app() -> TestApp {
    TestApp::with(vec![]).await.unwrap()
}

/// Adds an enterprise under a unit and gives its identity.
async fn add(browser: &mut Browser, name: &str, parent: Id, from: &str) -> String {
    let parent = parent.to_string();
    let answer =
        browser.post("/units", &[("name", name), ("kind", "enterprise"), ("parent", &parent), ("from", from)]).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.location().trim_start_matches("/units/").to_owned()
}

async fn tree_on(app: &TestApp, day: &str) -> Tree {
    Tree::load(&app.kit.db, Some(app.founded.centre.unit), day.parse().unwrap()).await.unwrap()
}

#[tokio::test]
async fn the_outline_shows_the_whole_province_and_is_narrowed() {
    let app = app().await;
    let (_, mut browser) = app.sign_in(Role::Leader, "24").await.unwrap();
    let all = browser.get("/api/v1/units").await.json();
    let communes: u64 = all["counts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|c| ["xa", "phuong"].iter().any(|k| c["kind"] == *k))
        .map(|c| c["count"].as_u64().unwrap())
        .sum();
    assert_eq!(communes, 99);
    assert_eq!(all["may_write"], false);
    let page = browser.get("/units?q=nhan+hoa").await;
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(page.text().contains("<mark>Phường Nhân Hòa</mark>"), "{}", page.text());
    let narrowed = browser.get("/api/v1/units?q=nhan+hoa&kind=phuong").await.json();
    assert_eq!((narrowed["shown"].as_u64(), narrowed["tree"][0]["found"].as_bool()), (Some(1), Some(false)));
    assert!(browser.get("/units?q=khong-co-don-vi-nay").await.text().contains("Bỏ lọc"));
    assert_eq!(browser.get("/units?day=hom-qua").await.status, 422);
    assert_eq!(browser.get("/api/v1/units?day=2025-06-30").await.json()["total"], 0);
}

#[test]
fn every_kind_of_the_templates_has_a_name() {
    let texts: serde_json::Value = serde_json::from_str(super::MODULE.texts_vi).unwrap();
    for code in ["24", "46", "09253"] {
        let place = super::catalogue::place(code, "2026-10-01".parse().unwrap()).unwrap().unwrap();
        for (unit, _) in super::catalogue::bodies(&place).unwrap() {
            assert!(super::model::KINDS.contains(&unit.kind.as_str()), "{}", unit.kind);
        }
    }
    for kind in super::model::KINDS {
        assert!(texts[format!("units.kind.{kind}")].is_string(), "{kind}");
    }
}

#[tokio::test]
async fn a_neighbour_sees_and_changes_nothing() {
    let app = app().await;
    let (health, commune) = (app.unit("so-y-te").unwrap(), app.unit("09253").unwrap());
    let (_, mut focal) = app.sign_in(Role::FocalPoint, "09253").await.unwrap();
    let list = focal.get("/api/v1/units").await.json();
    assert_eq!(list["total"], 1);
    assert!(!list.to_string().contains("Sở Y tế"));
    assert_eq!(focal.get(&format!("/units/{commune}")).await.status, 200);
    assert_eq!(focal.get(&format!("/units/{health}")).await.status, 404);
    assert_eq!(focal.get(&format!("/api/v1/units/{health}")).await.status, 404);
    assert_eq!(focal.post(&format!("/units/{commune}"), &[("name", "Khác")]).await.status, 403);
    let (_, mut admin) = app.sign_in(Role::Administrator, "09253").await.unwrap();
    for (path, fields) in [
        (format!("/units/{health}"), vec![("name", "Khác"), ("kind", "department")]),
        (format!("/units/{health}/close"), vec![("last", "2026-12-31")]),
        (format!("/api/v1/units/{health}/move"), vec![("from", "2026-12-31")]),
    ] {
        assert_eq!(admin.post(&path, &fields).await.status, 404, "{path}");
    }
    assert_eq!(admin.get(&format!("/units/{health}/edit")).await.status, 404);
    let under = health.to_string();
    let refused = admin.post("/units", &[("name", "Lạ"), ("kind", "enterprise"), ("parent", &under)]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("units.no-parent"));
}

#[tokio::test]
async fn a_unit_is_added_renamed_and_reached_by_its_upper_unit_at_once() {
    let app = app().await;
    let (_, mut admin) = app.sign_in(Role::Administrator, "so-y-te").await.unwrap();
    let id = add(&mut admin, "Bệnh viện  Sản Nhi", app.unit("so-y-te").unwrap(), "").await;
    let page = admin.get(&format!("/units/{id}")).await;
    assert!(page.text().contains("Bệnh viện Sản Nhi") && page.text().contains("Thêm đơn vị"), "{}", page.text());
    let edit = admin.get(&format!("/api/v1/units/{id}/edit")).await.json();
    let version = edit["version"].as_str().unwrap().to_owned();
    let renamed = [("name", "Bệnh viện Sản Nhi Bắc Ninh"), ("kind", "service"), ("version", version.as_str())];
    assert_eq!(admin.post(&format!("/units/{id}"), &renamed).await.status, 303);
    let stale = admin.post(&format!("/units/{id}"), &renamed).await;
    assert_eq!(stale.status, 409, "the second of two edits is told of the first");
    let detail = admin.get(&format!("/api/v1/units/{id}")).await.json();
    assert_eq!((detail["kind"].as_str(), detail["parent"]["name"].as_str()), (Some("service"), Some("Sở Y tế")));
    let taken = [
        ("name", "X"),
        ("kind", "service"),
        ("code", "so-tu-phap"),
        ("parent", &*app.unit("so-y-te").unwrap().to_string()),
        ("from", ""),
    ];
    assert!(admin.post("/units", &taken).await.text().contains("units.code-taken"));
}

#[tokio::test]
async fn a_move_keeps_the_tree_as_it_was() {
    let app = app().await;
    let (_, mut admin) = app.sign_in(Role::Administrator, "24").await.unwrap();
    let (health, science) = (app.unit("so-y-te").unwrap(), app.unit("so-khcn").unwrap());
    let id = add(&mut admin, "Trung tâm Dữ liệu", health, "2026-01-01").await;
    let path = format!("/units/{id}/move");
    let to = |parent: Id, from: &'static str| (parent.to_string(), from);
    let (parent, from) = to(science, "2026-07-01");
    assert_eq!(admin.post(&path, &[("parent", &parent), ("from", from)]).await.status, 303);
    let unit: Id = id.parse().unwrap();
    assert_eq!(tree_on(&app, "2026-06-30").await.get(unit).unwrap().parent, Some(health));
    assert_eq!(tree_on(&app, "2026-07-01").await.get(unit).unwrap().parent, Some(science));
    // Rights follow at once.
    let now = crate::gate::of(&app.kit).unwrap().tree(app.kit.now()).await.unwrap();
    assert!(now.reach(science).covers(unit) && !now.reach(health).covers(unit));
    let (parent, from) = to(health, "2026-03-01");
    let refused = admin.post(&path, &[("parent", &parent), ("from", from)]).await;
    assert!(refused.text().contains("units.move-date"), "{}", refused.text());
    let own = format!("/units/{science}/move");
    let refused = admin.post(&own, &[("parent", &id), ("from", "2026-12-01")]).await;
    assert!(refused.text().contains("units.circle"), "{}", refused.text());
    let root = app.founded.centre.unit;
    let refused = admin.post(&format!("/units/{root}/move"), &[("parent", &id)]).await;
    assert!(refused.text().contains("units.root"), "{}", refused.text());
    let places = admin.get(&format!("/api/v1/units/{id}")).await.json()["places"].as_array().unwrap().len();
    assert_eq!(places, 2);
}

#[tokio::test]
async fn nobody_moves_or_closes_the_own_unit() {
    let app = app().await;
    let (_, mut admin) = app.sign_in(Role::Administrator, "so-y-te").await.unwrap();
    let health = app.unit("so-y-te").unwrap();
    let inner = add(&mut admin, "Trạm", health, "").await;
    let refused = admin.post(&format!("/units/{health}/move"), &[("parent", &inner), ("from", "2027-01-01")]).await;
    assert!(refused.text().contains("units.own-branch"), "{}", refused.text());
    assert_eq!(admin.post(&format!("/units/{inner}/close"), &[("last", "2026-10-31")]).await.status, 303);
    let refused = admin.post(&format!("/units/{health}/close"), &[("last", "2026-12-31")]).await;
    assert!(refused.text().contains("units.own-branch"), "{}", refused.text());
}

#[tokio::test]
async fn a_unit_closes_after_its_children_and_stays_for_its_records() {
    let app = app().await;
    let (_, mut admin) = app.sign_in(Role::Administrator, "24").await.unwrap();
    let outer = add(&mut admin, "Tổng công ty", app.founded.centre.unit, "2026-01-01").await;
    let inner = add(&mut admin, "Chi nhánh", outer.parse().unwrap(), "2026-02-01").await;
    let close = |id: &str| format!("/units/{id}/close");
    let refused = admin.post(&close(&outer), &[("last", "2026-12-31")]).await;
    assert_eq!(refused.status, 409);
    assert!(refused.text().contains("units.has-children"), "{}", refused.text());
    let refused = admin.post(&close(&inner), &[("last", "2026-01-31")]).await;
    assert!(refused.text().contains("units.close-date"), "{}", refused.text());
    assert_eq!(admin.post(&close(&inner), &[("last", "2026-12-31")]).await.status, 303);
    let refused = admin.post(&close(&outer), &[("last", "2026-12-30")]).await;
    assert!(refused.text().contains("units.has-children"), "the branch works a day longer: {}", refused.text());
    assert_eq!(admin.post(&close(&outer), &[("last", "2026-12-31")]).await.status, 303);
    let id: Id = outer.parse().unwrap();
    assert!(tree_on(&app, "2026-12-31").await.get(id).is_some());
    assert!(tree_on(&app, "2027-01-01").await.get(id).is_none());
    let again = admin.post(&close(&outer), &[("last", "2027-12-31")]).await;
    assert!(again.text().contains("units.closed"));
    let root = app.founded.centre.unit.to_string();
    assert!(admin.post(&close(&root), &[]).await.text().contains("units.root"));
    app.clock.advance(chrono::TimeDelta::days(120));
    let (_, mut later) = app.sign_in(Role::Administrator, "24").await.unwrap();
    assert_eq!(later.get(&format!("/units/{outer}")).await.status, 200, "a closed unit can still be read");
    let under = [("name", "Mới"), ("kind", "enterprise"), ("parent", outer.as_str())];
    assert!(later.post("/units", &under).await.text().contains("units.parent-closed"));
    assert_eq!(store::get(&app.kit.db, id).await.unwrap().valid_to, "2026-12-31".parse().ok());
}
