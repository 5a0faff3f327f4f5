//! Blocks and receipts in the shapes of the specification.

use starknet_rust_core::types::{
    BlockStatus, BlockWithReceipts, BlockWithTxHashes, BlockWithTxs, DeclareTransactionReceipt,
    DeployAccountTransactionReceipt, DeployTransactionReceipt, InvokeTransaction, InvokeTransactionReceipt,
    L1HandlerTransactionReceipt, MaybePreConfirmedBlockWithReceipts, MaybePreConfirmedBlockWithTxHashes,
    MaybePreConfirmedBlockWithTxs, PreConfirmedBlockWithReceipts, PreConfirmedBlockWithTxHashes,
    PreConfirmedBlockWithTxs, ReceiptBlock, Transaction, TransactionFinalityStatus, TransactionReceipt,
    TransactionReceiptWithBlockInfo, TransactionWithReceipt,
};

use crate::{Block, ExecutedTransaction, ViewError};

/// A block of type `$confirmed` if its hash is known, else of type `$pre_confirmed`.
macro_rules! block {
    ($block:ident, $transactions:ident, $either:ident, $confirmed:ident, $pre_confirmed:ident) => {
        match $block.sealed {
            Some(sealed) => $either::Block($confirmed {
                status: BlockStatus::AcceptedOnL2,
                block_hash: sealed.block_hash,
                parent_hash: sealed.parent_hash,
                block_number: $block.height,
                new_root: sealed.state_root,
                timestamp: $block.timestamp,
                sequencer_address: $block.sequencer_address,
                l1_gas_price: $block.l1_gas_price,
                l2_gas_price: $block.l2_gas_price,
                l1_data_gas_price: $block.l1_data_gas_price,
                l1_da_mode: $block.l1_da_mode,
                starknet_version: $block.starknet_version,
                event_commitment: $block.event_commitment,
                transaction_commitment: $block.transaction_commitment,
                receipt_commitment: $block.receipt_commitment,
                state_diff_commitment: $block.state_diff_commitment,
                event_count: $block.transactions.iter().map(|executed| executed.events.len() as u64).sum(),
                transaction_count: $block.transactions.len() as u64,
                state_diff_length: $block.state_diff_length,
                transactions: $transactions,
            }),
            None => $either::PreConfirmedBlock($pre_confirmed {
                transactions: $transactions,
                block_number: $block.height,
                timestamp: $block.timestamp,
                sequencer_address: $block.sequencer_address,
                l1_gas_price: $block.l1_gas_price,
                l2_gas_price: $block.l2_gas_price,
                l1_data_gas_price: $block.l1_data_gas_price,
                l1_da_mode: $block.l1_da_mode,
                starknet_version: $block.starknet_version,
            }),
        }
    };
}

pub(crate) fn block_with_hashes(block: Block) -> MaybePreConfirmedBlockWithTxHashes {
    let hashes = block.transactions.iter().map(|executed| *executed.transaction.transaction_hash()).collect();
    block!(block, hashes, MaybePreConfirmedBlockWithTxHashes, BlockWithTxHashes, PreConfirmedBlockWithTxHashes)
}

pub(crate) fn block_with_transactions(block: Block, proof_facts: bool) -> MaybePreConfirmedBlockWithTxs {
    let transactions = block.transactions.iter().map(|e| transaction(e.transaction.clone(), proof_facts)).collect();
    block!(block, transactions, MaybePreConfirmedBlockWithTxs, BlockWithTxs, PreConfirmedBlockWithTxs)
}

pub(crate) fn block_with_receipts(
    block: Block,
    proof_facts: bool,
) -> Result<MaybePreConfirmedBlockWithReceipts, ViewError> {
    let finality = finality(&block);
    let with_receipt = |executed: &ExecutedTransaction| {
        Ok(TransactionWithReceipt {
            transaction: transaction(executed.transaction.clone(), proof_facts).into(),
            receipt: receipt(executed.clone(), finality)?,
        })
    };
    let transactions = block.transactions.iter().map(with_receipt).collect::<Result<_, ViewError>>()?;
    Ok(block!(
        block,
        transactions,
        MaybePreConfirmedBlockWithReceipts,
        BlockWithReceipts,
        PreConfirmedBlockWithReceipts
    ))
}

pub(crate) fn receipt_with_block(
    block: &Block,
    executed: ExecutedTransaction,
) -> Result<TransactionReceiptWithBlockInfo, ViewError> {
    let block_number = block.height;
    Ok(TransactionReceiptWithBlockInfo {
        receipt: receipt(executed, finality(block))?,
        block: match block.sealed {
            Some(sealed) => ReceiptBlock::Block { block_hash: sealed.block_hash, block_number },
            None => ReceiptBlock::PreConfirmed { block_number },
        },
    })
}

/// The specification has receipts without a block hash only for what is pre-confirmed.
fn finality(block: &Block) -> TransactionFinalityStatus {
    match block.sealed {
        Some(_) => TransactionFinalityStatus::AcceptedOnL2,
        None => TransactionFinalityStatus::PreConfirmed,
    }
}

/// The transaction, with proof facts only if they were asked for, and then also if there are none.
pub(crate) fn transaction(mut transaction: Transaction, proof_facts: bool) -> Transaction {
    if let Transaction::Invoke(InvokeTransaction::V3(invoke)) = &mut transaction {
        invoke.proof_facts = proof_facts.then(|| invoke.proof_facts.take().unwrap_or_default());
    }
    transaction
}

fn receipt(
    executed: ExecutedTransaction,
    finality_status: TransactionFinalityStatus,
) -> Result<TransactionReceipt, ViewError> {
    let ExecutedTransaction {
        transaction,
        actual_fee,
        events,
        messages_sent,
        execution_resources,
        execution_result,
        contract_address,
    } = executed;
    let transaction_hash = *transaction.transaction_hash();
    macro_rules! receipt {
        ($kind:ident, $type:ident $(, $field:ident)*) => {
            TransactionReceipt::$kind($type {
                transaction_hash,
                actual_fee,
                finality_status,
                messages_sent,
                events,
                execution_resources,
                execution_result,
                $($field),*
            })
        };
    }
    Ok(match transaction {
        Transaction::Invoke(_) => receipt!(Invoke, InvokeTransactionReceipt),
        Transaction::Declare(_) => receipt!(Declare, DeclareTransactionReceipt),
        Transaction::Deploy(_) => receipt!(Deploy, DeployTransactionReceipt, contract_address),
        Transaction::DeployAccount(_) => receipt!(DeployAccount, DeployAccountTransactionReceipt, contract_address),
        Transaction::L1Handler(handler) => {
            let message = handler.parse_msg_to_l2();
            let message = message.map_err(|e| ViewError::Internal(format!("L1 handler {transaction_hash:#x}: {e}")))?;
            let message_hash = message.hash();
            receipt!(L1Handler, L1HandlerTransactionReceipt, message_hash)
        }
    })
}
