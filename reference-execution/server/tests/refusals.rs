//! What is refused, at the wire and at the start.

#![allow(clippy::unwrap_used)]

mod support;

use std::{os::unix::fs::PermissionsExt, sync::Arc};

use ecp_execution_server::{
    Listen, ListenError, MemoryStore, Secret, Security, ServeError, ServerConfig, archive::ArchiveError, serve,
};
use ecp_proto::{EcpError, v1alpha1 as pb};
use ecp_types::Reason;
use support::{Caller, FIRST, Half, Net, handshake, open, proposal, reason, wire};
use tokio_stream::StreamExt;
use tonic::Code;

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_required_known_and_current() {
    let half = Half::start(Net::default()).await;
    let mut client = half.connect().await;
    let bare = client.watch(pb::WatchRequest {}).await.unwrap_err();
    assert_eq!((reason(&bare), bare.code()), (Reason::SessionRequired, Code::FailedPrecondition));

    let mut first = half.writer().await;
    let request = first.with(pb::WatchRequest {});
    let mut watch = first.client.watch(request).await.unwrap().into_inner();
    watch.next().await.unwrap().unwrap();
    let other = Caller::writer(&half, [8; 16]).await.map(|_| ()).unwrap_err();
    assert_eq!(reason(&other), Reason::SessionHeld);

    let mut second = half.writer().await;
    // The old session hears it on its Watch and at its next call.
    let fenced = loop {
        if let Err(status) = watch.next().await.unwrap() {
            break status;
        }
    };
    assert_eq!(reason(&fenced), Reason::Fenced);
    assert_eq!(reason(&first.start_round(FIRST, 0).await.unwrap_err()), Reason::Fenced);
    second.start_round(FIRST, 0).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_tells_what_differs() {
    let half = Half::start(Net::default()).await;
    let mut client = half.connect().await;
    let good = handshake(&half.net.genesis(), [7; 16]);
    let mut other = good.clone();
    other.network.as_mut().unwrap().chain_id = "OTHER".into();
    let status = client.handshake(other).await.unwrap_err();
    let error = EcpError::from_status(&status).unwrap();
    assert_eq!(error.reason, Reason::NetworkMismatch);
    assert_eq!(error.metadata["field"], "network.chain_id");
    assert_eq!((error.metadata["expected"].as_str(), error.metadata["received"].as_str()), ("ECP_TEST", "OTHER"));

    let status = client.handshake(pb::HandshakeRequest { revisions: vec![9], ..good.clone() }).await.unwrap_err();
    assert_eq!(EcpError::from_status(&status).unwrap().metadata["supported"], "1");
    let status = client.handshake(pb::HandshakeRequest { position: None, ..good.clone() }).await.unwrap_err();
    assert_eq!(reason(&status), Reason::FieldInvalid);
    let big = pb::HandshakeRequest { features: vec![77; 70_000], ..good.clone() };
    assert_eq!(reason(&client.handshake(big).await.unwrap_err()), Reason::LimitExceeded);
    let unknown = pb::HandshakeRequest { features: vec![77, pb::Feature::Finalize.into()], ..good };
    let answer = client.handshake(unknown).await.unwrap().into_inner();
    assert_eq!(answer.features, [i32::from(pb::Feature::Finalize)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_and_sizes_are_checked() {
    let half = Half::start(Net::default()).await;
    let mut caller = half.writer().await;
    let request = caller.with(pb::StartRoundRequest {
        height: Some(FIRST),
        round: Some(0),
        role: pb::RoundRole::Validator.into(),
        proposer: vec![0xff; 32].into(),
    });
    let status = caller.client.start_round(request).await.unwrap_err();
    assert_eq!(EcpError::from_status(&status).unwrap().metadata["field"], "proposer");
    let status = caller.build(FIRST, 0, 1, 0).await.unwrap_err();
    assert_eq!(EcpError::from_status(&status).unwrap().metadata["field"], "budget_ms");

    let part =
        |size: usize| pb::Part { index: Some(0), kind: pb::PartKind::Init.into(), payload: vec![0; size].into() };
    let status = caller.validate(proposal(open(FIRST, 2), &[part((6 << 20) + 1)])).await.unwrap_err();
    assert_eq!(reason(&status), Reason::LimitExceeded);
    // A message over the limit is refused, and the half stays in service.
    let status = caller.validate(proposal(open(FIRST, 3), &[part(9 << 20)])).await.unwrap_err();
    assert_eq!((reason(&status), status.code()), (Reason::LimitExceeded, Code::ResourceExhausted), "{status:?}");
    caller.start_round(FIRST, 0).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_proposals_have_their_reason_and_the_rest_is_drained() {
    let half = Half::start(Net { capacity: 2, ..Net::default() }).await;
    let mut caller = half.writer().await;
    let good = support::block(&half, FIRST, vec![half.net.pay(0, 0), half.net.pay(1, 0)]);
    let mut cases = Vec::new();
    let mut twice = good.proposal.clone();
    twice.bodies[0].transfers[1] = twice.bodies[0].transfers[0].clone();
    cases.push((twice, pb::InvalidReason::DuplicateTransaction));
    let mut flipped = good.proposal.clone();
    flipped.bodies[0].transfers[0].signature[0] ^= 1;
    cases.push((flipped, pb::InvalidReason::TransactionInvalid));
    let mut more = good.proposal.clone();
    more.fin.executed_count = 3;
    cases.push((more, pb::InvalidReason::CountExceedsSent));
    let mut other = good.proposal.clone();
    other.fin.commitment.0[0] ^= 1;
    cases.push((other, pb::InvalidReason::CommitmentMismatch));
    let mut round = good.proposal.clone();
    round.init.round = 4;
    cases.push((round, pb::InvalidReason::InitMismatch));
    for (stream, (proposed, expected)) in (1u8..).zip(cases) {
        let verdict = caller.validate(proposal(open(FIRST, stream), &wire(&proposed.parts()))).await.unwrap();
        let pb::verdict::Outcome::Invalid(invalid) = verdict else { panic!("{verdict:?}") };
        assert_eq!(invalid.reason(), expected);
    }
    let verdict = caller.validate(proposal(open(FIRST, 99), &wire(&good.parts()))).await.unwrap();
    assert!(matches!(verdict, pb::verdict::Outcome::Valid(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_stream_is_no_verdict_and_an_abort_ends_with_one() {
    use pb::validate_proposal_request::Event;
    let half = Half::start(Net::default()).await;
    let mut caller = half.writer().await;
    let made = support::block(&half, FIRST, vec![half.net.pay(0, 0)]);
    let parts = wire(&made.parts());

    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    let request = caller.with(tokio_stream::wrappers::UnboundedReceiverStream::new(receiver));
    sender.send(support::say(Event::Open(open(FIRST, 1)))).unwrap();
    sender.send(support::say(Event::Part(parts[0].clone()))).unwrap();
    let lost = caller.client.validate_proposal(request).await.unwrap();
    drop((lost, sender));

    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    let request = caller.with(tokio_stream::wrappers::UnboundedReceiverStream::new(receiver));
    sender.send(support::say(Event::Open(open(FIRST, 2)))).unwrap();
    sender.send(support::say(Event::Part(parts[0].clone()))).unwrap();
    let mut events = caller.client.validate_proposal(request).await.unwrap().into_inner();
    // The open message and the Abort travel on different streams: until it is known, an Abort does nothing.
    let verdict = loop {
        let request = caller.with(pb::AbortRequest { stream_id: vec![2; 16].into() });
        caller.client.abort(request).await.unwrap();
        if let Ok(event) = tokio::time::timeout(std::time::Duration::from_millis(20), events.next()).await {
            break event.unwrap().unwrap().event.unwrap();
        }
    };
    let pb::validate_proposal_response::Event::Verdict(verdict) = verdict else { panic!("{verdict:?}") };
    assert!(matches!(verdict.outcome, Some(pb::verdict::Outcome::Aborted(_))));
    assert!(events.next().await.is_none());

    let verdict = caller.validate(proposal(open(FIRST, 3), &parts)).await.unwrap();
    assert!(matches!(verdict, pb::verdict::Outcome::Valid(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_socket_is_its_owners_and_one_process_listens() {
    let half = Half::start(Net::default()).await;
    let mode = std::fs::metadata(half.socket()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let again = ServerConfig::new(Listen::Unix(half.socket()), half.net.genesis().network());
    let refused = serve(Arc::new(half.engine.clone()), Arc::new(MemoryStore::default()), again).await;
    assert!(matches!(refused.map(|_| ()), Err(ServeError::Listen(ListenError::InUse(_)))));
}

#[tokio::test(flavor = "multi_thread")]
async fn tcp_needs_a_secret_on_loopback() {
    let net = Net::default();
    let half = Half::start(net.clone()).await;
    let start = |listen: &str, security| {
        let mut config = ServerConfig::new(listen.parse().unwrap(), net.genesis().network());
        config.security = security;
        serve(Arc::new(half.engine.clone()), Arc::new(MemoryStore::default()), config)
    };
    let refused = start("tcp:127.0.0.1:0", Security::Owner).await.map(|_| ());
    assert!(matches!(refused, Err(ServeError::Listen(ListenError::Unprotected(_)))));

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("secret");
    std::fs::write(&path, "0123456789abcdef0123456789abcdef\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(Secret::read(&path).unwrap_err().to_string().contains("chmod 600"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let secret = Secret::read(&path).unwrap();
    assert!(!format!("{secret:?}").contains("0123"));
    let refused = start("tcp:0.0.0.0:0", Security::Secret(secret.clone())).await.map(|_| ());
    assert!(matches!(refused, Err(ServeError::Listen(ListenError::SecretOffLoopback(_)))));

    let handle = start("tcp:127.0.0.1:0", Security::Secret(secret)).await.unwrap();
    let Listen::Tcp(address) = handle.listen else { panic!("{}", handle.listen) };
    let mut client =
        pb::execution_service_client::ExecutionServiceClient::connect(format!("http://{address}")).await.unwrap();
    let good = handshake(&net.genesis(), [7; 16]);
    let with = |authorization: Option<&str>| {
        let mut request = tonic::Request::new(good.clone());
        if let Some(text) = authorization {
            request.metadata_mut().insert("authorization", text.parse().unwrap());
        }
        request
    };
    for wrong in [None, Some("Bearer wrong"), Some("Basic 0123456789abcdef0123456789abcdef")] {
        let status = client.handshake(with(wrong)).await.unwrap_err();
        assert_eq!((reason(&status), status.code()), (Reason::AuthRefused, Code::Unauthenticated));
    }
    client.handshake(with(Some("Bearer 0123456789abcdef0123456789abcdef"))).await.unwrap();
    handle.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_belongs_to_one_network() {
    let half = Half::start(Net::default()).await;
    let store = Arc::new(MemoryStore::default());
    let mut network = half.net.genesis().network();
    ecp_execution_server::archive::bind(store.as_ref(), &network).unwrap();
    network.fork_id = 1;
    let refused = ecp_execution_server::archive::bind(store.as_ref(), &network).unwrap_err();
    assert!(matches!(refused, ArchiveError::OtherNetwork { .. }));
}
