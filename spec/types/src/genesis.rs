//! The genesis file: what every half of a network starts from.
//!
//! A file is JSON. [`GenesisFile`] is its form, [`Genesis`] a file that was checked, with its digests and the
//! parameters of every height. The page `files.md` of the spec defines both.

mod checks;
mod digest;
#[cfg(test)]
mod tests;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    Committee, Felt, Height, HeightParams, HexBytes, Member, Network, Quorum, Timeouts,
    limits::{COMMITTEE_MEMBERS_MAX, PROPOSERS_MAX, VOTING_POWER_TOTAL_MAX},
};

pub use digest::committee_hash;

/// The value of `format` in a genesis file of this revision.
pub const GENESIS_FORMAT: &str = "ecp-genesis/1";
/// Vote signatures by Ed25519.
pub const SCHEME_ED25519: &str = "ed25519";
/// Vote signatures by ECDSA over the Stark curve.
pub const SCHEME_STARK_ECDSA: &str = "stark-ecdsa";

/// A genesis file as it is written (ECP-TST-001).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Genesis file of ECP")]
pub struct GenesisFile {
    /// Always `ecp-genesis/1`.
    #[schemars(extend("const" = GENESIS_FORMAT))]
    pub format: String,
    /// Chain id, 1 to 31 printable ASCII characters.
    #[schemars(regex(pattern = r"^[ -~]{1,31}$"))]
    pub chain_id: String,
    /// Number of operator resets; 0 if never reset.
    pub fork_id: u64,
    /// Height of the first block.
    pub first_height: Height,
    /// Parameters from the first height on.
    pub params: ParamsFile,
    /// Changes at later heights, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub activations: Vec<ActivationFile>,
    /// What the chain executes.
    pub workload: Workload,
}

/// Parameters of a height as they are written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParamsFile {
    /// Who votes, 1 to 1,000 members; member indexes refer to this order.
    #[schemars(length(min = 1, max = COMMITTEE_MEMBERS_MAX))]
    pub committee: Vec<MemberFile>,
    /// Who proposes. Absent: `{"rotate": min(members, 256)}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposers: Option<Proposers>,
    /// Address that receives the fees.
    pub builder: Felt,
    /// What a decision must exceed.
    pub quorum: Quorum,
    /// Timeouts of the rounds.
    pub timeouts: Timeouts,
    /// Version of Starknet, 1 to 31 printable ASCII characters.
    #[schemars(regex(pattern = r"^[ -~]{1,31}$"))]
    pub starknet_version: String,
    /// Part format, 1 to 64 printable ASCII characters.
    #[schemars(regex(pattern = r"^[ -~]{1,64}$"))]
    pub part_format: String,
    /// Commitment scheme, 1 to 64 printable ASCII characters.
    #[schemars(regex(pattern = r"^[ -~]{1,64}$"))]
    pub commitment_scheme: String,
    /// Signature scheme of votes, 1 to 64 printable ASCII characters.
    #[schemars(regex(pattern = r"^[ -~]{1,64}$"))]
    pub signature_scheme: String,
    /// Largest sum of the payload sizes of a proposal, in bytes, at least 1.
    #[schemars(range(min = 1))]
    pub max_proposal_bytes: u64,
}

/// A committee member as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberFile {
    /// Its address, unique in the committee.
    pub address: Felt,
    /// Its public key in the signature scheme, unique in the committee: 32 bytes in the schemes known here, else 1 to 1,024.
    #[schemars(extend("pattern" = "^0x([0-9a-fA-F]{2}){1,1024}$"))]
    pub public_key: HexBytes,
    /// Its voting power, at least 1; the sum over the committee is at most 2^62.
    #[schemars(range(min = 1, max = VOTING_POWER_TOTAL_MAX))]
    pub voting_power: u64,
}

