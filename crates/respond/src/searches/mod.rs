//! Searches that are kept, shared within a unit, and run by themselves.
//!
//! Words: *saved search* — what the bar says, under a name; *scheduled* — one that runs by itself every so often and raises
//! an alert where it finds as many events as its threshold says.
//! Invariants: only who made a search changes it; a shared one is seen by those whose reach over events holds its unit; a
//! scheduled one finds events of its unit and the units under it, whoever made it, and looks at each moment once; while its
//! alert is open no second one is raised. Every change is in the audit log.

mod http;
pub mod jobs;
pub mod model;
pub mod rules;
pub mod store;
pub mod views;

#[cfg(test)]
mod tests;

use khien_base::Role::{Auditor, FocalPoint, Officer};
use khien_base::{Permission, Permit};
use khien_web::{Module, Page, Route, samples};

use crate::search::SAVE;

/// The card.
pub const MODULE: Module = Module {
    name: "searches",
    nav: &[],
    permissions: &[
        Permission { name: SAVE, roles: &[Officer, FocalPoint, Auditor] },
        Permission { name: SCHEDULE, roles: &[Officer, FocalPoint] },
    ],
    routes,
    pages: &[
        Page {
            name: "searches/list.html",
            source: include_str!("pages/list.html"),
            samples: Some(samples::<views::List>),
        },
        Page {
            name: "searches/edit.html",
            source: include_str!("pages/edit.html"),
            samples: Some(samples::<views::Edit>),
        },
    ],
    texts_vi: include_str!("texts/vi.json"),
    texts_en: include_str!("texts/en.json"),
    jobs: jobs::JOBS,
    measures: &[],
};

/// Lets a search run by itself.
pub const SCHEDULE: &str = "searches:schedule";

fn routes() -> Vec<Route> {
    let write = Permit::Needs(SAVE);
    vec![
        Route::get("/searches", write, http::list).gives::<views::List>(),
        Route::get("/searches/new", write, http::new_page).gives::<views::Edit>(),
        Route::post("/searches", write, http::create).takes::<http::Form>(),
        Route::get("/searches/{id}", write, http::edit_page).gives::<views::Edit>(),
        Route::post("/searches/{id}", write, http::change).takes::<http::Form>(),
        Route::post("/searches/{id}/remove", write, http::remove),
    ]
}
