//! A process of a validator, whose first line on stdout says that it is ready.

use std::{fs, path::PathBuf, process::Stdio, time::Duration};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStdout, Command},
};

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
    child: Child,
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
    pub(super) fn start(name: String, mut command: Command, log: &std::path::Path) -> Result<Self> {
        let stderr = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(log)
            .with_context(|| format!("opening {}", log.display()))?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr).kill_on_drop(true);
        let mut child =
            command.spawn().with_context(|| format!("starting {name}: {:?}", command.as_std().get_program()))?;
        let stdout = BufReader::new(child.stdout.take().context("the process has no stdout")?).lines();
        Ok(Self { name, log: log.to_owned(), child, stdout, jsonrpc: None })
    }

    /// Waits for its ready line.
    pub(super) async fn ready(&mut self) -> Result<()> {
        let line = match tokio::time::timeout(START, self.stdout.next_line()).await {
            Ok(line) => line?,
            Err(_) => bail!("{} is not ready after {START:?}:\n{}", self.name, self.tail()),
        };
        let Some(line) = line else {
            self.child.wait().await?;
            bail!("{} ended before it was ready:\n{}", self.name, self.tail())
        };
        let ready: ReadyLine = serde_json::from_str(&line).with_context(|| format!("{} said {line:?}", self.name))?;
        self.jsonrpc = ready.ready.jsonrpc;
        Ok(())
    }

    pub(super) async fn kill(mut self) -> Result<()> {
        self.child.kill().await.with_context(|| format!("killing {}", self.name))
    }

    pub(super) fn check_alive(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            Some(status) => bail!("{} ended ({status}):\n{}", self.name, self.tail()),
            None => Ok(()),
        }
    }

    /// Its exit code and the end of its log, if it ended.
    pub(super) fn exited(&mut self) -> Result<Option<(Option<i32>, String)>> {
        Ok(self.child.try_wait()?.map(|status| (status.code(), self.tail())))
    }

    pub(super) async fn ended(mut self) -> Result<(Option<i32>, String)> {
        let status = self.child.wait().await?;
        Ok((status.code(), self.tail()))
    }

    fn tail(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(TAIL)..].join("\n")
    }
}
