//! Writes a table step by step and says what it counts, for readers outside (`proof/duckdb`).
//!
//! `table DIR write|append|merge|forget`

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use chrono::{DateTime, TimeDelta, Utc};
use khien_base::event::Hot;
use khien_base::ports::{EventStore, Held};
use khien_base::{Clock, Event, Fault, Id, Ids, LogSource, Reach, Record, Result};
use khien_lake::Lake;
use serde_json::{Value, json};

/// 08:00 UTC on 10/06/2026.
fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_781_078_400, 0).unwrap_or_default()
}

fn system(n: i64) -> Id {
    Id::from_u128(0x5000 + u128::try_from(n % 5).unwrap_or(0))
}

fn event(ids: &Ids, n: i64) -> Event {
    let time = start() - TimeDelta::days(n % 6) + TimeDelta::microseconds(n * 1_001);
    let address = format!("10.0.{}.{}", n % 3, n % 200);
    let fields = json!({ "EventID": 4625, "TargetUserName": format!("cán bộ {n}"), "IpAddress": address, "n": n });
    let raw =
        if n % 4 == 0 { format!("đăng nhập thất bại {n}") } else { json!({ "Event": &fields }).to_string() };
    let fields = fields.as_object().cloned().unwrap_or_default();
    let hot = Hot { class_uid: 3002, src_ip: Some(address), host: Some(format!("PC-{}", n % 50)), ..Hot::default() };
    let log = LogSource { product: Some("windows".into()), ..LogSource::default() };
    Event {
        id: ids.next(time),
        time,
        received: time + TimeDelta::seconds(1),
        source: Id::from_u128(7),
        system: system(n),
        unit: Id::from_u128(0xA0),
        record: Record { time: Some(time), log, hot, fields: fields.into(), raw, key: None },
    }
}

async fn counts(lake: &Lake, sql: &str) -> Result<Vec<Vec<Value>>> {
    let rows = lake.sql(sql.to_owned(), Reach::All, 10_000).await?;
    let row =
        |row: &serde_json::Map<String, Value>| rows.columns.iter().filter_map(|name| row.get(name).cloned()).collect();
    Ok(rows.rows.iter().map(row).collect())
}

async fn run(dir: &Path, step: &str) -> Result<Value> {
    let lake = Lake::open(dir, Clock::fixed(start() + TimeDelta::hours(1))).await?;
    let ids = Ids::random();
    match step {
        "write" | "append" => {
            let from = if step == "write" { 0 } else { 20_000 };
            for batch in 0..20 {
                let events = (0..500).map(|n| event(&ids, from + batch * 500 + n)).collect();
                lake.append(events).await?;
            }
        }
        "merge" => lake.tidy().await?,
        "forget" => {
            let day = (start() - TimeDelta::days(3)).date_naive();
            let held = Held { system: Some(system(1)), from: Some(start() - TimeDelta::days(3)), to: None };
            lake.forget(day, vec![system(0), system(1)], vec![held]).await?;
        }
        _ => return Err(Fault::internal("write, append, merge or forget")),
    }
    // What is on its way into the table is brought there: others read the table.
    lake.close().await?;
    let lake = Lake::open(dir, Clock::fixed(start() + TimeDelta::hours(1))).await?;
    let first = |mut rows: Vec<Vec<Value>>| if rows.is_empty() { Vec::new() } else { rows.swap_remove(0) };
    let by_day =
        "SELECT CAST(day AS VARCHAR) AS d, system, count(*) AS n FROM events GROUP BY day, system ORDER BY d, system";
    let by_address = "SELECT src_ip, count(*) AS n FROM events GROUP BY src_ip ORDER BY src_ip";
    let times = "SELECT CAST(min(time) AS BIGINT) AS a, CAST(max(time) AS BIGINT) AS b FROM events";
    let said = json!({
        "events": first(counts(&lake, "SELECT count(*) AS n, count(DISTINCT id) AS m FROM events").await?),
        "by_day": counts(&lake, by_day).await?,
        "by_address": counts(&lake, by_address).await?,
        "times": first(counts(&lake, times).await?),
        "raw": first(counts(&lake, "SELECT sum(character_length(raw)) AS n FROM events").await?),
    });
    lake.close().await?;
    Ok(said)
}

fn main() -> ExitCode {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let [dir, step] = given.as_slice() else {
        let _ = writeln!(std::io::stderr(), "table DIR write|append|merge|forget");
        return ExitCode::FAILURE;
    };
    let done =
        tokio::runtime::Runtime::new().map_err(Fault::internal).and_then(|it| it.block_on(run(Path::new(dir), step)));
    match done {
        Ok(said) => {
            let _ = writeln!(std::io::stdout(), "{said}");
            ExitCode::SUCCESS
        }
        Err(fault) => {
            let _ = writeln!(std::io::stderr(), "{fault}");
            ExitCode::FAILURE
        }
    }
}
