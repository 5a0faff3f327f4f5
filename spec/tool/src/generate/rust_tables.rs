//! The tables as constant data in `ecp_types::tables`.

use std::fmt::Write as _;

use super::rust::HEADER;
use crate::tables::{Calls, CrashPoints, Machine, Meeting, Ordering, Recovery, camel};

const DERIVES: &str = "#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]\n";

/// A plain enumeration with `ALL`, `as_str` and a doc comment for each variant.
fn enumeration(out: &mut String, name: &str, doc: &str, rows: &[(String, &str, &str)]) {
    let _ = writeln!(out, "/// {doc}\n{DERIVES}pub enum {name} {{");
    for (variant, _, meaning) in rows {
        let _ = writeln!(out, "/// {meaning}\n{variant},");
    }
    let all = rows.iter().map(|(variant, ..)| format!("Self::{variant}")).collect::<Vec<_>>().join(", ");
    let _ = writeln!(out, "}}\n\nimpl {name} {{\n/// All of them, in the order of the table.");
    let _ = writeln!(out, "pub const ALL: [Self; {}] = [{all}];\n", rows.len());
    let _ = writeln!(
        out,
        "/// Name in the specification.\n#[must_use]\npub const fn as_str(self) -> &'static str {{\nmatch self {{"
    );
    for (variant, text, _) in rows {
        let _ = writeln!(out, "Self::{variant} => {text:?},");
    }
    let _ = writeln!(out, "}}\n}}\n}}\n");
}

/// A `const fn` over an enumeration; arms with the same value stand together.
fn function(out: &mut String, doc: &str, signature: &str, scrutinee: &str, arms: &[(String, String)]) {
    let _ = writeln!(out, "/// {doc}\n#[must_use]\npub const fn {signature} {{\nmatch {scrutinee} {{");
    let mut values: Vec<&str> = Vec::new();
    for (_, value) in arms {
        if !values.contains(&value.as_str()) {
            values.push(value);
        }
    }
    for value in values {
        let patterns: Vec<&str> = arms.iter().filter(|arm| arm.1 == value).map(|arm| arm.0.as_str()).collect();
        let _ = writeln!(out, "{} => {value},", patterns.join(" | "));
    }
    let _ = writeln!(out, "}}\n}}\n");
}

/// `tables/calls.rs`.
#[must_use]
pub fn calls(table: &Calls) -> String {
    let mut out = format!("{HEADER}\n//! The calls of the boundary.\n\nuse crate::{{Phase, SessionRole}};\n\n");
    let rows: Vec<_> =
        table.calls.iter().map(|row| (row.name.clone(), row.name.as_str(), row.meaning.as_str())).collect();
    enumeration(&mut out, "Call", "A call, by the name of its gRPC method.", &rows);
    let shapes = [
        ("Unary", "unary", "One request, one reply."),
        ("ServerStream", "server-stream", "One request, many replies."),
        ("ClientStream", "client-stream", "Many requests, one reply."),
        ("Bidi", "bidi", "Many of both."),
    ];
    let shapes: Vec<_> = shapes.iter().map(|(v, t, m)| ((*v).to_owned(), *t, *m)).collect();
    enumeration(&mut out, "Shape", "Shape of a call.", &shapes);
    let arms = |value: &dyn Fn(&crate::tables::CallRow) -> String| -> Vec<(String, String)> {
        table.calls.iter().map(|row| (format!("Self::{}", row.name), value(row))).collect()
    };
    out += "impl Call {\n";
    function(
        &mut out,
        "Path of the gRPC method.",
        "path(self) -> &'static str",
        "self",
        &arms(&|row| format!("{:?}", format!("/starknet.ecp.v1alpha1.ExecutionService/{}", row.name))),
    );
    function(
        &mut out,
        "Its shape.",
        "shape(self) -> Shape",
        "self",
        &arms(&|row| format!("Shape::{}", camel(&row.shape))),
    );
    let doc = "Whether it goes over the control connection, else over the data connection (ECP-SES-015).";
    function(
        &mut out,
        doc,
        "on_control(self) -> bool",
        "self",
        &arms(&|row| (row.connection == "control").to_string()),
    );
    let doc = "Whether a lost reply leaves its outcome unknown (ECP-ERR-005).";
    function(&mut out, doc, "mutating(self) -> bool", "self", &arms(&|row| row.mutating.to_string()));
    let doc = "Whether it is in the serial lane (ECP-ORD-001).";
    function(&mut out, doc, "serial(self) -> bool", "self", &arms(&|row| (row.lane == "serial").to_string()));
    function(
        &mut out,
        "Roles of a session that may make it (ECP-SES-012).",
        "roles(self) -> &'static [SessionRole]",
        "self",
        &arms(&|row| list(row.roles.iter().map(|role| format!("SessionRole::{}", camel(role))))),
    );
    function(
        &mut out,
        "Phases in which the execution half takes it.",
        "phases(self) -> &'static [Phase]",
        "self",
        &arms(&|row| list(row.phases.iter().map(|phase| format!("Phase::{}", camel(phase))))),
    );
    out += "}\n";
    out
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("&[{}]", items.collect::<Vec<_>>().join(", "))
}

