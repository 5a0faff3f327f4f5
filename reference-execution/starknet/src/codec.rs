//! Transactions between the wire and the execution library.

use std::sync::Arc;

use blockifier::transaction::{
    account_transaction::AccountTransaction as ExecutableAccount, transaction_execution::Transaction,
};
use prost::Message as _;
use starknet_api::{
    block::GasPrice,
    contract_class::compiled_class_hash::HashVersion,
    core::{ChainId, ClassHash, Nonce},
    data_availability::DataAvailabilityMode,
    executable_transaction::{AccountTransaction, DeployAccountTransaction, InvokeTransaction, L1HandlerTransaction},
    execution_resources::GasAmount,
    transaction::{
        DeployAccountTransaction as ApiDeploy, DeployAccountTransactionV3, InvokeTransaction as ApiInvoke,
        InvokeTransactionV3,
        fields::{
            AccountDeploymentData, AllResourceBounds, Calldata, ContractAddressSalt, PaymasterData, ProofFacts,
            ResourceBounds, Tip, TransactionSignature, ValidResourceBounds,
        },
    },
};
use starknet_types_core::felt::Felt as StarkFelt;

use crate::{
    classes::Classes,
    convert,
    declare::{self, Declaration},
    l1::L1Message,
    receipts::TxKind,
    wire,
};

/// A transaction, its hash computed here, ready to execute.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "nearly all are transactions of accounts")]
pub enum Tx {
    /// An account's: an invocation, or the account's deployment.
    Account(AccountTransaction),
    /// An account's, with the class that it declares.
    Declare(Declaration),
    /// One that consumes a message from L1.
    L1Handler(L1HandlerTransaction),
}

/// Why a transaction of a payload is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTransaction {
    /// The bytes are no transaction.
    #[error("{0}")]
    Malformed(String),
    /// A transaction that no block of this chain may hold.
    #[error("{0}")]
    NotAdmitted(String),
    /// This node cannot tell.
    #[error("{0}")]
    Fault(String),
}

/// What reading a transaction of a height depends on.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    /// The chain id that hashes cover.
    pub chain_id: &'a ChainId,
    /// The classes that are compiled already.
    pub classes: &'a Classes,
    /// The hash scheme of compiled classes.
    pub compiled_hashes: HashVersion,
}

impl Tx {
    /// The hash.
    #[must_use]
    pub fn hash(&self) -> StarkFelt {
        match self {
            Self::Account(tx) => tx.tx_hash().0,
            Self::Declare(tx) => tx.hash(),
            Self::L1Handler(tx) => tx.tx_hash.0,
        }
    }

    /// Kind.
    #[must_use]
    pub const fn kind(&self) -> TxKind {
        match self {
            Self::Declare(_) => TxKind::Declare,
            Self::Account(AccountTransaction::DeployAccount(_)) => TxKind::DeployAccount,
            Self::Account(_) => TxKind::Invoke,
            Self::L1Handler(_) => TxKind::L1Handler,
        }
    }

    /// The paying account, or the contract that a message from L1 is for.
    #[must_use]
    pub fn sender(&self) -> StarkFelt {
        match self {
            Self::Account(tx) => *tx.sender_address().0.key(),
            Self::Declare(tx) => *tx.tx().sender_address.0.key(),
            Self::L1Handler(tx) => *tx.tx.contract_address.0.key(),
        }
    }

    /// The nonce: of the account, or of the message on L1.
    #[must_use]
    pub fn nonce(&self) -> StarkFelt {
        match self {
            Self::Account(tx) => tx.nonce().0,
            Self::Declare(tx) => tx.tx().nonce.0,
            Self::L1Handler(tx) => tx.tx.nonce.0,
        }
    }

    /// The signature; none for a message from L1.
    #[must_use]
    pub fn signature(&self) -> Vec<StarkFelt> {
        match self {
            Self::Account(tx) => tx.signature().0.to_vec(),
            Self::Declare(tx) => tx.tx().signature.0.to_vec(),
            Self::L1Handler(_) => Vec::new(),
        }
    }

    /// As the execution library takes it into a block.
    #[must_use]
    pub(crate) fn for_block(&self) -> Transaction {
        match self {
            Self::Account(tx) => Transaction::Account(ExecutableAccount::new_for_sequencing(tx.clone())),
            Self::Declare(tx) => Transaction::Account(ExecutableAccount::new_for_sequencing(tx.executable())),
            Self::L1Handler(tx) => Transaction::L1Handler(tx.clone()),
        }
    }

