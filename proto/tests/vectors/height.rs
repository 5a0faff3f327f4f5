//! The parameters of a height, and StartRound.

use bytes::Bytes;
use ecp_proto::{FieldError, v1alpha1 as pb};
use ecp_types::{Felt, Height, HeightParams, Round, RoundRole};

use crate::{
    chain,
    harness::{File, Receiver, Table, anything, inside},
    patterns::zeros,
};

const MEMBERS: usize = 1000;
const POWER_MAX: u64 = 1 << 62;

pub(crate) fn files() -> Vec<File> {
    let started = Table::new("StartRoundResponse", Receiver::Consensus, "empty", pb::StartRoundResponse {}, anything);
    let request = pb::GetHeightParamsRequest { height: Some(chain::HEIGHT) };
    let request = Table::new("GetHeightParamsRequest", Receiver::Execution, "the first height", request, |m| {
        Height::try_from(m).map(drop)
    })
    .present64("height", |m| &mut m.height);
    vec![
        member(),
        committee(),
        quorum(),
        timeouts(),
        params(),
        request.done(),
        response(),
        start_round(),
        started.done(),
    ]
}

fn base() -> pb::HeightParams {
    chain::params(chain::HEIGHT)
}

fn of_params(outer: &str, params: pb::HeightParams) -> Result<(), FieldError> {
    inside(outer, HeightParams::try_from(params))
}

fn member() -> File {
    let first = base().committee.unwrap().members[0].clone();
    Table::new("CommitteeMember", Receiver::Consensus, "a member", first, |m| {
        let committee = pb::Committee { members: vec![m], hash: zeros(32) };
        of_params("committee.members[0]", pb::HeightParams { committee: Some(committee), proposers: vec![0], ..base() })
    })
    .felt("address", |m| &mut m.address)
    .between("", (1, 1024), "public_key", |m| &mut m.public_key)
    .accepted("voting_power 2^62", |m| m.voting_power = POWER_MAX)
    .refused("ECP-HGT-004", "voting_power 0", "voting_power", |m| m.voting_power = 0)
    .refused("ECP-HGT-004", "voting_power 2^62 + 1", "voting_power", |m| m.voting_power = POWER_MAX + 1)
    .refused("ECP-HGT-004", "voting_power 2^64 - 1", "voting_power", |m| m.voting_power = u64::MAX)
    .done()
}

fn many(count: usize) -> Vec<pb::CommitteeMember> {
    (1..=count)
        .map(|n| {
            let mut address = [0; 32];
            address[30..].copy_from_slice(&u16::try_from(n).unwrap().to_be_bytes());
            let public_key = Bytes::from_static(&[1]);
            pb::CommitteeMember { address: Bytes::copy_from_slice(&address), public_key, voting_power: 1 }
        })
        .collect()
}

fn committee() -> File {
    Table::new("Committee", Receiver::Consensus, "four members", base().committee.unwrap(), |m| {
        of_params("committee", pb::HeightParams { committee: Some(m), proposers: vec![0], ..base() })
    })
    .accepted("one member", |m| m.members.truncate(1))
    .accepted("1,000 members", |m| m.members = many(MEMBERS))
    .refused("ECP-HGT-003", "1,001 members", "members", |m| m.members = many(MEMBERS + 1))
    .refused("ECP-HGT-003", "no member", "members", |m| m.members.clear())
    .refused("ECP-HGT-003", "the third has the address of the first", "members[2].address", |m| {
        m.members[2].address = m.members[0].address.clone();
    })
    .accepted("two members with one public key", |m| m.members[1].public_key = m.members[0].public_key.clone())
    .accepted("2^62 voting power together", |m| {
        m.members.iter_mut().for_each(|member| member.voting_power = POWER_MAX / 4);
    })
    .refused("ECP-HGT-004", "2^62 + 1 voting power together", "members", |m| {
        m.members.iter_mut().for_each(|member| member.voting_power = POWER_MAX / 4);
        m.members[3].voting_power += 1;
    })
    .refused("ECP-HGT-004", "voting power of the last 0", "members[3].voting_power", |m| {
        m.members[3].voting_power = 0;
    })
    .exactly("ECP-HGT-005", 32, "hash", |m| &mut m.hash)
    .done()
}

fn quorum() -> File {
    let base_quorum = pb::Quorum { numerator: 2, denominator: 3 };
    Table::new("Quorum", Receiver::Consensus, "2/3", base_quorum, |m| {
        of_params("quorum", pb::HeightParams { quorum: Some(m), ..base() })
    })
    .accepted("1/2", |m| *m = fraction(1, 2))
    .accepted("67/100", |m| *m = fraction(67, 100))
    .accepted("99/100", |m| *m = fraction(99, 100))
    .accepted("the largest denominator", |m| *m = fraction(u32::MAX - 1, u32::MAX))
    .accepted("a fraction that is not reduced", |m| *m = fraction(4, 6))
    .refused("ECP-HGT-007", "1/3", "denominator", |m| *m = fraction(1, 3))
    .refused("ECP-HGT-007", "49/100", "denominator", |m| *m = fraction(49, 100))
    .refused("ECP-HGT-007", "1/1", "denominator", |m| *m = fraction(1, 1))
    .refused("ECP-HGT-007", "3/2", "denominator", |m| *m = fraction(3, 2))
    .refused("ECP-HGT-007", "2/0", "denominator", |m| *m = fraction(2, 0))
    .refused("ECP-HGT-007", "0/3", "numerator", |m| *m = fraction(0, 3))
    .refused("ECP-HGT-007", "0/0", "numerator", |m| *m = fraction(0, 0))
    .done()
}

