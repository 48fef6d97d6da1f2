//! Plans that are imported in one go, the real one among them.

use std::path::PathBuf;

use chrono::TimeDelta;
use khien_base::{Id, Role};
use khien_directory::testing::TestApp;

use super::{DEPARTMENTS, PLAN};
use crate::plans::model::State;
use crate::plans::progress::Report;
use crate::plans::take_in::{Incoming, Who};
use crate::plans::{MODULE, import, overview, store};

fn who(n: u128, name: &str) -> Who {
    Who { id: Some(Id::from_u128(n)), name: name.into() }
}

fn wanted(unit: Id, file: &str, bytes: Vec<u8>) -> import::Import {
    let incoming = Incoming { unit, parent: None, file_name: file.into(), bytes, author: who(1, "Tạ Thu Hường") };
    import::Import { incoming, state: State::Live, approver: who(2, "Ngô Đức Thịnh") }
}

#[tokio::test]
async fn an_import_follows_the_rules_of_the_pages() {
    let app = TestApp::with(vec![MODULE]).await.unwrap();
    let (unit, kit) = (app.unit("24").unwrap(), &app.kit);
    let mut alone = wanted(unit, "x.txt", PLAN.into());
    alone.approver = alone.incoming.author.clone();
    assert_eq!(import::import(kit, kit.now(), alone).await.unwrap_err().code, "plans.second-person");
    let plan = import::import(kit, kit.now(), wanted(unit, "x.txt", PLAN.into())).await.unwrap();
    let leads = import::leads(&kit.db, plan, "Rà soát hệ thống").await.unwrap();
    assert_eq!(leads.len(), 1);
    app.clock.advance(TimeDelta::days(30));
    let all = khien_base::Reach::All;
    let (late, total) = overview::late(kit, &all, kit.now(), 5).await.unwrap();
    assert_eq!((late[0].unit.as_str(), late[0].days_late, total), ("Công an tỉnh", 16, 1));
    let counts = overview::counts(kit, &all, kit.now()).await.unwrap();
    assert_eq!((counts.plans, counts.tasks, counts.late), (1, 101 + i64::try_from(DEPARTMENTS).unwrap(), 1));
    let (due, owed) = overview::obligations_due(kit, &all, kit.now(), 3).await.unwrap();
    assert!(due.len() == 3 && owed > 20, "{owed}");
    let targets = overview::targets(kit, &all, kit.now()).await.unwrap();
    let bound = targets.iter().find(|line| line.binding == "plans.tasks-in-time").unwrap();
    assert_eq!((bound.state.as_str(), bound.value), ("on_track", Some(0.0)), "its way begins with its first figure");
    let report = Report { state: "done".into(), percent: 100, note: "Đã rà soát xong.".into() };
    import::report_progress(kit, kit.now(), &who(3, "Đỗ Mạnh Tường"), leads[0].id, report.clone()).await.unwrap();
    let again = import::report_progress(kit, kit.now(), &who(3, "Đỗ Mạnh Tường"), leads[0].id, report).await;
    assert_eq!(again.unwrap_err().code, "plans.done-already");
    assert_eq!(overview::late(kit, &all, kit.now(), 5).await.unwrap().1, 0);
    let helpers = store::work::of_task(&kit.db, leads[0].task).await.unwrap();
    assert!(helpers.iter().all(|row| row.state != "open"), "who helps is done with the lead");
    let verdict = khien_db::audit::verify(kit.db.read()).await.unwrap();
    assert!(matches!(verdict, khien_db::audit::Verdict::Whole { .. }), "{verdict:?}");
}

/// The plan of tỉnh Bắc Ninh as it was issued.
#[tokio::test]
async fn the_real_plan_of_bac_ninh_goes_live() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../content/demo/plans");
    let bytes = std::fs::read(folder.join("bac-ninh.docx")).unwrap();
    let app = TestApp::with(vec![MODULE]).await.unwrap();
    let (unit, kit) = (app.unit("24").unwrap(), &app.kit);
    let plan = import::import(kit, kit.now(), wanted(unit, "bac-ninh.docx", bytes)).await.unwrap();
    let tasks = store::items::tasks(kit.db.read(), plan).await.unwrap();
    assert!(tasks.len() >= 20, "{}", tasks.len());
    let agencies = store::agencies::list(kit.db.read(), plan).await.unwrap();
    let unknown: Vec<&str> = agencies.iter().filter(|a| a.means == "unknown").map(|a| a.name.as_str()).collect();
    println!("{} tasks, {} agencies, unknown: {unknown:?}", tasks.len(), agencies.len());
    assert!(unknown.len() * 10 <= agencies.len(), "at most a tenth unknown: {unknown:?}");
    let led: std::collections::HashSet<Id> = store::work::of_plan(kit.db.read(), plan)
        .await
        .unwrap()
        .iter()
        .filter(|row| row.role == "lead")
        .map(|row| row.task)
        .collect();
    let named: std::collections::HashSet<Id> = store::items::parties(kit.db.read(), plan)
        .await
        .unwrap()
        .iter()
        .filter(|party| party.role == "lead")
        .map(|party| party.subject)
        .collect();
    let named = tasks.iter().filter(|task| named.contains(&task.id)).count();
    println!("{} tasks have a lead unit, {named} name a lead", led.len());
    assert!(named > 0 && led.len() * 10 >= named * 9, "{} of {named}", led.len());
    let (_, mut officer) = app.sign_in(Role::Officer, "24").await.unwrap();
    for path in [
        format!("/plans/{plan}"),
        format!("/plans/{plan}/review"),
        format!("/plans/{plan}/targets"),
        "/tasks".into(),
        "/tasks?by=agency".into(),
        "/obligations".into(),
    ] {
        let page = officer.get(&path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.text());
        println!("{path}: {} bytes", page.bytes.len());
    }
}
