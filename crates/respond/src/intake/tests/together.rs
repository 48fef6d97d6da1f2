//! Correlations in the way in: many events make one alert.

use chrono::TimeDelta;
use khien_base::event::Hot;
use khien_base::ports::Whose;
use khien_base::{Id, LogSource, Record};
use sea_orm::EntityTrait;
use serde_json::json;

use super::super::correlations;
use crate::alerts::model::{Entity, Model};
use crate::finding::Finding;
use crate::rules::loaded::{Rules, load};
use crate::sources::tests::Centre;

/// A failed SSH sign-in so many seconds after the beginning.
fn failed(centre: &Centre, second: i64) -> Record {
    said(centre, second, &format!("Failed password for root from 203.0.113.7 port {} ssh2", 40_000 + second))
}

fn said(centre: &Centre, second: i64, message: &str) -> Record {
    let fields =
        json!({"hostname": "cong-dvc", "program": "sshd", "message": message, "user": "root", "src_ip": "203.0.113.7"});
    Record {
        time: Some(centre.app.kit.now() + TimeDelta::seconds(second)),
        log: LogSource { product: Some("linux".into()), service: Some("sshd".into()), category: None },
        hot: Hot { host: Some("cong-dvc".into()), ..Hot::default() },
        fields: fields.as_object().unwrap().clone().into(),
        raw: message.to_owned(),
        key: None,
    }
}

fn whose(centre: &Centre, unit: &str) -> Whose {
    Whose { source: Id::from_u128(1), system: centre.hospital, unit: centre.app.unit(unit).unwrap() }
}

async fn alerts(centre: &Centre, title: &str) -> Vec<Model> {
    let all = Entity::find().all(centre.app.kit.db.read()).await.unwrap();
    all.into_iter().filter(|alert| alert.title == title).collect()
}

const GUESSING: &str = "SSH Password Guessing";
const GUESSED: &str = "SSH Password Guessed, Then Signed In";

#[tokio::test]
async fn twenty_failed_sign_ins_make_one_alert() {
    let centre = Centre::new().await;
    let whose = whose(&centre, "so-y-te");
    for second in 0..20 {
        centre.pipeline.take(whose, vec![failed(&centre, second)]).await.unwrap();
    }
    let found = alerts(&centre, GUESSING).await;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].hits, found[0].unit, found[0].system), (10, whose.unit, Some(whose.system)));
    assert_eq!(found[0].detail["group"], "hostname: cong-dvc; src_ip: 203.0.113.7");
    assert_eq!(found[0].detail["event_ids"].as_array().unwrap().len(), 10);
    assert_eq!((found[0].host.as_str(), found[0].level), ("cong-dvc", 3));
    assert!(alerts(&centre, "SSH Sign-in Failed").await.is_empty(), "a building block alerts nobody");
    assert_eq!(centre.events.0.lock().unwrap().len(), 20, "all events are stored");
}

#[tokio::test]
async fn a_batch_that_is_sent_again_is_counted_once_and_units_are_not_put_together() {
    let centre = Centre::new().await;
    let (health, commune) = (whose(&centre, "so-y-te"), whose(&centre, "09253"));
    for _ in 0..3 {
        let batch = (0..6).map(|second| failed(&centre, second)).collect();
        centre.pipeline.take(health, batch).await.unwrap();
    }
    let other = Whose { source: Id::from_u128(2), ..commune };
    centre.pipeline.take(other, (6..12).map(|second| failed(&centre, second)).collect()).await.unwrap();
    assert!(alerts(&centre, GUESSING).await.is_empty());
    centre.pipeline.take(health, (20..24).map(|second| failed(&centre, second)).collect()).await.unwrap();
    assert_eq!(alerts(&centre, GUESSING).await.len(), 1);
}

