//! The vectors of `spec/vectors/wire`: golden bytes, ProtoJSON and verdict for every message.
//!
//! Bytes come from prost. Verdicts stand by hand in the tables of cases and are compared with what `ecp_proto::convert`
//! says. `ECP_UPDATE_VECTORS=1` writes the files again; without it they are compared. `check.py` beside the files and
//! the Go test in `proto/go/vectors` read them a second and a third time.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should panic")]

mod archive;
mod chain;
mod common;
mod coverage;
mod decision;
mod dialogue;
mod dialogues;
mod examples;
mod harness;
mod height;
mod layout;
mod manifest;
mod patterns;
mod proposal;
mod raw;
mod session;
mod verdicts;

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

use harness::File;

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn update() -> bool {
    std::env::var_os("ECP_UPDATE_VECTORS").is_some()
}

/// Compares a file with what was made, or writes it if asked to.
fn settle(path: &Path, made: &str) {
    if update() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, made).unwrap();
    }
    let stored = std::fs::read_to_string(path).unwrap_or_default();
    assert!(stored == made, "{} is stale: run with ECP_UPDATE_VECTORS=1 and read the difference", path.display());
}

/// All vectors, each checked and settled once.
fn files() -> &'static [File] {
    static FILES: OnceLock<Vec<File>> = OnceLock::new();
    FILES.get_or_init(|| {
        let files: Vec<File> = [
            common::files(),
            session::files(),
            height::files(),
            proposal::files(),
            verdicts::files(),
            decision::files(),
            archive::files(),
        ]
        .into_iter()
        .flatten()
        .collect();
        let wrong: Vec<&str> = files.iter().flat_map(|file| &file.wrong).map(String::as_str).collect();
        assert!(wrong.is_empty(), "the code disagrees with the table of cases:\n{}", wrong.join("\n"));
        for file in &files {
            let path = root().join("spec/vectors/wire").join(format!("{}.json", file.message));
            settle(&path, &file.text());
        }
        files
    })
}

#[test]
fn the_code_agrees_with_every_vector() {
    assert!(files().iter().map(|file| file.cases.len()).sum::<usize>() > 500);
}

#[test]
fn names_of_cases_are_unique() {
    for file in files() {
        let names: std::collections::BTreeSet<&str> = file.cases.iter().map(|case| case.name.as_str()).collect();
        assert_eq!(names.len(), file.cases.len(), "{}", file.message);
    }
}

#[test]
fn no_file_is_left_from_a_message_that_is_gone() {
    let known: Vec<String> = files().iter().map(|file| format!("{}.json", file.message)).collect();
    for entry in std::fs::read_dir(root().join("spec/vectors/wire")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(!name.ends_with(".json") || known.contains(&name), "{name} belongs to no message");
    }
}
