//! The vectors of `spec/vectors/dialogues`: whole conversations, on the test chain of the other vectors.

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

fn a_height_that_this_node_proposes() -> Talk {
    let mut talk = Talk::new("propose", "A fresh node alone at the first height: it builds, and its block is decided.");
    ready(&mut talk);
    start_round(&mut talk, HEIGHT, 0, pb::RoundRole::Proposer);
    let call = build(&mut talk, 0xb0, 3);
    built_whole(&mut talk, call);
    talk.note("Votes go over the network of the consensus halves, not here.");
    decide(&mut talk, HEIGHT, 0);
    let request = pb::GetBlockHashRequest { height: Some(HEIGHT) };
    let not_yet = pb::BlockHashNotYet { known_height: None };
    talk.unary("GetBlockHash", &request, &pb::GetBlockHashResponse { result: Some(Hash::NotYet(not_yet)) });
    start_round(&mut talk, HEIGHT + 1, 0, pb::RoundRole::Validator);
    talk
}

fn a_height_that_another_node_proposes() -> Talk {
    let mut talk =
        Talk::new("validate", "A proposal of another node is valid here and decided; then the block is read.");
    ready(&mut talk);
    start_round(&mut talk, HEIGHT, 0, pb::RoundRole::Validator);
    let call = validate(&mut talk, 0xd0, 0, None, basis(pb::BasisKind::Fresh, None));
    send(&mut talk, call, &chain::block().parts);
    verdict(&mut talk, call, valid());
    decide(&mut talk, HEIGHT, 0);
    talk.note("The same again: the reply is the same.");
    decide(&mut talk, HEIGHT, 0);
    let get = |event| pb::GetDecidedResponse { event: Some(event) };
    let mut answers = vec![get(Get::Header(header(HEIGHT)))];
    answers.extend(chain::block().parts.into_iter().map(Get::Part).map(get));
    answers.push(get(Get::Done(pb::Done { last: Some(HEIGHT) })));
    let range = pb::GetDecidedRequest { from: Some(HEIGHT), to: Some(HEIGHT) };
    let call = talk.stream("GetDecided", &range, &answers);
    talk.end(call);
    talk
}

fn the_same_build_after_a_lost_connection() -> Talk {
    let about = "The connection is lost while the block is built: the same parts come again, from index 0.";
    let mut talk = Talk::new("build-again", about);
    ready(&mut talk);
    start_round(&mut talk, HEIGHT, 0, pb::RoundRole::Proposer);
    let call = build(&mut talk, 0xb0, 2);
    talk.reset(call);
    talk.handshake(A, OTHER_TOKEN, nothing(), None);
    start_round(&mut talk, HEIGHT, 0, pb::RoundRole::Proposer);
    let call = build(&mut talk, 0xb1, 3);
    built_whole(&mut talk, call);
    talk
}

fn a_build_that_is_given_up() -> Talk {
    let about = "A build is aborted: it ends with ROUND_BURNED, and so does every later one of the slot.";
    let mut talk = Talk::new("burned", about);
    ready(&mut talk);
    start_round(&mut talk, HEIGHT, 0, pb::RoundRole::Proposer);
    let call = build(&mut talk, 0xb0, 2);
    talk.unary("Abort", &pb::AbortRequest { stream_id: chain::name16(0xb0) }, &pb::AbortResponse {});
    talk.fail(call, Reason::RoundBurned, "the build was aborted", None);
    let call = build(&mut talk, 0xb1, 0);
    talk.fail(call, Reason::RoundBurned, "the build was aborted", None);
    start_round(&mut talk, HEIGHT, 1, pb::RoundRole::Validator);
    talk
}

fn a_value_is_proposed_again() -> Talk {
    let about = "Round 0 ended with a quorum of prevotes: its proposal gets an INIT of round 1 and is validated again.";
    let mut talk = Talk::new("reproposal", about);
    ready(&mut talk);
    start_round(&mut talk, HEIGHT, 0, pb::RoundRole::Validator);
    let call = validate(&mut talk, 0xd0, 0, None, basis(pb::BasisKind::Fresh, None));
    send(&mut talk, call, &chain::block().parts);
    verdict(&mut talk, call, valid());
    start_round(&mut talk, HEIGHT, 1, pb::RoundRole::Proposer);
    let mut parts = chain::block().parts;
    let address = Felt::from_bytes(&proposer(HEIGHT, 1)).unwrap();
    let init = reframe_init(&parts[0].payload, 1, Some(0), address).unwrap();
    let request = pb::ReframeInitRequest {
        height: Some(HEIGHT),
        init: parts[0].payload.clone(),
        round: Some(1),
        valid_round: Some(0),
        proposer: proposer(HEIGHT, 1),
    };
    talk.unary("ReframeInit", &request, &pb::ReframeInitResponse { init: init.clone() });
    parts[0].payload = init;
    talk.note("Only INIT and End: the candidate is named. Here it was dropped.");
    let quorum = basis(pb::BasisKind::Quorum, Some(0));
    let call = validate_as(&mut talk, 0xd1, 1, Some(0), quorum, Some(chain::block().commitment));
    talk.fail(call, Reason::UnknownProposal, "no complete candidate has this commitment", None);
    let call = validate(&mut talk, 0xd2, 1, Some(0), quorum);
    send(&mut talk, call, &parts);
    verdict(&mut talk, call, valid());
    talk.note("Again with the candidate, which is complete now.");
    let call = validate_as(&mut talk, 0xd3, 1, Some(0), quorum, Some(chain::block().commitment));
    send(&mut talk, call, &parts[..1]);
    verdict(&mut talk, call, valid());
    decide(&mut talk, HEIGHT, 1);
    talk
}

