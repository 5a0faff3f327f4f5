//! reference-execution
fn main() {}
