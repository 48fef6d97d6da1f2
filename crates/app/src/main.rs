//! The binary `khien`.
fn main() {}