fn fraction(numerator: u32, denominator: u32) -> pb::Quorum {
    pb::Quorum { numerator, denominator }
}

fn timeouts() -> File {
    const RULE: &str = "ECP-HGT-008";
    let all = (1, u32::MAX);
    Table::new("Timeouts", Receiver::Consensus, "of the test chain", base().timeouts.unwrap(), |m| {
        of_params("timeouts", pb::HeightParams { timeouts: Some(m), ..base() })
    })
    .range32(RULE, all, "propose_ms", |m| &mut m.propose_ms)
    .range32(RULE, all, "prevote_ms", |m| &mut m.prevote_ms)
    .range32(RULE, all, "precommit_ms", |m| &mut m.precommit_ms)
    .range32(RULE, all, "rebroadcast_ms", |m| &mut m.rebroadcast_ms)
    .accepted("no growth with the rounds", |m| {
        (m.propose_delta_ms, m.prevote_delta_ms, m.precommit_delta_ms) = (0, 0, 0);
    })
    .accepted("target_height_ms absent", |m| m.target_height_ms = None)
    .accepted("target_height_ms 1", |m| m.target_height_ms = Some(1))
    .refused(RULE, "target_height_ms 0, which is not absent", "target_height_ms", |m| m.target_height_ms = Some(0))
    .done()
}

fn params() -> File {
    Table::new("HeightParams", Receiver::Consensus, "of the test chain", base(), |m| {
        HeightParams::try_from(m).map(drop)
    })
    .present64("height", |m| &mut m.height)
    .refused("ECP-HGT-003", "committee absent", "committee", |m| m.committee = None)
    .refused("ECP-ENC-002", "an address short", "committee.members[1].address", |m| {
        m.committee.as_mut().unwrap().members[1].address = zeros(31);
    })
    .accepted("one proposer", |m| m.proposers = vec![3])
    .accepted("256 proposers", |m| m.proposers = vec![1; 256])
    .refused("ECP-HGT-006", "257 proposers", "proposers", |m| m.proposers = vec![1; 257])
    .refused("ECP-HGT-006", "no proposer", "proposers", |m| m.proposers.clear())
    .refused("ECP-HGT-006", "a proposer that is no member", "proposers[1]", |m| m.proposers = vec![0, 4])
    .felt("builder", |m| &mut m.builder)
    .refused("ECP-HGT-007", "quorum absent", "quorum", |m| m.quorum = None)
    .refused("ECP-HGT-007", "quorum 1/3", "quorum.denominator", |m| m.quorum = Some(fraction(1, 3)))
    .ascii("", (0, 31), "starknet_version", |m| &mut m.starknet_version)
    .ascii("ECP-HGT-009", (1, 64), "part_format", |m| &mut m.part_format)
    .ascii("ECP-HGT-009", (1, 64), "commitment_scheme", |m| &mut m.commitment_scheme)
    .ascii("ECP-HGT-009", (1, 64), "signature_scheme", |m| &mut m.signature_scheme)
    .refused("ECP-HGT-008", "timeouts absent", "timeouts", |m| m.timeouts = None)
    .refused("ECP-HGT-008", "a timeout of 0", "timeouts.prevote_ms", |m| m.timeouts.as_mut().unwrap().prevote_ms = 0)
    .at_least64("ECP-LIM-003", 1, "max_proposal_bytes", |m| &mut m.max_proposal_bytes)
    .done()
}

fn response() -> File {
    let base = pb::GetHeightParamsResponse { params: Some(base()) };
    Table::new("GetHeightParamsResponse", Receiver::Consensus, "of the test chain", base, |m| {
        HeightParams::try_from(m).map(drop)
    })
    .refused("ECP-HGT-001", "params absent", "params", |m| m.params = None)
    .refused("ECP-ENC-003", "params without their height", "params.height", |m| {
        m.params.as_mut().unwrap().height = None;
    })
    .done()
}

fn start_round() -> File {
    let base = pb::StartRoundRequest {
        height: Some(chain::HEIGHT),
        round: Some(0),
        role: pb::RoundRole::Proposer.into(),
        proposer: chain::address(0),
    };
    Table::new("StartRoundRequest", Receiver::Execution, "this node proposes", base, |m| {
        <(Height, Round, RoundRole, Felt)>::try_from(m).map(drop)
    })
    .present64("height", |m| &mut m.height)
    .present32("round", |m| &mut m.round)
    .values("role", 3, |m| &mut m.role)
    .felt("proposer", |m| &mut m.proposer)
    .refused("ECP-ENC-003", "nothing set", "height", |m| *m = pb::StartRoundRequest::default())
    .done()
}
