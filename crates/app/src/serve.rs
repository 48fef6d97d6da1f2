//! `khien serve`: everything running, until Ctrl-C or SIGTERM.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use khien_base::{Clock, Fault, Result};
use khien_respond::intake::correlations;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::{jobs, local, receive, wiring};

/// Serves the centre of a data folder.
pub async fn serve(data: &Path, config: &Config) -> Result<()> {
    let centre = wiring::open(data, config, Clock::System).await?;
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|error| Fault::unavailable("serve.address", error).with("address", config.listen))?;
    let address = listener.local_addr().map_err(Fault::internal)?;
    let key = local::publish(data, address)?;
    centre.local.set(key);
    let stop = CancellationToken::new();
    match correlations::rebuild(&centre.kit).await {
        Ok(events) => tracing::info!(events, "correlations know of stored events"),
        // They begin anew: what is still to come is correlated all the same.
        Err(fault) => tracing::error!(%fault, "correlations know nothing of stored events"),
    }
    let worker = tokio::spawn(jobs::work(Arc::clone(&centre.kit), stop.clone()));
    let collectors = receive::start(&centre, data, config, stop.clone()).await?;
    announce(address);
    let router = khien_web::router::router(&centre.kit);
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let stopping = stop.clone();
    let served = axum::serve(listener, service)
        .with_graceful_shutdown(async move {
            asked_to_stop().await;
            stopping.cancel();
        })
        .into_future();
    // Open event streams would hold a graceful stop up for ever: after the signal, five seconds and no more.
    tokio::select! {
        done = served => done.map_err(Fault::internal)?,
        () = async { stop.cancelled().await; tokio::time::sleep(std::time::Duration::from_secs(5)).await; } => {}
    }
    for task in collectors {
        task.await.ok();
    }
    worker.await.ok();
    local::withdraw(data);
    centre.close().await
}

#[expect(clippy::print_stdout, reason = "the address is what the person at the terminal waits for")]
fn announce(address: SocketAddr) {
    println!("Khiên: http://{address}");
}

async fn asked_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! { _ = interrupt => {} , _ = terminate.recv() => {} }
        }
        Err(_) => {
            interrupt.await.ok();
        }
    }
}
