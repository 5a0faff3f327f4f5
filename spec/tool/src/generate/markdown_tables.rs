//! Each table of the pages, as Markdown.

use std::fmt::Write as _;

use anyhow::{Context, Result, bail};

use super::{Sources, markdown_indexes as indexes, rust::grouped};
use crate::tables::{
    Action, Calls, CrashPoints, Errors, Exclusions, Limits, Machine, Meeting, Ordering, Recovery, Tables, Withdrawn,
};

/// The table of this name, such as `errors`, `errors Decide` or `states execution build`.
///
/// # Errors
/// There is no such table, call or machine.
pub(super) fn table(name: &str, sources: &Sources<'_>) -> Result<String> {
    let tables = sources.tables;
    let words: Vec<&str> = name.split(' ').collect();
    Ok(match words.as_slice() {
        ["errors"] => errors(&tables.errors, None),
        ["errors", call] if tables.calls.calls.iter().any(|row| row.name == *call) => {
            errors(&tables.errors, Some(call))
        }
        ["metadata"] => metadata(&tables.errors),
        ["bare"] => bare(&tables.errors),
        ["actions"] => actions(),
        ["limits"] => limits(&tables.limits),
        ["calls"] => calls(&tables.calls),
        ["phases"] => phases(&tables.calls),
        ["meetings"] => meetings(),
        ["ordering"] => ordering(&tables.ordering),
        ["ordering-notes"] => ordering_notes(&tables.ordering),
        ["recovery"] => recovery(&tables.recovery),
        ["recovery-actions"] => recovery_actions(&tables.recovery),
        ["signing"] => signing(&tables.recovery),
        ["crash-points"] => crash_points(&tables.crash_points),
        ["exclusions"] => exclusions(&tables.exclusions),
        ["withdrawn"] => withdrawn(&tables.withdrawn),
        ["states", half, machine] => states(find(tables, half, machine)?),
        ["diagram", half, machine] => diagram(find(tables, half, machine)?),
        ["order", call] if tables.calls.calls.iter().any(|row| row.name == *call) => order(tables, call),
        ["crashes"] => crashes(&tables.crash_points),
        ["checklist", half, days @ ..] => indexes::checklist(half, days, sources)?,
        ["counts"] => indexes::counts(sources),
        ["call-index"] => indexes::calls(sources),
        ["fields", file] => indexes::fields(file, sources)?,
        ["answers", "complaints"] => indexes::complaints(&tables.complaints),
        ["answers", "starknet"] => indexes::points(&tables.points),
        ["answers", "features"] => indexes::features(&tables.features),
        _ => bail!("there is no table `{name}`"),
    })
}

fn find<'a>(tables: &'a Tables, half: &str, name: &str) -> Result<&'a Machine> {
    let machines = match half {
        "execution" => &tables.execution,
        "consensus" => &tables.consensus,
        _ => bail!("`{half}` is no half"),
    };
    machines.get(name).with_context(|| format!("the {half} half has no machine `{name}`"))
}

/// Starts a table: `head` as written, each column aligned left.
pub(super) fn begin(columns: &[&str]) -> String {
    format!("| {} |\n|{}\n", columns.join(" | "), "---|".repeat(columns.len()))
}

pub(super) fn row(out: &mut String, cells: &[&str]) {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    let _ = writeln!(out, "| {} |", cells.join(" | "));
}

fn errors(table: &Errors, call: Option<&str>) -> String {
    let mut out = begin(&["#", "Reason", "Status", "Action", "When", "What helps"]);
    for (i, reason) in table.reasons.iter().enumerate() {
        if call.is_none_or(|call| reason.calls.iter().any(|name| name == call)) {
            row(
                &mut out,
                &[
                    &(i + 1).to_string(),
                    &format!("`{}`", reason.name),
                    &format!("`{}`", reason.code.as_str()),
                    reason.action.as_str(),
                    &reason.meaning,
                    &reason.fix,
                ],
            );
        }
    }
    if call.is_some() {
        out.push_str("\nBesides those of every call; see [errors](errors.md).\n");
    }
    out
}

