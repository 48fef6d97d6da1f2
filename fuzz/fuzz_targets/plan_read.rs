//! A plan of any bytes, as .docx, .txt and .md: read or refused with a fault, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for name in ["plan.docx", "plan.txt", "plan.md"] {
        if let Ok(reading) = khien_planread::read(data, name) {
            let origins = reading.tasks.iter().map(|t| &t.origin).chain(reading.targets.iter().map(|t| &t.origin));
            for origin in origins.chain(reading.obligations.iter().map(|o| &o.origin)) {
                assert!(origin.block < reading.blocks.len());
            }
        }
    }
});
