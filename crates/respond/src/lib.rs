//! Log sources, alerts, incidents, search, the store of events.

pub mod alerts;
pub mod depot;
pub mod exports;
pub mod finding;
pub mod health;
pub mod incidents;
pub mod intake;
pub mod parsers;
pub mod rules;
pub mod search;
pub mod searches;
pub mod sources;

/// The cards of this crate.
pub fn modules() -> Vec<khien_web::Module> {
    vec![
        sources::MODULE,
        search::MODULE,
        exports::MODULE,
        searches::MODULE,
        intake::MODULE,
        alerts::MODULE,
        rules::MODULE,
        parsers::MODULE,
        incidents::MODULE,
        depot::MODULE,
        health::MODULE,
    ]
}
