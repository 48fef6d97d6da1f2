//! Turns bytes of logs into records ([`khien_base::Record`]): pure, no files, no clock, no randomness.

mod apart;
mod decode;
pub mod demo;
mod eve;
mod evtx;
mod flatten;
mod framing;
mod gunzip;
mod hot;
mod lean;
mod logsources;
mod ndjson;
mod pairs;
mod pieces;
mod stamp;
mod syslog;
mod tape;
mod taxonomy;
mod text;
mod xml;

#[cfg(test)]
#[path = "../tests/public/mod.rs"]
mod public;

pub use apart::apart;
pub use decode::{Format, HEAD, LARGEST_EVTX, LONGEST_LINE, Lines, decode_line, decode_stream, sniff};
pub use evtx::{EVTX_CHUNK, EVTX_HEADER, Evtx, Rendered, evtx, evtx_chunk, evtx_header};
pub use framing::Framing;
pub use gunzip::Gunzip;
pub use lean::{Lean, LeanEvent};
pub use ndjson::{DEPTH, of_object as decode_object};
pub use pieces::{Line, Splitter};
