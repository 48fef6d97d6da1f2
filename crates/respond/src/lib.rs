//! Log sources, alerts, incidents, search.

pub mod alerts;
pub mod finding;
pub mod rules;

/// The cards of this crate.
pub fn modules() -> Vec<khien_web::Module> {
    vec![alerts::MODULE]
}
