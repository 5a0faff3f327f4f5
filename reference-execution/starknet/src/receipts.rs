//! What a transaction did, as readers see it.

use blockifier::transaction::objects::TransactionExecutionInfo;
use ecp_commitments::{Event, GasConsumed, MessageToL1, TransactionOutcome};
use serde::{Deserialize, Serialize};
use starknet_types_core::felt::Felt as StarkFelt;

use crate::codec::Tx;

/// Kind of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TxKind {
    /// Calls contracts.
    Invoke,
    /// Creates an account.
    DeployAccount,
    /// Declares a class.
    Declare,
    /// Consumes a message from L1.
    L1Handler,
}

/// A transaction's effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The transaction.
    pub transaction_hash: StarkFelt,
    /// Kind.
    pub kind: TxKind,
    /// The account that pays, the new one for a deployment; the contract that a message from L1 is for.
    pub sender: StarkFelt,
    /// The class that was declared; absent for other kinds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared: Option<StarkFelt>,
    /// What was paid, in fri.
    pub actual_fee: u128,
    /// Why it was reverted, if it was. A reverted transaction is in its block and pays its fee (ECP-STK-006).
    pub revert_reason: Option<String>,
    /// Events in order, that of the fee among them.
    pub events: Vec<EventRecord>,
    /// Messages to L1 in order.
    pub messages: Vec<MessageRecord>,
    /// L1 gas.
    pub l1_gas: u64,
    /// L1 data gas.
    pub l1_data_gas: u64,
    /// L2 gas.
    pub l2_gas: u64,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRecord {
    /// The contract that emitted it.
    pub from_address: StarkFelt,
    /// Its keys.
    pub keys: Vec<StarkFelt>,
    /// Its data.
    pub data: Vec<StarkFelt>,
}

/// A message to L1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRecord {
    /// The contract that sent it.
    pub from_address: StarkFelt,
    /// The receiver on L1.
    pub to_address: StarkFelt,
    /// What it says.
    pub payload: Vec<StarkFelt>,
}

impl Receipt {
    /// Out of what the library says.
    #[must_use]
    pub fn new(tx: &Tx, info: &TransactionExecutionInfo) -> Self {
        let output = info.output_for_hashing();
        let events = output.events.iter().map(|event| EventRecord {
            from_address: *event.from_address.0.key(),
            keys: event.content.keys.iter().map(|key| key.0).collect(),
            data: event.content.data.0.clone(),
        });
        let messages = output.messages_sent.iter().map(|message| MessageRecord {
            from_address: *message.from_address.0.key(),
            to_address: StarkFelt::from_bytes_be_slice(message.to_address.0.as_bytes()),
            payload: message.payload.0.clone(),
        });
        Self {
            transaction_hash: tx.hash(),
            kind: tx.kind(),
            sender: tx.sender(),
            declared: match tx {
                Tx::Declare(declaration) => Some(declaration.class().class_hash.0),
                Tx::Account(_) | Tx::L1Handler(_) => None,
            },
            actual_fee: output.actual_fee.0,
            revert_reason: info.revert_error.as_ref().map(ToString::to_string),
            events: events.collect(),
            messages: messages.collect(),
            l1_gas: output.gas_consumed.l1_gas.0,
            l1_data_gas: output.gas_consumed.l1_data_gas.0,
            l2_gas: output.gas_consumed.l2_gas.0,
        }
    }

    /// What the commitments of a block cover.
    #[must_use]
    pub fn outcome(&self, tx: &Tx) -> TransactionOutcome {
        let event = |event: &EventRecord| Event {
            from_address: event.from_address,
            keys: event.keys.clone(),
            data: event.data.clone(),
        };
        let message = |message: &MessageRecord| MessageToL1 {
            from_address: message.from_address,
            to_address: message.to_address,
            payload: message.payload.clone(),
        };
        TransactionOutcome {
            transaction_hash: self.transaction_hash,
            signature: tx.signature(),
            actual_fee: self.actual_fee,
            events: self.events.iter().map(event).collect(),
            messages: self.messages.iter().map(message).collect(),
            revert_reason: self.revert_reason.clone(),
            gas: GasConsumed { l1_gas: self.l1_gas, l1_data_gas: self.l1_data_gas },
        }
    }
}
