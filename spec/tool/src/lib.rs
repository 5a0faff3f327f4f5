//! The specification as data.
//!
//! | module | what |
//! |---|---|
//! | [`tables`] | `spec/tables/*.toml`, read and checked |
//! | [`generate`] | Rust, Go, protobuf, Markdown and the registry made from tables and pages |
//! | [`requirements`] | requirements of the pages, and their registry |
//! | [`lint`] | rules of the text |
//! | [`proto`] | messages of the boundary, with their comments |
//! | [`grammar`] | ABNF in the pages |
//! | [`coverage`] | requirements and the cases that verify them |
//! | [`files`] | finds the files of the repository |

pub mod coverage;
pub mod files;
pub mod generate;
pub mod grammar;
pub mod lint;
pub mod proto;
pub mod requirements;
pub mod tables;
