//! Which engine runs which genesis.

use std::{net::SocketAddr, path::Path, sync::Arc};

use ecp_engine_scripted::{RealPace, ScriptedEngine};
use ecp_engine_starknet::{
    L1File, StarknetEngine,
    classes::flattened,
    commitment::{ECP_STARKNET_1, PARTIAL_BLOCK_HASH},
    compile,
    wire::PART_FORMAT,
};
use ecp_execution_core::seams::{ExecutionEngine, Store};
use ecp_execution_server::{
    MemoryStore, ServerConfig,
    launch::{Refused, SystemClock},
};
use ecp_jsonrpc::{JsonRpcServer, NodeView, ServeOptions};
use ecp_testchain::ECP_TEST_1;
use ecp_types::{Genesis, Workload};

/// An engine that is open, and its view for JSON-RPC if it has one.
pub struct Opened {
    /// The engine.
    pub engine: Arc<dyn ExecutionEngine>,
    /// What JSON-RPC reads.
    pub view: Option<Arc<dyn NodeView>>,
    /// The engine again, for what only Starknet's has.
    pub starknet: Option<Arc<StarknetEngine>>,
}

impl Opened {
    /// Serves JSON-RPC if an address was given and the engine has a view.
    ///
    /// # Errors
    /// The address cannot be used.
    pub async fn serve_jsonrpc(&self, address: Option<SocketAddr>) -> Result<Option<JsonRpcServer>, Refused> {
        let Some(address) = address else { return Ok(None) };
        let Some(view) = self.view.clone() else {
            // One launch command serves both workloads, so this is no reason to stop.
            tracing::warn!("JSON-RPC is not served: the workload of this genesis is not starknet");
            return Ok(None);
        };
        let server = JsonRpcServer::start(address, view, ServeOptions::default()).await;
        server.map(Some).map_err(|error| Refused::JsonRpc(error.to_string()))
    }
}

/// What the engine of this genesis supports: a height that needs another format or scheme is UNSUPPORTED_AT_HEIGHT, never
/// INVALID (ECP-HGT-012).
pub fn limit(config: &mut ServerConfig, genesis: &Genesis) {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    (config.part_formats, config.commitment_schemes) = match genesis.workload() {
        Workload::TestChain(_) => (names(&[ECP_TEST_1]), names(&[ECP_TEST_1])),
        Workload::Starknet(_) => (names(&[PART_FORMAT]), names(&[ECP_STARKNET_1, PARTIAL_BLOCK_HASH])),
    };
}

/// Opens the engine that the genesis asks for, at the head that the store holds.
///
/// `l1_messages` is the file with the messages from L1; without it none are seen.
///
/// # Errors
/// The workload's section is wrong, the store is damaged, or the file cannot be read.
pub fn open(genesis: &Genesis, store: Arc<dyn Store>, l1_messages: Option<&Path>) -> Result<Opened, Refused> {
    let refused = |error: &dyn std::fmt::Display| Refused::Engine(error.to_string());
    match genesis.workload() {
        Workload::TestChain(_) => {
            let engine = ScriptedEngine::open(genesis.clone(), store, Arc::new(SystemClock), Arc::new(RealPace));
            Ok(Opened { engine: Arc::new(engine.map_err(|e| refused(&e))?), view: None, starknet: None })
        }
        Workload::Starknet(_) => {
            let clock = Arc::new(SystemClock);
            let engine = match l1_messages {
                None => StarknetEngine::open(genesis, store, clock),
                Some(path) => {
                    let l1 = Arc::new(L1File::open(path).map_err(|e| refused(&e))?);
                    StarknetEngine::open_seeing(genesis, store, clock, l1)
                }
            };
            let engine = engine.map_err(|e| refused(&e))?;
            Ok(Opened { engine: engine.clone(), view: Some(engine.clone()), starknet: Some(engine) })
        }
    }
}

/// Checks the workload's section without a store.
///
/// # Errors
/// The section is wrong.
pub fn check(genesis: &Genesis) -> Result<(), Refused> {
    open(genesis, Arc::new(MemoryStore::default()), None).map(|_| ())
}

/// Compiles a Sierra class as this half would on its declaration; the hashes as one line of JSON.
///
/// # Errors
/// The file cannot be read, or the class does not compile.
pub fn compile_class(path: &Path, casm: Option<&Path>) -> Result<String, Refused> {
    let failed = |error: &dyn std::fmt::Display| Refused::Engine(format!("{}: {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
    let sierra = flattened(&text).map_err(|error| failed(&error))?;
    let class = compile::compile_declared(Arc::new(sierra)).map_err(|error| failed(&error))?;
    if let Some(out) = casm {
        std::fs::write(out, class.casm_json().map_err(|error| failed(&error))?).map_err(Refused::System)?;
    }
    let [blake, poseidon] = class.compiled_hashes();
    let hashes = serde_json::json!({
        "class_hash": format!("{:#x}", class.class_hash.0),
        "compiled_class_hash": format!("{blake:#x}"),
        "compiled_class_hash_poseidon": format!("{poseidon:#x}"),
    });
    Ok(hashes.to_string())
}
