//! People, their posts and the roles that they hold.
//!
//! Words: *person* — somebody of a unit, with a user name also a *user*; *role* — a set of rights held at a unit from
//! a day to a day by a document; *inactive* — a person who can no longer sign in and stays for the records.
//! Invariants: nobody gives, ends or takes over a role that reaches farther than the own rights; nobody changes the
//! own roles; one active user always administers the centre without a last day; a first password is random, shown
//! once and changed at the first sign-in; a new password and the end of a person end all sessions and tokens.
//! It never deletes a person and never shows a password again.

mod http;
pub mod model;
mod roles;
pub mod rules;
pub mod store;
pub mod views;

#[cfg(test)]
mod tests;

use khien_base::permit::Permission;
use khien_base::{Permit, Role};
use khien_web::{Group, Module, Nav, Page, Route, samples};

/// Looks at people.
pub const READ: &str = "people:read";
/// Changes people and their roles.
pub const WRITE: &str = "people:write";

/// The card.
pub const MODULE: Module = Module {
    name: "people",
    nav: &[Nav { group: Group::People, path: "/people", text: "people.title", icon: "users", permission: READ }],
    permissions: &[
        Permission { name: READ, roles: &Role::ALL },
        Permission { name: WRITE, roles: &[Role::Administrator] },
    ],
    routes,
    pages: &[
        Page {
            name: "people/list.html",
            source: include_str!("pages/list.html"),
            samples: Some(samples::<views::List>),
        },
        Page {
            name: "people/person.html",
            source: include_str!("pages/person.html"),
            samples: Some(samples::<views::Person>),
        },
        Page {
            name: "people/edit.html",
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
        Route::get("/people", read, http::list).gives::<views::List>(),
        Route::post("/people", write, http::add).takes::<http::PersonForm>().gives::<views::Person>(),
        Route::get("/people/new", write, http::show_new).gives::<views::Edit>(),
        Route::get("/people/{id}", read, http::show).gives::<views::Person>(),
        Route::get("/people/{id}/edit", write, http::show_edit).gives::<views::Edit>(),
        Route::post("/people/{id}", write, http::edit).takes::<http::PersonForm>(),
        Route::post("/people/{id}/active", write, http::set_active).takes::<http::Active>(),
        Route::post("/people/{id}/password", write, http::reset_password).gives::<views::Person>(),
        Route::post("/people/{id}/second-factor", write, http::remove_second_factor),
        Route::post("/people/{id}/roles", write, roles::give).takes::<roles::Given>(),
        Route::post("/people/{id}/roles/{role}/end", write, roles::end).takes::<roles::End>(),
    ]
}
