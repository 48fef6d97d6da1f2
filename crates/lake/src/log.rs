//! The table's transaction log: which data files count.
//!
//! Commits are written here, by one process at a time and in O(1): a commit never reads the history. A commit's
//! entry takes its number whole, or fails if the number is taken ([`crate::place`]). Opening, checkpoints and cleaning
//! of old entries are `deltalake`'s.

use std::collections::HashSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use khien_base::{Clock, Fault, Id, Ids, Kind, Result};
use object_store::ObjectStore;
use serde_json::{Value, json};

use crate::columns::{DAY, delta_schema};
use crate::part::{Part, PartWriter};
use crate::place::Place;
use crate::stage::file_name;

/// A checkpoint is written each time the version is a multiple of this.
const CHECKPOINT_EVERY: u64 = 50;

/// The operation that writes the same rows into other files.
pub(crate) const MERGE: &str = "OPTIMIZE";

/// The version and the files that it names.
#[derive(Debug, Default)]
struct State {
    version: u64,
    parts: Vec<Arc<Part>>,
    /// The last sequence of our journal that the files hold.
    settled: u64,
    /// Files that are on their way into the table.
    expected: HashSet<String>,
}

/// The log of one table and what it says now.
#[derive(Debug)]
pub(crate) struct Log {
    place: Place,
    tmp: PathBuf,
    clock: Clock,
    ids: Ids,
    /// The name of our journal, as commits name it.
    journal: String,
    state: RwLock<State>,
    /// Held while an entry is written.
    turn: Mutex<()>,
    checkpointing: AtomicBool,
    /// The lake's folder stays ours until the last work on it has ended.
    _lock: Arc<File>,
}

impl Log {
    /// Opens the log, or starts it with an empty table.
    pub(crate) async fn open(
        place: Place,
        tmp: PathBuf,
        clock: Clock,
        journal: Id,
        lock: Arc<File>,
    ) -> Result<Arc<Self>> {
        let log = Arc::new(Self {
            place,
            tmp,
            clock,
            ids: Ids::random(),
            journal: format!("khien/{journal}"),
            state: RwLock::default(),
            turn: Mutex::new(()),
            checkpointing: AtomicBool::new(false),
            _lock: lock,
        });
        if log.place.begin().await? {
            let log = Arc::clone(&log);
            let first = move || match log.write(0, &log.first()?) {
                // Somebody outside was quicker.
                Err(fault) if fault.kind == Kind::Conflict => Ok(()),
                done => done,
            };
            tokio::task::spawn_blocking(first).await.map_err(Fault::internal)??;
        }
        let metadata = log.reload().await?;
        let (at, same) = (Arc::clone(&log), metadata);
        tokio::task::spawn_blocking(move || at.evolve(same)).await.map_err(Fault::internal)??;
        Ok(log)
    }

    /// Adds the columns that a table of an earlier version lacks. Its files stay as they are: what they do not have
    /// is empty. Blocks on the disk.
    fn evolve(&self, mut metadata: Value) -> Result<()> {
        let columns = |schema: &Value| -> Vec<String> {
            let fields = schema.get("fields").and_then(Value::as_array).into_iter().flatten();
            fields.filter_map(|field| Some(field.get("name")?.as_str()?.to_owned())).collect()
        };
        let schema = metadata.get("schemaString").and_then(Value::as_str).unwrap_or_default();
        let had = columns(&serde_json::from_str(schema).map_err(|e| Fault::unavailable("lake.log", e))?);
        let wanted = columns(&serde_json::from_str(&delta_schema()).map_err(Fault::internal)?);
        if wanted.iter().all(|name| had.contains(name)) {
            return Ok(());
        }
        if let Some(metadata) = metadata.as_object_mut() {
            metadata.insert("schemaString".to_owned(), delta_schema().into());
        }
        let info = json!({ "timestamp": self.clock.now().timestamp_millis(), "operation": "ADD COLUMNS" });
        let version = self.version() + 1;
        self.write(version, &[json!({ "commitInfo": info }), json!({ "metaData": metadata })])?;
        self.state.write().unwrap_or_else(PoisonError::into_inner).version = version;
        Ok(())
    }

