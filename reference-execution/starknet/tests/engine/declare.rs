//! Classes that are declared on a running chain: compiled, checked, kept, and used.

use std::{io::Read as _, sync::Arc, time::Instant};

use crate::common::{self, BALANCE, KEYS, Node, Wallet, genesis, in_one_body, public_key};
use ecp_engine_starknet::{
    classes::{Class, flattened},
    codec::Tx,
    compile::{ClassError, MAX_CLASS_BYTES, MAX_PROGRAM_WORDS},
    declare::{BadDeclaration, Declaration},
    rows,
    section::STRK_ADDRESS,
    wire,
};
use ecp_execution_core::seams::ExecutionEngine as _;
use ecp_jsonrpc::{NodeView, StateAt, ViewError};
use ecp_types::{InvalidReason, Part, PartKind};
use prost::Message as _;
use starknet_api::{
    block::GasPrice,
    contract_class::compiled_class_hash::HashVersion,
    core::{CompiledClassHash, Nonce},
    data_availability::DataAvailabilityMode,
    execution_resources::GasAmount,
    transaction::{
        DeclareTransactionV3, DeployAccountTransactionV3,
        fields::{
            AccountDeploymentData, AllResourceBounds, Calldata, ContractAddressSalt, PaymasterData, ResourceBounds,
            Tip, TransactionSignature, ValidResourceBounds,
        },
    },
};
use starknet_rust_core::types::{
    BroadcastedDeclareTransaction, DataAvailabilityMode as RpcMode, DeclareTransaction, FlattenedSierraClass,
    ResourceBounds as RpcBounds, ResourceBoundsMapping, StarknetError, Transaction,
};
use starknet_types_core::felt::Felt as StarkFelt;

/// The class hash, as starknet.js computes it too.
const CLASS_HASH: &str = "0xf7f9cd401ad39a09f095001d31f0ad3fdc2f4e532683a84a8a6c76150de858";

fn sierra() -> FlattenedSierraClass {
    let packed = include_bytes!("../../../third_party/contracts/oz_account_0.8.0.sierra.json.gz");
    let mut text = String::new();
    flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut text).unwrap();
    flattened(&text).unwrap()
}

fn compiled(node: &Node) -> Class {
    node.engine.chain().classes.compiled(Arc::new(sierra())).unwrap()
}

fn bounds() -> ValidResourceBounds {
    let bound = |amount: u64, price: u128| ResourceBounds {
        max_amount: GasAmount(amount),
        max_price_per_unit: GasPrice(price),
    };
    ValidResourceBounds::AllResources(AllResourceBounds {
        l1_gas: bound(10_000, 10_u128.pow(15)),
        l2_gas: bound(2_000_000_000, 10_u128.pow(11)),
        l1_data_gas: bound(10_000, 10_u128.pow(10)),
    })
}

fn unsigned(
    wallet: &Wallet,
    nonce: u64,
    class: &Class,
    compiled_class_hash: CompiledClassHash,
) -> DeclareTransactionV3 {
    DeclareTransactionV3 {
        resource_bounds: bounds(),
        tip: Tip(0),
        signature: TransactionSignature::default(),
        nonce: Nonce(nonce.into()),
        class_hash: class.class_hash,
        compiled_class_hash,
        sender_address: wallet.address,
        nonce_data_availability_mode: DataAvailabilityMode::L1,
        fee_data_availability_mode: DataAvailabilityMode::L1,
        paymaster_data: PaymasterData::default(),
        account_deployment_data: AccountDeploymentData::default(),
    }
}

fn declaration(wallet: &Wallet, nonce: u64, class: &Class, version: HashVersion) -> Tx {
    let mut tx = unsigned(wallet, nonce, class, class.compiled_hash(version));
    let unsigned = Declaration::new(tx.clone(), class.clone(), version, &wallet.chain_id).unwrap();
    tx.signature = wallet.sign(&unsigned.hash());
    Tx::Declare(Declaration::new(tx, class.clone(), version, &wallet.chain_id).unwrap())
}

