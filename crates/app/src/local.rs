//! The way for the command line into a centre that is running: the event store has one writer, so `khien ingest` and
//! `khien search` ask the server when there is one.
//!
//! The server writes `server.json` into its data folder, readable by its own user only: its address and a key that
//! is new at each start. Who can read the file could read the whole data folder as well.

use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use khien_base::{Fault, Permit, Reach, Result};
use khien_directory::secret;
use khien_web::guard::same;
use khien_web::{Ctx, Module, Reply, Route};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ingest;

/// The card.
pub const MODULE: Module = Module {
    name: "local",
    nav: &[],
    permissions: &[],
    routes,
    pages: &[],
    texts_vi: include_str!("texts/vi.json"),
    texts_en: include_str!("texts/en.json"),
    jobs: &[],
    measures: &[],
};

fn routes() -> Vec<Route> {
    vec![
        Route::post("/api/local/ingest", Permit::SourceToken, take_files).takes::<ingest::Order>(),
        Route::post("/api/local/sql", Permit::SourceToken, run_sql).takes::<Sql>(),
    ]
}

/// The key of this start.
#[derive(Debug, Default)]
pub struct LocalKey(OnceLock<String>);

impl LocalKey {
    /// Sets the key, once.
    pub fn set(&self, key: String) {
        self.0.set(key).ok();
    }

    fn holds(&self, given: &str) -> bool {
        self.0.get().is_some_and(|key| same(key, given))
    }
}

/// What `server.json` says.
#[derive(Debug, Serialize, Deserialize)]
struct Running {
    address: SocketAddr,
    key: String,
}

fn file(data: &Path) -> PathBuf {
    data.join("server.json")
}

/// Tells the command line where the server is.
pub fn publish(data: &Path, address: SocketAddr) -> Result<String> {
    let key = secret::token();
    withdraw(data);
    let text = serde_json::to_string(&Running { address, key: key.clone() }).map_err(Fault::internal)?;
    let mut out = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file(data))
        .map_err(Fault::internal)?;
    out.write_all(text.as_bytes()).map_err(Fault::internal)?;
    Ok(key)
}

/// The server is gone.
pub fn withdraw(data: &Path) {
    std::fs::remove_file(file(data)).ok();
}

/// Asks the running server of a data folder; `None` when none runs.
pub async fn ask(data: &Path, path: &str, body: &Value) -> Result<Option<Value>> {
    let Ok(text) = std::fs::read_to_string(file(data)) else { return Ok(None) };
    let running: Running = serde_json::from_str(&text).map_err(Fault::internal)?;
    let address = SocketAddr::new([127, 0, 0, 1].into(), running.address.port());
    let to = if running.address.ip().is_unspecified() { address } else { running.address };
    let Ok(stream) = tokio::net::TcpStream::connect(to).await else { return Ok(None) };
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(Fault::internal)?;
    let driver = tokio::spawn(connection);
    let request = Request::post(path)
        .header("host", running.address.to_string())
        .header("authorization", format!("Bearer {}", running.key))
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .map_err(Fault::internal)?;
    let response = sender.send_request(request).await.map_err(Fault::internal)?;
    let good = response.status().is_success();
    let bytes = response.into_body().collect().await.map_err(Fault::internal)?.to_bytes();
    driver.abort();
    let value: Value = serde_json::from_slice(&bytes).map_err(Fault::internal)?;
    if good {
        return Ok(Some(value));
    }
    let fault = value.get("fault").cloned().unwrap_or_default();
    let part = |name: &str| fault.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Err(Fault::invalid("local.refused").with("what", part("message")).with("code", part("code")))
}

fn check(ctx: &Ctx) -> Result<()> {
    let key: Arc<LocalKey> = ctx.kit.part()?;
    if ctx.bearer().is_some_and(|given| key.holds(given)) && ctx.peer.is_loopback() {
        Ok(())
    } else {
        Err(Fault::not_found("web.not-found"))
    }
}

async fn take_files(mut ctx: Ctx) -> Result<Reply> {
    check(&ctx)?;
    let order: ingest::Order = ctx.form().await?;
    let done = ingest::run(&ctx.kit, &order).await?;
    Ok(Reply::Json { status: 200, value: serde_json::to_value(done).map_err(Fault::internal)? })
}

/// A statement for the event store.
#[derive(Debug, Deserialize, JsonSchema)]
struct Sql {
    /// One SELECT.
    statement: String,
    /// Rows at most.
    limit: usize,
}

async fn run_sql(mut ctx: Ctx) -> Result<Reply> {
    check(&ctx)?;
    let sql: Sql = ctx.form().await?;
    let rows = ctx.kit.events()?.sql(sql.statement, Reach::All, sql.limit).await?;
    Ok(Reply::Json { status: 200, value: serde_json::to_value(rows).map_err(Fault::internal)? })
}
