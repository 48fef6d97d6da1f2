//! How files are laid out, and what a search reads of them.

use std::sync::Arc;

use chrono::TimeDelta;
use datafusion::arrow::array::{Array, AsArray};
use datafusion::logical_expr::{col, lit};
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::physical_plan::{ExecutionPlan, collect};
use khien_base::ports::EventStore;
use khien_base::{Event, Reach};
use serde_json::json;

use super::{Maker, all, open, unit};
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

/// Row groups that a plan looked at and passed over by their bloom filters.
fn by_bloom(plan: &Arc<dyn ExecutionPlan>) -> (usize, usize) {
    let mut sums = (0, 0);
    if let Some(metrics) = plan.metrics() {
        for metric in metrics.iter() {
            if let datafusion::physical_plan::metrics::MetricValue::PruningMetrics { name, pruning_metrics } =
                metric.value()
                && name == "row_groups_pruned_bloom_filter"
            {
                sums.0 += pruning_metrics.matched();
                sums.1 += pruning_metrics.pruned();
            }
        }
    }
    for child in plan.children() {
        let below = by_bloom(child);
        sums = (sums.0 + below.0, sums.1 + below.1);
    }
    sums
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
    let context = lake.engine.session();
    let table = Arc::new(EventsTable::new(lake.log.parts(), Reach::All, lake.engine.store()));
    let frame = context.read_table(table).unwrap().filter(col("src_ip").eq(lit("10.0.1.255"))).unwrap();
    let plan = frame.create_physical_plan().await.unwrap();
    let found: usize = collect(Arc::clone(&plan), context.task_ctx()).await.unwrap().iter().map(|b| b.num_rows()).sum();
    assert_eq!(found, 1);
    let (looked_at, passed_over) = by_bloom(&plan);
    assert!(looked_at <= 3 && passed_over >= 27, "{looked_at} row groups looked at, {passed_over} passed over");
}
