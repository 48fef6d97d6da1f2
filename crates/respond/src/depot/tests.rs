//! The store of events as people meet it.

use chrono::{DateTime, TimeDelta, Utc};
use khien_base::event::Hot;
use khien_base::ports::EventStore;
use khien_base::{Event, Id, LogSource, Record, Role};
use khien_web::testing::Browser;
use serde_json::{Map, Value};

use super::{jobs, rows};
use crate::sources::tests::Centre;

fn event(n: u128, system: Id, unit: Id, time: DateTime<Utc>) -> Event {
    let record = Record {
        time: Some(time),
        log: LogSource::default(),
        hot: Hot::default(),
        fields: Map::new().into(),
        raw: "x".into(),
        key: None,
    };
    Event { id: Id::from_u128(n), time, received: time, source: Id::from_u128(9), system, unit, record }
}

/// A centre whose two systems (level 3) have an event on each of the days so long ago.
async fn with_events(ages: &[i64]) -> (Centre, Browser) {
    let centre = Centre::new().await;
    let (hospital, commune) = (centre.app.unit("so-y-te").unwrap(), centre.app.unit("09253").unwrap());
    let mut n = 0;
    for age in ages {
        let at = centre.app.kit.now() - TimeDelta::days(*age);
        for (system, unit) in [(centre.hospital, hospital), (centre.commune, commune)] {
            n += 1;
            centre.events.append(vec![event(n, system, unit, at)]).await.unwrap();
        }
    }
    let (_, administrator) = centre.app.sign_in(Role::Administrator, "24").await.unwrap();
    (centre, administrator)
}

async fn run(centre: &Centre) {
    jobs::retain(&centre.app.kit, &Value::Null).await.unwrap();
}

fn left(centre: &Centre, system: Id) -> usize {
    centre.events.0.lock().unwrap().iter().filter(|event| event.system == system).count()
}

#[tokio::test]
async fn nothing_goes_before_the_administrator_has_seen_it_and_said_so() {
    let (centre, mut administrator) = with_events(&[0, 80, 120, 400]).await;
    run(&centre).await;
    assert_eq!(left(&centre, centre.hospital), 4);
    // Level 3 demands three months; the centre's own minimum of twelve months is longer.
    let seen = administrator.get("/api/v1/depot/retention").await.json();
    assert_eq!((seen["due"].as_u64(), seen["deletes"].as_bool()), (Some(2), Some(false)));
    let shorter = administrator.get("/api/v1/depot/retention?least_months=0").await.json();
    assert_eq!(shorter["due"].as_u64(), Some(4));
    let page = administrator.get("/depot/retention?least_months=0").await.text();
    assert!(page.contains("Sẽ xóa") && page.contains("Bệnh án điện tử"), "{page}");
    run(&centre).await;
    assert_eq!(left(&centre, centre.hospital), 4, "looking deletes nothing");

    let on = [("deletes", "true"), ("least_months", "0")];
    assert_eq!(administrator.post("/depot/retention", &on).await.status, 303);
    run(&centre).await;
    assert_eq!((left(&centre, centre.hospital), left(&centre, centre.commune)), (2, 2));
    let page = administrator.get("/api/v1/depot/retention").await.json();
    assert_eq!((page["due"].as_u64(), page["gone"].as_array().unwrap().len()), (Some(0), 4));
    let said = khien_db::audit::history(centre.app.kit.db.read(), centre.hospital, 10).await.unwrap();
    let deletions: Vec<_> = said.iter().filter(|entry| entry.action == "depot.delete").collect();
    assert_eq!(deletions.len(), 2);
    assert_eq!((&deletions[0].detail["events"], &deletions[0].detail["months"]), (&1.into(), &3.into()));
    run(&centre).await;
    assert_eq!(left(&centre, centre.hospital), 2, "a second run finds nothing more");

    let off = [("deletes", "false"), ("least_months", "0")];
    assert_eq!(administrator.post("/depot/retention", &off).await.status, 303);
    centre.app.clock.advance(TimeDelta::days(30));
    run(&centre).await;
    assert_eq!(left(&centre, centre.hospital), 2);
}

