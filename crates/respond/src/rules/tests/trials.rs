//! Rules on stored days, and what rules cost.

use std::time::Duration;

use chrono::TimeDelta;
use khien_base::event::Hot;
use khien_base::{Event, Id, LogSource, Record};
use serde_json::{Value, json};

use super::flow::{RULE, draft, shown};
use crate::rules::jobs;
use crate::rules::store::figures;
use crate::sources::tests::Centre;

/// Puts an event into the store: the unit that owns it, days ago, the user.
fn store(centre: &Centre, unit: &str, days: i64, user: &str) {
    let now = centre.app.kit.now();
    let at = now - TimeDelta::days(days);
    let log = LogSource { product: Some("windows".into()), service: Some("security".into()), category: None };
    let fields = json!({"EventID": 4999, "SubjectUserName": user}).as_object().unwrap().clone();
    let hot = Hot { host: Some("may01".into()), ..Hot::default() };
    let record = Record { time: Some(at), log, hot, raw: Value::Object(fields.clone()).to_string(), fields };
    let (id, unit) = (centre.app.kit.id(), centre.app.unit(unit).unwrap());
    let event = Event { id, time: at, received: now, source: Id::from_u128(5), system: centre.hospital, unit, record };
    centre.events.0.lock().unwrap().push(event);
}

async fn ended(browser: &mut khien_web::testing::Browser, page: &str) -> Value {
    for _ in 0..200 {
        let trial = shown(browser, page).await;
        if trial["row"]["state"] != "running" {
            return trial;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the trial did not end");
}

#[tokio::test]
async fn a_draft_is_tried_on_stored_days_within_the_asker_s_reach() {
    let centre = Centre::new().await;
    for (unit, days, user) in
        [("so-y-te", 0, "in trộm"), ("so-y-te", 1, "lan"), ("so-y-te", 2, "in trộm 2"), ("so-y-te", 9, "in trộm")]
    {
        store(&centre, unit, days, user);
    }
    store(&centre, "09253", 0, "in trộm");
    let mut officer = centre.officer().await;
    let page = draft(&mut officer, RULE).await;
    let version = page.rsplit('/').next().unwrap().to_owned();
    let form = shown(&mut officer, &format!("/rules/trials?version={version}")).await;
    assert_eq!((form["from"].as_str(), form["to"].as_str()), (Some("2026-09-25"), Some("2026-10-01")));
    assert_eq!(form["systems"].as_array().unwrap().len(), 2);
    let span = [("version", version.as_str()), ("from", "2026-09-25"), ("to", "2026-10-01")];
    let begun = officer.post("/rules/trials", &span).await;
    assert_eq!(begun.status, 303, "{}", begun.text());
    let at = begun.location().to_owned();
    let trial = ended(&mut officer, &at).await;
    assert_eq!((trial["row"]["state"].as_str(), trial["row"]["hits"].as_i64()), (Some("done"), Some(3)), "{trial}");
    assert_eq!((trial["row"]["looked"].as_i64(), trial["days_done"].as_i64()), (Some(4), Some(7)));
    assert_eq!(trial["chart"]["series"][0]["data"], json!([0, 0, 0, 0, 1, 0, 2]));
    let event = trial["samples"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(officer.get(&format!("/events/{event}")).await.status, 200);
    assert!(officer.get(&at).await.text().contains("may01"));
    assert!(shown(&mut officer, "/alerts?state=all").await["rows"].as_array().unwrap().is_empty(), "no alert is made");
    // Who owns one of the units sees its events only, and nobody sees the trial of another.
    let mut point = centre.focal("09253").await;
    assert_eq!(point.get(&at).await.status, 404);
    let own = point.post("/rules/trials", &span).await.location().to_owned();
    assert_eq!(ended(&mut point, &own).await["row"]["hits"].as_i64(), Some(1));
}

#[tokio::test]
async fn days_and_rules_of_a_trial_are_checked() {
    let centre = Centre::new().await;
    let mut officer = centre.officer().await;
    let rule = shown(&mut officer, "/rules?kind=rule&size=10").await["rows"][0]["id"].as_str().unwrap().to_owned();
    for (from, to, code) in [
        ("2026-10-01", "2026-09-01", "rules.trial-days"),
        ("2026-08-01", "2026-09-01", "rules.trial-days"),
        ("x", "2026-09-01", "rules.day"),
    ] {
        let fields = [("rule", rule.as_str()), ("from", from), ("to", to)];
        let answer = officer.post("/api/v1/rules/trials", &fields).await;
        assert_eq!((answer.status, answer.json()["fault"]["code"].as_str()), (422, Some(code)), "{from} {to}");
    }
    assert_eq!(officer.get("/rules/trials?rule=none").await.status, 404);
    let (_, mut leader) = centre.app.sign_in(khien_base::Role::Leader, "24").await.unwrap();
    assert_eq!(leader.get(&format!("/rules/trials?rule={rule}")).await.status, 403, "stored events are looked at");
}

#[tokio::test]
async fn the_cost_of_rules_is_measured_on_stored_events() {
    let centre = Centre::new().await;
    store(&centre, "so-y-te", 0, "lan");
    let mut officer = centre.officer().await;
    assert_eq!(officer.post("/rules/measure", &[]).await.status, 303);
    let due = khien_db::jobs::due(&centre.app.kit.db, centre.app.kit.now(), 10).await.unwrap();
    let job = due.iter().find(|job| job.kind == jobs::COSTS).unwrap();
    let work = jobs::JOBS.iter().find(|known| known.kind == job.kind).unwrap();
    (work.run)(&centre.app.kit, &job.payload).await.unwrap();
    let costs = figures::costs(&centre.app.kit.db).await.unwrap();
    assert!(!costs.is_empty() && costs.values().all(|cost| cost.nanos > 0 && cost.events == 1), "{costs:?}");
    let dearest = shown(&mut officer, "/rules?sort=-cost").await["rows"][0].clone();
    assert!(dearest["micros"].as_f64().unwrap() > 0.0 && dearest["logsource"].as_str().unwrap().starts_with("windows"));
}

#[tokio::test]
async fn a_trial_is_quiet_where_a_filter_in_force_is() {
    let centre = Centre::new().await;
    let (mut author, mut second) = (centre.officer().await, centre.officer().await);
    store(&centre, "so-y-te", 0, "in trộm");
    store(&centre, "so-y-te", 0, "sao lưu in trộm");
    let page = super::flow::in_force(&mut author, &mut second, RULE).await;
    let rule = shown(&mut author, &page).await["version"]["rule"].as_str().unwrap().to_owned();
    let filter = format!(
        "title: Sao lưu\nlogsource:\n    product: windows\nfilter:\n    rules:\n        - '{rule}'\n        - other\n    \
         sel:\n        SubjectUserName|startswith: sao\n    condition: not sel\n"
    );
    super::flow::in_force(&mut author, &mut second, &filter).await;
    let fields = [("rule", rule.as_str()), ("from", "2026-10-01"), ("to", "2026-10-01")];
    let at = author.post("/rules/trials", &fields).await.location().to_owned();
    let trial = ended(&mut author, &at).await;
    assert_eq!((trial["row"]["state"].as_str(), trial["row"]["hits"].as_i64()), (Some("done"), Some(1)), "{trial}");
}