    /// An account's transaction as the execution library validates it; `None` for a message from L1.
    #[must_use]
    pub(crate) fn of_account(&self) -> Option<AccountTransaction> {
        match self {
            Self::Account(tx) => Some(tx.clone()),
            Self::Declare(tx) => Some(tx.executable()),
            Self::L1Handler(_) => None,
        }
    }

    /// Tip in fri per unit of L2 gas, and the highest price of L2 gas that is paid; zeros for a message from L1.
    #[must_use]
    pub fn bid(&self) -> (u64, u128) {
        let (tip, bounds) = match self {
            Self::Account(AccountTransaction::Invoke(tx)) => (tx.tip(), tx.resource_bounds()),
            Self::Account(AccountTransaction::DeployAccount(tx)) => (tx.tip(), tx.resource_bounds()),
            Self::Account(AccountTransaction::Declare(tx)) => (tx.tip(), tx.resource_bounds()),
            Self::Declare(tx) => (tx.tx().tip, tx.tx().resource_bounds),
            Self::L1Handler(_) => return (0, 0),
        };
        (tip.0, bounds.get_l2_bounds().max_price_per_unit.0)
    }

    /// An invoke transaction; its hash covers `chain_id`.
    pub fn invoke(tx: InvokeTransactionV3, chain_id: &ChainId) -> Result<Self, BadTransaction> {
        InvokeTransaction::create(ApiInvoke::V3(tx), chain_id)
            .map(|tx| Self::Account(AccountTransaction::Invoke(tx)))
            .map_err(|error| BadTransaction::NotAdmitted(error.to_string()))
    }

    /// A deploy-account transaction; its hash covers `chain_id`.
    pub fn deploy_account(tx: DeployAccountTransactionV3, chain_id: &ChainId) -> Result<Self, BadTransaction> {
        DeployAccountTransaction::create(ApiDeploy::V3(tx), chain_id)
            .map(|tx| Self::Account(AccountTransaction::DeployAccount(tx)))
            .map_err(|error| BadTransaction::NotAdmitted(error.to_string()))
    }

    /// Reads a transaction of a BODY payload. The hash it names must be the one that its content gives.
    pub fn from_wire(tx: &wire::ConsensusTransaction, rules: &Rules<'_>) -> Result<Self, BadTransaction> {
        let chain_id = rules.chain_id;
        let named = hash(tx.transaction_hash.as_ref(), "transaction_hash").map_err(BadTransaction::Malformed)?;
        let own = match &tx.txn {
            Some(wire::Txn::InvokeV3(with_proof)) => {
                let invoke = with_proof.invoke.as_ref().ok_or_else(|| missing("invoke"))?;
                if !with_proof.proof.is_empty() || !invoke.proof_facts.is_empty() {
                    return Err(BadTransaction::NotAdmitted("transactions with proofs are not admitted".into()));
                }
                Self::invoke(read_invoke(invoke).map_err(BadTransaction::Malformed)?, chain_id)?
            }
            Some(wire::Txn::DeployAccountV3(deploy)) => {
                Self::deploy_account(read_deploy(deploy).map_err(BadTransaction::Malformed)?, chain_id)?
            }
            Some(wire::Txn::DeclareV3(message)) => Self::Declare(declare::read(message, rules)?),
            Some(wire::Txn::L1Handler(message)) => {
                let message = L1Message::from_wire(message).map_err(BadTransaction::Malformed)?;
                Self::L1Handler(message.transaction(chain_id)?)
            }
            None => return Err(missing("txn")),
        };
        if own.hash() != named {
            return Err(BadTransaction::NotAdmitted(format!(
                "the transaction's hash on chain {chain_id} is {:#x}, but transaction_hash says {named:#x}",
                own.hash()
            )));
        }
        own.admissible()?;
        Ok(own)
    }

    /// The transaction as a message of a BODY payload.
    #[must_use]
    pub fn to_wire(&self) -> wire::ConsensusTransaction {
        self.message(true)
    }

    /// The transaction as a row: as on the wire, but a class stands in a row of its own.
    #[must_use]
    pub(crate) fn to_row(&self) -> wire::ConsensusTransaction {
        self.message(false)
    }

