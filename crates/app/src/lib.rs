//! Where everything meets: settings, command line, wiring, the pages that draw on all modules.

pub mod banner;
pub mod certificate;
pub mod cli;
pub mod config;
pub mod demo;
pub mod detect;
pub mod ingest;
pub mod jobs;
pub mod key;
pub mod lake;
pub mod local;
pub mod overview;
pub mod receive;
pub mod rescue;
pub mod serve;
pub mod wiring;
