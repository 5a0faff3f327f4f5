//! Each rule fires on a page that breaks it, and on nothing else.

use std::path::Path;

use ecp_spec::{
    files::Page,
    lint::{CALL_PARTS, Finding, Rule, call_parts, repository, texts},
    tables::{Exclusions, Tables, Withdrawn},
};

use crate::{page, root};

const GOOD: &str = "# Page\n\nOne sentence.\n\n\
    > **ECP-ABC-001** (MUST, execution) The execution half MUST answer.\n> If violated: the caller waits.\n";

/// Lints one page; its ids are cited by a source, and `ok.md` is the only page that links may lead to.
fn lint(text: &str) -> Vec<Finding> {
    let pages = [page("spec/a.md", text)];
    let sources = [page("x.rs", "// [ECP-ABC-001] [ECP-ABC-002] is ECP-ABC-999")];
    let all = texts(&pages, &sources, &Exclusions::default(), &Withdrawn::default(), |_, link| link == "ok.md");
    all.into_iter().filter(|finding| finding.path == Path::new("spec/a.md") || text == GOOD).collect()
}

fn rules(text: &str) -> Vec<(Rule, usize)> {
    lint(text).into_iter().map(|finding| (finding.rule, finding.line)).collect()
}

fn with(rest: &str) -> String {
    format!("{GOOD}\n{rest}\n")
}

#[test]
fn accepts_a_good_page() {
    let findings = lint(GOOD);
    let unknown: Vec<_> = findings.iter().map(|f| (f.path.to_str(), f.rule)).collect();
    assert_eq!(unknown, [(Some("x.rs"), Rule::UnknownId)], "only the id that the page lacks");
    assert!(findings[0].text.contains("ECP-ABC-002"));
}

#[test]
fn finds_malformed_requirements() {
    let second = "\n> If violated: it breaks.";
    for bad in [
        "> **ECP-ABC-2** (MUST, execution) The execution half MUST go.",
        "> **ECP-ABC-002** The execution half MUST go.",
        "> **ECP-ABC-002** (SHALL, execution) The execution half MUST go.",
        "> **ECP-ABC-002** (MUST, somebody) The execution half MUST go.",
    ] {
        assert_eq!(rules(&with(&format!("{bad}{second}"))), [(Rule::Malformed, 8)], "{bad}");
    }
    let good = "> **ECP-ABC-002** (MUST, execution) The execution half MUST go.";
    assert_eq!(rules(&with(good)), [(Rule::Malformed, 8)], "without its second line");
    assert_eq!(rules(&with(&format!("{good}{second}\n> And more."))), [(Rule::Malformed, 8)], "with a third line");
    assert_eq!(rules(&with(&format!("{good}{second}"))), []);
}

#[test]
fn finds_an_id_that_stands_twice() {
    let again = "> **ECP-ABC-001** (MUST, execution) The execution half MUST go.\n> If violated: it stays.";
    assert_eq!(rules(&with(again)), [(Rule::DuplicateId, 8)]);
}

#[test]
fn finds_keywords_outside_of_requirements() {
    assert_eq!(rules(&with("It MUST go.")), [(Rule::StrayKeyword, 8)]);
    assert_eq!(rules(&with("| It | SHOULD NOT |")), [(Rule::StrayKeyword, 8)]);
    assert_eq!(rules(&with("It `MUST` go.\n\n```text\nMAY\n```")), []);
    let violated = "> **ECP-ABC-002** (MUST, execution) The execution half MUST go.\n> If violated: it MAY stay.";
    assert_eq!(rules(&with(violated)), [(Rule::StrayKeyword, 9)]);
}

#[test]
fn finds_requirements_with_other_keywords_than_their_own() {
    for text in ["The execution half goes.", "The execution half MUST go and MAY stay.", "The execution half MAY go."] {
        let bad = format!("> **ECP-ABC-002** (MUST, execution) {text}\n> If violated: it breaks.");
        assert_eq!(rules(&with(&bad)), [(Rule::KeywordCount, 8)], "{text}");
    }
}

#[test]
fn finds_requirements_that_are_no_sentence_of_their_actor() {
    for text in
        ["The consensus half MUST go.", "The execution half MUST go", "The execution half MUST go. Then it stops."]
    {
        let bad = format!("> **ECP-ABC-002** (MUST, execution) {text}\n> If violated: it breaks.");
        assert_eq!(rules(&with(&bad)), [(Rule::Sentence, 8)], "{text}");
    }
}