    /// The actions that make the table (Delta protocol 1/2: no feature beyond partitions and statistics).
    fn first(&self) -> Result<Vec<Value>> {
        let now = self.clock.now();
        Ok(vec![
            json!({ "commitInfo": { "timestamp": now.timestamp_millis(), "operation": "CREATE TABLE" } }),
            json!({ "protocol": { "minReaderVersion": 1, "minWriterVersion": 2 } }),
            json!({ "metaData": {
                "id": self.ids.next(now),
                "name": "events",
                "format": { "provider": "parquet", "options": {} },
                "schemaString": delta_schema(),
                "partitionColumns": [DAY],
                "createdTime": now.timestamp_millis(),
                "configuration": {
                    "delta.dataSkippingStatsColumns": "id,time",
                    "delta.checkpointInterval": CHECKPOINT_EVERY.to_string(),
                    "delta.logRetentionDuration": "interval 1 days",
                },
            }}),
        ])
    }

    /// Writes an entry so that it is whole or absent. A number that is taken is a conflict.
    fn write(&self, version: u64, actions: &[Value]) -> Result<()> {
        let mut text = String::new();
        for action in actions {
            text.push_str(&action.to_string());
            text.push('\n');
        }
        let draft = self.tmp.join(format!("{}.json", self.ids.next(self.clock.now())));
        self.place.enter(&format!("{version:020}.json"), text, &draft)
    }

    /// Commits files in and out of the table, durably, and makes them visible. Blocks on the disk.
    pub(crate) fn commit(&self, operation: &str, adds: Vec<Part>, removes: &[Arc<Part>]) -> Result<u64> {
        self.change(operation, adds, removes, None)
    }

    /// Commits files that hold our journal up to a sequence. The entry says so itself (`txn` of the Delta protocol,
    /// "Transaction Identifiers"), so that a crash after it puts nothing in twice.
    pub(crate) fn settle(&self, adds: Vec<Part>, settled: u64) -> Result<u64> {
        self.change("WRITE", adds, &[], Some(settled))
    }

    fn change(&self, operation: &str, adds: Vec<Part>, removes: &[Arc<Part>], settled: Option<u64>) -> Result<u64> {
        let _turn: MutexGuard<'_, ()> = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let version = self.version() + 1;
        let info = json!({ "timestamp": now.timestamp_millis(), "operation": operation });
        let mut actions = vec![json!({ "commitInfo": info })];
        if let Some(sequence) = settled {
            let txn = json!({ "appId": self.journal, "version": sequence, "lastUpdated": now.timestamp_millis() });
            actions.push(json!({ "txn": txn }));
        }
        let data_change = operation != MERGE;
        actions.extend(removes.iter().map(|part| part.remove(now, data_change)));
        actions.extend(adds.iter().map(|part| part.add(now, data_change)));
        self.write(version, &actions)?;
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if !removes.is_empty() {
            state.parts.retain(|part| !removes.iter().any(|gone| gone.path == part.path));
        }
        for part in adds {
            state.expected.remove(&part.path);
            state.parts.push(Arc::new(part));
        }
        state.version = version;
        state.settled = settled.unwrap_or(state.settled);
        Ok(version)
    }

    /// The files of the version that is in force, and the last sequence of our journal that they hold.
    pub(crate) fn standing(&self) -> (Vec<Arc<Part>>, u64) {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        (state.parts.clone(), state.settled)
    }

    /// The table's files, with the table at the root.
    pub(crate) fn files(&self) -> Result<Arc<dyn ObjectStore>> {
        self.place.files()
    }

    /// The version that is in force.
    pub(crate) fn version(&self) -> u64 {
        self.state.read().unwrap_or_else(PoisonError::into_inner).version
    }

