//! A validator whose processes are killed comes back, catches up, and holds the same chain (ECP-REC-009, ECP-REC-010).

use anyhow::Result;
use conformance::network::{DecidedAt, Half, Network};
use ecp_e2e::Files;

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
    network.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_consensus_half_catches_up() -> Result<()> {
    let files = Files::new(4, 100)?;
    let mut network = files.start().await?;
    agree(&network, 3).await?;
    network.kill(3, Half::Consensus).await?;
    // The others are still a quorum.
    network.reader(0).await?.committed(8).await?;
    network.restart(3, Half::Consensus).await?;
    agree(&network, 12).await?;
    network.check_alive()?;
    network.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_execution_half_comes_back_under_its_consensus_half() -> Result<()> {
    let files = Files::new(4, 100)?;
    let mut network = files.start().await?;
    agree(&network, 3).await?;
    network.kill(2, Half::Execution).await?;
    network.reader(0).await?.committed(6).await?;
    network.restart(2, Half::Execution).await?;
    agree(&network, 12).await?;
    network.check_alive()?;
    network.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lone_validator_goes_on_after_both_halves_are_killed() -> Result<()> {
    let files = Files::new(1, 100)?;
    let mut network = files.start().await?;
    for round in 1..=3u64 {
        network.reader(0).await?.committed(5 * round).await?;
        network.kill(0, Half::Execution).await?;
        network.kill(0, Half::Consensus).await?;
        network.restart(0, Half::Execution).await?;
        network.restart(0, Half::Consensus).await?;
    }
    agree(&network, 20).await?;
    network.stop().await
}
