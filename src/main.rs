//! `kubectl-cilium_lb`: arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    cilium_lb::cli::main()
}
