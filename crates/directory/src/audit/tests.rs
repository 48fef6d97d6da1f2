//! The log as administrators, auditors and neighbours see it.

use std::sync::Arc;

use khien_base::ports::{Sheet, Sheets};
use khien_base::{Result, Role};
use sea_orm::ConnectionTrait;

use crate::testing::TestApp;

/// Lists as plain text, so that a test reads what a file would say.
struct Plain;

impl Sheets for Plain {
    fn csv(&self, sheet: &Sheet) -> Result<Vec<u8>> {
        let rows = std::iter::once(&sheet.columns).chain(&sheet.rows).map(|row| row.join(";"));
        Ok(rows.collect::<Vec<_>>().join("\n").into_bytes())
    }

    fn xlsx(&self, sheet: &Sheet) -> Result<Vec<u8>> {
        self.csv(sheet)
    }
}

async fn app() -> TestApp {
    TestApp::plugged(vec![], |kit| kit.sheets = Some(Arc::new(Plain))).await.unwrap()
}

#[tokio::test]
async fn the_log_is_filtered_opened_and_taken_away() {
    let app = app().await;
    let (_, mut admin) = app.sign_in(Role::Administrator, "24").await.unwrap();
    let health = app.unit("so-y-te").unwrap().to_string();
    let added = admin.post("/api/v1/people", &[("name", "Trần Thị Bình"), ("unit", &health)]).await.json();
    let id = added["id"].as_str().unwrap().to_owned();
    let seen = |list: &serde_json::Value| list["pager"]["total"].as_u64().unwrap();
    let (_, mut auditor) = app.sign_in(Role::Auditor, "24").await.unwrap();
    let all = auditor.get("/api/v1/audit").await.json();
    assert_eq!(seen(&all), 2, "the founding and the new person: {all}");
    assert_eq!(all["entries"][0]["unit"], "Sở Y tế");
    assert_eq!(all["entries"][0]["text"], "Thêm người");
    for (query, rows) in [
        ("action=people.", 1),
        ("action=units", 0),
        ("name=nguoi+administrator", 1),
        ("name=kh%C3%B4ng+c%C3%B3+ai", 0),
        (&*format!("subject={id}"), 1),
        ("from=2026-10-01&to=2026-10-01", 2),
        ("from=2026-10-02", 0),
        ("to=2026-09-30", 0),
    ] {
        assert_eq!(seen(&auditor.get(&format!("/api/v1/audit?{query}")).await.json()), rows, "{query}");
    }
    assert_eq!(auditor.get("/audit?action=%25").await.status, 422);
    assert_eq!(auditor.get("/audit?subject=x").await.status, 422);
    let file = auditor.get("/audit?action=people.&format=csv").await;
    assert!(
        file.text().contains("Thêm người;people.add;người dùng") && file.text().lines().count() == 2,
        "{}",
        file.text()
    );
    let seq = all["entries"][0]["seq"].as_i64().unwrap();
    let entry = auditor.get(&format!("/audit/{seq}")).await;
    assert!(entry.text().contains("<strong>Trần Thị Bình</strong>"), "{}", entry.text());
    assert_eq!(auditor.get("/audit/99999").await.status, 404);
    assert_eq!(auditor.get("/audit/x").await.status, 404);
    assert!(auditor.get("/units?q=y+te&format=csv").await.text().contains("Sở Y tế"));
    assert!(auditor.get("/people?format=xlsx").await.text().contains("Trần Thị Bình"));
}

#[tokio::test]
async fn a_neighbour_reads_only_the_own_units_entries() {
    let app = app().await;
    let (_, mut admin) = app.sign_in(Role::Administrator, "24").await.unwrap();
    let health = app.unit("so-y-te").unwrap().to_string();
    admin.post("/people", &[("name", "Trần Thị Bình"), ("unit", &health)]).await;
    let all = admin.get("/api/v1/audit").await.json();
    let seq = all["entries"][0]["seq"].as_i64().unwrap();
    let (_, mut own) = app.sign_in(Role::Auditor, "so-y-te").await.unwrap();
    assert_eq!(own.get("/api/v1/audit").await.json()["pager"]["total"], 1);
    assert_eq!(own.get(&format!("/audit/{seq}")).await.status, 200);
    assert_eq!(own.get("/audit/1").await.status, 404, "the founding is the centre's");
    let (_, mut neighbour) = app.sign_in(Role::Auditor, "09253").await.unwrap();
    let list = neighbour.get("/api/v1/audit").await.json();
    assert_eq!((list["pager"]["total"].as_u64(), list["last_seal"].as_str()), (Some(0), Some("")));
    assert_eq!(neighbour.get(&format!("/audit/{seq}")).await.status, 404);
    assert_eq!(neighbour.get(&format!("/api/v1/audit/{seq}")).await.status, 404);
    assert_eq!(neighbour.post("/audit/verify", &[]).await.status, 403);
    assert!(!neighbour.get("/audit?format=csv").await.text().contains("Bình"));
    let (_, mut officer) = app.sign_in(Role::Officer, "24").await.unwrap();
    assert_eq!(officer.get("/audit").await.status, 403);
}

#[tokio::test]
async fn the_check_finds_the_first_entry_that_was_touched() {
    let app = app().await;
    let (_, mut admin) = app.sign_in(Role::Administrator, "24").await.unwrap();
    let health = app.unit("so-y-te").unwrap().to_string();
    for name in ["Một", "Hai", "Ba"] {
        admin.post("/people", &[("name", name), ("unit", &health)]).await;
    }
    let whole = admin.post("/api/v1/audit/verify", &[]).await.json();
    assert_eq!((whole["verdict"]["whole"].as_bool(), whole["verdict"]["rows"].as_i64()), (Some(true), Some(4)));
    assert_eq!(whole["verdict"]["last"], whole["last_seal"]);
    assert!(admin.post("/audit/verify", &[]).await.text().contains("Chuỗi còn nguyên vẹn: 4 dòng"));
    let tx = app.kit.db.begin().await.unwrap();
    tx.conn().execute_unprepared("UPDATE audit SET actor_name = 'Ai khác' WHERE seq = 3").await.unwrap();
    tx.commit_machine().await.unwrap();
    let broken = admin.post("/api/v1/audit/verify", &[]).await.json();
    assert_eq!((broken["verdict"]["whole"].as_bool(), broken["verdict"]["broken_at"].as_i64()), (Some(false), Some(3)));
}
