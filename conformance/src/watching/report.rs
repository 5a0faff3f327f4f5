//! What a monitor saw.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The value of `format` in a report of the monitor.
pub const WATCH_FORMAT: &str = "ecp-conformance-monitor/1";

/// What passed between two halves, and what was wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WatchReport {
    /// Always `ecp-conformance-monitor/1`.
    pub format: String,
    /// Version of the suite.
    pub suite_version: String,
    /// Calls by method.
    pub calls: BTreeMap<String, u64>,
    /// How often a handshake was answered by a new process of the execution half.
    pub execution_restarts: u32,
    /// Rules that were broken, in order.
    pub violations: Vec<Broken>,
}

/// A rule that was broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Broken {
    /// When, in milliseconds since the monitor began.
    pub at_ms: u64,
    /// Who broke it: `consensus` or `execution`.
    pub by: String,
    /// The requirement.
    pub requirement: String,
    /// What was done.
    pub did: String,
    /// What is legal.
    pub legal: String,
    /// The requirement's text.
    pub rule: String,
}

impl WatchReport {
    /// Of a monitor that has seen nothing.
    pub(super) fn empty() -> Self {
        Self {
            format: WATCH_FORMAT.to_owned(),
            suite_version: env!("CARGO_PKG_VERSION").to_owned(),
            calls: BTreeMap::new(),
            execution_restarts: 0,
            violations: Vec::new(),
        }
    }

    /// The report in a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let calls: u64 = self.calls.values().sum();
        match self.violations.len() {
            _ if calls == 0 => "No verdict: nothing passed.".to_owned(),
            0 => format!("{calls} calls passed, and no rule was broken that can be seen between the halves."),
            count => {
                let mut rules: Vec<_> = self.violations.iter().map(|v| v.requirement.as_str()).collect();
                rules.sort_unstable();
                rules.dedup();
                format!("{calls} calls passed, and rules were broken {count} times ({}).", rules.join(", "))
            }
        }
    }
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (seconds, rest) = (self.at_ms / 1000, self.at_ms % 1000);
        writeln!(f, "{seconds}.{rest:03} s  the {} half breaks {}", self.by, self.requirement)?;
        writeln!(f, "  it         {}", self.did)?;
        writeln!(f, "  legal      {}", self.legal)?;
        write!(f, "  the rule   {}", self.rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_is_told_with_its_rule() {
        let broken = Broken {
            at_ms: 12_045,
            by: "consensus".to_owned(),
            requirement: "ECP-DEC-014".to_owned(),
            did: "started height 7 while the last acknowledged decision is 5".to_owned(),
            legal: "Decide is acknowledged before the next height starts".to_owned(),
            rule: "The consensus half MUST commit the decided heights in order.".to_owned(),
        };
        let mut report = WatchReport::empty();
        let nothing = report.sentence();
        report.calls.insert("StartRound".to_owned(), 7);
        let clean = report.sentence();
        report.violations.push(broken.clone());
        insta::assert_snapshot!(format!("{broken}\n\n{nothing}\n{clean}\n{}", report.sentence()));
    }
}