/// Reasons in the order in which a call is checked for them.
fn order(tables: &Tables, name: &str) -> String {
    let refused = |phases: &[&str]| {
        let call = tables.calls.calls.iter().find(|row| row.name == name);
        call.is_some_and(|call| phases.iter().any(|phase| !call.phases.iter().any(|taken| taken == phase)))
    };
    let reader = tables.calls.calls.iter().any(|row| row.name == name && row.roles.iter().any(|role| role == "READER"));
    let applies = |reason: &str| match reason {
        "SESSION_REQUIRED" | "SESSION_UNKNOWN" | "FENCED" => name != "Handshake",
        "ROLE_REFUSED" => name != "Handshake" && !reader,
        "HALTED" => refused(&["DIVERGED", "HALTED"]),
        "DRAINING" => refused(&["DRAINING"]),
        "SYNCING" => refused(&["SYNCING"]),
        _ => true,
    };
    let list = |running: bool| {
        let reasons = tables.errors.reasons.iter().filter(|reason| {
            let of_call = reason.calls.iter().any(|call| call == "*" || call == name);
            reason.running == running && of_call && applies(&reason.name)
        });
        reasons.map(|reason| format!("`{}`", reason.name)).collect::<Vec<_>>().join(", ")
    };
    format!("Before it is taken: {}.\nWhile it runs: {}.\n", list(false), list(true))
}

fn crashes(table: &CrashPoints) -> String {
    let mut out = begin(&["Crash point", "If the execution half dies there", "If the consensus half dies there"]);
    for point in &table.observable {
        row(&mut out, &[&format!("`{}`", point.name), &point.execution_dies, &point.consensus_dies]);
    }
    out
}

fn metadata(table: &Errors) -> String {
    let mut out = begin(&["Reason", "Key", "Value", "Example"]);
    for reason in &table.reasons {
        for detail in &reason.metadata {
            let (name, key) = (format!("`{}`", reason.name), format!("`{}`", detail.key));
            row(&mut out, &[&name, &key, &detail.form, &format!("`{}`", detail.example)]);
        }
    }
    out
}

fn bare(table: &Errors) -> String {
    let mut out = begin(&["Status", "Cause", "After a mutating call", "After any other call"]);
    for status in &table.bare {
        let code = format!("`{}`", status.code.as_str());
        row(&mut out, &[&code, &status.cause, status.mutating.as_str(), status.reading.as_str()]);
    }
    out
}

fn actions() -> String {
    let mut out = begin(&["Action", "What the caller does"]);
    for action in Action::ALL {
        row(&mut out, &[action.as_str(), action.meaning()]);
    }
    out
}

fn limits(table: &Limits) -> String {
    let mut out = begin(&["Name", "Value", "Unit", "Requirement", "Meaning"]);
    for limit in &table.limits {
        let value = grouped(limit.value).replace('_', ",");
        row(&mut out, &[&format!("`{}`", limit.name), &value, limit.unit.as_str(), &limit.requirement, &limit.meaning]);
    }
    out
}

fn calls(table: &Calls) -> String {
    let mut out = begin(&["Call", "Shape", "Connection", "Roles", "Mutating", "Lane", "What it does"]);
    for call in &table.calls {
        row(
            &mut out,
            &[
                &format!("[{}]({})", call.name, call.page),
                &call.shape,
                &call.connection,
                &if call.roles.is_empty() { "none yet".to_owned() } else { call.roles.join(", ") },
                if call.mutating { "yes" } else { "no" },
                &call.lane,
                &call.meaning,
            ],
        );
    }
    out
}

fn phases(table: &Calls) -> String {
    let phases = crate::tables::calls::PHASES;
    let mut out = begin(&[&["Call"][..], &phases].concat());
    for call in &table.calls {
        let taken = phases.iter().map(|phase| if call.phases.iter().any(|p| p == phase) { "taken" } else { "refused" });
        row(&mut out, &[call.name.as_str()].into_iter().chain(taken).collect::<Vec<_>>());
    }
    out
}

fn meetings() -> String {
    let mut out = begin(&["Cell", "Means"]);
    for meeting in Meeting::ALL {
        row(&mut out, &[meeting.as_str(), meeting.meaning()]);
    }
    out
}

fn ordering(table: &Ordering) -> String {
    let columns: Vec<&str> = ["In flight"].into_iter().chain(table.arriving.iter().map(String::as_str)).collect();
    let mut out = begin(&columns);
    for name in &table.arriving {
        let cells = table.in_flight[name].iter().map(|meeting| meeting.as_str());
        row(&mut out, &[name.as_str()].into_iter().chain(cells).collect::<Vec<_>>());
    }
    out
}

