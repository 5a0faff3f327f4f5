//! Requirements with and without a case.

use ecp_spec::{coverage::coverage, requirements::Registry, tables::Exclusions};

use crate::page;

fn registry() -> Registry {
    let block = |id: &str, level: &str| {
        format!("> **{id}** ({level}, execution) The execution half {level} go.\n> If violated: it stays.\n\n")
    };
    let text = block("ECP-ABC-001", "MUST")
        + &block("ECP-ABC-002", "MUST")
        + &block("ECP-ABC-003", "MAY")
        + &block("ECP-ABC-004", "MUST")
        + &block("ECP-ABC-005", "SHOULD");
    let exclusions: Exclusions =
        toml::from_str("[[exclusion]]\nid = \"ECP-ABC-004\"\nmissing = \"a view\"\ninstead = \"a test\"\n").unwrap();
    Registry::extract(&[page("spec/a.md", &text)], &exclusions)
}

#[test]
fn finds_verifies_in_single_cases_and_in_lists() {
    let cases = [
        page("conformance/cases/a.yaml", "id: EXE/a\nverifies: [ECP-ABC-001]\nsteps: []\n"),
        page("conformance/cases/b.yaml", "- id: EXE/b\n  verifies: [ECP-ABC-001, ECP-ABC-005]\n- id: EXE/c\n"),
        page("conformance/cases/c.yaml", "id: EXE/d\nverifies:\n  - ECP-ABC-002\n---\nid: EXE/e\nverifies: []\n"),
    ];
    let coverage = coverage(&registry(), &cases).unwrap();
    assert_eq!(coverage.covered["ECP-ABC-001"], ["conformance/cases/a.yaml", "conformance/cases/b.yaml"]);
    assert_eq!(coverage.covered.len(), 3);
    assert!(coverage.missing.is_empty() && coverage.needless.is_empty());
}

#[test]
fn lists_what_has_neither_case_nor_exclusion() {
    let cases = [page("conformance/cases/a.yaml", "verifies: [ECP-ABC-004, ECP-ABC-005]\n")];
    let coverage = coverage(&registry(), &cases).unwrap();
    insta::assert_snapshot!(coverage);
}

#[test]
fn refuses_a_case_that_is_no_yaml() {
    let cases = [page("conformance/cases/a.yaml", "verifies: [ECP-ABC-001\n")];
    let error = coverage(&registry(), &cases).expect_err("no YAML").to_string();
    assert_eq!(error, "conformance/cases/a.yaml is no YAML");
}
