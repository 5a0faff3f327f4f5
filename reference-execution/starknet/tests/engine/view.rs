//! What JSON-RPC reads of the engine and submits to it.
use crate::common::{self, BALANCE, KEYS, NEW_KEY, Node, Wallet};
use ecp_engine_starknet::{codec::Tx, section::STRK_ADDRESS};
use ecp_jsonrpc::{NodeView, Place, StateAt, ViewError};
use starknet_api::{
    abi::abi_utils::selector_from_name, executable_transaction::AccountTransaction,
    transaction::fields::ValidResourceBounds,
};
use starknet_rust_core::types::{
    BroadcastedDeployAccountTransaction, BroadcastedDeployAccountTransactionV3, BroadcastedInvokeTransaction,
    BroadcastedInvokeTransactionV3, BroadcastedTransaction, DataAvailabilityMode, ExecutionResult, FunctionCall,
    ResourceBounds, ResourceBoundsMapping, StarknetError, Transaction,
};
use starknet_types_core::felt::Felt as StarkFelt;

fn bounds(bounds: &ValidResourceBounds) -> ResourceBoundsMapping {
    let ValidResourceBounds::AllResources(all) = bounds else { panic!("{bounds:?}") };
    let one = |bounds: starknet_api::transaction::fields::ResourceBounds| ResourceBounds {
        max_amount: bounds.max_amount.0,
        max_price_per_unit: bounds.max_price_per_unit.0,
    };
    ResourceBoundsMapping { l1_gas: one(all.l1_gas), l1_data_gas: one(all.l1_data_gas), l2_gas: one(all.l2_gas) }
}

fn invoke(tx: &Tx) -> BroadcastedInvokeTransaction {
    let Tx::Account(AccountTransaction::Invoke(tx)) = tx else { panic!("{tx:?}") };
    BroadcastedInvokeTransaction {
        broadcasted_invoke_txn_v3: BroadcastedInvokeTransactionV3 {
            sender_address: *tx.sender_address().0.key(),
            calldata: tx.calldata().0.to_vec(),
            signature: tx.signature().0.to_vec(),
            nonce: tx.nonce().0,
            resource_bounds: bounds(&tx.resource_bounds()),
            tip: 0,
            paymaster_data: vec![],
            account_deployment_data: vec![],
            nonce_data_availability_mode: DataAvailabilityMode::L1,
            fee_data_availability_mode: DataAvailabilityMode::L1,
            proof_facts: None,
            is_query: false,
        },
        proof: None,
    }
}

fn deploy(tx: &Tx) -> BroadcastedDeployAccountTransaction {
    let Tx::Account(AccountTransaction::DeployAccount(tx)) = tx else { panic!("{tx:?}") };
    BroadcastedDeployAccountTransactionV3 {
        signature: tx.signature().0.to_vec(),
        nonce: tx.nonce().0,
        contract_address_salt: tx.contract_address_salt().0,
        constructor_calldata: tx.constructor_calldata().0.to_vec(),
        class_hash: tx.class_hash().0,
        resource_bounds: bounds(&tx.resource_bounds()),
        tip: 0,
        paymaster_data: vec![],
        nonce_data_availability_mode: DataAvailabilityMode::L1,
        fee_data_availability_mode: DataAvailabilityMode::L1,
        is_query: false,
    }
}

fn refused(result: Result<StarkFelt, ViewError>) -> StarknetError {
    match result {
        Err(ViewError::Starknet(error)) => error,
        other => panic!("{other:?}"),
    }
}

fn balance(node: &Node, wallet: &Wallet) -> StarkFelt {
    let call = FunctionCall {
        contract_address: StarkFelt::from_hex(STRK_ADDRESS).unwrap(),
        entry_point_selector: selector_from_name("balanceOf").0,
        calldata: vec![wallet.felt()],
    };
    node.engine.call(StateAt::Head, call).unwrap()[0]
}

