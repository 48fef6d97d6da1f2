//! Requests of OTLP, in protobuf and in JSON.
#![no_main]

use chrono::DateTime;
use khien_collect::http::otlp::{of_json, of_protobuf};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let now = DateTime::from_timestamp(1_781_200_000, 0).unwrap_or_default();
    for read in [of_protobuf(bytes, now), of_json(bytes, now)] {
        match read {
            Ok(read) => assert_eq!(read.refused > 0, read.fault.is_some()),
            Err(fault) => assert!(fault.code.starts_with("otlp.") || fault.code == "intake.too-many", "{fault}"),
        }
    }
});
