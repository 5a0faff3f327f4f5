use bytes::Bytes;
use ecp_consensus_core::Header;
use ecp_types::{Certificate, CommitSignature, Commitment, Felt, Part, PartKind, Position};

use super::*;

fn network() -> Network {
    Network { chain_id: "TEST".into(), genesis_hash: [1; 32], fork_id: 0, activation_digest: [2; 32] }
}

fn body(height: u64, n: u8) -> Body {
    let kinds = [PartKind::Init, PartKind::Body, PartKind::Fin];
    let part = |(index, kind): (usize, &PartKind)| Part {
        index: index as u32,
        kind: *kind,
        payload: Bytes::from(vec![n; index]),
    };
    let slot = Slot { height, round: 2 };
    let header = Header { slot, valid_round: Some(1), proposer: Felt::from_u64(7) };
    let parts = kinds.iter().enumerate().map(part).collect();
    Body { header, commitment: Commitment([n; 32]), parts, own: n.is_multiple_of(2) }
}

fn certificate(height: u64, n: u8) -> Certificate {
    let signature = CommitSignature { address: Felt::from_u64(7), signature: vec![n; 64] };
    Certificate { height, round: 2, commitment: Commitment([n; 32]), signatures: vec![signature] }
}

fn decide(height: u64) -> Vec<Write> {
    let n = height as u8;
    let (body, certificate) = (body(height, n), certificate(height, n));
    let position = Position { height, commitment: certificate.commitment };
    let decided = Write::Decided { certificate, body: Some(body.key()) };
    let prune = Write::Prune { keep_from: (height + 1).saturating_sub(64), decided: height };
    vec![Write::Mark(body.header.slot), Write::Body(body), decided, Write::Committed(position), prune]
}

#[test]
fn what_was_written_is_what_is_loaded_and_what_the_bridge_holds() {
    let dir = tempfile::tempdir().unwrap();
    let mut expected = Durable::default();
    {
        let store = Store::open(dir.path(), &network(), [1; 16]).unwrap();
        store.set_part_format("ecp-test/1");
        for height in 0..70 {
            let writes = decide(height);
            store.write(&writes).unwrap();
            writes.iter().for_each(|write| expected.apply(write));
        }
        let undecided = [
            Write::Mark(Slot { height: 70, round: 2 }),
            Write::Body(body(70, 200)),
            Write::Instance([3; 16]),
            Write::Certificate(Certificate { round: 2, ..certificate(69, 69) }),
        ];
        store.write(&undecided).unwrap();
        undecided.iter().for_each(|write| expected.apply(write));
        store.write_record(None).unwrap();
        expected.record = Some(None);
        assert!(store.body(body(5, 5).key()).unwrap().is_none(), "pruned");
        assert_eq!(store.body(body(60, 60).key()).unwrap(), Some((body(60, 60), "ecp-test/1".to_owned())));
    }
    let store = Store::open(dir.path(), &network(), [9; 16]).unwrap();
    assert_eq!(store.consensus_id(), [1; 16]);
    assert_eq!(store.load().unwrap(), expected);
    assert_eq!(expected.decided.len(), 64);

    let refetch = Write::Refetch(Some(Position { height: 65, commitment: Commitment([65; 32]) }));
    store.write(std::slice::from_ref(&refetch)).unwrap();
    expected.apply(&refetch);
    assert_eq!(store.load().unwrap(), expected);
    assert_eq!(store.decided(66).unwrap().unwrap().body, None);
}

#[test]
fn a_directory_is_locked_and_belongs_to_one_network() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), &network(), [1; 16]).unwrap();
    assert!(matches!(Store::open(dir.path(), &network(), [1; 16]), Err(StoreError::Locked(_))));
    drop(store);
    let other = Network { fork_id: 1, ..network() };
    assert!(matches!(Store::open(dir.path(), &other, [1; 16]), Err(StoreError::OtherNetwork(_))));
}

#[test]
fn the_signing_record_is_kept_with_what_was_signed() {
    let dir = tempfile::tempdir().unwrap();
    let last = LastSigned { height: 9, round: 1, step: SignedStep::Prevote };
    let signed = Recorded { last, digests: [Some([7; 32]), Some([8; 32]), None] };
    {
        let store = Store::open(dir.path(), &network(), [1; 16]).unwrap();
        assert_eq!(store.record().unwrap(), None);
        store.write_record(Some(&signed)).unwrap();
    }
    let store = Store::open(dir.path(), &network(), [1; 16]).unwrap();
    assert_eq!(store.record().unwrap(), Some(Some(signed)));
    assert_eq!(store.load().unwrap().record, Some(Some(last)));
}
