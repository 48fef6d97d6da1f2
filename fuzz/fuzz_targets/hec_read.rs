//! Bodies of Splunk's event collector.
#![no_main]

use chrono::DateTime;
use khien_collect::http::hec::events::Event;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let now = DateTime::from_timestamp(1_781_200_000, 0).unwrap_or_default();
    let mut wrong = false;
    for event in Event::all(bytes) {
        assert!(!wrong, "what is wrong ends it");
        match event {
            Err((_, at)) => {
                assert!(at <= bytes.len());
                wrong = true;
            }
            Ok(event) => {
                assert!(event.raw.starts_with(b"{") && event.raw.ends_with(b"}"));
                if let Err(fault) = event.record(now) {
                    assert!(fault.code.starts_with("logs."), "{fault}");
                }
            }
        }
    }
});
