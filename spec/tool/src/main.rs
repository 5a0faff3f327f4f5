//! ecp-spec
fn main() {}
