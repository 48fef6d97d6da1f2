//! Search of stored events.
//!
//! Words: *bar* — where the search is written, in the language of [`khien_base::filter`]; *pivot* — who else has seen a
//! value; *sight* — whether a reader sees personal data plainly.
//! Invariants: the reach of who asks is part of every search and is applied by the store itself; a search always has an
//! end in time; personal data are masked unless who has the right asks for them, and that is in the audit log as every SQL
//! statement is.
//! It never changes an event.

pub mod asked;
mod http;
pub mod personal;
pub mod running;
pub mod sight;
#[cfg(test)]
mod tests;
pub mod views;

use khien_base::Role::{Administrator, Auditor, FocalPoint, Officer};
use khien_base::{Permission, Permit};
use khien_web::{Group, Module, Nav, Page, Route, samples};

/// Searches events.
pub const READ: &str = "events:read";
/// Asks in SQL.
pub const SQL: &str = "events:sql";
/// Sees personal data in events, once asked for.
pub const PERSONAL: &str = "events:personal";
/// Takes events away as a file.
pub const EXPORT: &str = "exports:write";
/// Keeps searches.
pub const SAVE: &str = "searches:write";

/// The card.
pub const MODULE: Module = Module {
    name: "events",
    nav: &[Nav {
        group: Group::Watch,
        path: "/events",
        text: "search.title",
        icon: "database-search",
        permission: READ,
    }],
    permissions: &[
        Permission { name: READ, roles: &[Administrator, Officer, FocalPoint, Auditor] },
        Permission { name: SQL, roles: &[Officer] },
        Permission { name: PERSONAL, roles: &[Officer, FocalPoint] },
    ],
    routes,
    pages: &[
        Page {
            name: "events/events.html",
            source: include_str!("pages/events.html"),
            samples: Some(samples::<views::Events>),
        },
        Page {
            name: "events/event.html",
            source: include_str!("pages/event.html"),
            samples: Some(samples::<views::OneEvent>),
        },
        Page {
            name: "events/values.html",
            source: include_str!("pages/values.html"),
            samples: Some(samples::<views::Values>),
        },
        Page {
            name: "events/pivot.html",
            source: include_str!("pages/pivot.html"),
            samples: Some(samples::<views::Pivot>),
        },
        Page { name: "events/sql.html", source: include_str!("pages/sql.html"), samples: Some(samples::<views::Sql>) },
    ],
    texts_vi: include_str!("texts/vi.json"),
    texts_en: include_str!("texts/en.json"),
    jobs: &[],
    measures: &[],
};

fn routes() -> Vec<Route> {
    vec![
        Route::get("/events", Permit::Needs(READ), http::events).gives::<views::Events>(),
        Route::get("/events/values", Permit::Needs(READ), http::values).gives::<views::Values>(),
        Route::get("/events/pivot", Permit::Needs(READ), http::pivot).gives::<views::Pivot>(),
        Route::get("/events/sql", Permit::Needs(SQL), http::show_sql).gives::<views::Sql>(),
        Route::post("/events/sql", Permit::Needs(SQL), http::run_sql).takes::<http::Statement>().gives::<views::Sql>(),
        Route::post("/events/sql/{run}/stop", Permit::Needs(SQL), http::stop_sql),
        Route::get("/events/{id}", Permit::Needs(READ), http::event).gives::<views::OneEvent>(),
    ]
}
