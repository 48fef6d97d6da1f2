//! `make`: fills a lake with events of 30 days through the store's own way in, and tidies it; with the rows of a file, it
//! writes files of that size and leaves the tidying to `tidy`. `pace`: how much merging slows what comes in. `ask`: a question, five
//! times. `pack`: event logs of Windows, as they are, through the same way, on one day. `README.md` of the benches says
//! how peers are asked the same.

mod lines;

use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use khien_base::filter::{Name, read};
use khien_base::ports::{EventStore, Search};
use khien_base::{Clock, Event, Fault, Id, Ids, Reach, Result};
use khien_lake::{Lake, Settings};
use khien_normalise::{Format, decode_line};
use serde_json::{Value, json};

/// As the program itself has it.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Days that the events lie on.
const DAYS: i64 = 30;
/// Events of one batch, as the pipeline brings them.
const BATCH: u64 = 5_000;

fn last_day() -> DateTime<Utc> {
    NaiveDate::from_ymd_opt(2026, 6, 30).and_then(|day| day.and_hms_opt(0, 0, 0)).unwrap_or_default().and_utc()
}

fn say(value: &Value) {
    let _ = writeln!(std::io::stdout(), "{value}");
}

fn main() -> std::process::ExitCode {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let done = tokio::runtime::Runtime::new().map_err(Fault::internal).and_then(|runtime| {
        runtime.block_on(async {
            match given.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
                ["make", dir, rows] => make(Path::new(dir), number(rows)?, None).await,
                ["make", dir, rows, of_a_file] => make(Path::new(dir), number(rows)?, Some(number(of_a_file)?)).await,
                ["pace", dir, rows] => pace(Path::new(dir), number(rows)?).await,
                ["tidy", dir] => tidy(Path::new(dir)).await,
                ["pack", dir, logs] => pack(Path::new(dir), Path::new(logs)).await,
                ["ask", dir, question] => ask(Path::new(dir), question).await,
                _ => Err(Fault::internal(
                    "use: make DIR ROWS [ROWS_OF_A_FILE] | tidy DIR | pace DIR ROWS | pack DIR LOGS | ask DIR count|address|word|top|histogram",
                )),
            }
        })
    });
    match done {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(fault) => {
            let _ = writeln!(std::io::stderr(), "{fault}");
            std::process::ExitCode::FAILURE
        }
    }
}

fn number<N: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>>(given: &str) -> Result<N> {
    given.parse().map_err(Fault::internal)
}

/// Every query may take as long as it needs: this measures, it does not serve.
fn settings() -> Settings {
    Settings { query_time: Duration::from_secs(600), ..Settings::default() }
}

fn event(ids: &Ids, n: u64, at: DateTime<Utc>) -> Result<(Event, usize)> {
    let (line, system) = lines::line(n, at);
    let record = decode_line(line.as_bytes(), Format::Auto, at, n)?;
    let event = Event {
        id: ids.next(at),
        time: record.time.unwrap_or(at),
        received: at + TimeDelta::milliseconds(i64::try_from(n % 1_500).unwrap_or(0)),
        source: Id::from_u128(0x50_0000 + u128::from(system)),
        system: Id::from_u128(0x10_0000 + u128::from(system)),
        unit: Id::from_u128(0xA0_0000 + u128::from(system % 40)),
        record,
    };
    Ok((event, line.len()))
}

/// Bytes of an event that waits in memory, about.
const WAITING: usize = 1_500;

async fn make(dir: &Path, rows: u64, of_a_file: Option<usize>) -> Result<()> {
    let usual = settings();
    let flush_rows = of_a_file.unwrap_or(usual.flush_rows);
    let tail_bytes = usual.tail_bytes.max(flush_rows * WAITING);
    let lake = open(dir, Settings { flush_rows, tail_bytes, ..usual }).await?;
    let start = Instant::now();
    let raw = fill(&lake, 0..rows, rows).await?;
    lake.flush().await?;
    say(&json!({"append_seconds": start.elapsed().as_secs_f64(), "peak_mib": peak()}));
    forget_peak();
    let kept = if of_a_file.is_some() { stored(&lake, raw).await? } else { tidied(&lake, Some(raw)).await? };
    say(&kept);
    close(lake).await
}

async fn open(dir: &Path, limits: Settings) -> Result<Arc<Lake>> {
    Ok(Arc::new(Lake::open_with(dir, Clock::fixed(last_day() + TimeDelta::days(3)), limits).await?))
}

