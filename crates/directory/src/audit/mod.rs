//! The audit log as pages show it: who changed what and when, and whether the chain of seals is whole.
//!
//! Words: *entry* — one row of the log; *seal* — the hash that binds an entry to all before it; *chain* — all seals.
//! Invariants: an entry is seen by who has rights over the unit whose record it is; entries that are no unit's, and the
//! chain as a whole, by who has rights over the whole centre.
//! It never changes the log.

mod http;
mod rules;
pub mod views;

#[cfg(test)]
mod tests;

use khien_base::permit::Permission;
use khien_base::{Permit, Role};
use khien_web::{Ctx, Group, Module, Nav, Page, Route, samples};

/// Reads the log.
pub const READ: &str = "audit:read";

/// The card.
pub const MODULE: Module = Module {
    name: "audit",
    nav: &[Nav { group: Group::Admin, path: "/audit", text: "audit.title", icon: "history", permission: READ }],
    permissions: &[Permission { name: READ, roles: &[Role::Administrator, Role::Auditor] }],
    routes,
    pages: &[
        Page {
            name: "audit/list.html",
            source: include_str!("pages/list.html"),
            samples: Some(samples::<views::List>),
        },
        Page {
            name: "audit/entry.html",
            source: include_str!("pages/entry.html"),
            samples: Some(samples::<views::Entry>),
        },
    ],
    texts_vi: include_str!("texts/vi.json"),
    texts_en: include_str!("texts/en.json"),
    jobs: &[],
    measures: &[],
};

fn routes() -> Vec<Route> {
    let read = Permit::Needs(READ);
    vec![
        Route::get("/audit", read, http::list).gives::<views::List>(),
        Route::post("/audit/verify", read, http::verify).gives::<views::List>(),
        Route::get("/audit/{seq}", read, http::show).gives::<views::Entry>(),
    ]
}

/// What an action is called: the text `<module>.did.<action>`, or the action itself where the module gives none.
pub fn did(ctx: &Ctx, action: &str) -> String {
    let module = action.split('.').next().unwrap_or_default();
    let found = ctx.kit.texts.find(ctx.lang, &format!("{module}.did.{action}"));
    found.map_or_else(|| action.to_owned(), str::to_owned)
}
