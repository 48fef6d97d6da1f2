//! The binary `khien`.

use std::process::ExitCode;

fn main() -> ExitCode {
    khien::cli::main()
}
