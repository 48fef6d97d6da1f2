//! Health of log sources: what each sends beside what it is used to send, and how far behind it is.
//!
//! Words: *rate* — events of the last full hour; *normal* — the median of the same hour on earlier days (each of the
//! last seven, then the same weekday for four weeks), once there are three of them; *lag* — how long before its receipt
//! the newest record of the last batch was written, by the source's clock; negative when that clock is ahead.
//! Invariant: a source is judged by its own past alone. What is silent raises alerts in the module of sources; this one
//! only shows. It never looks into events.

mod http;
pub mod rules;
pub mod store;
#[cfg(test)]
mod tests;
pub mod views;

use khien_base::Permit;
use khien_web::{Group, Module, Nav, Page, Route, samples};

use crate::sources::READ;

/// The card.
pub const MODULE: Module = Module {
    name: "health",
    nav: &[Nav {
        group: Group::Watch,
        path: "/source-health",
        text: "health.title",
        icon: "activity",
        permission: READ,
    }],
    permissions: &[],
    routes,
    pages: &[Page {
        name: "health/list.html",
        source: include_str!("pages/list.html"),
        samples: Some(samples::<views::List>),
    }],
    texts_vi: include_str!("texts/vi.json"),
    texts_en: include_str!("texts/en.json"),
    jobs: &[],
    measures: &[],
};

fn routes() -> Vec<Route> {
    vec![Route::get("/source-health", Permit::Needs(READ), http::list).gives::<views::List>()]
}
