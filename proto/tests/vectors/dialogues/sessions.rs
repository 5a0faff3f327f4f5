//! Handshakes, restarts, who may call, what comes late.

use super::*;

pub(super) fn decided_without_the_body() -> Talk {
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

pub(super) fn an_execution_half_that_was_killed() -> Talk {
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

pub(super) fn a_consensus_half_that_was_killed_before_it_decided() -> Talk {
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

pub(super) fn a_session_that_was_replaced() -> Talk {
    let about = "The same consensus half shakes hands twice: the older session is fenced, and stops for good.";
    let mut talk = Talk::new("fenced", about);
    talk.handshake(A, TOKEN, nothing(), None);
    talk.handshake(A, OTHER_TOKEN, nothing(), None);
    talk.use_token(Some(vec![TOKEN; 32].into()));
    let request = pb::GetHeightParamsRequest { height: Some(HEIGHT) };
    talk.refused("GetHeightParams", &request, Reason::Fenced, "a newer session replaced this one");
    talk
}

pub(super) fn halves_that_cannot_speak() -> Talk {
    let about = "The consensus half is newer: there is no common revision, and it halts.";
    let mut talk = Talk::new("no-common-revision", about);
    let call = talk.begin("Handshake");
    talk.ask(call, &pb::HandshakeRequest { revisions: vec![2, 3], ..open(nothing()) });
    talk.half_close(call);
    talk.fail(call, Reason::NoCommonRevision, "this half speaks revision 1", Some(("supported", "1")));
    talk
}

pub(super) fn a_half_that_takes_over() -> Talk {
    let about = "Another consensus half holds the execution half; its operator lets the new one take over.";
    let mut talk = Talk::new("takeover", about);
    talk.handshake(A, TOKEN, nothing(), None);
    talk.note("Another consensus half.");
    let other = pb::HandshakeRequest { consensus_id: chain::name16(0xd4), ..open(nothing()) };
    talk.use_token(None);
    let call = talk.begin("Handshake");
    talk.ask(call, &other);
    talk.half_close(call);
    talk.retry(call, Reason::SessionHeld, "another consensus half is connected: stop it, or take over", 1000);
    talk.note("Its operator has looked after the other one.");
    talk.greet(&pb::HandshakeRequest { takeover: true, ..other }, A, OTHER_TOKEN, None);
    let new = talk.use_token(Some(vec![TOKEN; 32].into()));
    let request = pb::GetHeightParamsRequest { height: Some(HEIGHT) };
    talk.refused("GetHeightParams", &request, Reason::Fenced, "a newer session replaced this one: stop signing");
    talk.use_token(new);
    height_params(&mut talk, HEIGHT);
    talk
}

pub(super) fn somebody_who_only_reads() -> Talk {
    let about = "A reader fences nobody and may read only: the archive, up to what is pruned, and block hashes.";
    let mut talk = Talk::new("reader", about);
    let request = pb::HandshakeRequest { role: pb::SessionRole::Reader.into(), position: None, ..open(nothing()) };
    talk.greet(&request, A, TOKEN, Some(HEIGHT + 2));
    let get = |event| pb::GetDecidedResponse { event: Some(event) };
    let mut answers = Vec::new();
    for height in [HEIGHT + 1, HEIGHT + 2] {
        answers.push(get(Get::Header(header(height))));
        answers.extend(chain::block_at(height).parts.into_iter().map(Get::Part).map(get));
    }
    answers.push(get(Get::Done(pb::Done { last: Some(HEIGHT + 2) })));
    let range = pb::GetDecidedRequest { from: Some(HEIGHT + 1), to: Some(HEIGHT + 2) };
    let call = talk.stream("GetDecided", &range, &answers);
    talk.end(call);
    let range = pb::GetDecidedRequest { from: Some(HEIGHT - 1), to: Some(HEIGHT) };
    let call = talk.stream("GetDecided", &range, &[] as &[pb::GetDecidedResponse]);
    let earliest = HEIGHT.to_string();
    talk.fail(call, Reason::Pruned, "the archive begins later", Some(("earliest", earliest.as_str())));
    let range = pb::GetDecidedRequest { from: Some(HEIGHT + 2), to: Some(HEIGHT + 3) };
    talk.refused("GetDecided", &range, Reason::NotReady, "the range ends above what is committed: wait for Watch");
    let block = chain::block_at(HEIGHT + 1);
    let known = pb::KnownBlockHash { block_hash: block.block_hash, state_root: block.state_root };
    let request = pb::GetBlockHashRequest { height: Some(HEIGHT + 1) };
    talk.unary("GetBlockHash", &request, &pb::GetBlockHashResponse { result: Some(Hash::Known(known)) });
    let request = pb::StartRoundRequest {
        height: Some(HEIGHT + 3),
        round: Some(0),
        role: pb::RoundRole::Observer.into(),
        proposer: proposer(HEIGHT + 3, 0),
    };
    talk.refused("StartRound", &request, Reason::RoleRefused, "a READER may only read: handshake as WRITER");
    talk
}

pub(super) fn late_precommits_and_evidence() -> Talk {
    let about = "FINALIZE was agreed: the certificate with evidence of a double vote, after the decision.";
    let mut talk = Talk::new("finalize", about);
    let features = vec![pb::Feature::Finalize.into()];
    talk.greet(&pb::HandshakeRequest { features, ..open(nothing()) }, A, TOKEN, None);
    start_round(&mut talk, HEIGHT, 0, pb::RoundRole::Validator);
    let call = validate(&mut talk, 0xd0, 0, None, basis(pb::BasisKind::Fresh, None));
    send(&mut talk, call, &chain::block().parts);
    verdict(&mut talk, call, valid());
    decide(&mut talk, HEIGHT, 0);
    let evidence = pb::evidence::Kind::DoubleVote(chain::double_vote());
    let request = pb::FinalizeRequest {
        height: Some(HEIGHT),
        certificate: Some(chain::certificate()),
        evidence: vec![pb::Evidence { kind: Some(evidence) }],
    };
    talk.unary("Finalize", &request, &pb::FinalizeResponse {});
    talk
}

pub(super) fn a_hash_that_lags() -> Talk {
    // Executing height 17 takes the block hash of height 7.
    let height = HEIGHT + 10;
    let about = "The block hash of ten blocks before is not known yet: waiting, NOT_READY at the end of the budget, then VALID.";
    let mut talk = Talk::new("waiting", about);
    talk.handshake(A, TOKEN, committed(height - 1), Some(height - 1));
    start_round(&mut talk, height, 0, pb::RoundRole::Validator);
    let missing = pb::MissingCondition { condition: Some(pb::missing_condition::Condition::BlockHash(HEIGHT)) };
    let block = chain::block_at(height);
    let begin = |talk: &mut Talk, stream| {
        let call = talk.begin("ValidateProposal");
        let open = pb::ValidateOpen {
            stream_id: chain::name16(stream),
            height: Some(height),
            round: Some(0),
            valid_round: None,
            proposer: proposer(height, 0),
            budget_ms: VALIDATION_MS,
            basis: Some(basis(pb::BasisKind::Fresh, None)),
            same_as: None,
        };
        ask(talk, call, Ask::Open(open));
        send(talk, call, &block.parts);
        call
    };
    let call = begin(&mut talk, 0xd0);
    talk.answer(call, &pb::ValidateProposalResponse { event: Some(Told::Waiting(missing.clone())) });
    verdict(&mut talk, call, Outcome::NotReady(pb::NotReady { missing: Some(missing) }));
    talk.note("A nil prevote, and a new round; the hash is there now, and the candidate was kept or not.");
    start_round(&mut talk, height, 1, pb::RoundRole::Validator);
    let call = begin(&mut talk, 0xd1);
    let executed_count = Some(block.executed_count);
    verdict(&mut talk, call, Outcome::Valid(pb::Valid { commitment: block.commitment.clone(), executed_count }));
    talk
}
