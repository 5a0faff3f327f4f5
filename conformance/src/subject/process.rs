//! A process that the suite starts, in a process group of its own so that nothing it starts outlives the suite's use of
//! it.

use std::{
    convert::Infallible,
    fs::OpenOptions,
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use tokio::{
    net::UnixStream,
    process::{ChildStdout, Command},
    sync::watch,
};

use super::{Address, HalfManifest, Placeholders};
use crate::{poll, schema};

/// How often a half that starts is tried.
const TRY: Duration = Duration::from_millis(5);

/// A running process. Dropping it kills its group.
pub struct Process {
    group: Pid,
    exit: watch::Receiver<Option<schema::Exit>>,
    argv: Vec<String>,
    stdout: Option<ChildStdout>,
}

/// A half could not be started.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StartError {
    /// The program could not be run.
    #[error("{program} could not be run: {error}")]
    Spawn {
        /// The program.
        program: String,
        /// What the system says.
        error: String,
    },
    /// It ended before it answered.
    #[error("{program} ended before it served: {how}")]
    Ended {
        /// The program.
        program: String,
        /// How it ended.
        how: String,
    },
    /// A consensus half made no call in time.
    #[error("{program} called nobody within {waited_ms} ms")]
    NoCall {
        /// The program.
        program: String,
        /// How long was waited.
        waited_ms: u64,
    },
    /// It did not answer in time.
    #[error("{program} did not serve {address} within {waited_ms} ms")]
    Silent {
        /// The program.
        program: String,
        /// Where it should serve.
        address: Address,
        /// How long was waited.
        waited_ms: u64,
    },
}

impl Process {
    /// Starts the half with its output appended to `log`.
    pub fn spawn(half: &HalfManifest, values: &Placeholders, folder: &Path, log: &Path) -> Result<Self, StartError> {
        let argv: Vec<String> = half.command.iter().map(|word| values.fill(word)).collect();
        let program = argv.first().cloned().unwrap_or_default();
        let failed = |error: std::io::Error| StartError::Spawn { program: program.clone(), error: error.to_string() };
        let out = OpenOptions::new().create(true).append(true).open(log).map_err(failed)?;
        let err = out.try_clone().map_err(failed)?;
        let mut command = Command::new(&program);
        command
            .args(argv.iter().skip(1))
            .envs(half.env.iter().map(|(name, value)| (name, values.fill(value))))
            .env("ECP_CONFORMANCE_FOLDER", folder)
            .stdout(out)
            .stderr(err);
        Self::start(command)
    }

    /// Starts a command, with its output where the command says and nothing to read.
    pub fn start(mut command: Command) -> Result<Self, StartError> {
        let words = command.as_std();
        let argv: Vec<String> = [words.get_program()]
            .into_iter()
            .chain(words.get_args())
            .map(|w| w.to_string_lossy().into_owned())
            .collect();
        let program = argv.first().cloned().unwrap_or_default();
        let failed = |error: String| StartError::Spawn { program: program.clone(), error };
        let mut child = command
            .stdin(Stdio::null())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        let id = id.ok_or_else(|| failed("it has no process id".to_owned()))?;
        let stdout = child.stdout.take();
        let (told, exit) = watch::channel(None);
        tokio::spawn(async move {
            let exit = child.wait().await.map_or_else(|_| schema::Exit::default(), exit_of);
            // Nobody may be listening any more.
            let _ = told.send(Some(exit));
        });
        Ok(Self { group: Pid::from_raw(id), exit, argv, stdout })
    }

