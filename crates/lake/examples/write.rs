//! What writing costs: events a second, processor seconds for a million events, stored bytes for each raw byte.
//!
//! ```text
//! cargo run --release -p khien-lake --example write -- FOLDER EVENTS [FILE.ndjson]
//! ```
//!
//! Each line of the file is a record: its text is the raw text, its members are the fields. Without a file, sign-ins
//! over SSH are made up. Four callers append batches of a thousand each, as receivers do.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use khien_base::event::Hot;
use khien_base::ports::{EventStore, Search};
use khien_base::{Clock, Event, Fault, Id, Ids, LogSource, Reach, Record, Result};
use khien_lake::Lake;
use serde_json::{Value, json};

/// Events of one batch.
const BATCH: usize = 1_000;
/// Callers at once.
const CALLERS: usize = 4;

/// Processor seconds of this process so far, as Linux counts them.
fn processor() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks = |at: usize| after.split_whitespace().nth(at).and_then(|it| it.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

/// The most memory that this process has held, in MiB.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn sign_in(n: usize) -> Record {
    let (user, host) = (format!("nguyen{}", n % 300), format!("may-chu-{:02}", n % 40));
    let (ip, port) = (format!("10.{}.{}.{}", n % 7, n % 251, n % 253), 1_024 + n % 60_000);
    let message = format!("Failed password for invalid user {user} from {ip} port {port} ssh2");
    let pid = 1_000 + n % 9_000;
    let raw = format!("<86>Jun 10 08:{:02}:{:02} {host} sshd[{pid}]: {message}", n / 60 % 60, n % 60);
    let fields = json!({ "program": "sshd", "pid": pid.to_string(), "message": message, "user": user, "src_ip": ip });
    let hot = Hot { class_uid: 3002, host: Some(host), user: Some(user), src_ip: Some(ip), ..Hot::default() };
    let log = LogSource { product: Some("linux".into()), service: Some("sshd".into()), category: None };
    Record { time: None, log, hot, fields: fields.as_object().cloned().unwrap_or_default().into(), raw, key: None }
}

fn read(file: &str) -> Result<Vec<Record>> {
    let text = std::fs::read_to_string(file).map_err(Fault::internal)?;
    let record = |line: &str| {
        let fields: Value = serde_json::from_str(line).map_err(Fault::internal)?;
        let log = LogSource { product: Some("windows".into()), service: None, category: None };
        let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
        let hot = Hot { host: text("Computer"), user: text("TargetUserName"), ..Hot::default() };
        Ok(Record {
            time: None,
            log,
            hot,
            fields: fields.as_object().cloned().unwrap_or_default().into(),
            raw: line.to_owned(),
            key: None,
        })
    };
    text.lines().map(record).collect()
}

fn batch(records: &[Record], ids: &Ids, first: usize, begun: DateTime<Utc>) -> Vec<Event> {
    let of = |n: usize| {
        let time = begun + TimeDelta::microseconds(i64::try_from(n).unwrap_or(0) * 20);
        let record = records.get(n % records.len().max(1)).cloned()?;
        let id = ids.next(time);
        let (source, system, unit) = (Id::from_u128(7), Id::from_u128(8), Id::from_u128(9));
        Some(Event { id, time, received: time, source, system, unit, record })
    };
    (first..first + BATCH).filter_map(of).collect()
}

#[expect(clippy::print_stdout, reason = "a measuring program's answer")]
async fn measure(folder: PathBuf, count: usize, records: Vec<Record>) -> Result<()> {
    let raw: usize = (0..count).filter_map(|n| records.get(n % records.len().max(1))).map(|it| it.raw.len()).sum();
    let begun = Clock::System.now();
    let made = {
        let (before, ids) = (processor(), Ids::random());
        (0..count / BATCH).for_each(|n| drop(batch(&records, &ids, n * BATCH, begun)));
        processor() - before
    };
    let (lake, records) = (Arc::new(Lake::open(&folder, Clock::System).await?), Arc::new(records));
    let (before, start, next) = (processor(), Instant::now(), Arc::new(AtomicUsize::new(0)));
    let callers = (0..CALLERS).map(|_| {
        let (lake, records, next, ids) = (Arc::clone(&lake), Arc::clone(&records), Arc::clone(&next), Ids::random());
        tokio::spawn(async move {
            loop {
                let first = next.fetch_add(BATCH, Ordering::AcqRel);
                if first + BATCH > count {
                    return Ok::<_, Fault>(());
                }
                lake.append(batch(&records, &ids, first, begun)).await?;
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.map_err(Fault::internal)??;
    }
    let taken = start.elapsed();
    lake.flush().await?;
    let (whole, used) = (start.elapsed(), processor() - before - made);
    let held = lake.holdings().await?;
    let found = lake.search(Search { limit: 1, ..Search::within(Reach::All) }).await?;
    let events = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    println!("events                      {count} of {} raw bytes; found {}", raw / count.max(1), found.total);
    println!("acknowledged                {:.0} a second", events / taken.as_secs_f64());
    println!("in the table                {:.0} a second", events / whole.as_secs_f64());
    println!("processor                   {:.1} s for a million events", used / events * 1e6);
    println!("stored for each raw byte    {:.3}", held.bytes as f64 / raw as f64);
    println!("files                       {}", held.files);
    println!("memory at most              {} MiB", memory());
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a measuring program's answer")]
fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let (Some(folder), Some(count)) = (words.next(), words.next().and_then(|it| it.parse().ok())) else {
        println!("write FOLDER EVENTS [FILE.ndjson]");
        return Ok(());
    };
    let records = words.next().map_or_else(|| Ok((0..20_000).map(sign_in).collect()), |file| read(&file))?;
    let runtime = tokio::runtime::Runtime::new().map_err(Fault::internal)?;
    runtime.block_on(measure(PathBuf::from(folder), count, records))
}
