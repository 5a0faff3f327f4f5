//! The state before the first block.

use std::collections::BTreeMap;

use ecp_execution_core::seams::EngineFault;
use starknet_api::{
    abi::abi_utils::{get_storage_var_address, starknet_keccak},
    core::{ContractAddress, calculate_contract_address},
    state::StorageKey,
    transaction::fields::{Calldata, ContractAddressSalt},
};
use starknet_types_core::{felt::Felt as StarkFelt, hash::Poseidon};

use crate::{
    classes::Classes,
    convert,
    rows::DiffRecord,
    section::{STRK_ADDRESS, StarknetSection, UDC_ADDRESS},
};

/// Interfaces that an OpenZeppelin account says it has: that of an account, and execution from outside.
const ACCOUNT_INTERFACES: [&str; 2] = [
    "0x2ceccef7f994940b3962a6c67e0ba4fcd37df7d131417c604f91e03caecc1cd",
    "0x1d1144bb2138366ff28d8e9ab57456b1d332ac42196230c3a602003c89872",
];

/// Address of an OpenZeppelin account that is deployed by itself with its public key as salt and only argument.
pub fn account_address(public_key: &StarkFelt, classes: &Classes) -> Result<ContractAddress, EngineFault> {
    calculate_contract_address(
        ContractAddressSalt(*public_key),
        classes.account,
        &Calldata(vec![*public_key].into()),
        ContractAddress::default(),
    )
    .map_err(|error| EngineFault(format!("the address of an account: {error}")))
}

/// Everything that exists before the first block, as changes of an empty state.
pub fn genesis_state(section: &StarknetSection, classes: &Classes) -> Result<DiffRecord, EngineFault> {
    let mut state = DiffRecord::default();
    for class in classes.all() {
        state.classes.insert(class.class_hash.0, class.compiled_class_hash.0);
    }
    let strk = known(STRK_ADDRESS)?;
    state.contracts.insert(strk, classes.strk_token.0);
    state.contracts.insert(known(UDC_ADDRESS)?, classes.deployer.0);

    let mut token = BTreeMap::new();
    byte_array(&mut token, "ERC20_name", "Starknet Token")?;
    byte_array(&mut token, "ERC20_symbol", "STRK")?;
    token.insert(cell(get_storage_var_address("ERC20_decimals", &[])), StarkFelt::from(18_u8));
    let mut supply = 0_u128;
    for account in &section.accounts {
        let public_key = convert::stark(&account.public_key);
        let address = account_address(&public_key, classes)?;
        supply = supply.saturating_add(account.balance_fri);
        if account.balance_fri != 0 {
            token.insert(balance_key(address.0.key()), account.balance_fri.into());
        }
        if account.deployed {
            let address = *address.0.key();
            state.contracts.insert(address, classes.account.0);
            state.storage.insert(address, account_storage(&public_key)?);
        }
    }
    token.insert(cell(get_storage_var_address("ERC20_total_supply", &[])), supply.into());
    state.storage.insert(strk, token);
    Ok(state)
}

/// What the constructor of an OpenZeppelin account writes.
fn account_storage(public_key: &StarkFelt) -> Result<BTreeMap<StarkFelt, StarkFelt>, EngineFault> {
    let mut cells = BTreeMap::from([(cell(get_storage_var_address("Account_public_key", &[])), *public_key)]);
    for interface in ACCOUNT_INTERFACES {
        cells.insert(cell(get_storage_var_address("SRC5_supported_interfaces", &[known(interface)?])), StarkFelt::ONE);
    }
    Ok(cells)
}

/// Cell of an account's balance in the STRK token (its lower 128 bits).
#[must_use]
pub fn balance_key(address: &StarkFelt) -> StarkFelt {
    cell(get_storage_var_address("ERC20_balances", &[*address]))
}

/// Writes a Cairo `ByteArray` of at most 30 characters.
fn byte_array(cells: &mut BTreeMap<StarkFelt, StarkFelt>, variable: &str, text: &str) -> Result<(), EngineFault> {
    let base = starknet_keccak(variable.as_bytes());
    cells.insert(base, text.len().into());
    // The characters stand in chunk 0, whose cells begin at the first felt of this permutation.
    let mut permuted = [base, StarkFelt::ZERO, convert::short_string("ByteArray")];
    Poseidon::hades_permutation(&mut permuted);
    let chunk = convert::address(permuted[0]).map_err(|_| EngineFault("a storage address is too large".into()))?;
    cells.insert(*chunk.0.key(), convert::short_string(text));
    Ok(())
}

fn cell(key: StorageKey) -> StarkFelt {
    *key.0.key()
}

/// A constant of this file.
fn known(text: &str) -> Result<StarkFelt, EngineFault> {
    StarkFelt::from_hex(text).map_err(|error| EngineFault(format!("{text}: {error}")))
}
