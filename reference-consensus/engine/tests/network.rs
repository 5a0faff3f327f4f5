//! Networks of engines in one process.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Disk, Options, TestNetwork, TestNode, start_all};
use ecp_malachite_engine::{EngineConfig, EngineFailure, Role, StartError};
use ecp_signatures::Scheme;
use ecp_types::{LastSigned, Secret, SignedStep};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_node_decides_twenty_heights() {
    let folder = tempfile::tempdir().unwrap();
    let network = TestNetwork::new(1, Scheme::StarkEcdsa);
    let disk = Disk::new(&folder, 0);
    let mut node = TestNode::start(&network, 0, &disk, Options::default()).await;
    node.reaches(20).await;
    // Proposal, prevote and precommit of each height went through the record.
    let signed = disk.record.signed();
    for height in 1..=20 {
        let round = node.certificate(height).round;
        for step in [SignedStep::Proposal, SignedStep::Prevote, SignedStep::Precommit] {
            assert!(signed.contains_key(&LastSigned { height, round, step }), "{height} {step:?}");
        }
    }
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_nodes_decide_twenty_heights_with_parts() {
    for scheme in [Scheme::Ed25519, Scheme::StarkEcdsa] {
        let folder = tempfile::tempdir().unwrap();
        let network = TestNetwork::new(4, scheme);
        let disks: Vec<_> = (0..4).map(|index| Disk::new(&folder, index)).collect();
        let mut nodes = start_all(&network, &disks, &Options { wait_for_peers: 3, ..Options::default() }).await;
        for node in &mut nodes {
            node.reaches(20).await;
        }
        for height in 1..=20 {
            let commitments: Vec<_> = nodes.iter().map(|node| node.certificate(height).commitment).collect();
            assert!(commitments.iter().all(|commitment| *commitment == commitments[0]), "height {height}");
        }
        for node in nodes {
            node.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_validator_and_a_follower_catch_up_by_value_sync() {
    let folder = tempfile::tempdir().unwrap();
    // Height 0 is a height like any other.
    let network = TestNetwork { first_height: 0, target_ms: Some(50), ..TestNetwork::new(4, Scheme::Ed25519) };
    let disks: Vec<_> = (0..5).map(|index| Disk::new(&folder, index)).collect();
    let mut nodes = start_all(&network, &disks[..3], &Options { wait_for_peers: 2, ..Options::default() }).await;
    for node in &mut nodes {
        node.reaches(5).await;
    }
    for (index, follower) in [(3, false), (4, true)] {
        let mut late =
            TestNode::start(&network, index, &disks[index], Options { follower, ..Options::default() }).await;
        for node in &nodes {
            late.connect(node).await;
        }
        late.reaches(8).await;
        for height in 0..=5 {
            assert_eq!(late.certificate(height).commitment, nodes[0].certificate(height).commitment);
        }
        if follower {
            assert!(late.record.signed().is_empty());
        }
        nodes.push(late);
    }
    for node in nodes {
        node.stop().await;
    }
}

/// The rounds in which `heights` heights are decided while one node of four signs for `chain_id` and proposes in round 0
/// of each.
async fn rounds_with_a_proposer_on(chain_id: &str, heights: u64) -> Vec<u32> {
    let folder = tempfile::tempdir().unwrap();
    let network = TestNetwork { proposers: vec![3], ..TestNetwork::new(4, Scheme::Ed25519) };
    let disks: Vec<_> = (0..4).map(|index| Disk::new(&folder, index)).collect();
    let mut nodes = Vec::new();
    for (index, disk) in disks.iter().enumerate() {
        let same_chain = chain_id == network.network.chain_id;
        let chain_id = (index == 3).then(|| chain_id.to_owned());
        // A peer that proves its key for another chain is sent away, so only three can be waited for.
        let wait_for_peers = match &chain_id {
            _ if same_chain => 3,
            Some(_) => 0,
            None => 2,
        };
        let options = Options { chain_id, wait_for_peers, ..Options::default() };
        nodes.push(TestNode::start(&network, index, disk, options).await);
        for other in &nodes[..index] {
            nodes[index].connect(other).await;
        }
    }
    for node in &mut nodes[..3] {
        node.reaches(heights).await;
    }
    let proposal = LastSigned { height: 1, round: 0, step: SignedStep::Proposal };
    disks[3].record.has_signed(proposal).await;
    let rounds = (1..=heights).map(|height| nodes[0].certificate(height).round).collect();
    for node in nodes {
        node.stop().await;
    }
    rounds
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signatures_for_another_chain_are_not_accepted() {
    // Gossip may lose what is sent in the moment of connecting, so the first height may need another round here too.
    let same = rounds_with_a_proposer_on("ECP_TEST", 5).await;
    assert!(same.contains(&0), "{same:?}");
    let other = rounds_with_a_proposer_on("ECP_OTHER", 2).await;
    assert!(!other.contains(&0), "{other:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restarted_node_decides_the_same_and_signs_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let network = TestNetwork::new(1, Scheme::StarkEcdsa);
    let disk = Disk::new(&folder, 0);
    let mut node = TestNode::start(&network, 0, &disk, Options { crash_at: Some(4), ..Options::default() }).await;
    node.reaches(4).await;
    // The host is gone, so the engine stops by itself or is stopped: the height is in its log, and not in the store.
    node.handle.shutdown().await;
    node.host.await.unwrap();
    let before = disk.record.signed();
    assert!(!disk.store.lock().unwrap().decided.contains_key(&4));

    let mut node = TestNode::start(&network, 0, &disk, Options::default()).await;
    node.reaches(6).await;
    let after = disk.record.signed();
    for (step, digest) in &before {
        assert_eq!(after.get(step), Some(digest), "{step:?} is signed once");
    }
    let told: Vec<_> = disk.store.lock().unwrap().decided_calls.clone();
    let fourth: Vec<_> = told.iter().filter(|certificate| certificate.height == 4).collect();
    assert_eq!(fourth.len(), 2, "height 4 is told again after the crash");
    assert_eq!(fourth[0], fourth[1]);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_log_is_a_safety_failure() {
    let folder = tempfile::tempdir().unwrap();
    let network = TestNetwork::new(1, Scheme::Ed25519);
    let disk = Disk::new(&folder, 0);
    let mut node = TestNode::start(&network, 0, &disk, Options { crash_at: Some(2), ..Options::default() }).await;
    node.reaches(2).await;
    node.handle.shutdown().await;
    node.host.await.unwrap();
    let path = disk.wal.join("consensus.wal");
    let mut log = std::fs::read(&path).unwrap();
    let position = log.len() - 10;
    log[position] ^= 1;
    std::fs::write(&path, log).unwrap();

    let before = disk.record.signed();
    let node = TestNode::start(&network, 0, &disk, Options::default()).await;
    let failure = tokio::time::timeout(common::DEADLINE, node.handle.failed()).await.unwrap();
    assert!(matches!(failure, EngineFailure::Safety(_)), "{failure:?}");
    assert_eq!(disk.record.signed(), before, "nothing is signed after it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_signature_ends_the_engine() {
    let folder = tempfile::tempdir().unwrap();
    let network = TestNetwork { target_ms: Some(20), ..TestNetwork::new(1, Scheme::Ed25519) };
    let disk = Disk::new(&folder, 0);
    let mut node = TestNode::start(&network, 0, &disk, Options::default()).await;
    node.reaches(2).await;
    disk.record.refuse();
    let failure = tokio::time::timeout(common::DEADLINE, node.handle.failed()).await.unwrap();
    assert!(matches!(failure, EngineFailure::Stopped(_)), "{failure:?}");
    // All of it has ended, so another engine can start at the same log.
    let follower = TestNode::start(&network, 0, &disk, Options { follower: true, ..Options::default() }).await;
    follower.stop().await;
}

#[tokio::test]
async fn an_address_in_use_is_refused_at_start() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut config =
        EngineConfig::new(common::network("ECP_TEST"), Role::Follower, Secret::new([9; 32]), folder.path().into());
    config.listen = taken.local_addr().unwrap().to_string();
    let Err(refusal) = ecp_malachite_engine::start(config.clone()).await.map(|_| ()) else { panic!("it started") };
    assert!(matches!(refusal, StartError::Listen { .. }), "{refusal}");
    assert!(refusal.to_string().contains(&config.listen));
}
