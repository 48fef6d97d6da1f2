//! Log sources, alerts, incidents, search.

pub mod finding;
