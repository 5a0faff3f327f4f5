//! An OpenZeppelin account that signs transactions of version 3, as a wallet does.

use starknet_crypto::{get_public_key, poseidon_hash_many, rfc6979_generate_k, sign};
use starknet_rust_core::{
    types::{
        BroadcastedDeployAccountTransactionV3, BroadcastedInvokeTransactionV3, DataAvailabilityMode, ResourceBounds,
        ResourceBoundsMapping,
    },
    utils::{cairo_short_string_to_felt, get_contract_address, get_selector_from_name},
};
use starknet_types_core::felt::Felt;

/// Class of the account, OpenZeppelin 1.0.0.
pub(crate) const ACCOUNT_CLASS_HASH: Felt =
    Felt::from_hex_unchecked("0x5b4b537eaa2399e3aa99c4e2e0208ebd6c71bc1467938cd52c798c601e43564");
/// STRK, the token of fees and of the demo's transfers.
pub(crate) const STRK_ADDRESS: Felt =
    Felt::from_hex_unchecked("0x4718f5a0fc34cc1af16a1cdee98ffb20c31f5cd61d6ab07201858f4287c938d");

/// Most fri that the bounds of one transaction allow: an account must hold as much before it may send.
pub(crate) const MAX_FEE_FRI: u128 = 4_000_000_000_000_000_000;

/// An account with its key.
#[derive(Clone)]
pub(crate) struct Wallet {
    secret: Felt,
    pub(crate) public_key: Felt,
    pub(crate) address: Felt,
}

impl Wallet {
    /// The account of this secret key.
    pub(crate) fn new(secret: Felt) -> Self {
        let public_key = get_public_key(&secret);
        let address = get_contract_address(public_key, ACCOUNT_CLASS_HASH, &[public_key], Felt::ZERO);
        Self { secret, public_key, address }
    }

    /// A transfer of STRK, signed.
    pub(crate) fn transfer(&self, chain: Felt, nonce: u64, to: Felt, fri: u128) -> BroadcastedInvokeTransactionV3 {
        // A call as the account's `__execute__` takes it: how many, to whom, which function, its arguments.
        let calldata =
            vec![Felt::ONE, STRK_ADDRESS, selector("transfer"), Felt::THREE, to, Felt::from(fri), Felt::ZERO];
        let mut transaction = BroadcastedInvokeTransactionV3 {
            sender_address: self.address,
            calldata,
            signature: vec![],
            nonce: Felt::from(nonce),
            resource_bounds: bounds(),
            tip: 0,
            paymaster_data: vec![],
            account_deployment_data: vec![],
            nonce_data_availability_mode: DataAvailabilityMode::L1,
            fee_data_availability_mode: DataAvailabilityMode::L1,
            proof_facts: None,
            is_query: false,
        };
        transaction.signature = self.sign(invoke_hash(&transaction, chain));
        transaction
    }

    /// The transaction that deploys this account and pays for it, signed.
    pub(crate) fn deploy(&self, chain: Felt) -> BroadcastedDeployAccountTransactionV3 {
        let mut transaction = BroadcastedDeployAccountTransactionV3 {
            signature: vec![],
            nonce: Felt::ZERO,
            contract_address_salt: self.public_key,
            constructor_calldata: vec![self.public_key],
            class_hash: ACCOUNT_CLASS_HASH,
            resource_bounds: bounds(),
            tip: 0,
            paymaster_data: vec![],
            nonce_data_availability_mode: DataAvailabilityMode::L1,
            fee_data_availability_mode: DataAvailabilityMode::L1,
            is_query: false,
        };
        transaction.signature = self.sign(deploy_hash(&transaction, self.address, chain));
        transaction
    }

    fn sign(&self, hash: Felt) -> Vec<Felt> {
        // A nonce that gives no signature is a chance of 2^-250; the next seed gives another.
        let mut seed = Felt::ZERO;
        loop {
            let k = rfc6979_generate_k(&hash, &self.secret, Some(&seed));
            if let Ok(signature) = sign(&self.secret, &hash, &k) {
                return vec![signature.r, signature.s];
            }
            seed += Felt::ONE;
        }
    }
}

