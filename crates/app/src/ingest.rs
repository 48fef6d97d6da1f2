//! `khien ingest FILE|DIR`: log files into the centre, as if their source had sent them.

use std::fs::File;
use std::io::{BufReader, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use khien_base::ports::Whose;
use khien_base::{Fault, Record, Result};
use khien_normalise::{Format, HEAD, decode_stream, sniff};
use khien_web::Kit;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

/// What to take in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Order {
    /// A file, or a folder whose files are taken with those of its sub-folders.
    pub path: PathBuf,
    /// Name or identity of the log source that they belong to.
    pub source: String,
    /// `evtx`, `ndjson`, `syslog`, `weblog`, `auto`.
    pub format: String,
}

/// What was taken in.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Done {
    /// Files read.
    pub files: usize,
    /// Records stored.
    pub records: usize,
    /// Records and files that could not be read.
    pub faults: usize,
    /// The first of them, each with its file.
    pub examples: Vec<String>,
}

impl Done {
    /// Whether there were faults and nothing else.
    pub fn failed(&self) -> bool {
        self.records == 0 && self.faults > 0
    }
}

/// Records that are decoded ahead of the store.
const AHEAD: usize = 4;
/// Records of one batch.
const BATCH: usize = 2_000;
/// Faults that are told one by one.
const EXAMPLES: usize = 20;
/// Files that one order may have.
const FILES: usize = 100_000;

/// Takes the files in; returns when all their records are stored.
pub async fn run(kit: &Kit, order: &Order) -> Result<Done> {
    let whose = whose(kit, &order.source).await?;
    let mut done = Done::default();
    for path in files(&order.path)? {
        done.files += 1;
        let name = path.display().to_string();
        match take(kit, whose, &path, &order.format, &mut done).await {
            Ok(()) => {}
            Err(fault) if fault.code.starts_with("logs.") => note(&mut done, &name, &fault),
            Err(fault) => return Err(fault),
        }
    }
    Ok(done)
}

/// The source of a name or identity.
async fn whose(kit: &Kit, source: &str) -> Result<Whose> {
    let found = khien_respond::sources::store::by_name_or_id(&kit.db, source).await?;
    let found = found.ok_or_else(|| Fault::not_found("local.no-source").with("source", source))?;
    Ok(Whose { source: found.id, system: found.system, unit: found.unit })
}

/// Decodes on a thread of its own, a few batches ahead of the store.
async fn take(kit: &Kit, whose: Whose, path: &Path, format: &str, done: &mut Done) -> Result<()> {
    let wanted: Format = serde_json::from_value(serde_json::Value::from(format))
        .map_err(|_| Fault::invalid("local.format").with("format", format))?;
    let (sender, mut batches) = mpsc::channel::<std::result::Result<Vec<Record>, Fault>>(AHEAD);
    let (path, name, now) = (path.to_owned(), path.display().to_string(), kit.now());
    let reader = tokio::task::spawn_blocking(move || decode(&path, wanted, now, &sender));
    while let Some(batch) = batches.recv().await {
        match batch {
            Ok(records) => done.records += kit.intake()?.take(whose, records).await?,
            Err(fault) => note(done, &name, &fault),
        }
    }
    reader.await.map_err(Fault::internal)?
}

fn decode(
    path: &Path,
    wanted: Format,
    now: chrono::DateTime<chrono::Utc>,
    sender: &mpsc::Sender<std::result::Result<Vec<Record>, Fault>>,
) -> Result<()> {
    let open =
        |error: std::io::Error| Fault::invalid("local.unreadable").with("file", path.display()).with("what", error);
    let mut file = File::open(path).map_err(open)?;
    let mut head = Vec::new();
    file.by_ref().take(HEAD as u64).read_to_end(&mut head).map_err(open)?;
    let format = if matches!(wanted, Format::Auto) { sniff(&head) } else { wanted };
    let whole = BufReader::new(std::io::Cursor::new(head).chain(file));
    let mut batch = Vec::with_capacity(BATCH);
    decode_stream(Box::new(whole), format, now, &mut |record| {
        let sent = match record {
            Ok(record) => {
                batch.push(record);
                if batch.len() < BATCH {
                    return ControlFlow::Continue(());
                }
                sender.blocking_send(Ok(std::mem::take(&mut batch)))
            }
            Err(fault) => sender.blocking_send(Err(fault)),
        };
        if sent.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    if !batch.is_empty() {
        sender.blocking_send(Ok(batch)).ok();
    }
    Ok(())
}

fn note(done: &mut Done, file: &str, fault: &Fault) {
    done.faults += 1;
    if done.examples.len() < EXAMPLES {
        done.examples.push(format!("{file}: {fault}"));
    }
}

/// The file itself, or all files under a folder, in the order of their names. Links are not followed.
pub(crate) fn files(path: &Path) -> Result<Vec<PathBuf>> {
    let open =
        |error: std::io::Error| Fault::invalid("local.unreadable").with("file", path.display()).with("what", error);
    if path.metadata().map_err(open)?.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let (mut out, mut folders) = (Vec::new(), vec![path.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(open)? {
            let entry = entry.map_err(open)?;
            let kind = entry.file_type().map_err(open)?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                out.push(entry.path());
            }
            if out.len() > FILES {
                return Err(Fault::invalid("local.too-many-files").with("limit", FILES));
            }
        }
    }
    out.sort();
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_faults_is_a_failure() {
        let done = |records, faults| Done { files: 1, records, faults, examples: Vec::new() };
        assert!(done(0, 3).failed());
        assert!(!done(5, 3).failed(), "partly readable");
        assert!(!done(0, 0).failed(), "an empty file");
    }
}
