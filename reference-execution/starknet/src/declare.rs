//! Declarations: a class and the transaction that makes it known.

use std::sync::Arc;

use starknet_api::{
    contract_class::{ClassInfo, compiled_class_hash::HashVersion},
    core::{ChainId, ClassHash, CompiledClassHash, Nonce},
    executable_transaction::{AccountTransaction, DeclareTransaction},
    transaction::{
        DeclareTransaction as ApiDeclare, DeclareTransactionV3, TransactionHash, TransactionHasher, TransactionVersion,
        fields::{AccountDeploymentData, PaymasterData, Tip},
    },
};
use starknet_rust_core::types::{EntryPointsByType, FlattenedSierraClass, SierraEntryPoint};
use starknet_types_core::felt::Felt as StarkFelt;

use crate::{
    classes::Class,
    codec::{self, BadTransaction},
    compile::ClassError,
    convert, wire,
};

/// A declaration of version 3 whose class was compiled here and is the one that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    tx: DeclareTransactionV3,
    hash: TransactionHash,
    class: Class,
}

/// Why a declaration is refused that is otherwise well formed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadDeclaration {
    /// The class compiles to something else.
    #[error("the class compiles to {computed:#x}, but compiled_class_hash says {named:#x}")]
    CompiledClassHash {
        /// What it compiles to here.
        computed: StarkFelt,
        /// What the transaction says.
        named: StarkFelt,
    },
    /// The transaction is for another class.
    #[error("the class hash is {computed:#x}, but the transaction says {named:#x}")]
    ClassHash {
        /// Of the class.
        computed: StarkFelt,
        /// What the transaction says.
        named: StarkFelt,
    },
    /// The library cannot hash it.
    #[error("{0}")]
    Hash(String),
}

impl Declaration {
    /// A declaration of `class`. `version` is the hash scheme of compiled classes at the height (ECP-STK-012): a
    /// compiled class hash of another scheme is that of another class.
    pub fn new(
        tx: DeclareTransactionV3,
        class: Class,
        version: HashVersion,
        chain_id: &ChainId,
    ) -> Result<Self, BadDeclaration> {
        if tx.class_hash != class.class_hash {
            return Err(BadDeclaration::ClassHash { computed: class.class_hash.0, named: tx.class_hash.0 });
        }
        let computed = class.compiled_hash(version);
        if computed != tx.compiled_class_hash {
            let named = tx.compiled_class_hash.0;
            return Err(BadDeclaration::CompiledClassHash { computed: computed.0, named });
        }
        let hash = tx
            .calculate_transaction_hash(chain_id, &TransactionVersion::THREE)
            .map_err(|error| BadDeclaration::Hash(error.to_string()))?;
        Ok(Self { tx, hash, class })
    }

    /// The transaction.
    #[must_use]
    pub const fn tx(&self) -> &DeclareTransactionV3 {
        &self.tx
    }

    /// Its hash.
    #[must_use]
    pub const fn hash(&self) -> StarkFelt {
        self.hash.0
    }

    /// The class.
    #[must_use]
    pub const fn class(&self) -> &Class {
        &self.class
    }

    /// As the execution library takes it.
    #[must_use]
    pub(crate) fn executable(&self) -> AccountTransaction {
        executable(&self.class, self.tx.clone(), self.hash)
    }
}

/// A declaration as the execution library takes it; `hash` may be that of the query form.
pub(crate) fn executable(class: &Class, tx: DeclareTransactionV3, hash: TransactionHash) -> AccountTransaction {
    let class_info = ClassInfo {
        contract_class: class.contract.as_ref().clone(),
        sierra_program_length: class.sierra.sierra_program.len(),
        abi_length: class.sierra.abi.len(),
        sierra_version: class.sierra_version.clone(),
    };
    AccountTransaction::Declare(DeclareTransaction { tx: ApiDeclare::V3(tx), tx_hash: hash, class_info })
}

/// Reads the class of a declaration, every field checked for form.
pub(crate) fn read_class(class: &wire::Cairo1Class) -> Result<FlattenedSierraClass, String> {
    let entry_points = class.entry_points.as_ref().ok_or("entry_points is missing")?;
    let read = |points: &[wire::SierraEntryPoint], field: &str| {
        let point = |(i, point): (usize, &wire::SierraEntryPoint)| {
            let selector = codec::felt(point.selector.as_ref(), &format!("{field}[{i}].selector"))?;
            Ok(SierraEntryPoint { selector, function_idx: point.index })
        };
        points.iter().enumerate().map(point).collect::<Result<Vec<_>, String>>()
    };
    Ok(FlattenedSierraClass {
        sierra_program: codec::felts(&class.program, "program")?,
        contract_class_version: class.contract_class_version.clone(),
        entry_points_by_type: EntryPointsByType {
            constructor: read(&entry_points.constructors, "constructors")?,
            external: read(&entry_points.externals, "externals")?,
            l1_handler: read(&entry_points.l1_handlers, "l1_handlers")?,
        },
        abi: class.abi.clone(),
    })
}

