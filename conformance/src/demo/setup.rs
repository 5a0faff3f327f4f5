//! Keys and genesis of the demo's network.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result};
use ecp_types::{
    Felt as Felt32, HexBytes, Quorum, Timeouts,
    genesis::{GENESIS_FORMAT, GenesisFile, MemberFile, ParamsFile, SCHEME_STARK_ECDSA, Workload},
    keys::{Keys, Secret, SignatureScheme},
    limits::PROPOSAL_BYTES_DEFAULT,
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::json;
use starknet_crypto::get_public_key;
use starknet_types_core::felt::Felt;

use super::wallet::{MAX_FEE_FRI, Wallet};

/// STRK of an account at genesis: enough for many bounds of fees.
const BALANCE_FRI: u128 = 1_000 * MAX_FEE_FRI;

/// What the network starts from.
pub(crate) struct Setup {
    pub(crate) genesis_file: PathBuf,
    pub(crate) keys: Vec<PathBuf>,
    pub(crate) deployed: Vec<Wallet>,
    pub(crate) new: Vec<Wallet>,
}

/// How many transfers [`super::load::run`] sends.
pub(crate) fn transfers(deployed: usize, new: usize, waves: usize) -> usize {
    let per_wave = new.div_ceil(waves);
    (0..waves).map(|wave| deployed + (wave * per_wave).min(new)).sum()
}

/// Writes keys and genesis into `dir`.
pub(crate) fn files(dir: &Path, seed: u64, validators: usize, deployed: usize, new: usize) -> Result<Setup> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut keys = Vec::new();
    let mut committee = Vec::new();
    for i in 0..validators {
        let secret = scalar(&mut random);
        let public_key = get_public_key(&secret).to_bytes_be();
        let address = Felt32::from_u64(i as u64 + 1);
        let path = dir.join(format!("validator-{i}.keys.json"));
        Keys {
            scheme: SignatureScheme::StarkEcdsa,
            secret_key: Secret::new(secret.to_bytes_be()),
            public_key,
            address,
            p2p_secret_key: Secret::new(random.r#gen()),
        }
        .write_new(&path)?;
        keys.push(path);
        committee.push(MemberFile { address, public_key: HexBytes(public_key.to_vec()), voting_power: 1 });
    }
    let deployed: Vec<Wallet> = (0..deployed).map(|_| Wallet::new(scalar(&mut random))).collect();
    let new: Vec<Wallet> = (0..new).map(|_| Wallet::new(scalar(&mut random))).collect();
    let account = |wallet: &Wallet, deployed: bool| {
        json!({
            "public_key": format!("{:#x}", wallet.public_key),
            "balance_fri": BALANCE_FRI.to_string(),
            "deployed": deployed,
        })
    };
    let accounts: Vec<_> =
        deployed.iter().map(|w| account(w, true)).chain(new.iter().map(|w| account(w, false))).collect();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock stands before 1970")?.as_secs();
    let file = GenesisFile {
        format: GENESIS_FORMAT.into(),
        chain_id: "ECP_DEMO".into(),
        fork_id: 0,
        first_height: 0,
        params: ParamsFile {
            committee,
            proposers: None,
            builder: Felt32::from_u64(0xb0b),
            quorum: Quorum::TWO_THIRDS,
            timeouts: Timeouts {
                propose_ms: 3_000,
                propose_delta_ms: 500,
                prevote_ms: 1_000,
                prevote_delta_ms: 500,
                precommit_ms: 1_000,
                precommit_delta_ms: 500,
                rebroadcast_ms: 2_000,
                target_height_ms: Some(300),
            },
            starknet_version: "0.14.4".into(),
            part_format: "starknet-p2p/2026-08".into(),
            commitment_scheme: "ecp-starknet-1".into(),
            signature_scheme: SCHEME_STARK_ECDSA.into(),
            max_proposal_bytes: PROPOSAL_BYTES_DEFAULT,
        },
        activations: vec![],
        workload: Workload::Starknet(json!({ "accounts": accounts, "timestamp": now })),
    };
    let bytes = file.to_json();
    let genesis_file = dir.join("genesis.json");
    fs::write(&genesis_file, bytes).with_context(|| format!("writing {}", genesis_file.display()))?;
    Ok(Setup { genesis_file, keys, deployed, new })
}

/// A secret key: below the order of the curve because its top byte is zero, and not zero.
fn scalar(random: &mut StdRng) -> Felt {
    let mut bytes: [u8; 32] = random.r#gen();
    bytes[0] = 0;
    bytes[31] |= 1;
    Felt::from_bytes_be(&bytes)
}
