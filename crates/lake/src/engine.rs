//! DataFusion with a bounded memory, a time limit, no way to the file system, and faults of ours.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use datafusion::error::DataFusionError;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::prelude::{SessionConfig, SessionContext};
use futures::stream::{self, BoxStream, StreamExt};
use khien_base::{Fault, Kind, Result};
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::Settings;

/// Functions that make large values out of small ones, outside of what the memory limit counts.
const REFUSED_FUNCTIONS: [&str; 10] = [
    "repeat",
    "lpad",
    "rpad",
    "replace",
    "range",
    "generate_series",
    "array_repeat",
    "list_repeat",
    "array_resize",
    "list_resize",
];

/// What all queries of one lake share. Queries have threads of their own, so that one which computes for long
/// without a pause holds up neither the pages nor the clocks of the rest of the program.
#[derive(Debug)]
pub(crate) struct Engine {
    /// Always there until the engine is dropped.
    threads: Option<Runtime>,
    runtime: Arc<RuntimeEnv>,
    store: ObjectStoreUrl,
    staged: ObjectStoreUrl,
    limit: Duration,
    partitions: usize,
}

impl Engine {
    /// An engine over the table's files and the folder of those that wait for the table; what does not fit in memory goes
    /// to `spill`.
    pub(crate) fn new(table: Arc<dyn ObjectStore>, staged: &Path, spill: &Path, settings: &Settings) -> Result<Self> {
        let pool = FairSpillPool::new(settings.query_bytes);
        let tracked = TrackConsumersPool::new(pool, std::num::NonZeroUsize::MIN);
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(tracked))
            .with_temp_file_path(spill)
            .with_max_temp_directory_size(settings.spill_bytes)
            .with_metadata_cache_limit(settings.cache_bytes)
            .with_object_list_cache_limit(0)
            .with_file_statistics_cache_limit(0)
            .build_arc()
            .map_err(Fault::internal)?;
        let staged = LocalFileSystem::new_with_prefix(staged).map_err(|e| Fault::unavailable("lake.disk", e))?;
        let at = |name: &str, files: Arc<dyn ObjectStore>| {
            let store = ObjectStoreUrl::parse(name).map_err(Fault::internal)?;
            runtime.register_object_store(store.as_ref(), files);
            Ok::<_, Fault>(store)
        };
        let (store, staged) = (at("lake://events", table)?, at("lake://staged", Arc::new(staged))?);
        // The engine comes with a way to all local files; it is taken out.
        if let Ok(local) = url::Url::parse("file://") {
            let _ = runtime.deregister_object_store(&local);
        }
        let partitions = settings.query_threads.max(1);
        let threads = Builder::new_multi_thread()
            .worker_threads(partitions)
            .max_blocking_threads(8)
            .thread_name("lake-query")
            .enable_io()
            .enable_time()
            .build()
            .map_err(|e| Fault::unavailable("lake.threads", e))?;
        Ok(Self { threads: Some(threads), runtime, store, staged, limit: settings.query_time, partitions })
    }

    /// Where the table's files are, in the engine's words.
    pub(crate) fn store(&self) -> ObjectStoreUrl {
        self.store.clone()
    }

    /// Where the files that wait for the table are, in the engine's words.
    pub(crate) fn staged(&self) -> ObjectStoreUrl {
        self.staged.clone()
    }

    /// A session that knows no table, no table function, and nothing of the machine.
    pub(crate) fn session(&self) -> SessionContext {
        self.session_of(4_096)
    }

    /// The same whose batches have so many rows.
    pub(crate) fn session_of(&self, rows: usize) -> SessionContext {
        let mut config = SessionConfig::new()
            .with_target_partitions(self.partitions)
            .with_batch_size(rows)
            .with_information_schema(false);
        let options = config.options_mut();
        options.execution.parquet.pushdown_filters = true;
        options.execution.parquet.reorder_filters = true;
        // Our own tables know better ([`crate::skip`]).
        options.execution.parquet.bloom_filter_on_read = false;
        options.execution.enable_recursive_ctes = false;
        options.sql_parser.collect_spans = true;
        let state = SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(Arc::clone(&self.runtime))
            .with_default_features()
            .with_table_functions(std::collections::HashMap::new())
            .with_table_factories(std::collections::HashMap::new())
            .with_file_formats(Vec::new())
            .build();
        let context = SessionContext::new_with_state(state);
        for name in REFUSED_FUNCTIONS {
            context.deregister_udf(name);
        }
        context.register_udf(crate::fields::field());
        context
    }

    /// Runs a query within the time limit.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        query: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        match tokio::time::timeout(self.limit, self.work(query)).await {
            Ok(result) => result,
            Err(_) => Err(Fault::new(Kind::TooMany, "lake.too-slow").with("seconds", self.limit.as_secs())),
        }
    }

    /// Runs work on the queries' threads. It ends when the caller stops waiting, and a defect in the engine ends
    /// this work only.
    pub(crate) async fn work<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let Some(threads) = &self.threads else { return Err(Fault::internal("the engine has ended")) };
        let mut tasks = JoinSet::new();
        tasks.spawn_on(work, threads.handle());
        match tasks.join_next().await {
            Some(Ok(result)) => result,
            Some(Err(e)) => Err(Fault::unavailable("lake.query", e)),
            None => Err(Fault::internal("work without a task")),
        }
    }
}

