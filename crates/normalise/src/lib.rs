//! Turns bytes of logs into records ([`khien_base::Record`]): pure, no files, no clock, no randomness.

mod evtx;
mod flatten;
mod hot;
mod stamp;
mod taxonomy;

pub use evtx::{Evtx, evtx};
pub use taxonomy::log_source_matches;
