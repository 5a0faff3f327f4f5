//! One process of the half under test, and what stands in front of it.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ecp_types::Genesis;
use tokio_util::task::AbortOnDropHandle;

use super::{
    execution::Execution,
    script::{InstanceScript, Stage},
};
use crate::{
    proxy::{Door, Proxy},
    schema::{self, process, record::Event},
    subject::{HalfManifest, Placeholders, Process, StartError, Workspace},
};

/// One instance of the half.
pub(super) struct Instance {
    index: u32,
    half: HalfManifest,
    values: Placeholders,
    folder: PathBuf,
    log: PathBuf,
    stage: Arc<Stage>,
    script: Arc<InstanceScript>,
    execution: Execution,
    process: Option<Process>,
    /// The suite is ending the process: its end is nothing to report.
    expected: Arc<AtomicBool>,
    _serving: AbortOnDropHandle<()>,
}

impl Instance {
    /// Opens the execution half and the socket of instance `index`; the half itself is not started yet.
    pub(super) async fn open(
        index: u32,
        half: &HalfManifest,
        values: Placeholders,
        genesis: &Genesis,
        workspace: &Workspace,
        stage: &Arc<Stage>,
    ) -> Result<Self, String> {
        let execution = Execution::new(genesis.clone(), workspace.path(), index);
        execution.start().await?;
        let script = InstanceScript::new(Arc::clone(stage), index, execution.clone());
        script.record_execution(true);
        let (door, serving) = Door::serve(&workspace.socket(index), |_| {
            Proxy::new(Arc::clone(&script) as Arc<_>, Arc::new(execution.clone()))
        })
        .map_err(|e| e.to_string())?;
        script.behind(door);
        Ok(Self {
            index,
            half: half.clone(),
            values,
            folder: workspace.path().to_owned(),
            log: workspace.log(index),
            stage: Arc::clone(stage),
            script,
            execution,
            process: None,
            expected: Arc::default(),
            _serving: serving,
        })
    }

    /// Its number.
    pub(super) const fn index(&self) -> u32 {
        self.index
    }

    /// The suite's execution half behind it.
    pub(super) const fn execution(&self) -> &Execution {
        &self.execution
    }

    /// Starts the process without waiting for it.
    pub(super) fn spawn(&mut self) -> Result<(), StartError> {
        self.script.next_process();
        let process = Process::spawn(&self.half, &self.values, &self.folder, &self.log)?;
        self.record(process::What::Started(schema::Command { argv: process.argv().to_vec() }));
        self.expected = Arc::default();
        let (mut exit, expected) = (process.watch(), Arc::clone(&self.expected));
        let (recorder, instance) = (self.stage.recorder.clone(), self.index);
        tokio::spawn(async move {
            if let Ok(ended) = exit.wait_for(Option::is_some).await
                && !expected.load(Ordering::SeqCst)
            {
                let what = Some(process::What::Exited((*ended).unwrap_or_default()));
                recorder.record(Event::Process(schema::Process { instance, what }));
            }
        });
        self.process = Some(process);
        Ok(())
    }

    /// Starts the process and waits for its first call.
    pub(super) async fn launch(&mut self) -> Result<(), StartError> {
        let mut arrivals = self.script.arrivals();
        arrivals.borrow_and_update();
        self.spawn()?;
        let patience = Duration::from_millis(self.half.start_timeout_ms);
        let program = self.half.command.first().cloned().unwrap_or_default();
        let Some(process) = self.process.as_mut() else { return Ok(()) };
        tokio::select! {
            biased;
            _ = arrivals.changed() => {}
            exit = process.wait() => {
                let how = crate::verdict::exit_text(&exit);
                return Err(StartError::Ended { program, how });
            }
            () = tokio::time::sleep(patience) => {
                let waited_ms = self.half.start_timeout_ms;
                return Err(StartError::NoCall { program, waited_ms });
            }
        }
        self.record(process::What::Ready(pbjson_types::Empty {}));
        Ok(())
    }

    /// Kills the process, as a step of a case.
    pub(super) async fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            self.expected.store(true, Ordering::SeqCst);
            process.kill().await;
            self.record(process::What::Killed(pbjson_types::Empty {}));
        }
    }

    /// Ends process and execution half after the case.
    pub(super) async fn stop(&mut self) {
        if let Some(process) = self.process.take() {
            self.expected.store(true, Ordering::SeqCst);
            process.kill().await;
        }
        self.execution.die().await;
    }

    /// Waits for the process to end by itself.
    pub(super) async fn wait(&mut self, patience: Duration) -> Option<schema::Exit> {
        let process = self.process.as_mut()?;
        tokio::time::timeout(patience, process.wait()).await.ok()
    }

    /// How the process ended, if it did by itself.
    pub(super) fn exited(&self) -> Option<schema::Exit> {
        self.process.as_ref().and_then(Process::exited)
    }

    fn record(&self, what: process::What) {
        let process = schema::Process { instance: self.index, what: Some(what) };
        self.stage.recorder.record(Event::Process(process));
    }

    /// What the process wrote to its output.
    pub(super) fn output(&self) -> String {
        std::fs::read(&self.log).map_or_else(|_| String::new(), |b| String::from_utf8_lossy(&b).into_owned())
    }
}
