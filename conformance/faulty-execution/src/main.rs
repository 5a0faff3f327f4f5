//! faulty-execution
fn main() {}
