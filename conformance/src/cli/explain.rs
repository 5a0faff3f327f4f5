//! `conformance explain`.

use clap::Args;

use super::{CliError, Exit};
use crate::{
    case::{Case, Cases, Registry},
    schema::{Step, step::Action},
};

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// A case such as EXE/session/handshake, or a requirement such as ECP-SES-001.
    what: String,
}

/// Prints what a case does, or what a requirement says.
pub(super) fn explain(args: &ExplainArgs) -> Result<Exit, CliError> {
    let registry = Registry::embedded().map_err(CliError::suite)?;
    let cases = Cases::embedded().map_err(CliError::suite)?;
    if let Some(case) = cases.get(&args.what) {
        print!("{}", case_text(case, &registry));
    } else if let Some(requirement) = registry.get(&args.what) {
        println!("{}  {:?}, {} half", requirement.id, requirement.level, requirement.role);
        println!("  {}", requirement.text);
        println!("  page  {}", requirement.page);
        for case in cases.iter().filter(|c| c.schema.verifies.contains(&requirement.id)) {
            println!("  case  {}  {}", case.id(), case.schema.about);
        }
    } else {
        return Err(CliError::usage(format!(
            "{} is neither a case nor a requirement; see `conformance list`",
            args.what
        )));
    }
    Ok(Exit::Expected)
}

fn case_text(case: &Case, registry: &Registry) -> String {
    let mut text =
        format!("{}\n  {}\n  profile {}", case.id(), case.schema.about, case.profile().as_str_name().to_lowercase());
    let claims: Vec<_> = case.claims().collect();
    if !claims.is_empty() {
        text += &format!(", features {}", claims.join(", "));
    }
    text += &format!("\n  file {}:{}\n", case.file, case.line);
    for id in &case.schema.verifies {
        let rule = registry.get(id).map_or("", |r| &r.text);
        text += &format!("  {id}  {rule}\n");
    }
    for (index, step) in case.schema.steps.iter().enumerate() {
        text += &format!("  {:>2}. {}", index + 1, step_text(step));
        if let Some(requirement) = case.requirement_of(index) {
            text += &format!("  [{requirement}]");
        }
        text.push('\n');
        if !step.note.is_empty() {
            text += &format!("      {}\n", step.note);
        }
    }
    text
}

fn which(execution: bool, instance: Option<u32>) -> String {
    let half = if execution { "execution half" } else { "half" };
    instance.map_or_else(|| half.to_owned(), |instance| format!("{half} of instance {instance}"))
}

fn step_text(step: &Step) -> String {
    match &step.action {
        Some(Action::Call(call)) => format!("call {}", call.method),
        Some(Action::Open(call)) => format!("open {} as {}", call.method, call.r#as),
        Some(Action::Send(send)) => format!("send on {}", send.stream),
        Some(Action::Receive(receive)) => format!("receive on {}", receive.stream),
        Some(Action::Close(close)) if close.reset => format!("reset {}", close.stream),
        Some(Action::Close(close)) => format!("half-close {}", close.stream),
        Some(Action::Propose(propose)) => format!("make the proposal {}", propose.r#as),
        Some(Action::Validate(validate)) => format!("validate {}", validate.proposal),
        Some(Action::Build(build)) => format!("build {}", build.r#as),
        Some(Action::Import(import)) => format!("import {}", import.proposal),
        Some(Action::Advance(advance)) => format!("decide {} heights", advance.heights),
        Some(Action::Kill(kill)) => format!("kill the {}", which(kill.execution, kill.instance)),
        Some(Action::Restart(restart)) => format!("start the {} again", which(restart.execution, restart.instance)),
        Some(Action::TakeOver(_)) => "take the execution half over from another consensus half".to_owned(),
        Some(Action::ReadLedger(read)) => {
            format!("read what all execution halves decided up to height {}", read.height)
        }
        Some(Action::WaitFor(_)) => "wait for a state of Watch".to_owned(),
        Some(Action::Raw(_)) => "send raw bytes".to_owned(),
        Some(Action::ReadArchive(_)) => "read what was decided".to_owned(),
        Some(Action::CheckSocket(_)) => "look at the permissions of the socket".to_owned(),
        Some(Action::Shows(shows)) => format!("wait until JSON-RPC shows {}", shows.proposal),
        Some(Action::Disconnect(_)) => "drop the connections".to_owned(),
        Some(Action::AwaitExit(_)) => "wait for the end of the process".to_owned(),
        Some(Action::Rule(rule)) => format!("answer {} by rule", rule.method),
        Some(Action::AwaitCall(wait)) => format!("wait for {}", wait.method),
        Some(Action::NoCall(none)) => format!("no {} was called", none.method),
        Some(Action::AwaitDecided(wait)) => format!("wait for the decision of height {}", wait.height),
        Some(Action::SetState(_)) => "change what Watch tells".to_owned(),
        None => "nothing".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::load;

    #[test]
    fn a_case_is_explained_step_by_step() {
        let text = "about: Decisions.
cases:
  - id: EXE/decide/twice
    about: A decision can be repeated.
    verifies: [ECP-DEC-001, ECP-DEC-002]
    needs: {features: [FINALIZE]}
    steps:
      - call: {method: Handshake}
      - propose: {as: P}
      - validate: {proposal: P}
      - call: {method: Decide, request: {commitment: $P.commitment}}
        expect: {any_of: [{reply: {}}]}
      - note: As after a lost reply.
        call: {method: Decide, request: {height: $P.height, commitment: $P.commitment}}
        expect: {any_of: [{reply: {}}]}
        requirement: ECP-DEC-002
";
        let registry = Registry::of_ids(["ECP-DEC-001", "ECP-DEC-002"]);
        let case = load("execution/deciding.yaml", text, &registry).unwrap().remove(0);
        insta::assert_snapshot!(case_text(&case, &registry));
    }
}
