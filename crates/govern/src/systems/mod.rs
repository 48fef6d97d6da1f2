//! The register of information systems: whose they are, who runs them, their security level, what watches them.
//!
//! Words: *owner* (chủ quản) — the unit whose record it is; *operator* (đơn vị vận hành); *level* — cấp độ 1–5 under a
//! regime of `content/regimes/`; *connected* — at least one live log source reports on it.
//! Invariants: an approved level has the number and the day of its decision; who proposes a level does not record its
//! approval (NĐ 331/2026 Điều 18: appraisal and approval are others' work); a system that is not in use counts in no
//! measure.
//! It never deletes a system: it is taken out of use and stays for its incidents and events.

mod http;
pub mod measures;
pub mod model;
pub mod overview;
pub mod port;
pub mod rules;
pub mod store;
pub mod views;

#[cfg(test)]
mod tests;

use khien_base::permit::Permission;
use khien_base::{Permit, Role};
use khien_web::{Group, Module, Nav, Page, Route, samples};

const READ: &str = "systems:read";
const WRITE: &str = "systems:write";
const APPROVE: &str = "systems:approve";

/// The card.
pub const MODULE: Module = Module {
    name: "systems",
    nav: &[Nav { group: Group::Systems, path: "/systems", text: "systems.nav", icon: "server", permission: READ }],
    permissions: &[
        Permission { name: READ, roles: &Role::ALL },
        Permission { name: WRITE, roles: &[Role::Officer, Role::FocalPoint] },
        Permission { name: APPROVE, roles: &[Role::Officer] },
    ],
    routes,
    pages: &[
        Page {
            name: "systems/list.html",
            source: include_str!("pages/list.html"),
            samples: Some(samples::<views::List>),
        },
        Page {
            name: "systems/edit.html",
            source: include_str!("pages/edit.html"),
            samples: Some(samples::<views::Edit>),
        },
        Page {
            name: "systems/system.html",
            source: include_str!("pages/system.html"),
            samples: Some(samples::<views::Detail>),
        },
    ],
    texts_vi: include_str!("texts/vi.json"),
    texts_en: include_str!("texts/en.json"),
    jobs: &[],
    measures: &measures::ALL,
};

fn routes() -> Vec<Route> {
    vec![
        Route::get("/systems", Permit::Needs(READ), http::list).gives::<views::List>(),
        Route::get("/systems/new", Permit::Needs(WRITE), http::new).gives::<views::Edit>(),
        Route::post("/systems", Permit::Needs(WRITE), http::create).takes::<http::Fields>(),
        Route::get("/systems/{id}", Permit::Needs(READ), http::show).gives::<views::Detail>(),
        Route::get("/systems/{id}/edit", Permit::Needs(WRITE), http::edit).gives::<views::Edit>(),
        Route::post("/systems/{id}", Permit::Needs(WRITE), http::update).takes::<http::Fields>(),
        Route::post("/systems/{id}/approve", Permit::Needs(APPROVE), http::approve).takes::<http::Decision>(),
        Route::post("/systems/{id}/end", Permit::Needs(WRITE), http::end),
    ]
}
