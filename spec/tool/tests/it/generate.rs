//! What is made from the tables.

use ecp_spec::{
    coverage::cases as cases_of,
    generate::{Sources, go, markdown, outputs, proto, rust, stale},
    proto::Proto,
    requirements::Registry,
    tables::{Errors, Limits, Tables},
};

use crate::{page, root};

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
    let sources = Sources::load(&root(), &tables).unwrap();
    let page = "before\n<!-- table:meetings -->\nold\n<!-- /table -->\nafter\n";
    let filled = markdown::fill(page, &sources).unwrap();
    insta::assert_snapshot!(filled);
    assert_eq!(markdown::fill(&filled, &sources).unwrap(), filled, "filling twice changes nothing");
}

#[test]
fn refuses_broken_markers() {
    let tables = Tables::load(&root()).unwrap();
    let sources = Sources::load(&root(), &tables).unwrap();
    let refusal = |page: &str| markdown::fill(page, &sources).expect_err("refused").to_string();
    assert_eq!(refusal("<!-- table:limits -->\n"), "table:limits is not closed");
    assert_eq!(refusal("<!-- table:nothing -->\n<!-- /table -->\n"), "there is no table `nothing`");
    assert_eq!(refusal("<!-- table:errors Nothing -->\n<!-- /table -->\n"), "there is no table `errors Nothing`");
    assert_eq!(
        refusal("<!-- table:states execution nothing -->\n<!-- /table -->\n"),
        "the execution half has no machine `nothing`"
    );
    assert_eq!(refusal("<!-- table:fields nothing -->\n<!-- /table -->\n"), "there is no `nothing.proto`");
    assert_eq!(refusal("<!-- table:checklist nobody -->\n<!-- /table -->\n"), "`nobody` is no half");
    let nested = refusal("<!-- table:limits -->\n<!-- table:bare -->\n<!-- /table -->\n");
    assert_eq!(nested, "table:limits is not closed before <!-- table:bare -->");
}

/// Two requirements, two days, and cases of which one is about the requirement more than the other.
fn small(days: &str) -> Result<String, String> {
    small_of(days, "")
}

/// The same, of the days that are named.
fn small_of(days: &str, named: &str) -> Result<String, String> {
    let mut tables = Tables::load(&root()).unwrap();
    tables.days = toml::from_str(days).unwrap();
    let text = "> **ECP-ABC-001** (MUST, execution) The execution half MUST NOT go.\n> If violated: it is away.\n\n\
        > **ECP-ABC-002** (SHOULD, execution) The execution half SHOULD stay.\n> If violated: it is away.\n";
    let cases = page(
        "conformance/cases/a.yaml",
        "cases:\n  - id: EXE/a\n    verifies: [ECP-ABC-002, ECP-ABC-001]\n  - id: EXE/b\n    verifies: [ECP-ABC-001]\n",
    );
    let sources = Sources {
        tables: &tables,
        registry: Registry::extract(&[page("spec/a.md", text)], &tables.exclusions),
        cases: cases_of(&[cases]).unwrap(),
        proto: Proto::default(),
    };
    let filled = markdown::fill(&format!("<!-- table:checklist execution{named} -->\n<!-- /table -->\n"), &sources);
    filled.map_err(|error| error.to_string())
}

#[test]
fn makes_checklists() {
    let day = |name: &str, ids: &str| {
        format!(
            "[[day]]\nhalf = \"execution\"\nname = \"{name}\"\ntitle = \"It goes\"\ngoal = \"It goes.\"\n\
             requirements = [{ids}]\n"
        )
    };
    let whole = day("1", "\"ECP-ABC-001\"") + &day("Later", "\"ECP-ABC-002\"");
    insta::assert_snapshot!(small(&whole).unwrap());
    let one = small_of(&whole, " Later").unwrap();
    assert!(one.contains("ECP-ABC-002") && !one.contains("ECP-ABC-001"), "{one}");
    assert_eq!(small_of(&whole, " 7").unwrap_err(), "days.toml: the execution half has no day 7");
    assert_eq!(small(&day("1", "\"ECP-ABC-001\"")).unwrap_err(), "ECP-ABC-002 has no day in days.toml");
    let stranger = day("1", "\"ECP-ABC-001\", \"ECP-ABC-002\", \"ECP-ABC-003\"");
    assert_eq!(small(&stranger).unwrap_err(), "days.toml: ECP-ABC-003 is no requirement of execution");
}

#[test]
fn reads_messages_with_their_comments() {
    let proto = Proto::load(&root()).unwrap();
    let common = proto.files.iter().find(|file| file.name == "common").unwrap();
    let part = common.types.iter().find(|kind| kind.name == "Part").unwrap();
    insta::assert_debug_snapshot!(part);
    let validate = proto.methods.iter().find(|method| method.name == "ValidateProposal").unwrap();
    assert_eq!(validate.request, "stream ValidateProposalRequest");
    assert_eq!(validate.reply, "stream ValidateProposalResponse");
    let bare = proto.files.iter().flat_map(|file| &file.types).find(|kind| kind.comment.is_empty());
    assert_eq!(bare, None, "every message has a comment");
}

#[test]
fn tells_the_order_of_checks_of_each_call() {
    let tables = Tables::load(&root()).unwrap();
    let sources = Sources::load(&root(), &tables).unwrap();
    let page: String =
        tables.calls.calls.iter().map(|c| format!("<!-- table:order {} -->\n<!-- /table -->\n", c.name)).collect();
    insta::assert_snapshot!(markdown::fill(&page, &sources).unwrap());
}

#[test]
fn this_repository_is_up_to_date() {
    let tables = Tables::load(&root()).unwrap();
    let outputs = outputs(&root(), &tables).unwrap();
    assert!(outputs.len() > 20);
    assert_eq!(stale(&root(), &outputs), Vec::<std::path::PathBuf>::new());
}
