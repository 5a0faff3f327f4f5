//! Our commitments against those of `starknet_api`, which the network's sequencer uses, on arbitrary content.

use std::sync::Arc;

use ecp_commitments::{
    self as ours, BlockCommitments, BlockHeader, DataAvailability, GasConsumed, StarknetVersion, TransactionOutcome,
};
use proptest::prelude::*;
use starknet_api::{
    block::{BlockHash, BlockNumber, BlockTimestamp, GasPrice, GasPricePerToken},
    block_hash::{
        block_hash_calculator::{
            PartialBlockHash, PartialBlockHashComponents, TransactionHashingData, TransactionOutputForHash,
            calculate_block_commitments, calculate_block_hash,
        },
        state_diff_hash::calculate_state_diff_hash,
    },
    core::{ClassHash, CompiledClassHash, ContractAddress, EthAddress, GlobalRoot, Nonce, SequencerContractAddress},
    crypto::patricia_hash::calculate_root,
    data_availability::L1DataAvailabilityMode,
    execution_resources::{GasAmount, GasVector},
    hash::starknet_keccak_hash,
    state::{StorageKey, ThinStateDiff},
    transaction::{
        Event, EventContent, EventData, EventKey, L2ToL1Payload, MessageToL1, RevertedTransactionExecutionStatus,
        TransactionExecutionStatus, TransactionHash,
        fields::{Fee, TransactionSignature},
    },
};
use starknet_types_core::{
    felt::Felt,
    hash::{Pedersen, Poseidon},
};

fn felt() -> impl Strategy<Value = Felt> {
    any::<[u8; 32]>().prop_map(|bytes| Felt::from_bytes_be(&bytes))
}

/// A value that a leaf can have: zero is absence in our tries.
fn leaf() -> impl Strategy<Value = Felt> {
    felt().prop_map(|felt| if felt == Felt::ZERO { Felt::ONE } else { felt })
}

/// An address or storage key: below 2^250.
fn address() -> impl Strategy<Value = Felt> {
    prop_oneof![(1_u64..8).prop_map(Felt::from), any::<[u8; 31]>().prop_map(|bytes| Felt::from_bytes_be_slice(&bytes)),]
}

fn felts(most: usize) -> impl Strategy<Value = Vec<Felt>> {
    prop::collection::vec(felt(), 0..most)
}

fn outcome() -> impl Strategy<Value = TransactionOutcome> {
    let event =
        (address(), felts(4), felts(5)).prop_map(|(from_address, keys, data)| ours::Event { from_address, keys, data });
    let message = (address(), any::<[u8; 20]>(), felts(3)).prop_map(|(from_address, to, payload)| ours::MessageToL1 {
        from_address,
        to_address: Felt::from_bytes_be_slice(&to),
        payload,
    });
    let gas = (any::<u64>(), any::<u64>()).prop_map(|(l1_gas, l1_data_gas)| GasConsumed { l1_gas, l1_data_gas });
    let (events, messages) = (prop::collection::vec(event, 0..4), prop::collection::vec(message, 0..3));
    (felt(), felts(4), any::<u128>(), events, messages, prop::option::of(".*"), gas).prop_map(
        |(transaction_hash, signature, actual_fee, events, messages, revert_reason, gas)| TransactionOutcome {
            transaction_hash,
            signature,
            actual_fee,
            events,
            messages,
            revert_reason,
            gas,
        },
    )
}

fn state_diff() -> impl Strategy<Value = ours::StateDiff> {
    let map = || prop::collection::btree_map(address(), felt(), 0..4);
    let storage = prop::collection::btree_map(address(), prop::collection::btree_map(address(), felt(), 0..4), 0..4);
    (map(), map(), map(), prop::collection::btree_set(felt(), 0..3), storage).prop_map(
        |(deployed_contracts, declared_classes, nonces, deprecated_declared_classes, storage_diffs)| ours::StateDiff {
            deployed_contracts,
            declared_classes,
            deprecated_declared_classes,
            storage_diffs,
            nonces,
        },
    )
}

fn contract(felt: &Felt) -> ContractAddress {
    ContractAddress::try_from(*felt).unwrap()
}

fn their_diff(diff: &ours::StateDiff) -> ThinStateDiff {
    // Their maps keep the order of insertion: reversed, so that sorting is put to the test.
    ThinStateDiff {
        deployed_contracts: diff.deployed_contracts.iter().rev().map(|(a, c)| (contract(a), ClassHash(*c))).collect(),
        storage_diffs: diff
            .storage_diffs
            .iter()
            .rev()
            .map(|(a, cells)| {
                let cells = cells.iter().rev().map(|(k, v)| (StorageKey::try_from(*k).unwrap(), *v));
                (contract(a), cells.collect())
            })
            .collect(),
        class_hash_to_compiled_class_hash: diff
            .declared_classes
            .iter()
            .rev()
            .map(|(class, casm)| (ClassHash(*class), CompiledClassHash(*casm)))
            .collect(),
        deprecated_declared_classes: diff.deprecated_declared_classes.iter().rev().map(|c| ClassHash(*c)).collect(),
        nonces: diff.nonces.iter().rev().map(|(a, n)| (contract(a), Nonce(*n))).collect(),
    }
}

