//! The leader's page: where the targets stand and which way they went, what is late and who owes it, incidents and their clocks, alerts of the
//! day, silent sources, the map. And the search box of the top bar.
//!
//! It owns no rows: each figure is computed by the module that owns them and leads to its list.

mod http;
pub mod map;
mod plans;
mod search;
mod spark;
pub mod views;

use khien_base::permit::Permission;
use khien_base::{Permit, Role};
use khien_web::{Group, Module, Nav, Page, Route, samples};

/// Reading the overview.
pub const READ: &str = "overview:read";

/// The card.
pub const MODULE: Module = Module {
    name: "overview",
    nav: &[Nav { group: Group::Overview, path: "/", text: "overview.nav", icon: "layout-dashboard", permission: READ }],
    permissions: &[Permission { name: READ, roles: &Role::ALL }],
    routes,
    pages: &[
        Page {
            name: "overview/overview.html",
            source: include_str!("pages/overview.html"),
            samples: Some(samples::<views::Overview>),
        },
        Page {
            name: "overview/search.html",
            source: include_str!("pages/search.html"),
            samples: Some(samples::<views::Found>),
        },
    ],
    texts_vi: include_str!("texts/vi.json"),
    texts_en: include_str!("texts/en.json"),
    jobs: &[],
    measures: &[],
};

fn routes() -> Vec<Route> {
    vec![
        Route::get("/", Permit::Needs(READ), http::show).gives::<views::Overview>(),
        Route::get("/search", Permit::SignedIn, search::show).gives::<views::Found>(),
        Route::get("/overview/boundaries", Permit::Needs(READ), map::boundaries),
    ]
}
