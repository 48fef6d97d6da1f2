//! Tables of earlier versions: opened, searched, merged, and taking new events. Each released version has one in
//! `tests/tables/`, with the events that it holds beside it.

use std::fs;
use std::path::Path;

use khien_base::ports::EventStore;
use khien_base::{Event, Reach};

use super::{Maker, all, open, unit};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let place = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), place).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_every_released_version_open_are_searched_merged_and_take_new_events() {
    let tables = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tables");
    let mut versions = 0;
    for table in fs::read_dir(&tables).unwrap().flatten().filter(|entry| entry.path().is_dir()) {
        versions += 1;
        let dir = tempfile::tempdir().unwrap();
        copy(&table.path(), &dir.path().join("events"));
        let text = fs::read_to_string(tables.join(format!("{}.json", table.file_name().display()))).unwrap();
        let mut held: Vec<Event> = serde_json::from_str(&text).unwrap();
        for event in &mut held {
            // Both times of an event have one name in JSON.
            event.record.time = Some(event.time);
        }
        let lake = open(dir.path()).await;
        for step in ["opened", "with new events", "merged"] {
            match step {
                "with new events" => {
                    let new = Maker::new(77).events(unit(4), 3);
                    lake.append(new.clone()).await.unwrap();
                    lake.flush().await.unwrap();
                    held.extend(new);
                }
                "merged" => lake.tidy().await.unwrap(),
                _ => {}
            }
            let mut found = lake.search(all(Reach::All)).await.unwrap().events;
            found.sort_by_key(|event| event.id);
            held.sort_by_key(|event| event.id);
            assert_eq!(found, held, "{step}");
            let own = lake.search(all(Reach::Units([unit(1)].into()))).await.unwrap();
            assert_eq!(own.total, held.iter().filter(|event| event.unit == unit(1)).count() as u64, "{step}");
            let sql = "SELECT count(*) AS n FROM events WHERE field(fields, 'EventID') = '4625'".to_owned();
            let rows = lake.sql(sql, Reach::All, 1).await.unwrap();
            assert_eq!(rows.rows[0]["n"], held.len(), "{step}");
        }
        lake.close().await.unwrap();
        let lake = open(dir.path()).await;
        let mut found = lake.search(all(Reach::All)).await.unwrap().events;
        found.sort_by_key(|event| event.id);
        assert_eq!(found, held, "opened again");
    }
    assert!(versions >= 1);
}