async fn close(lake: Arc<Lake>) -> Result<()> {
    match Arc::into_inner(lake) {
        Some(lake) => lake.close().await,
        None => Ok(()),
    }
}

/// Takes in some of so many events that spread over all days; gives the bytes of their lines.
async fn fill(lake: &Arc<Lake>, some: Range<u64>, of: u64) -> Result<u64> {
    let first = last_day() - TimeDelta::days(DAYS - 1);
    let micros = u64::try_from(TimeDelta::days(DAYS).num_microseconds().unwrap_or(1)).unwrap_or(1);
    let step = micros / of.max(1);
    let (mut raw, ids) = (0_u64, Arc::new(Ids::random()));
    let mut under_way = tokio::task::JoinSet::new();
    for from in some.clone().step_by(usize::try_from(BATCH).unwrap_or(1)) {
        while under_way.len() >= 4 {
            raw += joined(under_way.join_next().await)?;
        }
        let (lake, ids, to) = (Arc::clone(lake), Arc::clone(&ids), (from + BATCH).min(some.end));
        under_way.spawn(async move {
            let (mut batch, mut raw) = (Vec::new(), 0);
            for n in from..to {
                let at = first + TimeDelta::microseconds(i64::try_from(n * step).unwrap_or(0));
                let (event, bytes) = event(&ids, n, at)?;
                raw += bytes as u64;
                batch.push(event);
            }
            lake.append(batch).await?;
            Ok(raw)
        });
    }
    while let Some(done) = under_way.join_next().await {
        raw += joined(Some(done))?;
    }
    Ok(raw)
}

/// How much slower events come in while others are merged: over a lake of so many fresh ones, half as many again come in
/// by turns alone and beside the merge.
async fn pace(dir: &Path, rows: u64) -> Result<()> {
    let lake = open(dir, settings()).await?;
    fill(&lake, 0..rows, rows).await?;
    lake.flush().await?;
    let (mut alone, mut beside, part) = (Vec::new(), Vec::new(), rows / 20);
    for turn in 0..5 {
        // Of the last days: merges begin with the first.
        let next = |from: u64| rows - (from + 1) * part..rows - from * part;
        let began = Instant::now();
        fill(&lake, next(turn), rows).await?;
        alone.push(began.elapsed().as_secs_f64());
        let merging = Arc::clone(&lake);
        let merging = tokio::spawn(async move { merging.tidy().await });
        let began = Instant::now();
        fill(&lake, next(turn + 5), rows).await?;
        let took = began.elapsed().as_secs_f64();
        // A turn in which nothing was left to merge says nothing.
        if !merging.is_finished() {
            beside.push(took);
        }
        merging.abort();
    }
    say(
        &json!({ "events_a_turn": part, "alone_seconds": alone, "beside_a_merge_seconds": beside, "peak_mib": peak() }),
    );
    close(lake).await
}

/// The bytes of lines that a batch was made of.
fn joined(done: Option<std::result::Result<Result<u64>, tokio::task::JoinError>>) -> Result<u64> {
    done.transpose().map_err(Fault::internal)?.transpose().map(Option::unwrap_or_default)
}

/// What is stored.
async fn stored(lake: &Lake, raw: u64) -> Result<Value> {
    let kept = lake.holdings().await?;
    Ok(json!({
        "rows": kept.events, "raw_bytes": raw, "bytes": kept.bytes, "files": kept.files,
        "stored_per_raw": ratio(kept.bytes, raw), "bytes_per_event": ratio(kept.bytes, kept.events),
    }))
}

/// Merges until nothing is left to merge, and says what is stored then; beside the raw bytes, where they are known.
async fn tidied(lake: &Lake, raw: Option<u64>) -> Result<Value> {
    let fresh = lake.holdings().await?;
    let began = Instant::now();
    loop {
        let before = lake.holdings().await?.files;
        lake.tidy().await?;
        if lake.holdings().await?.files == before {
            break;
        }
    }
    let kept = lake.holdings().await?;
    Ok(json!({
        "rows": kept.events, "raw_bytes": raw, "fresh_bytes": fresh.bytes, "fresh_files": fresh.files,
        "tidy_seconds": began.elapsed().as_secs_f64(), "bytes": kept.bytes, "files": kept.files,
        "fresh_per_raw": raw.map(|raw| ratio(fresh.bytes, raw)),
        "stored_per_raw": raw.map(|raw| ratio(kept.bytes, raw)),
        "bytes_per_event": ratio(kept.bytes, kept.events), "peak_mib": peak(),
    }))
}

