//! Files of events that people take away.
//!
//! Words: *file* — what a search found, as CSV, NDJSON or Parquet; *shelf* — the folder in which files lie for a day.
//! Invariants: a file is made in the background, a batch of events in memory at a time; who asked for it, and nobody else,
//! sees, stops and fetches it; it holds what that person's reach held when it was asked for, with personal data masked
//! unless asked for by right; asking and fetching are in the audit log; no file is larger, nor the shelf fuller, than its
//! limit.

mod http;
pub mod jobs;
pub mod model;
pub mod shelf;
pub mod store;
pub mod views;
pub mod work;
mod writer;

#[cfg(test)]
mod tests;

pub use shelf::Shelf;

use khien_base::Role::{Auditor, FocalPoint, Officer};
use khien_base::{Permission, Permit};
use khien_web::{Module, Page, Route, samples};

use crate::search::EXPORT;

/// The card.
pub const MODULE: Module = Module {
    name: "exports",
    nav: &[],
    permissions: &[Permission { name: EXPORT, roles: &[Officer, FocalPoint, Auditor] }],
    routes,
    pages: &[
        Page {
            name: "exports/list.html",
            source: include_str!("pages/list.html"),
            samples: Some(samples::<views::List>),
        },
        Page { name: "exports/new.html", source: include_str!("pages/new.html"), samples: Some(samples::<views::New>) },
        Page {
            name: "exports/file.html",
            source: include_str!("pages/file.html"),
            samples: Some(samples::<views::One>),
        },
    ],
    texts_vi: include_str!("texts/vi.json"),
    texts_en: include_str!("texts/en.json"),
    jobs: jobs::JOBS,
    measures: &[],
};

fn routes() -> Vec<Route> {
    let write = Permit::Needs(EXPORT);
    vec![
        Route::get("/exports", write, http::list).gives::<views::List>(),
        Route::get("/exports/new", write, http::new_page).gives::<views::New>(),
        Route::post("/exports", write, http::begin).takes::<http::Order>(),
        Route::get("/exports/{id}", write, http::one).gives::<views::One>(),
        Route::get("/exports/{id}/file", write, http::fetch),
        Route::post("/exports/{id}/stop", write, http::stop),
        Route::post("/exports/{id}/discard", write, http::discard),
    ]
}
