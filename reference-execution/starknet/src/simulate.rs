//! Executions that change nothing: validation of what is submitted, calls, fee estimates.

use std::sync::Arc;

use blockifier::{
    blockifier::{
        config::TransactionExecutorConfig,
        stateful_validator::{StatefulValidator, StatefulValidatorError},
        transaction_executor::{TransactionExecutor, TransactionExecutorError},
    },
    context::{BlockContext, TransactionContext},
    execution::{
        common_hints::ExecutionMode,
        entry_point::{CallEntryPoint, CallType, EntryPointExecutionContext, SierraGasRevertTracker},
    },
    state::{cached_state::CachedState, state_api::StateReader},
    transaction::{
        account_transaction::{AccountTransaction, ExecutionFlags},
        errors::{TransactionExecutionError, TransactionFeeError, TransactionPreValidationError},
        objects::{DeprecatedTransactionInfo, TransactionInfo},
        transaction_execution::Transaction,
    },
};
use ecp_execution_core::seams::{EngineFault, Slot};
use ecp_types::Felt;
use starknet_api::{
    contract_class::EntryPointType,
    core::{ClassHash, ContractAddress, EntryPointSelector},
    executable_transaction::AccountTransaction as ApiAccountTransaction,
    execution_resources::GasVector,
    transaction::fields::{Calldata, Fee},
};
use starknet_types_core::felt::Felt as StarkFelt;

use crate::{
    building::next_init,
    convert,
    engine::Shared,
    guard::guarded,
    head::Head,
    reader::{Failure, Reader},
};

/// Why a submitted transaction would fail.
#[derive(Debug)]
pub(crate) enum Objection {
    Nonce(String),
    Balance,
    Bounds,
    Validation(String),
}

/// Why a call gives no result.
#[derive(Debug)]
pub(crate) enum CallFailure {
    ContractNotFound,
    EntrypointNotFound,
    Reverted(String),
}

/// A state that is executed on and thrown away.
pub(crate) struct Simulation {
    context: BlockContext,
    reader: Reader,
    failure: Failure,
}

impl Simulation {
    /// In the block that would be begun now on `head`.
    pub(crate) fn new(shared: &Shared, head: &Head) -> Result<Self, EngineFault> {
        let height = head.block.map_or(shared.chain.genesis.first_height(), |(height, _)| height + 1);
        let slot = Slot { height, round: 0, valid_round: None, proposer: Felt::ZERO };
        let context = shared.chain.block_context(&next_init(shared, head, &slot)?)?;
        let reader = Reader::new(Arc::clone(&head.snapshot), shared.chain.classes.clone());
        Ok(Self { context, failure: reader.failure(), reader })
    }

    /// Validates as a block would, except that earlier transactions of the account may still be waiting.
    pub(crate) fn validate(self, tx: &ApiAccountTransaction) -> Result<Result<(), Objection>, EngineFault> {
        let mut account = AccountTransaction::new_for_sequencing(tx.clone());
        account.execution_flags.strict_nonce_check = false;
        let mut validator = StatefulValidator::create(CachedState::new(self.reader), self.context);
        let result = guarded("validating a transaction", || validator.perform_validations(account).map_err(objection));
        self.failure.check()?;
        result
    }

