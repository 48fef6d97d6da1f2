//! Bodies of `_bulk`, in pieces.
#![no_main]

use khien_collect::http::elastic::bulk::{Bulk, Item, Verb};
use khien_normalise::Splitter;
use libfuzzer_sys::fuzz_target;

fn read(pieces: &[&[u8]]) -> (Vec<Item>, Option<String>) {
    let (mut splitter, mut lines, mut bulk, mut items) = (Splitter::default(), Vec::new(), Bulk::new("logs"), Vec::new());
    for piece in pieces {
        splitter.push(piece, &mut lines);
    }
    splitter.finish(&mut lines);
    for line in lines {
        match bulk.push(line) {
            Ok(item) => items.extend(item),
            Err(fault) => return (items, Some(fault.to_string())),
        }
    }
    (items, bulk.finish().err().map(|fault| fault.to_string()))
}

fuzz_target!(|bytes: &[u8]| {
    let (first, second) = bytes.split_at(bytes.len() / 3);
    let whole = read(&[bytes]);
    assert_eq!(read(&[first, second]), whole);
    assert!(whole.1.is_none_or(|fault| fault.starts_with("bulk.")));
    for item in whole.0 {
        match item {
            Item::Record(action, _) => assert!(matches!(action.verb, Verb::Index | Verb::Create)),
            Item::Refused(_, fault) => assert!(fault.code.starts_with("bulk.") || fault.code.starts_with("logs.")),
        }
    }
});
