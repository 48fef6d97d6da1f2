//! Log sources of information systems: who sends what, when the last event came, who fell silent.
//!
//! Words: *source* — one sender of log records of one information system; *token* — the secret that a source sends
//! with over HTTP, or inside of syslog messages; *certificate* — what a machine shows over TLS, known by its SHA-256 or
//! by a name in it; *quota* — events a second that a source may send; *silent* — no event for longer than the source's limit; *unknown sender* — an address that sends
//! syslog and is nobody's.
//! Invariants: a token is stored as its hash and shown once; two units never share an address or certificate; a source that is closed
//! stays closed and its events stay; nothing is written per event, counts are added every few seconds.
//! It never stores a record of an unknown sender, and never looks into events.

pub mod desk;
mod http;
pub mod jobs;
pub mod model;
pub mod overview;
pub mod recipes;
pub mod rules;
pub mod store;
#[cfg(test)]
pub(crate) mod tests;
pub mod views;
pub mod watch;

use khien_base::Role::{Administrator, Auditor, FocalPoint, Leader, Officer};
use khien_base::{Permission, Permit};
use khien_web::{Group, Job, Module, Nav, Page, Route, samples};

pub use desk::{Desk, DeskSettings};
pub use watch::Watching;

/// Sees sources.
pub const READ: &str = "sources:read";
/// Adds and changes sources.
pub const WRITE: &str = "sources:write";

/// The card.
pub const MODULE: Module = Module {
    name: "sources",
    nav: &[Nav { group: Group::Watch, path: "/sources", text: "sources.title", icon: "antenna", permission: READ }],
    permissions: &[
        Permission { name: READ, roles: &[Administrator, Officer, FocalPoint, Leader, Auditor] },
        Permission { name: WRITE, roles: &[Officer, FocalPoint] },
    ],
    routes,
    pages: &[
        Page {
            name: "sources/list.html",
            source: include_str!("pages/list.html"),
            samples: Some(samples::<views::List>),
        },
        Page { name: "sources/new.html", source: include_str!("pages/new.html"), samples: Some(samples::<views::New>) },
        Page {
            name: "sources/live.html",
            source: include_str!("pages/live.html"),
            samples: Some(samples::<views::LivePage>),
        },
        Page { name: "sources/one.html", source: include_str!("pages/one.html"), samples: Some(samples::<views::One>) },
    ],
    texts_vi: include_str!("texts/vi.json"),
    texts_en: include_str!("texts/en.json"),
    jobs: &[
        Job { kind: "sources.flush", every_seconds: Some(5), run: jobs::flush },
        Job { kind: "sources.check-silence", every_seconds: Some(60), run: jobs::check_silence },
        Job { kind: "sources.trim", every_seconds: Some(3600), run: jobs::trim },
    ],
    measures: &[],
};

fn routes() -> Vec<Route> {
    let (read, write) = (Permit::Needs(READ), Permit::Needs(WRITE));
    vec![
        Route::get("/sources", read, http::list).gives::<views::List>(),
        Route::get("/sources/new", write, http::show_new).gives::<views::New>(),
        Route::post("/sources", write, http::add).takes::<http::NewSource>().gives::<views::One>(),
        Route::get("/sources/{id}", read, http::show).gives::<views::One>(),
        Route::get("/sources/{id}/live", read, http::live).gives::<views::LivePage>(),
        Route::post("/sources/{id}", write, http::edit).takes::<http::Edited>(),
        Route::post("/sources/{id}/token", write, http::rotate).takes::<http::Turned>().gives::<views::One>(),
        Route::post("/sources/{id}/pause", write, http::pause).takes::<http::Turned>(),
        Route::post("/sources/{id}/resume", write, http::resume).takes::<http::Turned>(),
        Route::post("/sources/{id}/close", write, http::close).takes::<http::Turned>(),
        Route::post("/sources/{id}/upload", write, http::upload).limit(http::LIMIT).gives::<views::One>(),
    ]
}