#[test]
fn submitted_transactions_are_found_in_the_pool_and_then_in_a_block() {
    let node = Node::new();
    let view: &dyn NodeView = &*node.engine;
    let (a, b, new) = (node.wallet(KEYS[0]), node.wallet(KEYS[1]), node.wallet(NEW_KEY));
    let transfer = a.transfer(0, &b, 5);
    assert_eq!(view.head(), Ok(None));
    assert_eq!(view.add_invoke(invoke(&transfer)), Ok(transfer.hash()));
    let deployed = view.add_deploy_account(deploy(&new.deployment())).unwrap();
    assert_eq!(deployed.contract_address, new.felt());
    // Its account is not there yet, but its deployment waits.
    let second = new.transfer(1, &a, 1);
    assert_eq!(view.add_invoke(invoke(&second)), Ok(second.hash()));
    match view.transaction(transfer.hash()).unwrap() {
        Some(Place::Pool(tx)) => assert_eq!(*tx.transaction_hash(), transfer.hash()),
        other => panic!("{other:?}"),
    }
    node.block();
    assert_eq!(view.head(), Ok(Some(0)));
    assert_eq!(view.transaction(transfer.hash()), Ok(Some(Place::Block { height: 0, index: 0 })));
    assert_eq!(view.nonce(StateAt::Head, a.felt()), Ok(StarkFelt::ONE));
    assert_eq!(view.nonce(StateAt::Head, new.felt()), Ok(StarkFelt::TWO));
    assert_eq!(view.class_hash(StateAt::Head, new.felt()), Ok(new.class.0));
    assert_eq!(balance(&node, &b), StarkFelt::from(BALANCE + 5));

    let block = view.block(0).unwrap().unwrap();
    let sealed = block.sealed.unwrap();
    assert_eq!(view.height_of(sealed.block_hash), Ok(Some(0)));
    assert_eq!(sealed.parent_hash, StarkFelt::ZERO);
    assert_ne!(sealed.parent_root, sealed.state_root);
    assert_eq!(*view.hash_height().borrow(), Some(0));
    assert_eq!(block.transactions.len(), 3);
    assert!(block.transactions.iter().all(|tx| tx.execution_result == ExecutionResult::Succeeded));
    assert!(matches!(block.transactions[1].transaction, Transaction::DeployAccount(_)));
    assert_eq!(block.transactions[1].contract_address, new.felt());
    let diff = view.state_diff(0).unwrap().unwrap();
    assert!(diff.deployed_contracts.iter().any(|item| item.address == new.felt()));
    let cells: usize = diff.storage_diffs.iter().map(|item| item.storage_entries.len()).sum();
    assert_eq!(block.state_diff_length as usize, cells + diff.nonces.len() + diff.deployed_contracts.len());
}

#[test]
fn what_cannot_be_executed_is_refused_at_submission() {
    let node = Node::new();
    let view: &dyn NodeView = &*node.engine;
    let (a, b, new) = (node.wallet(KEYS[0]), node.wallet(KEYS[1]), node.wallet(NEW_KEY));
    let forged = refused(view.add_invoke(invoke(&a.forged_transfer(0, &b, 5))));
    assert!(matches!(forged, StarknetError::ValidationFailure(_)), "{forged:?}");
    let undeployed = refused(view.add_invoke(invoke(&new.transfer(1, &b, 5))));
    assert!(matches!(undeployed, StarknetError::ValidationFailure(_)), "{undeployed:?}");
    let far = refused(view.add_invoke(invoke(&a.transfer(1_000, &b, 5))));
    assert!(matches!(far, StarknetError::InvalidTransactionNonce(_)), "{far:?}");

    let first = a.transfer(0, &b, 5);
    view.add_invoke(invoke(&first)).unwrap();
    assert_eq!(refused(view.add_invoke(invoke(&first))), StarknetError::DuplicateTx);
    let replacing = refused(view.add_invoke(invoke(&a.transfer(0, &b, 6))));
    assert_eq!(replacing, StarknetError::ReplacementTransactionUnderpriced);
    node.block();
    assert_eq!(refused(view.add_invoke(invoke(&first))), StarknetError::DuplicateTx);
    let low = refused(view.add_invoke(invoke(&a.transfer(0, &b, 7))));
    assert!(matches!(low, StarknetError::InvalidTransactionNonce(_)), "{low:?}");

    let mut query = invoke(&a.transfer(1, &b, 5));
    query.broadcasted_invoke_txn_v3.is_query = true;
    assert_eq!(refused(view.add_invoke(query)), StarknetError::UnsupportedTxVersion);
    assert!(node.engine.mempool().is_empty());
}

