//! Reads targets, tasks and reporting duties out of a plan document (.docx, .txt, .md).
//!
//! Pure: bytes in, a [`model::Reading`] out. No files, no clock, no network.

pub mod model;