/// Who proposes in which round of a height.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Proposers {
    /// A list of this length, 1 to 256, that moves on by one member with each height:
    /// entry `i` at height `h` is member `(h - first_height + i) mod members`.
    Rotate(#[schemars(range(min = 1, max = PROPOSERS_MAX))] u32),
    /// This list of member indexes at every height, 1 to 256 entries.
    Fixed(#[schemars(length(min = 1, max = PROPOSERS_MAX))] Vec<u32>),
}

/// A change of parameters: what is absent stays, what is present is replaced as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActivationFile {
    /// First height at which the change holds, above the one before.
    pub height: Height,
    /// New committee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = COMMITTEE_MEMBERS_MAX))]
    pub committee: Option<Vec<MemberFile>>,
    /// New rule of proposers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposers: Option<Proposers>,
    /// New builder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub builder: Option<Felt>,
    /// New quorum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quorum: Option<Quorum>,
    /// New timeouts, all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeouts: Option<Timeouts>,
    /// New version of Starknet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[ -~]{1,31}$"))]
    pub starknet_version: Option<String>,
    /// New part format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[ -~]{1,64}$"))]
    pub part_format: Option<String>,
    /// New commitment scheme.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[ -~]{1,64}$"))]
    pub commitment_scheme: Option<String>,
    /// New signature scheme.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[ -~]{1,64}$"))]
    pub signature_scheme: Option<String>,
    /// New limit of a proposal, in bytes, at least 1.
    #[schemars(range(min = 1))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_proposal_bytes: Option<u64>,
}

/// What the chain executes; the section itself is typed where it is executed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Workload {
    /// The test chain `ecp-test/1`.
    TestChain(#[schemars(extend("$ref" = "test-chain.schema.json"))] serde_json::Value),
    /// Starknet.
    Starknet(#[schemars(extend("$ref" = "starknet.schema.json"))] serde_json::Value),
}

/// Why a file is no genesis.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadGenesis {
    /// It is not JSON of the right form.
    #[error("genesis, at `{path}`: {problem}")]
    Form {
        /// Where in the file.
        path: String,
        /// What is wrong.
        problem: String,
    },
    /// A value breaks a rule.
    #[error("genesis field `{field}`: {problem}")]
    Field {
        /// The field, such as `params.committee[2].voting_power`.
        field: String,
        /// What is wrong and what would be right.
        problem: String,
    },
}

/// A checked genesis file.
#[derive(Clone, PartialEq)]
pub struct Genesis {
    file: GenesisFile,
    hash: [u8; 32],
    digest: [u8; 32],
    /// Parameters from each height on, ascending, the first height first.
    table: Vec<Entry>,
}

/// Parameters that hold from a height on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    height: Height,
    committee: Committee,
    params: ParamsFile,
}

impl GenesisFile {
    /// The file as indented JSON. Its bytes are what [`Genesis::genesis_hash`] is over.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        // Every field is a string, a number or a list of such: serialization into memory cannot fail.
        let mut bytes = serde_json::to_vec_pretty(self).expect("a genesis file is always serializable");
        bytes.push(b'\n');
        bytes
    }
}

impl Genesis {
    /// Reads and checks a file (ECP-HGT-003, ECP-HGT-004, ECP-HGT-006, ECP-HGT-007).
    pub fn read(bytes: &[u8]) -> Result<Self, BadGenesis> {
        let mut deserializer = serde_json::Deserializer::from_slice(bytes);
        let form = |path: String, error: serde_json::Error| BadGenesis::Form { path, problem: error.to_string() };
        let file: GenesisFile = serde_path_to_error::deserialize(&mut deserializer)
            .map_err(|error| form(error.path().to_string(), error.into_inner()))?;
        deserializer.end().map_err(|error| form("end of file".into(), error))?;

        checks::file(&file)?;
        let table = table(&file)?;
        let digest = digest::activations(&table);
        Ok(Self { file, hash: Sha256::digest(bytes).into(), digest, table })
    }

    /// What the file says.
    #[must_use]
    pub const fn file(&self) -> &GenesisFile {
        &self.file
    }

    /// SHA-256 of the bytes of the file.
    #[must_use]
    pub const fn genesis_hash(&self) -> [u8; 32] {
        self.hash
    }

    /// SHA-256 of the canonical encoding of the parameters of all heights.
    #[must_use]
    pub const fn activation_digest(&self) -> [u8; 32] {
        self.digest
    }

    /// The chain id.
    #[must_use]
    pub fn chain_id(&self) -> &str {
        &self.file.chain_id
    }

    /// Number of operator resets.
    #[must_use]
    pub const fn fork_id(&self) -> u64 {
        self.file.fork_id
    }

    /// Height of the first block.
    #[must_use]
    pub const fn first_height(&self) -> Height {
        self.file.first_height
    }

    /// What the chain executes.
    #[must_use]
    pub const fn workload(&self) -> &Workload {
        &self.file.workload
    }

