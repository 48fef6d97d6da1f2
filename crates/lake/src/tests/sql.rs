//! SQL that people write: what it gives, and what it is refused.

use khien_base::Reach;
use khien_base::ports::EventStore;
use serde_json::json;

use super::{Maker, open, unit};

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_gives_named_rows_up_to_the_limit() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    lake.append(Maker::new(1).events(unit(1), 10)).await.unwrap();
    let sql = "SELECT event_code AS mã, count(*) AS n, min(severity_id) AS s, max(dst_ip) AS d FROM events GROUP BY 1;";
    let rows = lake.sql(sql.into(), Reach::All, 5).await.unwrap();
    assert_eq!(rows.columns, ["mã", "n", "s", "d"]);
    assert_eq!(serde_json::Value::from(rows.rows), json!([{ "mã": "4625", "n": 10, "s": 3, "d": null }]));
    assert!(!rows.truncated);
    let some = lake.sql("SELECT id FROM events ORDER BY time".into(), Reach::All, 4).await.unwrap();
    assert_eq!((some.rows.len(), some.truncated), (4, true));
    let twice = "SELECT a.id, b.id FROM events a JOIN events b ON a.id = b.id";
    let twice = lake.sql(twice.into(), Reach::All, 50).await.unwrap();
    assert_eq!(twice.columns, ["id", "id_2"]);
    assert_eq!(twice.rows.len(), 10);
    let none = lake.sql("SELECT raw FROM events WHERE false".into(), Reach::All, 4).await.unwrap();
    assert_eq!((none.columns.len(), none.rows.len()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn anything_but_one_select_over_events_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    super::commit(&lake, Maker::new(1).events(unit(1), 1)).await;
    let csv = dir.path().join("secret.csv");
    std::fs::write(&csv, "a,b\n1,2\n").unwrap();
    let csv = csv.display();
    let part = lake.log.table().join(&lake.log.parts()[0].path);
    let part = part.display();
    for (sql, code) in [
        (String::new(), "lake.sql-only-select"),
        ("DROP TABLE events".into(), "lake.sql-only-select"),
        ("CREATE TABLE x AS SELECT * FROM events".into(), "lake.sql-only-select"),
        ("CREATE VIEW x AS SELECT * FROM events".into(), "lake.sql-only-select"),
        (format!("CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '{csv}'"), "lake.sql-only-select"),
        (format!("COPY events TO '{csv}'"), "lake.sql-only-select"),
        ("COPY (SELECT * FROM events) TO 'x.parquet' STORED AS PARQUET".into(), "lake.sql-only-select"),
        ("INSERT INTO events SELECT * FROM events".into(), "lake.sql-only-select"),
        ("WITH e AS (SELECT 1) INSERT INTO events SELECT * FROM events".into(), "lake.sql-only-select"),
        ("UPDATE events SET raw = ''".into(), "lake.sql-only-select"),
        ("DELETE FROM events".into(), "lake.sql-only-select"),
        ("SET datafusion.catalog.information_schema = true".into(), "lake.sql-only-select"),
        ("RESET datafusion.execution.batch_size".into(), "lake.sql-only-select"),
        ("SHOW TABLES".into(), "lake.sql-only-select"),
        ("SHOW ALL".into(), "lake.sql-only-select"),
        ("DESCRIBE events".into(), "lake.sql-only-select"),
        ("EXPLAIN SELECT * FROM events".into(), "lake.sql-only-select"),
        ("EXPLAIN ANALYZE SELECT * FROM events".into(), "lake.sql-only-select"),
        ("EXPLAIN ANALYZE INSERT INTO events SELECT * FROM events".into(), "lake.sql-only-select"),
        ("PREPARE p AS SELECT 1".into(), "lake.sql-only-select"),
        ("BEGIN".into(), "lake.sql-only-select"),
        ("TABLE events".into(), "lake.sql"),
        ("SELECT * INTO x FROM events".into(), "lake.sql-only-select"),
        ("SELECT * FROM events FOR UPDATE".into(), "lake.sql-only-select"),
        (
            "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n FROM r) SELECT * FROM r".into(),
            "lake.sql-only-select",
        ),
        ("SELECT 1; SELECT 2".into(), "lake.sql-one-statement"),
        ("SELECT 1; DROP TABLE events".into(), "lake.sql-one-statement"),
        (format!("SELECT * FROM '{csv}'"), "lake.sql-table"),
        (format!("SELECT * FROM \"{csv}\""), "lake.sql-table"),
        (format!("SELECT * FROM '{part}'"), "lake.sql-table"),
        (format!("SELECT * FROM read_csv('{csv}')"), "lake.sql-table"),
        (format!("SELECT * FROM TABLE(read_parquet('{part}'))"), "lake.sql-table"),
        (format!("SELECT (SELECT max(a) FROM '{csv}') FROM events"), "lake.sql-table"),
        (format!("SELECT id FROM events UNION SELECT a FROM '{csv}'"), "lake.sql-table"),
        (format!("WITH x AS (SELECT * FROM '{csv}') SELECT * FROM x"), "lake.sql-table"),
        ("SELECT * FROM generate_series(1, 1000000000)".into(), "lake.sql-table"),
        ("SELECT * FROM range(1, 1000000000)".into(), "lake.sql-table"),
        ("SELECT * FROM information_schema.tables".into(), "lake.sql-table"),
        ("SELECT * FROM datafusion.public.events".into(), "lake.sql-table"),
        ("SELECT * FROM users".into(), "lake.sql-table"),
        ("SELECT * FROM events, LATERAL (SELECT * FROM users)".into(), "lake.sql-table"),
        ("SELECT * FROM events a CROSS JOIN events b".into(), "lake.sql-join"),
        ("SELECT count(*) FROM events a JOIN events b ON a.time < b.time".into(), "lake.sql-join"),
        ("SELECT repeat('x', 2000000000)".into(), "lake.sql"),
        ("SELECT range(1, 1000000000)".into(), "lake.sql"),
        ("SELECT no_such FROM events".into(), "lake.sql"),
        ("SELEC * FROM events".into(), "lake.sql"),
        ("SELECT 1/0".into(), "lake.sql"),
        ("SELECT CAST(raw AS INT) FROM events".into(), "lake.sql"),
        (format!("SELECT {}1{}", "(".repeat(5_000), ")".repeat(5_000)), "lake.sql"),
        (format!("SELECT '{}'", "x".repeat(20_000)), "lake.sql-length"),
    ] {
        let fault = match lake.sql(sql.clone(), Reach::All, 10).await {
            Ok(rows) => panic!("{sql}: {rows:?}"),
            Err(fault) => fault,
        };
        assert_eq!(fault.code, code, "{sql}: {fault}");
    }
    assert_eq!(lake.sql("SELECT 1".into(), Reach::All, 10_001).await.unwrap_err().code, "lake.rows");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_in_a_statement_names_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let lake = open(dir.path()).await;
    for (sql, line, column) in
        [("SELECT id\nFROM events\nWHERE ORDER BY", "3", "13"), ("SELECT id,\n       no_such\nFROM events", "2", "8")]
    {
        let fault = lake.sql(sql.into(), Reach::All, 10).await.unwrap_err();
        let arg = |name: &str| fault.args.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        assert_eq!((fault.code.as_ref(), fault.field.as_deref()), ("lake.sql", Some("sql")));
        assert_eq!((arg("line"), arg("column")), (Some(line), Some(column)), "{fault}");
        assert!(arg("message").is_some_and(|message| !message.is_empty()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_takes_too_long_or_too_much_ends() {
    let dir = tempfile::tempdir().unwrap();
    let settings = crate::Settings {
        query_time: std::time::Duration::from_millis(700),
        query_bytes: 64 * 1024 * 1024,
        spill_bytes: 1024 * 1024,
        ..super::quick()
    };
    let lake = crate::Lake::open_with(dir.path(), khien_base::Clock::fixed(super::noon()), settings).await.unwrap();
    lake.append(Maker::new(1).events(unit(1), 500)).await.unwrap();
    let slow = "SELECT count(*) FROM events a JOIN events b ON a.host = b.host JOIN events c ON b.host = c.host \
                WHERE a.raw || b.raw || c.raw LIKE '%không%'";
    let begun = std::time::Instant::now();
    assert_eq!(lake.sql(slow.into(), Reach::All, 10).await.unwrap_err().code, "lake.too-slow");
    assert!(begun.elapsed().as_secs() < 10);
    freed(&lake).await;
    let large = "SELECT count(*) FROM (SELECT DISTINCT a.id AS x, b.id AS y, c.id AS z FROM events a \
                 JOIN events b ON a.host = b.host JOIN events c ON b.host = c.host)";
    let fault = lake.sql(large.into(), Reach::All, 10).await.unwrap_err();
    assert!(["lake.memory", "lake.too-slow"].contains(&fault.code.as_ref()), "{fault}");
    freed(&lake).await;
}

/// A query that was given up lets go of its threads soon.
async fn freed(lake: &crate::Lake) {
    let begun = std::time::Instant::now();
    while begun.elapsed().as_secs() < 20 {
        if let Ok(rows) = lake.sql("SELECT count(*) AS n FROM events".into(), Reach::All, 10).await {
            assert_eq!(rows.rows[0]["n"], 500);
            println!("free after {:?}", begun.elapsed());
            return;
        }
    }
    panic!("a query that was given up is still at work");
}