    /// Calls a contract.
    pub(crate) fn call(
        self,
        to: ContractAddress,
        selector: StarkFelt,
        calldata: Vec<StarkFelt>,
    ) -> Result<Result<Vec<StarkFelt>, CallFailure>, EngineFault> {
        let class = self.reader.get_class_hash_at(to);
        self.failure.check()?;
        if class.is_ok_and(|class| class == ClassHash::default()) {
            return Ok(Err(CallFailure::ContractNotFound));
        }
        let gas = self.context.versioned_constants().initial_gas_no_user_l2_bound();
        let call = CallEntryPoint {
            class_hash: None,
            code_address: None,
            entry_point_type: EntryPointType::External,
            entry_point_selector: EntryPointSelector(selector),
            calldata: Calldata(Arc::new(calldata)),
            storage_address: to,
            caller_address: ContractAddress::default(),
            call_type: CallType::Call,
            initial_gas: gas.0,
        };
        let tx_context = TransactionContext {
            block_context: Arc::new(self.context),
            tx_info: TransactionInfo::Deprecated(DeprecatedTransactionInfo::default()),
        };
        let mut context = EntryPointExecutionContext::new(
            Arc::new(tx_context),
            ExecutionMode::Execute,
            false,
            SierraGasRevertTracker::new(gas),
        );
        let mut state = CachedState::new(self.reader);
        let mut left = gas.0;
        let result = guarded("a call", || call.execute(&mut state, &mut context, &mut left));
        self.failure.check()?;
        Ok(match result? {
            Err(error) => Err(CallFailure::Reverted(error.to_string())),
            Ok(info) if !info.execution.failed => Ok(info.execution.retdata.0),
            Ok(info) => {
                let data = info.execution.retdata.0;
                if data.first() == Some(&convert::short_string("ENTRYPOINT_NOT_FOUND")) {
                    Err(CallFailure::EntrypointNotFound)
                } else {
                    let felts: Vec<String> = data.iter().map(|felt| format!("{felt:#x}")).collect();
                    Err(CallFailure::Reverted(format!("the call failed with [{}]", felts.join(", "))))
                }
            }
        })
    }

    /// Executes transactions one after the other without charging, and says what each consumes and would pay.
    /// `Err` names the first that fails.
    #[expect(clippy::type_complexity, reason = "an index and a text are no type of their own")]
    pub(crate) fn estimate(
        self,
        txs: &[(ApiAccountTransaction, bool)],
        skip_validate: bool,
    ) -> Result<Result<Vec<(GasVector, Fee)>, (usize, String)>, EngineFault> {
        let state = CachedState::new(self.reader);
        let mut executor = TransactionExecutor::new(state, self.context, TransactionExecutorConfig::default());
        let mut estimates = Vec::new();
        for (index, (tx, only_query)) in txs.iter().enumerate() {
            let execution_flags = ExecutionFlags {
                only_query: *only_query,
                charge_fee: false,
                validate: !skip_validate,
                strict_nonce_check: true,
            };
            let account = AccountTransaction { tx: tx.clone(), execution_flags };
            let result = guarded("estimating a fee", || executor.execute(&Transaction::Account(account)));
            self.failure.check()?;
            match result? {
                Ok((info, _)) => match info.revert_error {
                    None => estimates.push((info.receipt.gas, info.receipt.fee)),
                    Some(error) => return Ok(Err((index, error.to_string()))),
                },
                Err(error) => return Ok(Err((index, error.to_string()))),
            }
        }
        Ok(Ok(estimates))
    }
}

fn objection(error: StatefulValidatorError) -> Objection {
    let text = error.to_string();
    let execution = match error {
        StatefulValidatorError::TransactionPreValidationError(error) => return pre_validation(&error),
        StatefulValidatorError::TransactionExecutionError(error)
        | StatefulValidatorError::TransactionExecutorError(TransactionExecutorError::TransactionExecutionError(
            error,
        )) => error,
        _ => return Objection::Validation(text),
    };
    match execution {
        TransactionExecutionError::TransactionPreValidationError(error) => pre_validation(&error),
        TransactionExecutionError::TransactionFeeError(error) => fee(&error),
        _ => Objection::Validation(text),
    }
}

fn pre_validation(error: &TransactionPreValidationError) -> Objection {
    match error {
        TransactionPreValidationError::InvalidNonce { .. } => Objection::Nonce(error.to_string()),
        TransactionPreValidationError::TransactionFeeError(error) => fee(error),
        other => Objection::Validation(other.to_string()),
    }
}

fn fee(error: &TransactionFeeError) -> Objection {
    match error {
        TransactionFeeError::ResourcesBoundsExceedBalance { .. }
        | TransactionFeeError::GasBoundsExceedBalance { .. }
        | TransactionFeeError::MaxFeeExceedsBalance { .. } => Objection::Balance,
        TransactionFeeError::InsufficientResourceBounds { .. } | TransactionFeeError::MaxFeeTooLow { .. } => {
            Objection::Bounds
        }
        other => Objection::Validation(other.to_string()),
    }
}
