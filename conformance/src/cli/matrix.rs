//! The kill matrix: which fault breaks which requirement, which cases look at it, and which of them caught it.

use std::collections::{BTreeMap, BTreeSet};

use super::{faults::Fault, run::Suite};
use crate::case::{Level, Role};

/// One fault in the matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// Half that it is in.
    pub role: Role,
    /// The fault.
    pub fault: Fault,
    /// Cases that verify its requirement.
    pub mapped: Vec<String>,
    /// Cases that caught it in the last run.
    pub caught: Vec<String>,
}

impl Row {
    /// A fault with the cases that are there for it.
    pub(super) fn new(role: Role, fault: &Fault, suite: &Suite, caught: &[String]) -> Self {
        let cases = suite.cases.iter().filter(|c| c.role == role && c.schema.verifies.contains(&fault.requirement));
        Self { role, fault: fault.clone(), mapped: cases.map(|c| c.id().to_owned()).collect(), caught: caught.to_vec() }
    }
}

const HEAD: &str = "# Kill matrix

Each fault is a half that breaks one requirement; a suite that does not fail it for that reason is worth nothing.
Made by `conformance faults --run --matrix conformance/KILL-MATRIX.md`; without `--run`, the command tells whether faults
and cases are still those of this page.

";

/// The page.
pub(super) fn page(rows: &[Row], suite: &Suite) -> String {
    let mut text = HEAD.to_owned();
    let with_fault: BTreeSet<_> = rows.iter().map(|row| row.fault.requirement.as_str()).collect();
    let must = || suite.registry.iter().filter(|r| r.level == Level::Must && r.testable);
    let faulted = must().filter(|r| with_fault.contains(r.id.as_str())).count();
    let caught = rows.iter().filter(|row| !row.caught.is_empty()).count();
    text += &format!(
        "{caught} of {} faults were caught for their requirement in the last run. {faulted} of {} testable MUST \
         requirements have a fault.\n",
        rows.len(),
        must().count()
    );
    for role in [Role::Execution, Role::Consensus] {
        text += &format!("\n## Faults of the {} half\n\n", role.name());
        text += "| Fault | Breaks | What it does | Cases for the requirement | Caught by |\n|---|---|---|---|---|\n";
        for row in rows.iter().filter(|row| row.role == role) {
            text += &line(row);
        }
    }
    text += "\n## Requirements without a fault\n\nTheir cases were never seen to fail for them.\n\n";
    let mut without: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for requirement in must().filter(|r| !with_fault.contains(r.id.as_str())) {
        without.entry(&requirement.role).or_default().push(&requirement.id);
    }
    for (role, ids) in without {
        text += &format!("- {role}: {}\n", ids.join(", "));
    }
    text
}

fn line(row: &Row) -> String {
    let caught = if row.caught.is_empty() { "**none**".to_owned() } else { row.caught.join("<br>") };
    format!(
        "| `{}` | {} | {} | {} | {caught} |\n",
        row.fault.name,
        row.fault.requirement,
        row.fault.does.replace('|', "\\|"),
        row.mapped.join("<br>")
    )
}

/// How a page differs from the faults and cases of now; nothing if it does not. `rows` have no catches.
pub(super) fn drift(page: &str, rows: &[Row]) -> Vec<String> {
    let mut told = Vec::new();
    let mut seen = BTreeSet::new();
    for row in rows {
        let name = &row.fault.name;
        seen.insert(name.clone());
        let start = format!("| `{name}` | {} |", row.fault.requirement);
        let Some(line) = page.lines().find(|line| line.starts_with(&start)) else {
            told.push(format!("{name}: the page has no line for it and {}", row.fault.requirement));
            continue;
        };
        let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let Some([cases, caught]) = cells.last_chunk::<2>() else { continue };
        let cases: Vec<_> = cases.split("<br>").collect();
        if cases != row.mapped {
            told.push(format!("{name}: its cases are not those of the page"));
        }
        let strange = caught.split("<br>").find(|case| !row.mapped.iter().any(|mapped| mapped == case));
        if let Some(strange) = strange {
            told.push(format!("{name}: the page says that it was caught by {strange}, which is no case for it"));
        }
    }
    for line in page.lines().filter_map(|line| line.strip_prefix("| `")) {
        if let Some((name, _)) = line.split_once('`')
            && !seen.contains(name)
        {
            told.push(format!("{name}: the page has a line for it, and no half has the fault"));
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{Cases, Registry};

    fn rows() -> Vec<Row> {
        let fault = |name: &str, requirement: &str| Fault {
            name: name.to_owned(),
            requirement: requirement.to_owned(),
            does: "Answers | wrong.".to_owned(),
        };
        let row = |role, name: &str, requirement: &str, cases: &[&str]| Row {
            role,
            fault: fault(name, requirement),
            mapped: cases.iter().map(|c| (*c).to_owned()).collect(),
            caught: cases.iter().take(1).map(|c| (*c).to_owned()).collect(),
        };
        vec![
            row(Role::Execution, "one", "ECP-A-001", &["EXE/a", "EXE/b"]),
            row(Role::Consensus, "two", "ECP-B-001", &["CON/a"]),
        ]
    }

    #[test]
    fn the_page_tells_what_was_caught_and_what_has_no_fault() {
        let suite =
            Suite { cases: Cases::default(), registry: Registry::of_ids(["ECP-A-001", "ECP-B-001", "ECP-C-001"]) };
        insta::assert_snapshot!(page(&rows(), &suite));
    }

    #[test]
    fn drift_is_told() {
        let suite = Suite { cases: Cases::default(), registry: Registry::of_ids(["ECP-A-001"]) };
        let text = page(&rows(), &suite);
        assert_eq!(drift(&text, &rows()), [""; 0]);
        let mut other = rows();
        other[0].mapped.remove(0);
        other[1].fault.requirement = "ECP-B-002".to_owned();
        let told = drift(&text, &other);
        assert_eq!(told.len(), 3, "{told:?}");
        let told = drift(&text, &rows()[..1]);
        assert_eq!(told, ["two: the page has a line for it, and no half has the fault"]);
    }
}
