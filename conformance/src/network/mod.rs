//! Validators on this machine, each a consensus process and an execution process joined by a Unix socket.

mod process;
mod reader;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use ecp_types::genesis::Genesis;
use tokio::{net::TcpListener, process::Command};

pub use process::Half;
use process::Process;
pub use reader::{Block, DecidedAt, Reader};

/// The files of a network, and its processes. Dropping it ends all of them.
pub struct Network {
    /// The genesis file.
    pub genesis_file: PathBuf,
    /// What it says.
    pub genesis: Genesis,
    /// The validators, in the order of their keys.
    pub validators: Vec<Validator>,
}

/// One validator.
pub struct Validator {
    plan: Plan,
    execution: Option<Process>,
    consensus: Option<Process>,
}

/// What starting a validator needs.
struct Plan {
    index: usize,
    bin_dir: PathBuf,
    home: PathBuf,
    socket: PathBuf,
    genesis: PathBuf,
    keys: PathBuf,
    address: String,
    peers: String,
    environment: Vec<(String, String)>,
}

/// Ports that the system says are free.
pub async fn free_ports(count: usize) -> Result<Vec<u16>> {
    let mut held = Vec::new();
    for _ in 0..count {
        held.push(TcpListener::bind(("127.0.0.1", 0)).await.context("asking the system for a free port")?);
    }
    held.iter().map(|listener| Ok(listener.local_addr()?.port())).collect()
}

impl Network {
    /// Starts a validator for each keys file, with data and logs below `dir`.
    pub async fn start(bin_dir: &Path, dir: &Path, genesis_file: &Path, keys: &[PathBuf]) -> Result<Self> {
        Self::start_with(bin_dir, dir, genesis_file, keys, &[]).await
    }

    /// The same, with these variables in the environment of all processes.
    pub async fn start_with(
        bin_dir: &Path,
        dir: &Path,
        genesis_file: &Path,
        keys: &[PathBuf],
        environment: &[(&str, &str)],
    ) -> Result<Self> {
        let environment: Vec<_> = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let bytes = fs::read(genesis_file).with_context(|| format!("reading {}", genesis_file.display()))?;
        let genesis = Genesis::read(&bytes).with_context(|| format!("{}", genesis_file.display()))?;
        let ports = free_ports(keys.len()).await?;
        let address = |i: usize| format!("127.0.0.1:{}", ports[i]);
        let mut network = Self { genesis_file: genesis_file.to_owned(), genesis, validators: Vec::new() };
        for (index, keys) in keys.iter().enumerate() {
            let home = dir.join(format!("validator-{index}"));
            fs::create_dir_all(&home).with_context(|| format!("creating {}", home.display()))?;
            let plan = Plan {
                index,
                bin_dir: bin_dir.to_owned(),
                genesis: genesis_file.to_owned(),
                keys: keys.clone(),
                address: address(index),
                peers: (0..ports.len()).filter(|other| *other != index).map(address).collect::<Vec<_>>().join(","),
                socket: home.join("ecp.sock"),
                home,
                environment: environment.clone(),
            };
            network.validators.push(Validator { plan, execution: None, consensus: None });
        }
        for index in 0..keys.len() {
            network.restart(index, Half::Execution).await?;
            network.restart(index, Half::Consensus).await?;
        }
        Ok(network)
    }

    /// Kills a process with SIGKILL and waits for its end.
    pub async fn kill(&mut self, index: usize, half: Half) {
        if let Some(process) = self.validators[index].slot(half).take() {
            process.kill().await;
        }
    }

    /// Asks a process to end in order, with SIGTERM, and tells its exit code and the end of its log once it has.
    pub async fn terminate(&mut self, index: usize, half: Half) -> Result<(Option<i32>, String)> {
        if let Some(process) = self.validators[index].slot(half) {
            process.terminate();
        }
        self.ended(index, half).await
    }

    /// Starts a process again on the same data and waits until it is ready.
    pub async fn restart(&mut self, index: usize, half: Half) -> Result<()> {
        self.launch(index, half).await?;
        self.ready(index, half).await
    }

    /// Starts a process again on the same data, without waiting.
    pub async fn launch(&mut self, index: usize, half: Half) -> Result<()> {
        self.kill(index, half).await;
        let validator = &mut self.validators[index];
        let plan = &validator.plan;
        let (name, mut command) = match half {
            Half::Execution => ("execution", plan.execution()),
            Half::Consensus => ("consensus", plan.consensus()),
        };
        command.envs(plan.environment.iter().map(|(key, value)| (key, value)));
        let log = plan.home.join(format!("{name}.log"));
        *validator.slot(half) = Some(Process::start(format!("{name} half {}", plan.index), command, &log)?);
        Ok(())
    }

