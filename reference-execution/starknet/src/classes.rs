//! The contract classes of a chain: those of genesis, and those that were declared since.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    io::Read,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use blockifier::execution::contract_class::RunnableCompiledClass;
use ecp_execution_core::seams::{EngineFault, Snapshot, StoreError};
use flate2::read::GzDecoder;
use prost::Message as _;
use starknet_api::{
    contract_class::{
        ContractClass, SierraVersion,
        compiled_class_hash::{HashVersion, HashableCompiledClass},
    },
    core::{ClassHash, CompiledClassHash},
};
use starknet_rust_core::types::{FlattenedSierraClass, contract::SierraClass};
use starknet_types_core::felt::Felt as StarkFelt;

use crate::{
    compile::{ClassError, Turn, compile, compile_within, size},
    declare, rows, wire,
};

/// The vendored Sierra classes, gzipped; `third_party/contracts/README.md` says where they come from.
const STRK_TOKEN: &[u8] = include_bytes!("../../third_party/contracts/erc20_strk.sierra.json.gz");
const DEPLOYER: &[u8] = include_bytes!("../../third_party/contracts/udc_2.sierra.json.gz");
const ACCOUNT: &[u8] = include_bytes!("../../third_party/contracts/oz_account_1.0.0.sierra.json.gz");

/// How much of declared classes stays compiled in memory, by the size that the limit of a class counts; others are compiled
/// again when they are needed. Compiled, a class takes several times its size.
const REMEMBERED_BYTES: usize = 48 << 20;

/// A class as it is declared and as it runs.
#[derive(Clone)]
pub struct Class {
    /// Hash of the Sierra class.
    pub class_hash: ClassHash,
    /// Blake hash of the compiled class, the one of Starknet 0.14.1 and later.
    pub compiled_class_hash: CompiledClassHash,
    /// What the virtual machine runs.
    pub runnable: RunnableCompiledClass,
    /// What `starknet_getClass` answers.
    pub sierra: Arc<FlattenedSierraClass>,
    /// The compiled class as a declaration carries it into execution.
    pub contract: Arc<ContractClass>,
    /// The version of Sierra that it is written in.
    pub sierra_version: SierraVersion,
}

/// A class is its hash: the hash covers all of it.
impl PartialEq for Class {
    fn eq(&self, other: &Self) -> bool {
        self.class_hash == other.class_hash
    }
}

impl Eq for Class {}

impl fmt::Debug for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Class({:#x})", self.class_hash.0)
    }
}

impl Class {
    /// Hash of the compiled class in the given scheme.
    #[must_use]
    pub fn compiled_hash(&self, version: HashVersion) -> CompiledClassHash {
        match (version, self.contract.as_ref()) {
            (HashVersion::V1, ContractClass::V1((casm, _))) => casm.hash(&HashVersion::V1),
            _ => self.compiled_class_hash,
        }
    }

    /// Hash of the compiled class in both schemes: Blake, then Poseidon.
    #[must_use]
    pub fn compiled_hashes(&self) -> [StarkFelt; 2] {
        [self.compiled_class_hash.0, self.compiled_hash(HashVersion::V1).0]
    }

    /// The compiled class as JSON, in the form that Cairo's compilers write.
    ///
    /// # Errors
    /// It cannot be written as JSON.
    pub fn casm_json(&self) -> Result<String, serde_json::Error> {
        match self.contract.as_ref() {
            ContractClass::V1((casm, _)) => serde_json::to_string(casm),
            ContractClass::V0(class) => serde_json::to_string(class),
        }
    }
}

/// The classes of a chain.
#[derive(Clone)]
pub struct Classes {
    by_hash: Arc<HashMap<ClassHash, Class>>,
    declared: Arc<Mutex<Recent>>,
    turn: Arc<Turn>,
    /// Class hash of the STRK token.
    pub strk_token: ClassHash,
    /// Class hash of the universal deployer.
    pub deployer: ClassHash,
    /// Class hash of the OpenZeppelin account.
    pub account: ClassHash,
}

/// Classes that were compiled here. They are no part of the state: which are declared, the state says.
#[derive(Default)]
struct Recent {
    by_hash: HashMap<ClassHash, Class>,
    order: VecDeque<ClassHash>,
    bytes: usize,
}

impl Classes {
    /// The vendored classes. Compiled once in a process, in about half a second.
    pub fn vendored() -> Result<Self, EngineFault> {
        static CACHE: OnceLock<Result<Classes, String>> = OnceLock::new();
        let classes = CACHE.get_or_init(Self::compile_vendored).clone();
        let mut classes = classes.map_err(|text| EngineFault(format!("vendored class: {text}")))?;
        (classes.declared, classes.turn) = Default::default();
        Ok(classes)
    }

    fn compile_vendored() -> Result<Self, String> {
        let (strk, deployer, account) = (unpacked(STRK_TOKEN)?, unpacked(DEPLOYER)?, unpacked(ACCOUNT)?);
        Ok(Self {
            strk_token: strk.class_hash,
            deployer: deployer.class_hash,
            account: account.class_hash,
            by_hash: Arc::new([strk, deployer, account].map(|class| (class.class_hash, class)).into_iter().collect()),
            declared: Arc::default(),
            turn: Arc::default(),
        })
    }