#[tokio::test]
async fn what_is_held_stays_until_the_hold_is_lifted_with_a_reason() {
    let (centre, mut administrator) = with_events(&[200, 201]).await;
    let on = [("deletes", "true"), ("least_months", "0")];
    assert_eq!(administrator.post("/depot/retention", &on).await.status, 303);
    let mut officer = centre.officer().await;
    let system = centre.hospital.to_string();
    let from = (centre.app.kit.now() - TimeDelta::days(200) - TimeDelta::hours(2))
        .with_timezone(&khien_base::clock::vietnam())
        .format("%Y-%m-%dT%H:%M")
        .to_string();
    let hold = [("system", system.as_str()), ("from", from.as_str()), ("to", ""), ("reason", "Sự cố SC-2026-1")];
    assert_eq!(officer.post("/depot/holds", &hold).await.status, 303);
    run(&centre).await;
    assert_eq!((left(&centre, centre.hospital), left(&centre, centre.commune)), (1, 0));

    let holds = officer.get("/api/v1/depot/holds").await.json();
    let id = holds["rows"][0]["id"].as_str().unwrap().to_owned();
    let lift = format!("/depot/holds/{id}/lift");
    assert_eq!(officer.post(&lift, &[("reason", " ")]).await.status, 422);
    assert_eq!(officer.post(&lift, &[("reason", "Đã kết luận")]).await.status, 303);
    assert_eq!(officer.post(&lift, &[("reason", "Lần nữa")]).await.status, 409);
    let said = khien_db::audit::history(centre.app.kit.db.read(), id.parse().unwrap(), 10).await.unwrap();
    let mut actions: Vec<&str> = said.iter().map(|entry| entry.action.as_str()).collect();
    actions.sort_unstable();
    assert_eq!(actions, ["depot.hold", "depot.lift"]);
    run(&centre).await;
    assert_eq!(left(&centre, centre.hospital), 0);
    let kept = officer.get("/api/v1/depot/holds").await.json();
    assert_eq!(kept["rows"][0]["lifted_reason"], "Đã kết luận", "the row stays");
}

#[tokio::test]
async fn a_deletion_that_a_crash_cut_short_is_written_down_once() {
    let (centre, mut administrator) = with_events(&[400]).await;
    let on = [("deletes", "true"), ("least_months", "0")];
    assert_eq!(administrator.post("/depot/retention", &on).await.status, 303);
    // Announced, and the events are gone, but the end was not written.
    let kit = &centre.app.kit;
    let day = (kit.now() - TimeDelta::days(400)).date_naive();
    let announced = super::model::gone::Model {
        id: kit.id(),
        day,
        system: centre.hospital,
        unit: centre.app.unit("so-y-te").unwrap(),
        events: 1,
        months: 3,
        planned_at: kit.now(),
        done_at: None,
    };
    let tx = kit.db.begin().await.unwrap();
    rows::plan(tx.conn(), vec![announced]).await.unwrap();
    tx.commit_machine().await.unwrap();
    centre.events.forget(day, vec![centre.hospital], Vec::new()).await.unwrap();
    run(&centre).await;
    run(&centre).await;
    let said = khien_db::audit::history(kit.db.read(), centre.hospital, 10).await.unwrap();
    assert_eq!(said.iter().filter(|entry| entry.action == "depot.delete").count(), 1);
    assert_eq!(left(&centre, centre.commune), 0);
}

#[tokio::test]
async fn a_unit_sees_its_own_systems_and_decides_nothing() {
    let (centre, _) = with_events(&[0, 400]).await;
    let mut own = centre.focal("so-y-te").await;
    let page = own.get("/depot").await.text();
    assert!(page.contains("Bệnh án điện tử") && !page.contains("Một cửa phường"), "{page}");
    let json = own.get("/api/v1/depot").await.json();
    assert_eq!((json["whole"]["events"].as_u64(), json["whole"]["files"].as_u64()), (Some(2), Some(0)));
    assert!(!own.get("/depot/retention").await.text().contains("Một cửa phường"));
    assert_eq!(own.post("/depot/retention", &[("deletes", "true"), ("least_months", "0")]).await.status, 403);
    let system = centre.hospital.to_string();
    let hold = [("system", system.as_str()), ("reason", "x")];
    assert_eq!(own.post("/depot/holds", &hold).await.status, 403);

    let mut officer = centre.officer().await;
    assert_eq!(officer.post("/depot/holds", &hold).await.status, 303);
    let mut neighbour = centre.focal("09253").await;
    assert_eq!(neighbour.get("/api/v1/depot/holds").await.json()["rows"].as_array().unwrap().len(), 0);
    assert!(!neighbour.get("/depot/holds").await.text().contains("Bệnh án điện tử"));
    assert_eq!(own.get("/api/v1/depot/holds").await.json()["rows"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn forms_say_what_is_wrong_with_them() {
    let (centre, mut administrator) = with_events(&[]).await;
    let code = |answer: khien_web::testing::Answer| answer.json()["fault"]["code"].as_str().unwrap().to_owned();
    let months = [("deletes", "true"), ("least_months", "500")];
    assert_eq!(code(administrator.post("/api/v1/depot/retention", &months).await), "depot.months");
    let mut officer = centre.officer().await;
    let system = centre.hospital.to_string();
    let cases: [(&[(&str, &str)], &str); 5] = [
        (&[("system", "x"), ("reason", "y")], "depot.system"),
        (&[("system", &system), ("reason", "")], "depot.reason"),
        (&[("system", &system), ("reason", "y"), ("from", "hôm qua")], "depot.moment"),
        (
            &[("system", &system), ("reason", "y"), ("from", "2026-08-02T00:00"), ("to", "2026-08-01T00:00")],
            "depot.span",
        ),
        (&[("system", &system), ("reason", "y"), ("incident", "7")], "depot.incident"),
    ];
    for (form, expected) in cases {
        assert_eq!(code(officer.post("/api/v1/depot/holds", form).await), expected);
    }
}
