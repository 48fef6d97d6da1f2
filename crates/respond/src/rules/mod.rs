//! Detection rules: which are in force, what they cover, what was wrong with which file, and a box to try them.
//!
//! Words: *rule* — a Sigma rule; *coverage* — for which tactics of MITRE ATT&CK there are rules.
//! Invariants: rules are files and are never edited here; they are replaced as a whole; a faulty file never stops the
//! others; what is tried in the box is matched in memory and stored nowhere. Hits count only alerts within the reader's
//! reach.

pub mod attack;
mod coverage;
mod http;
pub mod loaded;
pub mod views;

#[cfg(test)]
mod tests;

pub use loaded::{Loaded, Notes, Rules, load};

use khien_base::permit::{Permission, Permit, Role};
use khien_web::{Group, Module, Nav, Page, Route, samples};

/// The card.
pub const MODULE: Module = Module {
    name: "rules",
    nav: &[Nav {
        group: Group::Watch,
        path: "/rules",
        text: "rules.title",
        icon: "list-check",
        permission: "rules:read",
    }],
    permissions: &[
        Permission { name: "rules:read", roles: &Role::ALL },
        Permission { name: "rules:write", roles: &[Role::Administrator, Role::Officer] },
    ],
    routes,
    pages: &[
        Page {
            name: "rules/list.html",
            source: include_str!("pages/list.html"),
            samples: Some(samples::<views::List>),
        },
        Page {
            name: "rules/rule.html",
            source: include_str!("pages/rule.html"),
            samples: Some(samples::<views::Detail>),
        },
        Page {
            name: "rules/faults.html",
            source: include_str!("pages/faults.html"),
            samples: Some(samples::<views::Faults>),
        },
        Page { name: "rules/try.html", source: include_str!("pages/try.html"), samples: Some(samples::<views::Tried>) },
    ],
    texts_vi: include_str!("texts/vi.json"),
    texts_en: include_str!("texts/en.json"),
    jobs: &[],
    measures: &[],
};

fn routes() -> Vec<Route> {
    let read = Permit::Needs("rules:read");
    vec![
        Route::get("/rules", read, http::list).gives::<views::List>(),
        Route::get("/rules/faults", read, http::faults).gives::<views::Faults>(),
        Route::get("/rules/try", read, http::show_try).gives::<views::Tried>(),
        Route::post("/rules/try", read, http::attempt).takes::<http::Attempt>().gives::<views::Tried>(),
        Route::post("/rules/reload", Permit::Needs("rules:write"), http::reload),
        Route::get("/rules/rule/{id}", read, http::show).gives::<views::Detail>(),
    ]
}

/// Where the page of a rule is. Identities of rules without one are paths, so everything but plain letters is encoded.
pub fn page_of(id: &str) -> String {
    format!("/rules/rule/{}", khien_web::router::percent(id).replace('/', "%2F"))
}
