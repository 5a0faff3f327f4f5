//! Transactions and blocks between this engine and the types of Starknet's JSON-RPC.

use std::sync::Arc;

use ecp_jsonrpc::{Block, ExecutedTransaction, Sealed};
use starknet_api::{
    block::GasPrice,
    core::{ClassHash, CompiledClassHash, Nonce},
    data_availability::DataAvailabilityMode as Mode,
    executable_transaction::AccountTransaction,
    execution_resources::GasAmount,
    transaction::{
        DeclareTransactionV3, DeployAccountTransactionV3, InvokeTransactionV3,
        fields::{
            AccountDeploymentData, AllResourceBounds, Calldata, ContractAddressSalt, PaymasterData, ProofFacts,
            ResourceBounds, Tip, TransactionSignature, ValidResourceBounds,
        },
    },
};
use starknet_rust_core::types::{
    self as rpc, BroadcastedDeclareTransactionV3, BroadcastedDeployAccountTransactionV3,
    BroadcastedInvokeTransactionV3, ContractStorageDiffItem, DataAvailabilityMode, DeclaredClassItem,
    DeployedContractItem, Event, ExecutionResources, ExecutionResult, FeePayment, L1DataAvailabilityMode, MsgToL1,
    NonceUpdate, PriceUnit, ResourceBoundsMapping, ResourcePrice, StateDiff, StorageEntry, Transaction,
};
use starknet_types_core::felt::Felt as StarkFelt;

use crate::{
    codec::Tx,
    convert,
    receipts::{EventRecord, Receipt, TxKind},
    rows::{BlockRecord, DiffRecord},
};

pub(crate) fn invoke(tx: BroadcastedInvokeTransactionV3) -> Result<InvokeTransactionV3, String> {
    Ok(InvokeTransactionV3 {
        resource_bounds: bounds(&tx.resource_bounds),
        tip: Tip(tx.tip),
        signature: TransactionSignature(Arc::new(tx.signature)),
        nonce: Nonce(tx.nonce),
        sender_address: convert::address(tx.sender_address)?,
        calldata: Calldata(Arc::new(tx.calldata)),
        nonce_data_availability_mode: mode(tx.nonce_data_availability_mode),
        fee_data_availability_mode: mode(tx.fee_data_availability_mode),
        paymaster_data: PaymasterData(tx.paymaster_data),
        account_deployment_data: AccountDeploymentData(tx.account_deployment_data),
        proof_facts: ProofFacts::default(),
    })
}

pub(crate) fn deploy_account(tx: BroadcastedDeployAccountTransactionV3) -> DeployAccountTransactionV3 {
    DeployAccountTransactionV3 {
        resource_bounds: bounds(&tx.resource_bounds),
        tip: Tip(tx.tip),
        signature: TransactionSignature(Arc::new(tx.signature)),
        nonce: Nonce(tx.nonce),
        class_hash: ClassHash(tx.class_hash),
        contract_address_salt: ContractAddressSalt(tx.contract_address_salt),
        constructor_calldata: Calldata(Arc::new(tx.constructor_calldata)),
        nonce_data_availability_mode: mode(tx.nonce_data_availability_mode),
        fee_data_availability_mode: mode(tx.fee_data_availability_mode),
        paymaster_data: PaymasterData(tx.paymaster_data),
    }
}

fn mode(mode: DataAvailabilityMode) -> Mode {
    match mode {
        DataAvailabilityMode::L1 => Mode::L1,
        DataAvailabilityMode::L2 => Mode::L2,
    }
}

fn rpc_mode(mode: Mode) -> DataAvailabilityMode {
    match mode {
        Mode::L1 => DataAvailabilityMode::L1,
        Mode::L2 => DataAvailabilityMode::L2,
    }
}

fn bounds(bounds: &ResourceBoundsMapping) -> ValidResourceBounds {
    let one = |bounds: &rpc::ResourceBounds| ResourceBounds {
        max_amount: GasAmount(bounds.max_amount),
        max_price_per_unit: GasPrice(bounds.max_price_per_unit),
    };
    ValidResourceBounds::AllResources(AllResourceBounds {
        l1_gas: one(&bounds.l1_gas),
        l2_gas: one(&bounds.l2_gas),
        l1_data_gas: one(&bounds.l1_data_gas),
    })
}

