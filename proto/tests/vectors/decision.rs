//! Decide, and Finalize with its evidence.

use bytes::Bytes;
use ecp_proto::{
    FieldError,
    convert::{Decided, Decision, Finalization},
    v1alpha1 as pb,
};
use ecp_types::{Evidence, SignedProposal, SignedVote};
use pb::evidence::Kind;

use crate::{
    chain,
    harness::{File, Receiver, Table, anything, inside},
    patterns::zeros,
};

const EXECUTION: Receiver = Receiver::Execution;
const EVIDENCE: usize = 64;

pub(crate) fn files() -> Vec<File> {
    let finalized = Table::new("FinalizeResponse", Receiver::Consensus, "empty", pb::FinalizeResponse {}, anything);
    vec![
        decide(),
        decided(),
        vote(),
        proposal(),
        double_vote(),
        double_proposal(),
        evidence(),
        finalize(),
        finalized.done(),
    ]
}

fn decide() -> File {
    let base = pb::DecideRequest {
        height: Some(chain::HEIGHT),
        round: Some(0),
        commitment: chain::block().commitment,
        certificate: Some(chain::certificate()),
    };
    fn certificate(m: &mut pb::DecideRequest) -> &mut pb::CommitCertificate {
        m.certificate.as_mut().unwrap()
    }
    Table::new("DecideRequest", EXECUTION, "the first block", base, |m| Decision::try_from(m).map(drop))
        .accepted("height 0", |m| {
            m.height = Some(0);
            certificate(m).height = Some(0);
        })
        .accepted("a later round", |m| {
            m.round = Some(3);
            certificate(m).round = Some(3);
        })
        .refused("ECP-ENC-003", "height absent", "height", |m| m.height = None)
        .refused("ECP-ENC-003", "round absent", "round", |m| m.round = None)
        .refused("", "commitment empty", "commitment", |m| m.commitment = Bytes::new())
        .refused("", "commitment of 33 bytes", "commitment", |m| m.commitment = zeros(33))
        .refused("", "certificate absent", "certificate", |m| m.certificate = None)
        .refused("ECP-DEC-009", "certificate of another height", "certificate.height", |m| {
            certificate(m).height = Some(chain::HEIGHT + 1);
        })
        .refused("ECP-DEC-009", "certificate of another round", "certificate.round", |m| {
            certificate(m).round = Some(1);
        })
        .refused("ECP-DEC-009", "certificate of another commitment", "certificate.commitment", |m| {
            certificate(m).commitment = zeros(32);
        })
        .refused("ECP-ENC-003", "certificate without a height", "certificate.height", |m| certificate(m).height = None)
        .refused("", "certificate without precommits", "certificate.signatures", |m| certificate(m).signatures.clear())
        .refused("ECP-DEC-009", "a precommit twice", "certificate.signatures[1].address", |m| {
            let first = certificate(m).signatures[0].clone();
            certificate(m).signatures[1] = first;
        })
        .refused("", "a long signature", "certificate.signatures[2].signature", |m| {
            certificate(m).signatures[2].signature = zeros(1025);
        })
        .cut("cut in the certificate", 1)
        .done()
}

fn decided() -> File {
    let base =
        pb::DecideResponse { committed: Some(chain::position()), next_params: Some(chain::params(chain::HEIGHT + 1)) };
    Table::new("DecideResponse", Receiver::Consensus, "with the next parameters", base, |m| {
        Decided::try_from(m).map(drop)
    })
    .accepted("the next parameters are not known yet", |m| m.next_params = None)
    .refused("ECP-DEC-001", "committed absent", "committed", |m| m.committed = None)
    .refused("", "committed without its commitment", "committed.commitment", |m| {
        m.committed.as_mut().unwrap().commitment = Bytes::new();
    })
    .refused("ECP-ENC-003", "next parameters without their height", "next_params.height", |m| {
        m.next_params.as_mut().unwrap().height = None;
    })
    .done()
}

fn vote() -> File {
    Table::new("SignedVote", EXECUTION, "a prevote", chain::double_vote().first.unwrap(), |m| {
        SignedVote::try_from(m).map(drop)
    })
    .felt("address", |m| &mut m.address)
    .present64("height", |m| &mut m.height)
    .present32("round", |m| &mut m.round)
    .values("vote_type", 2, |m| &mut m.vote_type)
    .accepted("for nil", |m| m.commitment = None)
    .refused("", "commitment empty, which is not nil", "commitment", |m| m.commitment = Some(Bytes::new()))
    .refused("", "commitment of 31 bytes", "commitment", |m| m.commitment = Some(zeros(31)))
    .between("", (1, 1024), "signature", |m| &mut m.signature)
    .done()
}

