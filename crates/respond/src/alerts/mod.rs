//! Alerts: what detection found, gathered by rule and host, until somebody has dealt with it.
//!
//! Words: *alert* — a group of events that one rule found on one host of one system, no hour without one of them and a day
//! at most; *member* — an event that is kept with its alert; *raised* — an alert that no rule made (a silent source).
//! Invariants: a batch of findings that comes again changes nothing; an alert keeps at most 200 events a day and counts
//! all; a closed alert takes nothing more, what comes after is a new one; an alert belongs to the unit that owns the
//! system and is shown to nobody beyond. It never changes an event.

mod http;
mod jobs;
pub(crate) mod marks;
pub mod model;
pub mod overview;
pub mod rules;
pub mod store;
pub mod views;

pub use http::title;

#[cfg(test)]
pub(crate) mod tests;

use khien_base::permit::{Permission, Permit, Role};
use khien_web::{Group, Module, Nav, Page, Route, samples};

/// The card.
pub const MODULE: Module = Module {
    name: "alerts",
    nav: &[Nav {
        group: Group::Watch,
        path: "/alerts",
        text: "alerts.title",
        icon: "bell-ringing",
        permission: "alerts:read",
    }],
    permissions: &[
        Permission { name: "alerts:read", roles: &Role::ALL },
        Permission { name: "alerts:write", roles: &[Role::Officer, Role::FocalPoint] },
    ],
    routes,
    pages: &[
        Page {
            name: "alerts/list.html",
            source: include_str!("pages/list.html"),
            samples: Some(samples::<views::List>),
        },
        Page {
            name: "alerts/rows.html",
            source: include_str!("pages/rows.html"),
            samples: Some(samples::<views::Rows>),
        },
        Page {
            name: "alerts/alert.html",
            source: include_str!("pages/alert.html"),
            samples: Some(samples::<views::Detail>),
        },
    ],
    texts_vi: include_str!("texts/vi.json"),
    texts_en: include_str!("texts/en.json"),
    jobs: jobs::JOBS,
    measures: &[],
};

fn routes() -> Vec<Route> {
    let (read, write) = (Permit::Needs("alerts:read"), Permit::Needs("alerts:write"));
    vec![
        Route::get("/alerts", read, http::list).gives::<views::List>(),
        Route::get("/alerts/{id}", read, http::show).gives::<views::Detail>(),
        Route::post("/alerts/seen", write, http::seen).takes::<http::Picked>(),
        Route::post("/alerts/close", write, http::close).takes::<http::Bulk>(),
    ]
}
