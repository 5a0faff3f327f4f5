//! One process of the half under test, and what stands in front of it.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ecp_types::Height;
use tokio_util::task::AbortOnDropHandle;

use super::{
    behind::{Behind, NoStart},
    script::InstanceScript,
    stage::Stage,
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
    behind: Behind,
    process: Option<Process>,
    /// The suite is ending the process: its end is nothing to report.
    expected: Arc<AtomicBool>,
    _serving: AbortOnDropHandle<()>,
}

impl Instance {
    /// Starts the execution half and opens the socket of instance `index`; the half itself is not started yet.
    pub(super) async fn open(
        index: u32,
        half: &HalfManifest,
        values: Placeholders,
        behind: Behind,
        workspace: &Workspace,
        stage: &Arc<Stage>,
    ) -> Result<Self, NoStart> {
        behind.start().await?;
        let script = InstanceScript::new(Arc::clone(stage), index, behind.clone());
        script.record_execution(true);
        let (door, serving) = Door::serve(&workspace.socket(index), |_| {
            Proxy::new(Arc::clone(&script) as Arc<_>, Arc::new(behind.clone()))
        })
        .map_err(|e| NoStart::Suite(e.to_string()))?;
        script.behind(door);
        Ok(Self {
            index,
            half: half.clone(),
            values,
            folder: workspace.path().to_owned(),
            log: workspace.log(index),
            stage: Arc::clone(stage),
            script,
            behind,
            process: None,
            expected: Arc::default(),
            _serving: serving,
        })
    }

    /// Its number.
    pub(super) const fn index(&self) -> u32 {
        self.index
    }

    /// The execution half behind it.
    pub(super) const fn behind(&self) -> &Behind {
        &self.behind
    }

    /// The height that the execution half behind it has committed.
    pub(super) fn committed(&self) -> Option<Height> {
        self.behind.committed(self.stage.told(self.index))
    }

    /// Kills the execution half behind it, as a step of a case.
    pub(super) async fn kill_execution(&self) {
        self.script.execution_ends().await;
    }

    /// Starts the execution half behind it again.
    pub(super) async fn launch_execution(&self) -> Result<(), NoStart> {
        self.script.execution_ends().await;
        self.script.execution_begins().await
    }

    /// Starts the process without waiting for it.
    pub(super) fn spawn(&mut self) -> Result<(), StartError> {
        self.script.next_process();
        // Before it starts: a quick half calls before this task runs again, and what it says must stand after its start.
        let argv = self.half.command.iter().map(|word| self.values.fill(word)).collect();
        self.record(process::What::Started(schema::Command { argv }));
        let process = Process::spawn(&self.half, &self.values, &self.folder, &self.log)?;
        self.expected = Arc::default();
        let (mut exit, expected) = (process.watch(), Arc::clone(&self.expected));
        let (recorder, instance) = (self.stage.recorder.clone(), self.index);
        tokio::spawn(async move {
            if let Ok(ended) = exit.wait_for(Option::is_some).await
                && !expected.load(Ordering::SeqCst)
            {
                let what = Some(process::What::Exited((*ended).unwrap_or_default()));
                recorder.record(Event::Process(schema::Process { instance, execution: false, what }));
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
        self.behind.die().await;
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
        let process = schema::Process { instance: self.index, execution: false, what: Some(what) };
        self.stage.recorder.record(Event::Process(process));
    }

    /// What the process wrote to its output.
    pub(super) fn output(&self) -> String {
        let mine =
            std::fs::read(&self.log).map_or_else(|_| String::new(), |b| String::from_utf8_lossy(&b).into_owned());
        match self.behind.partner() {
            Some(partner) => format!("{mine}--- its execution half\n{}", partner.output()),
            None => mine,
        }
    }
}