fn proposal() -> File {
    Table::new("SignedProposal", EXECUTION, "a first proposal", chain::double_proposal().first.unwrap(), |m| {
        SignedProposal::try_from(m).map(drop)
    })
    .felt("address", |m| &mut m.address)
    .present64("height", |m| &mut m.height)
    .present32("round", |m| &mut m.round)
    .accepted("a reproposal of round 0", |m| m.valid_round = Some(0))
    .exactly("", 32, "commitment", |m| &mut m.commitment)
    .between("", (1, 1024), "signature", |m| &mut m.signature)
    .done()
}

fn of_evidence(outer: &str, kind: Kind) -> Result<(), FieldError> {
    inside(outer, Evidence::try_from(pb::Evidence { kind: Some(kind) }))
}

fn double_vote() -> File {
    fn second(m: &mut pb::DoubleVote) -> &mut pb::SignedVote {
        m.second.as_mut().unwrap()
    }
    Table::new("DoubleVote", EXECUTION, "for a block and for nil", chain::double_vote(), |m| {
        of_evidence("double_vote", Kind::DoubleVote(m))
    })
    .accepted("for two blocks", |m| second(m).commitment = Some(zeros(32)))
    .refused("", "first absent", "first", |m| m.first = None)
    .refused("", "second absent", "second", |m| m.second = None)
    .refused("", "the same vote twice", "second.commitment", |m| m.second = m.first.clone())
    .refused("", "of two members", "second.address", |m| second(m).address = chain::address(1))
    .refused("", "of two heights", "second.height", |m| second(m).height = Some(chain::HEIGHT + 1))
    .refused("", "of two rounds", "second.round", |m| second(m).round = Some(1))
    .refused("", "of two types", "second.vote_type", |m| second(m).vote_type = 2)
    .refused("ECP-ENC-003", "first without its height", "first.height", |m| m.first.as_mut().unwrap().height = None)
    .done()
}

fn double_proposal() -> File {
    fn second(m: &mut pb::DoubleProposal) -> &mut pb::SignedProposal {
        m.second.as_mut().unwrap()
    }
    Table::new("DoubleProposal", EXECUTION, "of two blocks", chain::double_proposal(), |m| {
        of_evidence("double_proposal", Kind::DoubleProposal(m))
    })
    .refused("", "first absent", "first", |m| m.first = None)
    .refused("", "second absent", "second", |m| m.second = None)
    .refused("", "the same proposal twice", "second.commitment", |m| m.second = m.first.clone())
    .refused("", "of two members", "second.address", |m| second(m).address = chain::address(1))
    .refused("", "of two heights", "second.height", |m| second(m).height = Some(chain::HEIGHT + 1))
    .refused("", "of two rounds", "second.round", |m| second(m).round = Some(1))
    .refused("", "second without a signature", "second.signature", |m| second(m).signature = Bytes::new())
    .done()
}

fn two_votes() -> pb::Evidence {
    pb::Evidence { kind: Some(Kind::DoubleVote(chain::double_vote())) }
}

fn evidence() -> File {
    Table::new("Evidence", EXECUTION, "two votes", two_votes(), |m| Evidence::try_from(m).map(drop))
        .accepted("two proposals", |m| m.kind = Some(Kind::DoubleProposal(chain::double_proposal())))
        .refused("", "no kind", "kind", |m| m.kind = None)
        .refused("", "empty votes", "double_vote.first", |m| {
            m.kind = Some(Kind::DoubleVote(pb::DoubleVote::default()));
        })
        .refused("", "empty proposals", "double_proposal.first", |m| {
            m.kind = Some(Kind::DoubleProposal(pb::DoubleProposal::default()));
        })
        .done()
}

fn finalize() -> File {
    let base = pb::FinalizeRequest {
        height: Some(chain::HEIGHT),
        certificate: Some(chain::certificate()),
        evidence: vec![two_votes()],
    };
    Table::new("FinalizeRequest", EXECUTION, "with evidence", base, |m| Finalization::try_from(m).map(drop))
        .accepted("height 0, no evidence", |m| {
            m.evidence.clear();
            m.height = Some(0);
            m.certificate.as_mut().unwrap().height = Some(0);
        })
        .accepted("64 pieces of evidence", |m| m.evidence = vec![two_votes(); EVIDENCE])
        .refused("", "65 pieces of evidence", "evidence", |m| m.evidence = vec![two_votes(); EVIDENCE + 1])
        .refused("ECP-ENC-003", "height absent", "height", |m| m.height = None)
        .refused("", "certificate absent", "certificate", |m| m.certificate = None)
        .refused("", "certificate of another height", "certificate.height", |m| m.height = Some(chain::HEIGHT + 1))
        .refused("", "the second piece is empty", "evidence[1].kind", |m| m.evidence.push(pb::Evidence { kind: None }))
        .refused("ECP-ENC-001", "a vote of type 0", "evidence[0].double_vote.first.vote_type", |m| {
            let mut votes = chain::double_vote();
            votes.first.as_mut().unwrap().vote_type = 0;
            m.evidence[0].kind = Some(Kind::DoubleVote(votes));
        })
        .done()
}
