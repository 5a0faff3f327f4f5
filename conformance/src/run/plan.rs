//! Which cases run. Whatever does not run says why, before anything is started.

use std::{str::FromStr, sync::Arc};

use globset::GlobMatcher;

use crate::{
    case::{Case, Cases, NETWORK, Role},
    schema::Profile,
};

/// One of several equal parts of the cases, as `I/N` with I from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Which part, from 1.
    pub index: usize,
    /// How many parts.
    pub count: usize,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("{text}: write I/N with I from 1 to N");
        let (index, count) = text.split_once('/').ok_or_else(bad)?;
        let (index, count): (usize, usize) = (index.parse().map_err(|_| bad())?, count.parse().map_err(|_| bad())?);
        if index == 0 || index > count { Err(bad()) } else { Ok(Self { index, count }) }
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

/// What a plan is made from.
#[derive(Debug, Clone)]
pub struct PlanInput {
    /// Which half.
    pub role: Role,
    /// Profile: cases of it and of the smaller ones run.
    pub profile: Profile,
    /// Features that the half claims.
    pub features: Vec<String>,
    /// Workloads that the half claims.
    pub workloads: Vec<String>,
    /// Only cases whose id matches.
    pub only: Option<GlobMatcher>,
    /// Only this part.
    pub shard: Option<Shard>,
    /// Whether the suite starts the half, so that it can be killed and given a chain of its own.
    pub launched: bool,
}

/// A case on a workload.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// The case.
    pub case: Arc<Case>,
    /// The workload.
    pub workload: String,
    /// Why it does not run.
    pub not_claimed: Option<String>,
}

/// What runs, and what does not.
#[derive(Debug, Clone)]
pub struct Plan(pub Vec<Chosen>);

/// No plan can be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPlan {
    /// The pattern matches nothing.
    #[error("no case of this role matches {0}; `conformance list` shows all")]
    NoMatch(String),
}

impl Plan {
    /// Chooses cases. Those of larger profiles and other roles are no part of a plan at all.
    pub fn make(cases: &Cases, input: &PlanInput) -> Result<Self, BadPlan> {
        let matching: Vec<_> = cases
            .iter()
            .filter(|c| c.role == input.role)
            .filter(|c| input.only.as_ref().is_none_or(|only| only.is_match(c.id())))
            .collect();
        if let (Some(only), true) = (&input.only, matching.is_empty()) {
            return Err(BadPlan::NoMatch(only.glob().to_string()));
        }
        let chosen = matching
            .into_iter()
            // A case that was asked for by name runs whatever its profile.
            .filter(|c| c.profile() <= input.profile || input.only.as_ref().is_some_and(|o| o.glob().glob() == c.id()))
            .enumerate()
            .filter(|(i, _)| input.shard.is_none_or(|s| i % s.count == s.index - 1))
            .flat_map(|(_, case)| choose(case, input))
            .collect();
        Ok(Self(chosen))
    }

    /// Those that run.
    pub fn to_run(&self) -> impl Iterator<Item = &Chosen> {
        self.0.iter().filter(|c| c.not_claimed.is_none())
    }
}

fn choose(case: &Case, input: &PlanInput) -> Vec<Chosen> {
    let case = Arc::new(case.clone());
    let workloads: Vec<_> = input.workloads.iter().filter(|w| case.runs_on(w)).cloned().collect();
    if workloads.is_empty() {
        let wanted = case.schema.needs.as_ref().map(|n| n.workloads.join(" or ")).unwrap_or_default();
        return vec![Chosen {
            case,
            workload: wanted.clone(),
            not_claimed: Some(format!("needs the workload {wanted}")),
        }];
    }
    let reason = not_claimed(&case, input);
    workloads
        .into_iter()
        .map(|workload| Chosen { case: Arc::clone(&case), workload, not_claimed: reason.clone() })
        .collect()
}

