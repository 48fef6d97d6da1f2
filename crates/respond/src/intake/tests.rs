//! Records as machines send them.

mod together;

use chrono::TimeDelta;
use khien_base::{Id, LogSource, Record};
use sea_orm::EntityTrait;

use crate::sources::DeskSettings;
use crate::sources::tests::Centre;

fn packed(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

async fn alerts(centre: &Centre) -> Vec<crate::alerts::model::Model> {
    crate::alerts::model::Entity::find().all(centre.app.kit.db.read()).await.unwrap()
}

/// A line that one of the shipped rules fires on: a failed sign-in would do, but the rule must be ours.
fn alarming(centre: &Centre) -> String {
    let rules = centre.app.kit.part::<crate::rules::loaded::Rules>().unwrap();
    let event = serde_json::json!({
        "EventID": 1102, "Channel": "Security", "Provider_Name": "Microsoft-Windows-Eventlog", "Computer": "may01",
        "UtcTime": "2026-10-01 01:59:00.000", "SubjectUserName": "lan",
    });
    let line = event.to_string();
    let record =
        khien_normalise::decode_line(line.as_bytes(), khien_normalise::Format::Ndjson, centre.app.kit.now(), 1)
            .unwrap();
    let fired = rules.current().ruleset.matches(&record).len();
    assert!(fired > 0, "a shipped rule watches for a cleared security log");
    line
}

#[tokio::test]
async fn a_bad_line_never_stops_the_rest_and_is_told_by_number() {
    let centre = Centre::new().await;
    let mut officer = centre.officer().await;
    let (source, token) = centre.add(&mut officer, centre.hospital, "ndjson", "").await;
    let mut machine = centre.app.stranger();
    let body = "{\"host\":\"may01\",\"message\":\"một\"}\n\n[1]\n{\"message\":\"hai\"}\n{oops\n{\"message\":\"ba\"}";
    let answer = machine.post_token("/api/ingest/ndjson", &token, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let json = answer.json();
    assert_eq!((json["accepted"].as_u64(), json["failed_total"].as_u64()), (Some(3), Some(2)));
    assert_eq!(
        (json["failed"][0]["line"].as_u64(), json["failed"][0]["code"].as_str()),
        (Some(3), Some("logs.json-not-object"))
    );
    assert_eq!((json["failed"][1]["line"].as_u64(), json["failed"][1]["code"].as_str()), (Some(5), Some("logs.json")));
    assert!(json["failed"][1]["message"].as_str().unwrap().starts_with("Dòng 5"));
    let events = centre.events.0.lock().unwrap();
    assert!(
        events.iter().all(|e| e.source == source && e.system == centre.hospital && e.received == centre.app.kit.now())
    );
    assert_eq!(events[0].record.hot.host.as_deref(), Some("may01"));
}

#[tokio::test]
async fn the_first_hundred_faults_are_told_and_all_are_counted() {
    let centre = Centre::new().await;
    let mut officer = centre.officer().await;
    let (_, token) = centre.add(&mut officer, centre.hospital, "ndjson", "").await;
    let body = "x\n".repeat(6_000) + "{\"a\":1}\n";
    let json = centre.app.stranger().post_token("/api/ingest/ndjson", &token, body).await.json();
    assert_eq!((json["accepted"].as_u64(), json["failed_total"].as_u64()), (Some(1), Some(6_000)));
    assert_eq!(json["failed"].as_array().unwrap().len(), 100);
}

#[tokio::test]
async fn an_envelope_of_several_events_is_opened() {
    let centre = Centre::new().await;
    let mut officer = centre.officer().await;
    let (_, token) = centre.add(&mut officer, centre.hospital, "ndjson", "").await;
    let body =
        r#"{"Records":[{"eventSource":"iam.amazonaws.com","eventName":"CreateUser"},{"eventName":"StopLogging"}]}"#;
    let json =
        centre.app.stranger().post_token("/api/ingest/ndjson", &token, format!("{body}\n{{\"a\":1}}\n")).await.json();
    assert_eq!((json["accepted"].as_u64(), json["failed_total"].as_u64()), (Some(3), Some(0)));
    let events = centre.events.0.lock().unwrap();
    assert_eq!(events[1].record.fields["eventName"], "StopLogging");
}

#[tokio::test]
async fn what_is_sent_again_makes_no_second_alert() {
    let centre = Centre::new().await;
    let mut officer = centre.officer().await;
    let (_, token) = centre.add(&mut officer, centre.hospital, "ndjson", "").await;
    let line = alarming(&centre);
    let mut machine = centre.app.stranger();
    assert_eq!(machine.post_token("/api/ingest/ndjson", &token, line.clone()).await.json()["accepted"], 1);
    let first = alerts(&centre).await;
    assert!(!first.is_empty());
    assert!(first.iter().all(|alert| alert.unit == centre.app.unit("so-y-te").unwrap()));
    centre.app.clock.advance(TimeDelta::minutes(2));
    assert_eq!(machine.post_token("/api/ingest/ndjson", &token, line).await.json()["accepted"], 1);
    let again = alerts(&centre).await;
    assert_eq!(again.len(), first.len());
    assert_eq!(again.iter().map(|a| a.hits).sum::<i64>(), first.iter().map(|a| a.hits).sum::<i64>());
}

#[tokio::test]
async fn nobody_sends_without_a_token() {
    let centre = Centre::new().await;
    let mut machine = centre.app.stranger();
    for token in ["", "wrong", "test-0"] {
        let answer = machine.post_token("/api/ingest/ndjson", token, "{}\n").await;
        assert_eq!(
            (answer.status, answer.json()["fault"]["code"].as_str().unwrap().to_owned()),
            (401, "sources.token".into())
        );
        assert_eq!(machine.post_token("/api/ingest/evtx", token, "x").await.status, 401);
    }
    assert!(centre.events.0.lock().unwrap().is_empty());
}

#[tokio::test]
async fn who_sends_too_often_is_told_when_to_come_again() {
    let settings = DeskSettings { requests_per_minute: 2, ..DeskSettings::default() };
    let centre = Centre::with(settings).await;
    let mut officer = centre.officer().await;
    let (_, token) = centre.add(&mut officer, centre.hospital, "ndjson", "").await;
    let mut machine = centre.app.stranger();
    for _ in 0..2 {
        assert_eq!(machine.post_token("/api/ingest/ndjson", &token, "{\"a\":1}\n").await.status, 200);
    }
    let refused = machine.post_token("/api/ingest/ndjson", &token, "{\"a\":1}\n").await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.headers["retry-after"], "60");
    centre.app.clock.advance(TimeDelta::minutes(1));
    assert_eq!(machine.post_token("/api/ingest/ndjson", &token, "{\"a\":1}\n").await.status, 200);
}

#[tokio::test]
async fn gzip_is_taken_and_bombs_are_not() {
    use super::feed::{Work, lines_within};
    use khien_normalise::Gunzip;
    let centre = Centre::new().await;
    let whose = khien_base::ports::Whose {
        source: Id::from_u128(1),
        system: centre.hospital,
        unit: centre.app.unit("so-y-te").unwrap(),
    };
    let work = Work { desk: &centre.desk, intake: &*centre.pipeline, whose, now: centre.app.kit.now() };
    let feed = async |body: Vec<u8>| {
        let pieces: Vec<Result<Vec<u8>, String>> = body.chunks(60_000).map(|piece| Ok(piece.to_vec())).collect();
        lines_within(&work, futures::stream::iter(pieces), Some(Gunzip::new(4 << 20))).await
    };
    let good = feed(packed("{\"a\":1}\n".repeat(12_000).as_bytes())).await.unwrap();
    assert_eq!((good.accepted, good.failed_total), (12_000, 0));
    assert_eq!(feed(b"{\"a\":1}\n".to_vec()).await.unwrap_err().code, "intake.gzip");
    let bomb = packed(&vec![b'\n'; 5 << 20]);
    assert!(bomb.len() < super::feed::BODY_BYTES);
    assert_eq!(feed(bomb).await.unwrap_err().code, "intake.unpacked");
}

#[tokio::test]
async fn a_body_beyond_the_limit_or_broken_off_is_a_fault() {
    use super::feed::{BODY_BYTES, Work, lines};
    let centre = Centre::new().await;
    let whose = khien_base::ports::Whose { source: Id::from_u128(1), system: Id::nil(), unit: Id::nil() };
    let work = Work { desk: &centre.desk, intake: &*centre.pipeline, whose, now: centre.app.kit.now() };
    let blank = vec![b'\n'; 1 << 20];
    let endless = futures::stream::repeat_with(|| Ok::<_, String>(blank.clone())).take(BODY_BYTES / blank.len() + 1);
    use futures::StreamExt;
    assert_eq!(lines(&work, endless, false).await.unwrap_err().code, "web.too-large");
    let pieces = [Ok(b"{\"a\":1}\n".to_vec()), Err("reset by peer".to_owned())];
    let broken = lines(&work, futures::stream::iter(pieces), false).await.unwrap_err();
    assert_eq!(broken.code, "intake.broken-off");
}

#[tokio::test]
async fn a_large_batch_is_taken_whole() {
    let centre = Centre::new().await;
    let whose = khien_base::ports::Whose { source: Id::from_u128(1), system: Id::nil(), unit: Id::nil() };
    let record = |n: usize| Record {
        time: None,
        log: LogSource::default(),
        hot: khien_base::event::Hot::default(),
        fields: serde_json::Map::new().into(),
        raw: format!("line {n}"),
        key: None,
    };
    let taken = centre.pipeline.take(whose, (0..12_345).map(record).collect()).await.unwrap();
    assert_eq!(taken, 12_345);
    let events = centre.events.0.lock().unwrap();
    let ids: std::collections::HashSet<_> = events.iter().map(|event| event.id).collect();
    assert_eq!((events.len(), ids.len()), (12_345, 12_345));
}

#[tokio::test]
async fn a_windows_log_file_is_read_record_by_record() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let Some(path) = first_evtx(&folder) else {
        println!("skipped: no .evtx file under {}", folder.display());
        return;
    };
    let centre = Centre::new().await;
    let mut officer = centre.officer().await;
    let (_, token) = centre.add(&mut officer, centre.hospital, "file", "").await;
    let answer = centre.app.stranger().post_token("/api/ingest/evtx", &token, std::fs::read(&path).unwrap()).await;
    assert_eq!(answer.status, 200, "{}: {}", path.display(), answer.text());
    let accepted = answer.json()["accepted"].as_u64().unwrap();
    assert!(accepted > 0);
    let events = centre.events.0.lock().unwrap();
    assert_eq!(events.len() as u64, accepted);
    assert!(events.iter().all(|event| event.record.fields.contains_key("EventID")));
}

/// The first event log by name, of at most a megabyte or so.
fn first_evtx(folder: &std::path::Path) -> Option<std::path::PathBuf> {
    let mut entries: Vec<_> = std::fs::read_dir(folder).ok()?.filter_map(|e| Some(e.ok()?.path())).collect();
    entries.sort();
    entries.iter().find_map(|path| {
        if path.is_dir() {
            return first_evtx(path);
        }
        let small = std::fs::metadata(path).is_ok_and(|m| m.len() < 2 << 20);
        (small && path.extension().is_some_and(|e| e == "evtx")).then(|| path.clone())
    })
}
