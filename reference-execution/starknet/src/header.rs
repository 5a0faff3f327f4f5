//! INIT: a block's header before its content is executed, and the rules it must keep.

use ecp_execution_core::seams::Slot;
use ecp_types::{HeightParams, InvalidReason, LocalReason};
use prost::Message as _;
use serde::{Deserialize, Serialize};
use starknet_api::block::{
    BlockInfo, BlockNumber, BlockTimestamp, GasPrice, GasPriceVector, GasPrices, NonzeroGasPrice, StarknetVersion,
};
use starknet_types_core::felt::Felt as StarkFelt;

use crate::{codec, convert, head::Head, market, section::StarknetSection, wire};

/// Largest gas price of a block, in fri or wei: no fee overflows below it.
pub const MAX_PRICE: u128 = u64::MAX as u128;

/// What an INIT payload says, every field checked for form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Init {
    /// The height.
    pub height: u64,
    /// The round.
    pub round: u32,
    /// Round of the prevote quorum behind the proposal.
    pub valid_round: Option<u32>,
    /// Who proposes.
    pub proposer: StarkFelt,
    /// Seconds since the Unix epoch.
    pub timestamp: u64,
    /// Who receives the fees.
    pub builder: StarkFelt,
    /// Whether data goes into blobs.
    pub blobs: bool,
    /// L2 gas price in fri.
    pub l2_gas_price_fri: u128,
    /// L1 prices.
    pub l1: L1Prices,
    /// Version of Starknet.
    pub starknet_version: String,
    /// Commitment to the constants of the version.
    pub version_constants: StarkFelt,
    /// The proposer's opinion of the L2 gas price.
    pub fee_proposal_fri: Option<u128>,
}

/// Prices that come from L1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct L1Prices {
    /// L1 gas in fri.
    pub gas_fri: u128,
    /// L1 data gas in fri.
    pub data_gas_fri: u128,
    /// L1 gas in wei.
    pub gas_wei: u128,
    /// L1 data gas in wei.
    pub data_gas_wei: u128,
}

impl L1Prices {
    /// All four, in the order of the INIT payload.
    #[must_use]
    pub const fn all(&self) -> [u128; 4] {
        [self.gas_fri, self.data_gas_fri, self.gas_wei, self.data_gas_wei]
    }
}

impl Init {
    /// Reads an INIT payload (ECP-STK-001).
    pub fn decode(payload: &[u8]) -> Result<Self, String> {
        let init = wire::ProposalInit::decode(payload).map_err(|error| format!("INIT is no ProposalInit: {error}"))?;
        let price = |price: Option<wire::Uint128>, field: &str| {
            price.map(u128::from).ok_or_else(|| format!("{field} is missing"))
        };
        let blobs = match wire::L1DataAvailabilityMode::try_from(init.l1_da_mode) {
            Ok(mode) => mode == wire::L1DataAvailabilityMode::Blob,
            Err(_) => return Err(format!("l1_da_mode: {} is no known mode", init.l1_da_mode)),
        };
        Ok(Self {
            height: init.height,
            round: init.round,
            valid_round: init.valid_round,
            proposer: codec::address(init.proposer.as_ref(), "proposer")?,
            timestamp: init.timestamp,
            builder: codec::address(init.builder.as_ref(), "builder")?,
            blobs,
            l2_gas_price_fri: price(init.l2_gas_price_fri, "l2_gas_price_fri")?,
            l1: L1Prices {
                gas_fri: price(init.l1_gas_price_fri, "l1_gas_price_fri")?,
                data_gas_fri: price(init.l1_data_gas_price_fri, "l1_data_gas_price_fri")?,
                gas_wei: price(init.l1_gas_price_wei, "l1_gas_price_wei")?,
                data_gas_wei: price(init.l1_data_gas_price_wei, "l1_data_gas_price_wei")?,
            },
            starknet_version: init.starknet_version,
            version_constants: codec::hash(init.version_constant_commitment.as_ref(), "version_constant_commitment")?,
            fee_proposal_fri: init.fee_proposal_fri.map(u128::from),
        })
    }

