//! What the engine finds is what the plain reading of a condition says.

use chrono::TimeDelta;
use futures::TryStreamExt;
use khien_base::filter::Name;
use khien_base::ports::{EventStore, Search};
use khien_base::{Event, Reach};
use serde_json::json;

use super::{Maker, all, commit, open, said, unit};
use crate::Lake;

/// Events that differ in what conditions ask for.
fn varied(maker: &mut Maker) -> Vec<Event> {
    let mut events = maker.events(unit(1), 12);
    let addresses = ["10.0.0.7", "10.1.2.3", "100.1.1.1", "172.16.5.5", "172.32.0.1", "2001:db8::1", "fe80::1"];
    for (n, event) in events.iter_mut().enumerate() {
        let hot = &mut event.record.hot;
        hot.src_ip = addresses.get(n).map(|text| (*text).to_owned());
        hot.user =
            [None, Some("svc_backup"), Some("SVC_Web"), Some("Trần Thị Bình"), Some("")][n % 5].map(str::to_owned);
        hot.dst_port = [None, Some(22), Some(443), Some(50_000)][n % 4];
        hot.process = Some(format!(r"C:\Program Files\App{n}\run.exe"));
        hot.domain = (n % 3 == 0).then(|| format!("Máy{n}.Example.VN"));
        let account = ["lan", "MINH"][n % 2];
        let fields = json!({
            "EventID": 4620 + n, "TargetUserName": account, "Data": {"sâu": [n, "Ư"]},
            "IpAddress": format!("::ffff:192.168.{n}.1"), "Trống": "", "Không": null,
        });
        event.record.fields = fields.as_object().cloned().unwrap().into();
    }
    events
}

const CONDITIONS: [&str; 50] = [
    "*",
    "-*",
    "user:svc_*",
    "-user:svc_*",
    "user:*",
    "-user:*",
    "user:\"trần thị bình\"",
    "user:TRẦN*",
    "user:svc?web",
    "-(user:svc_* dst_port:22)",
    "src_ip:10.0.0.0/8",
    "src_ip:10.0.0.0/7",
    "src_ip:172.16.0.0/12",
    "src_ip:10.1.2.3/32",
    "src_ip:0.0.0.0/0",
    "src_ip:2001:db8::/32",
    "-src_ip:10.0.0.0/8",
    "src_ip:2001:DB8:0::1",
    "src_ip:10.*",
    "dst_port:22",
    "dst_port:(22 443)",
    "dst_port:>22",
    "dst_port:>=22 dst_port:<50000",
    "-dst_port:>22",
    "dst_port:<99999999999",
    "dst_port:>-99999999999",
    "dst_port:>99999999999",
    "dst_port:*",
    "class_uid:3002",
    "event_code:>4000",
    "event_code:4625",
    "EventID:4625",
    "EventID:(4620 4631)",
    "eventid:>=4625",
    "TargetUserName:minh",
    "TargetUserName:M*",
    "-TargetUserName:lan",
    "data.sâu:3",
    "Data.sâu:ư",
    "IpAddress:192.168.4.0/22",
    "trống:*",
    "Không:*",
    "EventID:* -domain:*",
    "domain:MÁY3.example.vn",
    "process:~\"C:\\Program Files\\app1*\"",
    "\"dòng 3\" OR \"DÒNG 4\"",
    "dòng*thất",
    "(user:svc_* OR dst_port:443) -src_ip:10.0.0.0/8",
    "-(-user:svc_*)",
    "host:*01 product:WINDOWS service:security -category:*",
];

