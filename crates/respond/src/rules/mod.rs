//! Detection rules: which are in force, what they cover, what was wrong with which file; taking in rules of others, writing
//! rules of our own, quieting and switching them, trying them on an event or on stored days.
//!
//! Words: *rule* — a Sigma rule; *version* — one text of a rule that the database keeps; *filter* — a Sigma filter that
//! quiets rules without changing them; *origin* — shipped, a folder, an import, or written here; *coverage* — for which
//! tactics of MITRE ATT&CK there are rules.
//! Invariants: what is in force is replaced as a whole; a faulty document never stops the others; at most one version of
//! a rule is in force; who wrote a version never approves it; a rule of others is never rewritten under its own name;
//! what is tried makes no alert. Rules are the centre's; figures count only alerts within the reader's reach.

pub mod apply;
pub mod archive;
pub mod attack;
pub mod catalog;
pub mod cost;
mod coverage;
pub mod diff;
pub mod document;
pub mod flow;
mod http;
mod jobs;
pub mod loaded;
pub mod model;
pub mod quiet;
mod replay;
pub mod store;
pub mod take_in;
pub mod trial;
pub mod views;
pub mod written;

#[cfg(test)]
mod tests;

pub use loaded::{Loaded, Notes, Rules, load};

use khien_base::permit::{Permission, Permit, Role};
use khien_web::{Group, Module, Nav, Page, Route, samples};

/// The card.
pub const MODULE: Module = Module {
    name: "rules",
    nav: &[
        Nav { group: Group::Watch, path: "/rules", text: "rules.title", icon: "list-check", permission: "rules:read" },
        Nav { group: Group::Watch, path: "/hunts", text: "rules.hunts", icon: "history", permission: "events:read" },
    ],
    permissions: &[
        Permission { name: "rules:read", roles: &Role::ALL },
        Permission { name: "rules:write", roles: &[Role::Administrator, Role::Officer] },
        Permission { name: "rules:review", roles: &[Role::Officer] },
        Permission { name: "rules:import", roles: &[Role::Administrator, Role::Officer] },
    ],
    routes,
    pages: &PAGES,
    texts_vi: include_str!("texts/vi.json"),
    texts_en: include_str!("texts/en.json"),
    jobs: jobs::JOBS,
    measures: &[],
};

/// A page with its samples.
const fn page(name: &'static str, source: &'static str, samples: fn() -> Vec<serde_json::Value>) -> Page {
    Page { name, source, samples: Some(samples) }
}

const PAGES: [Page; 18] = [
    Page { name: "rules/parts.html", source: include_str!("pages/parts.html"), samples: None },
    page("rules/list.html", include_str!("pages/list.html"), samples::<views::List>),
    page("rules/matrix.html", include_str!("pages/matrix.html"), samples::<views::Matrix>),
    page("rules/rule.html", include_str!("pages/rule.html"), samples::<views::Detail>),
    page("rules/faults.html", include_str!("pages/faults.html"), samples::<views::Faults>),
    page("rules/try.html", include_str!("pages/try.html"), samples::<views::Tried>),
    page("rules/edit.html", include_str!("pages/edit.html"), samples::<views::Edit>),
    page("rules/checked.html", include_str!("pages/checked.html"), samples::<views::Checked>),
    page("rules/versions.html", include_str!("pages/versions.html"), samples::<views::Versions>),
    page("rules/version.html", include_str!("pages/version.html"), samples::<views::Version>),
    page("rules/compare.html", include_str!("pages/compare.html"), samples::<views::Compared>),
    page("rules/filter.html", include_str!("pages/filter.html"), samples::<views::FilterForm>),
    page("rules/foreseen.html", include_str!("pages/foreseen.html"), samples::<views::Foreseen>),
    page("rules/imports.html", include_str!("pages/imports.html"), samples::<views::Imports>),
    page("rules/import.html", include_str!("pages/import.html"), samples::<views::Import>),
    page("rules/item.html", include_str!("pages/item.html"), samples::<views::ItemDiff>),
    page("rules/trials.html", include_str!("pages/trials.html"), samples::<views::TrialForm>),
    page("rules/trial.html", include_str!("pages/trial.html"), samples::<views::Trial>),
];

/// Bytes of a form around the file that is uploaded.
const AROUND: usize = 64 << 10;