/// An account of the declared class, with the key of a funded address.
fn account_of(node: &Node, secret: u64, class: &Class) -> (Wallet, Tx) {
    let key = public_key(secret);
    let wallet = Wallet { class: class.class_hash, secret: secret.into(), ..node.wallet(secret) };
    let mut tx = DeployAccountTransactionV3 {
        resource_bounds: common::bounds(),
        tip: Tip(0),
        signature: TransactionSignature::default(),
        nonce: Nonce(StarkFelt::ZERO),
        class_hash: class.class_hash,
        contract_address_salt: ContractAddressSalt(key),
        constructor_calldata: Calldata(Arc::new(vec![key])),
        nonce_data_availability_mode: DataAvailabilityMode::L1,
        fee_data_availability_mode: DataAvailabilityMode::L1,
        paymaster_data: PaymasterData::default(),
    };
    let hash = Tx::deploy_account(tx.clone(), &wallet.chain_id).unwrap().hash();
    tx.signature = wallet.sign(&hash);
    let tx = Tx::deploy_account(tx, &wallet.chain_id).unwrap();
    let address = ecp_engine_starknet::convert::address(tx.sender()).unwrap();
    (Wallet { address, ..wallet }, tx)
}

fn fund(from: &Wallet, nonce: u64, to: &Wallet) -> Tx {
    from.transfer(nonce, to, BALANCE / 2)
}

fn class_row(node: &Node, class: &Class) -> Option<Vec<u8>> {
    node.engine.head().snapshot.get(rows::CLASSES, &class.class_hash.0.to_bytes_be()).unwrap()
}

#[test]
fn a_declared_class_is_in_the_state_and_runs_in_the_same_block() {
    let (builder, validator) = (Node::new(), Node::new());
    let class = compiled(&builder);
    assert_eq!(format!("{:#x}", class.class_hash.0), CLASS_HASH);
    let owner = builder.wallet(KEYS[0]);
    let declare = declaration(&owner, 0, &class, HashVersion::V2);
    let (new, deployment) = account_of(&builder, 77, &class);
    let funding = fund(&owner, 1, &new);
    for tx in [&declare, &funding] {
        builder.engine.submit(tx.clone()).unwrap();
    }
    builder.engine.mempool().add(deployment.clone(), StarkFelt::ZERO, common::START * 1_000).unwrap();
    let (parts, executed) = builder.build();
    // The deployment arrived last, but its account can pay only after the funding.
    assert_eq!(executed.executed_count, 3, "{:?}", builder.engine.mempool().refusal(&deployment.hash()));
    let validated = validator.validate(&parts);
    assert_eq!(validated.commitment, executed.commitment);
    assert_eq!(class_row(&validator, &class), None);
    for (node, executed) in [(&builder, &executed), (&validator, &validated)] {
        node.commit(executed);
        node.hash();
        assert_eq!(class_row(node, &class), Some(class.compiled_class_hash.0.to_bytes_be().to_vec()));
    }
    assert_eq!(builder.engine.block_hash(0).unwrap(), validator.engine.block_hash(0).unwrap());
    // The block tells what was declared.
    let block = validator.engine.block(0).unwrap().unwrap();
    match &block.transactions[0].transaction {
        Transaction::Declare(DeclareTransaction::V3(tx)) => {
            assert_eq!(tx.class_hash, class.class_hash.0);
            assert_eq!(tx.transaction_hash, declare.hash());
        }
        other => panic!("{other:?}"),
    }
    let diff = validator.engine.state_diff(0).unwrap().unwrap();
    assert_eq!(diff.declared_classes.len(), 1);
    assert_eq!(diff.declared_classes[0].compiled_class_hash, class.compiled_class_hash.0);
    assert_eq!(validator.engine.class(StateAt::Head, class.class_hash.0).unwrap(), sierra());
    // The account of the new class pays and signs after a restart, in a process that never saw the declaration.
    let validator = validator.restarted();
    validator.engine.submit(new.transfer(1, &owner, 5)).unwrap();
    let (_, executed) = validator.block();
    assert_eq!(executed.executed_count, 1);
    assert!(matches!(
        validator.engine.submit(declaration(&owner, 2, &class, HashVersion::V2)),
        Err(ViewError::Starknet(StarknetError::ValidationFailure(_)))
    ));
}

