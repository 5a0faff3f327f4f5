//! A validator whose processes are killed comes back, catches up, and holds the same chain (ECP-REC-009, ECP-REC-010).

use anyhow::Result;
use conformance::network::{DecidedAt, Half, Network};
use ecp_e2e::Files;
use ecp_types::Phase;

/// All validators hold the same blocks up to `height`, and there are transactions in them.
async fn agree(network: &Network, height: u64) -> Result<()> {
    let mut chains: Vec<Vec<DecidedAt>> = Vec::new();
    for index in 0..network.validators.len() {
        let mut reader = network.reader(index).await?;
        reader.committed(height).await?;
        chains.push(reader.decided(1, height).await?);
    }
    let commitments = |chain: &[DecidedAt]| chain.iter().map(|d| (d.height, d.commitment)).collect::<Vec<_>>();
    for chain in &chains[1..] {
        assert_eq!(commitments(chain), commitments(&chains[0]));
    }
    assert_eq!(chains[0].len() as u64, height);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn four_validators_decide_the_same_chain() -> Result<()> {
    let files = Files::new(4, 100)?;
    let network = files.start().await?;
    agree(&network, 10).await?;
    network.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_consensus_half_catches_up() -> Result<()> {
    let files = Files::new(4, 100)?;
    let mut network = files.start().await?;
    agree(&network, 3).await?;
    network.kill(3, Half::Consensus).await;
    // The others are still a quorum.
    network.reader(0).await?.committed(8).await?;
    network.restart(3, Half::Consensus).await?;
    agree(&network, 12).await?;
    network.check_alive()?;
    network.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_execution_half_comes_back_under_its_consensus_half() -> Result<()> {
    let files = Files::new(4, 100)?;
    let mut network = files.start().await?;
    agree(&network, 3).await?;
    network.kill(2, Half::Execution).await;
    network.reader(0).await?.committed(6).await?;
    network.restart(2, Half::Execution).await?;
    agree(&network, 12).await?;
    network.check_alive()?;
    network.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lone_validator_goes_on_after_both_halves_are_killed() -> Result<()> {
    let files = Files::new(1, 100)?;
    let mut network = files.start().await?;
    for round in 1..=3u64 {
        network.reader(0).await?.committed(5 * round).await?;
        network.kill(0, Half::Execution).await;
        network.kill(0, Half::Consensus).await;
        network.restart(0, Half::Execution).await?;
        network.restart(0, Half::Consensus).await?;
    }
    agree(&network, 20).await?;
    network.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_half_that_is_asked_to_end_says_so_and_its_consensus_half_waits_for_the_next() -> Result<()> {
    let files = Files::new(4, 100)?;
    let mut network = files.start().await?;
    agree(&network, 3).await?;
    let mut reader = network.reader(2).await?;
    let (watched, begun) = tokio::sync::oneshot::channel();
    let watching = tokio::spawn(async move {
        let (mut phases, mut watched) = (Vec::new(), Some(watched));
        let end = reader.watch(|state| {
            phases.push(state.phase);
            let _told = watched.take().map(|watched| watched.send(()));
            false
        });
        let end = format!("{:#}", end.await.expect_err("nothing is enough"));
        (phases, end)
    });
    begun.await?;
    let (code, log) = network.terminate(2, Half::Execution).await?;
    assert_eq!(code, Some(0), "{log}");
    let (phases, end) = watching.await?;
    assert_eq!((phases.last(), end.as_str()), (Some(&Phase::Draining), "Watch ended"), "{phases:?}");
    network.reader(0).await?.committed(6).await?;
    network.restart(2, Half::Execution).await?;
    agree(&network, 12).await?;
    network.check_alive()?;
    network.stop().await;
    Ok(())
}
