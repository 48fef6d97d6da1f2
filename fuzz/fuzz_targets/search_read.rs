//! A search of any text: read or refused with a fault, and what is read is written back as the same.
#![no_main]

use khien_base::filter::read;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(filter) = read(text) {
        let printed = filter.to_string();
        // What is written back may be longer than what a bar takes: quotes and signs are added.
        match read(&printed) {
            Ok(again) => assert_eq!(again, filter, "{printed}"),
            Err(fault) => assert_eq!(fault.code, "search.too-long", "{printed}"),
        }
    }
});
