//! Reads from a consensus half's log which proposals it found valid.

use std::path::Path;

use anyhow::{Context, Result};
use ecp_types::Commitment;

use crate::history::Event;

/// The line of the log that tells a verdict.
const MARK: &str = "proposal judged";

/// All valid proposals in the log of validator `node`.
pub fn read(node: usize, log: &Path) -> Result<Vec<Event>> {
    let text = std::fs::read(log).with_context(|| format!("reading {}", log.display()))?;
    let text = String::from_utf8_lossy(&text);
    text.lines().filter(|line| line.contains(MARK) && line.contains("Valid {")).map(|line| event(node, line)).collect()
}

fn event(node: usize, line: &str) -> Result<Event> {
    let field = |name: &str| {
        let (_, rest) = line.split_once(name)?;
        rest.split([' ', ',', '"']).next()
    };
    let read = || {
        let commitment = field("commitment: 0x")?.trim_end_matches(['}', '"']);
        let bytes: [u8; 32] = hex::decode(commitment).ok()?.try_into().ok()?;
        Some(Event::Judged {
            node,
            height: field("height=")?.parse().ok()?,
            round: field("round=")?.parse().ok()?,
            commitment: Commitment(bytes),
        })
    };
    read().with_context(|| format!("a verdict that cannot be read: {line}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_read_from_its_line() {
        let hash = "07".repeat(32);
        let line = format!(
            "2026-01-01T00:00:00Z DEBUG reference_consensus::shell: proposal judged height=12 round=3 verdict=\"Valid {{ commitment: 0x{hash}, executed: 1 }}\""
        );
        let expected = Event::Judged { node: 2, height: 12, round: 3, commitment: Commitment([7; 32]) };
        assert_eq!(event(2, &line).unwrap(), expected);
        assert!(event(2, "proposal judged height=x").is_err());
    }
}