/// What a feed still holds: its work, and where the work hands its pieces over.
type Feed<T> = (JoinSet<()>, mpsc::Receiver<Result<T>>);

impl Engine {
    /// Runs work that hands over one piece after another, without a limit of time. It waits while nobody takes its
    /// pieces, and ends when the stream is dropped.
    pub(crate) fn feed<T: Send + 'static, W: Future<Output = Result<()>> + Send + 'static>(
        &self,
        work: impl FnOnce(mpsc::Sender<Result<T>>) -> W,
    ) -> BoxStream<'static, Result<T>> {
        let Some(threads) = &self.threads else {
            return stream::once(async { Err(Fault::internal("the engine has ended")) }).boxed();
        };
        let (to, pieces) = mpsc::channel(1);
        let failed = to.clone();
        let work = work(to);
        let mut tasks = JoinSet::new();
        let whole = async move {
            if let Err(fault) = work.await {
                failed.send(Err(fault)).await.ok();
            }
        };
        tasks.spawn_on(whole, threads.handle());
        stream::unfold((tasks, pieces), next).boxed()
    }
}

/// The next piece; a defect in the engine is told and not taken for the end.
async fn next<T>((mut tasks, mut pieces): Feed<T>) -> Option<(Result<T>, Feed<T>)> {
    if let Some(piece) = pieces.recv().await {
        return Some((piece, (tasks, pieces)));
    }
    match tasks.join_next().await? {
        Ok(()) => None,
        Err(e) => Some((Err(Fault::unavailable("lake.query", e)), (tasks, pieces))),
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // A runtime that is dropped plainly waits for its threads, which async code must not.
        if let Some(threads) = self.threads.take() {
            threads.shutdown_background();
        }
    }
}

/// Whether a query ended because its memory and its room on the disk were used up. The engine says the latter
/// in words only.
pub(crate) fn exhausted(error: &DataFusionError) -> bool {
    let root = error.find_root();
    matches!(root, DataFusionError::ResourcesExhausted(_)) || root.to_string().contains("max_temp_directory_size")
}

/// A fault of a query that we wrote ourselves.
pub(crate) fn fault(error: DataFusionError) -> Fault {
    match error.find_root() {
        _ if exhausted(&error) => {
            let mut fault = Fault::new(Kind::TooMany, "lake.memory");
            fault.cause = Some(error.strip_backtrace());
            fault
        }
        DataFusionError::ObjectStore(_) | DataFusionError::IoError(_) | DataFusionError::ParquetError(_) => {
            Fault::unavailable("lake.disk", error.strip_backtrace())
        }
        _ => Fault::internal(error.strip_backtrace()),
    }
}
