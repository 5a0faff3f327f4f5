//! The vectors of `spec/vectors/dialogues`: whole conversations, on the test chain of the other vectors.

mod rounds;
mod sessions;

use bytes::Bytes;
use ecp_proto::v1alpha1 as pb;
use ecp_testchain::{Chain, Slot, reframe_init};
use ecp_types::{Felt, Reason};
use pb::{
    build_proposal_response::Event as Built, get_block_hash_response::Result as Hash,
    get_decided_response::Event as Get, import_decided_request::Event as Import,
    validate_proposal_request::Event as Ask, validate_proposal_response::Event as Told, verdict::Outcome,
};

use crate::{
    chain::{self, HEIGHT},
    dialogue::{Call, Talk, open},
    root, settle,
};

/// Instances of the execution half, and tokens that it issued.
const A: u8 = 0xa1;
const B: u8 = 0xb2;
const TOKEN: u8 = 0x5e;
const OTHER_TOKEN: u8 = 0x6f;
/// Budget of a validation in milliseconds, and of a build.
const VALIDATION_MS: u32 = 9000;
const BUILD_MS: u32 = 1000;

fn nothing() -> pb::ConsensusPosition {
    pb::ConsensusPosition::default()
}

fn committed(height: u64) -> pb::ConsensusPosition {
    pb::ConsensusPosition {
        committed: Some(chain::position_of(height)),
        last_signed: Some(pb::LastSigned {
            height: Some(height),
            round: Some(0),
            step: pb::SignedStep::Precommit.into(),
        }),
        certified: None,
    }
}

/// Up to the first height, which is open.
fn ready(talk: &mut Talk) {
    talk.handshake(A, TOKEN, nothing(), None);
    let state = pb::WatchResponse {
        instance_id: chain::name16(A),
        phase: pb::Phase::Ready.into(),
        params_height: Some(HEIGHT),
        ..pb::WatchResponse::default()
    };
    talk.stream("Watch", &pb::WatchRequest {}, &[state]);
    height_params(talk, HEIGHT);
}

fn height_params(talk: &mut Talk, height: u64) {
    let request = pb::GetHeightParamsRequest { height: Some(height) };
    talk.unary("GetHeightParams", &request, &pb::GetHeightParamsResponse { params: Some(chain::params(height)) });
}

/// Who proposes in a round.
fn proposer(height: u64, round: u32) -> Bytes {
    Bytes::copy_from_slice(chain::genesis().height_params(height).unwrap().proposer(round).address.as_bytes())
}

fn start_round(talk: &mut Talk, height: u64, round: u32, role: pb::RoundRole) {
    let request = pb::StartRoundRequest {
        height: Some(height),
        round: Some(round),
        role: role.into(),
        proposer: proposer(height, round),
    };
    talk.unary("StartRound", &request, &pb::StartRoundResponse {});
}

/// Begins a build of the first height and takes this many parts of it.
fn build(talk: &mut Talk, stream: u8, parts: usize) -> Call {
    let request = pb::BuildProposalRequest {
        stream_id: chain::name16(stream),
        height: Some(HEIGHT),
        round: Some(0),
        proposer: proposer(HEIGHT, 0),
        budget_ms: BUILD_MS,
    };
    let parts: Vec<_> = chain::block().parts.into_iter().take(parts).map(Built::Part).map(built).collect();
    talk.stream("BuildProposal", &request, &parts)
}

fn built(event: Built) -> pb::BuildProposalResponse {
    pb::BuildProposalResponse { event: Some(event) }
}

/// The rest of a build of which all parts were taken.
fn built_whole(talk: &mut Talk, call: Call) {
    let block = chain::block();
    let end = pb::Built {
        commitment: block.commitment,
        executed_count: Some(block.executed_count),
        counts: Some(chain::counts()),
    };
    talk.answer(call, &built(Built::Built(end)));
    talk.end(call);
}

fn basis(kind: pb::BasisKind, valid_round: Option<u32>) -> pb::Basis {
    pb::Basis { kind: kind.into(), valid_round }
}

/// Opens a validation of the first height.
fn validate(talk: &mut Talk, stream: u8, round: u32, valid_round: Option<u32>, basis: pb::Basis) -> Call {
    validate_as(talk, stream, round, valid_round, basis, None)
}

