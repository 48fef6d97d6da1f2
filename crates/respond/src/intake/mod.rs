//! The way of log records into the centre.
//!
//! Words: *batch* — records that are matched and stored together; *accepted* — stored so that a crash does not lose it.
//! Invariants: what was answered as accepted survives a crash, and its alerts are recorded; a record that comes again
//! makes no second alert; a line that cannot be read never stops the others; who brings more than the centre can take
//! waits, and nothing is dropped.
//! It never believes a sender about whose records they are: that is its token's or address's.

pub mod correlations;
pub mod feed;
pub(crate) mod find;
mod http;
pub mod pipeline;
mod room;
#[cfg(test)]
mod tests;

use khien_base::Permit;
use khien_web::{Job, Module, Route};

pub use pipeline::{Parts, Pipeline};

/// The card.
pub const MODULE: Module = Module {
    name: "intake",
    nav: &[],
    permissions: &[],
    routes,
    pages: &[],
    texts_vi: include_str!("texts/vi.json"),
    texts_en: include_str!("texts/en.json"),
    jobs: &[Job { kind: "intake.correlations", every_seconds: Some(60), run: correlations::tick }],
    measures: &[],
};

fn routes() -> Vec<Route> {
    vec![
        Route::post("/api/ingest/ndjson", Permit::SourceToken, http::ndjson)
            .gives::<http::Answer>()
            .limit(feed::BODY_BYTES),
        Route::post("/api/ingest/evtx", Permit::SourceToken, http::evtx)
            .gives::<http::Answer>()
            .limit(feed::EVTX_BYTES),
    ]
}
