//! Whole validators on the test chain, as tests start them: keys, genesis, processes.
//!
//! | module | what |
//! |---|---|
//! | [`history`] | what was seen of a network under kills, and the rules that it must obey |
//! | [`judged`] | reads from a consensus half's log which proposals it found valid |
//! | [`soak`] | kills halves at random, as a seed says |

pub mod history;
pub mod judged;
pub mod soak;

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

use anyhow::{Context, Result};
use conformance::network::Network;
use ecp_testchain::{Domain, Section, account_key, section::AccountSection, sign_transfer};
use ecp_types::{
    Felt, HexBytes, Quorum, Timeouts,
    genesis::{GENESIS_FORMAT, GenesisFile, MemberFile, ParamsFile, SCHEME_ED25519, Workload},
    keys::{Keys, Secret, SignatureScheme},
    limits::PROPOSAL_BYTES_DEFAULT,
};
use tempfile::TempDir;

/// Folder with the binaries of both reference halves, built once if they are not there yet.
pub fn binaries() -> Result<PathBuf> {
    static BUILT: OnceLock<std::result::Result<PathBuf, String>> = OnceLock::new();
    BUILT
        .get_or_init(|| conformance::demo::binaries().map_err(|e| format!("{e:#}")))
        .clone()
        .map_err(anyhow::Error::msg)
}

/// Files of a network on the test chain.
pub struct Files {
    /// The folder of all files; it is removed with this value.
    pub dir: TempDir,
    /// The genesis file.
    pub genesis: PathBuf,
    /// The keys files, one for each validator.
    pub keys: Vec<PathBuf>,
}

impl Files {
    /// Keys and genesis of `validators` members of equal power, with this many transfers in every mempool.
    pub fn new(validators: u8, transfers: u64) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let mut keys = Vec::new();
        let mut committee = Vec::new();
        for i in 0..validators {
            let path = dir.path().join(format!("{i}.keys.json"));
            let member = validator_keys(i);
            committee.push(MemberFile {
                address: member.address,
                public_key: HexBytes(member.public_key.to_vec()),
                voting_power: 1,
            });
            member.write_new(&path)?;
            keys.push(path);
        }
        let file = genesis(committee, transfers)?;
        let genesis = dir.path().join("genesis.json");
        std::fs::write(&genesis, file.to_json()).context("writing genesis")?;
        Ok(Self { dir, genesis, keys })
    }

    /// Starts all validators.
    pub async fn start(&self) -> Result<Network> {
        Network::start(&binaries()?, self.dir.path(), &self.genesis, &self.keys).await
    }

    /// The folder of validator `index`.
    #[must_use]
    pub fn home(&self, index: usize) -> PathBuf {
        self.dir.path().join(format!("validator-{index}"))
    }

    /// Writes a changed copy of genesis and tells where.
    pub fn changed_genesis(&self, change: impl FnOnce(&mut GenesisFile)) -> Result<PathBuf> {
        let mut file: GenesisFile = serde_json::from_slice(&std::fs::read(&self.genesis)?)?;
        change(&mut file);
        let path = self.dir.path().join("other-genesis.json");
        std::fs::write(&path, file.to_json())?;
        Ok(path)
    }

    /// Leaves the files where they are and tells where that is.
    #[must_use]
    pub fn keep(self) -> PathBuf {
        self.dir.keep()
    }

    /// The folder of all files.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.dir.path()
    }
}

fn validator_keys(index: u8) -> Keys {
    let secret = [index + 1; 32];
    Keys {
        scheme: SignatureScheme::Ed25519,
        secret_key: Secret::new(secret),
        public_key: ed25519_consensus::SigningKey::from(secret).verification_key().to_bytes(),
        address: Felt::from_u64(u64::from(index) + 1),
        p2p_secret_key: Secret::new([index + 101; 32]),
    }
}

fn genesis(committee: Vec<MemberFile>, transfers: u64) -> Result<GenesisFile> {
    let chain_id = "ECP_E2E";
    let (sender, receiver) = ([0xa1; 32], [0xb2; 32]);
    let domain = Domain { chain_id: chain_id.into(), fork_id: 0 };
    let mempool =
        (0..transfers).map(|nonce| sign_transfer(&domain, &sender, account_key(&receiver), 1, nonce, 0)).collect();
    let section = Section {
        accounts: vec![AccountSection { key: account_key(&sender), balance: 1 << 40, nonce: 0 }],
        mempool,
        hash_lag: 0,
        hash_ms: 0,
        window_ms: 10_000,
        capacity: 2,
        batch: 1,
    };
    Ok(GenesisFile {
        format: GENESIS_FORMAT.into(),
        chain_id: chain_id.into(),
        fork_id: 0,
        first_height: 1,
        params: ParamsFile {
            committee,
            proposers: None,
            builder: Felt::from_u64(7),
            quorum: Quorum::TWO_THIRDS,
            timeouts: Timeouts {
                propose_ms: 1_000,
                propose_delta_ms: 500,
                prevote_ms: 300,
                prevote_delta_ms: 300,
                precommit_ms: 300,
                precommit_delta_ms: 300,
                rebroadcast_ms: 1_000,
                target_height_ms: Some(50),
            },
            starknet_version: "0.14.4".into(),
            part_format: ecp_testchain::ECP_TEST_1.into(),
            commitment_scheme: ecp_testchain::ECP_TEST_1.into(),
            signature_scheme: SCHEME_ED25519.into(),
            max_proposal_bytes: PROPOSAL_BYTES_DEFAULT,
        },
        activations: vec![],
        workload: Workload::TestChain(serde_json::to_value(section)?),
    })
}
