//! Units: provinces, communes, departments, enterprises, in dated trees.
//!
//! Words: *unit* — a body that owns records; *place* — the unit above it, from a day to a day; *outline* — the tree
//! of one day as a page shows it; *closed* — a unit after its last day, which stays for its records.
//! Invariants: the centre's own unit is never moved or closed; nothing stands under itself on any day; a unit with
//! open units under it is not closed; a place ends the day before the next begins. Who moves or closes a unit has
//! rights over the unit above it too, so nobody moves the own unit out of its branch.
//! It never deletes a unit.

pub mod catalogue;
mod http;
pub mod model;
mod outline;
pub mod rules;
pub mod store;
pub mod views;

#[cfg(test)]
mod tests;

use khien_base::permit::Permission;
use khien_base::{Permit, Role};
use khien_web::{Group, Module, Nav, Page, Route, samples};

/// Looks at units.
pub const READ: &str = "units:read";
/// Changes units.
pub const WRITE: &str = "units:write";

/// The card.
pub const MODULE: Module = Module {
    name: "units",
    nav: &[Nav {
        group: Group::Admin,
        path: "/units",
        text: "units.title",
        icon: "building-community",
        permission: READ,
    }],
    permissions: &[
        Permission { name: READ, roles: &Role::ALL },
        Permission { name: WRITE, roles: &[Role::Administrator] },
    ],
    routes,
    pages: &[
        Page {
            name: "units/list.html",
            source: include_str!("pages/list.html"),
            samples: Some(samples::<views::List>),
        },
        Page {
            name: "units/unit.html",
            source: include_str!("pages/unit.html"),
            samples: Some(samples::<views::Unit>),
        },
        Page {
            name: "units/edit.html",
            source: include_str!("pages/edit.html"),
            samples: Some(samples::<views::Edit>),
        },
    ],
    texts_vi: include_str!("texts/vi.json"),
    texts_en: include_str!("texts/en.json"),
    jobs: &[],
    measures: &[],
};

fn routes() -> Vec<Route> {
    let (read, write) = (Permit::Needs(READ), Permit::Needs(WRITE));
    vec![
        Route::get("/units", read, http::list).gives::<views::List>(),
        Route::post("/units", write, http::add).takes::<http::UnitForm>(),
        Route::get("/units/new", write, http::show_new).gives::<views::Edit>(),
        Route::get("/units/{id}", read, http::show).gives::<views::Unit>(),
        Route::get("/units/{id}/edit", write, http::show_edit).gives::<views::Edit>(),
        Route::post("/units/{id}", write, http::rename).takes::<http::UnitForm>(),
        Route::post("/units/{id}/move", write, http::put_under).takes::<http::Move>(),
        Route::post("/units/{id}/close", write, http::close).takes::<http::Close>(),
    ]
}