fn routes() -> Vec<Route> {
    let mut all = reading();
    all.extend(writing());
    all.extend(importing());
    all
}

fn reading() -> Vec<Route> {
    let (read, write) = (Permit::Needs("rules:read"), Permit::Needs("rules:write"));
    // Stored events are looked at, so the right to search them is asked for.
    let events = Permit::Needs("events:read");
    vec![
        Route::get("/rules", read, http::list).gives::<views::List>(),
        Route::get("/rules/coverage", read, http::matrix).gives::<views::Matrix>(),
        Route::get("/rules/faults", read, http::faults).gives::<views::Faults>(),
        Route::get("/rules/try", read, http::show_try).gives::<views::Tried>(),
        Route::post("/rules/try", read, http::attempt).takes::<http::Attempt>().gives::<views::Tried>(),
        Route::post("/rules/reload", write, http::reload),
        Route::post("/rules/measure", write, http::measure),
        Route::get("/rules/rule/{id}", read, http::show).gives::<views::Detail>(),
        Route::get("/rules/trials", events, http::trial_form).gives::<views::TrialForm>(),
        Route::post("/rules/trials", events, http::begin).takes::<http::TrialAsked>(),
        Route::get("/rules/trials/{id}", events, http::trial).gives::<views::Trial>(),
        Route::post("/rules/trials/{id}/stop", events, http::stop),
        Route::get("/hunts", events, http::hunts).gives::<views::TrialForm>(),
    ]
}

fn writing() -> Vec<Route> {
    let (read, write) = (Permit::Needs("rules:read"), Permit::Needs("rules:write"));
    let review = Permit::Needs("rules:review");
    vec![
        Route::post("/rules/switch", write, http::switch).takes::<http::Switched>(),
        Route::get("/rules/new", write, http::new_page).gives::<views::Edit>(),
        Route::post("/rules/check", write, http::check).takes::<http::Written>().gives::<views::Checked>(),
        Route::get("/rules/versions", read, http::versions).gives::<views::Versions>(),
        Route::post("/rules/versions", write, http::save).takes::<http::Written>(),
        Route::get("/rules/versions/{id}", read, http::version).gives::<views::Version>(),
        Route::get("/rules/versions/{id}/edit", write, http::edit_page).gives::<views::Edit>(),
        Route::post("/rules/versions/{id}/submit", write, http::submit),
        Route::post("/rules/versions/{id}/withdraw", write, http::withdraw),
        Route::post("/rules/versions/{id}/discard", write, http::discard),
        Route::post("/rules/versions/{id}/restore", write, http::restore),
        Route::post("/rules/versions/{id}/approve", review, http::approve).takes::<http::Noted>(),
        Route::post("/rules/versions/{id}/reject", review, http::reject).takes::<http::Noted>(),
        Route::post("/rules/versions/{id}/retire", review, http::retire).takes::<http::Noted>(),
        Route::get("/rules/compare", read, http::compare).gives::<views::Compared>(),
        Route::get("/rules/rule/{id}/filter", write, http::filter_page).gives::<views::FilterForm>(),
        Route::post("/rules/rule/{id}/filter", write, http::filter_save).takes::<http::Quiet>(),
        Route::post("/rules/rule/{id}/filter/preview", write, http::filter_preview)
            .takes::<http::Quiet>()
            .gives::<views::Foreseen>(),
    ]
}

fn importing() -> Vec<Route> {
    let import = Permit::Needs("rules:import");
    vec![
        Route::get("/rules/import", import, http::import_list).gives::<views::Imports>(),
        Route::post("/rules/import", import, http::upload).limit(archive::UPLOAD + AROUND),
        Route::post("/rules/import/folder", import, http::import_folder).takes::<http::FromFolder>(),
        Route::get("/rules/import/{id}", import, http::import_page).gives::<views::Import>(),
        Route::get("/rules/import/{id}/items/{item}", import, http::import_item).gives::<views::ItemDiff>(),
        Route::post("/rules/import/{id}/confirm", import, http::confirm).takes::<http::Confirmed>(),
        Route::post("/rules/import/{id}/cancel", import, http::cancel),
    ]
}

/// Where the page of a rule is. Identities of rules without one are paths, so everything but plain letters is encoded.
pub fn page_of(id: &str) -> String {
    format!("/rules/rule/{}", khien_web::router::percent(id).replace('/', "%2F"))
}
