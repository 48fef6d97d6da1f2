//! The store of events: what is kept, for how long, what was deleted, what must stay.
//!
//! Words: *retention* — the months that the level of a system demands (`content/regimes/system-levels.yaml`), or the
//! centre's own minimum where that is longer; *hold* — events of a system in a span of time that stay whatever their
//! age, for an incident; *due* — older than the retention and not held.
//! Invariants: nothing is deleted before an administrator has seen what would go and turned deletion on; a deletion
//! goes by whole days and systems, is announced in a row before it is done, and stands in the audit log with the number
//! of events; what is held is never deleted; a hold is lifted with a reason and its row stays.
//! It never deletes by content, never shortens what the level demands, and shows a unit its own systems only.

mod http;
mod jobs;
pub mod model;
pub mod regime;
mod rows;
pub mod rules;
#[cfg(test)]
mod tests;
pub mod views;

use khien_base::Role::{Administrator, Auditor, FocalPoint, Leader, Officer};
use khien_base::{Permission, Permit};
use khien_web::{Group, Job, Module, Nav, Page, Route, samples};

/// Sees what is kept of the own systems.
pub const READ: &str = "depot:read";
/// Sets and lifts holds.
pub const HOLD: &str = "depot:hold";
/// Decides on retention.
pub const RETAIN: &str = "depot:retain";

/// The card.
pub const MODULE: Module = Module {
    name: "depot",
    nav: &[Nav { group: Group::Watch, path: "/depot", text: "depot.title", icon: "database", permission: READ }],
    permissions: &[
        Permission { name: READ, roles: &[Administrator, Officer, FocalPoint, Leader, Auditor] },
        Permission { name: HOLD, roles: &[Officer] },
        Permission { name: RETAIN, roles: &[Administrator] },
    ],
    routes,
    pages: &[
        Page {
            name: "depot/list.html",
            source: include_str!("pages/list.html"),
            samples: Some(samples::<views::List>),
        },
        Page {
            name: "depot/retention.html",
            source: include_str!("pages/retention.html"),
            samples: Some(samples::<views::Retention>),
        },
        Page {
            name: "depot/holds.html",
            source: include_str!("pages/holds.html"),
            samples: Some(samples::<views::Holds>),
        },
    ],
    texts_vi: include_str!("texts/vi.json"),
    texts_en: include_str!("texts/en.json"),
    jobs: &[
        Job { kind: "depot.tidy", every_seconds: Some(300), run: jobs::tidy },
        Job { kind: "depot.retain", every_seconds: Some(6 * 3600), run: jobs::retain },
    ],
    measures: &[],
};

fn routes() -> Vec<Route> {
    let (read, hold, retain) = (Permit::Needs(READ), Permit::Needs(HOLD), Permit::Needs(RETAIN));
    vec![
        Route::get("/depot", read, http::list).gives::<views::List>(),
        Route::get("/depot/retention", read, http::retention).gives::<views::Retention>(),
        Route::post("/depot/retention", retain, http::decide).takes::<http::Decision>(),
        Route::get("/depot/holds", read, http::holds).gives::<views::Holds>(),
        Route::post("/depot/holds", hold, http::hold).takes::<http::NewHold>(),
        Route::post("/depot/holds/{id}/lift", hold, http::lift).takes::<http::Lifted>(),
    ]
}
