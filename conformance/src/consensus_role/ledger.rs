//! Steps of pairs that go to an execution half past the proxy: reading what was decided, and taking it over.

use ecp_signatures::verify_certificate;
use ecp_types::{Genesis, Height};

use super::{
    instance::Instance,
    steps::{Saw, Stopped},
};
use crate::{
    network::{Block, Reader},
    schema::step_ended::Observed,
    workload::Chain,
};

/// Reads every archive from the first height to `height`. What is wrong with one of them is what the step saw.
pub(super) async fn read(
    instances: &[Instance],
    genesis: &Genesis,
    chain: &dyn Chain,
    height: Height,
) -> Result<Saw, Stopped> {
    let first = genesis.first_height();
    let mut archives = Vec::new();
    for instance in instances {
        let socket = socket(instance)?;
        let read = async { Reader::open(socket, genesis.network()).await?.blocks(first, height).await };
        match read.await {
            Ok(blocks) => archives.push((instance.index(), blocks)),
            Err(error) => {
                return Ok(Saw::refused(format!(
                    "the execution half of instance {} did not give its blocks {first} to {height}: {error:#}",
                    instance.index()
                )));
            }
        }
    }
    for (index, blocks) in &archives {
        if let Some(wrong) = wrong(blocks, genesis, chain, first, height) {
            return Ok(Saw::refused(format!("the archive of instance {index}: {wrong}")));
        }
    }
    for pair in archives.windows(2) {
        let [(one, left), (other, right)] = pair else { continue };
        let differs = left.iter().zip(right).find(|(l, r)| l.decided.commitment != r.decided.commitment);
        if let Some((l, _)) = differs {
            let at = l.decided.height;
            return Ok(Saw::refused(format!("instances {one} and {other} have different blocks at height {at}")));
        }
    }
    Ok(Saw::done())
}

/// What is wrong with blocks that an archive gave, by certificates and the suite's own model.
fn wrong(blocks: &[Block], genesis: &Genesis, chain: &dyn Chain, from: Height, to: Height) -> Option<String> {
    let mut chain = chain.boxed();
    if blocks.iter().map(|b| b.decided.height).ne(from..=to) {
        return Some(format!("it gave other heights than {from} to {to}"));
    }
    for Block { decided, parts } in blocks {
        let at = decided.height;
        let Some(params) = genesis.height_params(at) else { return Some(format!("height {at} has no parameters")) };
        if decided.certificate.height != at {
            return Some(format!("the certificate of height {at} is for another height"));
        }
        if let Err(error) = verify_certificate(&decided.certificate, &params, &genesis.network()) {
            return Some(format!("the certificate of height {at} proves nothing: {error}"));
        }
        let proposal = match chain.read(parts) {
            Ok(proposal) => proposal,
            Err(error) => return Some(format!("the parts of height {at} cannot be read: {error}")),
        };
        if proposal.commitment.0 != decided.commitment {
            return Some(format!("the parts of height {at} are not what its certificate decides"));
        }
        if let Err(error) = chain.commit(proposal.slot, parts) {
            return Some(format!("the rules of the chain refuse the block at height {at}: {error}"));
        }
    }
    None
}

/// Opens a session of another consensus half that takes the execution half of `instance` over.
pub(super) async fn take_over(instance: &Instance, genesis: &Genesis) -> Result<Saw, Stopped> {
    let taken = Reader::take_over(socket(instance)?, genesis.network()).await;
    Ok(match taken {
        Ok(()) => Saw::done(),
        Err(error) => Saw { call: None, what: Observed::RefusedByModel(format!("it was not taken over: {error:#}")) },
    })
}

fn socket(instance: &Instance) -> Result<&std::path::Path, Stopped> {
    let partner = instance.behind().partner();
    partner.map(super::partner::Partner::socket).ok_or_else(|| Stopped::Trouble("this step is for pairs".to_owned()))
}
