//! A process of a validator, whose first line on stdout says that it is ready.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{ChildStdout, Command},
};

use crate::{schema::Exit, subject, verdict::exit_text};

/// How long a process may take until it says that it is ready.
const START: Duration = Duration::from_secs(60);
/// Lines of a log that an error repeats.
const TAIL: usize = 20;

/// One of the two processes of a validator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// The execution half.
    Execution,
    /// The consensus half.
    Consensus,
}

/// A running process. Dropping it ends it.
pub(super) struct Process {
    name: String,
    log: PathBuf,
    process: subject::Process,
    // Kept open: a process that prints to a closed pipe dies.
    stdout: tokio::io::Lines<BufReader<ChildStdout>>,
    pub(super) jsonrpc: Option<String>,
}

#[derive(Deserialize)]
struct ReadyLine {
    ready: Ready,
}

#[derive(Deserialize)]
struct Ready {
    jsonrpc: Option<String>,
}

impl Process {
    /// Starts it, with stderr appended to `log`.
    pub(super) fn start(name: String, mut command: Command, log: &Path) -> Result<Self> {
        let stderr = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(log)
            .with_context(|| format!("opening {}", log.display()))?;
        command.stdout(Stdio::piped()).stderr(stderr);
        let mut process = subject::Process::start(command).with_context(|| format!("starting {name}"))?;
        let stdout = BufReader::new(process.take_stdout().context("the process has no stdout")?).lines();
        Ok(Self { name, log: log.to_owned(), process, stdout, jsonrpc: None })
    }

    /// Waits for its ready line.
    pub(super) async fn ready(&mut self) -> Result<()> {
        let line = match tokio::time::timeout(START, self.stdout.next_line()).await {
            Ok(line) => line?,
            Err(_) => bail!("{} is not ready after {START:?}:\n{}", self.name, self.tail()),
        };
        let Some(line) = line else {
            self.process.wait().await;
            bail!("{} ended before it was ready:\n{}", self.name, self.tail())
        };
        let ready: ReadyLine = serde_json::from_str(&line).with_context(|| format!("{} said {line:?}", self.name))?;
        self.jsonrpc = ready.ready.jsonrpc;
        Ok(())
    }

    pub(super) async fn kill(self) {
        self.process.kill().await;
    }

    /// Asks it to end in order.
    pub(super) fn terminate(&self) {
        self.process.terminate();
    }

    pub(super) fn check_alive(&self) -> Result<()> {
        match self.process.exited() {
            Some(exit) => bail!("{} ended ({}):\n{}", self.name, exit_text(&exit), self.tail()),
            None => Ok(()),
        }
    }

    /// How it ended and the end of its log, if it ended.
    pub(super) fn exited(&self) -> Option<(Exit, String)> {
        self.process.exited().map(|exit| (exit, self.tail()))
    }

    /// Waits for its end, without holding it.
    pub(super) fn end(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut exit = self.process.watch();
        async move {
            // An error: whoever waited for the process is gone, and so is it.
            let _ = exit.wait_for(Option::is_some).await;
        }
    }

    pub(super) fn resident_kib(&self) -> Option<u64> {
        self.process.resident_kib()
    }

    pub(super) async fn ended(mut self) -> (Exit, String) {
        let exit = self.process.wait().await;
        (exit, self.tail())
    }

    fn tail(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(TAIL)..].join("\n")
    }
}