/// Hash of an invoke transaction of version 3, as Starknet defines it.
pub(crate) fn invoke_hash(t: &BroadcastedInvokeTransactionV3, chain: Felt) -> Felt {
    let mut fields = common("invoke", t.sender_address, t.tip, &t.resource_bounds, &t.paymaster_data, chain, t.nonce);
    fields.push(poseidon_hash_many(&t.account_deployment_data));
    fields.push(poseidon_hash_many(&t.calldata));
    poseidon_hash_many(&fields)
}

/// Hash of a deploy-account transaction of version 3, as Starknet defines it.
pub(crate) fn deploy_hash(t: &BroadcastedDeployAccountTransactionV3, address: Felt, chain: Felt) -> Felt {
    let mut fields = common("deploy_account", address, t.tip, &t.resource_bounds, &t.paymaster_data, chain, t.nonce);
    fields.push(poseidon_hash_many(&t.constructor_calldata));
    fields.push(t.class_hash);
    fields.push(t.contract_address_salt);
    poseidon_hash_many(&fields)
}

fn common(
    kind: &str,
    address: Felt,
    tip: u64,
    bounds: &ResourceBoundsMapping,
    paymaster: &[Felt],
    chain: Felt,
    nonce: Felt,
) -> Vec<Felt> {
    let fee = [
        Felt::from(tip),
        packed("L1_GAS", &bounds.l1_gas),
        packed("L2_GAS", &bounds.l2_gas),
        packed("L1_DATA", &bounds.l1_data_gas),
    ];
    vec![
        short_string(kind),
        Felt::THREE,
        address,
        poseidon_hash_many(&fee),
        poseidon_hash_many(paymaster),
        chain,
        nonce,
        // Both data availability modes are L1, which is 0.
        Felt::ZERO,
    ]
}

/// Name, amount and price in one felt: 60 bits, 64 bits, 128 bits.
fn packed(name: &str, bounds: &ResourceBounds) -> Felt {
    let shift = |bits: u128| Felt::TWO.pow(bits);
    short_string(name) * shift(192) + Felt::from(bounds.max_amount) * shift(128) + Felt::from(bounds.max_price_per_unit)
}

fn bounds() -> ResourceBoundsMapping {
    let of = |max_amount, max_price_per_unit| ResourceBounds { max_amount, max_price_per_unit };
    // About ten times what a transfer needs, in amounts and in prices.
    ResourceBoundsMapping {
        l1_gas: of(1_000, 1_000_000_000_000_000),
        l1_data_gas: of(10_000, 10_000_000_000),
        l2_gas: of(20_000_000, 100_000_000_000),
    }
}

/// ASCII text as a felt; all callers pass constants of at most 31 characters.
pub(crate) fn short_string(text: &str) -> Felt {
    cairo_short_string_to_felt(text).unwrap_or_default()
}

/// Selector of a function; all callers pass ASCII constants.
pub(crate) fn selector(name: &str) -> Felt {
    get_selector_from_name(name).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use starknet_crypto::verify;

    use super::*;

    #[test]
    fn the_bounds_allow_less_than_the_stated_fee() {
        let bounds = bounds();
        let fee: u128 = [bounds.l1_gas, bounds.l1_data_gas, bounds.l2_gas]
            .iter()
            .map(|b| u128::from(b.max_amount) * b.max_price_per_unit)
            .sum();
        assert!(fee <= MAX_FEE_FRI, "{fee}");
    }

    #[test]
    fn a_transfer_is_signed_over_its_hash() {
        let wallet = Wallet::new(Felt::from(77u8));
        let chain = short_string("ECP_DEMO");
        let transaction = wallet.transfer(chain, 3, Felt::from(5u8), 10);
        let hash = invoke_hash(&transaction, chain);
        let [r, s] = transaction.signature[..] else { panic!("two felts") };
        assert!(verify(&wallet.public_key, &hash, &r, &s).unwrap());
        assert_ne!(hash, invoke_hash(&transaction, short_string("OTHER")));
    }
}
