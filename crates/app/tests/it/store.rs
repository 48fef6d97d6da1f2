//! The event store behind the whole way in: what is taken in is found, matched, and seen by its unit only.

use khien_base::Reach;
use khien_base::ports::Search;
use khien_normalise::{Format, decode_line};

use crate::centre::Centre;

#[tokio::test(flavor = "multi_thread")]
async fn an_attack_becomes_an_alert_and_is_found_within_its_unit() {
    let centre = Centre::new().await;
    let kit = &centre.open.kit;
    let now = kit.now();
    let told = khien_normalise::demo::Story::OfficeMachine;
    let lines = khien_normalise::demo::story(7, told, "may-vp-01", "binh", now - chrono::TimeDelta::hours(1));
    let records: Vec<_> = lines
        .iter()
        .enumerate()
        .map(|(n, (_, line))| decode_line(line.as_bytes(), Format::Ndjson, now, n as u64 + 1).unwrap())
        .collect();
    let sent = records.len();
    let taken = kit.intake().unwrap().take(centre.whose, records).await.unwrap();
    assert_eq!(taken, sent);
    let search = |reach| Search { limit: 10, ..Search::within(reach) };
    let found = kit.events().unwrap().search(search(Reach::All)).await.unwrap();
    assert_eq!(found.total, sent as u64);
    let own = Reach::Units([centre.whose.unit].into());
    assert_eq!(kit.events().unwrap().search(search(own)).await.unwrap().total, sent as u64);
    let neighbour = Reach::Units([centre.founded.units["so-tai-chinh"]].into());
    assert_eq!(kit.events().unwrap().search(search(neighbour.clone())).await.unwrap().total, 0);
    let counted = kit.events().unwrap().sql("SELECT count(*) AS n FROM events".into(), neighbour, 10).await.unwrap();
    assert_eq!(counted.rows[0]["n"], 0);
    let open = khien_respond::alerts::overview::open_counts(kit, &Reach::All).await.unwrap();
    let alerts: i64 = open.iter().map(|count| count.new).sum();
    assert!(alerts >= 5, "{open:?}");
    assert!(centre.data().join("lake").is_dir());
    centre.close().await;
}
