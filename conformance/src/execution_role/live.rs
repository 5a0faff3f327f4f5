//! Transactions that wallets send to the half's JSON-RPC, and what it shows of them.

use starknet_types_core::felt::Felt as StarkFelt;

use super::state::{Observed, State, Trouble};
use crate::{
    case::Case,
    demo::rpc::{Fate, Node, explain},
    schema::{self, step::Action, step_ended::Observed as What},
};

/// Whether a case lets the half build.
pub(super) fn builds(case: &Case) -> bool {
    case.schema.steps.iter().any(|step| match &step.action {
        Some(Action::Build(_)) => true,
        Some(Action::Call(call) | Action::Open(call)) => call.method == "BuildProposal",
        _ => false,
    })
}

impl State {
    /// Sends what waits to JSON-RPC, if the case lets the half build. A refusal is judged: wallets did nothing wrong.
    pub(super) async fn send_live(&mut self) -> Result<(), Trouble> {
        let live = if self.builds { self.chain.live() } else { Vec::new() };
        if live.is_empty() {
            return Ok(());
        }
        let node = self.json_rpc()?;
        for live in live {
            let subject = format!("the transaction {}", live.hash);
            let complaint = match node.invoke(&live.transaction).await {
                Ok(hash) if hash.to_bytes_be() == *live.hash.as_bytes() => continue,
                Ok(hash) => format!("its JSON-RPC gave the transaction the hash {hash:#x}"),
                Err(error) => format!("its JSON-RPC did not take the transaction: {}", explain(&error)),
            };
            // The others would only say the same again.
            self.judge(&subject, "", complaint);
            break;
        }
        Ok(())
    }

    fn json_rpc(&mut self) -> Result<Node, Trouble> {
        let url = self.host()?.jsonrpc();
        let url = url.ok_or_else(|| {
            let workload = &self.settings.workload;
            Trouble(format!("the manifest claims {workload}, so the half's command must take the address {{jsonrpc}}"))
        })?;
        Node::new(&url).map_err(|e| Trouble(format!("{e:#}")))
    }

    /// Waits until JSON-RPC shows every transaction of a proposal.
    pub(super) async fn shows(&mut self, shows: &schema::Shows) -> Result<Observed, Trouble> {
        let proposal = self.proposal(&shows.proposal)?;
        let hashes = self.chain.transactions(&proposal.parts).map_err(Trouble::of)?;
        if hashes.is_empty() {
            return Ok(Observed::done());
        }
        let node = self.json_rpc()?;
        let patience = self.patience(0);
        let refused = |text: String| Observed { call: None, what: What::RefusedByModel(text) };
        for hash in hashes {
            let asked = StarkFelt::from_bytes_be(hash.as_bytes());
            match node.settled(asked, patience).await {
                Ok(Fate::Succeeded) => {}
                Ok(Fate::Pending) => {
                    return Ok(refused(format!(
                        "its JSON-RPC does not show the decided transaction {hash} in a block"
                    )));
                }
                Ok(Fate::Reverted(why)) => {
                    return Ok(refused(format!("its JSON-RPC shows the transfer {hash} as reverted: {why}")));
                }
                Err(error) => return Ok(refused(format!("its JSON-RPC failed: {}", explain(&error)))),
            }
        }
        Ok(Observed::done())
    }
}