#[test]
fn the_state_root_covers_declared_classes() {
    let (with, without) = (Node::new(), Node::new());
    let class = compiled(&with);
    let owner = with.wallet(KEYS[0]);
    with.engine.submit(declaration(&owner, 0, &class, HashVersion::V2)).unwrap();
    with.block();
    without.block();
    let (root, other) =
        (with.engine.block_hash(0).unwrap().unwrap().1, without.engine.block_hash(0).unwrap().unwrap().1);
    assert_ne!(root, other);
}

/// A proposal whose only transaction is `tx`, cut so that FIN counts it.
fn proposal(node: &Node, message: wire::ConsensusTransaction) -> Vec<Part> {
    let (parts, _) = node.fork().build();
    let body = wire::TransactionBatch { transactions: vec![message] }.encode_to_vec();
    let fin = parts.last().unwrap();
    let mut end = wire::ProposalFin::decode(&*fin.payload).unwrap();
    end.executed_transaction_count = 1;
    vec![
        parts[0].clone(),
        Part { index: 1, kind: PartKind::Body, payload: body.into() },
        Part { index: 2, kind: PartKind::Fin, payload: end.encode_to_vec().into() },
    ]
}

fn altered(tx: &Tx, change: impl FnOnce(&mut wire::DeclareV3WithClass)) -> wire::ConsensusTransaction {
    let mut message = tx.to_wire();
    let Some(wire::Txn::DeclareV3(declare)) = &mut message.txn else { panic!("no declaration") };
    change(declare);
    message
}

#[test]
fn a_class_that_is_not_what_it_says_is_refused_by_name() {
    let node = Node::new();
    let class = compiled(&node);
    let tx = declaration(&node.wallet(KEYS[0]), 0, &class, HashVersion::V2);
    let program = |change: &dyn Fn(&mut Vec<wire::Felt252>)| {
        altered(&tx, |declare| change(&mut declare.class.as_mut().unwrap().program))
    };
    let felt = |value: u64| wire::Felt252 { elements: StarkFelt::from(value).to_bytes_be().to_vec() };
    let book = usize::try_from(sierra().sierra_program[6]).unwrap();
    let cases = [
        ("another class", program(&|p| p[20] = felt(3)), InvalidReason::TransactionInvalid, ""),
        ("no program", program(&|p| p.clear()), InvalidReason::TransactionInvalid, "cut short"),
        ("half a program", program(&|p| p.truncate(1_000)), InvalidReason::TransactionInvalid, "does not compile"),
        (
            "a program that unpacks to more than there is room for",
            program(&|p| p[8 + book] = felt(MAX_PROGRAM_WORDS + 1)),
            InvalidReason::TransactionInvalid,
            "too large",
        ),
        (
            "an interface over the limit",
            altered(&tx, |d| d.class.as_mut().unwrap().abi = "x".repeat(MAX_CLASS_BYTES)),
            InvalidReason::TransactionInvalid,
            "too large",
        ),
        (
            "another form of class",
            altered(&tx, |d| d.class.as_mut().unwrap().contract_class_version = "0.2.0".into()),
            InvalidReason::TransactionInvalid,
            "contract_class_version",
        ),
        (
            "another compiled class hash",
            altered(&tx, |d| d.common.as_mut().unwrap().compiled_class_hash.as_mut().unwrap().elements[31] ^= 1),
            InvalidReason::TransactionInvalid,
            "compiles to",
        ),
        (
            "another interface, and so another class",
            altered(&tx, |d| d.class.as_mut().unwrap().abi.push(' ')),
            InvalidReason::TransactionInvalid,
            "hash",
        ),
        ("no class", altered(&tx, |d| d.class = None), InvalidReason::PayloadMalformed, "class is missing"),
        ("no fields", altered(&tx, |d| d.common = None), InvalidReason::PayloadMalformed, "common is missing"),
        (
            "a felt that is not canonical",
            program(&|p| p[20].elements = vec![0xff; 32]),
            InvalidReason::PayloadMalformed,
            "program[20]",
        ),
    ];
    for (what, message, reason, text) in cases {
        let (said, detail) = node.invalid(&proposal(&node, message));
        assert_eq!(said, reason, "{what}: {detail}");
        assert!(detail.contains(text), "{what}: {detail}");
    }
    // The unaltered one is only wrong in what FIN says.
    let (reason, text) = node.invalid(&proposal(&node, tx.to_wire()));
    assert_eq!(reason, InvalidReason::CommitmentMismatch, "{text}");
}