    fn message(&self, with_class: bool) -> wire::ConsensusTransaction {
        let txn = match self {
            Self::Declare(tx) => Some(wire::Txn::DeclareV3(declare::write(tx, with_class))),
            Self::L1Handler(tx) => Some(wire::Txn::L1Handler(L1Message::of(tx).to_wire())),
            Self::Account(AccountTransaction::Invoke(tx)) => {
                Some(wire::Txn::InvokeV3(wire::InvokeV3WithProof { invoke: Some(write_invoke(tx)), proof: Vec::new() }))
            }
            Self::Account(AccountTransaction::DeployAccount(tx)) => Some(wire::Txn::DeployAccountV3(write_deploy(tx))),
            // Never made: a declaration is a variant of its own.
            Self::Account(AccountTransaction::Declare(_)) => None,
        };
        wire::ConsensusTransaction { txn, transaction_hash: Some(write_hash(&self.hash())) }
    }

    /// The bytes of [`Self::to_wire`].
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_wire().encode_to_vec()
    }

    /// Rules that need no state, the same for the mempool and for every validator.
    pub fn admissible(&self) -> Result<(), BadTransaction> {
        match self {
            // A message from L1 was checked when its transaction was made.
            Self::L1Handler(_) => Ok(()),
            Self::Account(tx) => {
                let (deployment, calldata) = match tx {
                    AccountTransaction::Invoke(tx) => (tx.account_deployment_data().0.len(), tx.calldata().0.len()),
                    AccountTransaction::DeployAccount(tx) => (0, tx.constructor_calldata().0.len()),
                    AccountTransaction::Declare(_) => (0, 0),
                };
                admissible(&Common {
                    modes: [tx.nonce_data_availability_mode(), tx.fee_data_availability_mode()],
                    reserved: [tx.paymaster_data().0.len(), deployment],
                    bounds: tx.resource_bounds(),
                    signature: tx.signature().0.len(),
                    calldata,
                })
            }
            Self::Declare(declaration) => {
                let tx = declaration.tx();
                admissible(&Common {
                    modes: [tx.nonce_data_availability_mode, tx.fee_data_availability_mode],
                    reserved: [tx.paymaster_data.0.len(), tx.account_deployment_data.0.len()],
                    bounds: tx.resource_bounds,
                    signature: tx.signature.0.len(),
                    calldata: 0,
                })
            }
        }
    }
}

/// What the rules without state look at.
struct Common {
    modes: [DataAvailabilityMode; 2],
    /// Felts of paymaster data and of account deployment data.
    reserved: [usize; 2],
    bounds: ValidResourceBounds,
    signature: usize,
    calldata: usize,
}

fn admissible(tx: &Common) -> Result<(), BadTransaction> {
    let refuse = |text: &str| Err(BadTransaction::NotAdmitted(text.into()));
    if tx.modes.contains(&DataAvailabilityMode::L2) {
        return refuse("data availability modes other than L1 are not in use");
    }
    if tx.reserved[0] != 0 {
        return refuse("paymaster data must be empty");
    }
    if tx.reserved[1] != 0 {
        return refuse("account deployment data must be empty");
    }
    let ValidResourceBounds::AllResources(bounds) = tx.bounds else {
        return refuse("bounds of all three resources are required");
    };
    let prices = [bounds.l1_gas, bounds.l2_gas, bounds.l1_data_gas].map(|bound| bound.max_price_per_unit.0);
    if prices.iter().any(|price| *price > crate::header::MAX_PRICE) {
        return refuse("a price bound is above 2^64 - 1");
    }
    if bounds.l2_gas.max_amount.0 == 0 {
        return refuse("the bound of L2 gas is 0: no transaction runs without L2 gas");
    }
    if bounds.l2_gas.max_amount.0 > MAX_L2_GAS_BOUND {
        return refuse("the bound of L2 gas is above 10^15");
    }
    if tx.signature > MAX_SIGNATURE_FELTS {
        return refuse("the signature has more than 4000 felts");
    }
    if tx.calldata > MAX_CALLDATA_FELTS {
        return refuse("the calldata has more than 5000 felts");
    }
    Ok(())
}

/// Most felts of a signature.
const MAX_SIGNATURE_FELTS: usize = 4_000;
/// Most felts of a calldata.
const MAX_CALLDATA_FELTS: usize = 5_000;
/// Largest bound of L2 gas: no sum over a block overflows below it.
const MAX_L2_GAS_BOUND: u64 = 1_000_000_000_000_000;

fn missing(field: &str) -> BadTransaction {
    BadTransaction::Malformed(format!("{field} is missing"))
}

