//! Turns bytes of logs into records ([`khien_base::Record`]): pure, no files, no clock, no randomness.

mod apart;
mod cef;
mod decode;
pub mod demo;
mod documents;
mod eve;
mod evtx;
mod flatten;
mod framing;
mod gunzip;
mod hot;
mod journal;
mod lean;
mod leef;
mod logsources;
mod ndjson;
mod pairs;
mod parsers;
mod pieces;
mod series;
mod shipped;
mod stamp;
mod syslog;
mod table;
mod tape;
mod taxonomy;
mod wide;
mod xml;
mod xmlfile;

#[cfg(test)]
#[path = "../tests/public/mod.rs"]
mod public;

pub use apart::apart;
pub use decode::{Format, HEAD, LARGEST_EVTX, LONGEST_LINE, Lines, decode_line, decode_stream, read_line, sniff};
pub use documents::Documents;
pub use evtx::{EVTX_CHUNK, EVTX_HEADER, Evtx, Rendered, evtx, evtx_chunk, evtx_header};
pub use framing::Framing;
pub use gunzip::Gunzip;
pub use lean::{Lean, LeanEvent};
pub use ndjson::{DEPTH, of_object as decode_object};
pub use parsers::{Difference, Own, Sheet, Told, shipped};
pub use pieces::{Line, Splitter};
pub use series::{Series, Take};