/// What is left to merge in a lake that was made before.
async fn tidy(dir: &Path) -> Result<()> {
    let lake = Lake::open_with(dir, Clock::fixed(last_day() + TimeDelta::days(3)), settings()).await?;
    say(&tidied(&lake, None).await?);
    lake.close().await
}

/// Event logs of a folder and below.
fn logs(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            logs(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "evtx") {
            found.push(path);
        }
    }
}

async fn pack(dir: &Path, folder: &Path) -> Result<()> {
    let lake = Lake::open_with(dir, Clock::fixed(last_day() + TimeDelta::days(3)), settings()).await?;
    let (mut found, mut raw, mut count, mut flushed, ids) = (Vec::new(), 0, 0_i64, 0, Ids::random());
    logs(folder, &mut found);
    for log in found {
        let bytes = std::fs::read(&log).map_err(Fault::internal)?;
        let mut batch = Vec::new();
        for record in khien_normalise::evtx(bytes).filter_map(std::result::Result::ok) {
            let time = last_day() + TimeDelta::milliseconds(count * 7);
            let [source, system, unit] = [7, 8, 9].map(Id::from_u128);
            raw += record.raw.len() as u64;
            count += 1;
            batch.push(Event { id: ids.next(time), time, received: time, source, system, unit, record });
        }
        lake.append(batch).await?;
        // Files enough for the merge that what stays for months goes through.
        if count / 2_000 > flushed {
            flushed = count / 2_000;
            lake.flush().await?;
        }
    }
    lake.flush().await?;
    say(&tidied(&lake, Some(raw)).await?);
    lake.close().await
}

#[expect(clippy::cast_precision_loss, reason = "sizes far below 2^52")]
fn ratio(a: u64, b: u64) -> f64 {
    a as f64 / b.max(1) as f64
}

fn all() -> Search {
    Search { limit: 50, ..Search::within(Reach::All) }
}

/// The four questions: one address in all days, a word in one day, the top 20 of a field in a day, a histogram of a week.
async fn answer(lake: &Lake, question: &str) -> Result<u64> {
    let day = last_day() - TimeDelta::days(9);
    let one = || Search { from: Some(day), to: Some(day + TimeDelta::days(1)), ..all() };
    match question {
        // What peers are asked: the number alone. The search beside it gives the newest fifty events too.
        "count" => {
            let sql = format!("SELECT count(*) AS n FROM events WHERE src_ip = '{}'", lines::RARE_ADDRESS);
            let rows = lake.sql(sql, Reach::All, 1).await?;
            Ok(rows.rows.first().and_then(|row| row.get("n")?.as_u64()).unwrap_or(0))
        }
        "address" => {
            let filter = read(&format!("src_ip:{}", lines::RARE_ADDRESS))?;
            Ok(lake.search(Search { filter, ..all() }).await?.total)
        }
        "word" => Ok(lake.search(Search { filter: read(lines::WORD)?, ..one() }).await?.total),
        "top" => {
            let top = lake.values(one(), Name::of("user"), 20).await?;
            Ok(top.rows.len() as u64)
        }
        _ => {
            let week = Search { from: Some(day), to: Some(day + TimeDelta::days(7)), ..all() };
            Ok(lake.histogram(week, 168).await?.iter().map(|bucket| bucket.count).sum())
        }
    }
}

async fn ask(dir: &Path, question: &str) -> Result<()> {
    let lake = Lake::open_with(dir, Clock::fixed(last_day() + TimeDelta::days(3)), settings()).await?;
    let mut seconds = Vec::new();
    let mut found = 0;
    for _ in 0..5 {
        let began = Instant::now();
        found = answer(&lake, question).await?;
        seconds.push(began.elapsed().as_secs_f64());
    }
    let cold = seconds.first().copied().unwrap_or_default();
    let warm = seconds.iter().skip(1).copied().fold(f64::INFINITY, f64::min);
    say(&json!({ "question": question, "found": found, "cold": cold, "warm": warm, "peak_mib": peak() }));
    lake.close().await
}

/// Begins to count the peak anew (proc(5), `clear_refs`); where that is not allowed, it goes on.
fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// The most memory that this process has held, in MiB, as Linux counts it; 0 elsewhere.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
}
