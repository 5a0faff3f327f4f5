//! The specification as data.
//!
//! | module | what |
//! |---|---|
//! | [`tables`] | `spec/tables/*.toml`, read and checked |
//! | [`generate`] | Rust, Go, protobuf and Markdown made from the tables |
//! | [`files`] | finds the files of the repository |

pub mod files;
pub mod generate;
pub mod tables;