fn validate_as(
    talk: &mut Talk,
    stream: u8,
    round: u32,
    valid_round: Option<u32>,
    basis: pb::Basis,
    same_as: Option<Bytes>,
) -> Call {
    let call = talk.begin("ValidateProposal");
    let open = pb::ValidateOpen {
        stream_id: chain::name16(stream),
        height: Some(HEIGHT),
        round: Some(round),
        valid_round,
        proposer: proposer(HEIGHT, round),
        budget_ms: VALIDATION_MS,
        basis: Some(basis),
        same_as,
    };
    ask(talk, call, Ask::Open(open));
    call
}

fn ask(talk: &mut Talk, call: Call, event: Ask) {
    talk.ask(call, &pb::ValidateProposalRequest { event: Some(event) });
}

fn send(talk: &mut Talk, call: Call, parts: &[pb::Part]) {
    for part in parts {
        ask(talk, call, Ask::Part(part.clone()));
    }
    ask(talk, call, Ask::End(chain::counts_of(parts)));
}

/// The verdict, after which the caller half-closes and the stream ends.
fn verdict(talk: &mut Talk, call: Call, outcome: Outcome) {
    let verdict = pb::Verdict { outcome: Some(outcome) };
    talk.answer(call, &pb::ValidateProposalResponse { event: Some(Told::Verdict(verdict)) });
    talk.half_close(call);
    talk.end(call);
}

fn valid() -> Outcome {
    let block = chain::block();
    Outcome::Valid(pb::Valid { commitment: block.commitment, executed_count: Some(block.executed_count) })
}

fn decide_request(height: u64, round: u32) -> pb::DecideRequest {
    pb::DecideRequest {
        height: Some(height),
        round: Some(round),
        commitment: chain::block_at(height).commitment,
        certificate: Some(chain::certificate_of(height, round)),
    }
}

fn decide(talk: &mut Talk, height: u64, round: u32) {
    let reply = pb::DecideResponse {
        committed: Some(chain::position_of(height)),
        next_params: Some(chain::params(height + 1)),
    };
    talk.unary("Decide", &decide_request(height, round), &reply);
}

fn header(height: u64) -> pb::DecidedHeader {
    pb::DecidedHeader {
        height: Some(height),
        certificate: Some(chain::certificate_of(height, 0)),
        part_format: "ecp-test/1".into(),
        counts: Some(chain::counts_of(&chain::block_at(height).parts)),
    }
}

/// Imports a decided block; says what came of it.
fn import(talk: &mut Talk, height: u64, outcome: pb::ImportOutcome) {
    let call = talk.begin("ImportDecided");
    let mut say = |event| talk.ask(call, &pb::ImportDecidedRequest { event: Some(event) });
    let parts = chain::block_at(height).parts;
    say(Import::Header(header(height)));
    parts.iter().cloned().map(Import::Part).for_each(&mut say);
    say(Import::End(chain::counts_of(&parts)));
    talk.half_close(call);
    let reply = pb::ImportDecidedResponse {
        outcome: outcome.into(),
        committed: Some(chain::position_of(height)),
        next_params: Some(chain::params(height + 1)),
        ..pb::ImportDecidedResponse::default()
    };
    talk.answer(call, &reply);
    talk.end(call);
}

fn all() -> Vec<Talk> {
    vec![
        rounds::a_height_that_this_node_proposes(),
        rounds::a_height_that_another_node_proposes(),
        rounds::the_same_build_after_a_lost_connection(),
        rounds::a_build_that_is_given_up(),
        rounds::a_value_is_proposed_again(),
        rounds::a_clock_that_is_off(),
        rounds::a_quorum_while_a_proposal_is_judged(),
        rounds::a_proposal_that_breaks_a_rule(),
        sessions::decided_without_the_body(),
        sessions::an_execution_half_that_was_killed(),
        sessions::a_consensus_half_that_was_killed_before_it_decided(),
        sessions::a_session_that_was_replaced(),
        sessions::halves_that_cannot_speak(),
        sessions::a_half_that_takes_over(),
        sessions::somebody_who_only_reads(),
        sessions::late_precommits_and_evidence(),
        sessions::a_hash_that_lags(),
    ]
}

/// Makes and settles every file; other files do not belong there.
pub(crate) fn files() -> usize {
    let folder = root().join("spec/vectors/dialogues");
    let talks = all();
    for talk in &talks {
        settle(&folder.join(format!("{}.json", talk.name())), &talk.text());
    }
    let stored = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let stored = stored.filter(|path| path.extension().is_some_and(|extension| extension == "json")).count();
    assert_eq!(stored, talks.len(), "a file belongs to no dialogue");
    talks.len()
}

#[test]
fn dialogues_are_as_written() {
    assert!(files() >= 10);
}
