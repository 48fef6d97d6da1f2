//! The first run: which province or commune, who is the administrator, what passwords must be like.
//!
//! Words: *centre* — this installation, the root of the unit tree.
//! Invariants: it runs once; with a centre there, its routes are gone (not found). Nothing is half made: units,
//! administrator and settings come in one change.
//! It never changes a centre that is there.

pub mod found;
mod http;
pub mod views;

use khien_base::Permit;
use khien_web::{Module, Page, Route, samples};

/// The card.
pub const MODULE: Module = Module {
    name: "setup",
    nav: &[],
    permissions: &[],
    routes,
    pages: &[Page {
        name: "setup/setup.html",
        source: include_str!("pages/setup.html"),
        samples: Some(samples::<views::Setup>),
    }],
    texts_vi: include_str!("texts/vi.json"),
    texts_en: include_str!("texts/en.json"),
    jobs: &[],
    measures: &[],
};

fn routes() -> Vec<Route> {
    vec![
        Route::get("/setup", Permit::Public, http::show).gives::<views::Setup>(),
        Route::post("/setup", Permit::Public, http::found).takes::<http::Answers>(),
    ]
}
