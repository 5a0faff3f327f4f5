//! ecp-codegen
fn main() {}
