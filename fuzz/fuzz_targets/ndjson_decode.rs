//! Lines of JSON of any shape.
#![no_main]

use std::ops::ControlFlow;

use chrono::DateTime;
use khien_normalise::{Format, decode_stream};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let reader = Box::new(std::io::Cursor::new(bytes.to_vec()));
    decode_stream(reader, Format::Ndjson, DateTime::UNIX_EPOCH, &mut |read| {
        if let Err(fault) = read {
            assert!(fault.code.starts_with("logs."));
        }
        ControlFlow::Continue(())
    });
});