/// `tables/ordering.rs`.
#[must_use]
pub fn ordering(table: &Ordering) -> String {
    let mut out = format!("{HEADER}\n//! What happens when two calls meet.\n\nuse super::Call;\n\n");
    let rows: Vec<_> = Meeting::ALL.iter().map(|m| (camel(m.as_str()), m.as_str(), m.meaning())).collect();
    enumeration(&mut out, "Meeting", "What happens when a call arrives while another one is in flight.", &rows);
    let _ = writeln!(
        out,
        "/// What happens when `arriving` comes while `in_flight` is not answered, both of one session with the role WRITER\n\
         /// (ECP-ORD-008). For a Handshake the call in flight is one of the session that it replaces.\n#[must_use]\n\
         pub const fn meeting(in_flight: Call, arriving: Call) -> Meeting {{\nMEETINGS[in_flight as usize][arriving as usize]\n}}\n"
    );
    let n = table.arriving.len();
    let _ = writeln!(
        out,
        "const MEETINGS: [[Meeting; {n}]; {n}] = {{\nuse Meeting::{{Ends as E, Refused as R, Serial as S, Together as T}};\n["
    );
    for name in &table.arriving {
        let letters = table.in_flight[name].iter().map(|m| camel(m.as_str())[..1].to_owned()).collect::<Vec<_>>();
        let _ = writeln!(out, "[{}],", letters.join(", "));
    }
    out += "]\n};\n";
    out
}

/// One machine: `tables/{half}/{name}.rs`.
#[must_use]
pub fn machine(half: &str, machine: &Machine) -> String {
    let mut out = format!(
        "{HEADER}\n//! State machine `{}` of the {half} half. {}\n\nuse crate::tables::{{Transition, row}};\n\n",
        machine.name, machine.meaning
    );
    for (kind, doc, named) in [("State", "Where it is.", &machine.states), ("Event", "What happens.", &machine.events)]
    {
        let rows: Vec<_> =
            named.iter().map(|(name, meaning)| (name.clone(), name.as_str(), meaning.as_str())).collect();
        enumeration(&mut out, kind, doc, &rows);
    }
    let _ = writeln!(out, "/// Where it begins.\npub const INITIAL: State = State::{};\n", machine.initial);
    out += "/// A row for every state and event; several rows of one pair are told apart by their guards.\n";
    out += "pub const TRANSITIONS: &[Transition<State, Event>] = {\nuse Event as E;\nuse State as S;\n&[\n";
    for t in machine.transitions() {
        let _ = writeln!(
            out,
            "row(S::{}, E::{}, {:?}, {:?}, S::{}, &{:?}),",
            t.state, t.event, t.guard, t.action, t.next, t.requirements
        );
    }
    out += "]\n};\n";
    out
}

