//! Log sources, alerts, incidents, search.

pub mod alerts;
pub mod finding;
pub mod rules;