    /// Its output, if the command made a pipe of it and nobody took it yet.
    pub fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.stdout.take()
    }

    /// Program and arguments.
    #[must_use]
    pub fn argv(&self) -> &[String] {
        &self.argv
    }

    /// Memory that it holds now, in KiB; `None`: it has ended, or the system does not tell.
    #[must_use]
    pub fn resident_kib(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.group)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().trim_end_matches(" kB").parse().ok()
    }

    /// How it ended, if it did.
    #[must_use]
    pub fn exited(&self) -> Option<schema::Exit> {
        *self.exit.borrow()
    }

    /// Waits until it ends.
    pub async fn wait(&mut self) -> schema::Exit {
        match self.exit.wait_for(Option::is_some).await {
            Ok(exit) => (*exit).unwrap_or_default(),
            Err(_) => schema::Exit::default(),
        }
    }

    /// Follows its end without holding it.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Option<schema::Exit>> {
        self.exit.clone()
    }

    /// Kills its group with SIGKILL and waits for its end.
    pub async fn kill(mut self) {
        self.send(Signal::SIGKILL);
        self.wait().await;
    }

    /// Asks it to end in order, with SIGTERM.
    pub fn terminate(&self) {
        self.send(Signal::SIGTERM);
    }

    fn send(&self, signal: Signal) {
        // ESRCH: everything has ended already.
        let _ = killpg(self.group, signal);
    }

    /// Waits until something accepts connections at `address`. A half need not tell when it is ready, so the suite tries.
    pub async fn until_it_serves(&mut self, address: &Address, patience: Duration) -> Result<(), StartError> {
        let program = self.argv.first().cloned().unwrap_or_default();
        tokio::select! {
            served = poll::until(TRY, patience, || async { Ok::<_, Infallible>(accepts(address).await.then_some(())) }) => {
                let Ok(served) = served;
                served.ok_or_else(|| StartError::Silent {
                    program,
                    address: address.clone(),
                    waited_ms: u64::try_from(patience.as_millis()).unwrap_or(u64::MAX),
                })
            }
            exit = self.wait() => Err(StartError::Ended { program, how: crate::verdict::exit_text(&exit) }),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.send(Signal::SIGKILL);
    }
}

async fn accepts(address: &Address) -> bool {
    match address {
        Address::Unix(path) => UnixStream::connect(path).await.is_ok(),
        Address::Tcp(url) => {
            let host = url.trim_start_matches("http://");
            tokio::net::TcpStream::connect(host).await.is_ok()
        }
    }
}

fn exit_of(status: ExitStatus) -> schema::Exit {
    schema::Exit { code: status.code(), signal: status.signal() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> HalfManifest {
        HalfManifest::of_command(vec!["sh".into(), "-c".into(), script.into()])
    }

    #[tokio::test]
    async fn a_half_that_ends_at_once_did_not_start() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let half = shell("echo no genesis >&2; exit 3");
        let mut process = Process::spawn(&half, &Placeholders::default(), folder.path(), &log).unwrap();
        let address = Address::Unix(folder.path().join("s"));
        let error = process.until_it_serves(&address, Duration::from_secs(30)).await.unwrap_err();
        assert_eq!(error.to_string(), "sh ended before it served: exit code 3");
        assert_eq!(std::fs::read_to_string(log).unwrap(), "no genesis\n");
    }

    #[tokio::test]
    async fn killing_ends_the_whole_group() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let told = folder.path().join("pid");
        let script = format!("sleep 1000 & echo $! > {0}.new; mv {0}.new {0}; wait", told.display());
        let process = Process::spawn(&shell(&script), &Placeholders::default(), folder.path(), &log).unwrap();
        until(|| told.exists()).await;
        let grandchild = std::fs::read_to_string(told).unwrap().trim().to_owned();
        let alive = || match std::fs::read_to_string(format!("/proc/{grandchild}/stat")) {
            // A zombie is dead: nobody has asked for its status yet.
            Ok(stat) => !stat.contains(") Z"),
            Err(_) => false,
        };
        assert!(alive());
        process.kill().await;
        until(|| !alive()).await;
    }

    /// Waits until `condition` holds, half a minute at most.
    async fn until(condition: impl Fn() -> bool) {
        let asked = || async { Ok::<_, Infallible>(condition().then_some(())) };
        let Ok(held) = poll::until(TRY, Duration::from_secs(30), asked).await;
        held.expect("the condition comes to hold");
    }

    #[test]
    fn a_program_that_does_not_exist() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let half = HalfManifest::of_command(vec!["/nonexistent/half".into()]);
            let log = folder.path().join("log");
            let error = Process::spawn(&half, &Placeholders::default(), folder.path(), &log).err().unwrap();
            assert!(error.to_string().starts_with("/nonexistent/half could not be run: "), "{error}");
        });
    }
}
