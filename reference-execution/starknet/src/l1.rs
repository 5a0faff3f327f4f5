//! Messages from L1, and where this node sees them.

use std::sync::Arc;

use starknet_api::{
    core::{ChainId, EntryPointSelector, Nonce},
    executable_transaction::L1HandlerTransaction,
    transaction::{
        L1HandlerTransaction as ApiL1Handler, TransactionVersion,
        fields::{Calldata, Fee},
    },
};
use starknet_types_core::felt::Felt as StarkFelt;

use crate::{
    codec::{self, BadTransaction},
    convert, wire,
};

/// What execution takes for the fee paid on L1: the part format does not carry it, and only 0 would matter
/// (ECP-STK-009).
const PAID_FEE_ON_L1: Fee = Fee(1);
/// Most felts of a message's calldata.
const MAX_CALLDATA_FELTS: usize = 5_000;

/// A message from L1 to a contract.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct L1Message {
    /// The contract.
    pub to: StarkFelt,
    /// Its handler.
    pub selector: StarkFelt,
    /// The message's number on L1, below 2^64.
    pub nonce: StarkFelt,
    /// The sender on L1, below 2^160, then what it says.
    pub calldata: Vec<StarkFelt>,
}

/// Messages from L1 as this node sees them. Called from any thread, so it answers at once from what it knows.
pub trait L1Source: Send + Sync {
    /// Whether the message was sent, not cancelled, and paid for. Whether it was consumed is not asked.
    fn is_due(&self, message: &L1Message) -> bool;
    /// Up to `limit` messages that are due and that this chain may not have consumed yet, oldest first.
    fn waiting(&self, limit: usize) -> Vec<L1Message>;
    /// A committed block consumed the message: it need not wait any more, but stays due.
    fn consumed(&self, _message: &L1Message) {}
}

/// A node that sees no messages.
pub struct NoL1;

impl L1Source for NoL1 {
    fn is_due(&self, _message: &L1Message) -> bool {
        false
    }

    fn waiting(&self, _limit: usize) -> Vec<L1Message> {
        Vec::new()
    }
}

impl L1Message {
    /// The transaction that consumes the message. Its hash names the message on this chain.
    pub fn transaction(&self, chain_id: &ChainId) -> Result<L1HandlerTransaction, BadTransaction> {
        let refuse = |text: &str| Err(BadTransaction::NotAdmitted(text.into()));
        match self.calldata.first() {
            // Ethereum's addresses have 20 bytes.
            Some(sender) if *sender < StarkFelt::TWO.pow(160_u8) => {}
            _ => return refuse("a message from L1 begins with its sender, an address below 2^160"),
        }
        if self.nonce >= StarkFelt::TWO.pow(64_u8) {
            return refuse("the nonce of a message from L1 is below 2^64");
        }
        if self.calldata.len() > MAX_CALLDATA_FELTS {
            return refuse("the calldata has more than 5000 felts");
        }
        let tx = ApiL1Handler {
            version: TransactionVersion::ZERO,
            nonce: Nonce(self.nonce),
            contract_address: convert::address(self.to).map_err(BadTransaction::NotAdmitted)?,
            entry_point_selector: EntryPointSelector(self.selector),
            calldata: Calldata(Arc::new(self.calldata.clone())),
        };
        L1HandlerTransaction::create(tx, chain_id, PAID_FEE_ON_L1)
            .map_err(|error| BadTransaction::NotAdmitted(error.to_string()))
    }

    /// The message that a transaction consumes.
    #[must_use]
    pub fn of(tx: &L1HandlerTransaction) -> Self {
        Self {
            to: *tx.tx.contract_address.0.key(),
            selector: tx.tx.entry_point_selector.0,
            nonce: tx.tx.nonce.0,
            calldata: tx.tx.calldata.0.to_vec(),
        }
    }

    pub(crate) fn from_wire(message: &wire::L1HandlerV0) -> Result<Self, String> {
        Ok(Self {
            to: codec::address(message.address.as_ref(), "address")?,
            selector: codec::felt(message.entry_point_selector.as_ref(), "entry_point_selector")?,
            nonce: codec::felt(message.nonce.as_ref(), "nonce")?,
            calldata: codec::felts(&message.calldata, "calldata")?,
        })
    }

    pub(crate) fn to_wire(&self) -> wire::L1HandlerV0 {
        wire::L1HandlerV0 {
            nonce: Some(codec::write_felt(&self.nonce)),
            address: Some(codec::write_address(&self.to)),
            entry_point_selector: Some(codec::write_felt(&self.selector)),
            calldata: self.calldata.iter().map(codec::write_felt).collect(),
        }
    }
}
