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
    let record = Record {
        time: Some(at),
        log,
        hot,
        raw: Value::Object(fields.clone()).to_string(),
        fields: fields.into(),
        key: None,
    };
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
        ("2025-08-01", "2026-09-01", "rules.trial-days"),
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

#[tokio::test]
async fn a_hunt_fires_on_the_events_on_which_the_rule_fired_when_they_came() {
    use std::collections::{BTreeMap, BTreeSet};

    use khien_base::ports::Whose;
    use khien_normalise::demo::{Story, story};
    use khien_normalise::{Format, decode_line};
    use sea_orm::EntityTrait;

    use crate::alerts::model::{Entity, SIGMA, member};

    let centre = Centre::new().await;
    let kit = &centre.app.kit;
    let whose = Whose { source: Id::from_u128(5), system: centre.hospital, unit: centre.app.unit("so-y-te").unwrap() };
    let begin = kit.now() - TimeDelta::hours(4);
    for told in Story::ALL {
        let lines = story(7, told, "may-vp-01", "binh", begin);
        let format = |line: &str| if line.trim_start().starts_with('{') { Format::Ndjson } else { Format::Syslog };
        let read = |(n, (_, line)): (usize, &(_, String))| {
            decode_line(line.as_bytes(), format(line), kit.now(), n as u64 + 1).ok()
        };
        let records: Vec<Record> = lines.iter().enumerate().filter_map(read).collect();
        centre.pipeline.take(whose, records).await.unwrap();
    }
    let loaded = crate::rules::loaded::of(kit).unwrap().current();
    let plain: BTreeSet<String> = loaded.ruleset.rules().iter().map(|rule| rule.id.clone()).collect();
    let rule_of: BTreeMap<Id, String> = Entity::find()
        .all(kit.db.read())
        .await
        .unwrap()
        .into_iter()
        .filter(|alert| alert.kind == SIGMA && plain.contains(&alert.rule))
        .map(|alert| (alert.id, alert.rule))
        .collect();
    let mut live: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for kept in member::Entity::find().all(kit.db.read()).await.unwrap() {
        if let Some(rule) = rule_of.get(&kept.alert_group) {
            live.entry(rule.clone()).or_default().insert(kept.event.to_string());
        }
    }
    assert!(live.len() >= 4, "stories set several rules off: {live:?}");
    let mut officer = centre.officer().await;
    for (rule, events) in live {
        let fields = [("rule", rule.as_str()), ("from", "2026-09-30"), ("to", "2026-10-01")];
        let at = officer.post("/rules/trials", &fields).await.location().to_owned();
        let hunt = ended(&mut officer, &at).await;
        let found: BTreeSet<String> =
            hunt["samples"].as_array().unwrap().iter().map(|hit| hit["id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(found, events, "{rule}");
        assert_eq!(hunt["row"]["hits"].as_u64(), Some(events.len() as u64), "{rule}");
    }
}

#[tokio::test]
async fn a_pasted_rule_is_hunted_and_what_is_no_plain_rule_is_refused() {
    let centre = Centre::new().await;
    store(&centre, "so-y-te", 0, "in trộm");
    store(&centre, "so-y-te", 40, "in trộm");
    let mut officer = centre.officer().await;
    let form = officer.get("/hunts").await;
    assert!(form.status == 200 && form.text().contains("Luật Sigma (YAML)"), "{}", form.text());
    let fields = [("yaml", RULE), ("from", "2026-08-01"), ("to", "2026-10-01")];
    let begun = officer.post("/rules/trials", &fields).await;
    assert_eq!(begun.status, 303, "{}", begun.text());
    let hunt = ended(&mut officer, begun.location()).await;
    assert_eq!((hunt["row"]["hits"].as_i64(), hunt["href"].as_str()), (Some(2), Some("")), "{hunt}");
    assert_eq!(hunt["row"]["title"], "Máy in lạ");
    assert_eq!(
        hunt["samples"][0]["values"].as_array().unwrap().iter().filter(|v| v["label"] == "SubjectUserName").count(),
        1
    );
    assert!(!hunt.to_string().contains("in trộm"), "personal values are masked: {hunt}");
    assert!(officer.get("/hunts").await.text().contains("Máy in lạ"));
    let correlation = format!(
        "{RULE}\n---\ntitle: Nhiều\ncorrelation:\n    type: event_count\n    rules: [x]\n    group-by: [a]\n    timespan: 5m\n    condition:\n        gte: 5\n"
    );
    for (yaml, status) in [("", 422), ("title: [", 422), (correlation.as_str(), 422)] {
        let fields = [("yaml", yaml), ("from", "2026-10-01"), ("to", "2026-10-01")];
        assert_eq!(officer.post("/api/v1/rules/trials", &fields).await.status, status, "{yaml}");
    }
}

#[tokio::test]
async fn a_correlation_is_hunted_in_the_order_of_time_and_finds_what_it_found_when_events_came() {
    use khien_base::ports::Whose;
    use sea_orm::EntityTrait;

    let centre = Centre::new().await;
    let kit = &centre.app.kit;
    let begin = kit.now() - TimeDelta::hours(3);
    let failed = |second: i64| Record {
        time: Some(begin + TimeDelta::seconds(second)),
        log: LogSource { product: Some("linux".into()), service: Some("sshd".into()), category: None },
        hot: Hot { host: Some("cong-dvc".into()), ..Hot::default() },
        fields: json!({"hostname": "cong-dvc", "user": "root", "src_ip": "203.0.113.7",
            "message": format!("Failed password for root from 203.0.113.7 port {} ssh2", 40_000 + second)})
        .as_object()
        .unwrap()
        .clone()
        .into(),
        raw: format!("Failed password {second}"),
        key: None,
    };
    let whose = |unit: &str, source| Whose {
        source: Id::from_u128(source),
        system: centre.hospital,
        unit: centre.app.unit(unit).unwrap(),
    };
    // Six of the commune are not put together with those of the department; one of these comes twice.
    centre.pipeline.take(whose("09253", 2), (0..6).map(failed).collect()).await.unwrap();
    centre.pipeline.take(whose("so-y-te", 1), (0..12).map(failed).collect()).await.unwrap();
    centre.pipeline.take(whose("so-y-te", 1), (0..2).map(failed).collect()).await.unwrap();
    centre.events.0.lock().unwrap().reverse();
    let title = "SSH Password Guessing";
    let alerts = crate::alerts::model::Entity::find().all(kit.db.read()).await.unwrap();
    let alert = alerts.iter().find(|alert| alert.title == title).unwrap();
    let first = alert.detail["event_ids"].as_array().unwrap().last().unwrap().as_str().unwrap();

    let mut officer = centre.officer().await;
    let span = [("from", "2026-09-30"), ("to", "2026-10-01")];
    let known = [("rule", alert.rule.as_str()), span[0], span[1]];
    let begun = officer.post("/rules/trials", &known).await;
    assert_eq!(begun.status, 303, "{}", begun.text());
    let hunt = ended(&mut officer, begun.location()).await;
    assert_eq!((hunt["row"]["state"].as_str(), hunt["row"]["hits"].as_i64()), (Some("done"), Some(1)), "{hunt}");
    assert_eq!(
        (hunt["samples"][0]["id"].as_str(), hunt["samples"][0]["host"].as_str()),
        (Some(first), Some("cong-dvc"))
    );
    assert_eq!(hunt["row"]["looked"].as_i64(), Some(20), "spans that were cut are not counted twice");

    // One that is pasted refers to a rule in force; of the commune's own six are enough.
    let pasted = "title: Đoán mật khẩu\ncorrelation:\n    type: event_count\n    rules: [lnx_sshd_failed]\n    group-by: [src_ip]\n    \
                  timespan: 10m\n    condition:\n        gte: 6\n";
    let form = [("yaml", pasted), span[0], span[1]];
    let mut point = centre.focal("09253").await;
    for (who, hits) in [(&mut officer, 2), (&mut point, 1)] {
        let begun = who.post("/rules/trials", &form).await;
        assert_eq!(begun.status, 303, "{}", begun.text());
        let hunt = ended(who, begun.location()).await;
        assert_eq!((hunt["row"]["hits"].as_i64(), hunt["row"]["title"].as_str()), (Some(hits), Some("Đoán mật khẩu")));
    }
}

#[tokio::test]
async fn a_hunt_is_stopped_by_who_asked_for_it_only() {
    let centre = Centre::new().await;
    store(&centre, "so-y-te", 0, "in trộm");
    let mut officer = centre.officer().await;
    let fields = [("yaml", RULE), ("from", "2026-10-01"), ("to", "2026-10-01")];
    let at = officer.post("/rules/trials", &fields).await.location().to_owned();
    ended(&mut officer, &at).await;
    // One that still runs, as far as its row knows.
    let id: Id = at.rsplit('/').next().unwrap().parse().unwrap();
    let mut row = crate::rules::store::trials::get(&centre.app.kit.db, id).await.unwrap();
    let (other, mine) = (Id::from_u128(77), centre.app.kit.now());
    (row.id, row.state, row.seen_at) = (other, "running".into(), mine);
    let tx = centre.app.kit.db.begin().await.unwrap();
    crate::rules::store::trials::insert(tx.conn(), row.clone()).await.unwrap();
    tx.commit_machine().await.unwrap();
    let stop = format!("/rules/trials/{other}/stop");
    let mut point = centre.focal("so-y-te").await;
    assert_eq!(point.post(&stop, &[]).await.status, 404);
    assert_eq!(officer.post(&stop, &[]).await.status, 303);
    assert_eq!(shown(&mut officer, &format!("/rules/trials/{other}")).await["row"]["state"], "cancelled");
    assert!(!crate::rules::store::trials::save(&centre.app.kit.db, &row).await.unwrap(), "its work hears of it");
    assert_eq!(shown(&mut officer, &format!("/rules/trials/{other}")).await["row"]["state"], "cancelled");
    assert_eq!(officer.post(&stop, &[]).await.status, 303, "once more is no fault");
}