fn rpc_bounds(bounds: &ValidResourceBounds) -> ResourceBoundsMapping {
    let one = |bounds: ResourceBounds| rpc::ResourceBounds {
        max_amount: bounds.max_amount.0,
        max_price_per_unit: bounds.max_price_per_unit.0,
    };
    // No transaction is admitted with other bounds than all three.
    let data = match bounds {
        ValidResourceBounds::AllResources(all) => all.l1_data_gas,
        ValidResourceBounds::L1Gas(_) => ResourceBounds::default(),
    };
    ResourceBoundsMapping {
        l1_gas: one(bounds.get_l1_bounds()),
        l1_data_gas: one(data),
        l2_gas: one(bounds.get_l2_bounds()),
    }
}

/// A declaration but for its class.
pub(crate) fn declare(
    tx: BroadcastedDeclareTransactionV3,
    class_hash: ClassHash,
) -> Result<DeclareTransactionV3, String> {
    Ok(DeclareTransactionV3 {
        resource_bounds: bounds(&tx.resource_bounds),
        tip: Tip(tx.tip),
        signature: TransactionSignature(Arc::new(tx.signature)),
        nonce: Nonce(tx.nonce),
        class_hash,
        compiled_class_hash: CompiledClassHash(tx.compiled_class_hash),
        sender_address: convert::address(tx.sender_address)?,
        nonce_data_availability_mode: mode(tx.nonce_data_availability_mode),
        fee_data_availability_mode: mode(tx.fee_data_availability_mode),
        paymaster_data: PaymasterData(tx.paymaster_data),
        account_deployment_data: AccountDeploymentData(tx.account_deployment_data),
    })
}

/// A declaration with its hash.
pub(crate) fn declared(tx: DeclareTransactionV3, transaction_hash: StarkFelt) -> Transaction {
    Transaction::Declare(rpc::DeclareTransaction::V3(rpc::DeclareTransactionV3 {
        transaction_hash,
        sender_address: *tx.sender_address.0.key(),
        compiled_class_hash: tx.compiled_class_hash.0,
        signature: tx.signature.0.to_vec(),
        nonce: tx.nonce.0,
        class_hash: tx.class_hash.0,
        resource_bounds: rpc_bounds(&tx.resource_bounds),
        tip: tx.tip.0,
        paymaster_data: tx.paymaster_data.0,
        account_deployment_data: tx.account_deployment_data.0,
        nonce_data_availability_mode: rpc_mode(tx.nonce_data_availability_mode),
        fee_data_availability_mode: rpc_mode(tx.fee_data_availability_mode),
    }))
}

/// A transaction with its hash. `None` for what is never made.
pub(crate) fn transaction(tx: &Tx) -> Option<Transaction> {
    let transaction_hash = tx.hash();
    match tx {
        Tx::Declare(tx) => Some(declared(tx.tx().clone(), transaction_hash)),
        Tx::L1Handler(tx) => Some(Transaction::L1Handler(rpc::L1HandlerTransaction {
            transaction_hash,
            version: StarkFelt::ZERO,
            // No message with a larger nonce is admitted.
            nonce: u64::try_from(tx.tx.nonce.0).ok()?,
            contract_address: *tx.tx.contract_address.0.key(),
            entry_point_selector: tx.tx.entry_point_selector.0,
            calldata: tx.tx.calldata.0.to_vec(),
        })),
        Tx::Account(AccountTransaction::Invoke(tx)) => {
            Some(Transaction::Invoke(rpc::InvokeTransaction::V3(rpc::InvokeTransactionV3 {
                transaction_hash,
                sender_address: *tx.sender_address().0.key(),
                calldata: tx.calldata().0.to_vec(),
                signature: tx.signature().0.to_vec(),
                nonce: tx.nonce().0,
                resource_bounds: rpc_bounds(&tx.resource_bounds()),
                tip: tx.tip().0,
                paymaster_data: tx.paymaster_data().0,
                account_deployment_data: tx.account_deployment_data().0,
                nonce_data_availability_mode: rpc_mode(tx.nonce_data_availability_mode()),
                fee_data_availability_mode: rpc_mode(tx.fee_data_availability_mode()),
                proof_facts: None,
            })))
        }
        Tx::Account(AccountTransaction::DeployAccount(tx)) => {
            Some(Transaction::DeployAccount(rpc::DeployAccountTransaction::V3(rpc::DeployAccountTransactionV3 {
                transaction_hash,
                signature: tx.signature().0.to_vec(),
                nonce: tx.nonce().0,
                contract_address_salt: tx.contract_address_salt().0,
                constructor_calldata: tx.constructor_calldata().0.to_vec(),
                class_hash: tx.class_hash().0,
                resource_bounds: rpc_bounds(&tx.resource_bounds()),
                tip: tx.tip().0,
                paymaster_data: tx.paymaster_data().0,
                nonce_data_availability_mode: rpc_mode(tx.nonce_data_availability_mode()),
                fee_data_availability_mode: rpc_mode(tx.fee_data_availability_mode()),
            })))
        }
        Tx::Account(AccountTransaction::Declare(_)) => None,
    }
}

