//! How files are laid out, and what a search reads of them.

use std::sync::Arc;

use chrono::TimeDelta;
use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::datasource::physical_plan::FileScanConfig;
use datafusion::datasource::physical_plan::parquet::ParquetRowSelection;
use datafusion::datasource::source::DataSourceExec;
use datafusion::logical_expr::{Expr, col, lit};
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::physical_plan::{ExecutionPlan, collect};
use khien_base::ports::{EventStore, Search};
use khien_base::{Event, Reach};
use serde_json::json;

use super::{Maker, all, commit, open, unit};
use crate::Lake;
use crate::columns::{FIELDS, SHAPE};
use crate::scan::EventsTable;

/// An event whose fields stand in its raw text.
fn told(maker: &mut Maker, n: usize) -> Event {
    let fields = json!({ "EventID": 4625, "TargetUserName": format!("canbo{n}"), "IpAddress": format!("10.0.{}.{}", n / 250, n % 250) });
    let raw = json!({ "Event": { "Data": &fields, "Provider": "x" } }).to_string();
    let mut event = maker.event(unit(1), &raw);
    event.record.hot.src_ip = Some(format!("10.0.{}.{}", n / 250, n % 250));
    event.record.fields = fields.as_object().cloned().unwrap().into();
    event
}

fn files(lake: &Lake) -> Vec<std::path::PathBuf> {
    lake.log.parts().iter().map(|part| lake.log.table().join(&part.path)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_that_stand_in_the_raw_text_are_kept_once_and_come_back_whole() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let mut maker = Maker::new(1);
    let mut events: Vec<Event> = (0..40).map(|n| told(&mut maker, n)).collect();
    // One whose fields are nowhere else.
    events.push(maker.event(unit(1), "nothing of it"));
    for batch in events.chunks(7) {
        lake.append(batch.to_vec()).await.unwrap();
        lake.flush().await.unwrap();
    }
    lake.close().await.unwrap();
    let lake = open(dir.path()).await;
    let mut full = 0;
    let mut shapes = std::collections::HashSet::new();
    for path in files(&lake) {
        let file = std::fs::File::open(path).unwrap();
        for batch in ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap() {
            let batch = batch.unwrap();
            let texts = |name| batch.column_by_name(name).unwrap().as_string::<i32>().clone();
            full += (0..batch.num_rows()).filter(|row| texts(FIELDS).is_valid(*row)).count();
            shapes.extend(texts(SHAPE).iter().flatten().map(str::to_owned));
        }
    }
    assert_eq!((full, shapes.len()), (1, 1), "{shapes:?}");
    for tidied in [false, true] {
        if tidied {
            lake.tidy().await.unwrap();
        }
        let mut found = lake.search(all(Reach::All)).await.unwrap().events;
        found.sort_by_key(|event| event.id);
        assert_eq!(found, events);
        let sql = "SELECT count(*) AS n, min(field(fields, 'TargetUserName')) AS first FROM events WHERE field(fields, 'EventID') = '4625' AND raw LIKE '%Provider%'";
        let rows = lake.sql(sql.to_owned(), Reach::Units([unit(1)].into()), 10).await.unwrap();
        assert_eq!(json!(rows.rows), json!([{ "n": 40, "first": "canbo0" }]));
        let none = lake.sql("SELECT fields FROM events".to_owned(), Reach::Units([unit(2)].into()), 10).await.unwrap();
        assert!(none.rows.is_empty());
    }
}

/// Files that a plan reads, and how many of their rows.
fn reads(plan: &Arc<dyn ExecutionPlan>) -> (usize, usize) {
    let mut sums = (0, 0);
    let source = plan.downcast_ref::<DataSourceExec>();
    if let Some(config) = source.and_then(|source| source.data_source().downcast_ref::<FileScanConfig>()) {
        for file in config.file_groups.iter().flat_map(|group| group.iter()) {
            let selected = file.extension::<ParquetRowSelection>().map(|rows| rows.selection().row_count());
            let rows = || *file.statistics.as_ref().unwrap().num_rows.get_value().unwrap();
            sums = (sums.0 + 1, sums.1 + selected.unwrap_or_else(rows));
        }
    }
    for child in plan.children() {
        let below = reads(child);
        sums = (sums.0 + below.0, sums.1 + below.1);
    }
    sums
}

/// What is read, and found, by a condition.
async fn looked(lake: &Lake, condition: Expr) -> ((usize, usize), usize) {
    let context = lake.engine.session();
    let table = Arc::new(EventsTable::new(lake.log.parts(), Reach::All, lake.engine.store()));
    let frame = context.read_table(table).unwrap().filter(condition).unwrap();
    let plan = frame.create_physical_plan().await.unwrap();
    let found = collect(Arc::clone(&plan), context.task_ctx()).await.unwrap();
    (reads(&plan), found.iter().map(RecordBatch::num_rows).sum())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_in_thirty_days_is_looked_for_in_few_files() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let mut maker = Maker::new(1);
    for day in 2..32 {
        for half in 0..2 {
            let mut events: Vec<Event> = (0..200).map(|n| told(&mut maker, n * 2 + half)).collect();
            if day == 9 && half == 0 {
                events[7].record.hot.src_ip = Some("10.0.1.255".into());
            }
            for event in &mut events {
                event.time -= TimeDelta::days(day);
            }
            lake.append(events).await.unwrap();
            lake.flush().await.unwrap();
        }
    }
    lake.close().await.unwrap();
    let lake = open(dir.path()).await;
    lake.tidy().await.unwrap();
    assert_eq!(lake.log.parts().len(), 30);
    let ((files, _), found) = looked(&lake, col("src_ip").eq(lit("10.0.1.255"))).await;
    assert_eq!(found, 1);
    assert!(files <= 3, "{files} of 30 files read");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_file_that_stays_the_blocks_are_read_that_may_hold_a_value() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let mut maker = Maker::new(1);
    let mut events: Vec<Event> = (0..40_000).map(|n| told(&mut maker, n % 5_000)).collect();
    for event in &mut events {
        event.time -= TimeDelta::days(3);
    }
    events[21_000].record.hot.src_ip = Some("198.51.100.7".into());
    events[21_000].record.hot.host = Some("Máy-Lạ.tinh.vn".into());
    events[33_000].record.raw.push_str(" Mimikatz");
    for part in events.chunks(20_000) {
        commit(&lake, part.to_vec()).await;
    }
    lake.tidy().await.unwrap();
    assert_eq!(lake.log.parts().len(), 1);
    for (condition, found) in [
        (col("src_ip").eq(lit("198.51.100.7")), 1),
        (col("src_ip").like(lit("198.51.100.%")), 1),
        (col("host").ilike(lit("MÁY-lạ.TINH.vn")), 1),
        (col("raw").ilike(lit("%mimikatz%")), 1),
        (col("raw").ilike(lit("%mimikatz%")).or(col("host").eq(lit("Máy-Lạ.tinh.vn"))), 2),
    ] {
        let said = condition.to_string();
        let ((files, rows), all) = looked(&lake, condition).await;
        assert_eq!((files, all), (1, found), "{said}");
        assert!(rows <= 4_096 * (found + 1), "{said}: {rows} rows read");
    }
    assert_eq!(looked(&lake, col("src_ip").eq(lit("203.0.113.9"))).await, ((0, 0), 0));
    assert_eq!(looked(&lake, col("process").eq(lit("x"))).await, ((1, 40_000), 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_that_cuts_through_files_finds_what_lies_within() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    let mut maker = Maker::new(1);
    let mut events: Vec<Event> = (0..600).map(|n| told(&mut maker, n)).collect();
    for (n, event) in (0..).zip(&mut events) {
        event.time = super::noon() - TimeDelta::hours(60) + TimeDelta::minutes(n * 6);
    }
    for part in events.chunks(100) {
        lake.append(part.to_vec()).await.unwrap();
    }
    for step in 0..3 {
        for (from, to) in [(0, 600), (33, 34), (100, 350), (117, 599), (240, 480), (7, 7)] {
            let (from_time, to_time) = (events[from].time, events[to.min(599)].time);
            let spanned = Search { from: Some(from_time), to: Some(to_time), ..all(Reach::All) };
            let mut found = lake.search(spanned.clone()).await.unwrap().events;
            found.reverse();
            let ids = |events: &[Event]| events.iter().map(|event| event.id).collect::<Vec<_>>();
            assert_eq!(ids(&found), ids(&events[from..to.min(599)]), "{step}: {from} to {to}");
            let sql = format!(
                "SELECT count(*) AS n FROM events WHERE time > TIMESTAMP '{}' AND host IS NOT NULL",
                from_time.format("%Y-%m-%d %H:%M:%S")
            );
            let rows = lake.sql(sql, Reach::All, 1).await.unwrap().rows;
            assert_eq!(json!(rows), json!([{ "n": 599 - from }]), "{step}: after {from}");
            let values = lake.values(spanned, khien_base::filter::Name::of("src_ip"), 1_000).await.unwrap();
            assert_eq!(values.total, (to.min(599) - from) as u64, "{step}: {from} to {to}");
            assert_eq!(values.rows.len() as u64, values.total);
        }
        match step {
            0 => lake.flush().await.unwrap(),
            _ => lake.tidy().await.unwrap(),
        }
    }
}