fn a_clock_that_is_off() -> Talk {
    let about = "This node's clock objects; with a quorum's prevotes it is not asked again, and the block is decided.";
    let mut talk = Talk::new("rejected-local", about);
    ready(&mut talk);
    start_round(&mut talk, HEIGHT, 0, pb::RoundRole::Validator);
    let call = validate(&mut talk, 0xd0, 0, None, basis(pb::BasisKind::Fresh, None));
    send(&mut talk, call, &chain::block().parts);
    let rejected = pb::RejectedLocal {
        reason: pb::LocalReason::TimestampWindow.into(),
        commitment: chain::block().commitment,
        detail: "the timestamp is 900 ms ahead of this node's clock".into(),
    };
    verdict(&mut talk, call, Outcome::RejectedLocal(rejected));
    let quorum = basis(pb::BasisKind::Quorum, Some(0));
    let call = validate_as(&mut talk, 0xd1, 0, None, quorum, Some(chain::block().commitment));
    send(&mut talk, call, &chain::block().parts[..1]);
    verdict(&mut talk, call, valid());
    decide(&mut talk, HEIGHT, 0);
    talk
}

fn a_quorum_while_a_proposal_is_judged() -> Talk {
    let about = "The basis is raised while the parts are sent: no local check is made.";
    let mut talk = Talk::new("raised-basis", about);
    ready(&mut talk);
    start_round(&mut talk, HEIGHT, 0, pb::RoundRole::Validator);
    let call = validate(&mut talk, 0xd0, 0, None, basis(pb::BasisKind::Fresh, None));
    let parts = chain::block().parts;
    ask(&mut talk, call, Ask::Part(parts[0].clone()));
    ask(&mut talk, call, Ask::RaiseBasis(basis(pb::BasisKind::Quorum, Some(0))));
    for part in &parts[1..] {
        ask(&mut talk, call, Ask::Part(part.clone()));
    }
    ask(&mut talk, call, Ask::End(chain::counts()));
    verdict(&mut talk, call, valid());
    talk
}

fn a_proposal_that_breaks_a_rule() -> Talk {
    let about = "One bit of a transfer's signature is flipped: INVALID here and everywhere, and never decided.";
    let mut talk = Talk::new("invalid", about);
    ready(&mut talk);
    start_round(&mut talk, HEIGHT, 0, pb::RoundRole::Validator);
    let mut parts = chain::block().parts;
    let mut body = parts[1].payload.to_vec();
    *body.last_mut().unwrap() ^= 1;
    parts[1].payload = body.into();
    // What the test chain says of it.
    let rules = Chain::new(chain::genesis()).unwrap();
    let slot =
        Slot { height: HEIGHT, round: 0, valid_round: None, proposer: Felt::from_bytes(&proposer(HEIGHT, 0)).unwrap() };
    let ours: Vec<ecp_types::Part> = parts.iter().cloned().map(|part| part.try_into().unwrap()).collect();
    let invalid = rules.check_block(&rules.initial_state(), slot, &ours).unwrap().unwrap_err();
    assert_eq!(invalid.reason, ecp_types::InvalidReason::TransactionInvalid);
    let call = validate(&mut talk, 0xd0, 0, None, basis(pb::BasisKind::Fresh, None));
    send(&mut talk, call, &parts);
    let invalid = pb::Invalid {
        reason: pb::InvalidReason::TransactionInvalid.into(),
        detail: "transfer 1: the signature is not its sender's".into(),
    };
    verdict(&mut talk, call, Outcome::Invalid(invalid));
    start_round(&mut talk, HEIGHT, 1, pb::RoundRole::Validator);
    talk
}