    /// The network identity that both halves tell in the handshake (ECP-SES-003).
    #[must_use]
    pub fn network(&self) -> Network {
        Network {
            chain_id: self.file.chain_id.clone(),
            genesis_hash: self.hash,
            fork_id: self.file.fork_id,
            activation_digest: self.digest,
        }
    }

    /// Parameters of `height`, the same for ever (ECP-HGT-001); `None` below the first height.
    #[must_use]
    pub fn height_params(&self, height: Height) -> Option<HeightParams> {
        let entry = self.table.iter().rev().find(|entry| entry.height <= height)?;
        let params = &entry.params;
        Some(HeightParams {
            height,
            committee: entry.committee.clone(),
            proposers: proposers(params, height - self.file.first_height),
            builder: params.builder,
            quorum: params.quorum,
            starknet_version: params.starknet_version.clone(),
            part_format: params.part_format.clone(),
            commitment_scheme: params.commitment_scheme.clone(),
            signature_scheme: params.signature_scheme.clone(),
            timeouts: params.timeouts,
            max_proposal_bytes: params.max_proposal_bytes,
        })
    }
}

impl fmt::Debug for Genesis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Genesis")
            .field("chain_id", &self.file.chain_id)
            .field("genesis_hash", &crate::encode_hex(&self.hash))
            .finish_non_exhaustive()
    }
}

impl ParamsFile {
    /// The rule of proposers that holds, the default included.
    fn proposers(&self) -> Proposers {
        self.proposers.clone().unwrap_or_else(|| {
            let members = u32::try_from(self.committee.len()).unwrap_or(u32::MAX);
            Proposers::Rotate(members.min(checks::PROPOSERS_MAX))
        })
    }

    /// These parameters with a change.
    fn changed(&self, change: &ActivationFile) -> Self {
        let change = change.clone();
        Self {
            committee: change.committee.unwrap_or_else(|| self.committee.clone()),
            proposers: change.proposers.or_else(|| self.proposers.clone()),
            builder: change.builder.unwrap_or(self.builder),
            quorum: change.quorum.unwrap_or(self.quorum),
            timeouts: change.timeouts.unwrap_or(self.timeouts),
            starknet_version: change.starknet_version.unwrap_or_else(|| self.starknet_version.clone()),
            part_format: change.part_format.unwrap_or_else(|| self.part_format.clone()),
            commitment_scheme: change.commitment_scheme.unwrap_or_else(|| self.commitment_scheme.clone()),
            signature_scheme: change.signature_scheme.unwrap_or_else(|| self.signature_scheme.clone()),
            max_proposal_bytes: change.max_proposal_bytes.unwrap_or(self.max_proposal_bytes),
        }
    }
}

/// Member indexes of the rounds, `since_first` heights after the first one (ECP-HGT-006).
fn proposers(params: &ParamsFile, since_first: u64) -> Vec<u32> {
    match params.proposers() {
        Proposers::Fixed(list) => list,
        Proposers::Rotate(length) => {
            // A committee has 1 to 1,000 members: no division by zero, and every index fits.
            let members = params.committee.len() as u64;
            let start = since_first % members;
            (0..u64::from(length)).map(|i| ((start + i) % members) as u32).collect()
        }
    }
}

/// Resolves every change into whole parameters, and checks them.
fn table(file: &GenesisFile) -> Result<Vec<Entry>, BadGenesis> {
    let mut table = vec![entry(file.first_height, file.params.clone(), "params")?];
    for (i, change) in file.activations.iter().enumerate() {
        let last = &table[i];
        if change.height <= last.height {
            let problem = format!("must be above {}, the height before it in the table", last.height);
            return Err(BadGenesis::Field { field: format!("activations[{i}].height"), problem });
        }
        let params = last.params.changed(change);
        table.push(entry(change.height, params, &format!("activations[{i}]"))?);
    }
    Ok(table)
}

fn entry(height: Height, params: ParamsFile, place: &str) -> Result<Entry, BadGenesis> {
    checks::params(&params, place)?;
    let members = params.committee.iter().map(|member| Member {
        address: member.address,
        public_key: member.public_key.0.clone(),
        voting_power: member.voting_power,
    });
    Ok(Entry { height, committee: Committee::new(members.collect()), params })
}

impl Committee {
    /// A committee with its hash (ECP-HGT-005). Members are not checked.
    #[must_use]
    pub fn new(members: Vec<Member>) -> Self {
        Self { hash: committee_hash(&members), members }
    }
}
