//! What is made from the tables.

use ecp_spec::{
    generate::{go, markdown, outputs, proto, rust, stale},
    tables::{Errors, Limits, Tables},
};

use crate::root;

const ERRORS: &str = r#"
    [[reason]]
    name = "SESSION_HELD"
    code = "FAILED_PRECONDITION"
    action = "retry"
    calls = ["Handshake"]
    meaning = "Somebody holds it."
    fix = "Wait."

    [[reason]]
    name = "FENCED"
    code = "ABORTED"
    action = "halt"
    calls = ["*"]
    meaning = "Replaced."
    fix = "Exit."

    [[bare]]
    code = "CANCELLED"
    cause = "Given up."
    mutating = "handshake"
    reading = "retry"

    [[bare]]
    code = "UNKNOWN"
    cause = "Anything."
    mutating = "handshake"
    reading = "handshake"
"#;

const LIMITS: &str = r#"
    [[limit]]
    name = "MESSAGE_BYTES"
    value = 8388608
    unit = "bytes"
    requirement = "ECP-LIM-001"
    meaning = "Largest message."
"#;

fn errors() -> Errors {
    toml::from_str(ERRORS).unwrap()
}

fn limits() -> Limits {
    toml::from_str(LIMITS).unwrap()
}

#[test]
fn makes_rust() {
    let text = rust::reasons(&errors()) + &rust::limits(&limits());
    insta::assert_snapshot!(text);
}

#[test]
fn makes_go() {
    insta::assert_snapshot!(go::reasons(&errors()) + &go::limits(&limits()));
}

#[test]
fn makes_protobuf() {
    insta::assert_snapshot!(proto::errors(&errors()));
}

#[test]
fn formats_rust_as_the_repository_does() {
    let formatted = rust::format(&root(), "pub fn  f( ) ->u32{1}").unwrap();
    assert_eq!(formatted, "pub fn f() -> u32 {\n    1\n}\n");
    let error = rust::format(&root(), "pub fn {").expect_err("no Rust").to_string();
    assert!(error.contains("rustfmt refused"), "{error}");
}

#[test]
fn fills_pages_and_keeps_what_is_around() {
    let tables = Tables::load(&root()).unwrap();
    let page = "before\n<!-- table:meetings -->\nold\n<!-- /table -->\nafter\n";
    let filled = markdown::fill(page, &tables).unwrap();
    insta::assert_snapshot!(filled);
    assert_eq!(markdown::fill(&filled, &tables).unwrap(), filled, "filling twice changes nothing");
}

#[test]
fn refuses_broken_markers() {
    let tables = Tables::load(&root()).unwrap();
    let refusal = |page: &str| markdown::fill(page, &tables).expect_err("refused").to_string();
    assert_eq!(refusal("<!-- table:limits -->\n"), "table:limits is not closed");
    assert_eq!(refusal("<!-- table:nothing -->\n<!-- /table -->\n"), "there is no table `nothing`");
    assert_eq!(refusal("<!-- table:errors Nothing -->\n<!-- /table -->\n"), "there is no table `errors Nothing`");
    assert_eq!(
        refusal("<!-- table:states execution nothing -->\n<!-- /table -->\n"),
        "the execution half has no machine `nothing`"
    );
    let nested = refusal("<!-- table:limits -->\n<!-- table:bare -->\n<!-- /table -->\n");
    assert_eq!(nested, "table:limits is not closed before <!-- table:bare -->");
}

#[test]
fn this_repository_is_up_to_date() {
    let tables = Tables::load(&root()).unwrap();
    let outputs = outputs(&root(), &tables).unwrap();
    assert!(outputs.len() > 20);
    assert_eq!(stale(&root(), &outputs), Vec::<std::path::PathBuf>::new());
}
