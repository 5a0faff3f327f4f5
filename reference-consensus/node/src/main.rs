//! reference-consensus
fn main() {}