/// The map of the machines of one half: `tables/{half}.rs`.
#[must_use]
pub fn machine_map(half: &str, machines: &[Machine]) -> String {
    let mut out = format!("{HEADER}\n//! State machines of the {half} half.\n\n");
    for machine in machines {
        let _ = writeln!(out, "pub mod {};", machine.name);
    }
    out
}

/// `tables/recovery.rs`.
#[must_use]
pub fn recovery(table: &Recovery) -> String {
    let mut out = format!("{HEADER}\n//! What the consensus half does after a handshake, and what it may sign.\n\n");
    let rows: Vec<_> = table.relations.iter().map(|r| (camel(&r.name), r.name.as_str(), r.meaning.as_str())).collect();
    let doc = "How the position of the consensus half (K) stands to that of the execution half (E).";
    enumeration(&mut out, "Relation", doc, &rows);
    let rows: Vec<_> = table.actions.iter().map(|r| (camel(&r.name), r.name.as_str(), r.meaning.as_str())).collect();
    enumeration(&mut out, "RecoveryAction", "What the consensus half does after a handshake.", &rows);
    let rows: Vec<_> = table.records.iter().map(|r| (camel(&r.name), r.name.as_str(), r.meaning.as_str())).collect();
    let doc = "State of the signing record against the next height H = max(K, E) + 1.";
    enumeration(&mut out, "SigningRecord", doc, &rows);
    let rows: Vec<_> = table.signings.iter().map(|r| (camel(&r.name), r.name.as_str(), r.meaning.as_str())).collect();
    enumeration(&mut out, "Signing", "What the key may sign.", &rows);
    let arms: Vec<_> = table
        .rows
        .iter()
        .flat_map(|row| {
            let arm = |new: bool, action: &str| {
                (format!("(Relation::{}, {new})", camel(&row.relation)), format!("RecoveryAction::{}", camel(action)))
            };
            [arm(false, &row.same), arm(true, &row.new)]
        })
        .collect();
    let signature = "recovery(relation: Relation, new_instance: bool) -> RecoveryAction";
    function(&mut out, "The recovery table (ECP-REC-009).", signature, "(relation, new_instance)", &arms);
    let arms: Vec<_> = table
        .records
        .iter()
        .map(|r| (format!("SigningRecord::{}", camel(&r.name)), format!("Signing::{}", camel(&r.signing))))
        .collect();
    let doc = "What the key may sign after recovery (ECP-REC-011).";
    function(&mut out, doc, "signing(record: SigningRecord) -> Signing", "record", &arms);
    out
}

/// `tables/crash_points.rs`.
#[must_use]
pub fn crash_points(table: &CrashPoints) -> String {
    let mut out = format!(
        "{HEADER}\n//! Places at which a half is killed.\n\nuse super::{{Call, CrashPoint, CrashPointKind}};\n\n"
    );
    let n = table.observable.len() + table.internal.len();
    let _ = writeln!(out, "/// All crash points.\npub const CRASH_POINTS: [CrashPoint; {n}] = [");
    for row in &table.observable {
        let call = row.call.as_ref().map_or("None".to_owned(), |call| format!("Some(Call::{call})"));
        let _ = writeln!(
            out,
            "CrashPoint {{ name: {:?}, kind: CrashPointKind::Observable, call: {call}, meaning: {:?} }},",
            row.name, row.meaning
        );
    }
    for row in &table.internal {
        let _ = writeln!(
            out,
            "CrashPoint {{ name: {:?}, kind: CrashPointKind::Internal{}, call: None, meaning: {:?} }},",
            row.name,
            camel(&row.half),
            row.meaning
        );
    }
    out += "];\n";
    out
}