    /// The payload.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mode = if self.blobs { wire::L1DataAvailabilityMode::Blob } else { wire::L1DataAvailabilityMode::Calldata };
        wire::ProposalInit {
            height: self.height,
            round: self.round,
            valid_round: self.valid_round,
            proposer: Some(codec::write_address(&self.proposer)),
            timestamp: self.timestamp,
            builder: Some(codec::write_address(&self.builder)),
            l1_da_mode: mode as i32,
            l2_gas_price_fri: Some(self.l2_gas_price_fri.into()),
            l1_gas_price_fri: Some(self.l1.gas_fri.into()),
            l1_data_gas_price_fri: Some(self.l1.data_gas_fri.into()),
            l1_gas_price_wei: Some(self.l1.gas_wei.into()),
            l1_data_gas_price_wei: Some(self.l1.data_gas_wei.into()),
            starknet_version: self.starknet_version.clone(),
            version_constant_commitment: Some(codec::write_hash(&self.version_constants)),
            fee_proposal_fri: self.fee_proposal_fri.map(Into::into),
        }
        .encode_to_vec()
    }

    /// The slot that the payload names.
    #[must_use]
    pub fn slot(&self) -> Slot {
        Slot {
            height: self.height,
            round: self.round,
            valid_round: self.valid_round,
            proposer: convert::ecp(&self.proposer),
        }
    }

    /// Compares with the open message, which is authoritative (ECP-VAL-005).
    pub fn check_slot(&self, slot: &Slot) -> Result<(), (InvalidReason, String)> {
        let own = self.slot();
        let difference = if own.height != slot.height {
            format!("height {} instead of {}", own.height, slot.height)
        } else if own.round != slot.round {
            format!("round {} instead of {}", own.round, slot.round)
        } else if own.valid_round != slot.valid_round {
            format!("valid round {:?} instead of {:?}", own.valid_round, slot.valid_round)
        } else if own.proposer != slot.proposer {
            format!("proposer {} instead of {}", own.proposer, slot.proposer)
        } else {
            return Ok(());
        };
        Err((InvalidReason::InitMismatch, format!("INIT says {difference}")))
    }

    /// The pure rules: the same answer for everyone and for ever (ECP-VAL-003, ECP-STK-004).
    pub fn check_rules(
        &self,
        params: &HeightParams,
        head: &Head,
        section: &StarknetSection,
        version_constants: &StarkFelt,
    ) -> Result<(), (InvalidReason, String)> {
        self.broken_rule(params, head, section, version_constants)
            .map_or(Ok(()), |text| Err((InvalidReason::HeaderRule, text)))
    }

    fn broken_rule(
        &self,
        params: &HeightParams,
        head: &Head,
        section: &StarknetSection,
        version_constants: &StarkFelt,
    ) -> Option<String> {
        if self.starknet_version != params.starknet_version {
            return Some(format!(
                "starknet_version {:?} instead of {:?}",
                self.starknet_version.chars().take(32).collect::<String>(),
                params.starknet_version
            ));
        }
        if self.version_constants != *version_constants {
            return Some(format!("version_constant_commitment is not {version_constants:#x}"));
        }
        if convert::ecp(&self.builder) != params.builder {
            return Some(format!("builder {:#x} instead of {}", self.builder, params.builder));
        }
        if !self.blobs {
            return Some("l1_da_mode must be Blob".into());
        }
        if self.timestamp < head.timestamp {
            return Some(format!("timestamp {} is before the parent's, {}", self.timestamp, head.timestamp));
        }
        if self.l2_gas_price_fri != head.next_l2_gas_price {
            return Some(format!("l2_gas_price_fri {} instead of {}", self.l2_gas_price_fri, head.next_l2_gas_price));
        }
        if self.l1.all().iter().any(|price| *price == 0 || *price > MAX_PRICE) {
            return Some("an L1 price is 0 or above 2^64 - 1".into());
        }
        let market = &section.l2_gas_market;
        let (low, high) = market::fee_proposal_bounds(head.fee_actual(), market.fee_proposal_margin_ppt);
        match (market::has_fee_proposal(&self.starknet_version), self.fee_proposal_fri) {
            (true, None) => Some("fee_proposal_fri is missing".into()),
            (false, Some(_)) => Some("fee_proposal_fri does not exist in this version of Starknet".into()),
            (true, Some(fee)) if fee < low || fee > high => {
                Some(format!("fee_proposal_fri {fee} is not from {low} to {high}"))
            }
            _ => None,
        }
    }

    /// The local rules, which are opinions of this node at this moment: `now` is its clock in seconds since the Unix
    /// epoch, `own` its own L1 prices (ECP-STK-010).
    #[must_use]
    pub fn local_objection(
        &self,
        now: u64,
        own: &L1Prices,
        section: &StarknetSection,
    ) -> Option<(LocalReason, String)> {
        let latest = now.saturating_add(section.timestamp_window_s);
        if self.timestamp > latest {
            let text = format!("the timestamp {} is after {latest}, this node's clock and window", self.timestamp);
            return Some((LocalReason::TimestampWindow, text));
        }
        let band = u128::from(section.price_band_percent);
        let outside =
            |(theirs, own): &(u128, u128)| theirs.abs_diff(*own).saturating_mul(100) > own.saturating_mul(band);
        self.l1.all().into_iter().zip(own.all()).find(outside).map(|(theirs, own)| {
            (LocalReason::PriceBand, format!("an L1 price of {theirs} is not within {band} % of {own}"))
        })
    }

    /// What transactions see of the block.
    pub fn block_info(&self) -> Result<BlockInfo, String> {
        let prices = |l1: u128, data: u128, l2: u128| {
            Ok::<_, String>(GasPriceVector {
                l1_gas_price: nonzero(l1)?,
                l1_data_gas_price: nonzero(data)?,
                l2_gas_price: nonzero(l2)?,
            })
        };
        Ok(BlockInfo {
            block_number: BlockNumber(self.height),
            block_timestamp: BlockTimestamp(self.timestamp),
            starknet_version: StarknetVersion::try_from(self.starknet_version.as_str())
                .map_err(|error| error.to_string())?,
            sequencer_address: convert::address(self.builder)?,
            gas_prices: GasPrices {
                eth_gas_prices: prices(self.l1.gas_wei, self.l1.data_gas_wei, self.l2_gas_price_wei())?,
                strk_gas_prices: prices(self.l1.gas_fri, self.l1.data_gas_fri, self.l2_gas_price_fri)?,
            },
            use_kzg_da: self.blobs,
        })
    }

    /// The L2 gas price in wei, by the rate of the two L1 gas prices; at least 1. All prices are at most 2^64.
    #[must_use]
    pub fn l2_gas_price_wei(&self) -> u128 {
        (self.l2_gas_price_fri.saturating_mul(self.l1.gas_wei) / self.l1.gas_fri.max(1)).max(1)
    }
}

fn nonzero(price: u128) -> Result<NonzeroGasPrice, String> {
    NonzeroGasPrice::new(GasPrice(price)).map_err(|error| error.to_string())
}