#[test]
fn finds_ids_that_no_page_has() {
    assert_eq!(rules(&with("As ECP-ABC-003 says.")), [(Rule::UnknownId, 8)]);
    assert_eq!(rules(&with("As ECP-ABC-999 says.")), []);
}

#[test]
fn warns_of_requirements_that_nothing_cites() {
    let lonely = "> **ECP-ABC-004** (MUST, execution) The execution half MUST go.\n> If violated: it stays.";
    let findings = lint(&with(lonely));
    assert_eq!(findings.iter().map(|f| (f.rule, f.line)).collect::<Vec<_>>(), [(Rule::Orphan, 8)]);
    assert!(!findings[0].rule.fatal());
}

#[test]
fn finds_pages_that_are_too_long() {
    assert_eq!(rules(&"line\n".repeat(400)), []);
    assert_eq!(rules(&"line\n".repeat(401)), [(Rule::PageLength, 401)]);
}

#[test]
fn finds_links_that_lead_nowhere() {
    assert_eq!(rules(&with("See [a](ok.md#part), [b](https://example.org), [c](#here).")), []);
    assert_eq!(rules(&with("See [a](gone.md).")), [(Rule::BrokenLink, 8)]);
}

#[test]
fn finds_two_sentences_on_a_line() {
    assert_eq!(rules(&with("One goes. Two stays.")), [(Rule::TwoSentences, 8)]);
    assert_eq!(rules(&with("Version 0.14.3 on, and 2. more")), []);
}

#[test]
fn finds_too_many_exclusions() {
    let exclusions: Exclusions =
        toml("[[exclusion]]\nid = \"ECP-ABC-001\"\nmissing = \"nothing to see\"\ninstead = \"a test\"\n");
    let few: Vec<Page> = vec![page("spec/a.md", GOOD)];
    let found = texts(&few, &[], &exclusions, &Withdrawn::default(), |_, _| true);
    assert!(found.iter().any(|finding| finding.rule == Rule::ExclusionBudget));
    let many: String = (1..=20)
        .map(|n| format!("> **ECP-ABC-{n:03}** (MUST, execution) The execution half MUST go.\n> If violated: no.\n\n"))
        .collect();
    let found = texts(&[page("spec/a.md", &many)], &[], &exclusions, &Withdrawn::default(), |_, _| true);
    assert!(!found.iter().any(|finding| finding.rule == Rule::ExclusionBudget));
}

#[test]
fn finds_grammars_whose_rules_do_not_belong_together() {
    let block = |text: &str| with(&format!("```abnf\n{text}```"));
    assert_eq!(rules(&block("one = two ; as it is\n      \"Three\"\ntwo = 1*\"Two\" [\"Four\"]\n")), []);
    assert_eq!(rules(&block("one = two\n")), [(Rule::Grammar, 8)]);
    assert_eq!(rules(&block("one = \"One\"\ntwo = \"Two\"\n")), [(Rule::Grammar, 8)]);
    assert_eq!(rules(&block("one = \"One\"\none = \"Two\"\n")), [(Rule::Grammar, 8)]);
    assert_eq!(rules(&block("one\n")), [(Rule::Grammar, 8)]);
}

#[test]
fn finds_pages_that_the_summary_does_not_link() {
    let summary = page("spec/SUMMARY.md", "# Summary\n\n- [A](a.md)\n");
    let pages = [page("spec/a.md", "# A\n"), page("spec/b.md", "# B\n"), summary];
    let found = texts(&pages, &[], &Exclusions::default(), &Withdrawn::default(), |_, _| true);
    let found: Vec<_> = found.iter().map(|finding| (finding.rule, finding.path.to_str().unwrap())).collect();
    assert_eq!(found, [(Rule::NotInSummary, "spec/b.md")]);
}