/// The class as a message.
#[must_use]
pub(crate) fn write_class(class: &FlattenedSierraClass) -> wire::Cairo1Class {
    let write = |points: &[SierraEntryPoint]| {
        let point = |point: &SierraEntryPoint| wire::SierraEntryPoint {
            index: point.function_idx,
            selector: Some(codec::write_felt(&point.selector)),
        };
        points.iter().map(point).collect()
    };
    let points = &class.entry_points_by_type;
    wire::Cairo1Class {
        abi: class.abi.clone(),
        entry_points: Some(wire::Cairo1EntryPoints {
            externals: write(&points.external),
            l1_handlers: write(&points.l1_handler),
            constructors: write(&points.constructor),
        }),
        program: class.sierra_program.iter().map(codec::write_felt).collect(),
        contract_class_version: class.contract_class_version.clone(),
    }
}

/// Reads everything but the class, whose hash is `class_hash`.
pub(crate) fn read_common(tx: &wire::DeclareV3Common, class_hash: ClassHash) -> Result<DeclareTransactionV3, String> {
    let nonce_mode = codec::mode(tx.nonce_data_availability_mode, "nonce_data_availability_mode")?;
    let fee_mode = codec::mode(tx.fee_data_availability_mode, "fee_data_availability_mode")?;
    let deployment = codec::felts(&tx.account_deployment_data, "account_deployment_data")?;
    Ok(DeclareTransactionV3 {
        resource_bounds: codec::bounds(tx.resource_bounds.as_ref())?,
        tip: Tip(tx.tip),
        signature: codec::signature(tx.signature.as_ref())?,
        nonce: Nonce(codec::felt(tx.nonce.as_ref(), "nonce")?),
        class_hash,
        compiled_class_hash: CompiledClassHash(codec::hash(tx.compiled_class_hash.as_ref(), "compiled_class_hash")?),
        sender_address: convert::address(codec::address(tx.sender.as_ref(), "sender")?)?,
        nonce_data_availability_mode: nonce_mode,
        fee_data_availability_mode: fee_mode,
        paymaster_data: PaymasterData(codec::felts(&tx.paymaster_data, "paymaster_data")?),
        account_deployment_data: AccountDeploymentData(deployment),
    })
}

/// Everything but the class as a message.
#[must_use]
pub(crate) fn write_common(tx: &DeclareTransactionV3) -> wire::DeclareV3Common {
    wire::DeclareV3Common {
        sender: Some(codec::write_address(tx.sender_address.0.key())),
        signature: Some(wire::AccountSignature { parts: codec::write_felts(&tx.signature.0) }),
        nonce: Some(codec::write_felt(&tx.nonce.0)),
        compiled_class_hash: Some(codec::write_hash(&tx.compiled_class_hash.0)),
        resource_bounds: Some(codec::write_bounds(&tx.resource_bounds)),
        tip: tx.tip.0,
        paymaster_data: codec::write_felts(&tx.paymaster_data.0),
        account_deployment_data: codec::write_felts(&tx.account_deployment_data.0),
        nonce_data_availability_mode: codec::write_mode(tx.nonce_data_availability_mode),
        fee_data_availability_mode: codec::write_mode(tx.fee_data_availability_mode),
    }
}

/// Reads a declaration of a payload: compiles its class and compares what it names.
pub(crate) fn read(
    message: &wire::DeclareV3WithClass,
    rules: &codec::Rules<'_>,
) -> Result<Declaration, BadTransaction> {
    let missing = |field: &str| BadTransaction::Malformed(format!("{field} is missing"));
    let common = message.common.as_ref().ok_or_else(|| missing("common"))?;
    let class = read_class(message.class.as_ref().ok_or_else(|| missing("class"))?);
    let class = Arc::new(class.map_err(|error| BadTransaction::Malformed(format!("class: {error}")))?);
    // The fields first: compiling is the dear part.
    let mut tx = read_common(common, ClassHash::default()).map_err(BadTransaction::Malformed)?;
    let not_admitted = |error: &dyn std::fmt::Display| BadTransaction::NotAdmitted(error.to_string());
    let class = rules.classes.compiled(class).map_err(|error| match error {
        ClassError::NoThread(_) | ClassError::TooSlow(_) => BadTransaction::Fault(error.to_string()),
        error => BadTransaction::NotAdmitted(error.to_string()),
    })?;
    tx.class_hash = class.class_hash;
    Declaration::new(tx, class, rules.compiled_hashes, rules.chain_id).map_err(|error| not_admitted(&error))
}

/// A declaration as a message; the archive and validators need the class, rows of the state do not.
#[must_use]
pub(crate) fn write(declaration: &Declaration, with_class: bool) -> wire::DeclareV3WithClass {
    wire::DeclareV3WithClass {
        common: Some(write_common(&declaration.tx)),
        class: with_class.then(|| write_class(&declaration.class.sierra)),
    }
}