fn ordering_notes(table: &Ordering) -> String {
    let mut out = begin(&["In flight", "Arriving", "Note", "Requirement"]);
    for note in &table.notes {
        row(&mut out, &[&note.in_flight, &note.arriving, &note.text, &note.requirement]);
    }
    out
}

fn recovery(table: &Recovery) -> String {
    let mut out = begin(&["Relation", "When", "Same instance", "New instance"]);
    for relation in &table.relations {
        for cells in table.rows.iter().filter(|cells| cells.relation == relation.name) {
            row(&mut out, &[&relation.name, &relation.meaning, &cells.same, &cells.new]);
        }
    }
    out
}

fn recovery_actions(table: &Recovery) -> String {
    let mut out = begin(&["Action", "What the consensus half does", "Requirement"]);
    for action in &table.actions {
        row(&mut out, &[&action.name, &action.meaning, &action.requirement]);
    }
    out
}

fn signing(table: &Recovery) -> String {
    let mut out = begin(&["Record", "When (H is the next height)", "What the key may sign"]);
    for record in &table.records {
        for signing in table.signings.iter().filter(|signing| signing.name == record.signing) {
            row(&mut out, &[&record.name, &record.meaning, &format!("{}: {}", signing.name, signing.meaning)]);
        }
    }
    out
}

fn crash_points(table: &CrashPoints) -> String {
    let mut out = begin(&["Crash point", "Kind", "When"]);
    for point in &table.observable {
        row(&mut out, &[&format!("`{}`", point.name), "observable", &point.meaning]);
    }
    for point in &table.internal {
        row(&mut out, &[&format!("`{}`", point.name), &format!("internal, {}", point.half), &point.meaning]);
    }
    out
}

fn exclusions(table: &Exclusions) -> String {
    let mut out = begin(&["Requirement", "What cannot be seen", "What checks it instead"]);
    for exclusion in &table.exclusions {
        row(&mut out, &[&exclusion.id, &exclusion.missing, &exclusion.instead]);
    }
    out
}

fn withdrawn(table: &Withdrawn) -> String {
    let mut out = begin(&["Id", "Revision", "It said", "Instead"]);
    for tombstone in &table.rows {
        row(&mut out, &[&tombstone.id, &tombstone.revision.to_string(), &tombstone.subject, &tombstone.instead]);
    }
    out
}

fn states(machine: &Machine) -> String {
    let mut out = machine.meaning.replace(". ", ".\n") + "\n\n";
    out.push_str(&begin(&["State", "Meaning"]));
    for (state, meaning) in &machine.states {
        let name = if *state == machine.initial { format!("{state} (initial)") } else { state.clone() };
        row(&mut out, &[&name, meaning]);
    }
    out.push('\n');
    out.push_str(&begin(&["Event", "Meaning"]));
    for (event, meaning) in &machine.events {
        row(&mut out, &[event, meaning]);
    }
    out.push('\n');
    out.push_str(&begin(&["State", "Event", "Guard", "Action", "Next", "Requirements"]));
    for cells in &machine.rows {
        let filled = |cell: &str, empty: &str| if cell.is_empty() { empty.to_owned() } else { cell.to_owned() };
        let next = if cells.4 == "=" { "same" } else { &cells.4 };
        row(&mut out, &[&cells.0, &cells.1, &filled(&cells.2, "always"), &cells.3, next, &filled(&cells.5, "–")]);
    }
    out
}

fn diagram(machine: &Machine) -> String {
    let mut out = format!("```mermaid\nstateDiagram-v2\n    [*] --> {}\n", machine.initial);
    let mut arrows: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    for t in machine.transitions().into_iter().filter(|t| t.state != t.next) {
        match arrows.iter_mut().find(|(from, to, _)| *from == t.state && *to == t.next) {
            Some((_, _, events)) if events.contains(&t.event) => {}
            Some((_, _, events)) => events.push(t.event),
            None => arrows.push((t.state, t.next, vec![t.event])),
        }
    }
    for (from, to, events) in arrows {
        let _ = writeln!(out, "    {from} --> {to}: {}", events.join(", "));
    }
    out.push_str("```\n");
    out
}
