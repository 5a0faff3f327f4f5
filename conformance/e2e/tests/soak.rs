//! A short soak for every change; `.ci/nightly` runs long ones.

use std::time::Duration;

use anyhow::Result;
use ecp_e2e::{
    Files,
    soak::{Plan, run},
};

/// How long halves are killed.
const KILLS: Duration = Duration::from_secs(10);
/// Longer than any round of the network's timeouts, and than a reconnect.
const STALL: Duration = Duration::from_secs(40);

async fn sound(validators: u8, at_once: usize, seed: u64) -> Result<()> {
    let files = Files::new(validators, 500)?;
    let plan = Plan { seed, kills_for: KILLS, at_once, stall: STALL };
    let report = run(files.path(), &files.genesis, &files.keys, plan).await?;
    let broken: Vec<String> = report.violations.iter().map(ToString::to_string).collect();
    assert!(broken.is_empty(), "seed {seed}, files in {}:\n{}", files.keep().display(), broken.join("\n"));
    // It is no soak without these.
    assert!(report.kills > 0 && report.height > 0, "{report:?}");
    assert!(validators == 1 || report.proposals > 0, "no verdict was read from the logs: {report:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn four_validators_survive_kills_of_one_at_a_time() -> Result<()> {
    sound(4, 1, 1).await
}

#[tokio::test(flavor = "multi_thread")]
async fn four_validators_survive_kills_of_two_at_a_time() -> Result<()> {
    sound(4, 2, 2).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lone_validator_survives_kills() -> Result<()> {
    sound(1, 1, 3).await
}
