//! Messages as text, without what differs from run to run by right: tokens, ids, clocks, and whatever follows from the
//! timestamp of a block.

use prost_reflect::DynamicMessage;
use serde_json::Value as Json;

use crate::wire;

/// Fields that are new in each run, or that are for people only.
const NEW_EACH_TIME: [&str; 6] = ["session_token", "instance_id", "sequence", "software", "detail", "consensus_id"];

/// Fields that follow from what a half built, which has a timestamp.
const OF_A_BLOCK: [&str; 8] =
    ["commitment", "certificate", "payload", "init", "stream_id", "block_hash", "state_root", "bytes"];

/// An answer of an execution half to `method`. What it says of blocks counts, unless it built them itself.
pub(super) fn answer(method: &str, message: &DynamicMessage) -> String {
    masked(message, method == "BuildProposal")
}

/// A question of a consensus half. Its blocks were built in its own run.
pub(super) fn question(message: &DynamicMessage) -> String {
    masked(message, true)
}

fn masked(message: &DynamicMessage, blocks_too: bool) -> String {
    let text = wire::readable(message);
    let Ok(mut json) = serde_json::from_str::<Json>(&text) else { return text };
    mask(&mut json, blocks_too);
    json.to_string()
}

fn mask(json: &mut Json, blocks_too: bool) {
    match json {
        Json::Object(fields) => {
            for (name, value) in fields {
                let name = name.as_str();
                if NEW_EACH_TIME.contains(&name) || (blocks_too && OF_A_BLOCK.contains(&name)) {
                    *value = Json::String("…".to_owned());
                } else {
                    mask(value, blocks_too);
                }
            }
        }
        Json::Array(items) => items.iter_mut().for_each(|item| mask(item, blocks_too)),
        _ => {}
    }
}
