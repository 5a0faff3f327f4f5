//! faulty-consensus
fn main() {}
