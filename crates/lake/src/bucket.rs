//! A table in a bucket of an S3 store: the same files under the same names as in a folder.
//!
//! What a folder does by syncing, the store does by itself: an object is there when the answer says so. What a folder
//! does by linking an entry to its number, the store does by putting it if the number is free (`If-None-Match`).

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use deltalake::DeltaTable;
use deltalake::logstore::{StorageConfig, default_logstore};
use futures::TryStreamExt;
use khien_base::{Fault, Result};
use object_store::aws::{AmazonS3Builder, S3ConditionalPut};
use object_store::path::Path as Key;
use object_store::prefix::PrefixStore;
use object_store::{ClientOptions, ObjectStore, ObjectStoreExt, PutMode, RetryConfig, WriteMultipart};
use tokio::runtime::Handle;
use url::Url;

/// Bytes of one piece of a large file.
const PIECE: usize = 8 * 1024 * 1024;
/// Pieces on their way at once.
const AT_ONCE: usize = 2;

/// Which bucket, and how to get in.
#[derive(Clone, PartialEq, Eq)]
pub struct S3 {
    /// `s3://bucket/prefix`.
    pub url: String,
    /// Where the store answers (`https://s3.tinh.gov.vn:9000`); Amazon's own when missing.
    pub endpoint: Option<String>,
    /// The region; `us-east-1` when missing, which stores of one's own do not mind.
    pub region: Option<String>,
    /// Who we are.
    pub access_key_id: String,
    /// What proves it.
    pub secret_access_key: String,
}

impl std::fmt::Debug for S3 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("S3").field("url", &self.url).field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// The place of a table in a bucket.
#[derive(Debug)]
pub(crate) struct Bucket {
    root: Arc<dyn ObjectStore>,
    files: Arc<dyn ObjectStore>,
    url: Url,
    runtime: Handle,
    /// When files left the table: an object keeps the time of its making only.
    left: Mutex<HashMap<String, DateTime<Utc>>>,
}

fn away(e: impl std::fmt::Display) -> Fault {
    Fault::unavailable("lake.store", e)
}

fn wrong(what: impl std::fmt::Display) -> Fault {
    Fault::invalid("lake.url").with("what", what)
}

impl Bucket {
    /// The table `events/` under the prefix. Nothing is asked of the store yet. Faults: `lake.url`.
    pub(crate) fn new(settings: &S3) -> Result<Self> {
        let mut url = Url::parse(&settings.url).map_err(wrong)?;
        let bucket = url.host_str().filter(|_| url.scheme() == "s3").ok_or_else(|| wrong(&settings.url))?.to_owned();
        let prefix = format!("{}/events", url.path().trim_matches('/')).trim_start_matches('/').to_owned();
        url.set_path(&format!("/{prefix}/"));
        let plain = settings.endpoint.as_deref().is_some_and(|it| it.starts_with("http://"));
        let client = ClientOptions::new()
            .with_allow_http(plain)
            .with_connect_timeout(Duration::from_secs(5))
            .with_timeout(Duration::from_secs(60));
        let retry = RetryConfig { max_retries: 3, retry_timeout: Duration::from_secs(30), ..RetryConfig::default() };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(bucket)
            .with_region(settings.region.as_deref().unwrap_or("us-east-1"))
            .with_access_key_id(&settings.access_key_id)
            .with_secret_access_key(&settings.secret_access_key)
            .with_conditional_put(S3ConditionalPut::ETagMatch)
            .with_client_options(client)
            .with_retry(retry);
        if let Some(endpoint) = &settings.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        let root: Arc<dyn ObjectStore> = Arc::new(builder.build().map_err(wrong)?);
        let files = Arc::new(PrefixStore::new(Arc::clone(&root), prefix));
        Ok(Self { root, files, url, runtime: Handle::current(), left: Mutex::default() })
    }

    /// The store, with the table at its root.
    pub(crate) fn files(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.files)
    }

    /// Whether there is no log yet.
    pub(crate) async fn is_new(&self) -> Result<bool> {
        let mut entries = self.files.list(Some(&Key::from("_delta_log")));
        Ok(entries.try_next().await.map_err(away)?.is_none())
    }

    /// The table as the log says.
    pub(crate) async fn load(&self) -> Result<DeltaTable> {
        let (files, root) = (Arc::clone(&self.files), Arc::clone(&self.root));
        let mut table = DeltaTable::new(default_logstore(files, root, &self.url, &StorageConfig::default()));
        table.load().await.map_err(away)?;
        Ok(table)
    }

    /// Puts an entry of the log; a name that is taken is a conflict. Blocks.
    pub(crate) fn enter(&self, name: &str, text: String) -> Result<()> {
        let key = Key::from(format!("_delta_log/{name}"));
        let put = self.files.put_opts(&key, text.into(), PutMode::Create.into());
        match self.runtime.block_on(put) {
            Ok(_) => Ok(()),
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => {
                Err(Fault::conflict("lake.changed"))
            }
            Err(e) => Err(away(e)),
        }
    }

    /// Puts a file of the local disk under a path of the table. Blocks.
    pub(crate) fn bring(&self, file: &Path, path: &str, size: u64) -> Result<()> {
        self.runtime.block_on(self.upload(file, path, size))
    }

    async fn upload(&self, file: &Path, path: &str, size: u64) -> Result<()> {
        let key = Key::from(path);
        // It was brought before, for a commit that failed.
        if self.files.head(&key).await.is_ok_and(|there| there.size == size) {
            return Ok(());
        }
        let disk = |e: std::io::Error| Fault::unavailable("lake.disk", e);
        let mut from = File::open(file).map_err(disk)?;
        if size <= u64::try_from(PIECE).unwrap_or(0) {
            let mut bytes = Vec::new();
            from.read_to_end(&mut bytes).map_err(disk)?;
            return self.files.put(&key, bytes.into()).await.map(drop).map_err(away);
        }
        let upload = self.files.put_multipart(&key).await.map_err(away)?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, PIECE);
        let mut piece = vec![0; PIECE];
        loop {
            let count = from.read(&mut piece).map_err(disk)?;
            let Some(some) = piece.get(..count).filter(|some| !some.is_empty()) else { break };
            upload.wait_for_capacity(AT_ONCE).await.map_err(away)?;
            upload.write(some);
        }
        upload.finish().await.map(drop).map_err(away)
    }

    /// Notes that files are no longer part of the table.
    pub(crate) fn leave(&self, paths: impl Iterator<Item = String>, now: DateTime<Utc>) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.extend(paths.map(|path| (path, now)));
    }

    /// Removes files that `named` does not hold and that have been out of the table for longer than `keep`. Blocks.
    pub(crate) fn sweep(&self, named: impl Fn() -> HashSet<String>, now: DateTime<Utc>, keep: Duration) -> Result<()> {
        let all = self.files.list(None).try_collect::<Vec<_>>();
        let all = self.runtime.block_on(all).map_err(away)?;
        let named = named();
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for object in all {
            let path = object.location.to_string();
            if !path.starts_with("day=") || named.contains(&path) {
                continue;
            }
            let since = left.get(&path).copied().unwrap_or(object.last_modified);
            if (now - since).to_std().is_ok_and(|age| age > keep) {
                self.runtime.block_on(self.files.delete(&object.location)).map_err(away)?;
                self.left.lock().unwrap_or_else(PoisonError::into_inner).remove(&path);
            }
        }
        Ok(())
    }
}
