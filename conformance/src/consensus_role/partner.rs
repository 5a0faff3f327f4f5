//! The execution half of a pair: a process that is certified together with the consensus half in front of it.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use tonic::{Status, transport::Channel};

use crate::{
    proxy::Upstream,
    schema::{self, process, record::Event},
    subject::{Address, HalfManifest, Placeholders, Process, StartError},
    transcript::Recorder,
};

/// An execution half that the suite starts and kills. Cloning gives another handle.
#[derive(Clone)]
pub(super) struct Partner(Arc<Inner>);

struct Inner {
    index: u32,
    half: HalfManifest,
    values: Placeholders,
    folder: PathBuf,
    socket: PathBuf,
    log: PathBuf,
    recorder: Recorder,
    now: Mutex<Option<Life>>,
}

/// One process.
struct Life {
    process: Process,
    /// The suite is ending the process: its end is nothing to report.
    expected: Arc<AtomicBool>,
    control: Channel,
    data: Channel,
}

impl Partner {
    /// One that was never started, for instance `index`; it serves at `socket`, and `values` fill its command.
    pub(super) fn new(
        index: u32,
        half: HalfManifest,
        values: Placeholders,
        folder: &Path,
        socket: PathBuf,
        recorder: Recorder,
    ) -> Self {
        let log = folder.join(format!("e{index}.log"));
        let folder = folder.to_owned();
        Self(Arc::new(Inner { index, half, values, folder, socket, log, recorder, now: Mutex::new(None) }))
    }

    fn now(&self) -> MutexGuard<'_, Option<Life>> {
        // The life is replaced as a whole, so it is whole after a panic elsewhere.
        self.0.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, what: process::What) {
        let process = schema::Process { instance: self.0.index, execution: true, what: Some(what) };
        self.0.recorder.record(Event::Process(process));
    }

    /// Starts it on its data and waits until it serves.
    pub(super) async fn start(&self) -> Result<(), StartError> {
        let inner = &self.0;
        // What a killed process left would answer nothing, and tell nothing about the new one.
        let _ = std::fs::remove_file(&inner.socket);
        let mut process = Process::spawn(&inner.half, &inner.values, &inner.folder, &inner.log)?;
        self.record(process::What::Started(schema::Command { argv: process.argv().to_vec() }));
        let patience = Duration::from_millis(inner.half.start_timeout_ms);
        process.until_it_serves(&Address::Unix(inner.socket.clone()), patience).await?;
        self.record(process::What::Ready(pbjson_types::Empty {}));
        let expected = Arc::new(AtomicBool::new(false));
        let (mut exit, told, me) = (process.watch(), Arc::clone(&expected), self.clone());
        tokio::spawn(async move {
            if let Ok(ended) = exit.wait_for(Option::is_some).await
                && !told.load(Ordering::SeqCst)
            {
                let exit = (*ended).unwrap_or_default();
                me.record(process::What::Exited(exit));
            }
        });
        let address = Address::Unix(inner.socket.clone());
        let unreachable = |error| StartError::Spawn { program: process.argv().concat(), error };
        let (control, data) = (address.channel().map_err(unreachable)?, address.channel().map_err(unreachable)?);
        *self.now() = Some(Life { process, expected, control, data });
        Ok(())
    }

    /// Kills it, if it runs.
    pub(super) async fn die(&self) {
        let Some(life) = self.now().take() else { return };
        life.expected.store(true, Ordering::SeqCst);
        drop((life.control, life.data));
        life.process.kill().await;
        self.record(process::What::Killed(pbjson_types::Empty {}));
    }

    /// Where it serves, without the suite between.
    pub(super) fn socket(&self) -> &Path {
        &self.0.socket
    }

    /// What it wrote to its output.
    pub(super) fn output(&self) -> String {
        std::fs::read(&self.0.log).map_or_else(|_| String::new(), |b| String::from_utf8_lossy(&b).into_owned())
    }
}

#[async_trait]
impl Upstream for Partner {
    async fn channel(&self, method: &str) -> Result<Channel, Status> {
        let now = self.now();
        let life = now.as_ref().ok_or_else(|| Status::unavailable("nobody listens"))?;
        Ok(match method {
            "BuildProposal" | "ValidateProposal" | "GetDecided" | "ImportDecided" => life.data.clone(),
            _ => life.control.clone(),
        })
    }
}