    /// The files of the version that is in force.
    pub(crate) fn parts(&self) -> Vec<Arc<Part>> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).parts.clone()
    }

    /// Names files that will be part of the table: until then nobody takes them for waste.
    pub(crate) fn expect(&self, parts: &[Arc<Part>]) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.expected.extend(parts.iter().map(|part| part.path.clone()));
    }

    /// The paths of all files that are or will be part of the table.
    pub(crate) fn named(&self) -> HashSet<String> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.parts.iter().map(|part| part.path.clone()).chain(state.expected.iter().cloned()).collect()
    }

    /// Puts a durable file into the table; it counts once a commit names it. Blocks.
    pub(crate) fn bring(&self, file: &Path, part: &Part) -> Result<()> {
        self.place.bring(file, &part.path, part.size)
    }

    /// Completes a file and puts it into the table; it counts once a commit names it. Blocks.
    pub(crate) fn take(&self, writer: PartWriter) -> Result<Part> {
        let part = writer.finish_in(&self.tmp)?;
        let file = self.tmp.join(file_name(&part));
        let brought = self.bring(&file, &part);
        let _ = fs::remove_file(&file);
        brought.map(|()| part)
    }

    /// Takes a file back whose commit failed.
    pub(crate) fn discard(&self, part: &Part) {
        self.place.discard(&part.path);
    }

    /// Files have left the table: how long ago counts from now on.
    pub(crate) fn leave(&self, gone: &[Arc<Part>]) {
        self.place.leave(gone.iter().map(|part| part.path.clone()), self.clock.now());
    }

    /// Removes files that have been out of the table for longer than `keep`. Blocks.
    pub(crate) fn sweep(&self, keep: Duration) -> Result<()> {
        self.place.sweep(|| self.named(), self.clock.now(), keep)
    }

    /// Where the table is on this machine.
    #[cfg(test)]
    pub(crate) fn table(&self) -> PathBuf {
        match &self.place {
            Place::Folder(folder) => folder.clone(),
            Place::Bucket(_) => panic!("a bucket is no folder"),
        }
    }

    /// Reads the state from the disk. A checkpoint that a loss of power left torn is set aside: the entries that
    /// it sums up are kept for a day longer, so the state is read from them. Gives the table's `metaData` action.
    pub(crate) async fn reload(&self) -> Result<Value> {
        let mut tries = 0;
        let table = loop {
            match self.place.load().await {
                Ok(table) => break table,
                Err(fault) if tries < 3 && self.place.set_checkpoint_aside(&self.aside())? => {
                    tries += 1;
                    tracing::warn!(%fault, "a checkpoint of the lake could not be read and was set aside");
                }
                Err(fault) => return Err(fault),
            }
        };
        let snapshot = table.snapshot().map_err(Fault::internal)?;
        let mut parts = Vec::new();
        for file in snapshot.log_data().iter() {
            let path = file.object_store_path().to_string();
            let stats = file.stats();
            let part = Part::named(path.clone(), file.size(), &file.partition_values_map(), stats.as_deref());
            parts.push(Arc::new(part.ok_or_else(|| Fault::unavailable("lake.log", format!("{path}: no statistics")))?));
        }
        let settled = snapshot.transaction_version(table.log_store().as_ref(), &self.journal).await;
        let settled = settled.map_err(|e| Fault::unavailable("lake.log", e))?.unwrap_or(0);
        let settled = u64::try_from(settled).map_err(Fault::internal)?;
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let expected = std::mem::take(&mut state.expected);
        *state = State { version: snapshot.version(), parts, settled, expected };
        serde_json::to_value(snapshot.metadata()).map_err(Fault::internal)
    }

    fn aside(&self) -> PathBuf {
        self.tmp.with_file_name("set-aside")
    }

    /// Whether the log is to be summed up at this version.
    pub(crate) fn checkpoint_is_due(version: u64) -> bool {
        version.is_multiple_of(CHECKPOINT_EVERY)
    }

    /// Sums up the log in a checkpoint and removes entries that it replaces, a day after they were written.
    pub(crate) async fn checkpoint(&self) -> Result<()> {
        if self.checkpointing.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        let done = self.write_checkpoint().await;
        self.checkpointing.store(false, Ordering::Release);
        done
    }

    async fn write_checkpoint(&self) -> Result<()> {
        let table = self.place.load().await?;
        deltalake::checkpoints::create_checkpoint(&table, None).await.map_err(|e| Fault::unavailable("lake.log", e))?;
        self.place.sync_checkpoint()?;
        deltalake::checkpoints::cleanup_metadata(&table, None).await.map_err(|e| Fault::unavailable("lake.log", e))?;
        Ok(())
    }
}