/// Events.
pub(crate) fn events(events: Vec<EventRecord>) -> Vec<Event> {
    let event = |event: EventRecord| Event { from_address: event.from_address, keys: event.keys, data: event.data };
    events.into_iter().map(event).collect()
}

/// A transaction and what it did.
pub(crate) fn executed(transaction: Transaction, receipt: Receipt) -> ExecutedTransaction {
    let messages = receipt.messages.into_iter().map(|message| MsgToL1 {
        from_address: message.from_address,
        to_address: message.to_address,
        payload: message.payload,
    });
    ExecutedTransaction {
        transaction,
        actual_fee: FeePayment { amount: receipt.actual_fee.into(), unit: PriceUnit::Fri },
        events: events(receipt.events),
        messages_sent: messages.collect(),
        execution_resources: ExecutionResources {
            l1_gas: receipt.l1_gas,
            l1_data_gas: receipt.l1_data_gas,
            l2_gas: receipt.l2_gas,
        },
        execution_result: match receipt.revert_reason {
            None => ExecutionResult::Succeeded,
            Some(reason) => ExecutionResult::Reverted { reason },
        },
        contract_address: match receipt.kind {
            TxKind::DeployAccount => receipt.sender,
            TxKind::Invoke | TxKind::Declare | TxKind::L1Handler => StarkFelt::ZERO,
        },
    }
}

/// A block.
pub(crate) fn block(record: BlockRecord, transactions: Vec<ExecutedTransaction>, sealed: Option<Sealed>) -> Block {
    let price = |fri: u128, wei: u128| ResourcePrice { price_in_fri: fri.into(), price_in_wei: wei.into() };
    let init = &record.init;
    Block {
        height: init.height,
        timestamp: init.timestamp,
        sequencer_address: init.builder,
        l1_gas_price: price(init.l1.gas_fri, init.l1.gas_wei),
        l2_gas_price: price(init.l2_gas_price_fri, init.l2_gas_price_wei()),
        l1_data_gas_price: price(init.l1.data_gas_fri, init.l1.data_gas_wei),
        l1_da_mode: if init.blobs { L1DataAvailabilityMode::Blob } else { L1DataAvailabilityMode::Calldata },
        transaction_commitment: record.content.transactions,
        event_commitment: record.content.events,
        receipt_commitment: record.content.receipts,
        state_diff_commitment: record.content.state_diff,
        state_diff_length: record.diff.to_diff().len(),
        starknet_version: record.init.starknet_version,
        sealed,
        transactions,
    }
}

/// What a block changed. Contracts that had a class before have a replaced one.
pub(crate) fn state_diff(diff: DiffRecord) -> StateDiff {
    let storage = diff.storage.into_iter().map(|(address, cells)| ContractStorageDiffItem {
        address,
        storage_entries: cells.into_iter().map(|(key, value)| StorageEntry { key, value }).collect(),
    });
    StateDiff {
        storage_diffs: storage.collect(),
        deprecated_declared_classes: Vec::new(),
        declared_classes: diff
            .classes
            .into_iter()
            .map(|(class_hash, compiled_class_hash)| DeclaredClassItem { class_hash, compiled_class_hash })
            .collect(),
        migrated_compiled_classes: None,
        deployed_contracts: diff
            .contracts
            .into_iter()
            .map(|(address, class_hash)| DeployedContractItem { address, class_hash })
            .collect(),
        replaced_classes: Vec::new(),
        nonces: diff
            .nonces
            .into_iter()
            .map(|(contract_address, nonce)| NonceUpdate { contract_address, nonce })
            .collect(),
    }
}