#[test]
fn finds_withdrawn_ids_that_are_used_or_cited() {
    let row = |id: &str| format!("[[withdrawn]]\nid = \"{id}\"\nrevision = 1\nsubject = \"go\"\ninstead = \"Stay.\"\n");
    let withdrawn: Withdrawn = toml(&(row("ECP-ABC-001") + &row("ECP-ABC-002")));
    let pages = [page("spec/a.md", GOOD), page("spec/revisions.md", "# R\n\nOnce there was ECP-ABC-002.\n")];
    let sources = [page("x.rs", "// [ECP-ABC-002]")];
    let found = texts(&pages, &sources, &Exclusions::default(), &withdrawn, |_, _| true);
    let found = found.iter().filter(|finding| finding.rule != Rule::Orphan);
    let found: Vec<_> = found.map(|finding| (finding.path.to_str().unwrap(), finding.rule)).collect();
    assert_eq!(found, [("spec/a.md", Rule::Withdrawn), ("x.rs", Rule::StaleCitation)]);
}

#[test]
fn finds_empty_cells() {
    for bad in ["| a |  |", "| | a |", "| a | | b |", "| a |   | b |", "| a | |"] {
        assert_eq!(rules(&with(bad)), [(Rule::EmptyCell, 8)], "{bad}");
    }
    assert_eq!(rules(&with("| a | b |\n|---|---|\n| `a \\| b` | – |")), []);
}

#[test]
fn finds_diagrams_that_break_at_a_semicolon() {
    let block = |kind: &str| with(&format!("```{kind}\nNote over A: it waits; nothing comes\n```\n\nOne; two."));
    assert_eq!(rules(&block("mermaid")), [(Rule::Diagram, 9)]);
    assert_eq!(rules(&block("text")), []);
}

#[test]
fn finds_calls_whose_section_lacks_a_part() {
    let tables = Tables::load(&root()).unwrap();
    let whole: String =
        ["Purpose.", "Preconditions.", "Request.", "Reply.", "Behavior.", "Order of checks.", "Idempotency."]
            .iter()
            .chain(&["Deadline.", "Errors.", "State after."])
            .map(|part| format!("**{part}** As usual.\n"))
            .collect();
    let section = |call: &str, text: &str| format!("## {call}\n\n{text}\n");
    let mut calls = tables.calls.clone();
    calls.calls.retain(|call| call.name == "Decide" || call.name == "Finalize");
    let lint = |first: &str, second: &str| {
        let text = section("Decide", first) + &section("Finalize", second);
        let found = call_parts(&[page("spec/deciding.md", &text)], &calls);
        found.into_iter().map(|finding| finding.text).collect::<Vec<_>>()
    };
    assert_eq!(lint(&whole, &whole), Vec::<String>::new());
    assert_eq!(
        lint(&whole.replace("**Deadline.", "Deadline."), &whole),
        ["Decide has no part `**Deadline.` at its place"]
    );
    assert_eq!(lint(&whole, ""), CALL_PARTS.map(|part| format!("Finalize has no part `**{part}` at its place")));
    assert_eq!(call_parts(&[], &calls).len(), 2);
}

#[test]
fn takes_an_index_for_no_use() {
    let pages = [page("spec/a.md", GOOD)];
    let days = [page("spec/tables/days.toml", "[\"ECP-ABC-001\", \"ECP-ABC-002\"]")];
    let found = texts(&pages, &days, &Exclusions::default(), &Withdrawn::default(), |_, _| true);
    let found: Vec<_> = found.iter().map(|finding| finding.rule).collect();
    assert_eq!(found, [Rule::Orphan, Rule::UnknownId]);
}

#[test]
fn the_grammar_speaks_of_every_call() {
    let text = std::fs::read_to_string(root().join("spec/grammar.md")).unwrap();
    let terminals = ecp_spec::grammar::terminals(&text);
    for call in Tables::load(&root()).unwrap().calls.calls {
        assert!(terminals.contains(call.name.as_str()), "{}", call.name);
    }
}

#[test]
fn says_where_what_and_how_severe() {
    let findings = lint(&with("It MUST go."));
    insta::assert_snapshot!(findings[0]);
}

#[test]
fn this_repository_is_clean() {
    let tables = Tables::load(&root()).unwrap();
    let fatal: Vec<String> = repository(&root(), &tables)
        .unwrap()
        .iter()
        .filter(|finding| finding.rule.fatal())
        .map(ToString::to_string)
        .collect();
    assert!(fatal.is_empty(), "{}", fatal.join("\n"));
}

fn toml<T: serde::de::DeserializeOwned>(text: &str) -> T {
    toml::from_str(text).unwrap()
}
