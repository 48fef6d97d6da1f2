//! The binary `khien`.

use std::process::ExitCode;

/// Threads that allocate and free beside each other do not wait for each other (ADR 0013).
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    khien::cli::main()
}
