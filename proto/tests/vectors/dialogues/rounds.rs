//! Building, validating, proposing again, deciding.

use super::*;

pub(super) fn a_height_that_this_node_proposes() -> Talk {
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

pub(super) fn a_height_that_another_node_proposes() -> Talk {
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

pub(super) fn the_same_build_after_a_lost_connection() -> Talk {
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

pub(super) fn a_build_that_is_given_up() -> Talk {
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

pub(super) fn a_value_is_proposed_again() -> Talk {
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

pub(super) fn a_clock_that_is_off() -> Talk {
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

pub(super) fn a_quorum_while_a_proposal_is_judged() -> Talk {
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

pub(super) fn a_proposal_that_breaks_a_rule() -> Talk {
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
