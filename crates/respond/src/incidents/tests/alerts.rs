//! Incidents opened from alerts.

use super::*;

async fn alert(app: &TestApp, unit: &str, system: Option<Id>, host: &str) -> Id {
    use crate::alerts::store::{Raised, raise};
    let (kit, unit) = (&app.kit, app.unit(unit).unwrap());
    let raised = Raised {
        kind: crate::alerts::model::SILENT,
        title: "Nguồn nhật ký im lặng".into(),
        level: khien_detect::Level::High,
        unit,
        system,
        host: host.into(),
        detail: serde_json::json!({}),
    };
    assert!(raise(&kit.db, &kit.ids, kit.now(), raised).await.unwrap());
    use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
    let found = crate::alerts::model::Entity::find().filter(crate::alerts::model::Column::Host.eq(host));
    found.one(kit.db.read()).await.unwrap().unwrap().id
}

#[tokio::test]
async fn alerts_open_an_incident_that_runs_from_the_first_of_them() {
    let (app, _) = app().await;
    let (_, mut officer) = app.sign_in(Role::Officer, "24").await.unwrap();
    let (_, mut neighbour) = app.sign_in(Role::FocalPoint, "so-xay-dung").await.unwrap();
    let first = alert(&app, "so-y-te", Some(SYSTEM), "hs-01").await.to_string();
    let t0 = app.kit.now();
    app.clock.advance(TimeDelta::hours(2));
    let second = alert(&app, "so-y-te", Some(SYSTEM), "hs-02").await.to_string();
    let foreign = alert(&app, "so-xay-dung", None, "qh-01").await.to_string();
    assert_eq!(neighbour.post("/incidents", &[("alert", &first)]).await.status, 404);
    let mixed = officer.post("/incidents", &[("alert", &first), ("alert", &foreign)]).await;
    assert!(mixed.text().contains("incidents.several-units"), "{}", mixed.text());
    let sheet = officer.get(&format!("/incidents/new?alert={first}&alert={second}")).await;
    assert!(sheet.text().contains("Nguồn nhật ký im lặng (hs-01)"), "{}", sheet.text());
    // From the list of alerts nothing but the alerts is sent; a later T0 typed by hand does not stretch the clocks.
    let late = super::super::rules::typed(app.kit.now());
    let fields = [("alert", first.as_str()), ("alert", second.as_str()), ("detected_at", &late)];
    let answer = officer.post("/incidents", &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let path = answer.location().to_owned();
    let json = record(&mut officer, &path).await;
    assert_eq!(json["title"], "Nguồn nhật ký im lặng (hs-01)");
    assert_eq!((json["unit"].as_str(), json["system"].as_str()), (Some("Sở Y tế"), Some("Hồ sơ sức khỏe điện tử")));
    assert_eq!(json["alerts"].as_array().unwrap().len(), 2);
    assert_eq!(json["detected_at"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap(), t0);
    assert_eq!(officer.post("/incidents", &[("alert", &first)]).await.status, 409, "one incident an alert");
    // Another alert of the unit joins it; a neighbour's does not.
    let third = alert(&app, "so-y-te", Some(SYSTEM), "hs-03").await.to_string();
    assert_eq!(officer.post(&format!("{path}/alerts"), &[("alert", &foreign)]).await.status, 422);
    assert_eq!(officer.post(&format!("{path}/alerts"), &[("alert", &third)]).await.status, 303);
    assert_eq!(record(&mut officer, &path).await["alerts"].as_array().unwrap().len(), 3);
    assert_eq!(officer.get(&format!("{path}?tab=alerts")).await.status, 200);
}

/// Rules are written in English and said in the reader's language; what is kept and printed is Vietnamese.
#[tokio::test]
async fn alerts_of_an_incident_are_named_in_the_language_of_who_reads() {
    use crate::alerts::tests::{change, event, finding};
    use crate::rules::{Rules, load};
    let modules = vec![crate::alerts::MODULE, crate::rules::MODULE, MODULE];
    let (app, scribe) = app_with(modules, |kit| kit.plug(Arc::new(Rules::new(load(&[], kit.now()))))).await;
    let loaded = app.kit.part::<Rules>().unwrap().current();
    let rule = loaded.ruleset.rules().iter().find(|rule| loaded.title(rule, true) != rule.title).unwrap();
    let (vi, en) = (loaded.title(rule, true), rule.title.as_str());
    let mut found = finding(&rule.id, event("hs-01", 0, "x"));
    found.rule_title = en.to_owned();
    change(&mut found, |event| (event.unit, event.system) = (app.unit("so-y-te").unwrap(), SYSTEM));
    crate::alerts::store::record(&app.kit.db, &app.kit.ids, app.kit.now(), &[found]).await.unwrap();
    let (_, mut own) = app.sign_in(Role::FocalPoint, "so-y-te").await.unwrap();
    let listed = own.get("/api/v1/alerts").await.json();
    let alert = listed["rows"][0]["id"].as_str().unwrap().to_owned();
    let sheet = own.get(&format!("/api/v1/incidents/new?alert={alert}")).await.json();
    assert_eq!(sheet["alerts"][0]["label"], format!("{vi} (hs-01)"));
    let answer = own.post("/incidents", &[("alert", &alert)]).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let path = answer.location().to_owned();
    let view = record(&mut own, &path).await;
    assert_eq!((&view["title"], &view["alerts"][0]["title"]), (&format!("{vi} (hs-01)").into(), &vi.into()));
    let timeline = own.get(&format!("/api/v1{path}?tab=timeline")).await.json()["timeline"].to_string();
    assert!(timeline.contains(vi) && !timeline.contains(en), "{timeline}");
    own.get("/language?to=en").await;
    assert_eq!(record(&mut own, &path).await["alerts"][0]["title"], en);
    let timeline = own.get(&format!("/api/v1{path}?tab=timeline")).await.json()["timeline"].to_string();
    assert!(timeline.contains(en) && !timeline.contains(vi), "{timeline}");
    // The report is printed from an English page, and is Vietnamese all the same.
    assert_eq!(own.post(&format!("{path}/reports/BM-SC-02"), &[("format", "docx")]).await.status, 200);
    assert_eq!(own.post(&format!("{path}/reports/BM-SC-03"), &[("format", "docx")]).await.status, 200);
    let printed = serde_json::to_string(&*scribe.0.lock().unwrap()).unwrap();
    assert!(printed.contains(vi) && !printed.contains(en), "{printed}");
}