fn not_claimed(case: &Case, input: &PlanInput) -> Option<String> {
    if let Some(feature) = case.features().iter().find(|f| !input.features.contains(f)) {
        return Some(format!("needs the feature {feature}"));
    }
    if case.needs_network() && !input.features.iter().any(|f| f == NETWORK) {
        return Some(format!("needs the feature {NETWORK}: a command with {{p2p}} and {{peers}}"));
    }
    if !input.launched && case.needs_process() {
        return Some("kills the half, which the suite did not start".to_owned());
    }
    if !input.launched && case.needs_own_chain() {
        return Some("needs a chain of its own, which the suite can give only to a half that it starts".to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use globset::Glob;

    use super::*;
    use crate::case::{Registry, load};

    fn cases() -> Cases {
        let text = "about: Some.
cases:
  - {id: EXE/a/plain, about: A., verifies: [ECP-SES-001], needs: {profile: SMOKE}, steps: [{call: {method: Handshake}, expect: {any_of: [{reply: {}}]}}]}
  - {id: EXE/a/feature, about: B., verifies: [ECP-SES-001], needs: {features: [FINALIZE]}, steps: [{call: {method: Handshake}, expect: {any_of: [{reply: {}}]}}]}
  - {id: EXE/b/kill, about: C., verifies: [ECP-SES-001], steps: [{kill: {}}, {call: {method: Handshake}, expect: {any_of: [{reply: {}}]}}]}
  - {id: EXE/b/other, about: D., verifies: [ECP-SES-001], needs: {workloads: [starknet]}, steps: [{call: {method: Handshake}, expect: {any_of: [{reply: {}}]}}]}
";
        Cases::of(load("t.yaml", text, &Registry::of_ids(["ECP-SES-001"])).unwrap())
    }

    fn input() -> PlanInput {
        PlanInput {
            role: Role::Execution,
            profile: Profile::Core,
            features: Vec::new(),
            workloads: vec!["test-chain".to_owned()],
            only: None,
            shard: None,
            launched: true,
        }
    }

    fn reasons(input: &PlanInput) -> Vec<(String, bool)> {
        Plan::make(&cases(), input)
            .unwrap()
            .0
            .iter()
            .map(|c| (c.case.id().to_owned(), c.not_claimed.is_none()))
            .collect()
    }

    fn pair(id: &str, runs: bool) -> (String, bool) {
        (id.to_owned(), runs)
    }

    #[test]
    fn what_is_not_claimed_does_not_run_and_stays_in_the_plan() {
        let all = [
            pair("EXE/a/feature", false),
            pair("EXE/a/plain", true),
            pair("EXE/b/kill", true),
            pair("EXE/b/other", false),
        ];
        assert_eq!(reasons(&input()), all);
        let running = PlanInput { launched: false, ..input() };
        assert_eq!(reasons(&running)[2], pair("EXE/b/kill", false));
    }

    #[test]
    fn a_half_without_peers_does_not_claim_networks() {
        let text = "about: Some.
cases:
  - {id: CON/a/alone, about: A., verifies: [ECP-SES-001], steps: [{await_decided: {height: 1}, requirement: ECP-SES-001}]}
  - {id: CON/a/two, about: B., verifies: [ECP-SES-001], setup: {validators: 2}, steps: [{await_decided: {height: 1}, requirement: ECP-SES-001}]}
";
        let cases = Cases::of(load("t.yaml", text, &Registry::of_ids(["ECP-SES-001"])).unwrap());
        let input = |features: &[&str]| PlanInput {
            role: Role::Consensus,
            features: features.iter().map(|f| (*f).to_owned()).collect(),
            ..input()
        };
        let runs = |features: &[&str]| Plan::make(&cases, &input(features)).unwrap().to_run().count();
        assert_eq!((runs(&[]), runs(&[NETWORK])), (1, 2));
    }

    #[test]
    fn profile_pattern_and_shard_choose() {
        let smoke = PlanInput { profile: Profile::Smoke, ..input() };
        assert_eq!(reasons(&smoke), [pair("EXE/a/plain", true)]);
        let only = PlanInput { only: Some(Glob::new("EXE/b/*").unwrap().compile_matcher()), ..input() };
        assert_eq!(reasons(&only).len(), 2);
        let none = PlanInput { only: Some(Glob::new("EXE/z").unwrap().compile_matcher()), ..input() };
        assert!(Plan::make(&cases(), &none).is_err());
        let parts: usize =
            (1..=3).map(|i| reasons(&PlanInput { shard: format!("{i}/3").parse().ok(), ..input() }).len()).sum();
        assert_eq!(parts, 4);
        assert!("0/3".parse::<Shard>().is_err() && "4/3".parse::<Shard>().is_err());
    }
}
