//! Syslog through its framing, and access logs.
#![no_main]

use chrono::DateTime;
use khien_normalise::{Format, Framing, decode_line};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let received = DateTime::from_timestamp(1_781_200_000, 0).unwrap_or_default();
    let mut framing = Framing::new();
    let (first, second) = bytes.split_at(bytes.len() / 2);
    let mut messages = framing.push(first);
    messages.extend(framing.push(second));
    for message in messages.into_iter().flatten().chain(framing.finish()) {
        for format in [Format::Syslog, Format::Weblog, Format::Auto] {
            if let Err(fault) = decode_line(&message, format, received, 1) {
                assert!(fault.code.starts_with("logs."));
            }
        }
    }
});
