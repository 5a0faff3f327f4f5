//! Every rule that is taken away gives a counterexample, which is kept; with the rule the same steps do no harm.

use ecp_explorer::{
    counterexample::{Replayed, read, replay},
    rules::Rule,
};

fn kept(rule: Rule) -> ecp_explorer::counterexample::Kept {
    let path = format!("{}/counterexamples/{}.txt", env!("CARGO_MANIFEST_DIR"), rule.as_str());
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    read(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn without_its_rule_each_goes_wrong() {
    for rule in Rule::ALL {
        let kept = kept(rule);
        assert_eq!(kept.rule, rule);
        match replay(&kept, Some(rule)) {
            Replayed::Forbidden(violation) => {
                assert_eq!((violation.requirement, &violation.text), (kept.requirement.as_str(), &kept.text));
            }
            Replayed::Stuck => assert_eq!(kept.text, "no way without faults leads to the decision"),
            Replayed::Safe { at } => panic!("{}: nothing goes wrong after {at} steps", rule.as_str()),
        }
    }
}

#[test]
fn with_its_rule_the_same_steps_are_safe() {
    for rule in Rule::ALL {
        let kept = kept(rule);
        let replayed = replay(&kept, None);
        // Where the rule makes a difference, the steps part; up to there at least, they are the same.
        assert!(matches!(replayed, Replayed::Safe { at } if at > 0), "{}: {replayed:?}", rule.as_str());
    }
}