/// Reads a required hash.
pub(crate) fn hash(hash: Option<&wire::Hash>, field: &str) -> Result<StarkFelt, String> {
    let hash = hash.ok_or_else(|| format!("{field} is missing"))?;
    convert::canonical(&hash.elements).map_err(|error| format!("{field}: {error}"))
}

/// Reads a required felt.
pub(crate) fn felt(felt: Option<&wire::Felt252>, field: &str) -> Result<StarkFelt, String> {
    let felt = felt.ok_or_else(|| format!("{field} is missing"))?;
    convert::canonical(&felt.elements).map_err(|error| format!("{field}: {error}"))
}

/// Reads a required address as a felt below 2^251.
pub(crate) fn address(address: Option<&wire::Address>, field: &str) -> Result<StarkFelt, String> {
    let address = address.ok_or_else(|| format!("{field} is missing"))?;
    let felt = convert::canonical(&address.elements).map_err(|error| format!("{field}: {error}"))?;
    convert::address(felt).map_err(|error| format!("{field}: {error}"))?;
    Ok(felt)
}

pub(crate) fn felts(list: &[wire::Felt252], field: &str) -> Result<Vec<StarkFelt>, String> {
    list.iter()
        .enumerate()
        .map(|(i, felt)| convert::canonical(&felt.elements).map_err(|error| format!("{field}[{i}]: {error}")))
        .collect()
}

pub(crate) fn write_hash(felt: &StarkFelt) -> wire::Hash {
    wire::Hash { elements: felt.to_bytes_be().to_vec() }
}

pub(crate) fn write_felt(felt: &StarkFelt) -> wire::Felt252 {
    wire::Felt252 { elements: felt.to_bytes_be().to_vec() }
}

pub(crate) fn write_address(felt: &StarkFelt) -> wire::Address {
    wire::Address { elements: felt.to_bytes_be().to_vec() }
}

pub(crate) fn write_felts(felts: &[StarkFelt]) -> Vec<wire::Felt252> {
    felts.iter().map(write_felt).collect()
}

pub(crate) fn mode(value: i32, field: &str) -> Result<DataAvailabilityMode, String> {
    match wire::VolitionDomain::try_from(value) {
        Ok(wire::VolitionDomain::L1) => Ok(DataAvailabilityMode::L1),
        Ok(wire::VolitionDomain::L2) => Ok(DataAvailabilityMode::L2),
        Err(_) => Err(format!("{field}: {value} is no known mode")),
    }
}

pub(crate) fn write_mode(mode: DataAvailabilityMode) -> i32 {
    match mode {
        DataAvailabilityMode::L1 => wire::VolitionDomain::L1 as i32,
        DataAvailabilityMode::L2 => wire::VolitionDomain::L2 as i32,
    }
}

pub(crate) fn bounds(bounds: Option<&wire::ResourceBounds>) -> Result<ValidResourceBounds, String> {
    let bounds = bounds.ok_or("resource_bounds is missing")?;
    Ok(ValidResourceBounds::AllResources(AllResourceBounds {
        l1_gas: bound(bounds.l1_gas.as_ref(), "l1_gas")?,
        l2_gas: bound(bounds.l2_gas.as_ref(), "l2_gas")?,
        l1_data_gas: bound(bounds.l1_data_gas.as_ref(), "l1_data_gas")?,
    }))
}

fn bound(limits: Option<&wire::ResourceLimits>, field: &str) -> Result<ResourceBounds, String> {
    let limits = limits.ok_or_else(|| format!("resource_bounds.{field} is missing"))?;
    let price = felt(limits.max_price_per_unit.as_ref(), field)?;
    let price = u128::try_from(price).map_err(|_| format!("resource_bounds.{field}: a price has at most 128 bits"))?;
    Ok(ResourceBounds { max_amount: GasAmount(limits.max_amount), max_price_per_unit: GasPrice(price) })
}

pub(crate) fn write_bounds(bounds: &ValidResourceBounds) -> wire::ResourceBounds {
    let limits = |bounds: ResourceBounds| {
        Some(wire::ResourceLimits {
            max_amount: bounds.max_amount.0,
            max_price_per_unit: Some(write_felt(&StarkFelt::from(bounds.max_price_per_unit.0))),
        })
    };
    let ValidResourceBounds::AllResources(all) = bounds else {
        return wire::ResourceBounds { l1_gas: limits(bounds.get_l1_bounds()), l1_data_gas: None, l2_gas: None };
    };
    wire::ResourceBounds {
        l1_gas: limits(all.l1_gas),
        l1_data_gas: limits(all.l1_data_gas),
        l2_gas: limits(all.l2_gas),
    }
}

