//! Parsers of one's own: a text of YAML, and what it makes of its samples and of a line.
#![no_main]

use chrono::DateTime;
use khien_normalise::{Format, Own, Sheet, decode_line};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let received = DateTime::from_timestamp(1_781_200_000, 0).unwrap_or_default();
    let Ok(sheet) = Sheet::read(text) else { return };
    sheet.tell(received);
    let Ok(again) = Sheet::read(text) else { return };
    let own = Own::new(vec![again]);
    if let Ok(mut record) = decode_line(b"<13>Jun 10 08:00:00 h app: user=lan from 10.0.0.9 x=1", Format::Auto, received, 1) {
        own.apply(&mut record);
    }
});
