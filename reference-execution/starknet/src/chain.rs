//! What does not change while a chain runs: its genesis, its classes, the constants of its versions.

use std::sync::Arc;

use blockifier::{
    blockifier_versioned_constants::VersionedConstants,
    bouncer::{BouncerConfig, BouncerWeights},
    context::{BlockContext, ChainInfo, FeeTokenAddresses},
};
use ecp_execution_core::seams::EngineFault;
use ecp_types::{Genesis, Height, HeightParams, Workload};
use starknet_api::{
    abi::abi_utils::starknet_keccak, block::StarknetVersion, contract_class::compiled_class_hash::HashVersion,
    core::ChainId, execution_resources::GasAmount, versioned_constants_logic::VersionedConstantsTrait,
};
use starknet_types_core::felt::Felt as StarkFelt;

use crate::{
    classes::Classes,
    codec::Rules,
    commitment::Scheme,
    convert,
    header::Init,
    section::{ETH_ADDRESS, STRK_ADDRESS, StarknetSection},
    wire::PART_FORMAT,
};

/// The unchanging facts of a chain.
#[derive(Clone)]
pub struct Chain {
    /// The genesis file.
    pub genesis: Genesis,
    /// Its section for this engine.
    pub section: StarknetSection,
    /// The classes.
    pub classes: Classes,
    /// The chain id as transactions are hashed with it.
    pub chain_id: ChainId,
    info: ChainInfo,
}

impl Chain {
    /// Reads the section and checks that every height can be executed here, so that no later height fails.
    pub fn new(genesis: &Genesis) -> Result<Self, EngineFault> {
        let Workload::Starknet(section) = genesis.workload() else {
            return Err(EngineFault("genesis field `workload`: this engine executes `starknet` only".into()));
        };
        let section: StarknetSection = serde_json::from_value(section.clone())
            .map_err(|error| EngineFault(format!("genesis field `workload.starknet`: {error}")))?;
        section.check().map_err(|text| EngineFault(format!("genesis field `workload.{text}`")))?;
        let chain_id = ChainId::from(genesis.chain_id().to_owned());
        let known = |text| {
            let felt = StarkFelt::from_hex(text).map_err(|error| EngineFault(format!("{text}: {error}")))?;
            convert::address(felt).map_err(EngineFault)
        };
        let info = ChainInfo {
            chain_id: chain_id.clone(),
            fee_token_addresses: FeeTokenAddresses {
                strk_fee_token_address: known(STRK_ADDRESS)?,
                eth_fee_token_address: known(ETH_ADDRESS)?,
            },
            is_l3: false,
        };
        let chain = Self { genesis: genesis.clone(), section, classes: Classes::vendored()?, chain_id, info };
        let later = genesis.file().activations.iter().map(|activation| activation.height);
        for height in std::iter::once(genesis.first_height()).chain(later) {
            chain.check_height(height)?;
        }
        Ok(chain)
    }

    fn check_height(&self, height: Height) -> Result<(), EngineFault> {
        let params = self.params(height)?;
        if params.part_format != PART_FORMAT {
            let text =
                format!("part format {:?} at height {height}: only {PART_FORMAT:?} is known here", params.part_format);
            return Err(EngineFault(text));
        }
        Scheme::named(&params.commitment_scheme).map_err(|text| EngineFault(format!("{text} (height {height})")))?;
        self.version_constants(&params.starknet_version)?;
        convert::address(convert::stark(&params.builder))
            .map_err(|text| EngineFault(format!("builder at height {height}: {text}")))?;
        Ok(())
    }

    /// Parameters of a height that is not below the first.
    pub fn params(&self, height: Height) -> Result<HeightParams, EngineFault> {
        let below = || EngineFault(format!("height {height} is below the first, {}", self.genesis.first_height()));
        self.genesis.height_params(height).ok_or_else(below)
    }

    /// Commitment to the constants of a version: Starknet's Keccak of the JSON text of the constants.
    pub fn version_constants(&self, version: &str) -> Result<StarkFelt, EngineFault> {
        let known = StarknetVersion::try_from(version).ok().and_then(|v| VersionedConstants::json_str(&v).ok());
        let text = known.ok_or_else(|| EngineFault(format!("Starknet {version} cannot be executed here")))?;
        Ok(starknet_keccak(text.as_bytes()))
    }

    /// What reading a transaction of this height depends on.
    pub fn rules(&self, height: Height) -> Result<Rules<'_>, EngineFault> {
        let params = self.params(height)?;
        let version = StarknetVersion::try_from(&*params.starknet_version)
            .map_err(|error| EngineFault(format!("Starknet {}: {error}", params.starknet_version)))?;
        let constants = VersionedConstants::get(&version)
            .map_err(|error| EngineFault(format!("Starknet {}: {error}", params.starknet_version)))?;
        // From 0.14.1 on a compiled class is named by its Blake hash, before by its Poseidon hash.
        let blake = constants.block_casm_hash_v1_declares;
        let compiled_hashes = if blake { HashVersion::V2 } else { HashVersion::V1 };
        Ok(Rules { chain_id: &self.chain_id, classes: &self.classes, compiled_hashes })
    }

    /// The chain id as a felt.
    #[must_use]
    pub fn chain_id_felt(&self) -> StarkFelt {
        convert::short_string(self.genesis.chain_id())
    }

    /// What transactions of a block see.
    pub fn block_context(&self, init: &Init) -> Result<BlockContext, EngineFault> {
        let info = init.block_info().map_err(EngineFault)?;
        let constants = VersionedConstants::get(&info.starknet_version)
            .map_err(|error| EngineFault(format!("Starknet {}: {error}", init.starknet_version)))?;
        Ok(BlockContext::new(info, self.info.clone(), constants.clone(), self.bouncer()))
    }

    /// Limits of a block. What genesis does not name is the library's default for Starknet.
    fn bouncer(&self) -> BouncerConfig {
        let limits = &self.section.block_limits;
        let size = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
        let default = BouncerConfig::default();
        BouncerConfig {
            block_max_capacity: BouncerWeights {
                n_txs: limits.max_transactions as usize,
                n_events: size(limits.max_events),
                state_diff_size: size(limits.max_state_diff),
                receipt_l2_gas: GasAmount(limits.max_l2_gas),
                ..default.block_max_capacity
            },
            ..default
        }
    }
}

/// One chain, shared by everything that works on it.
pub type SharedChain = Arc<Chain>;
