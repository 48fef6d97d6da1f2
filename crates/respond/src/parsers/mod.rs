//! Parsers of one's own: how lines of programs that no shipped parser knows are read, written in the page and in force
//! at once.
//!
//! Words: *parser* — what `content/parsers/` calls one: what a line looks like, what its fields mean, samples with what is
//! expected of them; *file* — the YAML text in which one or a few parsers that belong together stand; *version* — one
//! text of a file that was saved; *sample* — a real line with the fields that must come out.
//! Invariants: a file is in force only when it reads and each of its samples comes out as it says; what is in force is
//! replaced as a whole; versions stay and never change; each change is in the audit log.
//! Own parsers are the centre's: their samples are lines of anybody's logs, so who sees one unit only sees none of them.
//! It never reads stored events again: a parser serves what comes from then on.

mod http;
pub mod in_force;
mod jobs;
pub mod model;
pub mod rules;
pub mod store;
#[cfg(test)]
mod tests;
pub mod trial;
pub mod views;

use khien_base::Permit;
use khien_base::permit::{Permission, Role};
use khien_web::{Group, Job, Module, Nav, Page, Route, samples};

pub use in_force::InForce;

/// Sees own parsers.
pub const READ: &str = "parsers:read";
/// Writes them and switches them.
pub const WRITE: &str = "parsers:write";

/// The card.
pub const MODULE: Module = Module {
    name: "parsers",
    nav: &[Nav { group: Group::Watch, path: "/parsers", text: "parsers.title", icon: "code", permission: READ }],
    permissions: &[
        Permission { name: READ, roles: &[Role::Administrator, Role::Officer, Role::Auditor] },
        Permission { name: WRITE, roles: &[Role::Administrator, Role::Officer] },
    ],
    routes,
    pages: &[
        page("parsers/list.html", include_str!("pages/list.html"), samples::<views::List>),
        page("parsers/edit.html", include_str!("pages/edit.html"), samples::<views::Edit>),
        page("parsers/tried.html", include_str!("pages/tried.html"), samples::<views::Tried>),
        page("parsers/one.html", include_str!("pages/one.html"), samples::<views::One>),
        page("parsers/text.html", include_str!("pages/text.html"), samples::<views::Text>),
    ],
    texts_vi: include_str!("texts/vi.json"),
    texts_en: include_str!("texts/en.json"),
    jobs: &[Job { kind: "parsers.follow", every_seconds: Some(30), run: jobs::follow }],
    measures: &[],
};

const fn page(name: &'static str, source: &'static str, samples: fn() -> Vec<serde_json::Value>) -> Page {
    Page { name, source, samples: Some(samples) }
}

fn routes() -> Vec<Route> {
    let (read, write) = (Permit::Needs(READ), Permit::Needs(WRITE));
    vec![
        Route::get("/parsers", read, http::list).gives::<views::List>(),
        Route::get("/parsers/new", write, http::new_page).gives::<views::Edit>(),
        Route::get("/parsers/shipped/{file}", read, http::shipped).gives::<views::Text>(),
        Route::post("/parsers/try", write, http::attempt).takes::<http::Written>().gives::<views::Tried>(),
        Route::post("/parsers", write, http::save).takes::<http::Written>(),
        Route::get("/parsers/{id}", read, http::show).gives::<views::One>(),
        Route::get("/parsers/{id}/edit", write, http::edit_page).gives::<views::Edit>(),
        Route::get("/parsers/{id}/versions/{number}", read, http::version).gives::<views::Text>(),
        Route::post("/parsers/{id}/versions/{number}/restore", write, http::restore),
        Route::post("/parsers/{id}/switch", write, http::switch).takes::<http::Switched>(),
    ]
}
