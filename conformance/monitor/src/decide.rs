//! Decisions: their order, what they commit, and facts of heights that never change.

use std::collections::BTreeMap;

use ecp_proto::v1alpha1 as v1;

use crate::event::Findings;

/// What is known of decided heights.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    /// Commitments by height, as the execution half told them.
    committed: BTreeMap<u64, Vec<u8>>,
    /// Commitments by height, as the consensus half decided them.
    decided: BTreeMap<u64, Vec<u8>>,
    /// Highest height whose Decide or import was acknowledged to this process of the consensus half.
    acknowledged: Option<u64>,
    params: BTreeMap<u64, v1::HeightParams>,
    /// Height that the last handshake told; the outer `None` before any.
    greeted: Option<Option<u64>>,
}

impl State {
    pub(crate) fn consensus_started(&mut self) {
        self.acknowledged = None;
    }

    /// The consensus half asks for a decision.
    pub(crate) fn asked(&mut self, request: &v1::DecideRequest, findings: &mut Findings) {
        let Some(height) = request.height else { return };
        let commitment = request.commitment.to_vec();
        match self.decided.get(&height) {
            Some(before) if *before != commitment => {
                let did = format!("decided height {height} a second time, for another commitment");
                findings.consensus("ECP-DEC-014", "a height is decided once", did);
            }
            _ => {
                self.decided.insert(height, commitment);
            }
        }
        let named = request.certificate.as_ref().map(|c| (c.height, c.commitment.clone()));
        if named != Some((request.height, request.commitment.clone())) {
            let did = format!("decided height {height} with a certificate for something else");
            findings.consensus("ECP-DEC-009", "the certificate is for the height and commitment of the call", did);
        }
    }

    pub(crate) fn start_round(&self, request: &v1::StartRoundRequest, findings: &mut Findings) {
        if let (Some(height), Some(last)) = (request.height, self.acknowledged)
            && height > last + 1
        {
            let did = format!("started height {height} while the last acknowledged decision is {last}");
            findings.consensus("ECP-DEC-014", "Decide is acknowledged before the next height starts", did);
        }
    }

    /// The execution half acknowledged a decision of a session that a later handshake has replaced.
    pub(crate) fn decided_late(&self, request: &v1::DecideRequest, findings: &mut Findings) {
        if let (Some(told), Some(height)) = (self.greeted, request.height)
            && told < Some(height)
        {
            let did = format!("committed height {height} for a replaced session after the new one was told {told:?}");
            let legal = "the position is read after every call of the replaced session was finished or refused";
            findings.execution("ECP-SES-010", legal, did);
        }
    }

    /// The execution half acknowledged a decision.
    pub(crate) fn decided(&mut self, request: &v1::DecideRequest, reply: &v1::DecideResponse, findings: &mut Findings) {
        let told = reply.committed.as_ref();
        if told.map(|p| (p.height, &p.commitment)) != Some((request.height, &request.commitment)) {
            let did = "acknowledged a decision with another position than the request's".to_owned();
            findings.execution("ECP-DEC-001", "the reply names the height and commitment of the request", did);
            return;
        }
        if let (Some(next), Some(height)) = (&reply.next_params, request.height) {
            self.params(height.checked_add(1), Some(next), findings);
        }
        self.told(told, findings);
    }

    /// The execution half told its position in a handshake, after the calls of the session before had ended.
    pub(crate) fn greeted(&mut self, position: Option<&v1::Position>, findings: &mut Findings) {
        let told = position.and_then(|p| p.height);
        self.greeted = Some(told);
        let known = self.committed.keys().next_back().copied();
        if told < known {
            let did = format!("told the committed height {told:?} in a handshake, after {known:?} was committed");
            findings.execution("ECP-SES-025", "a handshake tells the durable position", did);
        }
        if position.is_some() {
            self.told(position, findings);
        }
    }