#[tokio::test]
async fn an_attack_that_goes_on_stays_one_alert_that_grows_and_success_is_critical() {
    let centre = Centre::new().await;
    let whose = whose(&centre, "so-y-te");
    let attack = (0..1000).map(|n| failed(&centre, n)).collect();
    let accepted = said(&centre, 1200, "Accepted password for root from 203.0.113.7 port 40022 ssh2");
    // What is said to happen later than it comes counts as of when it comes.
    centre.app.clock.advance(TimeDelta::seconds(1200));
    centre.pipeline.take(whose, attack).await.unwrap();
    let found = alerts(&centre, GUESSING).await;
    assert_eq!(found.len(), 1);
    assert!(found[0].hits > 500, "{}", found[0].hits);
    assert!(alerts(&centre, GUESSED).await.is_empty());
    centre.pipeline.take(whose, vec![accepted]).await.unwrap();
    let critical = alerts(&centre, GUESSED).await;
    assert_eq!((critical.len(), critical[0].level), (1, 5));
    let mut officer = centre.officer().await;
    let page = officer.get(&format!("/alerts/{}", critical[0].id)).await.text();
    assert!(page.contains("Dò mật khẩu SSH rồi đăng nhập được"), "{page}");
    assert!(page.contains("Giá trị chung") && page.contains("src_ip: 203.0.113.7"), "{page}");
}

#[tokio::test]
async fn rules_that_are_loaded_again_keep_what_is_known() {
    let centre = Centre::new().await;
    let whose = whose(&centre, "so-y-te");
    centre.pipeline.take(whose, (0..6).map(|n| failed(&centre, n)).collect()).await.unwrap();
    let rules = centre.app.kit.part::<Rules>().unwrap();
    rules.replace(load(&[], centre.app.kit.now()));
    centre.pipeline.take(whose, (6..10).map(|n| failed(&centre, n)).collect()).await.unwrap();
    assert_eq!(alerts(&centre, GUESSING).await.len(), 1);
}

#[tokio::test]
async fn after_a_restart_stored_events_count_and_what_was_told_is_not_told_again() {
    let centre = Centre::new().await;
    let whose = whose(&centre, "so-y-te");
    centre.pipeline.take(whose, (0..12).map(|n| failed(&centre, n)).collect()).await.unwrap();
    centre.pipeline.take(whose, (400..408).map(|n| failed(&centre, n)).collect()).await.unwrap();
    let before = alerts(&centre, GUESSING).await;
    assert_eq!(before.len(), 1);
    // Nothing is known any more, as after a start.
    let rules = centre.app.kit.part::<Rules>().unwrap();
    rules.correlations().forget();
    assert_eq!(rules.correlations().sizes().iter().map(|size| size.entries).sum::<usize>(), 0);
    centre.app.clock.advance(TimeDelta::seconds(410));
    assert_eq!(correlations::rebuild(&centre.app.kit).await.unwrap(), 20);
    assert_eq!(alerts(&centre, GUESSING).await, before);
    centre.pipeline.take(whose, (0..2).map(|n| failed(&centre, n)).collect()).await.unwrap();
    let after = alerts(&centre, GUESSING).await;
    assert!(after.iter().map(|alert| alert.hits).sum::<i64>() >= before[0].hits + 10, "eight stored and two new");
}

#[tokio::test]
async fn a_machine_that_falls_silent_becomes_an_alert_with_its_last_event() {
    let centre = Centre::new().await;
    let whose = whose(&centre, "so-y-te");
    let message = "(root) CMD (   cd / && run-parts --report /etc/cron.hourly)";
    let mut record = said(&centre, 0, message);
    record.log.service = Some("cron".into());
    centre.pipeline.take(whose, vec![record]).await.unwrap();
    let tick = async || {
        correlations::tick(&centre.app.kit, &json!(null)).await.unwrap();
        alerts(&centre, "Linux Machine Fell Silent").await
    };
    centre.app.clock.advance(TimeDelta::hours(3));
    assert!(tick().await.is_empty(), "an event may still be on its way");
    centre.app.clock.advance(TimeDelta::minutes(16));
    let found = tick().await;
    assert_eq!((found.len(), found[0].host.as_str()), (1, "cong-dvc"));
    assert_eq!(tick().await.len(), 1);
}

#[tokio::test]
async fn what_could_not_be_recorded_is_recorded_with_the_next_batch() {
    let centre = Centre::new().await;
    let rules = centre.app.kit.part::<Rules>().unwrap();
    let owed: Vec<Finding> = vec![crate::alerts::tests::finding("r1", crate::alerts::tests::event("srv", 0, "x"))];
    rules.correlations().owe(owed);
    centre
        .pipeline
        .take(whose(&centre, "so-y-te"), vec![said(&centre, 0, "Server listening on 0.0.0.0")])
        .await
        .unwrap();
    assert_eq!(alerts(&centre, "Rule r1").await.len(), 1);
}
