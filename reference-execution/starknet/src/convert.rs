//! Between the felts of ECP, of the wire and of the execution library.

use ecp_types::Felt;
use starknet_api::core::ContractAddress;
use starknet_types_core::felt::Felt as StarkFelt;

/// A canonical felt of ECP as the library's.
#[must_use]
pub fn stark(felt: &Felt) -> StarkFelt {
    StarkFelt::from_bytes_be(felt.as_bytes())
}

/// The library's felt as a canonical felt of ECP.
#[must_use]
pub fn ecp(felt: &StarkFelt) -> Felt {
    // The library always gives the reduced value, so the default is never taken.
    Felt::from_bytes(&felt.to_bytes_be()).unwrap_or_default()
}

/// Reads exactly 32 canonical bytes (ECP-ENC-002).
pub fn canonical(bytes: &[u8]) -> Result<StarkFelt, String> {
    Felt::from_bytes(bytes).map(|felt| stark(&felt)).map_err(|error| error.to_string())
}

/// A contract address, which is below 2^251.
pub fn address(felt: StarkFelt) -> Result<ContractAddress, String> {
    ContractAddress::try_from(felt).map_err(|_| format!("{felt:#x} is no contract address: it is not below 2^251"))
}

/// Up to 31 ASCII characters as a felt, as Starknet writes chain ids and versions.
#[must_use]
pub fn short_string(text: &str) -> StarkFelt {
    StarkFelt::from_bytes_be_slice(text.as_bytes())
}
