//! Search of stored events.
//!
//! Words: *bar* — where the search is written, in the language of [`khien_base::filter`]; *pivot* — a link from a value to a
//! search for it.
//! Invariants: the reach of who asks is part of every search and is applied by the store itself; a search always has an
//! end in time; what is taken away as a file, and every SQL statement, is in the audit log.
//! It never changes an event.

mod http;
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
        Route::get("/events/sql", Permit::Needs(SQL), http::show_sql).gives::<views::Sql>(),
        Route::post("/events/sql", Permit::Needs(SQL), http::run_sql).takes::<http::Statement>().gives::<views::Sql>(),
        Route::get("/events/{id}", Permit::Needs(READ), http::event).gives::<views::OneEvent>(),
    ]
}