pub(crate) fn signature(signature: Option<&wire::AccountSignature>) -> Result<TransactionSignature, String> {
    let parts = &signature.ok_or("signature is missing")?.parts;
    Ok(TransactionSignature(Arc::new(felts(parts, "signature")?)))
}

fn read_invoke(tx: &wire::InvokeV3) -> Result<InvokeTransactionV3, String> {
    Ok(InvokeTransactionV3 {
        resource_bounds: bounds(tx.resource_bounds.as_ref())?,
        tip: Tip(tx.tip),
        signature: signature(tx.signature.as_ref())?,
        nonce: Nonce(felt(tx.nonce.as_ref(), "nonce")?),
        sender_address: convert::address(address(tx.sender.as_ref(), "sender")?)?,
        calldata: Calldata(Arc::new(felts(&tx.calldata, "calldata")?)),
        nonce_data_availability_mode: mode(tx.nonce_data_availability_mode, "nonce_data_availability_mode")?,
        fee_data_availability_mode: mode(tx.fee_data_availability_mode, "fee_data_availability_mode")?,
        paymaster_data: PaymasterData(felts(&tx.paymaster_data, "paymaster_data")?),
        account_deployment_data: AccountDeploymentData(felts(&tx.account_deployment_data, "account_deployment_data")?),
        proof_facts: ProofFacts::default(),
    })
}

fn write_invoke(tx: &InvokeTransaction) -> wire::InvokeV3 {
    wire::InvokeV3 {
        sender: Some(write_address(tx.sender_address().0.key())),
        signature: Some(wire::AccountSignature { parts: write_felts(&tx.signature().0) }),
        calldata: write_felts(&tx.calldata().0),
        resource_bounds: Some(write_bounds(&tx.resource_bounds())),
        tip: tx.tip().0,
        paymaster_data: write_felts(&tx.paymaster_data().0),
        account_deployment_data: write_felts(&tx.account_deployment_data().0),
        nonce_data_availability_mode: write_mode(tx.nonce_data_availability_mode()),
        fee_data_availability_mode: write_mode(tx.fee_data_availability_mode()),
        nonce: Some(write_felt(&tx.nonce().0)),
        proof_facts: Vec::new(),
    }
}

fn read_deploy(tx: &wire::DeployAccountV3) -> Result<DeployAccountTransactionV3, String> {
    Ok(DeployAccountTransactionV3 {
        resource_bounds: bounds(tx.resource_bounds.as_ref())?,
        tip: Tip(tx.tip),
        signature: signature(tx.signature.as_ref())?,
        nonce: Nonce(felt(tx.nonce.as_ref(), "nonce")?),
        class_hash: ClassHash(hash(tx.class_hash.as_ref(), "class_hash")?),
        contract_address_salt: ContractAddressSalt(felt(tx.address_salt.as_ref(), "address_salt")?),
        constructor_calldata: Calldata(Arc::new(felts(&tx.calldata, "calldata")?)),
        nonce_data_availability_mode: mode(tx.nonce_data_availability_mode, "nonce_data_availability_mode")?,
        fee_data_availability_mode: mode(tx.fee_data_availability_mode, "fee_data_availability_mode")?,
        paymaster_data: PaymasterData(felts(&tx.paymaster_data, "paymaster_data")?),
    })
}

fn write_deploy(tx: &DeployAccountTransaction) -> wire::DeployAccountV3 {
    wire::DeployAccountV3 {
        signature: Some(wire::AccountSignature { parts: write_felts(&tx.signature().0) }),
        class_hash: Some(write_hash(&tx.class_hash().0)),
        nonce: Some(write_felt(&tx.nonce().0)),
        address_salt: Some(write_felt(&tx.contract_address_salt().0)),
        calldata: write_felts(&tx.constructor_calldata().0),
        resource_bounds: Some(write_bounds(&tx.resource_bounds())),
        tip: tx.tip().0,
        paymaster_data: write_felts(&tx.paymaster_data().0),
        nonce_data_availability_mode: write_mode(tx.nonce_data_availability_mode()),
        fee_data_availability_mode: write_mode(tx.fee_data_availability_mode()),
    }
}
