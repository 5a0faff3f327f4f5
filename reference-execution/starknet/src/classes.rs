//! The contract classes of a chain, compiled in this process.

use std::{
    collections::HashMap,
    io::Read,
    sync::{Arc, OnceLock},
};

use blockifier::execution::contract_class::RunnableCompiledClass;
use cairo_lang_starknet_classes::{casm_contract_class::CasmContractClass, contract_class::ContractClass as Sierra};
use ecp_execution_core::seams::EngineFault;
use flate2::read::GzDecoder;
use starknet_api::{
    contract_class::{
        ContractClass, SierraVersion,
        compiled_class_hash::{HashVersion, HashableCompiledClass},
    },
    core::{ClassHash, CompiledClassHash},
};
use starknet_rust_core::types::{FlattenedSierraClass, contract::SierraClass};
use starknet_types_core::felt::Felt as StarkFelt;

/// The vendored Sierra classes, gzipped; `third_party/contracts/README.md` says where they come from.
const STRK_TOKEN: &[u8] = include_bytes!("../../third_party/contracts/erc20_strk.sierra.json.gz");
const DEPLOYER: &[u8] = include_bytes!("../../third_party/contracts/udc_2.sierra.json.gz");
const ACCOUNT: &[u8] = include_bytes!("../../third_party/contracts/oz_account_1.0.0.sierra.json.gz");

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
}

/// The classes of a chain: declared at genesis, the same for ever as long as no declaration is admitted.
#[derive(Clone)]
pub struct Classes {
    by_hash: Arc<HashMap<ClassHash, Class>>,
    /// Class hash of the STRK token.
    pub strk_token: ClassHash,
    /// Class hash of the universal deployer.
    pub deployer: ClassHash,
    /// Class hash of the OpenZeppelin account.
    pub account: ClassHash,
}

impl Classes {
    /// The vendored classes. Compiled once in a process, in about half a second.
    pub fn vendored() -> Result<Self, EngineFault> {
        static CACHE: OnceLock<Result<Classes, String>> = OnceLock::new();
        CACHE.get_or_init(Self::compile_vendored).clone().map_err(|text| EngineFault(format!("vendored class: {text}")))
    }

    fn compile_vendored() -> Result<Self, String> {
        let (strk, deployer, account) = (compile(STRK_TOKEN)?, compile(DEPLOYER)?, compile(ACCOUNT)?);
        Ok(Self {
            strk_token: strk.class_hash,
            deployer: deployer.class_hash,
            account: account.class_hash,
            by_hash: Arc::new([strk, deployer, account].map(|class| (class.class_hash, class)).into_iter().collect()),
        })
    }

    /// The class of this hash.
    #[must_use]
    pub fn get(&self, class_hash: &ClassHash) -> Option<&Class> {
        self.by_hash.get(class_hash)
    }

    /// All classes, in the order of their hashes.
    #[must_use]
    pub fn all(&self) -> Vec<&Class> {
        let mut all: Vec<&Class> = self.by_hash.values().collect();
        all.sort_by_key(|class| class.class_hash);
        all
    }
}

fn compile(gzipped: &[u8]) -> Result<Class, String> {
    let mut text = String::new();
    GzDecoder::new(gzipped).read_to_string(&mut text).map_err(|error| error.to_string())?;
    let mut json: serde_json::Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    // The type that knows the class hash insists on debug information, which no hash covers.
    if let Some(object) = json.as_object_mut() {
        object.insert(
            "sierra_program_debug_info".into(),
            serde_json::json!({"type_names": [], "libfunc_names": [], "user_func_names": []}),
        );
    }
    let declared: SierraClass = serde_json::from_value(json.clone()).map_err(|error| error.to_string())?;
    let flat = declared.flatten().map_err(|error| error.to_string())?;
    let class_hash = ClassHash(StarkFelt::from_bytes_be(&flat.class_hash().to_bytes_be()));
    let version = SierraVersion::extract_from_program(&flat.sierra_program).map_err(|error| error.to_string())?;
    let sierra: Sierra = serde_json::from_value(json).map_err(|error| error.to_string())?;
    let program = sierra.extract_sierra_program(false).map_err(|error| error.to_string())?;
    let casm = CasmContractClass::from_contract_class(sierra, program, false, usize::MAX)
        .map_err(|error| error.to_string())?;
    let compiled_class_hash = casm.hash(&HashVersion::V2);
    let runnable = RunnableCompiledClass::try_from(ContractClass::V1((casm, version))).map_err(|e| e.to_string())?;
    Ok(Class { class_hash, compiled_class_hash, runnable, sierra: Arc::new(flat) })
}