#[test]
fn no_change_of_a_program_brings_the_compiler_down() {
    let node = Node::new();
    let whole = sierra();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random
    };
    let mut refused = 0;
    for _ in 0..150 {
        let mut class = whole.clone();
        for _ in 0..=next() % 4 {
            let length = class.sierra_program.len() as u64;
            let place = usize::try_from(next() % length).unwrap();
            class.sierra_program[place] = match next() % 4 {
                0 => StarkFelt::from(next() % 300),
                1 => class.sierra_program[usize::try_from(next() % length).unwrap()],
                2 => class.sierra_program[place] + StarkFelt::ONE,
                _ => StarkFelt::from(next()) * StarkFelt::from(next()),
            };
        }
        match node.engine.chain().classes.compiled(Arc::new(class)) {
            Ok(_) => {}
            Err(ClassError::DoesNotCompile(_) | ClassError::TooLarge(_)) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(refused > 50, "{refused} of 150 were refused");
}

#[test]
fn a_class_is_declared_once() {
    let node = Node::new();
    let class = compiled(&node);
    let (a, b) = (node.wallet(KEYS[0]), node.wallet(KEYS[1]));
    let (first, second) = (declaration(&a, 0, &class, HashVersion::V2), declaration(&b, 0, &class, HashVersion::V2));
    for tx in [&first, &second] {
        node.engine.submit(tx.clone()).unwrap();
    }
    let (parts, executed) = node.build();
    // The library refuses a second declaration: it is in no block, and no fee is paid.
    assert_eq!(executed.executed_count, 1);
    assert!(node.engine.mempool().refusal(&second.hash()).unwrap().contains("already declared"));
    node.commit(&executed);
    let parts = in_one_body(&parts);
    assert_eq!(parts.len(), 3);
    let (reason, text) = node.invalid(&proposal(&node, second.to_wire()));
    assert_eq!(reason, InvalidReason::TransactionInvalid, "{text}");
}

#[test]
fn before_0_14_1_a_compiled_class_has_its_poseidon_hash() {
    let node = Node::of(genesis(|file| file["params"]["starknet_version"] = "0.14.0".into()));
    let class = compiled(&node);
    let owner = node.wallet(KEYS[0]);
    let blake = unsigned(&owner, 0, &class, class.compiled_hash(HashVersion::V2));
    let rules = node.engine.chain().rules(0).unwrap();
    let refused = Declaration::new(blake, class.clone(), rules.compiled_hashes, rules.chain_id);
    assert!(matches!(refused, Err(BadDeclaration::CompiledClassHash { .. })), "{refused:?}");
    node.engine.submit(declaration(&owner, 0, &class, HashVersion::V1)).unwrap();
    let (_, executed) = node.block();
    assert_eq!(executed.executed_count, 1);
    let poseidon = class.compiled_hash(HashVersion::V1).0;
    assert_ne!(poseidon, class.compiled_class_hash.0);
    assert_eq!(class_row(&node, &class), Some(poseidon.to_bytes_be().to_vec()));
    let node = node.restarted();
    assert_eq!(node.engine.class(StateAt::Head, class.class_hash.0).unwrap(), sierra());
}

fn broadcasted(wallet: &Wallet, nonce: u64, class: &Class, signature: Vec<StarkFelt>) -> BroadcastedDeclareTransaction {
    let bound = |max_amount, max_price_per_unit| RpcBounds { max_amount, max_price_per_unit };
    BroadcastedDeclareTransaction {
        sender_address: wallet.felt(),
        compiled_class_hash: class.compiled_class_hash.0,
        signature,
        nonce: nonce.into(),
        contract_class: Arc::new(sierra()),
        resource_bounds: ResourceBoundsMapping {
            l1_gas: bound(10_000, 10_u128.pow(15)),
            l1_data_gas: bound(10_000, 10_u128.pow(10)),
            l2_gas: bound(2_000_000_000, 10_u128.pow(11)),
        },
        tip: 0,
        paymaster_data: vec![],
        account_deployment_data: vec![],
        nonce_data_availability_mode: RpcMode::L1,
        fee_data_availability_mode: RpcMode::L1,
        is_query: false,
    }
}

#[test]
fn users_declare_by_json_rpc_and_hear_the_specified_errors() {
    let node = Node::new();
    let class = compiled(&node);
    let owner = node.wallet(KEYS[0]);
    let Tx::Declare(signed) = declaration(&owner, 0, &class, HashVersion::V2) else { panic!("no declaration") };
    let good = broadcasted(&owner, 0, &class, signed.tx().signature.0.to_vec());
    let said = |tx: BroadcastedDeclareTransaction| match node.engine.add_declare(tx) {
        Err(ViewError::Starknet(error)) => error,
        other => panic!("{other:?}"),
    };
    let with = |change: &dyn Fn(&mut FlattenedSierraClass)| {
        let mut class = sierra();
        change(&mut class);
        BroadcastedDeclareTransaction { contract_class: Arc::new(class), ..good.clone() }
    };
    let wrong = BroadcastedDeclareTransaction { compiled_class_hash: StarkFelt::ONE, ..good.clone() };
    assert_eq!(said(wrong), StarknetError::CompiledClassHashMismatch);
    assert!(matches!(said(with(&|c| c.sierra_program.truncate(900))), StarknetError::CompilationFailed(_)));
    let huge = "x".repeat(MAX_CLASS_BYTES);
    assert_eq!(said(with(&|c| c.abi = huge.clone())), StarknetError::ContractClassSizeIsTooLarge);
    let form = with(&|c| c.contract_class_version = "0.2.0".into());
    assert_eq!(said(form), StarknetError::UnsupportedContractClassVersion);
    let forged = BroadcastedDeclareTransaction { signature: vec![StarkFelt::ONE, StarkFelt::TWO], ..good.clone() };
    assert!(matches!(said(forged), StarknetError::ValidationFailure(_)));
    assert_eq!(node.engine.class(StateAt::Head, class.class_hash.0), Err(StarknetError::ClassHashNotFound.into()));

    let fee = rpc_estimate(&node, &good);
    let began = Instant::now();
    let result = node.engine.add_declare(good.clone()).unwrap();
    println!("estimated fee of the declaration: {fee} fri; taken in {:?} (compiled before)", began.elapsed());
    assert_eq!(result.class_hash, class.class_hash.0);
    assert_eq!(result.transaction_hash, signed.hash());
    assert_eq!(said(good.clone()), StarknetError::DuplicateTx);
    node.block();
    assert_eq!(said(good), StarknetError::ClassAlreadyDeclared);
    let receipt = &node.engine.block(0).unwrap().unwrap().transactions[0];
    let paid = u128::try_from(receipt.actual_fee.amount).unwrap();
    assert!(paid.abs_diff(fee) * 50 < fee, "{paid} was paid, {fee} was estimated");
    assert_eq!(StarkFelt::from_hex(STRK_ADDRESS).unwrap(), receipt.events[0].from_address);
}

fn rpc_estimate(node: &Node, tx: &BroadcastedDeclareTransaction) -> u128 {
    let tx = starknet_rust_core::types::BroadcastedTransaction::Declare(tx.clone());
    node.engine.estimate_fee(StateAt::Head, vec![tx], false).unwrap()[0].overall_fee
}
