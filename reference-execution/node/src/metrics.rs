//! Prometheus metrics of the boundary and of the chain, and the page that they are read from.
//!
//! The boundary is counted where the core is told and where it answers; the chain where the engine is called. Neither
//! changes anything.

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::AtomicU64},
    time::Instant,
};

use bytes::Bytes;
use ecp_execution_core::{
    Effect, Input, State,
    effect::Message,
    seams::{Build, BuildStep, EngineFault, Executed, ExecutionEngine, HashStep, Slot, Validation, ValidationStep},
};
use ecp_execution_server::{Interposer, launch::Refused};
use ecp_types::{Commitment, Felt, Height, HeightParams, LocalReason, Part, Phase, Verdict, WatchState};
use http_body_util::Full;
use hyper::{Method, Request, Response, StatusCode, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};
use tokio::{net::TcpListener, task::JoinHandle};

/// Where the metrics are read.
const PATH: &str = "/metrics";
/// Type of the page.
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabel {
    call: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct VerdictLabel {
    verdict: &'static str,
    reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WorkLabel {
    work: &'static str,
}

/// Everything that is counted.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    calls: Family<CallLabel, Counter>,
    refusals: Family<ReasonLabel, Counter>,
    verdicts: Family<VerdictLabel, Counter>,
    parts: Family<WorkLabel, Counter>,
    part_bytes: Family<WorkLabel, Counter>,
    phase: Gauge,
    committed: Gauge<u64, AtomicU64>,
    hashed: Gauge<u64, AtomicU64>,
    transactions: Counter,
    seconds: Family<WorkLabel, Histogram, fn() -> Histogram>,
    waiting: Gauge<u64, AtomicU64>,
    waiting_bytes: Gauge<u64, AtomicU64>,
}

fn seconds() -> Histogram {
    Histogram::new([0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0])
}

impl Default for Metrics {
    fn default() -> Self {
        let mut all = Registry::with_prefix("ecp_execution");
        let calls = Family::default();
        all.register("calls", "Calls that arrived, by call", calls.clone());
        let refusals = Family::default();
        all.register("refusals", "Calls that were refused, by reason", refusals.clone());
        let verdicts = Family::default();
        all.register("verdicts", "Verdicts that were given, by verdict and reason", verdicts.clone());
        let parts = Family::default();
        all.register("parts", "Parts of proposals, built here or received", parts.clone());
        let part_bytes = Family::default();
        all.register_with_unit(
            "part",
            "Payloads of proposals, built here or received",
            Unit::Bytes,
            part_bytes.clone(),
        );
        let phase = Gauge::default();
        all.register("phase", "What Watch tells: 0 syncing, 1 ready, 2 draining, 3 diverged, 4 halted", phase.clone());
        let committed = Gauge::default();
        all.register("committed_height", "Height of the last committed block", committed.clone());
        let hashed = Gauge::default();
        all.register("hashed_height", "Height of the last block whose hash is known", hashed.clone());
        let transactions = Counter::default();
        all.register("transactions", "Transactions of committed blocks", transactions.clone());
        let work = Family::new_with_constructor(seconds as fn() -> Histogram);
        let help = "Time that a step of the engine took: build, validate, commit, hash";
        all.register_with_unit("engine", help, Unit::Seconds, work.clone());
        let waiting = Gauge::default();
        all.register("mempool_transactions", "Transactions that wait for a block", waiting.clone());
        let waiting_bytes = Gauge::default();
        all.register_with_unit("mempool", "Size of what waits for a block", Unit::Bytes, waiting_bytes.clone());
        Self {
            registry: Arc::new(all),
            calls,
            refusals,
            verdicts,
            parts,
            part_bytes,
            phase,
            committed,
            hashed,
            transactions,
            seconds: work,
            waiting,
            waiting_bytes,
        }
    }
}

impl Metrics {
    /// The page.
    ///
    /// # Errors
    /// A value cannot be written as text.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }

    /// Tells the watched state.
    pub fn watch(&self, state: &WatchState) {
        self.phase.set(match state.phase {
            Phase::Syncing => 0,
            Phase::Ready => 1,
            Phase::Draining => 2,
            Phase::Diverged => 3,
            Phase::Halted => 4,
        });
        self.committed.set(state.committed.map_or(0, |committed| committed.height));
        self.hashed.set(state.block_hash_height.unwrap_or(0));
    }

    /// Tells what waits for a block.
    pub fn waits(&self, transactions: usize, bytes: usize) {
        self.waiting.set(transactions as u64);
        self.waiting_bytes.set(bytes as u64);
    }

    fn took<T>(&self, work: &'static str, what: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let result = what();
        self.seconds.get_or_create(&WorkLabel { work }).observe(began.elapsed().as_secs_f64());
        result
    }

    fn part(&self, work: &'static str, part: &Part) {
        self.parts.get_or_create(&WorkLabel { work }).inc();
        self.part_bytes.get_or_create(&WorkLabel { work }).inc_by(part.payload.len() as u64);
    }

    fn verdict(&self, verdict: &Verdict) {
        let (verdict, reason) = match verdict {
            Verdict::Valid { .. } => ("valid", String::new()),
            Verdict::Invalid { reason, .. } => ("invalid", format!("{reason:?}")),
            Verdict::RejectedLocal { reason, .. } => ("rejected_local", format!("{reason:?}")),
            Verdict::NotReady(_) => ("not_ready", String::new()),
            Verdict::Aborted => ("aborted", String::new()),
            Verdict::Expired => ("expired", String::new()),
        };
        self.verdicts.get_or_create(&VerdictLabel { verdict, reason }).inc();
    }
}

/// Counts what passes between the core and the world, and passes it on.
impl Interposer for Metrics {
    fn input(&self, _state: &State, input: Input) -> Vec<Input> {
        if let Input::Call { kind, .. } = &input {
            self.calls.get_or_create(&CallLabel { call: kind.as_str() }).inc();
        }
        vec![input]
    }

    fn effect(&self, _state: &State, effect: Effect) -> Vec<Effect> {
        match &effect {
            Effect::Refuse(_, refusal) => {
                self.refusals.get_or_create(&ReasonLabel { reason: refusal.reason.as_str() }).inc();
            }
            Effect::Send(_, Message::Verdict(verdict)) => self.verdict(verdict),
            _ => {}
        }
        vec![effect]
    }
}

/// An engine whose work is timed.
pub struct Metered {
    engine: Arc<dyn ExecutionEngine>,
    metrics: Metrics,
}

impl Metered {
    /// Times `engine`.
    #[must_use]
    pub fn new(engine: Arc<dyn ExecutionEngine>, metrics: Metrics) -> Self {
        Self { engine, metrics }
    }
}

impl ExecutionEngine for Metered {
    fn height_params(&self, height: Height) -> Result<Option<HeightParams>, EngineFault> {
        self.engine.height_params(height)
    }

    fn first_height(&self) -> Height {
        self.engine.first_height()
    }

    fn build(&self, slot: Slot) -> Result<Box<dyn Build>, EngineFault> {
        Ok(Box::new(MeteredBuild { build: self.engine.build(slot)?, metrics: self.metrics.clone() }))
    }

    fn validate(&self, slot: Slot) -> Result<Box<dyn Validation>, EngineFault> {
        Ok(Box::new(MeteredValidation { validation: self.engine.validate(slot)?, metrics: self.metrics.clone() }))
    }

    fn reframe_init(&self, slot: &Slot, init: &[u8]) -> Result<Bytes, String> {
        self.engine.reframe_init(slot, init)
    }

    fn init_slot(&self, init: &[u8]) -> Result<Slot, String> {
        self.engine.init_slot(init)
    }

    fn committed(&self, height: Height, executed: &Executed) -> Result<(), EngineFault> {
        self.metrics.took("commit", || self.engine.committed(height, executed))?;
        self.metrics.transactions.inc_by(executed.executed_count);
        Ok(())
    }

    fn next_hash(&self) -> Result<Option<HashStep>, EngineFault> {
        let began = Instant::now();
        let step = self.engine.next_hash()?;
        if step.is_some() {
            let label = WorkLabel { work: "hash" };
            self.metrics.seconds.get_or_create(&label).observe(began.elapsed().as_secs_f64());
        }
        Ok(step)
    }

    fn block_hash(&self, height: Height) -> Result<Option<(Felt, Felt)>, EngineFault> {
        self.engine.block_hash(height)
    }

    fn block_hash_height(&self) -> Option<Height> {
        self.engine.block_hash_height()
    }
}

struct MeteredBuild {
    build: Box<dyn Build>,
    metrics: Metrics,
}

impl Build for MeteredBuild {
    fn step(&mut self, left: std::time::Duration) -> Result<BuildStep, EngineFault> {
        let step = self.metrics.took("build", || self.build.step(left))?;
        if let BuildStep::Part(part) = &step {
            self.metrics.part("build", part);
        }
        Ok(step)
    }
}

struct MeteredValidation {
    validation: Box<dyn Validation>,
    metrics: Metrics,
}

impl Validation for MeteredValidation {
    fn part(&mut self, part: Part) -> Result<ValidationStep, EngineFault> {
        self.metrics.part("validate", &part);
        self.metrics.took("validate", || self.validation.part(part))
    }

    fn end(&mut self) -> Result<ValidationStep, EngineFault> {
        self.metrics.took("validate", || self.validation.end())
    }

    fn resume(&mut self) -> Result<ValidationStep, EngineFault> {
        self.metrics.took("validate", || self.validation.resume())
    }

    fn local_objection(&self) -> Option<(LocalReason, String)> {
        self.validation.local_objection()
    }

    fn stop_when(&mut self, dropped: Arc<std::sync::atomic::AtomicBool>) {
        self.validation.stop_when(dropped);
    }

    fn computed(&self) -> Option<Commitment> {
        self.validation.computed()
    }
}

/// The page of the metrics as it is served; dropping it ends it.
pub struct MetricsServer {
    serving: JoinHandle<()>,
}

impl Drop for MetricsServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Takes the address of the page, before anything is started.
///
/// # Errors
/// The address cannot be used.
pub fn listen(address: SocketAddr) -> Result<std::net::TcpListener, Refused> {
    let listener = std::net::TcpListener::bind(address).and_then(|listener| {
        listener.set_nonblocking(true)?;
        Ok(listener)
    });
    let listener = listener.map_err(|error| {
        Refused::Settings(format!("metrics: cannot listen on {address}: {error}; choose another address"))
    })?;
    tracing::info!(address = %listener.local_addr().map_err(Refused::System)?, "metrics are served");
    Ok(listener)
}

/// Serves the metrics over HTTP; `refresh` is called before each page. Needs a tokio runtime.
///
/// # Errors
/// The runtime does not take the listener.
pub fn serve(
    listener: std::net::TcpListener,
    metrics: Metrics,
    refresh: impl Fn(&Metrics) + Clone + Send + Sync + 'static,
) -> Result<MetricsServer, Refused> {
    let listener = TcpListener::from_std(listener).map_err(Refused::System)?;
    let serving = tokio::spawn(async move {
        loop {
            let stream = match listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "metrics: a connection was not taken");
                    // Too many open files, as a rule: what is open must end first.
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                    continue;
                }
            };
            let (metrics, refresh) = (metrics.clone(), refresh.clone());
            let page = service_fn(move |request: Request<Incoming>| {
                let response = page(&request, &metrics, &refresh);
                async move { response }
            });
            tokio::spawn(http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(stream), page));
        }
    });
    Ok(MetricsServer { serving })
}

fn page(
    request: &Request<Incoming>,
    metrics: &Metrics,
    refresh: &impl Fn(&Metrics),
) -> Result<Response<Full<Bytes>>, std::fmt::Error> {
    let mut response = Response::new(Full::default());
    if request.uri().path() != PATH {
        *response.status_mut() = StatusCode::NOT_FOUND;
    } else if request.method() != Method::GET {
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    } else {
        refresh(metrics);
        response.headers_mut().insert("content-type", http::HeaderValue::from_static(CONTENT_TYPE));
        *response.body_mut() = Full::new(Bytes::from(metrics.text()?));
    }
    Ok(response)
}
