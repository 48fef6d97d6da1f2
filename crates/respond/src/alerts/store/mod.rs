//! Every query of alerts.

mod change;
mod raise;
mod read;
mod record;

pub use change::{Closing, close, forget, join, mark_seen};
pub use raise::{Raised, Settled, raise, settle};
pub use read::{
    Filter, LevelCount, Sort, by_level, get, list, member_count, members, of_events, of_incident, of_same_host,
    rule_hits, some,
};
pub use record::{record, tell};
