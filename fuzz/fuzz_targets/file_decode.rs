//! Files: the journal's export, Windows events as XML, rows with a header, records of many lines, lists of objects.
#![no_main]

use std::ops::ControlFlow;

use chrono::DateTime;
use khien_normalise::{Format, decode_stream};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let received = DateTime::from_timestamp(1_781_200_000, 0).unwrap_or_default();
    for format in [Format::Auto, Format::Journal, Format::Xml, Format::Syslog, Format::Ndjson] {
        let mut read = 0;
        decode_stream(Box::new(std::io::Cursor::new(bytes.to_vec())), format, received, &mut |record| {
            if let Err(fault) = record {
                assert!(fault.code.starts_with("logs."));
            }
            read += 1;
            ControlFlow::Continue(())
        });
        assert!(read <= bytes.len() + 1);
    }
});
