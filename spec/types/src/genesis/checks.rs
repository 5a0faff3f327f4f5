//! What a genesis file must keep to.

use std::collections::BTreeSet;

use crate::limits::{self, COMMITTEE_MEMBERS_MAX, VOTING_POWER_TOTAL_MAX};

use super::{BadGenesis, GENESIS_FORMAT, GenesisFile, ParamsFile, Proposers, SCHEME_ED25519, SCHEME_STARK_ECDSA};

/// Longest list of proposers (ECP-HGT-006).
pub(super) const PROPOSERS_MAX: u32 = limits::PROPOSERS_MAX as u32;
/// Longest public key of a scheme that is not known here.
const PUBLIC_KEY_BYTES_MAX: usize = 1024;

/// Checks what stands outside the parameters.
pub(super) fn file(file: &GenesisFile) -> Result<(), BadGenesis> {
    if file.format != GENESIS_FORMAT {
        return bad("format", format!("must be \"{GENESIS_FORMAT}\", got \"{}\"", file.format));
    }
    text("chain_id", &file.chain_id, 31)
}

/// Checks parameters that hold from some height on; `place` is where the file says them.
pub(super) fn params(params: &ParamsFile, place: &str) -> Result<(), BadGenesis> {
    let at = |field: &str| format!("{place}.{field}");
    text(&at("starknet_version"), &params.starknet_version, 31)?;
    text(&at("part_format"), &params.part_format, 64)?;
    text(&at("commitment_scheme"), &params.commitment_scheme, 64)?;
    text(&at("signature_scheme"), &params.signature_scheme, 64)?;
    committee(params, &at("committee"))?;
    proposers(params, &at("proposers"))?;
    quorum(params, &at("quorum"))?;
    timeouts(params, &at("timeouts"))?;
    if params.max_proposal_bytes == 0 {
        return bad(at("max_proposal_bytes"), "must be at least 1");
    }
    Ok(())
}

/// ECP-HGT-003 and ECP-HGT-004.
fn committee(params: &ParamsFile, place: &str) -> Result<(), BadGenesis> {
    let members = &params.committee;
    if members.is_empty() || members.len() as u64 > COMMITTEE_MEMBERS_MAX {
        return bad(place, format!("must have 1 to {COMMITTEE_MEMBERS_MAX} members, has {}", members.len()));
    }
    let (mut addresses, mut keys, mut total) = (BTreeSet::new(), BTreeSet::new(), 0u128);
    for (i, member) in members.iter().enumerate() {
        if !addresses.insert(member.address) {
            return bad(format!("{place}[{i}].address"), format!("{} stands twice", member.address));
        }
        let key = &member.public_key.0;
        let known = [SCHEME_ED25519, SCHEME_STARK_ECDSA].contains(&params.signature_scheme.as_str());
        if known && key.len() != 32 {
            let problem = format!("must be 32 bytes in the scheme {}, has {}", params.signature_scheme, key.len());
            return bad(format!("{place}[{i}].public_key"), problem);
        }
        if key.is_empty() || key.len() > PUBLIC_KEY_BYTES_MAX {
            return bad(format!("{place}[{i}].public_key"), format!("must have 1 to {PUBLIC_KEY_BYTES_MAX} bytes"));
        }
        if !keys.insert(key) {
            return bad(format!("{place}[{i}].public_key"), "stands twice");
        }
        if member.voting_power == 0 {
            return bad(format!("{place}[{i}].voting_power"), "must be at least 1");
        }
        total += u128::from(member.voting_power);
    }
    if total > u128::from(VOTING_POWER_TOTAL_MAX) {
        return bad(place, format!("the sum of the voting power must be at most 2^62, is {total}"));
    }
    Ok(())
}

/// ECP-HGT-006.
fn proposers(params: &ParamsFile, place: &str) -> Result<(), BadGenesis> {
    match params.proposers() {
        Proposers::Rotate(length) => {
            if length == 0 || length > PROPOSERS_MAX {
                return bad(format!("{place}.rotate"), format!("must be 1 to {PROPOSERS_MAX}, is {length}"));
            }
        }
        Proposers::Fixed(list) => {
            if list.is_empty() || list.len() > PROPOSERS_MAX as usize {
                let problem = format!("must have 1 to {PROPOSERS_MAX} entries, has {}", list.len());
                return bad(format!("{place}.fixed"), problem);
            }
            let members = params.committee.len();
            if let Some((i, index)) = list.iter().enumerate().find(|(_, index)| **index as usize >= members) {
                let problem = format!("member {index} does not exist, the committee has {members}");
                return bad(format!("{place}.fixed[{i}]"), problem);
            }
        }
    }
    Ok(())
}

/// ECP-HGT-007: a decision needs more than half.
fn quorum(params: &ParamsFile, place: &str) -> Result<(), BadGenesis> {
    let (n, d) = (u64::from(params.quorum.numerator), u64::from(params.quorum.denominator));
    if n == 0 || d <= n || d > 2 * n {
        return bad(place, format!("must be a fraction of at least 1/2 and below 1, is {n}/{d}"));
    }
    Ok(())
}

/// Everything that is waited for takes time; only what is added per round may be zero.
fn timeouts(params: &ParamsFile, place: &str) -> Result<(), BadGenesis> {
    let t = &params.timeouts;
    for (name, value) in [
        ("propose_ms", Some(t.propose_ms)),
        ("prevote_ms", Some(t.prevote_ms)),
        ("precommit_ms", Some(t.precommit_ms)),
        ("rebroadcast_ms", Some(t.rebroadcast_ms)),
        ("target_height_ms", t.target_height_ms),
    ] {
        if value == Some(0) {
            return bad(format!("{place}.{name}"), "must be at least 1");
        }
    }
    Ok(())
}

/// 1 to `max` printable ASCII characters.
fn text(field: &str, value: &str, max: usize) -> Result<(), BadGenesis> {
    let printable = value.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    if value.is_empty() || value.len() > max || !printable {
        return bad(field, format!("must have 1 to {max} printable ASCII characters"));
    }
    Ok(())
}

fn bad<T>(field: impl Into<String>, problem: impl Into<String>) -> Result<T, BadGenesis> {
    Err(BadGenesis::Field { field: field.into(), problem: problem.into() })
}