fn decided_without_the_body() -> Talk {
    let about = "A decided proposal that was never seen is handed in with its certificate, and handed in again.";
    let mut talk = Talk::new("unknown-proposal", about);
    ready(&mut talk);
    start_round(&mut talk, HEIGHT, 0, pb::RoundRole::Validator);
    let text = "no complete candidate has this commitment";
    talk.refused("Decide", &decide_request(HEIGHT, 0), Reason::UnknownProposal, text);
    talk.note("The body comes from a peer.");
    import(&mut talk, HEIGHT, pb::ImportOutcome::Committed);
    import(&mut talk, HEIGHT, pb::ImportOutcome::AlreadyCommitted);
    import(&mut talk, HEIGHT + 1, pb::ImportOutcome::Committed);
    let block = chain::block_at(HEIGHT);
    let known = pb::KnownBlockHash { block_hash: block.block_hash, state_root: block.state_root };
    let request = pb::GetBlockHashRequest { height: Some(HEIGHT) };
    talk.unary("GetBlockHash", &request, &pb::GetBlockHashResponse { result: Some(Hash::Known(known)) });
    start_round(&mut talk, HEIGHT + 2, 0, pb::RoundRole::Validator);
    talk
}

fn an_execution_half_that_was_killed() -> Talk {
    let about = "The execution half loses its candidates: the consensus half hands back what it recorded as valid.";
    let mut talk = Talk::new("execution-restarted", about);
    ready(&mut talk);
    start_round(&mut talk, HEIGHT, 0, pb::RoundRole::Validator);
    let call = validate(&mut talk, 0xd0, 0, None, basis(pb::BasisKind::Fresh, None));
    send(&mut talk, call, &chain::block().parts);
    verdict(&mut talk, call, valid());
    talk.started("execution");
    talk.note("The old token names another instance.");
    let request = pb::GetHeightParamsRequest { height: Some(HEIGHT) };
    talk.refused("GetHeightParams", &request, Reason::SessionUnknown, "the token is of another instance");
    let signed = pb::ConsensusPosition { committed: None, ..committed(HEIGHT) };
    talk.handshake(B, OTHER_TOKEN, signed, None);
    start_round(&mut talk, HEIGHT, 0, pb::RoundRole::Validator);
    let call = validate(&mut talk, 0xd1, 0, None, basis(pb::BasisKind::Restored, None));
    send(&mut talk, call, &chain::block().parts);
    verdict(&mut talk, call, valid());
    decide(&mut talk, HEIGHT, 0);
    talk
}

fn a_consensus_half_that_was_killed_before_it_decided() -> Talk {
    let about =
        "The consensus half holds a certificate and was killed before Decide: both positions say what is missing.";
    let mut talk = Talk::new("consensus-restarted", about);
    ready(&mut talk);
    start_round(&mut talk, HEIGHT, 0, pb::RoundRole::Validator);
    let call = validate(&mut talk, 0xd0, 0, None, basis(pb::BasisKind::Fresh, None));
    send(&mut talk, call, &chain::block().parts);
    verdict(&mut talk, call, valid());
    talk.started("consensus");
    let certified = pb::ConsensusPosition { committed: None, certified: Some(chain::position()), ..committed(HEIGHT) };
    talk.handshake(A, OTHER_TOKEN, certified, None);
    decide(&mut talk, HEIGHT, 0);
    height_params(&mut talk, HEIGHT + 1);
    start_round(&mut talk, HEIGHT + 1, 0, pb::RoundRole::Validator);
    talk
}

fn a_session_that_was_replaced() -> Talk {
    let about = "The same consensus half shakes hands twice: the older session is fenced, and stops for good.";
    let mut talk = Talk::new("fenced", about);
    talk.handshake(A, TOKEN, nothing(), None);
    talk.handshake(A, OTHER_TOKEN, nothing(), None);
    talk.use_token(Some(vec![TOKEN; 32].into()));
    let request = pb::GetHeightParamsRequest { height: Some(HEIGHT) };
    talk.refused("GetHeightParams", &request, Reason::Fenced, "a newer session replaced this one");
    talk
}

fn halves_that_cannot_speak() -> Talk {
    let about = "The consensus half is newer: there is no common revision, and it halts.";
    let mut talk = Talk::new("no-common-revision", about);
    let call = talk.begin("Handshake");
    talk.ask(call, &pb::HandshakeRequest { revisions: vec![2, 3], ..open(nothing()) });
    talk.half_close(call);
    talk.fail(call, Reason::NoCommonRevision, "this half speaks revision 1", Some(("supported", "1")));
    talk
}

fn all() -> Vec<Talk> {
    vec![
        a_height_that_this_node_proposes(),
        a_height_that_another_node_proposes(),
        the_same_build_after_a_lost_connection(),
        a_build_that_is_given_up(),
        a_value_is_proposed_again(),
        a_clock_that_is_off(),
        a_quorum_while_a_proposal_is_judged(),
        a_proposal_that_breaks_a_rule(),
        decided_without_the_body(),
        an_execution_half_that_was_killed(),
        a_consensus_half_that_was_killed_before_it_decided(),
        a_session_that_was_replaced(),
        halves_that_cannot_speak(),
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
