//! The command line: exit codes, and what it prints.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use tempfile::TempDir;

use crate::root;

const PROTOBUF: &str = "proto/starknet/ecp/v1alpha1";
const CASES: &str = "conformance/proto/ecp/conformance/v1alpha1";

fn run(root: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ecp-spec")).arg("--root").arg(root).args(args).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// A repository with the real tables, one page and the settings of rustfmt.
fn repository(page: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let tables = dir.path().join("spec/tables");
    fs::create_dir_all(&tables).unwrap();
    for entry in fs::read_dir(root().join("spec/tables")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, tables.join(path.file_name().unwrap())).unwrap();
    }
    fs::write(tables.join("exclusions.toml"), "").unwrap();
    fs::copy(root().join("rustfmt.toml"), dir.path().join("rustfmt.toml")).unwrap();
    let protobuf = dir.path().join(PROTOBUF);
    fs::create_dir_all(&protobuf).unwrap();
    for entry in fs::read_dir(root().join(PROTOBUF)).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, protobuf.join(path.file_name().unwrap())).unwrap();
    }
    let cases = dir.path().join(CASES);
    fs::create_dir_all(&cases).unwrap();
    fs::copy(root().join(CASES).join("case.proto"), cases.join("case.proto")).unwrap();
    fs::write(dir.path().join("spec/page.md"), page).unwrap();
    dir
}

#[test]
fn check_names_each_stale_file_and_generate_mends_it() {
    let dir = repository("# Page\n\n<!-- table:actions -->\n<!-- /table -->\n");
    let before = run(dir.path(), &["check"]);
    assert_eq!(before.status.code(), Some(1));
    assert!(stdout(&before).contains("stale: spec/page.md"), "{}", stdout(&before));
    assert_eq!(run(dir.path(), &["generate"]).status.code(), Some(0));
    let after = run(dir.path(), &["check"]);
    assert_eq!((after.status.code(), stdout(&after)), (Some(0), String::new()));
    let limits = dir.path().join("spec/types/src/limits.rs");
    fs::write(&limits, fs::read_to_string(&limits).unwrap() + "\n").unwrap();
    let drifted = run(dir.path(), &["check"]);
    assert_eq!(drifted.status.code(), Some(1));
    insta::assert_snapshot!(stdout(&drifted));
}

#[test]
fn lint_fails_on_a_bad_page() {
    let dir = repository("# Page\n\nIt MUST go.\n");
    let output = run(dir.path(), &["lint"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("spec/page.md:3: error [stray-keyword]"), "{}", stdout(&output));
}

#[test]
fn coverage_is_fatal_only_when_asked() {
    let page = "> **ECP-ABC-001** (MUST, execution) The execution half MUST go.\n> If violated: it stays.\n";
    let dir = repository(page);
    let listed = run(dir.path(), &["coverage"]);
    assert_eq!(listed.status.code(), Some(0));
    assert!(stdout(&listed).contains("no case: ECP-ABC-001 (MUST)"));
    assert_eq!(run(dir.path(), &["coverage", "--deny"]).status.code(), Some(1));
    fs::create_dir_all(dir.path().join("conformance/cases/exe")).unwrap();
    fs::write(dir.path().join("conformance/cases/exe/a.yaml"), "verifies: [ECP-ABC-001]\n").unwrap();
    assert_eq!(run(dir.path(), &["coverage", "--deny"]).status.code(), Some(0));
}

#[test]
fn a_root_without_tables_is_an_error_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let output = run(dir.path(), &["check"]);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.starts_with("ecp-spec: cannot read ") && text.contains("calls.toml"), "{text}");
}
