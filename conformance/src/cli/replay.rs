//! `conformance replay`.

use std::{path::PathBuf, sync::Arc};

use clap::Args;

use super::{
    CliError, Exit,
    half::{Half, HalfArgs},
    run::Suite,
};
use crate::{
    case::{Case, Cases, Role},
    compare::{Comparison, answers, questions},
    consensus_role,
    execution_role::{self, CannotReplay, NotStarted, Settings},
    schema::{Header, Record, record::Event},
    transcript, wire,
};

/// Arguments of `replay`.
#[derive(Debug, Args)]
pub(super) struct ReplayArgs {
    /// The transcript of a case: a file below transcripts/ of a run.
    #[arg(value_name = "TRANSCRIPT")]
    transcript: PathBuf,
    #[command(flatten)]
    half: HalfArgs,
}

/// Plays a transcript to a half. An execution half is sent the same bytes at the same times. What a consensus half sends
/// is its own, so it is given the same files and rules, and its calls are compared.
pub(super) async fn replay(args: ReplayArgs) -> Result<Exit, CliError> {
    let shown = args.transcript.display();
    let records = transcript::read(&args.transcript).map_err(|e| CliError::usage(format!("{shown}: {e}")))?;
    let suite = Suite::load()?;
    let (header, case) = origin(&records, &suite.cases).map_err(|what| CliError::usage(format!("{shown}: {what}")))?;
    let half = args.half.half(case.role)?;
    let settings = Settings { workload: header.workload.clone(), seed: header.seed, ..Settings::default() };
    let comparison = match case.role {
        Role::Execution => {
            let again = execution_role::replay(&records, case, &half.subject, &settings).await;
            answers(&records, &again.map_err(cannot)?)
        }
        Role::Consensus | Role::Both => questions(&records, &play(case, &half, &settings).await?),
    };
    print!("{}", comparison.text("the transcript", &half.name));
    Ok(exit_of(&comparison))
}

/// Runs a case on a half, whatever it is.
pub(super) async fn play(case: Arc<Case>, half: &Half, settings: &Settings) -> Result<Vec<Record>, CliError> {
    let run = match case.role {
        Role::Execution => execution_role::run_case(case, &half.subject, settings).await,
        Role::Consensus | Role::Both => consensus_role::run_case(case, &half.subject, settings).await,
    };
    run.map(|run| run.records).map_err(|error| not_started(&half.name, &error))
}

pub(super) fn exit_of(comparison: &Comparison) -> Exit {
    match (comparison.departures.is_empty(), comparison.compared) {
        (false, _) => Exit::Unexpected,
        (true, 0) => Exit::NothingRan,
        (true, _) => Exit::Expected,
    }
}

fn not_started(name: &str, error: &NotStarted) -> CliError {
    CliError { exit: Exit::NotStarted, text: format!("{name} did not start: {error}") }
}

fn cannot(error: CannotReplay) -> CliError {
    match error {
        CannotReplay::NotStarted(error) => not_started("the half", &error),
        CannotReplay::Suite(what) => CliError::suite(what),
    }
}

/// The header of a transcript and its case, if both are of this suite.
fn origin<'a>(records: &'a [Record], cases: &Cases) -> Result<(&'a Header, Arc<Case>), String> {
    let Some(Event::Header(header)) = records.first().and_then(|r| r.event.as_ref()) else {
        return Err("it does not begin as a transcript does".to_owned());
    };
    if header.case_id.is_empty() {
        return Err("it is one of the monitor, without a case whose chain could be made again".to_owned());
    }
    if header.protocol_digest[..] != wire::protocol_digest()[..] {
        return Err(format!("it is about another protocol, by version {} of the suite", header.suite_version));
    }
    let case = cases.get(&header.case_id).ok_or_else(|| format!("{} is no case of this suite", header.case_id))?;
    if header.case_digest[..] != case.digest[..] {
        return Err(format!("{} is not what it was in version {} of the suite", case.id(), header.suite_version));
    }
    Ok((header, Arc::new(case.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transcript_of_another_suite_is_refused_with_its_reason() {
        let suite = Suite::load().unwrap();
        let case = suite.cases.iter().next().unwrap();
        let header = Header {
            case_id: case.id().to_owned(),
            protocol_digest: wire::protocol_digest().to_vec().into(),
            case_digest: case.digest.to_vec().into(),
            suite_version: "0.0.1".to_owned(),
            ..Header::default()
        };
        let read = |header: Header| {
            let records = [Record { at_us: 0, event: Some(Event::Header(header)) }];
            origin(&records, &suite.cases).map(|(_, case)| case.id().to_owned())
        };
        assert_eq!(read(header.clone()).unwrap(), case.id());
        for (bad, said) in [
            (Header { case_id: String::new(), ..header.clone() }, "it is one of the monitor"),
            (Header { case_id: "EXE/none".to_owned(), ..header.clone() }, "EXE/none is no case"),
            (Header { protocol_digest: vec![0; 32].into(), ..header.clone() }, "it is about another protocol"),
            (Header { case_digest: vec![0; 32].into(), ..header.clone() }, "is not what it was in version 0.0.1"),
        ] {
            let error = read(bad).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