#[test]
fn a_transaction_of_another_chain_fails_its_validation() {
    let other = Node::of(common::genesis(|file| file["chain_id"] = "ECP_OTHER".into()));
    let node = Node::new();
    let foreign = other.wallet(KEYS[0]).transfer(0, &other.wallet(KEYS[1]), 5);
    let error = refused(node.engine.add_invoke(invoke(&foreign)));
    assert!(matches!(error, StarknetError::ValidationFailure(_)), "{error:?}");
}

#[test]
fn a_fee_estimate_is_near_what_is_paid() {
    let node = Node::new();
    let (a, b) = (node.wallet(KEYS[0]), node.wallet(KEYS[1]));
    let transfer = a.transfer(0, &b, 5);
    let estimate = |skip| {
        let txs = vec![BroadcastedTransaction::Invoke(invoke(&transfer))];
        node.engine.estimate_fee(StateAt::Head, txs, skip).unwrap().remove(0)
    };
    let estimated = estimate(false);
    assert!(estimated.overall_fee > 0 && estimated.l2_gas_consumed > 0);
    assert!(estimate(true).l2_gas_consumed < estimated.l2_gas_consumed);
    node.engine.submit(transfer).unwrap();
    node.block();
    let paid: u128 = node.engine.block(0).unwrap().unwrap().transactions[0].actual_fee.amount.try_into().unwrap();
    assert!(paid.abs_diff(estimated.overall_fee) * 10 < paid, "{paid} {estimated:?}");
    let failing = vec![BroadcastedTransaction::Invoke(invoke(&a.transfer(1, &b, 10 * BALANCE)))];
    match node.engine.estimate_fee(StateAt::Head, failing, false) {
        Err(ViewError::Starknet(StarknetError::TransactionExecutionError(data))) => {
            assert_eq!(data.transaction_index, 0);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn calls_and_reads_say_what_is_missing() {
    let node = Node::new();
    let view: &dyn NodeView = &*node.engine;
    let nobody = StarkFelt::from(12_345_u32);
    let not_found = Err(ViewError::Starknet(StarknetError::ContractNotFound));
    assert_eq!(view.nonce(StateAt::Head, nobody), not_found);
    assert_eq!(view.storage(StateAt::Head, nobody, StarkFelt::ONE), not_found);
    assert_eq!(view.storage(StateAt::Head, StarkFelt::ONE, StarkFelt::ONE), Ok(StarkFelt::ZERO));
    assert_eq!(view.nonce(StateAt::Height(3), nobody), Err(ViewError::StateNotKept(3)));
    let strk = StarkFelt::from_hex(STRK_ADDRESS).unwrap();
    let call = |to, name: &str| {
        let call =
            FunctionCall { contract_address: to, entry_point_selector: selector_from_name(name).0, calldata: vec![] };
        view.call(StateAt::Head, call)
    };
    assert_eq!(call(nobody, "symbol").map(|_| StarkFelt::ZERO), not_found);
    assert_eq!(call(strk, "no_such_thing"), Err(ViewError::Starknet(StarknetError::EntrypointNotFound)));
    assert!(matches!(call(strk, "balanceOf"), Err(ViewError::Starknet(StarknetError::ContractError(_)))));
    // A byte array of no full chunk: zero, the characters, their count.
    let symbol = call(strk, "symbol").unwrap();
    assert_eq!(symbol, [StarkFelt::ZERO, StarkFelt::from_bytes_be_slice(b"STRK"), StarkFelt::from(4_u8)]);
    let name = call(strk, "name").unwrap();
    assert_eq!(name[1], StarkFelt::from_bytes_be_slice(b"Starknet Token"));
    assert_eq!(call(strk, "decimals").unwrap(), [StarkFelt::from(18_u8)]);
    let supply = call(strk, "total_supply").unwrap();
    assert_eq!(supply[0], StarkFelt::from(BALANCE * (KEYS.len() as u128 + 1)));
}
