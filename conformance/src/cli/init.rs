//! `conformance init`.

use std::{
    io::{self, BufRead, IsTerminal as _, Write},
    path::PathBuf,
};

use clap::Args;

use super::{CliError, Exit};
use crate::subject::Manifest;

/// Arguments of `init`. What is not given is asked for, if there is somebody to ask.
#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// Name of the client, for reports.
    #[arg(long)]
    name: Option<String>,
    /// Command of its execution half, as it would be typed, with placeholders.
    #[arg(long, value_name = "COMMAND")]
    execution: Option<String>,
    /// Command of its consensus half, as it would be typed, with placeholders.
    #[arg(long, value_name = "COMMAND")]
    consensus: Option<String>,
    /// Where the manifest goes.
    #[arg(long, value_name = "FILE", default_value = "conformance.toml")]
    out: PathBuf,
    /// Overwrite what is there.
    #[arg(long)]
    force: bool,
}

/// Writes a commented manifest.
pub(super) fn init(args: &InitArgs) -> Result<Exit, CliError> {
    let shown = args.out.display();
    if args.out.exists() && !args.force {
        return Err(CliError::usage(format!("{shown} is there already; --force overwrites it, --out names another")));
    }
    let answers = answers(args, &mut io::stdin().lock(), &mut io::stdout(), io::stdin().is_terminal())?;
    let text = manifest(&answers);
    Manifest::parse(&shown.to_string(), &text).map_err(CliError::usage)?;
    std::fs::write(&args.out, &text).map_err(|e| CliError::usage(format!("{shown}: {e}")))?;
    println!("wrote {shown}");
    let roles = [("execution", &answers.execution), ("consensus", &answers.consensus)];
    for (role, _) in roles.iter().filter(|(_, command)| command.is_some()) {
        println!("next: conformance run --role {role} --profile smoke --manifest {shown}");
    }
    Ok(Exit::Expected)
}

/// What a manifest is made from.
#[derive(Debug, PartialEq, Eq)]
struct Answers {
    name: String,
    execution: Option<Vec<String>>,
    consensus: Option<Vec<String>>,
}

fn answers(args: &InitArgs, from: &mut impl BufRead, to: &mut impl Write, somebody: bool) -> Result<Answers, CliError> {
    let missing = args.name.is_none() || (args.execution.is_none() && args.consensus.is_none());
    if missing && !somebody {
        return Err(CliError::usage("nobody can be asked here: give --name, and --execution or --consensus or both"));
    }
    let mut ask = |question: &str| -> Result<String, CliError> {
        write!(to, "{question} ").and_then(|()| to.flush()).map_err(CliError::suite)?;
        let mut line = String::new();
        from.read_line(&mut line).map_err(CliError::suite)?;
        Ok(line.trim().to_owned())
    };
    let name = match &args.name {
        Some(name) => name.clone(),
        None => ask("Name of the client:")?,
    };
    let (mut execution, mut consensus) = (args.execution.clone(), args.consensus.clone());
    if execution.is_none() && consensus.is_none() {
        execution = Some(ask("Command of its execution half (empty: it has none):")?);
        consensus = Some(ask("Command of its consensus half (empty: it has none):")?);
    }
    let words = |command: Option<String>| -> Result<Option<Vec<String>>, CliError> {
        let Some(command) = command.filter(|c| !c.is_empty()) else { return Ok(None) };
        let unclosed = || CliError::usage(format!("{command}: a quotation mark is not closed"));
        shlex::split(&command).map(Some).ok_or_else(unclosed)
    };
    let answers = Answers { name, execution: words(execution)?, consensus: words(consensus)? };
    if answers.execution.is_none() && answers.consensus.is_none() {
        return Err(CliError::usage("a client has an execution half or a consensus half"));
    }
    Ok(answers)
}

/// The manifest as text.
fn manifest(answers: &Answers) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let mut text = format!(
        "# What the conformance suite has to know about this client.\n\
         \n\
         # Name of the client, for reports.\n\
         name = {}\n",
        quoted(&answers.name)
    );
    let halves = [
        (
            "execution",
            &answers.execution,
            "It serves at the Unix socket {socket}. {genesis} is a file, {data} an empty folder that restarts keep, {jsonrpc}\n\
             # the host:port of JSON-RPC.",
        ),
        (
            "consensus",
            &answers.consensus,
            "It calls the Unix socket {socket}. {genesis} and {keys} are files, {data} a folder, {p2p} the host:port that this\n\
             # instance listens on, {peers} those of the others; without these two it is certified alone.",
        ),
    ];
    for (role, command, about) in halves {
        let Some(command) = command else { continue };
        let words: Vec<_> = command.iter().map(|word| format!("  {},\n", quoted(word))).collect();
        text += &format!(
            "\n[{role}]\n\
             # Program and arguments; no shell is involved. A path with a slash is one from this file's folder.\n\
             # {about}\n\
             command = [\n{}]\n\
             # Features that it serves or uses: FINALIZE, SELF_SYNC, VERIFY_CERTIFICATES.\n\
             features = []\n\
             # \"test-chain\" needs no Cairo; \"starknet\" is the other one.\n\
             workloads = [\"test-chain\"]\n\
             # How long it may take to start, in milliseconds.\n\
             start_timeout_ms = 20000\n",
            words.concat()
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(name: Option<&str>, execution: Option<&str>) -> InitArgs {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        InitArgs {
            name: owned(name),
            execution: owned(execution),
            consensus: None,
            out: "conformance.toml".into(),
            force: false,
        }
    }

    fn asked(args: &InitArgs, typed: &str, somebody: bool) -> (Result<Answers, CliError>, String) {
        let mut told = Vec::new();
        let answers = answers(args, &mut typed.as_bytes(), &mut told, somebody);
        (answers, String::from_utf8(told).unwrap())
    }

    #[test]
    fn what_is_not_given_is_asked_for() {
        let (all, told) = asked(&args(None, None), "mine\n\n./c --socket unix:{socket}\n", true);
        let all = all.unwrap();
        assert_eq!((all.name.as_str(), &all.execution), ("mine", &None));
        assert_eq!(all.consensus.unwrap(), ["./c", "--socket", "unix:{socket}"]);
        assert_eq!(told.matches(':').count(), 5, "{told}");
        let given = args(Some("mine"), Some("./e '{socket}'"));
        let (all, told) = asked(&given, "", false);
        assert_eq!((all.unwrap().execution.unwrap().len(), told.as_str()), (2, ""));
        for (args, typed, somebody, said) in [
            (args(Some("mine"), None), "", false, "nobody can be asked here"),
            (args(Some("mine"), None), "\n\n", true, "a client has an execution half or a consensus half"),
            (args(Some("mine"), Some("./e '{socket}")), "", false, "a quotation mark is not closed"),
        ] {
            let error = asked(&args, typed, somebody).0.unwrap_err();
            assert!(error.text.contains(said), "{}", error.text);
        }
    }

    #[test]
    fn the_manifest_says_what_each_line_is_for() {
        let words = |words: &[&str]| Some(words.iter().map(|w| (*w).to_owned()).collect());
        let text = manifest(&Answers {
            name: "my \"client\"".to_owned(),
            execution: words(&["./my-execution", "--listen", "unix:{socket}", "--data", "{data}"]),
            consensus: words(&["my-consensus", "--p2p", "{p2p}", "--peers", "{peers}"]),
        });
        let read = Manifest::parse("conformance.toml", &text).unwrap();
        assert_eq!(read.name, "my \"client\"");
        assert!(read.consensus.unwrap().joins_networks());
        insta::assert_snapshot!(text);
    }
}
