//! CEF, LEEF, key=value: lines that are taken apart by their form.
#![no_main]

use chrono::DateTime;
use khien_normalise::{Format, decode_line};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let received = DateTime::from_timestamp(1_781_200_000, 0).unwrap_or_default();
    for mark in [&b""[..], b"CEF:0|", b"<13>Jun 10 08:00:00 h CEF:0|v|p|1|2|n|5|", b"LEEF:2.0|v|p|1|e|", b"LEEF:1.0|v|p|1|e|", b"<13>date=1 a="] {
        let line = [mark, bytes].concat();
        if let Err(fault) = decode_line(&line, Format::Syslog, received, 1) {
            assert!(fault.code.starts_with("logs."));
        }
    }
});
