//! Folders of logs against Sigma rules, without a centre: what `khien detect` does.
//!
//! [`run`] reads the rules of an [`Order`], reads every log under its inputs (EVTX, JSON lines, syslog, access logs, also
//! packed as gzip or ZIP) with several threads, and gives a timeline of what the rules found, with counts by rule, host
//! and technique.
//!
//! - What cannot be read costs only itself: a damaged chunk, a broken line, an archive that unpacks to too much are each
//!   told with their file, and everything else is read.
//! - Memory is bounded: files are read in blocks, and a long timeline is sorted in parts on the disk ([`timeline`]).
//! - The timeline is the same for any number of threads.
//! - Nothing is written but the files that the order names, and nothing is sent anywhere. Archives are never unpacked to
//!   the disk.

mod archive;
mod blocks;
mod correlation;
mod feed;
mod found;
pub mod limits;
mod order;
mod out;
mod progress;
mod rules;
mod run;
mod sources;
mod span;
mod tally;
mod timeline;
mod trouble;
mod words;
mod worker;

pub use found::{Found, Mark};
pub use order::{Choice, Order, Outcome, Shape};
pub use run::run;
pub use span::{Span, moment};
pub use words::Lang;

#[cfg(test)]
mod tests;
