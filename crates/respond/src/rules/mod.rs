//! Detection rules: which are in force, what they cover, what was wrong with which file, and a box to try them.
//!
//! Words: *rule* — a Sigma rule; *coverage* — for which tactics and techniques of MITRE ATT&CK there are rules.
//! Invariants: rules are read-only here: they are files, replaced as a whole; a faulty file never stops the others; what is
//! tried in the box is matched in memory and stored nowhere. Hits count only alerts within the reader's reach.

pub mod attack;
pub mod loaded;

pub use loaded::{Loaded, Notes, Rules, load};