fn their_transaction(outcome: &TransactionOutcome) -> TransactionHashingData {
    let to_eth = |felt: &Felt| EthAddress::try_from(*felt).unwrap();
    TransactionHashingData {
        transaction_hash: TransactionHash(outcome.transaction_hash),
        transaction_signature: TransactionSignature(Arc::new(outcome.signature.clone())),
        transaction_output: TransactionOutputForHash {
            actual_fee: Fee(outcome.actual_fee),
            events: outcome
                .events
                .iter()
                .map(|event| Event {
                    from_address: contract(&event.from_address),
                    content: EventContent {
                        keys: event.keys.iter().copied().map(EventKey).collect(),
                        data: EventData(event.data.clone()),
                    },
                })
                .collect(),
            execution_status: match &outcome.revert_reason {
                None => TransactionExecutionStatus::Succeeded,
                Some(reason) => TransactionExecutionStatus::Reverted(RevertedTransactionExecutionStatus {
                    revert_reason: reason.clone(),
                }),
            },
            gas_consumed: GasVector {
                l1_gas: GasAmount(outcome.gas.l1_gas),
                l1_data_gas: GasAmount(outcome.gas.l1_data_gas),
                l2_gas: GasAmount(77),
            },
            messages_sent: outcome
                .messages
                .iter()
                .map(|message| MessageToL1 {
                    from_address: contract(&message.from_address),
                    to_address: to_eth(&message.to_address),
                    payload: L2ToL1Payload(message.payload.clone()),
                })
                .collect(),
        },
    }
}

fn header() -> impl Strategy<Value = BlockHeader> {
    let price = || (any::<u128>(), any::<u128>()).prop_map(|(wei, fri)| ours::GasPrice { wei, fri });
    let version = prop::sample::select(vec!["0.13.2", "0.13.3", "0.13.4", "0.13.5", "0.14.0", "0.14.2", "0.14.4"]);
    (any::<u64>(), address(), any::<u64>(), price(), price(), price(), version).prop_map(
        |(number, sequencer, timestamp, l1_gas_price, l1_data_gas_price, l2_gas_price, version)| BlockHeader {
            number,
            sequencer,
            timestamp,
            l1_gas_price,
            l1_data_gas_price,
            l2_gas_price,
            version: version.parse().unwrap(),
            commitments: BlockCommitments::default(),
        },
    )
}

fn their_version(version: &StarknetVersion) -> starknet_api::block::StarknetVersion {
    version.to_string().as_str().try_into().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn roots_of_height_64_with_both_hashes(values in prop::collection::vec(leaf(), 0..70)) {
        prop_assert_eq!(ours::list_root::<Pedersen>(values.clone()), calculate_root::<Pedersen>(values.clone()));
        prop_assert_eq!(ours::list_root::<Poseidon>(values.clone()), calculate_root::<Poseidon>(values));
    }

    #[test]
    fn state_diff_commitments(diff in state_diff()) {
        let theirs = their_diff(&diff);
        prop_assert_eq!(ours::state_diff_commitment(&diff), calculate_state_diff_hash(&theirs).0.0);
        prop_assert_eq!(diff.len(), theirs.len() as u64);
    }

    #[test]
    fn keccaks(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert_eq!(ours::content::starknet_keccak(&bytes), starknet_keccak_hash(&bytes));
    }

    #[test]
    fn whole_blocks(
        outcomes in prop::collection::vec(outcome(), 0..6),
        diff in state_diff(),
        header in header(),
        blob in any::<bool>(),
        root in felt(),
        parent in felt(),
    ) {
        let mut header = header;
        let ours_mode = if blob { DataAvailability::Blob } else { DataAvailability::Calldata };
        let their_mode = if blob { L1DataAvailabilityMode::Blob } else { L1DataAvailabilityMode::Calldata };
        header.commitments = BlockCommitments::of(&outcomes, &diff, ours_mode, &header.version);

        let version = their_version(&header.version);
        let transactions: Vec<_> = outcomes.iter().map(their_transaction).collect();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (theirs, _) =
            runtime.block_on(calculate_block_commitments(&transactions, their_diff(&diff), their_mode, &version));
        prop_assert_eq!(header.commitments.transactions, theirs.transaction_commitment.0);
        prop_assert_eq!(header.commitments.events, theirs.event_commitment.0);
        prop_assert_eq!(header.commitments.receipts, theirs.receipt_commitment.0);
        prop_assert_eq!(header.commitments.state_diff, theirs.state_diff_commitment.0.0);
        prop_assert_eq!(header.commitments.counts, theirs.concatenated_counts);

        let price = |p: &ours::GasPrice| GasPricePerToken {
            price_in_fri: GasPrice(p.fri),
            price_in_wei: GasPrice(p.wei),
        };
        let components = PartialBlockHashComponents {
            header_commitments: theirs,
            block_number: BlockNumber(header.number),
            l1_gas_price: price(&header.l1_gas_price),
            l1_data_gas_price: price(&header.l1_data_gas_price),
            l2_gas_price: price(&header.l2_gas_price),
            sequencer: SequencerContractAddress(contract(&header.sequencer)),
            timestamp: BlockTimestamp(header.timestamp),
            starknet_version: version,
        };
        let whole = calculate_block_hash(&components, GlobalRoot(root), BlockHash(parent)).unwrap().0;
        prop_assert_eq!(ours::block_hash(&header, &root, &parent).unwrap(), whole);
        let partial = PartialBlockHash::from_partial_block_hash_components(&components).unwrap().0;
        prop_assert_eq!(ours::partial_block_hash(&header).unwrap(), partial);
    }
}

#[test]
fn roots_of_many_leaves_with_both_hashes() {
    for count in [1_u64, 2, 3, 5, 8, 100, 1000] {
        let values: Vec<_> = (1..=count).map(|i| Felt::from(i * i)).collect();
        assert_eq!(ours::list_root::<Pedersen>(values.clone()), calculate_root::<Pedersen>(values.clone()));
        assert_eq!(ours::list_root::<Poseidon>(values.clone()), calculate_root::<Poseidon>(values));
    }
    assert_eq!(ours::list_root::<Poseidon>([]), calculate_root::<Poseidon>(Vec::new()));
}
