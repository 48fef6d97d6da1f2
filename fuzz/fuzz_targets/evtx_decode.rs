//! Windows event logs: any bytes give records or coded faults, and the reading ends.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // The fuzzer needs not find the mark of the file itself.
    let mut file = b"ElfFile\0".to_vec();
    file.extend_from_slice(bytes.get(8..).unwrap_or_default());
    for read in khien_normalise::evtx(file) {
        if let Err(fault) = read {
            assert!(fault.code.starts_with("logs."));
        }
    }
});