    /// Waits until a launched process says that it is ready.
    pub async fn ready(&mut self, index: usize, half: Half) -> Result<()> {
        match self.validators[index].slot(half) {
            Some(process) => process.ready().await,
            None => bail!("the {half:?} half of validator {index} is not running"),
        }
    }

    /// The exit code and the end of the log of a process that ended by itself; `None` while it runs.
    pub fn exited(&mut self, index: usize, half: Half) -> Option<(Option<i32>, String)> {
        let (exit, log) = self.validators[index].slot(half).as_ref()?.exited()?;
        Some((exit.code, log))
    }

    /// Waits until any process has ended by itself; for ever if none does.
    pub async fn any_ended(&self) {
        let processes = self.validators.iter().flat_map(|v| [&v.execution, &v.consensus]).flatten();
        let ends: Vec<_> = processes.map(|process| Box::pin(process.end())).collect();
        match ends.is_empty() {
            true => std::future::pending().await,
            false => {
                futures::future::select_all(ends).await;
            }
        }
    }

    /// Memory that a process holds now, in KiB; `None`: it does not run, or the system does not tell.
    #[must_use]
    pub fn resident_kib(&self, index: usize, half: Half) -> Option<u64> {
        let validator = &self.validators[index];
        let process = match half {
            Half::Execution => &validator.execution,
            Half::Consensus => &validator.consensus,
        };
        process.as_ref()?.resident_kib()
    }

    /// Fails with the process that ended by itself, if one did.
    pub fn check_alive(&mut self) -> Result<()> {
        for validator in &mut self.validators {
            for half in [Half::Execution, Half::Consensus] {
                if let Some(process) = validator.slot(half) {
                    process.check_alive()?;
                }
            }
        }
        Ok(())
    }

    /// Waits until a process ended by itself and tells its exit code and the end of its log.
    pub async fn ended(&mut self, index: usize, half: Half) -> Result<(Option<i32>, String)> {
        match self.validators[index].slot(half).take() {
            Some(process) => {
                let (exit, log) = process.ended().await;
                Ok((exit.code, log))
            }
            None => bail!("the {half:?} half of validator {index} is not running"),
        }
    }

    /// Opens a READER session with an execution half.
    pub async fn reader(&self, index: usize) -> Result<Reader> {
        Reader::open(&self.validators[index].plan.socket, self.genesis.network()).await
    }

    /// Ends all processes and waits for them.
    pub async fn stop(mut self) {
        for index in 0..self.validators.len() {
            self.kill(index, Half::Consensus).await;
            self.kill(index, Half::Execution).await;
        }
    }
}

impl Validator {
    /// Where its execution half listens.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.plan.socket
    }

    /// The folder of its data and logs.
    #[must_use]
    pub fn home(&self) -> &Path {
        &self.plan.home
    }

    /// URL of its JSON-RPC, if it serves one.
    #[must_use]
    pub fn jsonrpc(&self) -> Option<&str> {
        self.execution.as_ref()?.jsonrpc.as_deref()
    }

    fn slot(&mut self, half: Half) -> &mut Option<Process> {
        match half {
            Half::Execution => &mut self.execution,
            Half::Consensus => &mut self.consensus,
        }
    }
}

impl Plan {
    fn execution(&self) -> Command {
        let mut command = Command::new(self.bin_dir.join("reference-execution"));
        command.arg("run").arg("--genesis").arg(&self.genesis).arg("--data").arg(self.home.join("execution"));
        command.arg("--listen").arg(format!("unix:{}", self.socket.display())).arg("--jsonrpc").arg("127.0.0.1:0");
        command
    }

    fn consensus(&self) -> Command {
        let mut command = Command::new(self.bin_dir.join("reference-consensus"));
        command.arg("run").arg("--genesis").arg(&self.genesis).arg("--keys").arg(&self.keys);
        command.arg("--data").arg(self.home.join("consensus"));
        command.arg("--execution").arg(format!("unix:{}", self.socket.display()));
        command.arg("--p2p").arg(&self.address);
        if !self.peers.is_empty() {
            command.arg("--peers").arg(&self.peers);
        }
        command
    }
}