    /// The execution half told a committed position.
    pub(crate) fn told(&mut self, position: Option<&v1::Position>, findings: &mut Findings) {
        let Some(position) = position else { return };
        let (Some(height), commitment) = (position.height, position.commitment.to_vec()) else {
            findings.execution("ECP-ENC-004", "a position names its height", "told a position without a height");
            return;
        };
        if commitment.len() != 32 {
            let did = format!("told a commitment of {} bytes", commitment.len());
            findings.execution("ECP-ENC-002", "a commitment has 32 bytes", did);
        }
        if let Some(before) = self.committed.get(&height)
            && *before != commitment
        {
            let did = format!("told another commitment at height {height} than before");
            findings.execution("ECP-DEC-001", "a committed block stays", did);
        }
        self.committed.insert(height, commitment);
        self.acknowledged = self.acknowledged.max(Some(height));
    }

    /// Watch told a state. It may have been written before a decision that was acknowledged on another stream, so only
    /// what it says of one height is compared.
    pub(crate) fn watched(&mut self, state: &v1::WatchResponse, findings: &mut Findings) {
        self.told(state.committed.as_ref(), findings);
    }

    /// The same answer for ever (ECP-HGT-001), within the rules of a committee.
    pub(crate) fn params(&mut self, height: Option<u64>, params: Option<&v1::HeightParams>, findings: &mut Findings) {
        let Some(params) = params else {
            findings.execution("ECP-HGT-001", "the reply carries the parameters", "answered without parameters");
            return;
        };
        let Some(height) = height else { return };
        if params.height != Some(height) {
            let did = format!("told parameters of height {:?} for height {height}", params.height);
            findings.execution("ECP-HGT-001", "the parameters are those of the height asked for", did);
            return;
        }
        match self.params.get(&height) {
            Some(before) if before != params => {
                let did = format!("told other parameters of height {height} than before");
                findings.execution("ECP-HGT-001", "the same answer for ever", did);
            }
            Some(_) => {}
            None => {
                committee(params, findings);
                self.params.insert(height, params.clone());
            }
        }
    }
}

fn committee(params: &v1::HeightParams, findings: &mut Findings) {
    let members = params.committee.as_ref().map_or(&[][..], |c| &c.members);
    if members.is_empty() || members.len() > 1000 {
        let did = format!("told a committee of {} members", members.len());
        findings.execution("ECP-HGT-003", "a committee has 1 to 1,000 members", did);
    }
    let mut addresses: Vec<_> = members.iter().map(|m| &m.address).collect();
    addresses.sort();
    if addresses.windows(2).any(|w| w[0] == w[1]) {
        findings.execution("ECP-HGT-003", "addresses are unique", "told a committee with an address twice");
    }
    let total: u128 = members.iter().map(|m| u128::from(m.voting_power)).sum();
    if members.iter().any(|m| m.voting_power == 0) || total > 1 << 62 {
        let did = format!("told voting powers that are zero or sum up to {total}");
        findings.execution("ECP-HGT-004", "each at least 1, together at most 2^62", did);
    }
    if params.proposers.is_empty()
        || params.proposers.len() > 256
        || params.proposers.iter().any(|p| *p as usize >= members.len())
    {
        let legal = "1 to 256 indexes of members";
        findings.execution("ECP-HGT-006", legal, "told a list of proposers that is empty, too long or out of range");
    }
    let domain: Option<Vec<ecp_types::Member>> = members
        .iter()
        .map(|m| {
            let address = ecp_types::Felt::from_bytes(&m.address).ok()?;
            Some(ecp_types::Member { address, public_key: m.public_key.to_vec(), voting_power: m.voting_power })
        })
        .collect();
    let Some(domain) = domain else {
        findings.execution("ECP-HGT-003", "addresses are canonical felts", "told an address that is no felt");
        return;
    };
    let hash = ecp_types::genesis::committee_hash(&domain);
    if params.committee.as_ref().is_some_and(|c| c.hash.as_ref() != hash) {
        findings.execution(
            "ECP-HGT-005",
            "the hash of the members as the spec defines it",
            "told another committee hash",
        );
    }
}
