//! The conformance suite of the Starknet Execution-Consensus Protocol.

fn main() -> std::process::ExitCode {
    conformance::cli::main()
}