    /// A class of genesis.
    #[must_use]
    pub fn get(&self, class_hash: &ClassHash) -> Option<&Class> {
        self.by_hash.get(class_hash)
    }

    /// All classes of genesis, in the order of their hashes.
    #[must_use]
    pub fn all(&self) -> Vec<&Class> {
        let mut all: Vec<&Class> = self.by_hash.values().collect();
        all.sort_by_key(|class| class.class_hash);
        all
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        // Every critical section leaves the maps whole, so a panic elsewhere in its thread does not matter.
        self.declared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self, class_hash: &ClassHash) -> Option<Class> {
        self.get(class_hash).cloned().or_else(|| self.recent().by_hash.get(class_hash).cloned())
    }

    fn keep(&self, class: Class) -> Class {
        let mut recent = self.recent();
        if recent.by_hash.insert(class.class_hash, class.clone()).is_none() {
            recent.order.push_back(class.class_hash);
            recent.bytes += size(&class.sierra);
        }
        while recent.bytes > REMEMBERED_BYTES {
            let Some(oldest) = recent.order.pop_front() else { break };
            if let Some(gone) = recent.by_hash.remove(&oldest) {
                recent.bytes -= size(&gone.sierra);
            }
        }
        class
    }

    /// A class that somebody declares, compiled here however long it takes.
    pub fn compiled(&self, sierra: Arc<FlattenedSierraClass>) -> Result<Class, ClassError> {
        match self.known_as(&sierra) {
            Some(class) => Ok(class),
            None => compile(sierra, true).map(|class| self.keep(class)),
        }
    }

    /// The same for a user's class: one at a time, and given up after `patience`.
    pub fn compiled_within(&self, sierra: Arc<FlattenedSierraClass>, patience: Duration) -> Result<Class, ClassError> {
        match self.known_as(&sierra) {
            Some(class) => Ok(class),
            None => compile_within(sierra, &self.turn, patience).map(|class| self.keep(class)),
        }
    }

    /// The compiled class of this very content.
    fn known_as(&self, sierra: &FlattenedSierraClass) -> Option<Class> {
        let class_hash = ClassHash(StarkFelt::from_bytes_be(&sierra.class_hash().to_bytes_be()));
        // The version of the form is in no hash.
        self.known(&class_hash).filter(|class| *class.sierra == *sierra)
    }

    /// A class that is declared in this state, `None` if it is not. A declared class that is not compiled yet is
    /// compiled from its row, and must become what its declaration said.
    pub fn find(&self, snapshot: &dyn Snapshot, class_hash: ClassHash) -> Result<Option<Class>, StoreError> {
        let key = class_hash.0.to_bytes_be();
        let compiled = rows::read_felt(snapshot, rows::CLASSES, &key)?;
        if compiled == StarkFelt::ZERO {
            return Ok(None);
        }
        if let Some(class) = self.known(&class_hash) {
            return Ok(Some(class));
        }
        let broken = |what: &str| StoreError(format!("class {:#x}: {what}", class_hash.0));
        let row = snapshot.get(rows::CLASS_DEFINITIONS, &key)?.ok_or_else(|| broken("its definition is missing"))?;
        let message = wire::Cairo1Class::decode(&*row).map_err(|_| broken("its definition is no class"))?;
        let sierra = declare::read_class(&message).map_err(|_| broken("its definition is no class"))?;
        let class = compile(Arc::new(sierra), true).map_err(|error| broken(&error.to_string()))?;
        let hashes = [class.compiled_class_hash, class.compiled_hash(HashVersion::V1)];
        if class.class_hash != class_hash || !hashes.contains(&CompiledClassHash(compiled)) {
            return Err(broken("this node's compiler makes something else of it than its declaration said"));
        }
        Ok(Some(self.keep(class)))
    }
}

fn unpacked(gzipped: &[u8]) -> Result<Class, String> {
    let mut text = String::new();
    GzDecoder::new(gzipped).read_to_string(&mut text).map_err(|error| error.to_string())?;
    let flat = flattened(&text)?;
    compile(Arc::new(flat), false).map_err(|error| error.to_string())
}

/// The class in a file as compilers write it.
///
/// # Errors
/// The text is no Sierra class.
pub fn flattened(json: &str) -> Result<FlattenedSierraClass, String> {
    let mut json: serde_json::Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
    // The type that knows the class hash insists on debug information, which no hash covers.
    if let Some(object) = json.as_object_mut() {
        object.insert(
            "sierra_program_debug_info".into(),
            serde_json::json!({"type_names": [], "libfunc_names": [], "user_func_names": []}),
        );
    }
    let declared: SierraClass = serde_json::from_value(json).map_err(|error| error.to_string())?;
    declared.flatten().map_err(|error| error.to_string())
}
