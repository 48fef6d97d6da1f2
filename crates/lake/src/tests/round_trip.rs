//! What is stored is found, as it was.

use chrono::TimeDelta;
use futures::{StreamExt, TryStreamExt};
use khien_base::filter::Name;
use khien_base::ids::{key, keyed};
use khien_base::ports::{EventStore, Search};
use khien_base::{Filter, Id, Reach};

use super::{Maker, all, commit, noon, open, said, unit};

#[tokio::test(flavor = "multi_thread")]
async fn an_event_comes_back_whole_newest_first() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let mut maker = Maker::new(1);
    let mut events = maker.events(unit(1), 5);
    lake.append(events[..2].to_vec()).await.unwrap();
    lake.append(events[2..].to_vec()).await.unwrap();
    let found = lake.search(all(Reach::All)).await.unwrap();
    events.reverse();
    assert_eq!(found.events, events);
    assert_eq!(found.total, 5);
    let one = lake.event(events[3].id, Reach::All).await.unwrap();
    assert_eq!(one.as_ref(), Some(&events[3]));
    assert_eq!(lake.event(unit(99), Reach::All).await.unwrap(), None);
    let page = lake.search(Search { offset: 1, limit: 2, ..all(Reach::All) }).await.unwrap();
    assert_eq!(page.events, events[1..3]);
    assert_eq!(page.total, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_come_page_by_page_each_once_within_reach() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let mut maker = Maker::new(1);
    let mut events = maker.events(unit(1), 2_500);
    // Many at one moment, over the edge of a page: only the identity parts them.
    let moment = events[1_000].time;
    for event in &mut events[1_000..2_000] {
        (event.time, event.record.time) = (moment, Some(moment));
    }
    lake.append(events[..1_200].to_vec()).await.unwrap();
    lake.append(events[1_200..].to_vec()).await.unwrap();
    lake.append(maker.events(unit(2), 10)).await.unwrap();
    events.sort_by_key(|event| std::cmp::Reverse((event.time, event.id)));
    let ours = || all(Reach::Units([unit(1)].into()));
    let pages: Vec<_> = lake.newest(ours(), 100_000).try_collect().await.unwrap();
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [1_000, 1_000, 500]);
    assert!(pages.concat() == events, "all of them, whole, newest first");
    let some: Vec<_> = lake.newest(ours(), 1_001).try_collect().await.unwrap();
    assert!(some.concat() == events[..1_001]);
    let word = Search { filter: said("\"dòng 77 \""), ..ours() };
    assert_eq!(lake.newest(word, 50).try_concat().await.unwrap().len(), 1);
    let none = Search { filter: said("\"không có\""), ..ours() };
    assert!(lake.newest(none, 50).next().await.is_none());
    for wrong in [0, 100_001] {
        assert_eq!(lake.newest(ours(), wrong).try_concat().await.unwrap_err().code, "lake.rows");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn words_are_literal_and_keep_diacritics_in_any_case() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let mut maker = Maker::new(1);
    let texts = [
        "Đăng nhập THẤT BẠI từ máy-chủ",
        "dang nhap that bai",
        "tải 100% xong_việc",
        "tải 100 xong việc",
        r"C:\Windows\System32\cmd.exe",
        "hoa\u{300} bi\u{300}nh",
    ];
    lake.append(texts.iter().map(|text| maker.event(unit(1), text)).collect()).await.unwrap();
    for (words, expected) in [
        (vec!["đăng NHẬP"], vec![0]),
        (vec!["thất", "MÁY-CHỦ"], vec![0]),
        (vec!["dang"], vec![1]),
        (vec!["100%"], vec![2]),
        (vec!["g_v"], vec![2]),
        (vec![r"windows\system32"], vec![4]),
        (vec!["hoa\u{300}"], vec![5]),
        (vec!["không có"], vec![]),
        (vec![""], vec![0, 1, 2, 3, 4, 5]),
    ] {
        let filter = Filter::All(words.iter().map(|w| Filter::Word((*w).to_owned())).collect());
        let query = Search { filter, ..all(Reach::All) };
        let mut found: Vec<String> =
            lake.search(query).await.unwrap().events.into_iter().map(|event| event.record.raw).collect();
        found.reverse();
        let expected: Vec<&str> = expected.into_iter().map(|at: usize| texts[at]).collect();
        assert_eq!(found, expected, "{words:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_times_and_sources_narrow_a_search() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let mut maker = Maker::new(1);
    let mut events = maker.events(unit(1), 4);
    events[0].time = noon() - TimeDelta::days(3);
    events[1].record.hot.user = Some("TRẦN THỊ BÌNH".into());
    events[2].source = unit(50);
    events[3].system = unit(51);
    lake.append(events.clone()).await.unwrap();
    let ids = async |query: Search| -> Vec<_> {
        lake.search(query).await.unwrap().events.into_iter().map(|event| event.id).collect()
    };
    let equals = |name: &str, value: &str| Search { filter: Filter::equals(Name::of(name), value), ..all(Reach::All) };
    assert_eq!(ids(equals("user", "trần thị bình")).await, [events[1].id]);
    assert!(ids(equals("user", "trần thị")).await.is_empty());
    assert_eq!(ids(equals("host", "MÁY-CHỦ-01")).await.len(), 4);
    assert_eq!(ids(Search { source: Some(unit(50)), ..all(Reach::All) }).await, [events[2].id]);
    assert_eq!(ids(Search { system: Some(unit(51)), ..all(Reach::All) }).await, [events[3].id]);
    assert_eq!(ids(Search { to: Some(noon()), ..all(Reach::All) }).await, [events[0].id]);
    assert_eq!(ids(Search { from: Some(events[3].time), ..all(Reach::All) }).await, [events[3].id]);
    for (query, code) in [
        (Search { limit: 1_001, ..all(Reach::All) }, "lake.page"),
        (Search { offset: 100_001, ..all(Reach::All) }, "lake.offset"),
        (Search { filter: Filter::All(vec![Filter::Word("a".into()); 201]), ..all(Reach::All) }, "lake.conditions"),
        (Search { filter: Filter::Word("a".repeat(1_001)), ..all(Reach::All) }, "lake.condition-length"),
    ] {
        assert_eq!(lake.search(query).await.unwrap_err().code, code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_histogram_adds_up_to_the_total() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let mut maker = Maker::new(1);
    let mut events = maker.events(unit(1), 100);
    for (n, event) in (0_i64..).zip(&mut events) {
        event.time = noon() + TimeDelta::hours(n);
    }
    lake.append(events).await.unwrap();
    let query = Search { from: Some(noon()), to: Some(noon() + TimeDelta::hours(48)), ..all(Reach::All) };
    let buckets = lake.histogram(query.clone(), 4).await.unwrap();
    assert_eq!(buckets.iter().map(|bucket| bucket.count).collect::<Vec<_>>(), [12, 12, 12, 12]);
    assert_eq!(buckets[1].at, noon() + TimeDelta::hours(12));
    let open = lake.histogram(all(Reach::All), 7).await.unwrap();
    assert_eq!(open.iter().map(|bucket| bucket.count).sum::<u64>(), 100);
    assert_eq!(open.len(), 7);
    let none = Search { filter: said("\"không có\""), ..all(Reach::All) };
    assert_eq!(lake.histogram(none, 7).await.unwrap(), []);
    assert_eq!(lake.histogram(query, 0).await.unwrap_err().code, "lake.slices");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_stored_is_refused_and_harms_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let mut maker = Maker::new(1);
    let mut events = maker.events(unit(1), 2);
    events[1].time = "+12000-01-01T00:00:00Z".parse().unwrap();
    let fault = lake.append(events).await.unwrap_err();
    assert_eq!((fault.code.as_ref(), fault.args[0].1.as_str()), ("lake.time", "1"));
    let huge = maker.event(unit(1), &"x".repeat(97 * 1024 * 1024));
    assert_eq!(lake.append(vec![huge]).await.unwrap_err().code, "lake.batch-too-large");
    lake.append(Vec::new()).await.unwrap();
    lake.append(maker.events(unit(1), 1)).await.unwrap();
    assert_eq!(lake.holdings().await.unwrap().events, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_source_brought_is_known_by_its_identities() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let brought = |source: u128, second: i64, key: u64| {
        let mut event = Maker::new(1).event(unit(1), "một dòng");
        event.received = noon() + TimeDelta::seconds(second);
        (event.id, event.source) = (keyed(event.received, key), Id::from_u128(source));
        event
    };
    // In the table, in memory, and of somebody else.
    commit(&lake, (0..50).map(|n| brought(7, n, 1_000 + n.unsigned_abs())).collect()).await;
    commit(&lake, vec![brought(9, 55, 1)]).await;
    lake.append((60..70).map(|n| brought(7, n, 1_000 + n.unsigned_abs())).collect()).await.unwrap();
    let keys = async |second: i64, most: usize| -> Vec<u64> {
        let ids = lake.received(Id::from_u128(7), noon() + TimeDelta::seconds(second), most).await.unwrap();
        ids.into_iter().map(key).collect()
    };
    assert_eq!(keys(0, 1_000).await, (1_060..1_070).rev().chain((1_000..1_050).rev()).collect::<Vec<u64>>());
    assert_eq!(keys(48, 1_000).await, (1_060..1_070).rev().chain([1_049, 1_048]).collect::<Vec<u64>>());
    assert_eq!(keys(0, 3).await, [1_069, 1_068, 1_067]);
    let too_many = lake.received(Id::from_u128(7), noon(), 200_001).await.unwrap_err();
    assert_eq!(too_many.code, "lake.rows");
}