/// What a unit's search finds is what the plain reading finds of its events, oldest first.
async fn compared(lake: &Lake, events: &[Event]) {
    let mut something = 0;
    for text in CONDITIONS {
        let filter = said(text);
        let mut expected: Vec<_> = events.iter().filter(|event| filter.holds(event)).map(|event| event.id).collect();
        expected.reverse();
        let query = Search { filter, ..all(Reach::Units([unit(1)].into())) };
        let found = lake.search(query).await.unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(found.events.iter().map(|event| event.id).collect::<Vec<_>>(), expected, "{text}");
        something += usize::from(!expected.is_empty() && expected.len() < events.len());
    }
    assert!(something > 35, "conditions that tell events apart: {something}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_engine_finds_what_the_plain_reading_says() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let events = varied(&mut Maker::new(1));
    lake.append(events[..5].to_vec()).await.unwrap();
    lake.append(events[5..].to_vec()).await.unwrap();
    compared(&lake, &events).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_files_that_stay_the_engine_finds_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let mut maker = Maker::new(1);
    let mut events = varied(&mut maker);
    // Each in a block of its own, some in the last.
    for (n, event) in (0..).zip(&mut events) {
        event.time += TimeDelta::seconds(n * 5) - TimeDelta::days(3);
    }
    let mut others = maker.events(unit(2), 36_000);
    for (n, event) in (0..).zip(&mut others) {
        event.time = events[0].time + TimeDelta::milliseconds(n);
    }
    others.splice(20_000..20_000, events.iter().cloned());
    for part in others.chunks(18_006) {
        commit(&lake, part.to_vec()).await;
    }
    lake.tidy().await.unwrap();
    assert_eq!(lake.log.parts().len(), 1);
    compared(&lake, &events).await;
    lake.close().await.unwrap();
    // What the file says of itself is read again.
    compared(&open(dir.path()).await, &events).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_values_that_come_most_often_are_counted_within_reach() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let mut maker = Maker::new(1);
    lake.append(varied(&mut maker)).await.unwrap();
    lake.append(maker.events(unit(2), 30)).await.unwrap();
    let ours = || all(Reach::Units([unit(1)].into()));
    let values = lake.values(ours(), Name::of("user"), 2).await.unwrap();
    assert_eq!((values.total, values.having), (12, 7));
    assert_eq!(values.rows, [("svc_backup".into(), 3), ("SVC_Web".into(), 2)]);
    let port = lake.values(ours(), Name::of("dst_port"), 10).await.unwrap();
    assert_eq!(port.rows, [("22".into(), 3), ("443".into(), 3), ("50000".into(), 3)]);
    let field = lake.values(ours(), Name::of("TargetUserName"), 10).await.unwrap();
    assert_eq!((field.rows, field.having), (vec![("MINH".into(), 6), ("lan".into(), 6)], 12));
    let deep = lake.values(ours(), Name::of("Data.sâu"), 1).await.unwrap();
    assert_eq!((deep.rows, deep.having), (vec![("0".into(), 1)], 12));
    let none = lake.values(Search { filter: said("nothing"), ..ours() }, Name::of("user"), 5).await.unwrap();
    assert_eq!((none.rows.len(), none.having, none.total), (0, 0, 0));
    assert_eq!(lake.values(ours(), Name::of("user"), 1_001).await.unwrap_err().code, "lake.values");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_event_comes_once_and_a_stream_may_be_left() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let mut maker = Maker::new(1);
    let mut events = maker.events(unit(1), 9_000);
    for event in &mut events[..3_000] {
        event.time -= TimeDelta::days(2);
    }
    lake.append(events.clone()).await.unwrap();
    lake.append(maker.events(unit(2), 10)).await.unwrap();
    let ours = || Search::within(Reach::Units([unit(1)].into()));
    let mut found: Vec<_> = lake.each(ours()).try_concat().await.unwrap().into_iter().map(|event| event.id).collect();
    found.sort_unstable();
    let mut expected: Vec<_> = events.iter().map(|event| event.id).collect();
    expected.sort_unstable();
    assert!(found == expected);
    let first = lake.each(ours()).try_next().await.unwrap().unwrap();
    assert!(!first.is_empty() && first.len() < 9_000, "{}", first.len());
    let some = Search { filter: said("\"dòng 77 \""), ..ours() };
    assert_eq!(lake.each(some).try_concat().await.unwrap().len(), 1);
    let wrong = Search { filter: khien_base::Filter::Word("a".repeat(2_000)), ..ours() };
    assert_eq!(lake.each(wrong).try_next().await.unwrap_err().code, "lake.condition-length");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parquet_file_holds_the_events_that_it_was_given() {
    use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let path = dir.path().join("taken.parquet");
    let mut file = lake.parquet(std::fs::File::create(&path).unwrap()).unwrap();
    let events = varied(&mut Maker::new(1));
    file.write(events[..7].to_vec()).unwrap();
    file.write(events[7..].to_vec()).unwrap();
    file.finish().unwrap();
    let reader =
        ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(&path).unwrap()).unwrap().build().unwrap();
    let read: Vec<Event> = reader.flat_map(|batch| crate::rows::events(&batch.unwrap()).unwrap()).collect();
    assert!(read == events, "whole and in order");
}
